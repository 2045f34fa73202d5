/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files: see atomic_file.h. */
#include "tool/base/atomic_file.h"

#include "tool/base/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* On NFS a file that another host replaces while it is being opened is gone (ESTALE): the new one is there. */
#define MOST_OPENINGS 3

static ssize_t read_some(int fd, char *to, size_t count)
{
	ssize_t got;

	do
		got = read(fd, to, count);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Reads up to file_size bytes, or to the end where the file has become shorter meanwhile. */
static int read_whole(int fd, char *text, size_t size, size_t *out_length)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read_some(fd, text + length, size - length);
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	*out_length = length;
	return 0;
}

static int read_open_file(struct rlg_arena *arena, int fd, const char *path, size_t most, const struct stat *file,
			  char **out_text, size_t *out_length, struct rlg_err *err)
{
	if ((uintmax_t)file->st_size > most)
		return rlg_fail(err, -EFBIG, "%s is larger than %zu MB: too large to be what it should be", path, most >> 20);
	char *text = rlg_arena_alloc_full(arena, (size_t)file->st_size + 1);
	size_t length = 0;
	int code = read_whole(fd, text, (size_t)file->st_size, &length);
	if (code != 0)
		return rlg_fail_errno(err, code, "cannot read %s", path);
	if (memchr(text, '\0', length) != NULL)
		return rlg_fail(err, -EINVAL, "%s holds a NUL byte, so it is no text", path);
	*out_text = text;
	if (out_length != NULL)
		*out_length = length;
	return 0;
}

static int fail_to_open(int code, const char *path, struct rlg_err *err)
{
	if (code == -EINVAL)
		return rlg_fail(err, code, "%s is no regular file", path);
	if (code == -ELOOP)
		return rlg_fail(err, code, "%s is somebody else's symbolic link, or below one, which is not followed", path);
	return rlg_fail_errno(err, code, "cannot open %s", path);
}

/* Takes the descriptor. */
static int read_from(struct rlg_arena *arena, int fd, const char *path, size_t most, const struct stat *file,
		     char **out_text, size_t *out_length, struct stat *out_stat, struct rlg_err *err)
{
	if (fd == -ENOENT) {
		*out_text = NULL;
		if (out_length != NULL)
			*out_length = 0;
		return 0;
	}
	if (fd < 0)
		return fail_to_open(fd, path, err);
	int code = read_open_file(arena, fd, path, most, file, out_text, out_length, err);
	if (code == 0 && out_stat != NULL)
		*out_stat = *file;
	close(fd);
	return code;
}

int rlg_file_read(struct rlg_arena *arena, const char *path, size_t most, char **out_text, size_t *out_length,
		  struct stat *out_stat, struct rlg_err *err)
{
	struct stat file;
	int code, openings = 0;

	do {
		int fd = rlg_regular_open(path, &file);
		code = read_from(arena, fd, path, most, &file, out_text, out_length, out_stat, err);
	} while (code == -ESTALE && ++openings < MOST_OPENINGS);
	return code;
}

int rlg_file_read_in(struct rlg_arena *arena, const char *root, const char *path, size_t most, char **out_text,
		     size_t *out_length, struct stat *out_stat, struct rlg_err *err)
{
	const char *whole = rlg_arena_printf(arena, "%s/%s", root, path);
	struct stat file;
	int code, openings = 0;

	do {
		int fd = rlg_inside_open(root, path, &file);
		code = read_from(arena, fd, whole, most, &file, out_text, out_length, out_stat, err);
	} while (code == -ESTALE && ++openings < MOST_OPENINGS);
	return code;
}

int rlg_file_is_there(const char *path)
{
	while (access(path, F_OK) != 0)
		if (errno != EINTR)
			return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return 1;
}

static int write_whole(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, text, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		text += written;
		length -= (size_t)written;
	}
	return 0;
}

