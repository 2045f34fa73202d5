/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Appending a record to a run's status file: see statusfile.h. */
#include "lib/statusfile.h"

#include "lib/clock.h"
#include "lib/fs_kind.h"
#include "lib/record.h"
#include "lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* How often a file that was replaced under our hands is opened again. */
#define MOST_OPENINGS 3

/* Waiting for the lock: jittered, so that a thousand writers do not wake together. */
#define LEAST_SLEEP_US 5000
#define MOST_SLEEP_US 200000

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define FILE_FLAGS (O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)

enum turn { OUR_TURN, NO_TURN };

static bool is_local(int fd)
{
	struct statfs where;

	return fstatfs(fd, &where) == 0 && rlg_fs_is_local((unsigned long)where.f_type);
}

void rlg_statusfile_host(char out_host[RLG_HOST_MAX])
{
	if (gethostname(out_host, RLG_HOST_MAX) != 0 || out_host[0] == '\0')
		rlg_copy(out_host, RLG_HOST_MAX, "unknown");
	out_host[RLG_HOST_MAX - 1] = '\0';
	for (char *at = out_host; *at != '\0'; at++) {
		bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') ||
			     *at == '-' || *at == '_';
		if (*at == '.' && at != out_host)
			*at = '\0';
		else if (!plain)
			*at = '_';
		if (*at == '\0')
			break;
	}
}

/* A new folder goes to whom its parent is shared with, should the parent not see to that itself (set-group-ID). */
static void share_as_parent(int fd, int parent)
{
	struct stat above, here;

	if (fstat(parent, &above) != 0 || fstat(fd, &here) != 0 || above.st_gid == here.st_gid)
		return;
	if (fchown(fd, (uid_t)-1, above.st_gid) != 0)
		errno = 0;
}

/* Opens a folder inside `parent`, making it if it is missing.  Owns nothing on failure. */
static int open_folder(int parent, const char *name)
{
	int fd = openat(parent, name, FOLDER_FLAGS);

	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? -errno : fd;
	if (mkdirat(parent, name, 0777) != 0 && errno != EEXIST)
		return -errno;
	fd = openat(parent, name, FOLDER_FLAGS);
	if (fd < 0)
		return -errno;
	share_as_parent(fd, parent);
	return fd;
}

/* Opens GROUP/.runledger/runs/RUN; only `runs` and RUN are made. */
static int open_run_folder(const struct rlg_append *append, struct rlg_err *err)
{
	int group = open(append->group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (group < 0)
		return rlg_fail_errno(err, -errno, "cannot open the run group %s", append->group);
	int marker = openat(group, RLG_DIR, FOLDER_FLAGS);
	int code = marker < 0 ? -errno : 0;
	close(group);
	if (code != 0)
		return rlg_fail_errno(err, code, "cannot open %s/" RLG_DIR, append->group);
	int runs = open_folder(marker, RLG_RUNS_DIR);
	close(marker);
	if (runs < 0)
		return rlg_fail_errno(err, runs, "cannot open or make %s/" RLG_DIR "/" RLG_RUNS_DIR, append->group);
	int run = open_folder(runs, append->run);
	close(runs);
	if (run < 0)
		return rlg_fail_errno(err, run, "cannot open or make %s/" RLG_DIR "/" RLG_RUNS_DIR "/%s", append->group,
				      append->run);
	return run;
}

/* Where a file is looked for: in the run's folder, or below the group's with all the folders in its name. */
struct place {
	int folder;
	const char *prefix; /* "" or ".runledger/runs/RUN/" */
};

#define NAME_MAX_SIZE (RLG_NAME_MAX + RLG_HOST_MAX + 96)

/* snprintf() was half of what an append costs. */
static void join(char *to, size_t size, const char *first, const char *second, const char *third)
{
	struct rlg_text text;

	rlg_text_init(&text, to, size);
	rlg_text_add(&text, first);
	rlg_text_add(&text, second);
	rlg_text_add(&text, third);
}

static void name_in(const struct place *place, const char *name, char path[NAME_MAX_SIZE])
{
	join(path, NAME_MAX_SIZE, place->prefix, name, "");
}

/* No link on the way either.  Kernels before 5.6, and some sandboxes, do not know the call: an errno as any other. */
static int open_without_links(int folder, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)flags, .mode = 0666, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH};

	if ((flags & O_CREAT) == 0)
		how.mode = 0;
	return (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
}

