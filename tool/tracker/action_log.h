/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trackers training_log and evaluation_log between their files.  Nobody else looks at this.
 *
 * An action log is a text of entries,
 *
 *     [2025-11-11 11:00:05] SUBMIT_JOB: r8_lr1e-5
 *     Details: sbatch finetune.slurm
 *     Result: Job ID 1234567
 *
 * to which people and agents write too.  It only ever grows: what the model has to say and neither stands there nor was
 * ever written there is appended.
 */
#ifndef RLG_ACTION_LOG_H
#define RLG_ACTION_LOG_H

#include "tool/tracker/tracker.h"

/* ---- what stands in a log: action_log_parse.c ---- */

/* An entry as it was found, by whomever. */
struct rlg_al_found {
	int64_t when; /* the moment as it is written, in seconds of no zone; only to be compared with others of its kind */
	const char *headline; /* without the blanks around it */
	const char *action;
	const char *subject; /* as rlg_al_subject_key(); "" for none */
	const char *job; /* the first job id in it: "1234567", "1234567_3"; NULL */
	const char *to; /* the state that it says the job went to, in capitals; NULL */
	const char *block; /* all of it, each line ended by a newline */
	bool taken; /* stands for an entry of the model's already */
	size_t next; /* of the same action and subject; RLG_AL_NONE */
	size_t next_of_job; /* of the same action and job */
};

#define RLG_AL_NONE ((size_t)-1)

struct rlg_names;

struct rlg_al_log {
	struct rlg_arena *arena;
	struct rlg_al_found *list; /* in the order of the text */
	size_t n, room;
	struct rlg_names *first; /* of an action and subject */
	struct rlg_names *first_of_job; /* of an action and job */
};

/* Never fails: what is no entry is somebody's prose. */
void rlg_al_parse(struct rlg_arena *arena, const char *text, struct rlg_al_log *out_log);

/* Adds the entry of another log. */
void rlg_al_add(struct rlg_al_log *log, const struct rlg_al_found *found);

/* The first entry of that action and subject; RLG_AL_NONE. */
size_t rlg_al_first(const struct rlg_al_log *log, const char *action, const char *subject);

/* The same of that action and job. */
size_t rlg_al_first_of_job(const struct rlg_al_log *log, const char *action, const char *job);

/* A subject as it is compared: "r8/cap/epoch_0" is "r8/cap/epoch0"; marks of Markdown around it do not count. */
const char *rlg_al_subject_key(struct rlg_arena *arena, const char *subject);

/* The moment of the first "YYYY-MM-DD HH:MM[:SS]" in the words, as in `when`; INT64_MIN if they do not begin with one. */
int64_t rlg_al_when(const char *words);

/*
 * Those entries of `memory` that the text does not have any more: they were written once.  In the order of the memory.
 * Those that it has are `taken` in `text`, and are told what they were about, should that be lost; not its chains of jobs.
 */
void rlg_al_gone(const struct rlg_al_log *memory, struct rlg_al_log *text, struct rlg_al_log *out_gone);

/* ---- what a log should have: action_log_jobs.c, action_log_checks.c ---- */

/* How an entry of the model's is known among those that are there. */
enum rlg_al_by {
	RLG_AL_ONCE,   /* one of this action and subject is enough */
	RLG_AL_JOB,    /* by its job id */
	RLG_AL_STATE,  /* by its job id, and the state that it went to */
	RLG_AL_MOMENT, /* by its second */
	RLG_AL_ROUND,  /* one at this moment or later is enough: an older one was about an older round of jobs */
	RLG_AL_NEWS    /* the last of this action says the same */
};

struct rlg_al_wanted {
	int64_t time_us;
	const char *action;
	const char *subject; /* NULL: none */
	enum rlg_al_by by;
	int rank; /* among those of one second */
	const char *job, *to; /* as in rlg_al_found; NULL */
	const char *lines; /* behind the headline, each ended by a newline */
	size_t number; /* in the order in which they were made */
	bool is_there;
};

/* One thing that jobs are submitted for: the first phase of a run, or one evaluation. */
struct rlg_al_unit {
	const struct rlg_run *run;
	const struct rlg_phase *phase;
	const char *subject;
	const char *task; /* of an evaluation; NULL */
	long epoch; /* -1: none */
	const struct rlg_attempt **attempts; /* oldest first */
	size_t n_attempts;
	const struct rlg_attempt *last; /* decides; NULL: never submitted */
	enum rlg_status status;
};

/* All that is made for one log. */
struct rlg_al {
	const struct rlg_tracker_view *view;
	struct rlg_arena *arena;
	bool training; /* the first phase's log; else that of all others */
	struct rlg_al_unit *units;
	size_t n_units;
	struct rlg_names *subjects; /* of the units, as rlg_al_subject_key() */
	struct rlg_al_log *there; /* what is written there, or was and is gone */
	const struct rlg_al_log *memory; /* what was written there, in its own words */
	struct rlg_al_wanted *wanted;
	size_t n_wanted, room;
};

/* Ranks of rlg_al_wanted. */
enum { RLG_AL_RANK_FIND, RLG_AL_RANK_CHECK, RLG_AL_RANK_TOLD, RLG_AL_RANK_JOB, RLG_AL_RANK_ALL };

/* Adds it, with its place in the order and its subject made harmless; texts must live as long as the arena. */
void rlg_al_want(struct rlg_al *al, struct rlg_al_wanted wanted);

/* "Details: ..." with all that could break a line made harmless; nothing for a NULL. */
void rlg_al_line(struct rlg_bytes *lines, const char *key, const char *words);

/* action_log_units.c: fills in `units`, in the order of the model's runs. */
void rlg_al_find_units(struct rlg_al *al);

/* Which unit job `job_id` was for; NULL: none. */
const struct rlg_al_unit *rlg_al_unit_of_job(const struct rlg_al *al, int64_t job_id);

/* SUBMIT_JOB, SUBMIT_EVAL, STATE_CHANGE, COMPUTE_METRICS, RESOURCE_STATUS */
void rlg_al_want_jobs(struct rlg_al *al);

/* An entry is to be read: more names than that are left out. */
#define RLG_AL_MOST_NAMES 12

/* rlg_al_want() with "Details:", "Result:" (each may be NULL), and lines that are ready. */
void rlg_al_want_words(struct rlg_al *al, struct rlg_al_wanted wanted, const char *details, const char *result,
		       const char *more);

/* How the units stand that count: planned ones that nobody skipped; of evaluations those that have begun. */
struct rlg_al_tally {
	size_t n, over, completed, failed;
	int64_t first_us, last_us; /* the first submission, the last end; 0: not known */
};
struct rlg_al_tally rlg_al_tally(const struct rlg_al *al);

/* VERIFY_..., CHECKPOINT_MISSING, IDENTIFY_EVALS, ALL_SUBMITTED; returns whether all have been submitted. */
bool rlg_al_want_evaluations(struct rlg_al *al, const struct rlg_al_tally *tally);

/* DISCOVER_EXPERIMENT, IDENTIFY_..., VERIFY_..., CHECKPOINT_MISSING, ALL_..., and what is on record */
void rlg_al_want_checks(struct rlg_al *al);

#endif
