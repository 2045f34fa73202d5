/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a job as slurmctld tells it to a program that it runs: from that program's environment to a `finish` record.
 * Where each fact comes from: Slurm's jobcomp/script plugin, and job_common_env_vars() of slurmctld.
 */
#ifndef RLG_COMPLETION_H
#define RLG_COMPLETION_H

#include "lib/err.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * As jobcomp/script tells it: every end there is.  Returns the record's length; 0 for what ends no job (a resize); or a
 * negative errno with a sentence where the environment is not of such a program.
 */
ssize_t rlg_completion_from_jobcomp(char *storage, size_t size, struct rlg_err *err);

/*
 * As EpilogSlurmctld tells it: without a state, which is then for drain to ask; but with the job's address, as SPANK's
 * job-control environment is in it.
 */
ssize_t rlg_completion_from_epilog(char *storage, size_t size, struct rlg_err *err);

#endif
