/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The append protocol of runledger-record(5), on a real folder, with everything in the way that can be. */
#include "tests/unit/scratch.h"

#include "lib/record.h"
#include "lib/record_read.h"
#include "lib/statusfile.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define LINE "{\"timestamp\":1.0,\"name\":\"x\",\"context\":{\"v\":1,\"id\":\"a\"}}\n"

static char host[RLG_HOST_MAX];
static mode_t mask_before;

static int set_up(void **state)
{
	rlg_statusfile_host(host);
	mask_before = umask(022);
	if (scratch_set_up(state) != 0)
		return -1;
	return mkdir(in_scratch(".runledger"), 0755);
}

static int tear_down(void **state)
{
	umask(mask_before);
	return scratch_tear_down(state);
}

static int append_to_run(const char *run, const char *line, size_t length, int timeout_ms, struct rlg_err *err)
{
	struct rlg_append append = {
		.group = scratch, .run = run, .line = line, .length = length, .timeout_ms = timeout_ms};

	return rlg_statusfile_append(&append, err);
}

static int append_line(const char *line)
{
	struct rlg_err err = {""};
	int code = append_to_run("r1", line, strlen(line), 2000, &err);

	/* A failure comes with a sentence; a success leaves none. */
	if ((code != 0) != (err.text[0] != '\0'))
		fail_msg("returned %d with the sentence '%s'", code, err.text);
	return code;
}

static const char *run_folder(void)
{
	return in_scratch(".runledger/runs/r1");
}

static const char *host_file(void)
{
	return in_scratch(".runledger/runs/r1/%s.jsonl", host);
}

/* The host's file, as it was when a test puts something in its place. */
static void make_run_folder(void)
{
	make_folders(run_folder());
}

static const char *fresh_file(void)
{
	static char path[SCRATCH_PATH_MAX];
	size_t found = 0;
	DIR *folder = opendir(run_folder());

	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		unsigned long pid;
		char dice[64];
		size_t length = strlen(host);
		if (strncmp(entry->d_name, host, length) != 0 ||
		    sscanf(entry->d_name + length, ".%lu-%63[0-9a-f].jsonl", &pid, dice) != 2)
			continue;
		found++;
		snprintf(path, sizeof(path), "%s/%s", run_folder(), entry->d_name);
	}
	closedir(folder);
	return found == 1 ? path : NULL;
}

/* ---- the plain case ---- */

static void folders_and_file_are_made(void **state)
{
	struct stat facts;

	(void)state;
	assert_int_equal(append_line(LINE), 0);
	assert_string_equal(text_of_file(host_file()), LINE);
	assert_return_code(lstat(host_file(), &facts), errno);
	assert_int_equal(facts.st_mode, S_IFREG | 0644);
	assert_return_code(lstat(run_folder(), &facts), errno);
	assert_int_equal(facts.st_mode, S_IFDIR | 0755);
	assert_int_equal(count_names(run_folder()), 1);
	assert_int_equal(append_line(LINE), 0);
	assert_string_equal(text_of_file(host_file()), LINE LINE);
}

static void the_marker_is_never_made(void **state)
{
	(void)state;
	assert_return_code(rmdir(in_scratch(".runledger")), errno);
	assert_int_equal(append_line(LINE), -ENOENT);
	assert_int_equal(count_names(scratch), 0);
	struct rlg_append append = {.group = in_scratch("gone"), .run = "r1", .line = LINE, .length = strlen(LINE)};
	assert_int_equal(rlg_statusfile_append(&append, NULL), -ENOENT);
}

static void a_durable_append_and_the_longest_record(void **state)
{
	char line[RLG_RECORD_MAX + 2];

	(void)state;
	memset(line, 'x', sizeof(line));
	line[RLG_RECORD_MAX - 1] = '\n';
	struct rlg_append append = {.group = scratch, .run = "r1", .line = line, .length = RLG_RECORD_MAX, .durable = true};
	assert_int_equal(rlg_statusfile_append(&append, NULL), 0);
	size_t length = 0;
	free(read_bytes(host_file(), &length));
	assert_int_equal(length, RLG_RECORD_MAX);
}

