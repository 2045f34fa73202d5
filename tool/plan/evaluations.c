/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evaluations that are phases of their own: see evaluations.h. */
#include "tool/plan/evaluations.h"

#include "tool/plan/evaluation.h"

#include <string.h>

bool rlg_has_single_evaluations(const struct rlg_model *model, const struct rlg_run *run)
{
	for (size_t i = model->n_phases; i < run->n_phases; i++)
		if (run->phases[i].n_attempts > 0)
			return true;
	return false;
}

static bool is_done(const struct rlg_phase *phase)
{
	return phase->status == RLG_STATUS_COMPLETED || phase->status == RLG_STATUS_SKIPPED;
}

static bool has_phase_for(const struct rlg_model *model, const struct rlg_run *run,
			  const struct rlg_planned_evaluation *planned)
{
	const char *name = planned->epoch < 0 ? planned->task
					      : rlg_arena_printf(model->arena, "%s_epoch_%ld", planned->task, planned->epoch);

	for (size_t i = model->n_phases; i < run->n_phases; i++)
		if (rlg_evaluation_is_same(model->arena, run->phases[i].name, name))
			return true;
	return false;
}

static bool all_are_done(const struct rlg_model *model, const struct rlg_run *run, const struct rlg_plan *plan)
{
	for (size_t i = model->n_phases; i < run->n_phases; i++)
		if (!is_done(&run->phases[i]))
			return false;
	for (size_t i = 0; i < plan->n_matrix; i++)
		if (strcmp(plan->matrix[i].run, run->name) == 0 && !has_phase_for(model, run, &plan->matrix[i]))
			return false;
	return true;
}

void rlg_evaluations_complete_run(const struct rlg_model *model, const struct rlg_plan *plan, struct rlg_run *run)
{
	struct rlg_phase *all = model->n_phases > 1 ? &run->phases[model->n_phases - 1] : NULL;

	if (all == NULL || all->status != RLG_STATUS_PENDING || all->n_attempts > 0 || all->edit.status != NULL ||
	    !rlg_has_single_evaluations(model, run) || !all_are_done(model, run, plan))
		return;
	all->status = RLG_STATUS_COMPLETED;
	all->status_text = rlg_status_word(all->status);
}

void rlg_evaluations_complete(struct rlg_model *model, const struct rlg_plan *plan)
{
	memset(model->counts, 0, sizeof(model->counts));
	for (size_t i = 0; i < model->n_runs; i++) {
		rlg_evaluations_complete_run(model, plan, &model->runs[i]);
		model->counts[rlg_run_status(&model->runs[i])]++;
	}
}
