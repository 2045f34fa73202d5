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

#include "tool/base/arena.h"

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

/* One value that the job told again and again: `train_loss`.  Texts are as the job wrote them. */
struct rlg_metric {
	const char *name;
	bool is_number; /* all its values are; else only first and last count */
	const char *first, *last;
	const char *lowest, *highest; /* NULL: no numbers */
	const char *best; /* the lowest of what is better low (a name with loss, error, perplexity, ...), else the highest */
};

/* What a job told of itself at one moment. */
struct rlg_progress_point {
	int64_t time_us;
	const char *words; /* "step 2400, train_loss 0.085": the step first, then its values in the order in which it told them */
};

/* All that `progress` records tell of an attempt, or of a phase (progress.h). */
struct rlg_progress {
	uint64_t records; /* 0: none, and nothing else is set */
	int64_t first_us, last_us;
	const char *last_step; /* `step`, else global_step or iteration; NULL: it never told one */
	const char *last_epoch; /* NULL: it never told one */
	struct rlg_metric *metrics; /* in the order in which they were first told; `step` and its like are none */
	size_t n_metrics;
	struct rlg_progress_point *points; /* the first, then the last of each later hour of the clock: few, whatever there is */
	size_t n_points;
};

/* What an attempt used, from `usage` records of its steps and nodes (usage.h).  Numbers are -1 where nothing is known. */
struct rlg_usage {
	int64_t cpu_us; /* user and system time of all steps and nodes */
	int64_t peak_memory; /* bytes: the most that one node had in use at once, in one step */
	int64_t n_cpus; /* that were allocated */
	int64_t memory_limit; /* bytes a node, as requested; -1: none, or not known */
	int64_t wall_us; /* how long it ran */
	double cpu_efficiency; /* of n_cpus * wall_us, 0 to 1 and sometimes above; -1: not known */
	double memory_efficiency; /* of memory_limit; -1: not known */
	double time_efficiency; /* of the time limit; -1: not known, or no limit */
};

/* What the submission told.  Texts are NULL where it did not. */
struct rlg_submission {
	const char *script; /* the batch script as it was named */
	const char *command; /* the client's command line */
	const char *cwd;
	const char *host;
	const char *git_commit, *git_branch;
	const char *agent; /* claude-code or codex: whose session it came from; NULL: a person's */
	const char *session; /* that session's id */
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
	struct rlg_submission submission;
	struct rlg_progress progress;
	struct rlg_usage usage;
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

/* What a phase left on disk beside its output (outputs.h); NULL: not there, or not looked for. */
struct rlg_findings {
	const char *wandb_dir; /* newest offline run of W&B since the phase began */
	const char *config_snapshot; /* the resolved configuration in its output */
	const char *gpu_line; /* last line of the run's gpu_metrics.csv, with its header's names: "gpu_util 93, ..." */
	int64_t gpu_us; /* when that line was written */
	const char *const *missing; /* checkpoints that the plan expects and that are not there, by name: epoch_1 */
	size_t n_missing;
	const char *const *present; /* those that are */
	size_t n_present;
	const char *checkpoints; /* the folder where they were looked for */
};

/* A person's word on a run, from a `note` record. */
struct rlg_note {
	int64_t time_us;
	const char *text;
	const char *user; /* NULL: not known */
	const char *phase; /* NULL: the whole run */
};

/* What somebody put on record for the action logs, from an `action` record. */
struct rlg_logged {
	int64_t time_us;
	const char *run; /* whose records hold it */
	const char *phase; /* NULL: not told */
	int64_t job_id; /* of the job that told it; -1: a person, or init */
	const char *action; /* DISCOVER_EXPERIMENT, CACHE_BUILT, ... */
	const char *subject, *details, *result; /* NULL: none */
};

struct rlg_phase {
	const char *name; /* finetune, eval, or an evaluation's name */
	enum rlg_status status; /* what to show: from the deciding attempt, or a person's edit where that is newer */
	const char *status_text; /* the word for it; a person's own word, where that is none of ours */
	const char *job_id; /* what to show beside it, as text; NULL: none */
	const char *output; /* a path that exists (outputs.h), or a person's; NULL: none */
	struct rlg_findings findings; /* what else is on disk */
	struct rlg_progress progress; /* of all its attempts together */
	const char *sync; /* of its artifacts, from the newest `sync` record: ok, failed, pending, ...; NULL: none */
	int64_t sync_us;
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
	const char *note; /* the newest of notes; NULL */
	struct rlg_note *notes; /* oldest first */
	size_t n_notes;
	const char *verdict; /* keep or discard, a person's; NULL: none yet */
	const char *wandb; /* address of its dashboard, as a person told it; NULL */
	const char *description; /* a person's few words on what it is (`runledger note RUN description=...`); NULL */
	/*
	 * The model's `sequence` when anything above was last seen to change, what lies on disk included: a tracker that was
	 * written at a later one shows it already.  Never 0 in a model that was loaded.
	 */
	uint64_t changed_at;
};

struct rlg_model_index; /* model.c */

struct rlg_model {
	struct rlg_arena *arena;
	const char *group_path; /* absolute */
	const char *run_group; /* its name */
	const char *const *phases; /* the group's phases, in order */
	size_t n_phases;
	struct rlg_run *runs; /* in the order of the plan, then others by name */
	size_t n_runs;
	struct rlg_logged *logged; /* oldest first */
	size_t n_logged;
	size_t counts[RLG_STATUS_COUNT]; /* runs by their overall status */
	int64_t word_us; /* the newest news of all; 0: none */
	uint64_t records; /* read, duplicates included */
	uint64_t damaged; /* lines stepped over */
	int unread; /* the errno of a file that could not be read just now, and which this model lacks; 0: it lacks none */
	struct rlg_model_index *index; /* for rlg_model_run(); NULL: it looks from end to end */
	uint64_t sequence; /* of refreshes: grows with each that has news; 0: this model knows of none */
	/*
	 * Only the runs that changed of late are whole (load.h): of all others there is but name, type, planned, word_us and
	 * changed_at, `phases` is NULL; and there is no `logged`.  Who does not ask for such a model never sees one.
	 */
	bool brief;
};

/* For a model with many runs; in its arena.  `runs` and `n_runs` may still change, the order in `runs` may not. */
struct rlg_model_index *rlg_model_index_new(struct rlg_arena *arena);

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