static void no_descriptor_is_left(void **state)
{
	int before = count_descriptors();

	(void)state;
	for (int i = 0; i < 50; i++)
		append_line(LINE);
	assert_int_equal(append_to_run("..", LINE, strlen(LINE), 0, NULL), -EINVAL);
	assert_return_code(unlink(host_file()), errno);
	assert_return_code(symlink("/etc/hostname", host_file()), errno);
	for (int i = 0; i < 5; i++)
		assert_int_equal(append_line(LINE), 0);
	assert_int_equal(count_descriptors(), before);
}

/* ---- what is refused ---- */

static void bad_names_are_refused(void **state)
{
	char long_name[RLG_NAME_MAX + 2];
	const char *names[] = {"", ".", "..", "a/b", "/a", "../r1", "a\nb", "a\tb", "\x7f", ".hidden", "-r", " r", "r ",
			       "\xff", long_name};

	(void)state;
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[RLG_NAME_MAX + 1] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct rlg_err err = {""};
		if (append_to_run(names[i], LINE, strlen(LINE), 0, &err) != -EINVAL || err.text[0] == '\0')
			fail_msg("the name '%s' is not refused: %s", names[i], err.text);
	}
	assert_int_equal(count_names(in_scratch(".runledger")), 0);
	long_name[RLG_NAME_MAX] = '\0';
	assert_int_equal(append_to_run(long_name, LINE, strlen(LINE), 0, NULL), 0);
	assert_int_equal(append_to_run("a..b ü-.x", LINE, strlen(LINE), 0, NULL), 0);
}

static void bad_lines_are_refused(void **state)
{
	static char long_line[RLG_RECORD_MAX + 2];
	const char *lines[] = {"", "\n", "{}", "{}\n{}\n", "\n{}\n", "{}\n\n", long_line};

	(void)state;
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[RLG_RECORD_MAX] = '\n'; /* 4097 bytes */
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (append_line(lines[i]) != -EINVAL)
			fail_msg("line %zu is not refused", i);
	assert_false(exists(run_folder()));
}

/* Something else stands under the name: the record is in a file of its own, and that is untouched.  Takes both away. */
static void goes_beside(void)
{
	struct stat before, now;
	size_t names = 0;

	assert_return_code(lstat(host_file(), &before), errno);
	assert_int_equal(append_line(LINE), 0);
	assert_return_code(lstat(host_file(), &now), errno);
	assert_true(before.st_ino == now.st_ino && before.st_size == now.st_size);
	DIR *folder = opendir(run_folder());
	assert_non_null(folder);
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		const char *path = in_scratch(".runledger/runs/r1/%s", entry->d_name);
		if (entry->d_name[0] == '.' || strcmp(path, host_file()) == 0)
			continue;
		assert_string_equal(text_of_file(path), LINE);
		assert_return_code(unlink(path), errno);
		names++;
	}
	closedir(folder);
	assert_int_equal(names, 1);
	assert_return_code(remove(host_file()), errno);
}

static void links_in_the_way_are_not_followed(void **state)
{
	(void)state;
	make_folder(in_scratch("trap"), 0755);
	write_text(in_scratch("trap/victim"), "untouched\n");

	/* the file */
	make_run_folder();
	assert_return_code(symlink(in_scratch("trap/victim"), host_file()), errno);
	goes_beside();
	assert_return_code(symlink(in_scratch("trap/new"), host_file()), errno);
	goes_beside();

	/* the run's folder */
	assert_return_code(rmdir(run_folder()), errno);
	assert_return_code(symlink(in_scratch("trap"), run_folder()), errno);
	assert_int_not_equal(append_line(LINE), 0);
	assert_return_code(unlink(run_folder()), errno);

	/* runs */
	assert_return_code(rmdir(in_scratch(".runledger/runs")), errno);
	assert_return_code(symlink(in_scratch("trap"), in_scratch(".runledger/runs")), errno);
	assert_int_not_equal(append_line(LINE), 0);
	assert_return_code(unlink(in_scratch(".runledger/runs")), errno);

	/* .runledger */
	assert_return_code(rmdir(in_scratch(".runledger")), errno);
	assert_return_code(symlink(in_scratch("trap"), in_scratch(".runledger")), errno);
	assert_int_not_equal(append_line(LINE), 0);

	assert_string_equal(text_of_file(in_scratch("trap/victim")), "untouched\n");
	assert_int_equal(count_names(in_scratch("trap")), 1);
}

