/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `runledger init` found in an experiment's folder, in the words of its action logs.
 */
#ifndef RLG_DISCOVERY_H
#define RLG_DISCOVERY_H

#include "tool/model/model.h"
#include "tool/plan/plan.h"

/* Of one entry; texts belong to the arena. */
struct rlg_discovery {
	const char *action; /* DISCOVER_EXPERIMENT, IDENTIFY_RUNS */
	const char *details, *result;
};

#define RLG_DISCOVERIES 2

void rlg_discoveries(struct rlg_arena *arena, const struct rlg_model *model, const struct rlg_plan *plan,
		     struct rlg_discovery out_list[RLG_DISCOVERIES]);

#endif
