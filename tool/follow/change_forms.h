/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A change for programs: as a JSON object, and as variables of a hook's environment.
 */
#ifndef RLG_CHANGE_FORMS_H
#define RLG_CHANGE_FORMS_H

#include "tool/base/bytes.h"
#include "tool/follow/changes.h"

/* One line of JSON with its newline; runledger(1), "watch", has its members. */
void rlg_change_json(struct rlg_bytes *out, const struct rlg_model *model, const struct rlg_change *change);

/*
 * Members of such an object that tell where a phase stands, behind those that are there: from `phase` to `words`, which are
 * the last.  For whoever has no change to tell of.
 */
void rlg_phase_json(struct rlg_bytes *out, const struct rlg_phase *phase, const char *words);

/* What it tells a hook: NAME=VALUE texts and a NULL behind them, in the arena.  What is not known is empty. */
const char *const *rlg_change_env(struct rlg_arena *arena, const struct rlg_model *model,
				  const struct rlg_change *change);

#endif