static void what_is_no_file_of_ours_alone_is_not_written(void **state)
{
	(void)state;
	make_run_folder();

	assert_return_code(mkfifo(host_file(), 0666), errno);
	int64_t begun_ms = scratch_now_ms();
	goes_beside();
	assert_true(scratch_now_ms() - begun_ms < 1000); /* without waiting for a reader */

	assert_return_code(mkdir(host_file(), 0755), errno);
	goes_beside();

	write_text(in_scratch("mine"), "other\n");
	assert_return_code(link(in_scratch("mine"), host_file()), errno);
	goes_beside();
	assert_string_equal(text_of_file(in_scratch("mine")), "other\n");

	write_text(in_scratch(".runledger/runs/file"), "");
	assert_int_not_equal(append_to_run("file", LINE, strlen(LINE), 100, NULL), 0);
	assert_string_equal(text_of_file(in_scratch(".runledger/runs/file")), "");
}

static void append_as_scratch_user(void *context)
{
	(void)context;
	child_becomes_scratch_user();
	CHILD_ASSERT(append_to_run("r1", LINE, strlen(LINE), 500, NULL) == 0);
}

/* A host's file that belongs to somebody else is not written; whoever comes second has a file of their own. */
static void somebody_elses_file_is_left_alone(void **state)
{
	struct stat facts;

	(void)state;
	if (geteuid() != 0)
		skip();
	for (int i = 0; i < 2; i++) {
		make_run_folder();
		assert_return_code(chmod(run_folder(), 0777), errno);
		write_text(host_file(), "root's\n");
		assert_return_code(chmod(host_file(), i == 0 ? 0666 : 0600), errno);
		in_child(append_as_scratch_user, NULL);
		assert_string_equal(text_of_file(host_file()), "root's\n");
		const char *own = in_scratch(".runledger/runs/r1/%s.u%d.jsonl", host, SCRATCH_UID);
		assert_string_equal(text_of_file(own), LINE);
		assert_return_code(lstat(own, &facts), errno);
		assert_int_equal(facts.st_uid, SCRATCH_UID);
		assert_int_equal(count_names(run_folder()), 2);
		assert_return_code(unlink(own), errno);
	}
	/* And root does not write a user's. */
	assert_return_code(chown(host_file(), SCRATCH_UID, SCRATCH_GID), errno);
	append_line(LINE);
	assert_string_equal(text_of_file(host_file()), "root's\n");
}

/* ---- torn tails ---- */

static void a_torn_tail_is_healed_and_kept(void **state)
{
	(void)state;
	make_run_folder();
	write_text(host_file(), LINE "{\"timestamp\":2.0,\"na");
	assert_int_equal(append_line(LINE), 0);
	assert_string_equal(text_of_file(host_file()), LINE "{\"timestamp\":2.0,\"na\n" LINE);
	assert_int_equal(append_line(LINE), 0);
	assert_string_equal(text_of_file(host_file()), LINE "{\"timestamp\":2.0,\"na\n" LINE LINE);

	write_bytes(host_file(), "\0\0\0", 3, 0644);
	assert_int_equal(append_line(LINE), 0);
	size_t length = 0;
	char *bytes = read_bytes(host_file(), &length);
	assert_int_equal(length, 4 + strlen(LINE));
	assert_memory_equal(bytes, "\0\0\0\n" LINE, length);
	free(bytes);

	write_text(host_file(), "");
	assert_int_equal(append_line(LINE), 0);
	assert_string_equal(text_of_file(host_file()), LINE);
}

/* ---- many at once ---- */

#define WRITERS 8
#define RECORDS_EACH 500

static void write_many(int writer)
{
	for (int i = 0; i < RECORDS_EACH; i++) {
		char line[RLG_RECORD_MAX];
		/* Of very different lengths, and each its own. */
		int used = snprintf(line, sizeof(line), "%d %d ", writer, i);
		int length = used + (i * 37 + writer * 311) % 3000;
		memset(line + used, 'a' + writer, (size_t)(length - used));
		line[length] = '\n';
		CHILD_ASSERT(append_to_run("r1", line, (size_t)length + 1, 60000, NULL) == 0);
	}
	_exit(0);
}

