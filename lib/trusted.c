/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a program is fit to be started: see trusted.h. */
#include "lib/trusted.h"

#include "lib/layout.h"
#include "lib/text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As many as the kernel follows in one path. */
#define LINKS_MAX 40

static bool is_ours(const struct stat *file)
{
	return file->st_uid == 0 || file->st_uid == geteuid();
}

/* Root's own group is root. */
static bool others_may_write(const struct stat *file)
{
	return (file->st_mode & S_IWOTH) || ((file->st_mode & S_IWGRP) && file->st_gid != 0);
}

static int check(const char *path, const struct stat *file, struct rlg_err *err)
{
	bool shared = S_ISDIR(file->st_mode) && (file->st_mode & S_ISVTX) && file->st_uid == 0;

	if (!is_ours(file))
		return rlg_fail(err, -EPERM,
				"%s belongs to uid %lu, who could put another program there: the helper is not started; give it to root",
				path, (unsigned long)file->st_uid);
	if (!S_ISLNK(file->st_mode) && !shared && others_may_write(file))
		return rlg_fail(err, -EPERM,
				"%s can be written by others than root: the helper is not started; take that from it by chmod go-w",
				path);
	return 0;
}

/* `path` becomes what the link that its first `length` bytes name says, and what stands behind them. */
static int follow(char path[RLG_PATH_MAX], size_t length, struct rlg_err *err)
{
	char target[RLG_PATH_MAX], rest[RLG_PATH_MAX], link[RLG_PATH_MAX];
	struct rlg_text text;

	rlg_copy(rest, sizeof(rest), path + length);
	memcpy(link, path, length);
	link[length] = '\0';
	ssize_t got = readlink(link, target, sizeof(target) - 1);
	if (got < 0)
		return rlg_fail_errno(err, -errno, "cannot look at %s", link);
	target[got] = '\0';
	/* Seen from the folder that the link lies in. */
	int before = target[0] == '/' ? 0 : (int)(strrchr(link, '/') - link + 1);
	rlg_text_init(&text, path, RLG_PATH_MAX);
	rlg_text_addf(&text, "%.*s%s%s", before, link, target, rest);
	return text.full ? rlg_fail(err, -ENAMETOOLONG, "the path of the helper, %s, is too long", link) : 0;
}

/* The first link on the way is where it ends, with its length; 0: there is none, and all is well. */
static ssize_t check_to_link(char path[RLG_PATH_MAX], struct stat *file, struct rlg_err *err)
{
	for (size_t at = 0;; at++) {
		at += strcspn(path + at, "/");
		char kept = path[at == 0 ? 1 : at];
		path[at == 0 ? 1 : at] = '\0';
		int code = lstat(path, file) == 0 ? check(path, file, err)
						  : rlg_fail_errno(err, -errno, "cannot look at the helper, %s", path);
		path[at == 0 ? 1 : at] = kept;
		if (code != 0)
			return code;
		if (S_ISLNK(file->st_mode))
			return (ssize_t)at;
		if (path[at] == '\0')
			return 0;
	}
}

int rlg_trusted_program(const char *path, struct rlg_err *err)
{
	char way[RLG_PATH_MAX];
	struct stat file;

	if (path[0] != '/' || path[1] == '\0' || !rlg_copy(way, sizeof(way), path))
		return rlg_fail(err, -EINVAL, "'%.200s' is no path of a program", path);
	for (int links = 0; links <= LINKS_MAX; links++) {
		ssize_t link = check_to_link(way, &file, err);
		if (link < 0)
			return (int)link;
		if (link == 0)
			return S_ISREG(file.st_mode) ? 0 : rlg_fail(err, -EINVAL, "%s is no program", path);
		int code = follow(way, (size_t)link, err);
		if (code != 0)
			return code;
	}
	return rlg_fail(err, -ELOOP, "%s leads through too many links", path);
}
