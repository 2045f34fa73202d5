/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking away what refreshes left that were killed (base/leftovers.h), where refreshes write.
 */
#ifndef RLG_SWEEP_H
#define RLG_SWEEP_H

#include "tool/base/names.h"
#include "tool/group/group.h"
#include "tool/group/tracker_file.h"

/* For whoever looks at all of a group: a folder may have many files, and listing it is not for every end of a job. */
struct rlg_sweep {
	struct rlg_group *group;
	struct rlg_names *done; /* folders */
	size_t n_done;
};

struct rlg_sweep rlg_sweep_begin(struct rlg_group *group);

/* The folders below .runledger that refreshes write in. */
void rlg_sweep_own(struct rlg_sweep *sweep);

/* Those that a tracker's files lie in, within the group. */
void rlg_sweep_places(struct rlg_sweep *sweep, const struct rlg_tracker_places *places);

#endif
