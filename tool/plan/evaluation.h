/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of evaluations: a task, and the epoch whose checkpoint it looks at.
 *
 * People write `capitalization_epoch0`, `cap_5L_epoch_0`, `cap_5L-ep1`; base models have a task and no epoch.
 */
#ifndef RLG_EVALUATION_H
#define RLG_EVALUATION_H

#include "tool/base/arena.h"

#include <stdbool.h>

struct rlg_evaluation_name {
	const char *task;
	long epoch; /* -1: none */
};

/* "cap_5L_epoch_0" -> cap_5L, 0; a name without an epoch is all task. */
struct rlg_evaluation_name rlg_evaluation_parse(struct rlg_arena *arena, const char *name);

/* The same evaluation, however its epoch is written? */
bool rlg_evaluation_is_same(struct rlg_arena *arena, const char *left, const char *right);

/* "capitalization/epoch0"; without an epoch "capitalization". */
const char *rlg_evaluation_subject(struct rlg_arena *arena, const struct rlg_evaluation_name *name);

#endif
