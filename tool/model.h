/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a run group, folded from its records: what every tracker, report and command shows.
 *
 * The model is a function of the *set* of records: their order, their duplicates and the files they stand in make no
 * difference (fold.h makes it).  Everything in it belongs to one arena.  Moments are microseconds since the epoch,
 * 0 = not known (lib/clock.h); texts that are not known are NULL.
 */
#ifndef RLG_MODEL_H
#define RLG_MODEL_H

#include "tool/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The status words of every tracker, in the order in which they are counted and shown. */
enum rlg_status {
	RLG_STATUS_PENDING,   /* planned, not submitted */
	RLG_STATUS_SUBMITTED, /* in the queue, or back in it after a requeue */
	RLG_STATUS_RUNNING,
	RLG_STATUS_COMPLETED,
	RLG_STATUS_FAILED,
	RLG_STATUS_SKIPPED, /* set by a person */
	RLG_STATUS_COUNT
};

/* "pending" and so on. */
const char *rlg_status_word(enum rlg_status status);

/* The other way round, exact; false for any other word. */
bool rlg_status_parse(const char *word, enum rlg_status *out_status);

/* A task that failed, as slurmstepd on its node saw it.  Texts are NULL and numbers -1 where that is not known. */
struct rlg_failure {
	const char *node;
	int64_t rank; /* its number in the step */
	const char *step; /* batch, interactive, or a number */
	int64_t exit_code;
	int64_t signal; /* 0: none */
	int64_t oom; /* 1: the step had run out of memory there; 0: it had not */
};

/* One time that a job was in the queue or ran: (cluster, job_id, submit_time); see attempts.h. */
struct rlg_attempt {
	const char *cluster;
	int64_t job_id; /* -1 while only the submission is known */
	int64_t array_job_id; /* -1: no array */
	int64_t array_task_id; /* -1: no array */
	int64_t het_job_id; /* of the leader of a heterogeneous job; -1: none */
	const char *sid;
	const char *slurm_state; /* Slurm's own word: PENDING, RUNNING, COMPLETED, TIMEOUT, ... or UNKNOWN */
	bool ended; /* a finish record says so */
	bool final; /* ended, and not back in the queue */
	const char *reason; /* Slurm's reason, or the first words about what went wrong */
	int64_t exit_code; /* -1: not known */
	int64_t signal; /* -1: not known; 0: none */
	int64_t time_limit_s; /* -1: not known, or none */
	int64_t submit_us, start_us, end_us;
	const char *nodes;
	const char *user;
	const char *job_name; /* as it was submitted */
	const char *stdout_path; /* where the job's own output goes, as Slurm told it */
	const char *source; /* who said how it ended: jobcomp, slurmctld, epilog, reconcile, exec; NULL before the end */
	const struct rlg_failure *failure; /* the task that failed first, where that can be the cause (failure.h); NULL */
	int64_t word_us; /* the moment of the newest record about this attempt */
	int64_t silent_since_us; /* no word since then, though there should have been (silence.h); 0: all is well */
	enum rlg_status status;
};

/* A person's own values, from the newest edit of a tracker; a member that was not edited is NULL. */
struct rlg_edit {
	const char *status; /* a status word, or any other word of theirs */
	const char *job_id; /* "" stands for: set to null by a person */
	const char *output;
	int64_t status_us, job_id_us, output_us; /* when each was edited */
};

struct rlg_phase {
	const char *name; /* finetune, eval, or an evaluation's name */
	enum rlg_status status; /* what to show: from the deciding attempt, or a person's edit where that is newer */
	const char *status_text; /* the word for it; a person's own word, where that is none of ours */
	const char *job_id; /* what to show beside it, as text; NULL: none */
	const char *output; /* a path that exists (outputs.h), or a person's; NULL: none */
	const struct rlg_attempt *attempts; /* oldest first */
	size_t n_attempts;
	const struct rlg_attempt *deciding; /* into attempts; NULL: never submitted, or a person's word is newer */
	struct rlg_edit edit;
	int64_t word_us; /* the newest news about this phase; 0: none */
	int64_t silent_since_us; /* of the deciding attempt */
};

struct rlg_run {
	const char *name;
	const char *type; /* the plan's Type column; NULL */
	bool planned; /* in the plan, in the tracker, or named by a person with --run */
	struct rlg_phase *phases; /* the group's phases first, in their order, then others by name */
	size_t n_phases;
	int64_t word_us; /* the newest news about this run; 0: none */
	const char *note; /* newest note record; NULL */
};

struct rlg_model {
	struct rlg_arena *arena;
	const char *group_path; /* absolute */
	const char *run_group; /* its name */
	const char *const *phases; /* the group's phases, in order */
	size_t n_phases;
	struct rlg_run *runs; /* in the order of the plan, then others by name */
	size_t n_runs;
	size_t counts[RLG_STATUS_COUNT]; /* runs by their overall status */
	int64_t word_us; /* the newest news of all; 0: none */
	uint64_t records; /* read, duplicates included */
	uint64_t damaged; /* lines stepped over */
};

/* The run of that name, or NULL. */
struct rlg_run *rlg_model_run(const struct rlg_model *model, const char *name);

/* The phase of that name, or NULL. */
struct rlg_phase *rlg_run_phase(const struct rlg_run *run, const char *name);

/*
 * A run in one word: failed if any phase failed; else running, if any is; else submitted, if any is; else completed, if
 * every phase is completed or skipped (skipped, if all are); else pending.
 */
enum rlg_status rlg_run_status(const struct rlg_run *run);

#endif
