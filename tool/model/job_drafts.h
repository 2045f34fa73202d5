/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attempts of one job while its events are gathered.  Inside of job_attempts.c, in whose order they come here.
 */
#ifndef RLG_JOB_DRAFTS_H
#define RLG_JOB_DRAFTS_H

#include "lib/clock.h"
#include "tool/model/attempts.h"

/* Clocks of nodes and of slurmctld differ; a start is told a little after Slurm's own start_time. */
#define RLG_CLOCK_SKEW_US (5 * RLG_SECOND_US)

#define RLG_NO_DRAFT ((size_t)-1)

struct rlg_job_draft {
	struct rlg_phased_attempt out;
	const struct rlg_event *word; /* the best one on how it ended or goes; NULL: none */
	int64_t submit_us, start_us; /* as Slurm told them; 0: not known */
	int64_t begun_us; /* when its node told that it had begun; 0: not told */
	bool never_ran, goes_back;
	bool stays; /* Slurm said that it does not go back */
	bool has_batch_start;
};

struct rlg_job {
	struct rlg_arena *arena;
	const struct rlg_event *const *events; /* in the order of time */
	size_t n_events;
	size_t *draft_of; /* by event: the draft that it is about; RLG_NO_DRAFT: not known yet */
	struct rlg_job_draft *drafts;
	size_t count, room;
};

/* ---- job_drafts.c ---- */

/* The number of one more, of which nothing is known; `drafts` may move. */
size_t rlg_job_add_draft(struct rlg_job *job);

/* Does the event tell how an attempt ended, or how it goes? */
bool rlg_event_is_word(const struct rlg_event *event);

/* Does this word say of an attempt that the job goes back to the queue? */
bool rlg_word_goes_back(const struct rlg_event *word);

/* Of all words on an attempt, given in the order of time, the best is kept. */
void rlg_draft_take_word(struct rlg_job_draft *draft, const struct rlg_event *word);

bool rlg_draft_has_ended(const struct rlg_job_draft *draft);

/* Does it wait, as slurmctld told? */
bool rlg_draft_waits(const struct rlg_job_draft *draft);

/* Of one that has ended: what is told later is not about it. */
int64_t rlg_draft_latest_us(const struct rlg_job_draft *draft);

/* ---- the steps, in their order ---- */

/* job_words.c: words that say which attempt they are about make the drafts, which are then in the order of time. */
void rlg_job_place_words(struct rlg_job *job);

/* job_place_starts.c: every start. */
void rlg_job_place_starts(struct rlg_job *job);

/* job_loose_words.c: words that do not say which attempt they are about. */
void rlg_job_place_loose_words(struct rlg_job *job);

/* job_overtaken.c: attempts that another one follows, once all is filled in. */
void rlg_job_close_overtaken(struct rlg_job *job);

#endif