static void check_line(const char *line, size_t length, bool seen[WRITERS][RECORDS_EACH])
{
	int writer, number, used;

	assert_int_equal(sscanf(line, "%d %d %n", &writer, &number, &used), 2);
	assert_in_range(writer, 0, WRITERS - 1);
	assert_in_range(number, 0, RECORDS_EACH - 1);
	assert_false(seen[writer][number]);
	seen[writer][number] = true;
	/* sscanf's blank swallows nothing of ours: no record's filling is a blank. */
	assert_int_equal(length, (size_t)used + (size_t)((number * 37 + writer * 311) % 3000));
	for (size_t i = (size_t)used; i < length; i++)
		if (line[i] != 'a' + writer)
			fail_msg("a torn line of writer %d", writer);
}

static void many_writers_lose_and_tear_nothing(void **state)
{
	static bool seen[WRITERS][RECORDS_EACH];
	pid_t children[WRITERS];
	size_t length = 0, lines = 0;
	int status;

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < WRITERS; i++) {
		children[i] = fork();
		assert_return_code(children[i], errno);
		if (children[i] == 0)
			write_many(i);
	}
	for (int i = 0; i < WRITERS; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	/* One file a host: with time enough nobody went to a file of their own. */
	assert_int_equal(count_names(run_folder()), 1);
	char *bytes = read_bytes(host_file(), &length);
	for (char *line = bytes, *end; line < bytes + length; line = end + 1, lines++) {
		end = strchr(line, '\n');
		assert_non_null(end);
		*end = '\0';
		check_line(line, (size_t)(end - line), seen);
	}
	free(bytes);
	assert_int_equal(lines, WRITERS * RECORDS_EACH);
}

/* ---- locks ---- */

