/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of Slurm jobs, docs/slurm_job_list.md, as a text: a line for each run, among whatever else people write there.
 *
 *     - 2026-02-18 | job_id=4187 | iteration_id=iter1 | run_id=20260218T160045Z | status=submitted
 *
 * Its lines are history: they are added, and never changed.
 */
#ifndef RLG_TRACKER_JOB_LIST_H
#define RLG_TRACKER_JOB_LIST_H

#include "tool/base/bytes.h"
#include "tool/tracker/manifest.h"

#include <stdbool.h>
#include <stddef.h>

/* Does `run_id=RUN` stand anywhere in the text (NULL: an empty one)?  A longer name that begins like RUN is another. */
bool rlg_job_list_has(const char *text, const char *run_id);

/* The number of the line that is `line`, but for blanks around it; 0: none is. */
size_t rlg_job_list_find(const char *text, const char *line);

/* Adds the text with the lines behind the last one of the list; NULL is a file that is not there, and gets a heading. */
void rlg_job_list_add(const char *text, const char *const *lines, size_t count, struct rlg_bytes *out);

/* What a line of the list says, as far as it says it. */
struct rlg_job_list_entry {
	size_t number; /* of the line, from 1 */
	const char *date, *job_id, *iteration_id, *run_id, *status; /* NULL: not there */
};

/* The first line of the list that has this run_id; false: none has. */
bool rlg_job_list_entry(struct rlg_arena *arena, const char *text, const char *run_id,
			struct rlg_job_list_entry *out_entry);

#endif
