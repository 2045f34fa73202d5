/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `runledger init` found: see discovery.h. */
#include "tool/plan/discovery.h"

#include "tool/base/bytes.h"

/* An entry is to be read: of a sweep of hundreds the first few names will do. */
#define MOST_NAMES 12

static bool is_control(const struct rlg_run *run)
{
	return rlg_plan_is_control(run->type);
}

/* "a, b, c and 9 more" */
static void add_names(struct rlg_bytes *words, const struct rlg_model *model)
{
	size_t named = 0, more = 0;

	for (size_t i = 0; i < model->n_runs; i++) {
		if (!model->runs[i].planned)
			continue;
		if (named == MOST_NAMES)
			more++;
		else
			rlg_bytes_addf(words, "%s%s", named++ == 0 ? "" : ", ", model->runs[i].name);
	}
	if (more > 0)
		rlg_bytes_addf(words, " and %zu more", more);
}

void rlg_discoveries(struct rlg_arena *arena, const struct rlg_model *model, const struct rlg_plan *plan,
		     struct rlg_discovery out_list[RLG_DISCOVERIES])
{
	size_t runs = 0, controls = 0;
	struct rlg_bytes names, kinds;

	for (size_t i = 0; i < model->n_runs; i++) {
		runs += model->runs[i].planned;
		controls += model->runs[i].planned && is_control(&model->runs[i]);
	}
	rlg_bytes_init(&names, arena);
	rlg_bytes_init(&kinds, arena);
	add_names(&names, model);
	if (plan != NULL && plan->source != NULL)
		rlg_bytes_addf(&names, " (from %s)", plan->source);
	rlg_bytes_addf(&kinds, "%zu run%s to fine-tune", runs - controls, runs - controls == 1 ? "" : "s");
	if (controls > 0)
		rlg_bytes_addf(&kinds, ", %zu control%s", controls, controls == 1 ? "" : "s");
	out_list[0] = (struct rlg_discovery){
		"DISCOVER_EXPERIMENT", rlg_arena_printf(arena, "Found experiment at %s", model->group_path),
		rlg_arena_printf(arena, "%zu run%s configured", runs, runs == 1 ? "" : "s")};
	out_list[1] = (struct rlg_discovery){"IDENTIFY_RUNS", names.data, kinds.data};
}
