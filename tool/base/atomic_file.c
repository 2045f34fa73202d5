/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files: see atomic_file.h. */
#include "tool/base/atomic_file.h"

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

static int read_open_file(struct rlg_arena *arena, int fd, const char *path, size_t most, char **out_text,
			  size_t *out_length, struct stat *out_stat, struct rlg_err *err)
{
	struct stat file;

	if (fstat(fd, &file) != 0)
		return rlg_fail_errno(err, -errno, "cannot look at %s", path);
	if (!S_ISREG(file.st_mode))
		return rlg_fail(err, -EINVAL, "%s is no regular file", path);
	if ((uintmax_t)file.st_size > most)
		return rlg_fail(err, -EFBIG, "%s is larger than %zu MB: too large to be what it should be", path, most >> 20);
	char *text = rlg_arena_alloc(arena, (size_t)file.st_size + 1);
	size_t length = 0;
	int code = read_whole(fd, text, (size_t)file.st_size, &length);
	if (code != 0)
		return rlg_fail_errno(err, code, "cannot read %s", path);
	if (memchr(text, '\0', length) != NULL)
		return rlg_fail(err, -EINVAL, "%s holds a NUL byte, so it is no text", path);
	*out_text = text;
	if (out_length != NULL)
		*out_length = length;
	if (out_stat != NULL)
		*out_stat = file;
	return 0;
}

int rlg_file_read(struct rlg_arena *arena, const char *path, size_t most, char **out_text, size_t *out_length,
		  struct stat *out_stat, struct rlg_err *err)
{
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	if (fd < 0 && errno == ENOENT) {
		*out_text = NULL;
		if (out_length != NULL)
			*out_length = 0;
		return 0;
	}
	if (fd < 0)
		return rlg_fail_errno(err, -errno, "cannot open %s", path);
	int code = read_open_file(arena, fd, path, most, out_text, out_length, out_stat, err);
	close(fd);
	return code;
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

/*
 * Where a link at `path` leads, so that the rename replaces the file and not the link; `path` itself otherwise.  NULL for
 * a link that is neither the caller's nor root's: in a folder that others write to it may point at anything of ours.
 */
static char *behind_link(const char *path)
{
	struct stat link;

	if (lstat(path, &link) == 0 && S_ISLNK(link.st_mode) && link.st_uid != geteuid() && link.st_uid != 0)
		return NULL;
	char *target = realpath(path, NULL);
	return target != NULL ? target : strdup(path);
}

/* Does `path` still hold what was read?  Without a stat of it everything is right. */
static bool is_as_known(const char *path, const struct stat *known)
{
	struct stat now;

	if (known == NULL)
		return true;
	if (stat(path, &now) != 0)
		return errno == ENOENT && known->st_nlink == 0;
	return known->st_nlink > 0 && now.st_dev == known->st_dev && now.st_ino == known->st_ino &&
	       now.st_size == known->st_size && now.st_mtim.tv_sec == known->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == known->st_mtim.tv_nsec;
}

/* Fills and syncs the temporary file.  Owns nothing: the caller removes it on failure. */
static int fill(int fd, const char *target, const char *text, size_t length)
{
	struct stat old;
	int code = write_whole(fd, text, length);

	if (code == 0 && stat(target, &old) == 0) {
		/* The same readers as before; a group that we may not give it to is no reason to fail. */
		if (old.st_gid != getegid() && fchown(fd, (uid_t)-1, old.st_gid) != 0)
			errno = 0;
		if (fchmod(fd, old.st_mode & 0777) != 0)
			code = -errno;
	}
	if (code == 0 && fsync(fd) != 0)
		code = -errno;
	if (close(fd) != 0 && code == 0)
		code = -errno;
	return code;
}

/* Hidden, and beside the target: a rename is atomic only within a file system.  Another host may have our process id. */
static int open_temporary(const char *target, char out_path[PATH_MAX])
{
	const char *slash = strrchr(target, '/');
	int folder_length = slash == NULL ? 0 : (int)(slash - target + 1);
	uint64_t dice = 0;

	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) < 0)
		dice = (uint64_t)getpid();
	if (snprintf(out_path, PATH_MAX, "%.*s.%s.%016" PRIx64 ".tmp", folder_length, target, target + folder_length,
		     dice) >= PATH_MAX)
		return -ENAMETOOLONG;
	int fd = open(out_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	return fd < 0 ? -errno : fd;
}

static int replace(const char *target, const char *text, size_t length, const struct stat *known, struct rlg_err *err)
{
	char temporary[PATH_MAX];
	int fd = open_temporary(target, temporary);

	if (fd < 0)
		return rlg_fail_errno(err, fd, "cannot write beside %s", target);
	int code = fill(fd, target, text, length);
	/* As late as can be: an fsync may take seconds, and an editor may save meanwhile. */
	if (code == 0 && !is_as_known(target, known))
		code = -EAGAIN;
	if (code == 0 && rename(temporary, target) != 0)
		code = -errno;
	if (code != 0) {
		unlink(temporary);
		return rlg_fail_errno(err, code, "cannot write %s", target);
	}
	return 0;
}

int rlg_file_replace(const char *path, const char *text, size_t length, const struct stat *known, struct rlg_err *err)
{
	errno = 0;
	char *target = behind_link(path);

	if (target == NULL && errno != ENOMEM)
		return rlg_fail(err, -ELOOP, "%s is somebody else's symbolic link, which is not followed", path);
	if (target == NULL)
		return rlg_fail(err, -ENOMEM, "no memory");
	int code = replace(target, text, length, known, err);
	free(target);
	return code;
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