/* Does the file still hold what was read?  Without a stat of it everything is right. */
static bool is_as_known(const struct rlg_inside *where, const struct stat *known)
{
	struct stat now;

	if (known == NULL)
		return true;
	if (fstatat(where->folder, where->name, &now, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT && known->st_nlink == 0;
	return known->st_nlink > 0 && now.st_dev == known->st_dev && now.st_ino == known->st_ino &&
	       now.st_size == known->st_size && now.st_mtim.tv_sec == known->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == known->st_mtim.tv_nsec;
}

/* The same readers as before; a group that we may not give it to is no reason to fail. */
static int take_mode(int fd, const struct rlg_inside *where, mode_t most_open)
{
	struct stat old, ours;
	bool there = fstatat(where->folder, where->name, &old, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(old.st_mode);

	if (there && old.st_gid != getegid() && fchown(fd, (uid_t)-1, old.st_gid) != 0)
		errno = 0;
	if (fstat(fd, &ours) != 0)
		return -errno;
	mode_t wanted = (there ? old.st_mode : ours.st_mode) & 0777 & most_open;
	return wanted == (ours.st_mode & 0777) || fchmod(fd, wanted) == 0 ? 0 : -errno;
}

/* Fills and syncs the temporary file.  Owns nothing: the caller removes it on failure. */
static int fill(int fd, const struct rlg_inside *where, mode_t most_open, const char *text, size_t length)
{
	int code = write_whole(fd, text, length);

	if (code == 0)
		code = take_mode(fd, where, most_open);
	if (code == 0 && fsync(fd) != 0)
		code = -errno;
	if (close(fd) != 0 && code == 0)
		code = -errno;
	return code;
}

/* Hidden, and beside the target: a rename is atomic only within a file system.  Another host may have our process id. */
static int open_temporary(const struct rlg_inside *where, char out_name[NAME_MAX + 1])
{
	uint64_t dice = 0;

	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) < 0)
		dice = (uint64_t)getpid();
	if (snprintf(out_name, NAME_MAX + 1, ".%s.%016" PRIx64 ".tmp", where->name, dice) > NAME_MAX)
		return -ENAMETOOLONG;
	int fd = openat(where->folder, out_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	return fd < 0 ? -errno : fd;
}

static int replace(const struct rlg_inside *where, const char *path, mode_t most_open, const char *text, size_t length,
		   const struct stat *known, struct rlg_err *err)
{
	char temporary[NAME_MAX + 1];
	int fd = open_temporary(where, temporary);

	if (fd < 0)
		return rlg_fail_errno(err, fd, "cannot write beside %s", path);
	int code = fill(fd, where, most_open, text, length);
	/* As late as can be: an fsync may take seconds, and an editor may save meanwhile. */
	if (code == 0 && !is_as_known(where, known))
		code = -EAGAIN;
	if (code == 0 && renameat(where->folder, temporary, where->folder, where->name) != 0)
		code = -errno;
	if (code != 0) {
		unlinkat(where->folder, temporary, 0);
		return rlg_fail_errno(err, code, "cannot write %s", path);
	}
	return 0;
}

static int replace_at(struct rlg_inside *where, int code, const char *path, mode_t most_open, const char *text,
		      size_t length, const struct stat *known, struct rlg_err *err)
{
	if (code == -ELOOP)
		return fail_to_open(code, path, err);
	if (code != 0)
		return rlg_fail_errno(err, code, "cannot write beside %s", path);
	code = replace(where, path, most_open, text, length, known, err);
	close(where->folder);
	return code;
}

int rlg_file_replace(const char *path, const char *text, size_t length, const struct stat *known, struct rlg_err *err)
{
	struct rlg_inside where;
	int code = rlg_inside_find(NULL, path, false, &where);

	return replace_at(&where, code, path, 0777, text, length, known, err);
}

int rlg_file_replace_in(const char *root, const char *path, mode_t most_open, const char *text, size_t length,
			const struct stat *known, struct rlg_err *err)
{
	struct rlg_inside where;
	int code = rlg_inside_find(root, path, true, &where);

	return replace_at(&where, code, path, most_open, text, length, known, err);
}

int rlg_folders_make(const char *path)
{
	char so_far[PATH_MAX];
	size_t length = strlen(path);

	if (length >= sizeof(so_far))
		return -ENAMETOOLONG;
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return -errno;
	for (size_t at = 1; at <= length; at++) {
		if (path[at] != '/' && path[at] != '\0')
			continue;
		memcpy(so_far, path, at);
		so_far[at] = '\0';
		if (mkdir(so_far, 0777) != 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}
