/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole files: read with a limit, written so that a reader sees the old one or the new one, never a half.
 */
#ifndef RLG_ATOMIC_FILE_H
#define RLG_ATOMIC_FILE_H

#include "lib/err.h"
#include "tool/base/arena.h"

#include <stddef.h>
#include <sys/stat.h>

/*
 * Reads the whole regular file into the arena, NUL-terminated; *out_text is NULL where there is no such file (and the
 * result 0).  No fifo or device is waited for.  -EFBIG past `most` bytes, -EINVAL for what is no regular file or
 * holds a NUL.  out_stat may be NULL.
 */
int rlg_file_read(struct rlg_arena *arena, const char *path, size_t most, char **out_text, size_t *out_length,
		  struct stat *out_stat, struct rlg_err *err);

/*
 * Replaces `path` by `text`: a temporary file beside it, fsync, rename.  Keeps the mode of the file that was there.
 * A symbolic link at `path` is followed, as the person who made it meant the file behind it; but only one of the
 * caller's, or root's: -ELOOP for anybody else's.  With `known`, the stat of what was read there (st_nlink 0: there was
 * nothing), -EAGAIN when something else stands there by now.
 */
int rlg_file_replace(const char *path, const char *text, size_t length, const struct stat *known, struct rlg_err *err);

/* Makes the folder and those above it that are missing, as open as the umask lets them.  Returns 0 or a negative errno. */
int rlg_folders_make(const char *path);

#endif
