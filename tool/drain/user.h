/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivering a user's records from the spool, as that user.  Runs in a child of drain, which has not become anybody yet.
 */
#ifndef RLG_DRAIN_USER_H
#define RLG_DRAIN_USER_H

#include "lib/record_read.h"
#include "lib/siteconf.h"

#include <stdbool.h>

/* What became of an entry. */
enum rlg_drained {
	RLG_DRAINED_NOT, /* not yet: it is held */
	RLG_DRAINED_DELIVERED,
	RLG_DRAINED_UNTRACKED /* the job belongs to no run group */
};

/* One record from the spool. */
struct rlg_drain_entry {
	const char *name; /* of its file */
	bool held; /* it lies in `held`, not in `new` */
	struct rlg_record record;
	int64_t uid, gid; /* the job's; gid -1: not said */
	const char *user; /* by name; NULL: not said */
	bool waits; /* slurmctld has to be asked first, and did not answer yet */
	enum rlg_drained drained;
};

/* What a child tells drain of each entry, as soon as it knows. */
struct rlg_drain_answer {
	unsigned at; /* in `entries` */
	enum rlg_drained drained;
};

/*
 * Becomes the user of the entries (all have the same) if this is root, puts each into its status file, answers on
 * `answer_fd`, and at last refreshes the groups.  Complains on stderr.  Returns an exit status.
 */
int rlg_drain_user(struct rlg_drain_entry *const *entries, size_t count, const struct rlg_siteconf *site, int answer_fd);

#endif
