/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evaluations that are phases of their own (cap_5L_epoch_0), beside the group's phase for all of them (eval).
 */
#ifndef RLG_EVALUATIONS_H
#define RLG_EVALUATIONS_H

#include "tool/model/model.h"
#include "tool/plan/plan.h"

/* Was any evaluation of the run submitted by itself? */
bool rlg_has_single_evaluations(const struct rlg_model *model, const struct rlg_run *run);

/*
 * The group's last phase, where nobody submitted it or said a word on it, is completed when all single evaluations of the
 * run are, those of the plan's matrix too: otherwise such a run would never be done.  Counts the runs anew.
 */
void rlg_evaluations_complete(struct rlg_model *model, const struct rlg_plan *plan);

/* The same for one run; counts nothing. */
void rlg_evaluations_complete_run(const struct rlg_model *model, const struct rlg_plan *plan, struct rlg_run *run);

#endif
