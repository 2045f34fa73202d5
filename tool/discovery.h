/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `runledger init` found in an experiment's folder, in the words of its action logs.
 */
#ifndef RLG_DISCOVERY_H
#define RLG_DISCOVERY_H

#include "lib/err.h"
#include "tool/group.h"

/* Of one entry; texts belong to the arena. */
struct rlg_discovery {
	const char *action; /* DISCOVER_EXPERIMENT, IDENTIFY_RUNS */
	const char *details, *result;
};

#define RLG_DISCOVERIES 2

void rlg_discoveries(struct rlg_arena *arena, const struct rlg_model *model, const struct rlg_plan *plan,
		     struct rlg_discovery out_list[RLG_DISCOVERIES]);

/*
 * Puts them on record, with the moment, in the records of the group's first run: for a group that keeps an action log and
 * has no such record yet.  Returns 0 or a negative errno.
 */
int rlg_discoveries_record(struct rlg_group *group, const struct rlg_model *model, struct rlg_err *err);

#endif
