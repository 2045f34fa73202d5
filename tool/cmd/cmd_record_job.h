/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One call of `runledger record`, and what all its events need.  Inside of that command.
 */
#ifndef RLG_CMD_RECORD_JOB_H
#define RLG_CMD_RECORD_JOB_H

#include "lib/siteconf.h"
#include "tool/record/client_line.h"
#include "tool/cmd/command.h"
#include "tool/base/draft.h"
#include "tool/group/group.h"
#include "tool/group/resolve.h"

struct rlg_record_job {
	struct rlg_options *options;
	struct rlg_siteconf site;
	struct rlg_record draft;
	cJSON *facts; /* what we found out */
	struct rlg_job_facts about;
	struct rlg_client_line line;
	char array_task[32];
	bool quiet; /* nobody reads our stderr: complain to syslog */
};

/* What cannot be helped is said where somebody may look. */
void rlg_record_complain(const struct rlg_record_job *job, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The value of an option; NULL if it was not given, or is empty: the plugins pass all of theirs always. */
const char *rlg_record_given(const struct rlg_record_job *job, const char *name);

/* What we found out, or else what the draft says: a text, NULL if there is none; a number, -1 if there is none. */
const char *rlg_record_fact_text(const struct rlg_record_job *job, const char *key);
int64_t rlg_record_fact_number(const struct rlg_record_job *job, const char *key);

/* Appends the record to one run. */
int rlg_record_append(const struct rlg_record_job *job, const struct rlg_group *group, const struct rlg_resolution *to,
		      struct rlg_err *err);

/* Refreshes the trackers, or leaves it to whoever is at it.  Returns an exit status. */
int rlg_record_refresh(const struct rlg_record_job *job, struct rlg_group *group);

/* Adds the member `git` where `folder` (may be NULL) lies in a checkout. */
void rlg_record_add_git(cJSON *facts, struct rlg_arena *arena, const char *folder);

/* Bounds this process, which nobody waits for, and turns its complaints to syslog. */
void rlg_record_go_behind(struct rlg_record_job *job);

/*
 * The event `submit`: asked by a client before its submission.  Finds the run, appends, prints the job's address if
 * --answer is given, and refreshes behind the client's back.  Returns an exit status.
 */
int rlg_record_submit(struct rlg_record_job *job);

/*
 * The event `finish`: asks slurmctld how the job ended, if --ask-ms is given, and delivers.  Returns an exit status.
 */
int rlg_record_finish(struct rlg_record_job *job);

/*
 * The event `reject`: with --ask-ms slurmctld is asked whether it knows the submission after all.  Whoever gives up a
 * pending srun or salloc has a job that was cancelled, and a client that failed.  Returns an exit status.
 */
int rlg_record_reject(struct rlg_record_job *job);

/* Delivers a finish without an address, to where the job was recorded before.  As the user; returns an exit status. */
int rlg_record_finish_anywhere(struct rlg_record_job *job);

/* Delivers the record, as the user, behind the caller's back if --detach is given.  Returns an exit status. */
int rlg_record_and_deliver(struct rlg_record_job *job);

#endif
