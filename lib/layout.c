/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a run group keeps its things: see layout.h. */
#include "lib/layout.h"

#include "lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *why_no_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0)
		return "it is empty";
	if (length > RLG_NAME_MAX)
		return "it is longer than 200 bytes";
	if (strchr(".- ", name[0]) != NULL)
		return "it begins with '.', '-' or a blank";
	if (name[length - 1] == ' ')
		return "it ends with a blank";
	for (size_t at = 0, step; at < length; at += step) {
		step = rlg_utf8_length(name + at, length - at);
		if (step == 0)
			return "it is not valid UTF-8";
		if ((unsigned char)name[at] < 0x20 || name[at] == 0x7f)
			return "it holds a control character";
		if (name[at] == '/')
			return "it holds a '/'";
	}
	return NULL;
}

bool rlg_name_ok(const char *name, struct rlg_err *err)
{
	const char *why = why_no_name(name);

	if (why != NULL)
		rlg_fail(err, -EINVAL, "'%.200s' cannot be the name of a run or a phase: %s", name, why);
	return why == NULL;
}

static bool in_my_groups(gid_t gid)
{
	/* A fixed array, as this runs in forked children of slurmstepd; a user in more groups loses a convenience. */
	gid_t mine[1024];
	int count = getgroups((int)(sizeof(mine) / sizeof(mine[0])), mine);

	if (gid == getegid())
		return true;
	for (int i = 0; i < count; i++)
		if (mine[i] == gid)
			return true;
	return false;
}

/* May we trust what stands in this .runledger?  Its owner decides where our records go and what our tool reads. */
static bool is_ours(const struct stat *marker)
{
	if (marker->st_uid == geteuid())
		return true;
	if (geteuid() == 0)
		return false;
	return (marker->st_mode & S_IWGRP) && !(marker->st_mode & S_IWOTH) && in_my_groups(marker->st_gid);
}

/* Cuts the last part off an absolute path; false at the root. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || path[1] == '\0')
		return false;
	slash[slash == path ? 1 : 0] = '\0';
	return true;
}

/* 1, 0, or a negative errno where the file system does not say. */
static int has_marker(const char *folder)
{
	struct stat marker;
	int found = 0;
	int folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (folder_fd < 0)
		return rlg_errno_may_pass(errno) ? -errno : 0;
	if (fstatat(folder_fd, RLG_DIR, &marker, AT_SYMLINK_NOFOLLOW) == 0)
		found = S_ISDIR(marker.st_mode) && is_ours(&marker);
	else if (rlg_errno_may_pass(errno))
		found = -errno;
	close(folder_fd);
	return found;
}

int rlg_group_discover(const char *start, char out_group[RLG_PATH_MAX], struct rlg_err *err)
{
	char path[RLG_PATH_MAX];
	struct stat first, here;

	out_group[0] = '\0';
	if (start[0] != '/')
		return rlg_fail(err, -EINVAL, "'%s' is not an absolute path", start);
	if (!rlg_copy(path, sizeof(path), start))
		return rlg_fail(err, -ENAMETOOLONG, "a path of %zu bytes is too long", strlen(start));
	if (stat(path, &first) != 0)
		return rlg_fail_errno(err, -errno, "cannot look at %s", path);
	do {
		int found = stat(path, &here) == 0 ? 0 : -errno;
		if (found == 0 && here.st_dev != first.st_dev)
			break;
		if (found == 0)
			found = has_marker(path);
		/* Not "no group": whoever asks would let a job go for good. */
		if (found < 0 && rlg_errno_may_pass(-found))
			return rlg_fail_errno(err, found, "cannot look at %s", path);
		if (found < 0)
			break;
		if (found > 0) {
			rlg_copy(out_group, RLG_PATH_MAX, path);
			return 0;
		}
	} while (go_up(path));
	return rlg_fail(err, -ENOENT, "no run group at or above %s", start);
}

void rlg_group_take_umask(const char *group)
{
	char path[RLG_PATH_MAX + sizeof(RLG_DIR) + 1];
	struct stat marker;
	struct rlg_text text;

	rlg_text_init(&text, path, sizeof(path));
	rlg_text_addf(&text, "%s/" RLG_DIR, group);
	if (!text.full && lstat(path, &marker) == 0 && S_ISDIR(marker.st_mode))
		umask(~marker.st_mode & 0077);
}
