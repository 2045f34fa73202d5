/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking at a group again and again: its state now, what it was at the look before, and the sleep in between.
 */
#ifndef RLG_LOOK_H
#define RLG_LOOK_H

#include "tool/follow/follow.h"
#include "tool/group/group.h"

struct rlg_look {
	const char *path; /* of the group; absolute */
	struct rlg_follow *follow;
	struct rlg_model *model; /* as it is, jobs without a word marked (silence.h); NULL: there was no look yet */
	struct rlg_model *before; /* at the look before; NULL: there was none */
	struct rlg_group group, group_before; /* own the models */
	int64_t silent_next_ms; /* when a job becomes silent next (lib/clock.h, monotonic); -1: none will */
};

/*
 * Opens the group as rlg_group_open() does, begins to follow it, and looks; in this order, so that nothing is missed.
 * Returns 0 or a negative errno.  Whatever comes back, rlg_look_close() ends it.
 */
int rlg_look_open(struct rlg_look *out_look, const char *where, struct rlg_err *err);
void rlg_look_close(struct rlg_look *look);

/*
 * Looks again; the model before it lives until the next look.  -ENOENT: the group is gone.  Any other failure (a
 * config.yaml that somebody is editing) leaves the look as it was: try again at the next news.
 */
int rlg_look_again(struct rlg_look *look, struct rlg_err *err);

#endif
