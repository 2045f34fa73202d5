/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What folding remembers of a record: its facts, as plain members.  Inside of the fold; nobody else looks at it.
 */
#ifndef RLG_EVENT_H
#define RLG_EVENT_H

#include "lib/record_read.h"
#include "tool/base/arena.h"

enum rlg_event_kind {
	RLG_EVENT_SUBMIT,
	RLG_EVENT_REJECT,
	RLG_EVENT_START,
	RLG_EVENT_FINISH,
	RLG_EVENT_STATE, /* slurmctld's answer about a job that had not ended */
	RLG_EVENT_NOTE,
	RLG_EVENT_OUTPUT,
	RLG_EVENT_SYNC,
	RLG_EVENT_EDIT,
	RLG_EVENT_TASK_FAILED,
	RLG_EVENT_ACTION, /* for the action logs */
	RLG_EVENT_USAGE,
	RLG_EVENT_OTHER /* no part of the state (yet): counted, shown by `events` */
};

/* Texts are NULL, moments 0 and numbers -1 where the record does not say. */
struct rlg_event {
	enum rlg_event_kind kind;
	int64_t time_us;
	const char *id;
	const char *sid;
	const char *cluster;
	const char *phase;
	int64_t job_id, array_job_id, array_task_id, het_job_id;
	const char *matched_by; /* how the run was found: see resolve.h */
	const char *step;
	const char *node;
	int64_t rank;
	int64_t oom; /* 1: out of memory; 0: not */
	int64_t n_cpus;
	const char *tres; /* all that was allocated, as Slurm writes it */
	int64_t cpu_us, user_us, system_us, elapsed_us; /* of a usage or an exec; 0: not told */
	int64_t peak_memory, page_cache, max_rss; /* bytes */
	int64_t tasks;
	const char *exec; /* the id of a `runledger exec` */
	const char *state;
	bool final, final_said; /* true where nothing is said; and whether anything is */
	bool never_ran;
	const char *reason;
	const char *source;
	int64_t exit_code, signal, time_limit_s;
	int64_t restarts; /* Slurm's count, as far as the job's own environment told it */
	int64_t submit_us, start_us, end_us;
	const char *nodes;
	const char *user;
	const char *job_name;
	const char *stdout_path;
	const char *script, *command, *cwd, *host; /* of a submission */
	const char *git_commit, *git_branch;
	const char *agent, *session;
	const char *field, *value; /* of an edit; a value of NULL means unset */
	const char *text; /* of a note, or the path of an output */
	const char *verdict, *wandb, *description; /* of a note */
	const char *action, *subject, *details, *result; /* of an action */
	const char *sync; /* the `status` of a sync */
};

/* By its name. */
enum rlg_event_kind rlg_event_kind_of(const struct rlg_record *record);

/* Copies what the fold needs out of the record. */
struct rlg_event rlg_event_from_record(struct rlg_arena *arena, const struct rlg_record *record);

/* An order that depends on what the events say alone: by time, kind, id, then all else they say. */
int rlg_event_compare(const struct rlg_event *left, const struct rlg_event *right);

#endif
