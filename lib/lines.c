/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading status files: see lines.h. */
#include "lib/lines.h"

#include "lib/layout.h"
#include "lib/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE 65536
/* Enough for the files of a run, or some hundred runs, at once. */
#define ENTRIES_ROOM 16384
#define NAMES_ROOM 1024

_Static_assert(BUFFER_SIZE > 2 * RLG_RECORD_MAX, "a whole record must always fit beside the rest of another");

uint64_t rlg_damage_total(const struct rlg_damage *damage)
{
	return damage->too_long + damage->nuls + damage->no_record + damage->files;
}

static void step_over(struct rlg_damage *damage, int number)
{
	damage->files++;
	if (rlg_errno_may_pass(number))
		damage->unread = number;
}

struct reader {
	const char *run;
	const char *file;
	rlg_line_fn *tell;
	void *context;
	struct rlg_damage *damage;
	bool has_nul; /* what is in the buffer */
	bool skipping; /* inside a line that is too long */
	bool in_hole; /* the line began with NULs */
	off_t before; /* what was read before that which is in the buffer */
	off_t whole; /* the end of the last whole line */
};

static int tell_line(struct reader *reader, const char *line, size_t length)
{
	bool has_nul = reader->has_nul && memchr(line, '\0', length) != NULL;

	if (has_nul || reader->in_hole)
		reader->damage->nuls++;
	if (length == 0 || has_nul)
		return 0;
	return reader->tell(reader->context, reader->run, reader->file, line, length);
}

/*
 * A hole that a dying NFS client left reads as NULs, pages of them or gigabytes; the record behind it is whole.  Returns how
 * many there are where a line begins.
 */
static size_t step_over_hole(struct reader *reader, const char *bytes, size_t count)
{
	size_t length = 0;

	if (reader->skipping || count == 0 || bytes[0] != '\0')
		return 0;
	reader->in_hole = true;
	if (memcmp(bytes, bytes + 1, count - 1) == 0)
		return count;
	while (bytes[length] == '\0')
		length++;
	return length;
}

/* Tells all whole lines in the buffer; returns how many bytes are done with, or what `tell` said. */
static int tell_lines(struct reader *reader, const char *bytes, size_t count, size_t *out_done)
{
	size_t done = step_over_hole(reader, bytes, count);
	const char *newline;

	reader->has_nul = memchr(bytes + done, '\0', count - done) != NULL;
	while ((newline = memchr(bytes + done, '\n', count - done)) != NULL) {
		size_t length = (size_t)(newline - (bytes + done));
		int code = 0;
		if (reader->skipping || length >= RLG_RECORD_MAX)
			reader->damage->too_long++;
		else if (length > 0 || reader->in_hole)
			code = tell_line(reader, bytes + done, length);
		reader->skipping = reader->in_hole = false;
		done += length + 1;
		reader->whole = reader->before + (off_t)done; /* not behind a hole: what is late may still fill it */
		done += step_over_hole(reader, bytes + done, count - done);
		if (code != 0)
			return code;
	}
	if (count - done >= RLG_RECORD_MAX)
		reader->skipping = true;
	*out_done = reader->skipping ? count : done;
	return 0;
}

/* `size` is what is to be read, where that is known: then nobody asks for more; else 0. */
static int read_lines(struct reader *reader, int fd, off_t size)
{
	char buffer[BUFFER_SIZE];
	size_t held = 0;
	int code = 0;

	while (code == 0 && (size == 0 || reader->before + (off_t)held < size)) {
		size_t done = 0;
		ssize_t got = read(fd, buffer + held, sizeof(buffer) - held);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			step_over(reader->damage, errno);
		if (got <= 0)
			break;
		held += (size_t)got;
		code = tell_lines(reader, buffer, held, &done);
		held -= done;
		reader->before += (off_t)done;
		memmove(buffer, buffer + done, held);
	}
	if (code == 0 && (held > 0 || reader->skipping || reader->in_hole))
		reader->damage->torn++;
	return code;
}

int rlg_lines_each_in_file(int fd, const char *run, const char *file, rlg_line_fn *tell, void *context,
			   struct rlg_damage *damage)
{
	struct reader reader = {.run = run, .file = file, .tell = tell, .context = context, .damage = damage};
	off_t begin = lseek(fd, 0, SEEK_CUR);
	int code = read_lines(&reader, fd, 0);

	if (begin >= 0)
		lseek(fd, begin + reader.whole, SEEK_SET);
	return code;
}

/* A file server may be interrupted, too. */
static int open_anyhow(int folder, const char *name, int flags)
{
	int fd;

	do
		fd = openat(folder, name, flags | O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

static int open_regular(int folder, const char *name, off_t *out_size)
{
	struct stat file;
	int fd = open_anyhow(folder, name, O_NONBLOCK), code = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &file) != 0)
		code = -errno;
	else if (!S_ISREG(file.st_mode))
		code = -ENXIO;
	if (code == 0) {
		*out_size = file.st_size;
		return fd;
	}
	close(fd);
	return code;
}

static bool is_status_file(const char *name)
{
	size_t length = strlen(name), suffix = strlen(RLG_STATUS_SUFFIX);

	return name[0] != '.' && length > suffix && strcmp(name + length - suffix, RLG_STATUS_SUFFIX) == 0;
}

static bool is_run(const char *name)
{
	return rlg_name_ok(name, NULL);
}

/* The names of a folder, behind one another, each with its NUL. */
struct names {
	char *text;
	size_t length, room, count;
};

/* False: there is no memory. */
static bool add_name(struct names *names, const char *name)
{
	size_t size = strlen(name) + 1;

	if (names->text == NULL || names->length + size > names->room) {
		size_t room = 2 * names->room + NAMES_ROOM;
		char *text = realloc(names->text, room);
		if (text == NULL)
			return false;
		names->text = text;
		names->room = room;
	}
	memcpy(names->text + names->length, name, size);
	names->length += size;
	names->count++;
	return true;
}

