/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the records of a group say about jobs: who is mentioned where, to be looked up by a job's id or submission.
 */
#ifndef RLG_MENTIONS_H
#define RLG_MENTIONS_H

#include "tool/base/arena.h"
#include "tool/model/event.h"

struct rlg_job_traits;
struct rlg_mentions;

struct rlg_mention {
	enum rlg_event_kind kind;
	int64_t time_us;
	int64_t job_id, array_job_id, array_task_id; /* -1: not said */
	const char *cluster, *sid, *run, *phase, *job_name, *folder;
	bool final; /* of a finish */
	size_t older; /* the mention before this one of the same job id */
	size_t older_of_array; /* the same of the array's id */
	size_t older_unnumbered; /* the same of the submissions without a job id */
};

/* Reads all records of the group; damaged ones are stepped over. */
struct rlg_mentions *rlg_mentions_read(struct rlg_arena *arena, const char *group);

/* 0, or the errno of what could not be read just now: a job that is not mentioned may be all the same. */
int rlg_mentions_unread(const struct rlg_mentions *mentions);

/*
 * The mention that says where this job belongs; NULL if there is none.  A job id alone is not believed, as they wrap: the
 * mention must be no older than the submission, or be of a job that was requeued.
 */
const struct rlg_mention *rlg_mentions_of_job(const struct rlg_mentions *mentions, const struct rlg_job_traits *traits);

/* The submission of that id, before anything else was told of it; NULL if there is none. */
const struct rlg_mention *rlg_mentions_of_submission(const struct rlg_mentions *mentions, const char *sid);

/* A submission without a job id is now known to be this job's, and no other's. */
void rlg_mentions_take(struct rlg_mentions *mentions, const struct rlg_mention *mention, int64_t job_id);

/* Each submission with this sid that is of one task of an array.  Returns what `tell` returned if that was not 0. */
typedef int rlg_mention_fn(void *context, const struct rlg_mention *mention);
int rlg_mentions_each_task(const struct rlg_mentions *mentions, const char *sid, rlg_mention_fn *tell, void *context);

/* Has this task of that array begun, or ended? */
bool rlg_mentions_task_began(const struct rlg_mentions *mentions, int64_t array_job_id, int64_t array_task_id);

#endif
