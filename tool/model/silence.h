/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs that should have been heard of: one that runs past its time limit, one that waits for too long.  Nobody told how they
 * ended, and nobody guesses; people are shown since when there was no word, and `status --reconcile` asks Slurm.
 *
 * Only for what people look at.  Trackers are a function of the records, and must not change as time goes by.
 */
#ifndef RLG_SILENCE_H
#define RLG_SILENCE_H

#include "tool/model/model.h"

/* How long after it was due a job is silent; from the group's settings (no_word_after). */
struct rlg_silence {
	int64_t waiting_us; /* in the queue; or running without a time limit that is known */
	int64_t running_us; /* past its time limit */
};

#define RLG_SILENCE_WAITING_S (24 * 60 * 60)
#define RLG_SILENCE_RUNNING_S (10 * 60)

/* Sets silent_since_us of the model's attempts and phases, as seen at `now_us`.  How many attempts are silent. */
size_t rlg_silence_mark(struct rlg_model *model, const struct rlg_silence *silence, int64_t now_us);

/* When the next attempt becomes silent that is not so yet at `now_us`, should nothing be heard; 0: none will. */
int64_t rlg_silence_next(const struct rlg_model *model, const struct rlg_silence *silence, int64_t now_us);

#endif