/* Straight from the kernel: opendir(3) looks at the folder, and takes memory, once more for each of ten thousand runs. */
static int read_names(int folder, bool (*wants)(const char *), struct names *out_names)
{
	_Alignas(struct dirent64) char entries[ENTRIES_ROOM];
	ssize_t got;

	while ((got = getdents64(folder, entries, sizeof(entries))) > 0)
		for (ssize_t at = 0; at < got;) {
			const struct dirent64 *entry = (const struct dirent64 *)(entries + at);
			if (wants(entry->d_name) && !add_name(out_names, entry->d_name))
				return -ENOMEM;
			at += entry->d_reclen;
		}
	return got < 0 ? -errno : 0;
}

static int by_bytes(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int each_in_order(const struct names *names, int (*each)(void *, const char *), void *context)
{
	const char **list = malloc((names->count + 1) * sizeof(*list));
	const char *at = names->text;
	int code = 0;

	if (list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < names->count; i++, at += strlen(at) + 1)
		list[i] = at;
	if (names->count > 1)
		qsort(list, names->count, sizeof(*list), by_bytes);
	for (size_t i = 0; i < names->count && code == 0; i++)
		code = each(context, list[i]);
	free(list);
	return code;
}

/* Calls `each` for the names in a folder, sorted; stops at the first result that is not 0. */
static int each_name(int folder, const char *path, bool (*wants)(const char *), int (*each)(void *, const char *),
		     void *context, struct rlg_err *err)
{
	struct names names = {.text = NULL};
	int code = read_names(folder, wants, &names);

	if (code == 0)
		code = each_in_order(&names, each, context);
	else
		rlg_fail_errno(err, code, "cannot read the folder %s", path);
	free(names.text);
	return code;
}

struct walk {
	const char *group;
	int runs; /* the folder of all runs; AT_FDCWD: a run's whole path is told */
	const char *run;
	int folder;
	rlg_status_file_fn *tell_file; /* NULL: the lines are told */
	rlg_line_fn *tell;
	void *context;
	struct rlg_damage *damage;
	struct rlg_err *err;
};

static int read_one_file(void *context, const char *name)
{
	struct walk *walk = context;
	off_t size = 0;
	int fd = open_regular(walk->folder, name, &size), code;

	if (fd < 0) {
		step_over(walk->damage, -fd);
		return 0;
	}
	if (walk->tell_file != NULL) {
		code = walk->tell_file(walk->context, name, fd);
	} else {
		struct reader reader = {
			.run = walk->run, .file = name, .tell = walk->tell, .context = walk->context, .damage = walk->damage};
		code = read_lines(&reader, fd, size);
	}
	close(fd);
	return code;
}

static int read_run_at(struct walk *walk, const char *path, const char *run)
{
	walk->run = run;
	walk->folder = open_anyhow(walk->runs, path, O_DIRECTORY);
	if (walk->folder < 0) {
		/* A file or a link among the runs' folders, or a folder that is locked away. */
		if (walk->folder != -ENOENT)
			step_over(walk->damage, -walk->folder);
		return 0;
	}
	int code = each_name(walk->folder, run, is_status_file, read_one_file, walk, walk->err);
	close(walk->folder);
	return code;
}

static int read_one_run(void *context, const char *run)
{
	return read_run_at(context, run, run);
}

static int read_named_run(struct walk *walk, const char *run)
{
	char path[RLG_PATH_MAX];

	if (!rlg_name_ok(run, walk->err))
		return -EINVAL;
	if ((size_t)snprintf(path, sizeof(path), "%s/" RLG_DIR "/" RLG_RUNS_DIR "/%s", walk->group, run) >= sizeof(path))
		return rlg_fail(walk->err, -ENAMETOOLONG, "the path of run %s is too long", run);
	return read_run_at(walk, path, run);
}

/* Calls `each` for every run; with the folder of all of them in *out_runs meanwhile.  No folder: nothing to do. */
static int each_run(const char *group, int (*each)(void *, const char *), void *context, int *out_runs, struct rlg_err *err)
{
	char path[RLG_PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/" RLG_DIR "/" RLG_RUNS_DIR, group) >= sizeof(path))
		return rlg_fail(err, -ENAMETOOLONG, "the path of the run group is too long");
	*out_runs = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*out_runs < 0)
		return errno == ENOENT ? 0 : rlg_fail_errno(err, -errno, "cannot read the folder %s", path);
	int code = each_name(*out_runs, path, is_run, each, context, err);
	close(*out_runs);
	return code;
}

int rlg_lines_each(const char *group, const char *run, rlg_line_fn *tell, void *context, struct rlg_damage *damage,
		   struct rlg_err *err)
{
	struct walk walk = {
		.group = group, .runs = AT_FDCWD, .tell = tell, .context = context, .damage = damage, .folder = -1, .err = err};

	return run != NULL ? read_named_run(&walk, run) : each_run(group, read_one_run, &walk, &walk.runs, err);
}

int rlg_lines_each_file(const char *group, const char *run, rlg_status_file_fn *tell, void *context,
			struct rlg_damage *damage, struct rlg_err *err)
{
	struct walk walk = {
		.group = group, .runs = AT_FDCWD, .tell_file = tell, .context = context, .damage = damage, .folder = -1, .err = err};

	return read_named_run(&walk, run);
}

int rlg_lines_each_run(const char *group, rlg_run_fn *tell, void *context, struct rlg_err *err)
{
	int runs;

	return each_run(group, tell, context, &runs, err);
}
