/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run group at hand: its folder, its settings, its plan, and from the records its model.
 */
#ifndef RLG_GROUP_H
#define RLG_GROUP_H

#include "lib/err.h"
#include "tool/base/arena.h"
#include "tool/base/reach.h"
#include "tool/plan/config.h"
#include "tool/model/model.h"
#include "tool/plan/plan.h"

#include <stdbool.h>

struct rlg_group {
	struct rlg_arena *arena; /* owns everything below */
	const char *path; /* absolute, without symbolic links */
	struct rlg_config config;
	uint64_t config_sum; /* of the text of config.yaml, and of whose it is */
	struct rlg_reach reach; /* how far it may lead us */
	struct rlg_plan plan; /* without runs where there is none: that is not an error here */
	struct rlg_err plan_problem; /* why the plan could not be read; "" if it could, or there is none */
	int unread; /* the errno of why the plan could not be read just now, and may be the next time; else 0 */
};

/*
 * Opens the group that `where` names: a group's folder, any folder inside it, or NULL for the current folder.
 * Returns 0; -ENOENT when there is no group ("... is not in a run group; `runledger init` makes one"); -EINVAL for
 * a config.yaml that does not parse, with file and line.  Whatever comes back, rlg_group_close() ends it.
 */
int rlg_group_open(const char *where, struct rlg_group *out_group, struct rlg_err *err);
void rlg_group_close(struct rlg_group *group);

/* Its name: the config's, else the plan's title, else the folder's. */
const char *rlg_group_name(const struct rlg_group *group);

/* Absolute path of `relative` in the group, in the group's arena; an absolute one comes back as it is. */
const char *rlg_group_path(const struct rlg_group *group, const char *relative);

/*
 * The state of all runs, from the snapshot and what came into any status file since; and what lies on disk.  Writes
 * nothing.  Damaged lines are counted in model->damaged, and are no error; model->unread is set where records, the plan or a
 * tracker with runs cannot be read just now.  The model belongs to the group's arena.  Also counts runs that only a tracker
 * knows.  (load.c)
 */
int rlg_group_load(struct rlg_group *group, struct rlg_model **out_model, struct rlg_err *err);

#endif
