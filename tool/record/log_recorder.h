/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child of `runledger log -`: from lines to records.
 */
#ifndef RLG_LOG_RECORDER_H
#define RLG_LOG_RECORDER_H

#include "tool/record/job_here.h"

/* In front of a newline: a line that was cut here, of which nothing may be taken. */
#define RLG_LOG_CUT "\030"

/*
 * Reads lines from `fd` to its end, ended by newlines or carriage returns (a progress bar's), and appends what they tell:
 * the first that has values at once, then at most one record a second with the last of each value, and what is left at
 * the end.  Words for the person go to standard error at the end, a sentence a line.
 */
void rlg_log_record_lines(const struct rlg_job_wishes *wishes, int fd);

#endif
