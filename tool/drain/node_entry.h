/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One entry of the node's spool (lib/node_spool.h), read back and delivered, as its user.
 */
#ifndef RLG_NODE_ENTRY_H
#define RLG_NODE_ENTRY_H

#include "lib/node_spool.h"
#include "lib/record.h"
#include "tool/base/arena.h"
#include "tool/record/record_job.h"

struct rlg_node_entry {
	char text[RLG_NODE_HEADER_MAX + RLG_RECORD_MAX + 1]; /* both lines */
	struct rlg_record header, draft;
	const char *group, *run, *phase; /* NULL: not known */
	bool asked; /* that is what somebody asked for, when nobody could look into it */
};

/*
 * Reads it.  Returns 0, and the caller ends with rlg_node_entry_done(); -ENOENT where it is gone; -EBADMSG for what is no
 * entry; or another negative errno.
 */
int rlg_node_entry_read(int folder_fd, const char *name, struct rlg_node_entry *out_entry);
void rlg_node_entry_done(struct rlg_node_entry *entry);

/* What has to be in reach for it: the group's path, or the job's folder. */
const char *rlg_node_entry_place(const struct rlg_node_entry *entry);

/*
 * Delivers it, as `runledger record` would have.  `placed` is told the path of the group, if the job is tracked.  As
 * rlg_record_place().
 */
typedef void rlg_node_placed_fn(void *context, const char *group);
int rlg_node_entry_deliver(const struct rlg_node_entry *entry, const struct rlg_siteconf *site, rlg_node_placed_fn *placed,
			   void *context, struct rlg_err *err);

#endif
