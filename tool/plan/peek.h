/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether we may look at what a group's files say is a run's.
 *
 * In the group everything counts.  Outside of it only what belongs to the owner of the file or folder that named it, the
 * namer: in a shared group somebody else's settings or set-up file must not make our refresh look at, and show, what they
 * may not see.
 */
#ifndef RLG_PEEK_H
#define RLG_PEEK_H

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>

/* Of what is at `path` now; a path that is not there may not be looked at.  Nothing is opened, not even a device. */
bool rlg_peek_may(const char *group_path, const char *namer, const char *path);

/* Opens a folder that may be looked at; NULL for any other.  What was looked at is what is opened.  For closedir(3). */
DIR *rlg_peek_list(const char *group_path, const char *namer, const char *path);

/* A regular file that may be looked at, for reading; a link in its place is not followed.  -1 for anything else. */
int rlg_peek_open(const char *group_path, const char *namer, const char *path, struct stat *out_file);

#endif
