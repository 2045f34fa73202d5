/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the machine wrote into a file that people edit, by a key of the tracker's: its memory between two refreshes.  In
 * rlg_tracker_view it is `memory`, and what goes into `remember`.
 */
#ifndef RLG_KEPT_H
#define RLG_KEPT_H

#include "tool/base/arena.h"
#include "tool/base/bytes.h"

struct rlg_kept;

/* Reads a text that rlg_kept_write() made; NULL, or what is none, is an empty memory.  Never fails. */
struct rlg_kept *rlg_kept_read(struct rlg_arena *arena, const char *text);

/* The words kept under that key; NULL: none. */
const char *rlg_kept_get(const struct rlg_kept *kept, const char *key);

/* Keeps `words` (copied) under the key, in place of what was there. */
void rlg_kept_set(struct rlg_kept *kept, const char *key, const char *words);

/* As text: a line a key, in the order in which they were first set. */
void rlg_kept_write(const struct rlg_kept *kept, struct rlg_bytes *out);

#endif
