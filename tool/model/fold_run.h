/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the records of one run to its state, whatever is planned.  Inside of the fold: fold.h is for everybody else.
 *
 * Every choice here depends on what the records say, never on the order in which they came.
 *
 *     fold_run.c      the order of it all
 *     fold_phases.c   which phases there are, and which attempt decides each
 *     fold_words.c    what people said
 */
#ifndef RLG_FOLD_RUN_H
#define RLG_FOLD_RUN_H

#include "tool/model/attempts.h"
#include "tool/model/gathered.h"

/* What the records of a run come to. */
struct rlg_folded {
	struct rlg_run run; /* without what the plan says of it, and without what lies on disk */
	bool asked; /* somebody named it, or something in it did */
	bool unknown; /* nothing named it: it is called as a job was */
	struct rlg_logged *logged; /* for the action logs, in the order of the events */
	size_t n_logged;
};

/* Sorts `from`, and folds it.  All of the result belongs to the arena, or is of what was gathered. */
void rlg_fold_gathered(struct rlg_arena *arena, const char *const *phases, size_t n_phases, const char *name,
		       struct rlg_gathered *from, struct rlg_folded *out_folded);

/* Names the phases: the group's own, in their order, then others by name. */
void rlg_fold_phases(struct rlg_arena *arena, const char *const *phases, size_t n_phases, const struct rlg_gathered *from,
		     const struct rlg_phased_attempt *attempts, size_t n_attempts, struct rlg_run *run);

/* Gives a phase its attempts, and says where it stands by them; those that name no phase are at the first. */
void rlg_fold_place_attempts(struct rlg_arena *arena, struct rlg_phase *phase, bool is_first,
			     const struct rlg_phased_attempt *attempts, size_t n_attempts);

/* What people wrote into trackers, later edits over earlier ones; and then what of it counts. */
void rlg_fold_take_edits(struct rlg_run *run, const struct rlg_gathered *from);
void rlg_fold_apply_edits(struct rlg_phase *phase);

/* Notes, verdicts, the state of artifacts: the newest word of each. */
void rlg_fold_take_words(struct rlg_arena *arena, struct rlg_run *run, const struct rlg_gathered *from);

#endif
