/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The jobs of a group as a person speaks of them: an array, or the parts of a heterogeneous job, are one.  Inside of the
 * tracker active_jobs.json.
 */
#ifndef RLG_TRACKER_ACTIVE_JOBS_H
#define RLG_TRACKER_ACTIVE_JOBS_H

#include "tool/plan/config.h"
#include "tool/model/model.h"
#include "tool/base/names.h"
#include "tool/tracker/registry.h"

struct rlg_active_job {
	const char *id; /* in figures: the array's, the heterogeneous job's, or its own */
	const char *cluster; /* NULL: nobody said */
	const char *session; /* that submitted it; NULL: none */
	const char *run, *phase; /* of its newest attempt */
	size_t n_runs; /* that its tasks belong to */
	const struct rlg_attempt *newest;
	const struct rlg_attempt *shown; /* whose state is the job's */
	const struct rlg_attempt **parts; /* the newest attempt of each task or component */
	size_t n_parts;
	const struct rlg_attempt **attempts; /* all of them */
	size_t n_attempts;
	int64_t from_us, until_us; /* its life; until_us counts where it is over */
	bool active; /* any of its parts may go on */
	bool known; /* for those who go through the list: they have been here */
	struct rlg_active_job *same_id; /* another one, older or of another cluster; NULL */
};

struct rlg_active_jobs {
	struct rlg_arena *arena;
	struct rlg_active_job *list; /* by their numbers; of one number and cluster the oldest first */
	size_t n;
	struct rlg_names *ids; /* where in the list the last of each id stands */
};

/* All of them, in the arena; a model of NULL has none.  Attempts without a job id are left out. */
void rlg_active_jobs_find(struct rlg_arena *arena, const struct rlg_model *model, struct rlg_active_jobs *out_jobs);

/* The last job in the list with that id, which leads to the others by `same_id`; NULL: none. */
struct rlg_active_job *rlg_active_job_called(const struct rlg_active_jobs *jobs, const char *id);

/*
 * The job that an entry in the registry of `session` (NULL: everyone's) is about; NULL: none of the group's.  Its id may
 * name a task, "12_3", or a component, "12+1".
 */
struct rlg_active_job *rlg_active_job_of_entry(const struct rlg_active_jobs *jobs, const struct rlg_registry_entry *entry,
					       const char *session);

/*
 * The state of the job, or of the task or component, that `id` names: Slurm's word, where what went back into the queue
 * is PENDING.  NULL: it is over.
 */
const char *rlg_active_job_state(const struct rlg_active_jobs *jobs, const struct rlg_active_job *job, const char *id);

/*
 * Where the group keeps the registry of `session`, whether it keeps one or not: an absolute path.  *out_shared: all
 * sessions have that one.
 */
const char *rlg_active_jobs_path(struct rlg_arena *arena, const char *group_path, const struct rlg_config *config,
				 const char *session, bool *out_shared);

/*
 * The jobs of one session in a group, look for look: those that it submitted, and those that were registered for it by
 * hand.  A registry forgets a job that has ended; this does not.
 */
struct rlg_session_jobs {
	struct rlg_arena *arena; /* outlives the looks */
	const char *session;
	struct rlg_registry_entry *entries; /* that stood in the registry at one of the looks */
	size_t n_entries, room;
	struct rlg_names *known; /* entries, by what tells them apart */
	const struct rlg_attempt **attempts; /* the session's in the model of this look, by their addresses */
	size_t n_attempts;
};

/* `session` and the arena must outlive it. */
void rlg_session_jobs_begin(struct rlg_arena *arena, const char *session, struct rlg_session_jobs *out_jobs);

/*
 * Looks: into the model, which must live as long as this look counts, and into the registry at `path`.  A registry that
 * cannot be read is an error with a sentence, and what is known without it counts all the same.
 */
int rlg_session_jobs_look(struct rlg_session_jobs *jobs, struct rlg_arena *arena, const struct rlg_model *model,
			  const char *path, bool is_shared, struct rlg_err *err);

/* Is the attempt, in the model of this look, one of the session's jobs? */
bool rlg_session_jobs_has(const struct rlg_session_jobs *jobs, const struct rlg_attempt *attempt);

/* Does the phase stand where it stands by one of them, or is one of them in the works there? */
bool rlg_session_jobs_in(const struct rlg_session_jobs *jobs, const struct rlg_phase *phase);

/* The model with the runs and phases in which they are, and its own counts: for words about the session alone. */
const struct rlg_model *rlg_session_jobs_model(const struct rlg_session_jobs *jobs, struct rlg_arena *arena,
					       const struct rlg_model *model);

#endif
