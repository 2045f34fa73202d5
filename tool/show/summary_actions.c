/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Next actions: see summary.h. */
#include "tool/show/again.h"
#include "tool/base/bytes.h"
#include "tool/plan/evaluations.h"
#include "tool/show/summary.h"

#include <inttypes.h>
#include <string.h>

/* Of a kind; the rest is told as a number, as a list of hundreds is not read. */
#define ACTIONS_MOST 5

struct maker {
	struct rlg_arena *arena;
	const struct rlg_model *model;
	struct rlg_scripts scripts;
	struct rlg_actions actions;
	size_t room;
};

static void add(struct maker *maker, enum rlg_action_kind kind, const char *words, const char *code)
{
	struct rlg_actions *actions = &maker->actions;

	if (actions->n == maker->room) {
		maker->room = maker->room > 0 ? 2 * maker->room : 16;
		actions->list = rlg_arena_grow(maker->arena, actions->list, actions->n, maker->room,
					       sizeof(actions->list[0]));
	}
	actions->list[actions->n++] = (struct rlg_action){.kind = kind, .words = words, .code = code};
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static size_t count_phases(const struct rlg_model *model, const char *name, enum rlg_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < model->n_runs; i++) {
		const struct rlg_phase *phase = rlg_run_phase(&model->runs[i], name);

		count += phase != NULL && phase->status == status;
	}
	return count;
}

static void add_phase_progress(struct maker *maker, const char *name)
{
	static const struct {
		enum rlg_status status;
		const char *where;
	} states[] = {{RLG_STATUS_RUNNING, "in progress"}, {RLG_STATUS_SUBMITTED, "in the queue"}};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		size_t count = count_phases(maker->model, name, states[i].status);

		if (count == 0)
			continue;
		if (maker->actions.n == 0)
			add(maker, RLG_ACTION_MONITOR, "Monitor running jobs", "runledger status");
		add(maker, RLG_ACTION_IN_PROGRESS,
		    rlg_arena_printf(maker->arena, "%zu %s job%s %s", count, name, plural(count), states[i].where),
		    NULL);
	}
}

static void add_progress(struct maker *maker)
{
	size_t n_phases;
	const char *const *phases = rlg_summary_columns(maker->arena, maker->model, &n_phases);

	for (size_t i = 0; i < n_phases; i++)
		add_phase_progress(maker, phases[i]);
}

static size_t count_silent(const struct rlg_model *model)
{
	size_t count = 0;

	for (size_t i = 0; i < model->n_runs; i++)
		for (size_t j = 0; j < model->runs[i].n_phases; j++)
			for (size_t k = 0; k < model->runs[i].phases[j].n_attempts; k++)
				count += model->runs[i].phases[j].attempts[k].silent_since_us > 0;
	return count;
}

static void add_silent(struct maker *maker)
{
	size_t count = count_silent(maker->model);

	if (count > 0)
		add(maker, RLG_ACTION_SILENT,
		    rlg_arena_printf(maker->arena, "No word of %zu job%s that should have been heard of; ask Slurm, once",
				     count, plural(count)),
		    "runledger status --reconcile");
}

static void add_failure(struct maker *maker, const struct rlg_run *run, const struct rlg_phase *phase)
{
	const struct rlg_attempt *attempt = phase->deciding;
	const char *log = attempt != NULL ? attempt->stdout_path : NULL;
	struct rlg_bytes words;

	rlg_bytes_init(&words, maker->arena);
	rlg_bytes_addf(&words, "Look at %s of %s", phase->name, run->name);
	if (phase->job_id != NULL)
		rlg_bytes_addf(&words, ", job %s", phase->job_id);
	rlg_bytes_addf(&words, " (%s)",
		       attempt != NULL ? rlg_summary_cause(maker->arena, attempt) : "marked as failed by hand");
	if (log != NULL)
		rlg_bytes_add(&words, "; its log");
	add(maker, RLG_ACTION_FAILURE, words.data, log);
	const char *again = rlg_again_command(maker->arena, &maker->scripts, run, phase);
	if (again != NULL)
		add(maker, RLG_ACTION_AGAIN,
		    rlg_arena_printf(maker->arena, "Submit %s of %s again%s", phase->name, run->name,
				     rlg_again_advice(maker->arena, phase)),
		    again);
}

static bool is_done(const struct rlg_phase *phase)
{
	return phase->status == RLG_STATUS_COMPLETED || phase->status == RLG_STATUS_SKIPPED;
}

static bool is_group_phase(const struct rlg_model *model, const char *name)
{
	for (size_t i = 0; i < model->n_phases; i++)
		if (strcmp(model->phases[i], name) == 0)
			return true;
	return false;
}

/*
 * The phase that had to be done before phase `at` of the run, if all such are done; NULL if it cannot be submitted, or
 * has none before it.  The group's phases follow each other; others (single evaluations) only follow the first one.
 */
static const struct rlg_phase *done_before(const struct rlg_model *model, const struct rlg_run *run, size_t at)
{
	size_t needed = is_group_phase(model, run->phases[at].name) ? at : 1;

	if (at == 0 || run->phases[at].status != RLG_STATUS_PENDING)
		return NULL;
	/* Its evaluations are submitted one by one. */
	if (at + 1 == model->n_phases && rlg_has_single_evaluations(model, run))
		return NULL;
	for (size_t i = 0; i < needed; i++)
		if (!is_done(&run->phases[i]))
			return NULL;
	return &run->phases[needed - 1];
}

