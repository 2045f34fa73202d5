/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files in a folder that others may write: see inside.h. */
#include "tool/base/inside.h"

#include "lib/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As many as the kernel follows in one path. */
#define LINKS_MAX 40

/* A descriptor that opens nothing: it is there to be looked at, and gone on from. */
#define LOOK_FLAGS (O_PATH | O_CLOEXEC)

#define READ_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* An NFS client may know a file that its server has replaced already, and notices only when it is opened. */
#define TRIES_IF_STALE 3

static int look_at(int folder, const char *name, int more_flags, struct stat *out_file)
{
	int fd = openat(folder, name, LOOK_FLAGS | more_flags);

	if (fd < 0)
		return -errno;
	if (fstat(fd, out_file) == 0)
		return fd;
	int code = -errno;
	close(fd);
	return code;
}

/* What a link says, if it may be followed. */
static int read_link(int link, const struct stat *facts, char out_target[PATH_MAX])
{
	if (facts->st_uid != geteuid() && facts->st_uid != 0)
		return -ELOOP;
	ssize_t length = readlinkat(link, "", out_target, PATH_MAX);
	if (length < 0)
		return -errno;
	if (length == 0 || length == PATH_MAX)
		return -ENAMETOOLONG;
	out_target[length] = '\0';
	return 0;
}

/* The folder `name` in `folder`: through a link, where that may be followed. */
static int open_part(int folder, const char *name, bool make)
{
	char target[PATH_MAX];
	struct stat facts = {.st_mode = 0};
	int fd = look_at(folder, name, O_NOFOLLOW, &facts);

	/* A group whose .runledger is gone has been moved or removed: only `init` makes one. */
	if (fd == -ENOENT && make && strcmp(name, RLG_DIR) != 0) {
		if (mkdirat(folder, name, 0777) != 0 && errno != EEXIST)
			return -errno;
		fd = look_at(folder, name, O_NOFOLLOW, &facts);
	}
	if (fd < 0 || S_ISDIR(facts.st_mode))
		return fd;
	int code = S_ISLNK(facts.st_mode) ? read_link(fd, &facts, target) : -ENOTDIR;
	close(fd);
	if (code != 0)
		return code;
	fd = openat(folder, target, LOOK_FLAGS | O_DIRECTORY);
	return fd < 0 ? -errno : fd;
}

/* Goes on to another folder; what does not work leaves none. */
static int go_to(struct rlg_inside *where, int next)
{
	close(where->folder);
	where->folder = next < 0 ? -1 : next;
	return next < 0 ? next : 0;
}

static int take_name(struct rlg_inside *where, const char *name, size_t length)
{
	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(where->name, name, length);
	where->name[length] = '\0';
	return 0;
}

/* Through all parts but the last one, which becomes the name. */
static int walk(struct rlg_inside *where, const char *path, bool make)
{
	int code = 0;

	for (;;) {
		path += strspn(path, "/");
		size_t length = strcspn(path, "/");
		const char *next = path + length + strspn(path + length, "/");
		code = take_name(where, path, length);
		if (code != 0 || *next == '\0')
			return code;
		code = go_to(where, open_part(where->folder, where->name, make));
		if (code != 0)
			return code;
		path = next;
	}
}

/* To where the link in the place of the file says; its folders are whatever they are. */
static int follow(struct rlg_inside *where, int link, const struct stat *facts)
{
	char target[PATH_MAX];
	int code = read_link(link, facts, target);

	if (code != 0)
		return code;
	char *slash = strrchr(target, '/');
	code = take_name(where, slash == NULL ? target : slash + 1, strlen(slash == NULL ? target : slash + 1));
	if (code != 0 || slash == NULL)
		return code;
	slash[slash == target ? 1 : 0] = '\0';
	int next = openat(where->folder, target, LOOK_FLAGS | O_DIRECTORY);
	return go_to(where, next < 0 ? -errno : next);
}

