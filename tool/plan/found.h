/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lies on disk of a run, outputs.h and findings.h together: looked for, or as it was found before.
 */
#ifndef RLG_FOUND_H
#define RLG_FOUND_H

#include "tool/base/pack.h"
#include "tool/plan/config.h"
#include "tool/model/model.h"
#include "tool/plan/plan.h"

/* Looks, fills in what is there, and packs it. */
void rlg_found_look(struct rlg_model *model, const struct rlg_config *config, const struct rlg_plan *plan,
		    struct rlg_run *run, struct rlg_bytes *to);

/*
 * Fills in what was packed of the run in the same state; texts point into the bytes.  False: they are something else, and
 * nothing was filled in that looking would not replace.
 */
bool rlg_found_unpack(struct rlg_arena *arena, const char *bytes, size_t count, struct rlg_run *run);

#endif
