/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From records to the model: see fold.h.
 *
 * Every choice here depends on what the records say, never on the order in which they came: what was gathered of a run is
 * sorted first, and each id counts once.
 */
#include "tool/model/fold.h"

#include "tool/base/names.h"
#include "tool/model/run_pack.h"

#include <stdlib.h>
#include <string.h>

/* A run that is known, by whatever. */
struct known {
	const char *name;
	const char *type;
	bool planned;
	bool control;
	size_t plan_rank; /* its place in the plan; runs from elsewhere come behind, by name */
	struct rlg_gathered *gathered; /* NULL: none of its records was added here */
	struct rlg_folded folded;
};

#define NO_RANK ((size_t)-1)

struct rlg_fold {
	struct rlg_arena *arena;
	struct rlg_model *model;
	struct rlg_names *names;
	struct known *runs;
	size_t n_runs, room;
	size_t n_planned;
};

struct rlg_fold *rlg_fold_new(struct rlg_arena *arena, const char *group_path, const char *run_group,
			      const char *const *phases, size_t n_phases)
{
	struct rlg_fold *fold = rlg_arena_alloc(arena, sizeof(*fold));

	fold->arena = arena;
	fold->names = rlg_names_new(arena);
	fold->model = rlg_arena_alloc(arena, sizeof(*fold->model));
	*fold->model = (struct rlg_model){
		.arena = arena, .group_path = group_path, .run_group = run_group, .phases = phases, .n_phases = n_phases};
	fold->model->index = rlg_model_index_new(arena);
	return fold;
}

static struct known *run_called(struct rlg_fold *fold, const char *name)
{
	size_t at = rlg_names_find(fold->names, name);

	if (at != RLG_NAMES_NONE)
		return &fold->runs[at];
	if (fold->n_runs == fold->room) {
		fold->room = fold->room == 0 ? 16 : 2 * fold->room;
		fold->runs = rlg_arena_grow(fold->arena, fold->runs, fold->n_runs, fold->room, sizeof(*fold->runs));
	}
	struct known *run = &fold->runs[fold->n_runs];
	*run = (struct known){.name = rlg_arena_strdup(fold->arena, name), .plan_rank = NO_RANK};
	rlg_names_add(fold->names, run->name, fold->n_runs++);
	return run;
}

void rlg_fold_plan_run(struct rlg_fold *fold, const char *name, const char *type, bool control)
{
	struct known *run = run_called(fold, name);

	if (!run->planned)
		run->plan_rank = fold->n_planned++;
	run->planned = true;
	if (run->type == NULL)
		run->type = rlg_arena_strdup(fold->arena, type);
	run->control = run->control || control;
}

void rlg_fold_add(struct rlg_fold *fold, const char *name, const struct rlg_record *record)
{
	struct known *run = run_called(fold, name);

	fold->model->records++;
	if (run->gathered == NULL) {
		run->gathered = rlg_arena_alloc(fold->arena, sizeof(*run->gathered));
		rlg_gathered_init(run->gathered, fold->arena);
	}
	rlg_gathered_add(run->gathered, record);
}

void rlg_fold_pack(struct rlg_arena *scratch, const char *const *phases, size_t n_phases, const char *run,
		   struct rlg_gathered *gathered, struct rlg_bytes *to)
{
	struct rlg_folded folded;

	rlg_fold_gathered(scratch, phases, n_phases, run, gathered, &folded);
	rlg_run_pack(&folded, to);
}

bool rlg_fold_packed(struct rlg_fold *fold, const void *bytes, size_t count)
{
	struct rlg_folded folded;

	if (!rlg_run_unpack(fold->arena, bytes, count, &folded))
		return false;
	run_called(fold, folded.run.name)->folded = folded;
	return true;
}

/* Those whose records were added here go the same way as all others. */
static void fold_known(struct rlg_fold *fold, struct rlg_arena *scratch, struct known *run)
{
	struct rlg_gathered none;
	struct rlg_bytes packed;

	if (run->folded.run.name != NULL)
		return;
	rlg_gathered_init(&none, scratch);
	rlg_bytes_init(&packed, fold->arena);
	rlg_fold_pack(scratch, fold->model->phases, fold->model->n_phases, run->name,
		      run->gathered != NULL ? run->gathered : &none, &packed);
	rlg_fold_packed(fold, packed.data, packed.length);
	rlg_arena_empty(scratch);
}