static int open_status_file(const struct place *place, const char *name, int more_flags, struct stat *out_file)
{
	char path[NAME_MAX_SIZE];
	int fd;

	name_in(place, name, path);
	do
		fd = place->prefix[0] != '\0' ? open_without_links(place->folder, path, FILE_FLAGS | more_flags)
					      : openat(place->folder, path, FILE_FLAGS | more_flags, 0666);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	int code = 0;
	if (fstat(fd, out_file) != 0)
		code = -errno;
	else if (!S_ISREG(out_file->st_mode) || out_file->st_nlink > 1)
		code = -ELOOP;
	else if (out_file->st_uid != geteuid())
		code = -EPERM;
	if (code != 0) {
		close(fd);
		return code;
	}
	return fd;
}

static void sleep_a_little(unsigned round)
{
	uint16_t dice = 0;
	unsigned long most = LEAST_SLEEP_US << (round < 6 ? round : 6);

	if (most > MOST_SLEEP_US)
		most = MOST_SLEEP_US;
	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) < 0)
		dice = (uint16_t)getpid();
	unsigned long span = LEAST_SLEEP_US + (most - LEAST_SLEEP_US) * dice / UINT16_MAX;
	struct timespec pause = {.tv_nsec = (long)span * 1000};
	nanosleep(&pause, NULL);
}

/* Never F_SETLKW: it cannot be left in time. */
static enum turn wait_for_turn(int fd, int64_t deadline_ms)
{
	struct flock byte_0 = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};

	for (unsigned round = 0;; round++) {
		if (fcntl(fd, F_OFD_SETLK, &byte_0) == 0)
			return OUR_TURN;
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return NO_TURN;
		if (rlg_clock_monotonic_ms() >= deadline_ms)
			return NO_TURN;
		sleep_a_little(round);
	}
}

/* `file` becomes what it is now. */
static bool is_still_there(const struct place *place, const char *name, struct stat *file)
{
	char path[NAME_MAX_SIZE];
	struct stat now;

	name_in(place, name, path);
	bool same = fstatat(place->folder, path, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_ino == file->st_ino &&
		    now.st_dev == file->st_dev && now.st_nlink > 0;
	if (same)
		*file = now;
	return same;
}

/* Also where nobody can tell: an empty line is stepped over, a record behind a torn one is lost. */
static bool ends_torn(int fd, off_t size)
{
	char last = '\0';
	ssize_t got;

	do
		got = size > 0 ? pread(fd, &last, 1, size - 1) : 0;
	while (got < 0 && errno == EINTR);
	return size > 0 && last != '\n';
}

static bool ends_torn_now(int fd)
{
	struct stat file;

	return fstat(fd, &file) != 0 || ends_torn(fd, file.st_size);
}

static int write_whole(int fd, const char *bytes, size_t length)
{
	ssize_t written;

	do
		written = write(fd, bytes, length);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	return (size_t)written == length ? 0 : -ENOSPC;
}

static int write_record(int fd, off_t size, const struct rlg_append *append, bool local)
{
	char line[RLG_RECORD_MAX + 1];
	size_t heal = ends_torn(fd, size) ? 1 : 0;

	/* Somebody died in the middle of a line: ours begins on a fresh one.  Never truncate: it may be being read. */
	line[0] = '\n';
	memcpy(line + heal, append->line, append->length);
	int code = write_whole(fd, line, append->length + heal);
	if (code == -ENOSPC && ends_torn_now(fd)) {
		/* A short write: what there is of it is stepped over; say the record again, whole. */
		line[0] = '\n';
		memcpy(line + 1, append->line, append->length);
		code = write_whole(fd, line, append->length + 1);
	}
	if (code == 0 && (append->durable || !local) && fsync(fd) != 0)
		code = -errno;
	return code;
}

/*
 * The unlock comes before close(2), which tells of a late ENOSPC that an unlock on NFS swallows.  On a local file system
 * the close is the unlock.
 */
static int finish(int fd, int code, bool unlock)
{
	struct flock byte_0 = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};

	if (unlock)
		fcntl(fd, F_OFD_SETLK, &byte_0);
	if (close(fd) != 0 && code == 0 && errno != EINTR)
		code = -errno;
	return code;
}

/* A file that nobody else writes needs no lock. */
static int append_to_fresh_file(const struct place *place, const char *host, const struct rlg_append *append)
{
	char name[RLG_HOST_MAX + 64];
	struct stat file;
	uint32_t dice = 0;
	int fd = -EEXIST;

	for (int i = 0; i < MOST_OPENINGS && fd == -EEXIST; i++) {
		if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) < 0)
			dice = (uint32_t)rlg_clock_now_us();
		snprintf(name, sizeof(name), "%s.%ld-%08" PRIx32 RLG_STATUS_SUFFIX, host, (long)getpid(), dice);
		fd = open_status_file(place, name, O_EXCL, &file);
	}
	return fd < 0 ? fd : finish(fd, write_record(fd, 0, append, is_local(fd)), false);
}

