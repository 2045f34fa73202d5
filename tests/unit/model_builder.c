/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model for tests: see model_builder.h. */
#include "tests/unit/model_builder.h"

#include "lib/clock.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const default_phases[] = {"finetune", "eval"};

static const char *text_of(struct rlg_arena *arena, const cJSON *object, const char *name)
{
	return rlg_arena_strdup(arena, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)));
}

static int64_t moment_of(const cJSON *object)
{
	const cJSON *word = cJSON_GetObjectItemCaseSensitive(object, "word");

	return cJSON_IsNumber(word) ? (int64_t)word->valuedouble * RLG_SECOND_US : 0;
}

static void build_attempts(struct rlg_arena *arena, struct rlg_phase *phase, const cJSON *json)
{
	const cJSON *ids = cJSON_GetObjectItemCaseSensitive(json, "attempts"), *id;
	struct rlg_attempt *attempts;

	phase->n_attempts = ids != NULL ? (size_t)cJSON_GetArraySize(ids) : phase->job_id != NULL;
	attempts = rlg_arena_alloc(arena, (phase->n_attempts + 1) * sizeof(*attempts));
	attempts[0] = (struct rlg_attempt){.job_id = phase->job_id != NULL ? atoll(phase->job_id) : -1, .array_job_id = -1};
	size_t i = 0;
	cJSON_ArrayForEach(id, ids)
		attempts[i++] = (struct rlg_attempt){.job_id = atoll(cJSON_GetStringValue(id)), .array_job_id = -1};
	phase->attempts = attempts;
	phase->deciding = phase->n_attempts > 0 ? &attempts[phase->n_attempts - 1] : NULL;
}

static void build_phase(struct rlg_arena *arena, struct rlg_phase *phase, const char *name, const cJSON *json)
{
	const char *status = text_of(arena, json, "status");

	phase->name = rlg_arena_strdup(arena, name);
	phase->job_id = text_of(arena, json, "job_id");
	phase->output = text_of(arena, json, "output");
	phase->edit.status = text_of(arena, json, "edit");
	phase->word_us = moment_of(json);
	phase->status_text = rlg_status_parse(status, &phase->status) ? rlg_status_word(phase->status) : status;
	build_attempts(arena, phase, json);
}

static void build_run(struct rlg_model *model, struct rlg_run *run, const cJSON *json)
{
	const cJSON *phases = cJSON_GetObjectItemCaseSensitive(json, "phases"), *phase;

	run->name = text_of(model->arena, json, "name");
	run->type = text_of(model->arena, json, "type");
	run->planned = !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(json, "planned"));
	run->phases = rlg_arena_alloc(model->arena, (model->n_phases + (size_t)cJSON_GetArraySize(phases)) * sizeof(*run->phases));
	for (size_t i = 0; i < model->n_phases; i++)
		build_phase(model->arena, &run->phases[run->n_phases++], model->phases[i],
			    cJSON_GetObjectItemCaseSensitive(phases, model->phases[i]));
	cJSON_ArrayForEach(phase, phases) {
		if (rlg_run_phase(run, phase->string) == NULL)
			build_phase(model->arena, &run->phases[run->n_phases++], phase->string, phase);
	}
	for (size_t i = 0; i < run->n_phases; i++)
		run->word_us = run->phases[i].word_us > run->word_us ? run->phases[i].word_us : run->word_us;
	model->word_us = run->word_us > model->word_us ? run->word_us : model->word_us;
}

static void build_phases(struct rlg_model *model, const cJSON *names)
{
	const cJSON *name;

	model->phases = default_phases;
	model->n_phases = sizeof(default_phases) / sizeof(default_phases[0]);
	if (names == NULL)
		return;
	const char **list = rlg_arena_alloc(model->arena, (size_t)cJSON_GetArraySize(names) * sizeof(*list));
	model->n_phases = 0;
	cJSON_ArrayForEach(name, names)
		list[model->n_phases++] = rlg_arena_strdup(model->arena, cJSON_GetStringValue(name));
	model->phases = list;
}

struct rlg_model *rlg_build_model(struct rlg_arena *arena, const char *json)
{
	struct rlg_model *model = rlg_arena_alloc(arena, sizeof(*model));
	cJSON *root = cJSON_Parse(json);
	const cJSON *runs = cJSON_GetObjectItemCaseSensitive(root, "runs"), *run;

	if (root == NULL) {
		fprintf(stderr, "this is not a model: %s\n", json);
		exit(EXIT_FAILURE);
	}
	model->arena = arena;
	model->group_path = "/scratch/group";
	model->run_group = text_of(arena, root, "run_group");
	if (model->run_group == NULL)
		model->run_group = "cap_8L";
	build_phases(model, cJSON_GetObjectItemCaseSensitive(root, "phases"));
	model->runs = rlg_arena_alloc(arena, ((size_t)cJSON_GetArraySize(runs) + 1) * sizeof(*model->runs));
	cJSON_ArrayForEach(run, runs)
		build_run(model, &model->runs[model->n_runs++], run);
	for (size_t i = 0; i < model->n_runs; i++)
		model->counts[rlg_run_status(&model->runs[i])]++;
	cJSON_Delete(root);
	return model;
}
