/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In slurmstepd, as root: what all records about a step share, and their way to a status file.
 */
#ifndef RLG_STEP_H
#define RLG_STEP_H

#include "lib/record.h"
#include "spank/hooks/address.h"
#include "spank/hooks/host.h"
#include "spank/hooks/settings.h"

/* "batch", "interactive", or a number in decimal; with its NUL. */
#define RLG_STEP_NAME_MAX 16

/* A record while it is written.  12 kB: keep it out of slurmstepd's stacks. */
struct rlg_step_record {
	const char *event;
	bool leaves_trackers; /* nobody need see it before the job's next record */
	struct rlg_address address;
	struct rlg_record_writer writer;
	char line[RLG_RECORD_MAX + 1];
};

/* The step's name in a record's own words; NULL where the host knows none, and for the extern step, which has no tasks. */
const char *rlg_step_name(const struct rlg_host *host, char storage[RLG_STEP_NAME_MAX]);

/*
 * Remembers where the job works.  Call it in user_init: it is the one hook of slurmstepd that stands in the job's folder.
 */
void rlg_step_remember_folder(void);

/* Begins a record of `event` at that moment, with what says whose it is: job, submission, run, phase, step, array. */
void rlg_step_begin(struct rlg_step_record *record, const struct rlg_host *host, const char *event, int64_t time_us);

/* Adds a variable of the job's environment, if it is set: as a text, or as a number if it is one. */
void rlg_step_add_text(struct rlg_step_record *record, const struct rlg_host *host, const char *variable, const char *member);
void rlg_step_add_number(struct rlg_step_record *record, const struct rlg_host *host, const char *variable,
			 const char *member);

/*
 * Ends the record and delivers it as the job's user, in a process that nobody waits for (deliver.h).  The caller is only
 * delayed by two forks.  A record that cannot be made, or a host that does not know the user, is let be.
 */
void rlg_step_deliver(struct rlg_step_record *record, const struct rlg_host *host, const struct rlg_settings *settings);

#endif