/* What the plan says of a base model: nothing is fine-tuned, so that phase is no gap. */
static void skip_first_phase_of_control(struct rlg_run *run)
{
	if (run->n_phases < 2 || run->phases[0].n_attempts > 0 || run->phases[0].edit.status != NULL)
		return;
	run->phases[0].status = RLG_STATUS_SKIPPED;
	run->phases[0].status_text = rlg_status_word(RLG_STATUS_SKIPPED);
}

/* Where nothing is planned nothing is out of plan. */
static bool is_known(const struct rlg_fold_plan *plan, const struct rlg_folded *folded)
{
	return plan->planned || folded->asked || !folded->unknown || !plan->any_planned;
}

static void complete_run(const struct rlg_fold_plan *plan, const struct rlg_folded *folded, struct rlg_run *out_run)
{
	*out_run = folded->run;
	out_run->type = plan->type;
	out_run->planned = is_known(plan, folded);
	if (plan->control)
		skip_first_phase_of_control(out_run);
}

bool rlg_fold_one(struct rlg_arena *arena, const struct rlg_fold_plan *plan, const void *bytes, size_t count,
		  struct rlg_run *out_run)
{
	struct rlg_folded folded;

	if (!rlg_run_unpack(arena, bytes, count, &folded))
		return false;
	complete_run(plan, &folded, out_run);
	return true;
}

static int compare_words(const char *left, const char *right)
{
	return strcmp(left == NULL ? "" : left, right == NULL ? "" : right);
}

static int compare_logged(const void *left, const void *right)
{
	const struct rlg_logged *a = left, *b = right;
	const char *const words[][2] = {{a->run, b->run},	  {a->action, b->action}, {a->subject, b->subject},
					{a->details, b->details}, {a->result, b->result}, {a->phase, b->phase}};
	int order = 0;

	if (a->time_us != b->time_us)
		return a->time_us < b->time_us ? -1 : 1;
	for (size_t i = 0; order == 0 && i < sizeof(words) / sizeof(words[0]); i++)
		order = compare_words(words[i][0], words[i][1]);
	if (order == 0 && a->job_id != b->job_id)
		order = a->job_id < b->job_id ? -1 : 1;
	return order;
}

/* What the action logs are to say besides. */
static void take_logged(struct rlg_fold *fold)
{
	struct rlg_model *model = fold->model;
	size_t count = 0;

	for (size_t r = 0; r < fold->n_runs; r++)
		count += fold->runs[r].folded.n_logged;
	model->logged = rlg_arena_alloc(fold->arena, count * sizeof(*model->logged) + 1);
	for (size_t r = 0; r < fold->n_runs; r++)
		for (size_t i = 0; i < fold->runs[r].folded.n_logged; i++)
			model->logged[model->n_logged++] = fold->runs[r].folded.logged[i];
	if (count > 1)
		qsort(model->logged, count, sizeof(*model->logged), compare_logged);
}

static int compare_known(const void *left, const void *right)
{
	const struct known *a = *(const struct known *const *)left, *b = *(const struct known *const *)right;

	if (a->plan_rank != b->plan_rank)
		return a->plan_rank < b->plan_rank ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* The runs in their order, which they mostly have. */
static struct known **in_order(struct rlg_fold *fold)
{
	struct known **runs = rlg_arena_alloc(fold->arena, fold->n_runs * sizeof(*runs) + 1);
	bool sorted = true;

	for (size_t i = 0; i < fold->n_runs; i++) {
		runs[i] = &fold->runs[i];
		sorted = sorted && (i == 0 || compare_known(&runs[i - 1], &runs[i]) < 0);
	}
	if (!sorted)
		qsort(runs, fold->n_runs, sizeof(*runs), compare_known);
	return runs;
}

static void place_run(struct rlg_fold *fold, struct known *known, struct rlg_run *run)
{
	const struct rlg_fold_plan plan = {known->type, known->planned, known->control, fold->n_planned > 0};

	complete_run(&plan, &known->folded, run);
	fold->model->counts[rlg_run_status(run)]++;
	if (run->word_us > fold->model->word_us)
		fold->model->word_us = run->word_us;
}

struct rlg_model *rlg_fold_finish(struct rlg_fold *fold)
{
	RLG_ARENA struct rlg_arena *scratch = rlg_arena_new();
	struct rlg_model *model = fold->model;

	for (size_t i = 0; i < fold->n_runs; i++)
		fold_known(fold, scratch, &fold->runs[i]);
	struct known **runs = in_order(fold);
	model->runs = rlg_arena_alloc(fold->arena, fold->n_runs * sizeof(*model->runs) + 1);
	model->n_runs = fold->n_runs;
	for (size_t i = 0; i < fold->n_runs; i++)
		place_run(fold, runs[i], &model->runs[i]);
	take_logged(fold);
	return model;
}
