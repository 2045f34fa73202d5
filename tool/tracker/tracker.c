/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of formats: see tracker.h. */
#include "tool/tracker/tracker.h"

const struct rlg_tracker *const rlg_trackers[] = {
	&rlg_tracker_runs_status,
	NULL,
};
