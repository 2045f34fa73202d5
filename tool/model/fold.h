/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From records to the model: give it every record of a group in any order, any number of times, then ask for the model.
 */
#ifndef RLG_FOLD_H
#define RLG_FOLD_H

#include "lib/record_read.h"
#include "tool/model/model.h"

struct rlg_fold;

/* The caller keeps `arena` until it no longer needs the model. */
struct rlg_fold *rlg_fold_new(struct rlg_arena *arena, const char *group_path, const char *run_group,
			      const char *const *phases, size_t n_phases);

/* A run that is known whatever the records say (from the plan, in its order, or a tracker). */
void rlg_fold_plan_run(struct rlg_fold *fold, const char *run, const char *type, bool control);

/* One record of `run`, whose folder it was found in.  Copies what it needs. */
void rlg_fold_add(struct rlg_fold *fold, const char *run, const struct rlg_record *record);

/* The state of all that was added.  The fold is used up. */
struct rlg_model *rlg_fold_finish(struct rlg_fold *fold);

#endif
