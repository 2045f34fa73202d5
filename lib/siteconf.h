/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The site's settings, runledger.conf: lines of `key = value`, `#` begins a comment.  Read by the plugins and the tool.
 *
 *     track = groups | all      which jobs are tracked: those of a run group (the default), or every job
 *     default_group = PATH      where `track = all` keeps jobs without a group; `~` is the user's home [~/runledger]
 *     timeout_ms = NUMBER       the longest that a submission or an epilog may wait for us [2000]
 *     spool = PATH              where slurmctld's records wait for `runledger drain` [RLG_SPOOL_PATH]
 *     jobcomp_then = PATH       the site's former jobcomp script, which `runledger jobcomp` becomes [none]
 */
#ifndef RLG_SITECONF_H
#define RLG_SITECONF_H

#include "lib/err.h"
#include "lib/layout.h"

#include <stdbool.h>

/* slurmctld's spool (lib/spool.h); owned by SlurmUser, closed to everybody else. */
#define RLG_SPOOL_PATH RLG_LOCALSTATEDIR "/spool/runledger/slurmctld"

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
};

void rlg_siteconf_default(struct rlg_siteconf *conf);

/*
 * Reads the file over the defaults.  A missing file is no error.  A line that cannot be used is passed over; the first
 * such one is told with file and line, and -EINVAL comes back: the rest is still good.
 */
int rlg_siteconf_read(const char *path, struct rlg_siteconf *conf, struct rlg_err *err);

#endif
