/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record of a job on its way into the right status files: from the plugins, or from the spool.
 */
#ifndef RLG_RECORD_JOB_H
#define RLG_RECORD_JOB_H

#include "lib/siteconf.h"
#include "tool/base/draft.h"
#include "tool/group/group.h"
#include "tool/group/resolve.h"
#include "tool/record/client_line.h"

struct rlg_options;

struct rlg_record_job {
	const struct rlg_options *options; /* of the command line, for the command; NULL: there is none */
	struct rlg_siteconf site;
	struct rlg_record draft;
	cJSON *facts; /* what we found out */
	const char *group, *run, *phase; /* the job's address, as far as it has one; NULL: not known */
	struct rlg_job_facts about; /* what it was resolved from; asked_run and asked_group go over what is found */
	struct rlg_client_line line;
	char array_task[32];
	char new_id[RLG_ID_MAX]; /* of a draft that came without one */
	bool asked; /* nobody knows the address: it is found as at a submission, for whatever event */
	int why; /* nobody could look where it belongs, for this errno; 0: somebody can */
	bool whole_run; /* it is about a run, and about no phase of it */
	bool quiet; /* nobody reads our stderr: complain to syslog */
	int tell_fd; /* whoever watches us wants to hear how it went (lib/watched.h); -1: nobody does */
};

/* What we found out, or else what the draft says: a text, NULL if there is none; a number, -1 if there is none. */
const char *rlg_record_fact_text(const struct rlg_record_job *job, const char *key);
int64_t rlg_record_fact_number(const struct rlg_record_job *job, const char *key);

/* Appends the record to one run. */
int rlg_record_append(const struct rlg_record_job *job, const struct rlg_group *group, const struct rlg_resolution *to,
		      struct rlg_err *err);

/*
 * A submission of an array with a run a task is told to so many runs; the others say it at their start.
 */
#define RLG_ARRAY_RUNS_MAX 10000

/* Appends it to each of them; each has a record of its own, which is the same one if it is said again. */
int rlg_record_append_tasks(struct rlg_record_job *job, struct rlg_group *group, const struct rlg_resolution *to,
			    const char *array, struct rlg_err *err);

/*
 * Finds where the record belongs, by the address where there is one, else as at a submission, or for an end where the job
 * was recorded before; and appends it there.  Then `placed` (may be NULL) is called with the group, which is open for as
 * long.  As the job's user.  Returns 0; -ENOENT with an empty err where the job is not tracked; or a negative errno with a
 * sentence.
 */
typedef void rlg_record_placed_fn(void *context, struct rlg_group *group);
int rlg_record_place(struct rlg_record_job *job, rlg_record_placed_fn *placed, void *context, struct rlg_err *err);

#endif