/* Holds byte 0 of the file, as another process, until the pipe is closed. */
static pid_t hold_lock(const char *path, int *out_release_fd)
{
	int ready[2], release[2];
	char byte = 0;

	assert_return_code(pipe(ready), errno);
	assert_return_code(pipe(release), errno);
	pid_t child = fork();
	assert_return_code(child, errno);
	if (child == 0) {
		struct flock byte_0 = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
		close(release[1]);
		int fd = open(path, O_RDWR);
		CHILD_ASSERT(fd >= 0 && fcntl(fd, F_OFD_SETLK, &byte_0) == 0);
		CHILD_ASSERT(write(ready[1], &byte, 1) == 1);
		CHILD_ASSERT(read(release[0], &byte, 1) == 0);
		_exit(0);
	}
	close(ready[1]);
	close(release[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	*out_release_fd = release[1];
	return child;
}

static void who_gets_no_turn_writes_a_file_of_their_own(void **state)
{
	int release;

	(void)state;
	assert_int_equal(append_line(LINE), 0);
	pid_t holder = hold_lock(host_file(), &release);
	int64_t begun_ms = scratch_now_ms();
	assert_int_equal(append_to_run("r1", LINE, strlen(LINE), 150, NULL), 0);
	int64_t took_ms = scratch_now_ms() - begun_ms;
	assert_in_range(took_ms, 140, 2000);
	assert_string_equal(text_of_file(host_file()), LINE);
	assert_int_equal(count_names(run_folder()), 2);
	const char *fresh = fresh_file();
	assert_non_null(fresh);
	assert_string_equal(text_of_file(fresh), LINE);
	close(release);
	assert_int_equal(waitpid(holder, NULL, 0), holder);

	/* When the lock is free again, so is the host's file. */
	assert_int_equal(append_line(LINE), 0);
	assert_string_equal(text_of_file(host_file()), LINE LINE);
	assert_int_equal(count_names(run_folder()), 2);
}

static void who_waits_gets_their_turn(void **state)
{
	int release;

	(void)state;
	assert_int_equal(append_line(LINE), 0);
	pid_t holder = hold_lock(host_file(), &release);
	pid_t releaser = fork();
	assert_return_code(releaser, errno);
	if (releaser == 0) {
		scratch_sleep_ms(200);
		_exit(0); /* its copy of the pipe's end is the last */
	}
	close(release);
	int64_t begun_ms = scratch_now_ms();
	assert_int_equal(append_to_run("r1", LINE, strlen(LINE), 10000, NULL), 0);
	assert_in_range(scratch_now_ms() - begun_ms, 100, 5000);
	assert_string_equal(text_of_file(host_file()), LINE LINE);
	assert_int_equal(count_names(run_folder()), 1);
	waitpid(holder, NULL, 0);
	waitpid(releaser, NULL, 0);
}

static void no_lock_is_left(void **state)
{
	int release;

	(void)state;
	assert_int_equal(append_line(LINE), 0);
	pid_t holder = hold_lock(host_file(), &release); /* would fail if byte 0 was taken */
	close(release);
	int status;
	assert_int_equal(waitpid(holder, &status, 0), holder);
	assert_int_equal(status, 0);
}

/* ---- files that change under our hands ---- */

enum change { REPLACED, RENAMED, REMOVED };

/*
 * The appender opens the file and waits for its lock; meanwhile the file goes away.  Its record must be in the file that
 * stands there in the end.
 */
static void change_under_the_appender(enum change change)
{
	int release, status;

	assert_int_equal(append_line(LINE), 0);
	pid_t holder = hold_lock(host_file(), &release);
	pid_t appender = fork();
	assert_return_code(appender, errno);
	if (appender == 0) {
		close(release);
		CHILD_ASSERT(append_to_run("r1", "{\"late\":1}\n", 11, 10000, NULL) == 0);
		_exit(0);
	}
	scratch_sleep_ms(100); /* by now it waits */
	if (change == REPLACED) {
		write_text(in_scratch("other"), "{\"other\":1}\n");
		assert_return_code(rename(in_scratch("other"), host_file()), errno);
	} else if (change == RENAMED) {
		assert_return_code(rename(host_file(), in_scratch("moved.jsonl")), errno);
	} else {
		assert_return_code(unlink(host_file()), errno);
	}
	close(release);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	assert_int_equal(waitpid(appender, &status, 0), appender);
	assert_int_equal(status, 0);
	assert_string_equal(text_of_file(host_file()), change == REPLACED ? "{\"other\":1}\n{\"late\":1}\n" : "{\"late\":1}\n");
	if (change == RENAMED)
		assert_string_equal(text_of_file(in_scratch("moved.jsonl")), LINE);
	assert_int_equal(count_names(run_folder()), 1);
}

static void a_file_that_was_replaced_is_opened_again(void **state)
{
	(void)state;
	change_under_the_appender(REPLACED);
}

static void a_file_that_was_renamed_is_made_again(void **state)
{
	(void)state;
	change_under_the_appender(RENAMED);
}

static void a_file_that_was_removed_is_made_again(void **state)
{
	(void)state;
	change_under_the_appender(REMOVED);
}

/* ---- no room ---- */

static void append_to_full_disk(void *context)
{
	const struct rlimit *limit = context;
	struct rlg_err err = {""};

	CHILD_ASSERT(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	CHILD_ASSERT(setrlimit(RLIMIT_FSIZE, limit) == 0);
	CHILD_ASSERT(append_to_run("r1", LINE, strlen(LINE), 100, &err) < 0);
	CHILD_ASSERT(err.text[0] != '\0');
}

static void a_short_write_is_a_failure_and_heals(void **state)
{
	(void)state;
	assert_int_equal(append_line(LINE), 0);
	for (rlim_t room = 0; room < strlen(LINE); room += 13) {
		write_text(host_file(), LINE);
		struct rlimit limit = {strlen(LINE) + room, strlen(LINE) + room};
		in_child(append_to_full_disk, &limit);
		char expected[1024];
		snprintf(expected, sizeof(expected), LINE "%.*s%s" LINE, (int)room, LINE, room > 0 ? "\n" : "");
		assert_int_equal(append_line(LINE), 0);
		assert_string_equal(text_of_file(host_file()), expected);
	}
}

static void a_full_file_system_is_a_failure_and_heals(void **state)
{
	char block[4096];
	bool refused = false;

	(void)state;
	const char *where = in_scratch(".runledger/runs");
	assert_return_code(mkdir(where, 0755), errno);
	if (geteuid() != 0 || mount("none", where, "tmpfs", 0, "size=64k") != 0)
		skip();
	memset(block, 'x', sizeof(block));
	block[sizeof(block) - 1] = '\n';
	int written = 0;
	while (written < 100 && !refused) {
		struct rlg_err err = {""};
		int code = append_to_run("r1", block, 3000, 100, &err);
		block[2999] = '\n';
		refused = code == -ENOSPC;
		written += code == 0;
		if (code != 0 && code != -ENOSPC && code != -EINVAL)
			break;
		if (refused && strstr(err.text, "No space left") == NULL)
			break;
	}
	/* Whatever happened: nothing was lost of what was acknowledged. */
	size_t length = 0, lines = 0;
	char *bytes = read_bytes(host_file(), &length);
	for (size_t i = 0; bytes != NULL && i + 3000 <= length; i += 3000)
		lines += bytes[i + 2999] == '\n';
	free(bytes);
	int healed = -1;
	if (mount("none", where, "tmpfs", MS_REMOUNT, "size=256k") == 0)
		healed = append_line(LINE);
	bytes = read_bytes(host_file(), &length);
	bool clean = bytes != NULL && length > strlen(LINE) + 1 && bytes[length - strlen(LINE) - 1] == '\n' &&
		     strcmp(bytes + length - strlen(LINE), LINE) == 0;
	free(bytes);
	umount(where);
	assert_true(refused);
	assert_true(written > 5);
	assert_int_equal(lines, written);
	assert_int_equal(healed, 0);
	assert_true(clean);
}

static void append_read_only(void *context)
{
	struct rlg_err err = {""};

	(void)context;
	child_becomes_scratch_user();
	CHILD_ASSERT(append_to_run("r1", LINE, strlen(LINE), 100, &err) == -EACCES);
	CHILD_ASSERT(strstr(err.text, "Permission denied") != NULL && strstr(err.text, ".runledger") != NULL);
}

static void a_folder_that_is_closed_to_us_says_so(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(append_line(LINE), 0);
	in_child(append_read_only, NULL);
	assert_int_equal(count_names(run_folder()), 1);
}

/* ---- umask ---- */

static void files_are_as_open_as_the_group(void **state)
{
	static const struct {
		mode_t marker, file, folder;
	} table[] = {
		{0755, 0644, 0755}, {0700, 0600, 0700}, {0750, 0640, 0750},
		{0770, 0660, 0770}, {0775, 0664, 0775}, {02770, 0660, 0770}, {0777, 0666, 0777},
	};
	struct stat facts;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		umask(i % 2 == 0 ? 0 : 077);
		assert_return_code(chmod(in_scratch(".runledger"), table[i].marker), errno);
		rlg_group_take_umask(scratch);
		assert_int_equal(append_line(LINE), 0);
		assert_return_code(lstat(host_file(), &facts), errno);
		assert_int_equal(facts.st_mode & 0777, table[i].file);
		assert_return_code(lstat(run_folder(), &facts), errno);
		assert_int_equal(facts.st_mode & 0777, table[i].folder);
		nftw(in_scratch(".runledger/runs"), scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	}
	/* No group: no change. */
	umask(027);
	rlg_group_take_umask(in_scratch("gone"));
	assert_int_equal(umask(022), 027);
}

/* ---- names ---- */

static void a_hosts_name_is_fit_for_a_file(void **state)
{
	char real[256], name[RLG_HOST_MAX];

	(void)state;
	rlg_statusfile_host(name);
	assert_true(strlen(name) > 0);
	assert_null(strpbrk(name, "./ "));
	assert_return_code(gethostname(real, sizeof(real)), errno);
	size_t plain = strspn(real, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
	if (real[plain] == '\0' || real[plain] == '.') {
		real[plain] = '\0';
		assert_string_equal(name, real);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(folders_and_file_are_made),
		TEST(the_marker_is_never_made),
		TEST(a_durable_append_and_the_longest_record),
		TEST(no_descriptor_is_left),
		TEST(bad_names_are_refused),
		TEST(bad_lines_are_refused),
		TEST(links_in_the_way_are_not_followed),
		TEST(what_is_no_file_of_ours_alone_is_not_written),
		TEST(somebody_elses_file_is_left_alone),
		TEST(a_torn_tail_is_healed_and_kept),
		TEST(many_writers_lose_and_tear_nothing),
		TEST(who_gets_no_turn_writes_a_file_of_their_own),
		TEST(who_waits_gets_their_turn),
		TEST(no_lock_is_left),
		TEST(a_file_that_was_replaced_is_opened_again),
		TEST(a_file_that_was_renamed_is_made_again),
		TEST(a_file_that_was_removed_is_made_again),
		TEST(a_short_write_is_a_failure_and_heals),
		TEST(a_full_file_system_is_a_failure_and_heals),
		TEST(a_folder_that_is_closed_to_us_says_so),
		TEST(files_are_as_open_as_the_group),
		TEST(a_hosts_name_is_fit_for_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
