/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One call of `runledger record`, and what all its events need.  Inside of that command.
 */
#ifndef RLG_CMD_RECORD_JOB_H
#define RLG_CMD_RECORD_JOB_H

#include "tool/cmd/command.h"
#include "tool/record/record_job.h"

/* What cannot be helped is said where somebody may look. */
void rlg_record_complain(const struct rlg_record_job *job, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The value of an option; NULL if it was not given, or is empty: the plugins pass all of theirs always. */
const char *rlg_record_given(const struct rlg_record_job *job, const char *name);

/* Refreshes the trackers, or leaves it to whoever is at it.  Returns an exit status. */
int rlg_record_refresh(const struct rlg_record_job *job, struct rlg_group *group);

/*
 * Leaves the record in the node's spool, as the user, with what is known of its place.  Says so to a person.  Returns 0,
 * or a negative errno; then it is lost, and that was said where somebody may look.
 */
int rlg_record_spool(struct rlg_record_job *job, const char *group, const char *run, const char *phase, int why);

/*
 * Runs `work` in a child (lib/watched.h), and leaves the record in the spool where that fails, or is not done in time.
 * Waits for the child to end once it has been heard.  Returns an exit status.
 */
int rlg_record_watch(struct rlg_record_job *job, int (*work)(void *job, int tell_fd), int within_ms);

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

/* Delivers the record, as the user, behind the caller's back if --detach is given.  Returns an exit status. */
int rlg_record_and_deliver(struct rlg_record_job *job);

#endif
