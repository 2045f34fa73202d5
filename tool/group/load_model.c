/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what is known of each run to the model of all: see load_runs.h. */
#include "tool/group/load_runs.h"

#include "lib/clock.h"
#include "tool/plan/evaluations.h"
#include "tool/plan/found.h"

#include <stdlib.h>
#include <string.h>

static int compare_told(const void *left, const void *right)
{
	const struct rlg_known_run *a = *(const struct rlg_known_run *const *)left;
	const struct rlg_known_run *b = *(const struct rlg_known_run *const *)right;

	return a->told < b->told ? -1 : a->told > b->told;
}

static void plan_told(struct rlg_load *load, struct rlg_fold *fold)
{
	const struct rlg_known_run **told = rlg_arena_alloc(load->group->arena, (load->n_runs + 1) * sizeof(*told));
	bool sorted = true;
	size_t n = 0;

	for (size_t i = 0; i < load->n_runs; i++) {
		if (load->runs[i].told == 0)
			continue;
		sorted = sorted && (n == 0 || told[n - 1]->told < load->runs[i].told);
		told[n++] = &load->runs[i];
	}
	if (!sorted)
		qsort(told, n, sizeof(*told), compare_told);
	for (size_t i = 0; i < n; i++)
		rlg_fold_plan_run(fold, told[i]->name, NULL, false);
}

/* False: what the snapshot holds of a run is not what was packed. */
static bool fold(struct rlg_load *load, struct rlg_model **out_model)
{
	if (!rlg_known_runs_fetch(load))
		return false;
	struct rlg_group *group = load->group;
	const struct rlg_plan *plan = &group->plan;
	struct rlg_fold *all = rlg_fold_new(group->arena, group->path, rlg_group_name(group), group->config.phases,
					    group->config.n_phases);

	for (size_t i = 0; i < plan->n_runs; i++)
		rlg_fold_plan_run(all, plan->runs[i].name, plan->runs[i].type, plan->runs[i].control);
	/* Runs that people put into a tracker by hand.  One that does not parse is told by the refresh, not here. */
	plan_told(load, all);
	for (size_t i = 0; i < load->n_runs; i++)
		if (load->runs[i].folded_length > 0 &&
		    !rlg_fold_packed(all, load->runs[i].folded, load->runs[i].folded_length))
			return false;
	*out_model = rlg_fold_finish(all);
	return true;
}

/* Looks at what lies on disk of a run, or fills in what did. */
static bool find(struct rlg_load *load, struct rlg_model *model, struct rlg_run *run, struct rlg_known_run *known,
		 bool look_again)
{
	struct rlg_group *group = load->group;
	struct rlg_bytes found;

	if (!look_again && known->found_length > 0)
		return rlg_found_unpack(group->arena, known->found, known->found_length, run);
	rlg_bytes_init(&found, group->arena);
	rlg_found_look(model, &group->config, &group->plan, run, &found);
	if (found.length == known->found_length &&
	    (found.length == 0 || memcmp(found.data, known->found, found.length) == 0))
		return true;
	known->found = found.data;
	known->found_length = found.length;
	known->repacked = known->changed = true;
	return true;
}

/* The runs behind those of the plan stand as trackers name them, then by name: do they stand so as they did before? */
static bool is_in_old_order(struct rlg_load *load, const struct rlg_model *model)
{
	const struct rlg_known_run *before = NULL;

	for (size_t i = load->group->plan.n_runs; i < model->n_runs; i++) {
		const struct rlg_known_run *run = rlg_known_run(load, model->runs[i].name, false);
		if (run == NULL || run->changed_at == 0)
			continue;
		uint64_t here = run->told_before - 1, there = before == NULL ? 0 : before->told_before - 1; /* 0: last */
		if (before != NULL && (here < there || (here == there && strcmp(run->name, before->name) < 0)))
			return false;
		before = run;
	}
	return true;
}