/* A job that was submitted to follow one that has failed: with afterok it waits for a success that will not come. */
static void add_stuck(struct maker *maker, const struct rlg_run *run)
{
	for (size_t i = 1; i < run->n_phases; i++) {
		const struct rlg_phase *before = &run->phases[i - 1], *phase = &run->phases[i];

		if (before->status != RLG_STATUS_FAILED || phase->status != RLG_STATUS_SUBMITTED)
			continue;
		add(maker, RLG_ACTION_FAILURE,
		    rlg_arena_printf(maker->arena,
				     "%s of %s is still in the queue behind the failed %s; cancel it unless it may run "
				     "without",
				     phase->name, run->name, before->name),
		    NULL);
	}
}

static void add_submit(struct maker *maker, const struct rlg_run *run, const struct rlg_phase *phase,
		       const struct rlg_phase *before)
{
	const char *words = rlg_arena_printf(maker->arena, "Submit %s of %s, as %s is %s", phase->name, run->name,
					     before->name, rlg_status_word(before->status));

	add(maker, RLG_ACTION_SUBMIT, words, rlg_submit_command(maker->arena, &maker->scripts, run->name, phase->name));
}

static void add_failures(struct maker *maker)
{
	const struct rlg_model *model = maker->model;
	size_t found = 0;

	for (size_t i = 0; i < model->n_runs; i++)
		for (size_t j = 0; j < model->runs[i].n_phases; j++)
			if (model->runs[i].phases[j].status == RLG_STATUS_FAILED && found++ < ACTIONS_MOST)
				add_failure(maker, &model->runs[i], &model->runs[i].phases[j]);
	for (size_t i = 0; i < model->n_runs && found <= ACTIONS_MOST; i++)
		add_stuck(maker, &model->runs[i]);
	if (found > ACTIONS_MOST)
		add(maker, RLG_ACTION_FAILURE,
		    rlg_arena_printf(maker->arena, "%zu more failed; see them all", found - ACTIONS_MOST),
		    "runledger status --state failed");
}

static void add_submits(struct maker *maker)
{
	const struct rlg_model *model = maker->model;
	size_t found = 0;

	for (size_t i = 0; i < model->n_runs; i++)
		for (size_t j = 0; j < model->runs[i].n_phases; j++) {
			const struct rlg_phase *before = done_before(model, &model->runs[i], j);

			if (before != NULL && found++ < ACTIONS_MOST)
				add_submit(maker, &model->runs[i], &model->runs[i].phases[j], before);
		}
	if (found > ACTIONS_MOST)
		add(maker, RLG_ACTION_SUBMIT,
		    rlg_arena_printf(maker->arena, "%zu more can be submitted", found - ACTIONS_MOST), NULL);
}

/* What was to be left behind and is not; and what is, but stays on this disk. */
static void add_looks(struct maker *maker)
{
	const struct rlg_model *model = maker->model;
	size_t found = 0;

	for (size_t i = 0; i < model->n_runs; i++)
		for (size_t j = 0; j < model->runs[i].n_phases; j++) {
			const char *words = rlg_missing_words(maker->arena, &model->runs[i], &model->runs[i].phases[j]);
			if (words != NULL && found++ < ACTIONS_MOST)
				add(maker, RLG_ACTION_LOOK, words, NULL);
		}
	if (found > ACTIONS_MOST)
		add(maker, RLG_ACTION_LOOK,
		    rlg_arena_printf(maker->arena, "%zu more left something out", found - ACTIONS_MOST), NULL);
}

static void add_syncs(struct maker *maker)
{
	const struct rlg_model *model = maker->model;
	size_t found = 0;

	for (size_t i = 0; i < model->n_runs; i++)
		for (size_t j = 0; j < model->runs[i].n_phases; j++) {
			struct rlg_step step;
			if (!rlg_sync_step(maker->arena, &model->runs[i], &model->runs[i].phases[j], &step))
				continue;
			if (found++ < ACTIONS_MOST)
				add(maker, RLG_ACTION_SYNC, step.words, step.command);
		}
	if (found > ACTIONS_MOST)
		add(maker, RLG_ACTION_SYNC,
		    rlg_arena_printf(maker->arena, "%zu more are to be synced", found - ACTIONS_MOST), NULL);
}

static void add_rest(struct maker *maker)
{
	const struct rlg_model *model = maker->model;
	size_t done = model->counts[RLG_STATUS_COMPLETED] + model->counts[RLG_STATUS_SKIPPED], waiting = 0;

	for (size_t i = 0; i < model->n_runs; i++)
		waiting += rlg_has_not_begun(&model->runs[i]);
	if (waiting > 0)
		add(maker, RLG_ACTION_NOT_STARTED,
		    rlg_arena_printf(maker->arena, "%zu run%s not yet started", waiting, plural(waiting)),
		    rlg_first_command(maker->arena, &maker->scripts, model));
	if (model->n_runs > 0 && done == model->n_runs)
		add(maker, RLG_ACTION_DONE, "All runs are done", NULL);
	if (model->damaged > 0)
		add(maker, RLG_ACTION_DAMAGE,
		    rlg_arena_printf(maker->arena, "%" PRIu64 " damaged line%s in the records stepped over",
				     model->damaged, plural(model->damaged)),
		    NULL);
}

void rlg_summary_actions(struct rlg_arena *arena, const struct rlg_model *model, rlg_has_script_fn *has_script,
			 void *context, struct rlg_actions *out_actions)
{
	struct maker maker = {
		.arena = arena,
		.model = model,
		.scripts = {has_script, context},
	};

	add_progress(&maker);
	add_silent(&maker);
	add_failures(&maker);
	add_looks(&maker);
	add_submits(&maker);
	add_syncs(&maker);
	add_rest(&maker);
	*out_actions = maker.actions;
}
