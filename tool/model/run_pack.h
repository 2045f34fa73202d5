/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a run as bytes, and back: what a snapshot holds of it.  Inside of the fold: fold.h is for everybody else.
 */
#ifndef RLG_RUN_PACK_H
#define RLG_RUN_PACK_H

#include "tool/base/pack.h"
#include "tool/model/fold_run.h"

void rlg_run_pack(const struct rlg_folded *folded, struct rlg_bytes *to);

/* Texts point into the bytes; all else is in the arena.  False: the bytes are not what was packed. */
bool rlg_run_unpack(struct rlg_arena *arena, const void *bytes, size_t count, struct rlg_folded *out_folded);

#endif
