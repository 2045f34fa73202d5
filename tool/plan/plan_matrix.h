/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which run a plan wants evaluated on which task, at which epochs.  For plan.c.
 *
 * A run or a task whose name cannot be one is passed over, as in the rest of the plan.
 */
#ifndef RLG_PLAN_MATRIX_H
#define RLG_PLAN_MATRIX_H

#include "tool/base/md_table.h"
#include "tool/plan/plan.h"
#include "tool/base/yaml_doc.h"

/*
 * The tables of the section `Evaluation Matrix`, into plan->matrix.  Either a column for each task ("cap_8L", "cap_8L
 * epoch_0"), with a tick, or the epochs, where it is planned and a dash where it is not; or a row for each evaluation, with
 * columns Task and Epoch.
 */
void rlg_plan_matrix_markdown(struct rlg_arena *arena, const struct rlg_md_doc *doc, struct rlg_plan *plan);

/* The list `matrix` of experiment_summary.yaml: members {run, tasks: [...], epochs: [...]}.  NULL: there is none. */
void rlg_plan_matrix_summary(struct rlg_arena *arena, const struct rlg_yaml_node *matrix, struct rlg_plan *plan);

#endif
