/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Just as much of slurm.conf and plugstack.conf as tells whether and how our plugins are loaded.
 */
#ifndef RLG_SLURM_FILES_H
#define RLG_SLURM_FILES_H

#include "tool/base/arena.h"

#include <stdbool.h>

/* Where slurm.conf is: as `given`, as SLURM_CONF says, or in one of the usual places; NULL: nowhere. */
const char *rlg_slurm_conf_find(struct rlg_arena *arena, const char *given);

/* A setting of slurm.conf, or of what it includes; NULL: not set.  Of a setting that stands there twice the last one counts. */
const char *rlg_slurm_conf_value(struct rlg_arena *arena, const char *slurm_conf, const char *key);

/* plugstack.conf: beside slurm.conf, or where that says. */
const char *rlg_plugstack_path(struct rlg_arena *arena, const char *slurm_conf);

/* One line of plugstack.conf, or of what it includes, that loads a plugin. */
struct rlg_plugstack_line {
	const char *file;
	int number;
	bool required;
	const char *plugin; /* as written */
	const char *arguments; /* what follows, with single blanks between and around: " a=b c=d " */
};

typedef void rlg_plugstack_fn(void *context, const struct rlg_plugstack_line *line);
int rlg_plugstack_each(struct rlg_arena *arena, const char *path, rlg_plugstack_fn *tell, void *context);

#endif