static int follow_all(struct rlg_inside *where)
{
	struct stat facts = {.st_mode = 0};

	for (int links = 0; links <= LINKS_MAX; links++) {
		int fd = look_at(where->folder, where->name, O_NOFOLLOW, &facts);
		if (fd == -ENOENT)
			return 0;
		if (fd < 0)
			return fd;
		int code = S_ISLNK(facts.st_mode) ? follow(where, fd, &facts) : 0;
		close(fd);
		if (code != 0 || !S_ISLNK(facts.st_mode))
			return code;
	}
	return -ELOOP;
}

/* Where the folders above a file are taken as they are. */
static int open_above(struct rlg_inside *where, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	size_t length = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);

	if (length >= sizeof(folder))
		return -ENAMETOOLONG;
	if (slash != NULL) {
		memcpy(folder, path, length);
		folder[length] = '\0';
	}
	where->folder = open(folder, LOOK_FLAGS | O_DIRECTORY);
	if (where->folder < 0)
		return -errno;
	return take_name(where, slash == NULL ? path : slash + 1, strlen(slash == NULL ? path : slash + 1));
}

int rlg_inside_find(const char *root, const char *path, bool make_folders, struct rlg_inside *out_where)
{
	int code;

	*out_where = (struct rlg_inside){.folder = -1};
	if (root == NULL) {
		code = open_above(out_where, path);
	} else {
		out_where->folder = open(root, LOOK_FLAGS | O_DIRECTORY);
		code = out_where->folder < 0 ? -errno : walk(out_where, path, make_folders);
	}
	if (code == 0 && out_where->name[0] != '\0')
		code = follow_all(out_where);
	if (code == 0 && out_where->name[0] == '\0')
		code = -EISDIR;
	if (code != 0 && out_where->folder >= 0)
		close(out_where->folder);
	if (code != 0)
		out_where->folder = -1;
	return code;
}

/* Opens what was looked at, whatever stands under its name by now. */
static int open_again(int look)
{
	char again[64];

	snprintf(again, sizeof(again), "/proc/self/fd/%d", look);
	int fd = open(again, READ_FLAGS);
	return fd < 0 ? -errno : fd;
}

/* Where there is no /proc: what was opened must be what was looked at. */
static int open_by_name(int folder, const char *name, int more_flags, const struct stat *looked)
{
	struct stat opened;
	int fd = openat(folder, name, READ_FLAGS | more_flags);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &opened) == 0 && opened.st_dev == looked->st_dev && opened.st_ino == looked->st_ino)
		return fd;
	close(fd);
	return -ESTALE;
}

static int open_regular(int folder, const char *name, int more_flags, struct stat *out_file)
{
	int code = -ESTALE;

	for (int i = 0; i < TRIES_IF_STALE && code == -ESTALE; i++) {
		int look = look_at(folder, name, more_flags, out_file);
		if (look < 0)
			return look;
		code = S_ISREG(out_file->st_mode) ? open_again(look) : -EINVAL;
		close(look);
		if (code == -ENOENT || code == -ESTALE)
			code = open_by_name(folder, name, more_flags, out_file);
	}
	if (code >= 0 && fstat(code, out_file) != 0) {
		close(code);
		return -EIO;
	}
	return code;
}

int rlg_regular_open(const char *path, struct stat *out_file)
{
	return open_regular(AT_FDCWD, path, 0, out_file);
}

int rlg_inside_open(const char *root, const char *path, struct stat *out_file)
{
	struct rlg_inside where;
	int code = rlg_inside_find(root, path, false, &where);

	if (code != 0)
		return code;
	code = open_regular(where.folder, where.name, O_NOFOLLOW, out_file);
	close(where.folder);
	return code;
}

int rlg_inside_open_folder(const char *root, const char *path)
{
	struct rlg_inside where;
	bool is_root = root != NULL && path[strspn(path, "/")] == '\0';

	if (is_root) {
		int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	int code = rlg_inside_find(root, path, false, &where);
	if (code != 0)
		return code;
	int fd = openat(where.folder, where.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	code = fd < 0 ? -errno : fd;
	close(where.folder);
	return code;
}
