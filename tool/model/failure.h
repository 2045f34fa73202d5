/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which task failed first in an attempt, and whether that is why it ended as it did.
 */
#ifndef RLG_FAILURE_H
#define RLG_FAILURE_H

#include "tool/model/attempts.h"

/*
 * Gives each attempt whose end a task can be the cause of its first failure: the earliest task-failed event that falls
 * into it, then the first node by name, then the first id.  `events` in any order.  Every node of a step tells its own
 * first; that tasks die with a job which Slurm ends is no cause, and slurmstepd cannot know that: the state does.
 */
void rlg_failures_find(struct rlg_arena *arena, const struct rlg_event *events, size_t n_events,
		       struct rlg_phased_attempt *attempts, size_t n_attempts);

#endif
