/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run groups that a user asked for from elsewhere (--run-group, RUNLEDGER_GROUP): ~/.local/state/runledger/groups, a
 * path a line.  slurmctld does not tell which group a job was submitted to; its folder tells it mostly, and this file
 * where it does not.  A help only: what is not in it is found by job id, by a node, or by `status --reconcile`.
 */
#ifndef RLG_MY_GROUPS_H
#define RLG_MY_GROUPS_H

#include "tool/base/arena.h"

#include <stddef.h>

/* Remembers an absolute path, once.  What cannot be remembered is let go. */
void rlg_my_groups_remember(const char *path);

/* The paths, newest last; how many: what 64 KiB hold.  None is no error. */
size_t rlg_my_groups(struct rlg_arena *arena, const char *const **out_paths);

#endif
