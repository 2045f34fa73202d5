/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivering what waits of one user's in the node's spool, as that user.
 *
 * Any number may be at it.  Who tries a group holds a lock on its mark, .try-HASH in the user's folder, and so does whoever
 * hangs in it, until that one is dead: so at most one process of a user's hangs for a group, however many come by.  The
 * mark stays where it was in vain, and says when and how often.  An entry is removed when its record is in its file: who is
 * killed in between leaves one that is delivered again, with the same id.
 */
#ifndef RLG_NODE_USER_H
#define RLG_NODE_USER_H

#include "lib/err.h"
#include "lib/siteconf.h"

#include <stdbool.h>
#include <stdint.h>

struct rlg_node_report {
	unsigned delivered;
	unsigned untracked; /* jobs of no run group: let be */
	unsigned waiting; /* cannot be delivered yet */
	unsigned dropped; /* could not be delivered for too long, or were no entries */
};

struct rlg_node_pass {
	const struct rlg_siteconf *site;
	bool by_itself; /* what failed a short while ago is left alone, the longer the more often it has */
	int64_t begun_us; /* what was tried in vain since then is left alone in any case */
	/* Called after each entry, and before what takes long: the caller may be waiting for a sign of life.  May be NULL. */
	void (*alive)(void *context, const struct rlg_node_report *report, bool entries_done);
	void *context;
	/* Told of a group whose trackers could not be brought up to date, in a sentence.  NULL: syslog is. */
	void (*complain)(const char *sentence);
};

/*
 * Delivers what can be, and refreshes the groups that got something.  Returns 0, also where nothing waits, or a negative
 * errno with a sentence.
 */
int rlg_node_user_deliver(const struct rlg_node_pass *pass, struct rlg_node_report *report, struct rlg_err *err);

#endif
