/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the words of a running job go, found without a look at the group where the plugins have told it.
 */
#ifndef RLG_LOG_PLACE_H
#define RLG_LOG_PLACE_H

#include "lib/layout.h"
#include "lib/record.h"
#include "tool/record/job_here.h"

struct rlg_log_place {
	char group[RLG_PATH_MAX];
	char run[2 * RLG_NAME_MAX + 2]; /* RUN; as asked for, RUN/PHASE as well */
	char phase[RLG_NAME_MAX + 1]; /* "": not known */
	int64_t job_id; /* 0: in no job */
	/* Nobody could look: run and group are as asked for ("": nothing was), to be found from these when there is a way. */
	bool asked;
	char folder[RLG_PATH_MAX];
};

/* Is the place told by the job's address?  Then it is filled in, without a look at the disk. */
bool rlg_log_place_is_told(const struct rlg_job_wishes *wishes, struct rlg_log_place *out_place);

/* What can be said of the place without a look: for a record that has to wait. */
void rlg_log_place_ask(const struct rlg_job_wishes *wishes, struct rlg_log_place *out_place);

/*
 * Finds it.  What was asked for and cannot be had is told in out_warning.  A negative errno with a sentence: there is none,
 * or only a guess, and no run is guessed outside of a job.
 */
int rlg_log_find_place(const struct rlg_job_wishes *wishes, struct rlg_log_place *out_place, struct rlg_err *out_warning,
		       struct rlg_err *err);

/* Begins a record about that place, at that moment, with that id. */
void rlg_log_begin(const struct rlg_log_place *place, const char *event, int64_t time_us, const char *id,
		   struct rlg_record_writer *writer, char storage[RLG_RECORD_MAX + 1]);

/*
 * Leaves the record, a whole line, in the node's spool, as it could not be appended: `why`, with a sentence in err.  As
 * rlg_spool_instead().
 */
int rlg_log_spool(const struct rlg_log_place *place, const char *line, size_t length, int why, struct rlg_err *err);

/*
 * Ends the record and appends it, or leaves it in the node's spool: then err says so, though 0 comes back.  out_left_out:
 * how many members found no room.  Returns 0, or a negative errno.
 */
int rlg_log_append(const struct rlg_log_place *place, struct rlg_record_writer *writer, unsigned *out_left_out,
		   struct rlg_err *err);

/*
 * Refreshes the group's trackers behind the caller's back, if the last refresh is long enough ago that a job which tells
 * much does not refresh much.  That one's end refreshes in any case.
 */
void rlg_log_refresh_if_due(const struct rlg_log_place *place);

#endif
