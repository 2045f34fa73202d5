/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The children of drain: one for each user, several at a time, so that one user's dead file system holds up nobody else.
 */
#ifndef RLG_DRAIN_CHILDREN_H
#define RLG_DRAIN_CHILDREN_H

#include "tool/base/arena.h"
#include "tool/drain/user.h"

/*
 * Delivers `entries`, which are sorted by user, and notes in each what became of it.  A child that is silent for too long
 * is killed, or left alone if even that does not help; its entries stay RLG_DRAINED_NOT.
 */
int rlg_drain_children(struct rlg_arena *arena, struct rlg_drain_entry *entries, size_t count,
		       const struct rlg_siteconf *site, struct rlg_err *err);

#endif
