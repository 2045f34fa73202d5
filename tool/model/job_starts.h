/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The batch starts of one job by their moments: a job may be requeued ten thousand times.  Inside of job_attempts.c.
 */
#ifndef RLG_JOB_STARTS_H
#define RLG_JOB_STARTS_H

#include "tool/base/arena.h"
#include "tool/model/event.h"

struct rlg_job_starts;

/* `events` are in the order of time, and stay. */
struct rlg_job_starts *rlg_job_starts_new(struct rlg_arena *arena, const struct rlg_event *const *events, size_t n_events);

bool rlg_is_batch_start(const struct rlg_event *event);

/*
 * Both look for a start that nobody has (`taken`, by event, is (size_t)-1 for it), and return its event's number, or
 * (size_t)-1: the last that was told from one moment up to another; and of those that may be an attempt's that Slurm says
 * began at `start_us` the one that was told nearest to it.  It may be that attempt's if it says that it began then, give or
 * take a second; or, where it does not say when, if it was told no more than `skew_us` before, and no later than `latest_us`.
 */
size_t rlg_job_start_before(const struct rlg_job_starts *starts, const size_t *taken, int64_t earliest_us, int64_t latest_us);
size_t rlg_job_start_near(const struct rlg_job_starts *starts, const size_t *taken, int64_t start_us, int64_t skew_us,
			  int64_t latest_us);

#endif
