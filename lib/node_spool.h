/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The node's spool: where a record waits that its writer could not put into its status file, until somebody else can.
 *
 *     SPOOL/uUID/TIME-ID.json      an entry: two lines, each of a record's form (record.h).  The first is a `spooled` with
 *                                  what is known of where the second belongs; the second is the record, or the draft of one
 *     SPOOL/uUID/.try-HASH         somebody tries that group, or tried in vain (tool/drain/node_user.h)
 *     SPOOL/uUID/.dropped          how many records found no room (node_drops.h)
 *
 * Entries are made whole by a rename, and taken up in the order of their names, which begin with the moment they were made.
 * Everything in a user's folder is that user's word: it is only ever used as that user.  Nothing here allocates.  It
 * waits for the local disk alone.
 */
#ifndef RLG_NODE_SPOOL_H
#define RLG_NODE_SPOOL_H

#include "lib/err.h"
#include "lib/node_drops.h"
#include "lib/siteconf.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The name of the first line's event; its members: `event`, `group`, `run`, `phase`, `errno`, and where the place is yet to be
 * found `asked`, `cwd`, `job_name`, `array_task`.
 */
#define RLG_NODE_HEADER "spooled"

/* The first line: two paths and names, should they consist of characters that JSON has no short way for. */
#define RLG_NODE_HEADER_MAX 16384

/* What each user may leave in any case, however much of the spool's share others have taken. */
#define RLG_NODE_LEAST_BYTES ((size_t)1 << 20)

struct rlg_spooled {
	const char *event; /* submit, reject, start, ...: as `runledger record` knows them; of others, "" */
	const char *group, *run, *phase; /* as told, or asked for; NULL or "": not known */
	/*
	 * Nobody could look where it belongs: group and run (RUN or RUN/PHASE) are only what was asked for, and the place is
	 * found at the delivery, as at a submission, from these as well.  NULL: not known.
	 */
	bool asked;
	const char *folder, *job_name, *array_task;
	const char *line; /* the record, or its draft, with its newline and its id */
	size_t length;
	int why; /* the negative errno for which it could not be delivered */
};

/*
 * Does a record that failed so go to the spool?  What is no record never can be delivered; everything else may pass:
 * disks are cleaned up, mounts come back, links are removed, groups restored.  The one table of it is in node_spool.c.
 */
bool rlg_node_spool_takes(int code);

/*
 * Leaves an entry, as the user whose record it is.  Returns 0; -ENOBUFS where there is no room for it: the user's or the
 * site's share is used up, or the disk; or another negative errno.  The record is dropped then, and the drop counted where
 * that is possible.  err has a sentence for the first drop in a day, and is empty for the others: nobody reads thousands.
 *
 * It outlives its writer, but not the machine: nothing is synced to the disk.
 */
int rlg_node_spool_put(const struct rlg_siteconf *site, const struct rlg_spooled *entry, struct rlg_err *err);

/* Does anything of this user's wait?  Two or three system calls, for whoever has just reached a status file. */
bool rlg_node_spool_waits(const struct rlg_siteconf *site);

/* What this user has there; zeros where there is nothing, or no spool. */
struct rlg_node_own {
	uint64_t waiting; /* entries */
	struct rlg_node_drops drops;
};

void rlg_node_spool_look(const struct rlg_siteconf *site, struct rlg_node_own *out_own);

/* Is this the name of an entry? */
bool rlg_node_spool_is_entry(const char *name);

#endif
