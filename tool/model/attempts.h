/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the events of one run to the attempts at it.
 *
 * An attempt is (cluster, job_id, submit_time), as it is to Slurm's own accounting: a requeue counts as a submission.  A job
 * id alone says nothing, as they wrap.  The result depends on the set of events only.
 */
#ifndef RLG_ATTEMPTS_H
#define RLG_ATTEMPTS_H

#include "tool/model/event.h"
#include "tool/model/model.h"

/* An attempt, with the phase that it is one at. */
struct rlg_phased_attempt {
	struct rlg_attempt attempt;
	const char *phase; /* NULL: nobody said */
};

/*
 * `events` are sorted by rlg_event_compare(), each id once.  The attempts come back oldest first, in the arena.
 */
struct rlg_phased_attempt *rlg_attempts_find(struct rlg_arena *arena, const struct rlg_event *events, size_t n_events,
					     size_t *out_count);

/* ---- attempts_take.c: for job_attempts.c and attempts_exec.c, too ---- */

/* Where an attempt stands among others of its phase: by when it was submitted or started, whichever is later. */
int64_t rlg_attempt_order(const struct rlg_attempt *attempt);

/*
 * Negative: left comes before right, by that moment; positive: behind it; 0: the same moment.  At whole seconds: slurmctld
 * tells no more, so that a job that is requeued within the second of its start was, by the figures, submitted before it.
 */
int rlg_attempt_compare(const struct rlg_attempt *left, const struct rlg_attempt *right);

/* An attempt of which nothing is known but that it waits. */
struct rlg_phased_attempt rlg_attempt_waiting(void);

/* What every event may say about its attempt; the first to say it wins. */
void rlg_attempt_take(struct rlg_phased_attempt *to, const struct rlg_event *event);

/* The same, of what another took from several events in their order; not their moments. */
void rlg_attempt_take_told(struct rlg_phased_attempt *to, const struct rlg_phased_attempt *told);

/* How it ended, or how it goes, by this word on it. */
void rlg_attempt_take_word(struct rlg_phased_attempt *to, const struct rlg_event *word);

/* Is it an attempt at the job of the event, as far as cluster and job id tell? */
bool rlg_attempt_is_of_job(const struct rlg_attempt *attempt, const struct rlg_event *event);

#endif
