/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model for tests: see model_builder.h. */
#include "tests/unit/model_builder.h"

#include "lib/clock.h"
#include "tool/model/slurm_state.h"

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

static int64_t number_of(const cJSON *object, const char *name, int64_t otherwise)
{
	const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(number) ? (int64_t)number->valuedouble : otherwise;
}

/* One that "12" stands for. */
static struct rlg_attempt plain_attempt(const char *job_id)
{
	return (struct rlg_attempt){.job_id = job_id != NULL ? atoll(job_id) : -1,
				    .array_job_id = -1,
				    .array_task_id = -1,
				    .het_job_id = -1};
}

static struct rlg_attempt told_attempt(struct rlg_arena *arena, const cJSON *json)
{
	struct rlg_attempt attempt = plain_attempt(text_of(arena, json, "job_id"));
	const enum rlg_status *status;

	attempt.array_job_id = number_of(json, "array", -1);
	attempt.array_task_id = number_of(json, "task", -1);
	attempt.het_job_id = number_of(json, "het", -1);
	attempt.cluster = text_of(arena, json, "cluster");
	attempt.user = text_of(arena, json, "user");
	attempt.sid = text_of(arena, json, "sid");
	attempt.slurm_state = text_of(arena, json, "state");
	attempt.submit_us = number_of(json, "submit", 0) * RLG_SECOND_US;
	attempt.start_us = number_of(json, "start", 0) * RLG_SECOND_US;
	attempt.end_us = number_of(json, "end", 0) * RLG_SECOND_US;
	attempt.ended = attempt.end_us > 0;
	attempt.final = attempt.ended && !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(json, "final"));
	attempt.submission.host = text_of(arena, json, "host");
	attempt.submission.agent = text_of(arena, json, "agent");
	attempt.submission.session = text_of(arena, json, "session");
	status = rlg_slurm_status(attempt.slurm_state);
	attempt.status = attempt.ended && !attempt.final ? RLG_STATUS_SUBMITTED
			 : status != NULL		   ? *status
							   : RLG_STATUS_FAILED;
	return attempt;
}

static void build_attempts(struct rlg_arena *arena, struct rlg_phase *phase, const cJSON *json)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "attempts"), *one;
	struct rlg_attempt *attempts;
	size_t i = 0;

	phase->n_attempts = list != NULL ? (size_t)cJSON_GetArraySize(list) : phase->job_id != NULL;
	attempts = rlg_arena_alloc(arena, (phase->n_attempts + 1) * sizeof(*attempts));
	attempts[0] = plain_attempt(phase->job_id);
	cJSON_ArrayForEach(one, list)
		attempts[i++] = cJSON_IsObject(one) ? told_attempt(arena, one) : plain_attempt(cJSON_GetStringValue(one));
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
