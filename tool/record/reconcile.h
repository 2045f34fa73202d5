/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking Slurm, because a person said so, about the jobs that should have been heard of (silence.h), and recording the
 * answers: slurmctld first; then accounting, where slurmctld no longer knows the job; and UNKNOWN where neither does.
 */
#ifndef RLG_RECONCILE_H
#define RLG_RECONCILE_H

#include "tool/record/ask.h"
#include "tool/group/group.h"

struct rlg_reconciliation {
	size_t asked; /* jobs */
	size_t ended, go_on, unknown; /* of these; the rest could not be asked about */
	size_t elsewhere; /* jobs that are another cluster's, which nobody was asked about */
	char cluster[RLG_CLUSTER_MAX]; /* whose slurmctld is asked; "" where it did not matter */
	struct rlg_err problem; /* why; "" if all could be */
};

/*
 * `model` is the group's, with rlg_silence_mark() done.  Appends records; load the group anew to see what they say.
 * Returns 0, or a negative errno where a record could not be appended.
 */
int rlg_reconcile(struct rlg_group *group, const struct rlg_model *model, struct rlg_reconciliation *out_done,
		  struct rlg_err *err);

#endif
