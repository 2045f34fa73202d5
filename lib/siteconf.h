/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The site's settings, runledger.conf: lines of `key = value`, `#` begins a comment.  Read by the plugins and the tool.
 *
 *     track = groups | all      which jobs are tracked: those of a run group (the default), or every job
 *     default_group = PATH      where `track = all` keeps jobs without a group; `~` is the user's home [~/runledger]
 *     timeout_ms = NUMBER       the longest that a submission or an epilog may wait for us [2000]
 *     spool = PATH              where slurmctld's records wait for `runledger drain` [RLG_SPOOL_PATH]
 *     jobcomp_then = PATH       the site's former jobcomp script, which `runledger jobcomp` becomes [none]
 *     node_spool = PATH         where a node's records wait whose status file is out of reach [RLG_NODE_SPOOL_PATH]
 *     spool_after_ms = NUMBER   how long a status file may take before its record goes there [10000]
 *     spool_entries = NUMBER    records of one user that may wait on one node [10000]
 *     spool_user_mb = NUMBER    megabytes of one user's [32]
 *     spool_mb = NUMBER         megabytes of all users together, who share it; each has RLG_NODE_LEAST_BYTES at least [256]
 *     spool_days = NUMBER       days after which a record that could never be delivered is dropped [30]
 */
#ifndef RLG_SITECONF_H
#define RLG_SITECONF_H

#include "lib/err.h"
#include "lib/layout.h"

#include <stdbool.h>

/* slurmctld's spool (lib/spool.h); owned by SlurmUser, closed to everybody else. */
#define RLG_SPOOL_PATH RLG_LOCALSTATEDIR "/spool/runledger/slurmctld"

/* The node's spool (lib/node_spool.h); root's, and open to everybody as /tmp is. */
#define RLG_NODE_SPOOL_PATH RLG_LOCALSTATEDIR "/spool/runledger/node"

#define RLG_SITECONF_PATH RLG_SYSCONFDIR "/runledger/runledger.conf"

#define RLG_TIMEOUT_DEFAULT_MS 2000
#define RLG_TIMEOUT_LEAST_MS 50
#define RLG_TIMEOUT_MOST_MS 60000

struct rlg_siteconf {
	bool track_all;
	char default_group[RLG_PATH_MAX]; /* as written, with its `~` */
	int timeout_ms;
	char spool[RLG_PATH_MAX];
	char jobcomp_then[RLG_PATH_MAX]; /* "": none */
	char node_spool[RLG_PATH_MAX];
	int spool_after_ms;
	int spool_entries, spool_user_mb, spool_mb, spool_days;
};

void rlg_siteconf_default(struct rlg_siteconf *conf);

/*
 * Reads the file over the defaults.  A missing file is no error.  A line that cannot be used is passed over; the first
 * such one is told with file and line, and -EINVAL comes back: the rest is still good.
 */
int rlg_siteconf_read(const char *path, struct rlg_siteconf *conf, struct rlg_err *err);

#endif
