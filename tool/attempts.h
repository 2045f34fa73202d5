/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the events of one run to the attempts at it.
 *
 * An attempt is (cluster, job_id, start_time): a requeued job has several, and a job id alone says nothing, as they wrap.
 * The result depends on the set of events only.
 */
#ifndef RLG_ATTEMPTS_H
#define RLG_ATTEMPTS_H

#include "tool/event.h"
#include "tool/model.h"

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

/* Where an attempt stands among others of its phase: by when it was submitted or started, whichever is later. */
int64_t rlg_attempt_order(const struct rlg_attempt *attempt);

#endif