/* -EAGAIN: no turn in time; -ESTALE: the file was replaced too often. */
static int append_to(const struct place *place, const char *name, const struct rlg_append *append)
{
	int64_t deadline_ms = rlg_clock_monotonic_ms() + append->timeout_ms;
	struct stat file = {.st_size = 0};

	for (int i = 0; i < MOST_OPENINGS; i++) {
		int fd = open_status_file(place, name, 0, &file);
		if (fd == -ESTALE)
			continue;
		if (fd < 0)
			return fd;
		if (wait_for_turn(fd, deadline_ms) == NO_TURN) {
			close(fd);
			return -EAGAIN;
		}
		bool local = is_local(fd);
		if (!is_still_there(place, name, &file)) {
			finish(fd, 0, !local);
			continue;
		}
		int code = finish(fd, write_record(fd, file.st_size, append, local), !local);
		if (code != -ESTALE)
			return code;
	}
	return -ESTALE;
}

/* No turn, or something stands under the name that is not ours to write: who shares a group must not stop our records. */
static bool is_blocked(int code)
{
	static const int codes[] = {-EAGAIN, -ESTALE, -ELOOP, -EISDIR, -ENXIO, -EPERM, -EACCES};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i] == code)
			return true;
	return false;
}

/* The host's file; that of this user alone where somebody else's stands under the name; or a fresh one. */
static int append_somewhere(const struct place *place, char *name, size_t size, const struct rlg_append *append)
{
	char host[RLG_HOST_MAX];

	rlg_statusfile_host(host);
	join(name, size, host, RLG_STATUS_SUFFIX, "");
	int code = append_to(place, name, append);
	if (code == -EPERM || code == -EACCES) {
		snprintf(name, size, "%s.u%lu" RLG_STATUS_SUFFIX, host, (unsigned long)geteuid());
		code = append_to(place, name, append);
	}
	return is_blocked(code) ? append_to_fresh_file(place, host, append) : code;
}

/* Could the file not be opened in one step, for whatever reason?  Then each folder's own answer is wanted. */
static bool wants_walk(int code)
{
	static const int reasons[] = {ENOENT, ESTALE, ENOSYS, EINVAL, E2BIG, ELOOP, EXDEV, ENOTDIR, EPERM, EACCES};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (code == -reasons[i])
			return true;
	return false;
}

/* All the folders in one step, which is all that most appends need; they are there already. */
static int append_at_once(char *name, size_t size, const struct rlg_append *append)
{
	char prefix[RLG_NAME_MAX + sizeof(RLG_DIR "/" RLG_RUNS_DIR "//")];
	int group = open(append->group, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (group < 0)
		return -ENOENT;
	join(prefix, sizeof(prefix), RLG_DIR "/" RLG_RUNS_DIR "/", append->run, "/");
	int code = append_somewhere(&(struct place){group, prefix}, name, size, append);
	close(group);
	return code;
}

/* Folder by folder: makes those that are missing, and says which one is in the way. */
static int append_by_walk(char *name, size_t size, const struct rlg_append *append, struct rlg_err *err)
{
	int folder = open_run_folder(append, err);

	if (folder < 0)
		return folder;
	int code = append_somewhere(&(struct place){folder, ""}, name, size, append);
	close(folder);
	return code;
}

/* The sentence, where the walk has not said one. */
static int explain(int code, const struct rlg_append *append, const char *name, struct rlg_err *err)
{
	if (code == -ELOOP)
		return rlg_fail(err, code, "cannot append to %s/" RLG_DIR "/" RLG_RUNS_DIR "/%s/%s: it is a link, no regular "
				"file, or has a second name", append->group, append->run, name);
	return rlg_fail_errno(err, code, "cannot append to %s/" RLG_DIR "/" RLG_RUNS_DIR "/%s/%s", append->group, append->run,
			      name);
}

int rlg_statusfile_append(const struct rlg_append *append, struct rlg_err *err)
{
	char name[RLG_HOST_MAX + 64] = "";

	if (!rlg_name_ok(append->run, err))
		return -EINVAL;
	if (append->length < 2 || append->length > RLG_RECORD_MAX || append->line[append->length - 1] != '\n' ||
	    memchr(append->line, '\n', append->length - 1) != NULL)
		return rlg_fail(err, -EINVAL, "a record is one line of at most %d bytes", RLG_RECORD_MAX);
	int code = append_at_once(name, sizeof(name), append);
	if (wants_walk(code)) {
		name[0] = '\0';
		code = append_by_walk(name, sizeof(name), append, err);
	}
	/* Without a name no file was come to, and the folder in the way has been told. */
	return code == 0 || name[0] == '\0' ? code : explain(code, append, name, err);
}
