/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From records to the model: give it every record of a group in any order, any number of times, then ask for the model.
 *
 * A run's records are folded by themselves.  Whoever has them run by run folds each with rlg_fold_pack(), and keeps of
 * it no more than what that comes to (rlg_fold_packed()): a million records then take the memory of one run's.
 */
#ifndef RLG_FOLD_H
#define RLG_FOLD_H

#include "lib/record_read.h"
#include "tool/model/gathered.h"
#include "tool/model/model.h"

struct rlg_fold;

/* The caller keeps `arena` until it no longer needs the model. */
struct rlg_fold *rlg_fold_new(struct rlg_arena *arena, const char *group_path, const char *run_group,
			      const char *const *phases, size_t n_phases);

/* A run that is known whatever the records say (from the plan, in its order, or a tracker). */
void rlg_fold_plan_run(struct rlg_fold *fold, const char *run, const char *type, bool control);

/* One record of `run`, whose folder it was found in.  Copies what it needs. */
void rlg_fold_add(struct rlg_fold *fold, const char *run, const struct rlg_record *record);

/*
 * Folds all that was gathered of one run, and packs the result behind what `to` holds.  Needs `scratch` for nothing
 * longer than the call.
 */
void rlg_fold_pack(struct rlg_arena *scratch, const char *const *phases, size_t n_phases, const char *run,
		   struct rlg_gathered *gathered, struct rlg_bytes *to);

/*
 * A run that was folded before, in place of its records: what rlg_fold_pack() made, with the same phases.  The bytes must
 * outlive the model.  Returns false, and the fold is as it was, where they are something else.
 */
bool rlg_fold_packed(struct rlg_fold *fold, const void *bytes, size_t count);

/* What is known of a run beside its records. */
struct rlg_fold_plan {
	const char *type;
	bool planned; /* by the plan, or a tracker */
	bool control;
	bool any_planned; /* are any runs of the group? */
};

/*
 * One run by itself, from what rlg_fold_pack() made of it: as rlg_fold_finish() would put it into the model.  Texts point
 * into the bytes.  Returns false where they are something else.
 */
bool rlg_fold_one(struct rlg_arena *arena, const struct rlg_fold_plan *plan, const void *bytes, size_t count,
		  struct rlg_run *out_run);

/* The state of all that was added.  The fold is used up. */
struct rlg_model *rlg_fold_finish(struct rlg_fold *fold);

#endif
