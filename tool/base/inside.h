/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files in a folder that others may write, too: what they put there leads nobody's reading and writing elsewhere.
 *
 * A symbolic link is followed only if it is the caller's, or root's.  Each part of a path is opened by itself, and looked
 * at by its descriptor: whoever exchanges a folder or a file for a link in between is too late.
 */
#ifndef RLG_INSIDE_H
#define RLG_INSIDE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

/* Where a file is, or is to be: for openat(2) and its like, with O_NOFOLLOW. */
struct rlg_inside {
	int folder; /* the caller's to close; -1 after a failure */
	char name[NAME_MAX + 1];
};

/*
 * Walks from `root` along the relative `path`; with make_folders those that are missing are made, as open as the umask lets
 * them, but for a .runledger, which makes a folder a group.  With a root of NULL only the last part of `path` is looked at so; the folders above it are whatever they are.
 * What a link of the caller's says counts as it stands, wherever it leads.  The file itself need not exist.  Returns 0;
 * -ELOOP for somebody else's link; or another negative errno.
 */
int rlg_inside_find(const char *root, const char *path, bool make_folders, struct rlg_inside *out_where);

/*
 * Opens the regular file at `path`, as rlg_inside_find() goes there, for reading.  Nothing else is opened, not even for a
 * moment, as to open a device or a fifo may be to do something.  Returns a descriptor, -EINVAL for what is no
 * regular file, or another negative errno.
 */
int rlg_inside_open(const char *root, const char *path, struct stat *out_file);

/* The same for a path that a person or a record names, whose links are all followed. */
int rlg_regular_open(const char *path, struct stat *out_file);

/* Opens a folder, as rlg_inside_find() goes there; for fdopendir(3). */
int rlg_inside_open_folder(const char *root, const char *path);

#endif