/* The sequence at which what has changed since the model before has changed. */
static void count_changes(struct rlg_load *load)
{
	uint64_t now = (uint64_t)rlg_clock_now_us();
	bool news = load->moved;

	for (size_t i = 0; i < load->n_runs && !news; i++)
		news = load->runs[i].changed && rlg_known_run_is_shown(&load->runs[i]);
	if (news || load->sequence == 0)
		load->sequence = now > load->sequence ? now : load->sequence + 1;
	if (load->moved)
		load->moved_at = load->sequence;
	load->moved = load->told_changed = false;
	for (size_t i = 0; i < load->n_runs; i++) {
		struct rlg_known_run *run = &load->runs[i];
		if (run->changed)
			run->changed_at = load->sequence;
		run->changed = false;
		run->told_before = run->told;
	}
}

/* Keeps of a run of the model what a brief one has to have. */
static void keep_shown(struct rlg_known_run *known, const struct rlg_run *run, uint64_t rank)
{
	enum rlg_status status = rlg_run_status(run);

	if (known->planned != run->planned || known->changed_at == 0)
		known->changed = true;
	known->dirty = known->dirty || known->changed || known->status != status || known->word_us != run->word_us ||
		       known->rank != rank;
	known->planned = run->planned;
	known->status = status;
	known->word_us = run->word_us;
	known->rank = rank;
}

/* Runs that are not in the model any more are not in the plan, either. */
static void forget_ranks(struct rlg_load *load)
{
	for (size_t i = 0; i < load->n_runs; i++) {
		struct rlg_known_run *run = &load->runs[i];
		if (run->rank == 0 || run->shown_in == load->models)
			continue;
		run->rank = 0;
		run->dirty = true;
	}
}

static void count_records(const struct rlg_load *load, struct rlg_model *model)
{
	model->records = model->damaged = 0;
	for (size_t i = 0; i < load->n_runs; i++) {
		model->records += load->runs[i].records;
		model->damaged += load->runs[i].damaged;
	}
}

/* What the model has beside its records; and what of it is new. */
static bool complete(struct rlg_load *load, struct rlg_model *model, bool all_disk)
{
	struct rlg_known_run **all = rlg_arena_alloc(load->group->arena, (model->n_runs + 1) * sizeof(struct rlg_known_run *));

	rlg_evaluations_complete(model, &load->group->plan);
	load->moved = load->moved || (load->told_changed && !is_in_old_order(load, model));
	load->unknown_planned = 0;
	load->models++;
	for (size_t i = 0; i < model->n_runs; i++) {
		struct rlg_run *run = &model->runs[i];
		struct rlg_known_run *known = all[i] = rlg_known_run(load, run->name, false);
		load->unknown_planned += known == NULL && run->planned;
		if (known == NULL)
			continue;
		if (known->folded_length > 0 && !find(load, model, run, known, all_disk || known->read_in == load->looks))
			return false;
		known->shown_in = load->models;
		keep_shown(known, run, i < load->group->plan.n_runs ? i + 1 : 0);
	}
	forget_ranks(load);
	count_records(load, model);
	count_changes(load);
	for (size_t i = 0; i < model->n_runs; i++)
		model->runs[i].changed_at = all[i] != NULL ? all[i]->changed_at : 1;
	model->sequence = load->sequence;
	return true;
}


bool rlg_load_fold(struct rlg_load *load, bool all_disk, struct rlg_model **out_model)
{
	load->brief = NULL;
	return fold(load, out_model) && complete(load, *out_model, all_disk);
}

/* ---- a brief one ---- */

/* What the plan says of a run; false: it is another's word. */
static bool find_plan(const struct rlg_load *load, const struct rlg_known_run *known, struct rlg_fold_plan *out_plan)
{
	const struct rlg_plan *plan = &load->group->plan;

	*out_plan = (struct rlg_fold_plan){.planned = known->rank != 0 || known->told != 0, .any_planned = load->any_planned};
	if (known->rank == 0)
		return true;
	if (known->rank > plan->n_runs || strcmp(plan->runs[known->rank - 1].name, known->name) != 0)
		return false;
	out_plan->type = plan->runs[known->rank - 1].type;
	out_plan->control = plan->runs[known->rank - 1].control;
	return true;
}

