/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a finished phase left behind: its newest checkpoint, its evaluation log.  Only paths that exist are told.
 */
#ifndef RLG_OUTPUTS_H
#define RLG_OUTPUTS_H

#include "tool/plan/config.h"
#include "tool/model/model.h"
#include "tool/base/yaml_doc.h"

/*
 * The output of `phase` of `run` as the rule says, an absolute path in the arena; NULL if there is none.  Files that are
 * older than since_us are somebody else's (0: any age).  Looks at the file system, and is silent about what it cannot
 * read there: the run's folder is the user's.
 */
const char *rlg_output_find(struct rlg_arena *arena, const char *group_path, const struct rlg_output_rule *rule,
			    const char *run, int64_t since_us);

/* The rule for the output of a phase: the config's, inspect's for an evaluation that is no phase of the group's; NULL: none. */
const struct rlg_output_rule *rlg_output_rule_for(const struct rlg_config *config, const struct rlg_model *model,
						  const char *phase);

/* Where the run's setup_finetune.yaml is, or would be. */
const char *rlg_setup_path(struct rlg_arena *arena, const char *run_path);

/* The run's setup_finetune.yaml; false where there is none that can be read. */
bool rlg_setup_read(struct rlg_arena *arena, const char *run_path, struct rlg_yaml_doc *out_doc);

/* The folder with its checkpoints: {output_dir_base}/ck-out-{my_wandb_run_name}.  NULL: it does not say. */
const char *rlg_setup_checkpoints(struct rlg_arena *arena, const char *run_path, const struct rlg_yaml_doc *setup);

/* "epoch_12" -> 12; -1 for any other name. */
long long rlg_checkpoint_epoch(const char *name);

/* Fills in `output` of every completed phase of the run that no person's word covers. */
void rlg_outputs_fill_run(struct rlg_model *model, const struct rlg_config *config, struct rlg_run *run);

#endif
