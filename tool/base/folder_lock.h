/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One at a time in a folder, among those who ask: for files that are read, changed and replaced as a whole.
 */
#ifndef RLG_FOLDER_LOCK_H
#define RLG_FOLDER_LOCK_H

#include "lib/err.h"
#include "tool/base/arena.h"

#include <stdint.h>

/*
 * Takes the lock of the folder that the file at `path` lies in, or is to; makes the folder.  Waits for `wait_ms` at most.
 * Returns a descriptor, whose close() gives the lock back; -EBUSY, or another negative errno, with a sentence.  Those who
 * write without asking (an editor, a refresh) are not kept out: look before the write, with rlg_file_replace().
 */
int rlg_folder_lock(struct rlg_arena *arena, const char *path, int64_t wait_ms, struct rlg_err *err);

#endif
