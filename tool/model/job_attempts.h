/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attempts of one job, from all that was told of it.  Inside of attempts.c.
 */
#ifndef RLG_JOB_ATTEMPTS_H
#define RLG_JOB_ATTEMPTS_H

#include "tool/model/attempts.h"

/* Takes them out of `arena`; `events` are the starts, states and finishes of one job, in their order.  How many. */
size_t rlg_job_attempts(struct rlg_arena *arena, const struct rlg_event *const *events, size_t n_events,
			struct rlg_phased_attempt **out_attempts);

#endif