/* One run as a whole model has it. */
static bool fill_run(struct rlg_load *load, struct rlg_model *model, struct rlg_run *run, struct rlg_known_run *known)
{
	struct rlg_fold_plan plan;
	uint64_t changed_at = run->changed_at;

	/* One without records is planned, and changes with the plan alone. */
	if (!rlg_known_run_fetch(load, known) || known->folded_length == 0 || !find_plan(load, known, &plan) ||
	    !rlg_fold_one(load->group->arena, &plan, known->folded, known->folded_length, run))
		return false;
	run->changed_at = changed_at;
	rlg_evaluations_complete_run(model, &load->group->plan, run);
	return find(load, model, run, known, known->read_in == load->looks);
}

/* Is all as it was, but for the records that came?  Otherwise runs may have come into other places than they had. */
static bool can_be_brief(struct rlg_load *load, struct rlg_known_run *const *runs, size_t n)
{
	size_t n_ranked = 0;

	load->any_planned = false;
	for (size_t i = 0; i < n; i++) {
		n_ranked += runs[i]->rank != 0;
		load->any_planned = load->any_planned || runs[i]->rank != 0 || runs[i]->told != 0;
	}
	return !load->told_changed && !load->moved && n_ranked == load->group->plan.n_runs;
}

static struct rlg_model *new_brief(struct rlg_load *load, size_t n)
{
	struct rlg_group *group = load->group;
	struct rlg_model *model = rlg_arena_alloc(group->arena, sizeof(*model));

	*model = (struct rlg_model){.arena = group->arena,
				    .group_path = group->path,
				    .run_group = rlg_group_name(group),
				    .phases = group->config.phases,
				    .n_phases = group->config.n_phases,
				    .n_runs = n,
				    .index = rlg_model_index_new(group->arena),
				    .brief = true};
	model->runs = rlg_arena_alloc(group->arena, n * sizeof(*model->runs) + 1);
	return model;
}

/* What came is made whole, of all others it is enough what they are called. */
static bool fill_news(struct rlg_load *load, struct rlg_model *model)
{
	for (size_t i = 0; i < model->n_runs; i++) {
		struct rlg_known_run *known = load->brief[i];
		struct rlg_run *run = &model->runs[i];
		*run = (struct rlg_run){.name = known->name, .planned = known->planned, .word_us = known->word_us};
		if (known->rank != 0)
			run->type = load->group->plan.runs[known->rank - 1].type;
		if (!known->changed && known->read_in != load->looks)
			continue;
		if (!fill_run(load, model, run, known))
			return false;
		keep_shown(known, run, known->rank);
	}
	return true;
}

bool rlg_load_brief(struct rlg_load *load, struct rlg_model **out_model)
{
	size_t n;

	load->brief = rlg_known_runs_in_order(load, &n);
	if (!can_be_brief(load, load->brief, n))
		return false;
	struct rlg_model *model = new_brief(load, n);
	if (!fill_news(load, model))
		return false;
	load->unknown_planned = 0;
	count_records(load, model);
	count_changes(load);
	for (size_t i = 0; i < n; i++) {
		struct rlg_run *run = &model->runs[i];
		run->changed_at = load->brief[i]->changed_at;
		model->counts[load->brief[i]->status]++;
		model->word_us = run->word_us > model->word_us ? run->word_us : model->word_us;
	}
	model->sequence = load->sequence;
	*out_model = model;
	return true;
}

bool rlg_load_fill(struct rlg_load *load, struct rlg_model *model, uint64_t since)
{
	for (size_t i = 0; model->brief && i < model->n_runs; i++) {
		struct rlg_run *run = &model->runs[i];
		if (run->changed_at > since && run->phases == NULL && !fill_run(load, model, run, load->brief[i]))
			return false;
	}
	return true;
}
