/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `runledger exec` told, and the attempts it belongs to.  Inside of attempts.c.
 *
 * Where Slurm or the plugins told of an attempt at the same phase, an exec is part of that: when it ended, and how, is
 * their word; the exec's counts only where theirs is UNKNOWN.  Otherwise the execs of a job in one phase are an attempt:
 *   - it runs while one of them does;
 *   - else it ended as the last of them did, or as one that failed beside it;
 *   - a later restart of the job, or an end that Slurm told of it, ends one that still seems to run.
 */
#ifndef RLG_ATTEMPTS_EXEC_H
#define RLG_ATTEMPTS_EXEC_H

#include "tool/model/attempts.h"

/* Is this the start of an exec, or its end (which does not say when the attempt started)? */
bool rlg_event_is_exec(const struct rlg_event *event);

/*
 * Adds what the execs among `events` (sorted) say to the attempts that others told of, all of which have started or
 * ended, and the attempts that only they tell of behind them.  Returns the attempts, in the arena; the count grows.
 */
struct rlg_phased_attempt *rlg_attempts_place_execs(struct rlg_arena *arena, const struct rlg_event *events,
						    size_t n_events, struct rlg_phased_attempt *attempts,
						    size_t *inout_count);

#endif
