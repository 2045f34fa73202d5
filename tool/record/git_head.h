/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which commit a folder's git checkout stands at, read from git's own files: no git is run.
 */
#ifndef RLG_GIT_HEAD_H
#define RLG_GIT_HEAD_H

#include "tool/base/arena.h"

#include <stdbool.h>

struct rlg_git_head {
	const char *commit; /* in hexadecimal */
	const char *branch; /* NULL: detached */
};

/* False where `folder` (absolute) is in no checkout, or it cannot be told. */
bool rlg_git_head_read(struct rlg_arena *arena, const char *folder, struct rlg_git_head *out_head);

#endif
