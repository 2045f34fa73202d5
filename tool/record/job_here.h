/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The job that this process runs in, by its environment, and where records about it go.  For commands that are used
 * inside of jobs: `exec`, `log`.
 */
#ifndef RLG_JOB_HERE_H
#define RLG_JOB_HERE_H

#include "lib/layout.h"
#include "lib/record.h"
#include "tool/group/resolve.h"

/* A variable of the environment; NULL if it is not set, or empty. */
const char *rlg_job_environment(const char *name);

/* The number of the job that this process runs in; 0: in none. */
int64_t rlg_job_here(void);

/* A job's address.  Texts are "" where they are not known. */
struct rlg_job_address {
	int64_t job_id; /* 0: it was not said */
	char sid[RLG_ID_MAX];
	char group[RLG_PATH_MAX];
	char run[RLG_NAME_MAX + 1]; /* with the number of the array's task in its place */
	char phase[RLG_NAME_MAX + 1];
};

/*
 * The address that the plugins gave this very job: RUNLEDGER_ADDRESS (spank/hooks/address.h), or what the submission left
 * in the environment.  What was inherited from a job that submitted this one is none.  False: there is no whole one.
 */
bool rlg_job_address(struct rlg_job_address *out_address);

/* What the person asked for by options; NULL: nothing. */
struct rlg_job_wishes {
	const char *run; /* RUN or RUN/PHASE */
	const char *group;
	const char *name; /* find the run by this name instead of the job's */
};

/*
 * As at a submission: what was asked for over the job's address, and that over what can be found by folder and name.
 * `folder` is where we work ("": not known).  out_about tells what was known; out_to is in the group's arena, in out_about
 * or in the environment.  What was asked for and cannot be had is told in out_warning ("": all is well).  Returns 0, or a
 * negative errno with a sentence: the group's, or -ENOENT where there is none.  The caller closes the group either way.
 */
int rlg_job_find_place(const struct rlg_job_wishes *wishes, const char *folder, const struct rlg_siteconf *site,
		       struct rlg_job_facts *out_about, struct rlg_group *out_group, struct rlg_resolution *out_to,
		       struct rlg_err *out_warning, struct rlg_err *err);

#endif
