/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In the epilog (slurmstepd spank epilog), as root: the job is over on this node.
 */
#ifndef RLG_FINISH_H
#define RLG_FINISH_H

#include "lib/err.h"
#include "spank/hooks/host.h"
#include "spank/hooks/settings.h"

/*
 * On the job's first node: starts the tool, which asks slurmctld once how the job ended, and lets the epilog go on as
 * soon as it has the answer; it appends and refreshes, as the user, in a process that nobody waits for.  Untracked jobs
 * cost a look at their work folder and no question.  Never longer than the site's timeout.
 */
void rlg_finish(const struct rlg_host *host, const struct rlg_settings *settings);

/*
 * The same from the exit of a job's extern step, for PrologFlags=RunInJob: there Slurm never calls a SPANK epilog.  That
 * step has nothing of the job's environment, so slurmctld is asked about every job, tracked or not, and the tool finds
 * out where the job was recorded before.
 */
void rlg_finish_in_job(const struct rlg_host *host, const struct rlg_settings *settings);

#endif
