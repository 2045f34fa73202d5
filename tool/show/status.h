/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `runledger status` has to show, and the forms in which it can be shown: one file a form.
 */
#ifndef RLG_STATUS_H
#define RLG_STATUS_H

#include "lib/node_spool.h"
#include "tool/show/summary.h"
#include "tool/base/terminal.h"

#include <stdio.h>

struct rlg_status_view {
	struct rlg_arena *arena; /* for whatever the form needs */
	const struct rlg_model *model;
	const struct rlg_run **runs; /* those that were asked for, in the model's order */
	size_t n_runs;
	bool filtered; /* somebody asked for some runs only */
	struct rlg_actions actions;
	struct rlg_terminal terminal;
	int64_t now_us; /* for how long something has been running */
	const struct rlg_node_own *spooled; /* the user's, on this node, for programs; NULL: nobody has looked */
};

typedef void rlg_status_fn(const struct rlg_status_view *view, FILE *stream);

rlg_status_fn rlg_status_table; /* for people: a row a run */
rlg_status_fn rlg_status_detail; /* for people: all about each run of the view */
rlg_status_fn rlg_status_json; /* for programs: runledger-status.schema.json */

/* How long a phase ran, has been running ("2h 13m"), or since when it waits ("since 14:02"); "" if there is nothing. */
const char *rlg_status_time(const struct rlg_status_view *view, const struct rlg_phase *phase);

/* Mark and word of a phase's status. */
const char *rlg_status_shown(const struct rlg_status_view *view, const struct rlg_phase *phase);

#endif
