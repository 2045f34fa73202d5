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
_Static_assert(BUFFER_SIZE > 2 * RLG_RECORD_MAX, "a whole record must always fit beside the rest of another");

uint64_t rlg_damage_total(const struct rlg_damage *damage)
{
	return damage->too_long + damage->nuls + damage->no_record + damage->files;
}

struct reader {
	const char *run;
	const char *file;
	rlg_line_fn *tell;
	void *context;
	struct rlg_damage *damage;
	bool skipping; /* inside a line that is too long */
	bool in_hole; /* the line began with NULs */
};

static int tell_line(struct reader *reader, const char *line, size_t length)
{
	bool has_nul = memchr(line, '\0', length) != NULL;

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

	while ((newline = memchr(bytes + done, '\n', count - done)) != NULL) {
		size_t length = (size_t)(newline - (bytes + done));
		int code = 0;
		if (reader->skipping || length >= RLG_RECORD_MAX)
			reader->damage->too_long++;
		else if (length > 0 || reader->in_hole)
			code = tell_line(reader, bytes + done, length);
		reader->skipping = reader->in_hole = false;
		done += length + 1;
		done += step_over_hole(reader, bytes + done, count - done);
		if (code != 0)
			return code;
	}
	if (count - done >= RLG_RECORD_MAX)
		reader->skipping = true;
	*out_done = reader->skipping ? count : done;
	return 0;
}

int rlg_lines_each_in_file(int fd, const char *run, const char *file, rlg_line_fn *tell, void *context,
			   struct rlg_damage *damage)
{
	struct reader reader = {.run = run, .file = file, .tell = tell, .context = context, .damage = damage};
	char buffer[BUFFER_SIZE];
	size_t held = 0;
	int code = 0;

	while (code == 0) {
		size_t done = 0;
		ssize_t got = read(fd, buffer + held, sizeof(buffer) - held);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			damage->files++;
		if (got <= 0)
			break;
		held += (size_t)got;
		code = tell_lines(&reader, buffer, held, &done);
		held -= done;
		memmove(buffer, buffer + done, held);
	}
	if (code == 0 && (held > 0 || reader.skipping || reader.in_hole))
		damage->torn++;
	return code;
}

static int open_regular(int folder, const char *name)
{
	struct stat file;
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool is_status_file(const char *name)
{
	size_t length = strlen(name), suffix = strlen(RLG_STATUS_SUFFIX);

	return name[0] != '.' && length > suffix && strcmp(name + length - suffix, RLG_STATUS_SUFFIX) == 0;
}

static int wants_status_file(const struct dirent *entry)
{
	return is_status_file(entry->d_name);
}

static int wants_run(const struct dirent *entry)
{
	return rlg_name_ok(entry->d_name, NULL);
}

static int by_bytes(const struct dirent **left, const struct dirent **right)
{
	return strcmp((*left)->d_name, (*right)->d_name);
}

/* Calls `each` for the names in a folder, sorted; stops at the first result that is not 0.  No folder: nothing to do. */
static int each_name(const char *path, int (*wants)(const struct dirent *), int (*each)(void *, const char *),
		     void *context, struct rlg_err *err)
{
	struct dirent **names = NULL;
	int count = scandir(path, &names, wants, by_bytes);
	int code = 0;

	if (count < 0)
		return errno == ENOENT ? 0 : rlg_fail_errno(err, -errno, "cannot read the folder %s", path);
	for (int i = 0; i < count; i++) {
		if (code == 0)
			code = each(context, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return code;
}

struct walk {
	const char *group;
	const char *run;
	int folder;
	rlg_line_fn *tell;
	void *context;
	struct rlg_damage *damage;
	struct rlg_err *err;
};

static int read_one_file(void *context, const char *name)
{
	struct walk *walk = context;
	int fd = open_regular(walk->folder, name);

	if (fd < 0) {
		walk->damage->files++;
		return 0;
	}
	int code = rlg_lines_each_in_file(fd, walk->run, name, walk->tell, walk->context, walk->damage);
	close(fd);
	return code;
}

static int read_one_run(void *context, const char *run)
{
	struct walk *walk = context;
	char path[RLG_PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/" RLG_DIR "/" RLG_RUNS_DIR "/%s", walk->group, run) >= sizeof(path))
		return rlg_fail(walk->err, -ENAMETOOLONG, "the path of run %s is too long", run);
	walk->run = run;
	walk->folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (walk->folder < 0) {
		/* A file or a link among the runs' folders, or a folder that is locked away. */
		walk->damage->files += errno != ENOENT;
		return 0;
	}
	int code = each_name(path, wants_status_file, read_one_file, walk, walk->err);
	close(walk->folder);
	return code;
}

int rlg_lines_each(const char *group, const char *run, rlg_line_fn *tell, void *context, struct rlg_damage *damage,
		   struct rlg_err *err)
{
	struct walk walk = {
		.group = group, .tell = tell, .context = context, .damage = damage, .folder = -1, .err = err};
	char path[RLG_PATH_MAX];

	if (run != NULL)
		return rlg_name_ok(run, err) ? read_one_run(&walk, run) : -EINVAL;
	if ((size_t)snprintf(path, sizeof(path), "%s/" RLG_DIR "/" RLG_RUNS_DIR, group) >= sizeof(path))
		return rlg_fail(err, -ENAMETOOLONG, "the path of the run group is too long");
	return each_name(path, wants_run, read_one_run, &walk, err);
}

int rlg_lines_each_run(const char *group, rlg_run_fn *tell, void *context, struct rlg_err *err)
{
	char path[RLG_PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/" RLG_DIR "/" RLG_RUNS_DIR, group) >= sizeof(path))
		return rlg_fail(err, -ENAMETOOLONG, "the path of the run group is too long");
	return each_name(path, wants_run, tell, context, err);
}
