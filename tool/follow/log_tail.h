/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines at the end of a job's own log that look like an error: what a person would look for there first.
 *
 * A log is anybody's text: it may be huge, one line, full of NULs and escape sequences, a fifo, or not there.
 */
#ifndef RLG_LOG_TAIL_H
#define RLG_LOG_TAIL_H

#include "tool/base/arena.h"

#include <stddef.h>

/* An error stands at the end; of a longer log only so much is read. */
#define RLG_LOG_TAIL_BYTES ((size_t)64 * 1024)

/* Longer lines are cut, with "..." behind them. */
#define RLG_LOG_TAIL_LINE_MAX 240

/*
 * The last lines of the file `path` (NULL: none) that look like an error, at most `most`, oldest first, each text once.
 * What stands to say why (`CUDA out of memory`) goes before what only says that something went wrong (`Traceback`,
 * srun's `task 0: Exited with exit code 1`): that comes back only where there is nothing better.  Colours are taken
 * out; whoever prints a line still makes it harmless (printable.h).  0 where there is no such line, or no regular file
 * that can be read.  Nothing outlives the arena.
 */
size_t rlg_log_tail_errors(struct rlg_arena *arena, const char *path, size_t most, const char *const **out_lines);

#endif
