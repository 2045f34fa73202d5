/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emptying the spool: each record goes into the status file of its job's run, as the job's user.
 */
#ifndef RLG_DRAIN_H
#define RLG_DRAIN_H

#include "lib/siteconf.h"

#include <stdbool.h>

struct rlg_drain;

struct rlg_drain_report {
	unsigned delivered;
	unsigned untracked; /* jobs of no run group: let be */
	unsigned held; /* cannot be delivered yet */
	unsigned bad; /* no entries; moved to `bad` */
};

/* Opens the spool.  The caller keeps `path` and `site`.  Returns 0 or a negative errno with a sentence. */
int rlg_drain_open(const char *path, const struct rlg_siteconf *site, struct rlg_drain **out_drain,
		   struct rlg_err *err);
void rlg_drain_close(struct rlg_drain *drain);

/* The folder in which new entries appear, for inotify. */
const char *rlg_drain_watched(const struct rlg_drain *drain);

/* Is that folder still the one that was opened?  Not once somebody has replaced the spool. */
bool rlg_drain_is_there(const struct rlg_drain *drain);

/*
 * One pass over what is new, and what is held if `with_held`.  Adds to the report; `held` is what lies there afterwards.
 * An entry that is lost between its delivery and its removal is delivered again: records are known by their id.
 */
int rlg_drain_pass(struct rlg_drain *drain, bool with_held, struct rlg_drain_report *report, struct rlg_err *err);

#endif
