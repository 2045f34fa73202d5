/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small questions that everybody asks the model: see model.h. */
#include "tool/model/model.h"

#include "tool/base/names.h"

#include <string.h>

/* Below this the runs are looked at from end to end. */
#define INDEX_FROM 12

struct rlg_model_index {
	struct rlg_arena *arena;
	struct rlg_names *names; /* NULL: nobody has asked yet */
	const struct rlg_run *runs; /* that it was made of */
	size_t n_runs;
};

static const char *const status_words[] = {
	[RLG_STATUS_PENDING] = "pending",     [RLG_STATUS_SUBMITTED] = "submitted",
	[RLG_STATUS_RUNNING] = "running",     [RLG_STATUS_COMPLETED] = "completed",
	[RLG_STATUS_FAILED] = "failed",	      [RLG_STATUS_SKIPPED] = "skipped",
};
_Static_assert(sizeof(status_words) / sizeof(status_words[0]) == RLG_STATUS_COUNT, "a word for each status");

const char *rlg_status_word(enum rlg_status status)
{
	return status_words[status];
}

bool rlg_status_parse(const char *word, enum rlg_status *out_status)
{
	for (size_t i = 0; i < RLG_STATUS_COUNT; i++) {
		if (word != NULL && strcmp(word, status_words[i]) == 0) {
			*out_status = (enum rlg_status)i;
			return true;
		}
	}
	return false;
}

struct rlg_model_index *rlg_model_index_new(struct rlg_arena *arena)
{
	struct rlg_model_index *index = rlg_arena_alloc(arena, sizeof(*index));

	index->arena = arena;
	return index;
}

/* Made when somebody asks, and anew when there are other runs than before. */
static const struct rlg_names *names_of(const struct rlg_model *model)
{
	struct rlg_model_index *index = model->index;

	if (index->names != NULL && index->runs == model->runs && index->n_runs == model->n_runs)
		return index->names;
	index->names = rlg_names_new(index->arena);
	index->runs = model->runs;
	index->n_runs = model->n_runs;
	for (size_t i = 0; i < model->n_runs; i++)
		rlg_names_add(index->names, model->runs[i].name, i);
	return index->names;
}

struct rlg_run *rlg_model_run(const struct rlg_model *model, const char *name)
{
	if (model->index != NULL && model->n_runs >= INDEX_FROM) {
		size_t i = rlg_names_find(names_of(model), name);
		return i != RLG_NAMES_NONE ? &model->runs[i] : NULL;
	}
	for (size_t i = 0; i < model->n_runs; i++) {
		if (strcmp(model->runs[i].name, name) == 0)
			return &model->runs[i];
	}
	return NULL;
}

struct rlg_phase *rlg_run_phase(const struct rlg_run *run, const char *name)
{
	for (size_t i = 0; i < run->n_phases; i++) {
		if (strcmp(run->phases[i].name, name) == 0)
			return &run->phases[i];
	}
	return NULL;
}

/* One phase in this state gives the run its word, the first of these that any phase is in. */
static const enum rlg_status loudest[] = {RLG_STATUS_FAILED, RLG_STATUS_RUNNING, RLG_STATUS_SUBMITTED};

enum rlg_status rlg_run_status(const struct rlg_run *run)
{
	size_t counts[RLG_STATUS_COUNT] = {0};

	for (size_t i = 0; i < run->n_phases; i++)
		counts[run->phases[i].status]++;
	for (size_t i = 0; i < sizeof(loudest) / sizeof(loudest[0]); i++) {
		if (counts[loudest[i]] > 0)
			return loudest[i];
	}
	if (counts[RLG_STATUS_PENDING] > 0 || run->n_phases == 0)
		return RLG_STATUS_PENDING;
	return counts[RLG_STATUS_COMPLETED] > 0 ? RLG_STATUS_COMPLETED : RLG_STATUS_SKIPPED;
}
