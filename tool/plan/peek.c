/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether we may look: see peek.h. */
#include "tool/plan/peek.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOK_FLAGS (O_PATH | O_CLOEXEC)

/* Where the descriptor's file really is. */
static bool is_in_group(int fd, const char *group_path)
{
	char self[64], real[PATH_MAX];
	size_t length = strlen(group_path);

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	ssize_t got = readlink(self, real, sizeof(real) - 1);
	if (got < 0)
		return false;
	real[got] = '\0';
	return strncmp(real, group_path, length) == 0 && (real[length] == '/' || real[length] == '\0');
}

static bool may(int fd, const char *group_path, const char *namer, const char *path)
{
	struct stat by, way, there;

	if (is_in_group(fd, group_path))
		return true;
	/* A link names what it leads to. */
	return lstat(namer, &by) == 0 && lstat(path, &way) == 0 && fstat(fd, &there) == 0 && by.st_uid == there.st_uid &&
	       way.st_uid == there.st_uid;
}

bool rlg_peek_may(const char *group_path, const char *namer, const char *path)
{
	int fd = open(path, LOOK_FLAGS);
	bool allowed = fd >= 0 && may(fd, group_path, namer, path);

	if (fd >= 0)
		close(fd);
	return allowed;
}

/* What was looked at, opened; -1 where it is not to be. */
static int open_looked(int look, int flags, const char *group_path, const char *namer, const char *path)
{
	char again[64];

	if (!may(look, group_path, namer, path))
		return -1;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", look);
	return open(again, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

DIR *rlg_peek_list(const char *group_path, const char *namer, const char *path)
{
	int look = open(path, LOOK_FLAGS | O_DIRECTORY);
	int fd = look < 0 ? -1 : open_looked(look, O_RDONLY | O_DIRECTORY, group_path, namer, path);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && entries == NULL)
		close(fd);
	if (look >= 0)
		close(look);
	return entries;
}

int rlg_peek_open(const char *group_path, const char *namer, const char *path, struct stat *out_file)
{
	int look = open(path, LOOK_FLAGS | O_NOFOLLOW), fd = -1;

	if (look >= 0 && fstat(look, out_file) == 0 && S_ISREG(out_file->st_mode))
		fd = open_looked(look, O_RDONLY, group_path, namer, path);
	if (look >= 0)
		close(look);
	return fd;
}
