/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a finished phase left behind: its newest checkpoint, its evaluation log.  Only paths that exist are told.
 */
#ifndef RLG_OUTPUTS_H
#define RLG_OUTPUTS_H

#include "tool/config.h"
#include "tool/model.h"

/*
 * The output of `phase` of `run` as the rule says, an absolute path in the arena; NULL if there is none.  Files that are
 * older than since_us are somebody else's (0: any age).  Looks at the file system, and is silent about what it cannot
 * read there: the run's folder is the user's.
 */
const char *rlg_output_find(struct rlg_arena *arena, const char *group_path, const struct rlg_output_rule *rule,
			    const char *run, int64_t since_us);

/* Fills in `output` of every completed phase that no person's word covers. */
void rlg_outputs_fill(struct rlg_model *model, const struct rlg_config *config);

#endif
