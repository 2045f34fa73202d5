/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which run, and which phase of it, a job belongs to.  The first that answers wins:
 *   1. what was asked for: --run, --run-group, or RUNLEDGER_RUN, RUNLEDGER_GROUP;
 *   2. what is found: the group that the job's folder lies in, and in it the run whose folder that is, or the run that the
 *      job's name says by the group's match rules;
 *   3. the site's default group, where the site tracks every job.
 * A name that is ambiguous or unknown is never guessed into a run: the job goes under its own name.
 */
#ifndef RLG_RESOLVE_H
#define RLG_RESOLVE_H

#include "lib/err.h"
#include "lib/siteconf.h"
#include "tool/group/group.h"

/* What is known about the job.  NULL: not known. */
struct rlg_job_facts {
	const char *asked_run; /* RUN or RUN/PHASE */
	const char *asked_group;
	bool asked_by_environment; /* the two came from RUNLEDGER_..., not from options */
	const char *folder; /* where the job works; absolute */
	const char *client_folder; /* where the submission was made; relative paths begin there */
	const char *job_name;
	const char *script; /* the script's path or name */
	const char *array_task; /* in figures; NULL before the array is taken apart */
};

/* How the run was found, in a record's own words (`matched_by`). */
#define RLG_MATCHED_BY_OPTION "option"
#define RLG_MATCHED_BY_ENVIRONMENT "environment"
#define RLG_MATCHED_BY_FOLDER "folder"
#define RLG_MATCHED_BY_JOB_NAME "job-name"
#define RLG_MATCHED_BY_NOTHING "none"

struct rlg_resolution {
	const char *run; /* may hold {array_task} where that is not known yet */
	const char *phase;
	const char *matched_by;
};

/*
 * Opens the group of the job.  -ENOENT when the job is not tracked; then err is empty if nobody asked for a group, and
 * says why if somebody did.  Where somebody asked for a group that is none, err says so even if another was found (0).
 * Other errors are what rlg_group_open() says.
 */
int rlg_resolve_group(const struct rlg_job_facts *facts, const struct rlg_siteconf *site, struct rlg_group *out_group,
		      struct rlg_err *err);

/* Finds run and phase; texts in the group's arena.  Always has an answer. */
void rlg_resolve_run(struct rlg_group *group, const struct rlg_job_facts *facts, struct rlg_resolution *out_resolution);

/* Can this be asked for: RUN or RUN/PHASE, both names that can be one? */
bool rlg_resolve_asked_ok(const char *asked);

/* `name` with {array_task} replaced. */
const char *rlg_resolve_array_task(struct rlg_arena *arena, const char *name, const char *array_task);

#endif
