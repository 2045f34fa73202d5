/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of one `runledger exec`.  Inside of that command.
 *
 * Both functions that record are bodies for rlg_process_begin(): they run in processes of their own, which nobody has to
 * wait for.  What one found out is left for the other, and words for the person for the command, in memory that they share.
 */
#ifndef RLG_CMD_EXEC_RECORD_H
#define RLG_CMD_EXEC_RECORD_H

#include "lib/layout.h"
#include "lib/record.h"
#include "tool/record/exec_child.h"
#include "tool/cmd/options.h"

/* What the recording processes leave behind. */
struct rlg_exec_findings {
	bool found; /* the place below is whole */
	bool complained; /* somebody writes the complaint */
	bool said; /* the complaint is whole */
	unsigned appended; /* calls whose records are in their file */
	char group[RLG_PATH_MAX];
	char run[RLG_NAME_MAX + 1];
	char phase[RLG_NAME_MAX + 1];
	char complaint[RLG_ERR_MAX];
};

struct rlg_exec {
	struct rlg_options *options;
	int64_t job_id;
	char *const *argv;
	size_t argc;
	char folder[RLG_PATH_MAX]; /* where we were started; "" where that cannot be told */
	char id[RLG_ID_MAX]; /* in both records, so that they find each other */
	char start_id[RLG_ID_MAX], finish_id[RLG_ID_MAX]; /* the records' own, the same wherever they go */
	int64_t begin_us;
	int64_t end_us, elapsed_us;
	struct rlg_exec_end end;
	struct rlg_exec_findings *findings;
};

/* Gives it an id and memory to share.  The job id is 0 outside of a job. */
void rlg_exec_init(struct rlg_exec *out_exec, struct rlg_options *options);

/* The context is a struct rlg_exec.  An exit status comes back that nobody looks at. */
int rlg_exec_record_start(void *context);
int rlg_exec_record_finish(void *context);

/* Are the records of both in their file?  Trackers may lag behind: the group's next news brings them up to date. */
bool rlg_exec_is_recorded(const struct rlg_exec *exec);

/* The first to complain is heard: what went wrong at the start does so again at the end. */
void rlg_exec_complain(const struct rlg_exec *exec, const char *words);

/* What could not be recorded, in a sentence; NULL where there is nothing to say. */
const char *rlg_exec_complaint(const struct rlg_exec *exec);

#endif
