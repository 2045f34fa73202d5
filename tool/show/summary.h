/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a person should know of a group, and do next: words made from the model alone.
 *
 * Texts are plain, as they stand in the model: who prints them makes them harmless (printable.h) or escapes them.
 * Everything belongs to the arena that is given.
 */
#ifndef RLG_SUMMARY_H
#define RLG_SUMMARY_H

#include "tool/model/model.h"

#include <stdbool.h>
#include <stddef.h>

/* "2 of 4 completed (1B_rank4, 3B_rank4), 1 running, 1 pending"; the names only while they are few. */
const char *rlg_summary_line(struct rlg_arena *arena, const struct rlg_model *model);

/* A phase's name as a heading: "Finetune"; a name that is more than lower-case letters stays as it is. */
const char *rlg_summary_title(struct rlg_arena *arena, const char *phase);

/* The phases that a table has columns for: the group's, then any others that a run has, each once. */
const char *const *rlg_summary_columns(struct rlg_arena *arena, const struct rlg_model *model, size_t *out_n);

/* The phase that a run's status is about: the one failed, running, waiting, or done last.  NULL: the run has none. */
const struct rlg_phase *rlg_summary_phase(const struct rlg_run *run);

/* What is to be said of a run: "All done!", "Not started", "Eval job 1234568", "Finetune job 12: TIMEOUT after 2h 0m". */
const char *rlg_summary_note(struct rlg_arena *arena, const struct rlg_run *run);

/* The same beside columns with job ids and times: "Eval on n1", "Finetune: TIMEOUT". */
const char *rlg_summary_short_note(struct rlg_arena *arena, const struct rlg_run *run);

/*
 * How an attempt ended: "FAILED after 3m 2s: exit code 1", or "FAILED after 3m 2s: rank 3 on n2, exit code 1" where its
 * first failure is known; before the end, Slurm's word for its state.
 */
const char *rlg_summary_cause(struct rlg_arena *arena, const struct rlg_attempt *attempt);

/* Are the runs that are not planned something to point at?  Not where nothing is planned at all. */
bool rlg_summary_has_plan(const struct rlg_model *model);

enum rlg_action_kind {
	RLG_ACTION_MONITOR,
	RLG_ACTION_IN_PROGRESS,
	RLG_ACTION_SILENT, /* jobs that should have been heard of */
	RLG_ACTION_FAILURE,
	RLG_ACTION_AGAIN, /* submit again what failed */
	RLG_ACTION_LOOK, /* something that should be on disk is not */
	RLG_ACTION_SUBMIT,
	RLG_ACTION_SYNC, /* what is on this disk alone */
	RLG_ACTION_NOT_STARTED,
	RLG_ACTION_DONE,
	RLG_ACTION_DAMAGE
};

struct rlg_action {
	enum rlg_action_kind kind;
	const char *words;
	const char *code; /* a command to type or a path to open, to stand behind the words; NULL: none */
};

struct rlg_actions {
	struct rlg_action *list;
	size_t n;
};

/* Is there a file `script` in the folder of `run`? */
typedef bool rlg_has_script_fn(void *context, const char *run, const char *script);

/*
 * Next actions in the order of the enum: what runs; what should have been heard of; failures with their logs, and how to
 * submit them again; checkpoints that are missing; what can be submitted, as the phase before it is done; what waits to be
 * synced; how much has not begun.  A command to submit with stands where it is known: the script PHASE.slurm exists in the
 * run's folder (`has_script` may be NULL: not asked), or the submission that failed was recorded.
 */
void rlg_summary_actions(struct rlg_arena *arena, const struct rlg_model *model, rlg_has_script_fn *has_script,
			 void *context, struct rlg_actions *out_actions);

#endif
