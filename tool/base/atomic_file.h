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
 * result 0).  No fifo or device is opened, let alone waited for.  -EFBIG past `most` bytes, -EINVAL for what is no regular file or
 * holds a NUL.  out_stat may be NULL.
 */
int rlg_file_read(struct rlg_arena *arena, const char *path, size_t most, char **out_text, size_t *out_length,
		  struct stat *out_stat, struct rlg_err *err);

/*
 * The same for `path` in the folder `root`, which others may write, too: a link on the way is followed only if it is the
 * caller's, or root's (inside.h); -ELOOP for anybody else's.
 */
int rlg_file_read_in(struct rlg_arena *arena, const char *root, const char *path, size_t most, char **out_text,
		     size_t *out_length, struct stat *out_stat, struct rlg_err *err);

/* Does something stand at `path`?  1, or 0; a negative errno where that cannot be told. */
int rlg_file_is_there(const char *path);

/*
 * Replaces `path` by `text`: a temporary file beside it, fsync, rename.  Keeps the mode of the file that was there.
 * A symbolic link at `path` is followed, as the person who made it meant the file behind it; but only one of the
 * caller's, or root's: -ELOOP for anybody else's.  With `known`, the stat of what was read there (st_nlink 0: there was
 * nothing), -EAGAIN when something else stands there by now.
 */
int rlg_file_replace(const char *path, const char *text, size_t length, const struct stat *known, struct rlg_err *err);

/*
 * The same for `path` in the folder `root`, as rlg_file_read_in() goes there; folders that are missing are made.  The
 * file becomes no more open than the permissions in most_open (0777: as open as there or by the umask).
 */
int rlg_file_replace_in(const char *root, const char *path, mode_t most_open, const char *text, size_t length,
			const struct stat *known, struct rlg_err *err);

/* Makes the folder and those above it that are missing, as open as the umask lets them.  Returns 0 or a negative errno. */
int rlg_folders_make(const char *path);

#endif
