/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Getting a record into its status file and the trackers refreshed, in a process that nobody waits for.
 */
#ifndef RLG_DELIVER_H
#define RLG_DELIVER_H

#include "lib/process.h"
#include "spank/hooks/address.h"
#include "spank/hooks/settings.h"

struct rlg_delivery {
	const struct rlg_settings *settings;
	const struct rlg_address *address;
	const struct rlg_identity *identity; /* whom to become first; NULL: we are that user already */
	const char *event; /* submit, reject, start, task-failed, usage: for the tool, where it has to help */
	const char *line; /* the record, whole, with its newline; without `run` where the address is not exact */
	size_t length;
	const char *work_folder; /* where the job works; to find its group where there is no address; may be NULL */
	const char *const *envp; /* the tool's environment */
	bool leaves_trackers; /* there may be thousands of it: they are not refreshed for it, and it does not wait for long */
	bool let_tool_ask; /* a reject: only slurmctld knows whether it is one */
};

/*
 * Delivers.  Where the address is exact the record is appended at once, by us, and the tool refreshes (if it is to);
 * otherwise the tool is given the record and finds out.  A job without an address whose work folder lies in no run group
 * is let be, unless the site tracks every job.  The caller is only delayed by two forks.
 *
 * What cannot be delivered, or not within the site's spool_after_ms, goes to the node's spool (node_spool.h).  What waits
 * there of this user's is taken along once something has been delivered.
 */
int rlg_deliver(const struct rlg_delivery *delivery, struct rlg_err *err);

/* The environment for our programs where the caller is root: nothing of the job's. */
extern const char *const rlg_clean_environment[];

#endif
