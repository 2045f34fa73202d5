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
	char run[RLG_NAME_MAX + 1];
	char phase[RLG_NAME_MAX + 1]; /* "": not known */
	int64_t job_id; /* 0: in no job */
};

/*
 * Finds it.  What was asked for and cannot be had is told in out_warning.  A negative errno with a sentence: there is none,
 * or only a guess, and no run is guessed outside of a job.
 */
int rlg_log_find_place(const struct rlg_job_wishes *wishes, struct rlg_log_place *out_place, struct rlg_err *out_warning,
		       struct rlg_err *err);

/* Begins a record about that place, at that moment. */
void rlg_log_begin(const struct rlg_log_place *place, const char *event, int64_t time_us, struct rlg_record_writer *writer,
		   char storage[RLG_RECORD_MAX + 1]);

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
