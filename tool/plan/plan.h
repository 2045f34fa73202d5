/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is planned: the runs of a group, from runs_plan.md, experiment_summary.yaml or the folders.
 */
#ifndef RLG_PLAN_H
#define RLG_PLAN_H

#include "lib/err.h"
#include "tool/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct rlg_planned_run {
	const char *name;
	const char *type; /* the Type column ("Fine-tuned", "Control", "Base"), plain text; NULL */
	bool control; /* a base model: nothing to fine-tune */
};

/* Whether a run of that type is a base model: one of its words is control, base or baseline.  NULL is none. */
bool rlg_plan_is_control(const char *type);

/* One evaluation of the plan's matrix. */
struct rlg_planned_evaluation {
	const char *run;
	const char *task;
	long epoch; /* whose checkpoint is looked at; -1: the plan names none */
};

struct rlg_plan {
	const char *source; /* the file it came from, relative to the group; "folders" */
	const char *title; /* the group's name as the plan gives it; NULL */
	struct rlg_planned_run *runs; /* in the plan's order, each name once */
	size_t n_runs;
	const char **evaluations; /* names of evaluation tasks, in order, each once */
	size_t n_evaluations;
	struct rlg_planned_evaluation *matrix; /* which run is evaluated on what, in order; none where the plan does not say */
	size_t n_matrix;
};

/*
 * Reads the plan of the group whose folder is `group_path`.  `plan_path` (relative to it) is read if not NULL; otherwise
 * the first that exists of runs_plan.md, experiment_summary.yaml, and subfolders with a *.slurm file.  Returns 0;
 * -ENOENT with a sentence that says what was looked for and where; -EINVAL with file and line for a plan without runs or
 * with a run name that cannot be one.
 */
int rlg_plan_read(struct rlg_arena *arena, const char *group_path, const char *plan_path, struct rlg_plan *out_plan,
		  struct rlg_err *err);

/* The same from text that is at hand; `path` is for messages. */
int rlg_plan_parse_markdown(struct rlg_arena *arena, const char *path, const char *text, struct rlg_plan *out_plan,
			    struct rlg_err *err);
int rlg_plan_parse_summary(struct rlg_arena *arena, const char *path, const char *text, struct rlg_plan *out_plan,
			   struct rlg_err *err);

#endif
