/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run that a person names: see named_run.h. */
#include "tool/cmd/named_run.h"

#include <string.h>

int rlg_unknown_run(const struct rlg_options *options, const struct rlg_model *model, const char *name)
{
	struct rlg_nearest nearest = {.word = name};

	for (size_t i = 0; i < model->n_runs; i++)
		rlg_nearest_offer(&nearest, model->runs[i].name);
	return rlg_unknown_name(options, &nearest, "run", model->run_group);
}

const struct rlg_run *rlg_named_run(const struct rlg_options *options, const struct rlg_model *model, const char *words,
				    const struct rlg_phase **out_phase)
{
	const char *slash = strchr(words, '/');
	const char *name = slash == NULL ? words : rlg_arena_strndup(model->arena, words, (size_t)(slash - words));
	const struct rlg_run *run = rlg_model_run(model, name);
	struct rlg_nearest nearest = {.word = slash == NULL ? "" : slash + 1};

	*out_phase = NULL;
	if (run == NULL) {
		rlg_unknown_run(options, model, name);
		return NULL;
	}
	if (slash == NULL || (*out_phase = rlg_run_phase(run, slash + 1)) != NULL)
		return run;
	for (size_t i = 0; i < run->n_phases; i++)
		rlg_nearest_offer(&nearest, run->phases[i].name);
	rlg_unknown_name(options, &nearest, "phase", run->name);
	return NULL;
}
