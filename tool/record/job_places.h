/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a job's records are, of which only Slurm's own facts are known: slurmctld does not tell the address that the job
 * was given at its submission.  So what has been recorded about it already is looked for, by its job id; else, as a job
 * that never ran may have been recorded without one, by its name, folder and moment of submission.
 *
 * Works as the job's user.  Each group is read once, so that a thousand jobs that end together cost one reading.
 */
#ifndef RLG_JOB_PLACES_H
#define RLG_JOB_PLACES_H

#include "lib/siteconf.h"
#include "tool/group/group.h"

struct rlg_job_places;

/* What Slurm says of a job.  NULL or -1: not known, or not that kind of job. */
struct rlg_job_traits {
	const char *cluster;
	int64_t job_id;
	int64_t array_job_id, array_task_id;
	int64_t het_job_id; /* the leader's */
	int64_t submit_us; /* of this attempt: a requeue counts as a submission */
	const char *job_name;
	const char *folder;
	bool never_ran; /* so that no node has told of it */
};

struct rlg_job_place {
	struct rlg_group *group;
	const char *run, *phase;
	const char *sid; /* NULL: its submission was not recorded */
	const char *matched_by; /* resolve.h; NULL: found in the records */
	int64_t array_task_id; /* of an array with a run a task that was cancelled whole; else -1 */
};

/* The caller keeps `arena` and `site`. */
struct rlg_job_places *rlg_job_places_new(struct rlg_arena *arena, const struct rlg_siteconf *site);
void rlg_job_places_free(struct rlg_job_places *places);

/*
 * The group of that path, read once; NULL, with a sentence, if it cannot be opened.  It belongs to `places`.
 */
struct rlg_group *rlg_job_places_group(struct rlg_job_places *places, const char *path, struct rlg_err *err);

/*
 * Tells each place of the job: one, or for an array with a run a task that was cancelled as a whole, those of its tasks
 * that had not begun.  Returns 0; -ENOENT where the job is not tracked; what `tell` returned; or another negative errno
 * with a sentence.
 */
typedef int rlg_place_fn(void *context, const struct rlg_job_place *place);
int rlg_job_places_each(struct rlg_job_places *places, const struct rlg_job_traits *traits, rlg_place_fn *tell, void *context,
			struct rlg_err *err);

#endif
