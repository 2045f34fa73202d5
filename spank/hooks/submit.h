/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In sbatch, salloc and srun: a job is being submitted, was accepted, or was not.
 *
 * The tool is asked once, before the submission, which run the job belongs to; it also appends the `submit` record.  Its
 * answer goes into the job's job-control environment.  A submission that fails is taken back by a `reject` record.
 */
#ifndef RLG_SUBMIT_H
#define RLG_SUBMIT_H

#include "spank/hooks/address.h"
#include "spank/hooks/settings.h"

/* One submission; one a process.  All zero to begin with. */
struct rlg_submission {
	struct rlg_settings settings;
	struct rlg_address address;
	char asked_run[RLG_PATH_MAX]; /* --run */
	char asked_group[RLG_PATH_MAX]; /* --run-group */
	char outer_job_id[32]; /* SLURM_JOB_ID before us: we are inside another job */
	bool begun; /* the hook was here: once a process, though Slurm calls it for each component of a het job */
	bool tracked; /* there is an address, and a submit record */
	bool accepted; /* slurmctld gave it a job id */
	bool ended;
	bool waits; /* srun and salloc: between acceptance and allocation their user may give up, and no hook tells */
};

/* Options and arguments are parsed, nothing is sent yet.  is_srun: such a step inside an allocation is no submission. */
void rlg_submit_begin(struct rlg_submission *submission, const struct rlg_host *host, bool is_srun);

/* slurmctld took the job, and this is its id (cli_filter, or srun at the launch). */
void rlg_submit_accepted(struct rlg_submission *submission, const struct rlg_host *host, uint32_t job_id);

/* The client ends with this exit status. */
void rlg_submit_end(struct rlg_submission *submission, const struct rlg_host *host, int exit_status);

#endif
