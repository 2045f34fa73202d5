/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the records of one `runledger exec` go: into a run, or into the node's spool.  Inside of that command.
 */
#ifndef RLG_CMD_EXEC_PLACE_H
#define RLG_CMD_EXEC_PLACE_H

#include "tool/cmd/cmd_exec_record.h"
#include "tool/record/record_job.h"

/* An option's value; NULL where it is not given, or empty. */
const char *rlg_exec_given(const struct rlg_exec *exec, const char *option);

/* The name by which run and phase are found: as given, else Slurm's; NULL where there is none. */
const char *rlg_exec_job_name(const struct rlg_exec *exec);

/*
 * Finds the run, and opens its group, which the caller closes either way.  Start and end go to one place, which whoever comes
 * first finds, whatever becomes of plan and rules meanwhile.  As rlg_job_find_place(); job->about is filled only by the first.
 */
int rlg_exec_find_place(const struct rlg_exec *exec, struct rlg_record_job *job, struct rlg_group *group,
			struct rlg_resolution *to, struct rlg_err *err);

/*
 * The place was not found, for that errno: is it there, or may it come back?  One that nobody ever made is no reason to keep
 * a record.
 */
bool rlg_exec_may_be_found(const struct rlg_exec *exec, int code);

/*
 * Leaves the job's record in the spool.  `group` and `to` are NULL where nobody could look.  The words on it are the first
 * complaint, and 0 comes back: it counts as recorded.  Else `why`, and err stays.
 */
int rlg_exec_spool(const struct rlg_exec *exec, const struct rlg_record_job *job, const struct rlg_group *group,
		   const struct rlg_resolution *to, int why, struct rlg_err *err);

#endif
