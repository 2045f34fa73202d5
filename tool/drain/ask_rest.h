/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What slurmctld has to be asked about an end that it told only in part: whether a job that lost its node, or was
 * preempted, goes back to the queue; and what EpilogSlurmctld is not told.
 */
#ifndef RLG_ASK_REST_H
#define RLG_ASK_REST_H

#include "tool/drain/user.h"

/*
 * Asks once for each such entry, and adds the answer to its record.  Where slurmctld does not answer now, what only it can
 * tell `waits`, for a day at most; the others stay as they are.
 */
void rlg_drain_ask(struct rlg_drain_entry *entries, size_t count);

#endif
