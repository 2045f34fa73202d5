/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody waits for: a run, a phase of one, or a job; and whether it has come to what they wait for.
 */
#ifndef RLG_TARGET_H
#define RLG_TARGET_H

#include "tool/model/model.h"

#include <stdbool.h>

struct rlg_target {
	const char *word; /* as it was asked for */
	const char *run, *phase; /* NULL: a job; phase NULL: the whole run */
	int64_t job_id, task_id; /* -1: no job; task_id -1: not one task of an array */
};

/* Why a word is no target; the names that there are instead are for the caller to look up. */
enum rlg_target_problem {
	RLG_TARGET_OK,
	RLG_TARGET_NO_RUN,
	RLG_TARGET_NO_PHASE, /* out_target->run is one */
	RLG_TARGET_NO_JOB /* no record names it, and it can be none of the submissions whose id is not known yet */
};

/*
 * Reads RUN, RUN/PHASE, JOBID or JOBID_TASK; a run that is called like a number goes before a job.  A job that no record
 * names may be one of the submissions whose id is not known before they start: that is no problem.  Texts belong to
 * `arena`.
 */
enum rlg_target_problem rlg_target_read(struct rlg_arena *arena, const struct rlg_model *model, const char *word,
					struct rlg_target *out_target);

/* Where a target stands; pointers go into the model. */
struct rlg_standing {
	bool known; /* else nothing below says anything: a job that no record names yet */
	enum rlg_status status;
	const struct rlg_run *run;
	/* The phase that it is about, as if there was no other job where the target is one.  Its name is NULL in a run without. */
	struct rlg_phase phase;
};

void rlg_target_look(struct rlg_arena *arena, const struct rlg_model *model, const struct rlg_target *target,
		     struct rlg_standing *out_standing);

/* What somebody waits for. */
struct rlg_wish {
	bool done; /* whatever end it comes to; `wanted` says nothing */
	bool wanted[RLG_STATUS_COUNT];
};

/* "done", or status words with commas between them, all but `pending`.  False for anything else. */
bool rlg_wish_parse(const char *words, struct rlg_wish *out_wish);

enum rlg_outcome {
	RLG_OUTCOME_WAITING,
	RLG_OUTCOME_WANTED, /* as it was wanted; of `done`: completed or skipped */
	RLG_OUTCOME_OTHERWISE /* it has ended in another way */
};

/*
 * What has been passed on the way counts as reached: a job that has completed was running.  A failure has passed
 * nothing: whoever waits for a job to run wants to know.
 */
enum rlg_outcome rlg_wish_outcome(const struct rlg_wish *wish, const struct rlg_standing *standing);

#endif
