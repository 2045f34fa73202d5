/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has changed between two looks at a group: from two models, each phase that stands elsewhere now.
 */
#ifndef RLG_CHANGES_H
#define RLG_CHANGES_H

#include "tool/model/model.h"

#include <stdbool.h>
#include <stddef.h>

enum rlg_change_kind {
	RLG_CHANGE_STATUS, /* another status, or another word of a person's */
	RLG_CHANGE_AGAIN, /* the same status, but of another job, or of a later attempt of the same */
	RLG_CHANGE_STATE, /* the attempt had ended, and did so otherwise than was said first (slurm_state) */
	RLG_CHANGE_SILENT /* there should have been a word on it by now (silence.h) */
};

/* All pointers go into the two models. */
struct rlg_change {
	enum rlg_change_kind kind;
	const struct rlg_run *run;
	const struct rlg_phase *phase; /* as it is now */
	enum rlg_status old_status;
	const char *old_word; /* status_text before */
	const struct rlg_attempt *ended; /* what decided before, has ended since and decides no more; NULL */
};

/* Does a phase wait for something to happen by itself: is it submitted or running? */
bool rlg_phase_is_active(const struct rlg_phase *phase);

/*
 * The changes from `old` to `now` in the order of `now`, in the arena; how many.  A phase that `old` does not know was
 * pending; one that `now` does not know any more is no change.
 */
size_t rlg_changes(struct rlg_arena *arena, const struct rlg_model *old, const struct rlg_model *now,
		   struct rlg_change **out_changes);

/* The same from what a phase was (NULL: not known) to what it is; false if nothing has changed. */
bool rlg_change_of(const struct rlg_run *run, const struct rlg_phase *old, const struct rlg_phase *now,
		   struct rlg_change *out_change);

#endif
