/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From slurmctld's answer about a job (ask.h) to the facts of how one attempt at it ended: the answer may be about the next
 * attempt already.
 */
#ifndef RLG_END_FACTS_H
#define RLG_END_FACTS_H

#include "lib/record_read.h"

/*
 * Adds the facts of an attempt that has ended to `facts`.  `restarts_then` is what the attempt itself was told of its
 * job's restarts (-1: not known): slurmctld counts one up before it ends a job to requeue it, but afterwards where it
 * lost a node, which is the one way to tell the two.
 */
void rlg_end_facts(cJSON *facts, const struct rlg_record *answer, int64_t restarts_then);

/* The facts of an end that nobody tells: UNKNOWN, and why. */
void rlg_end_unknown(cJSON *facts, const char *why);

#endif
