/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an action log says of what evaluations need, and of all of them: see action_log.h. */
#include "tool/tracker/action_log.h"

#include "tool/base/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what evaluations need ---- */

static bool is_missing(const struct rlg_run *run, long epoch)
{
	const struct rlg_findings *found = run->n_phases == 0 ? NULL : &run->phases[0].findings;
	char name[32];

	if (found == NULL || epoch < 0)
		return false;
	snprintf(name, sizeof(name), "epoch_%ld", epoch);
	for (size_t i = 0; i < found->n_missing; i++)
		if (strcmp(found->missing[i], name) == 0)
			return true;
	return false;
}

/* The evaluations that are to be submitted. */
struct expected {
	struct rlg_planned_evaluation *list;
	size_t n;
	size_t left_out; /* as their checkpoint is missing */
};

static void expect(struct expected *expected, const struct rlg_run *run, const char *task, long epoch)
{
	if (is_missing(run, epoch))
		expected->left_out++;
	else
		expected->list[expected->n++] = (struct rlg_planned_evaluation){run->name, task, epoch};
}

static void expect_run(const struct rlg_al *al, struct expected *expected, const struct rlg_run *run)
{
	const struct rlg_model *model = al->view->model;
	const struct rlg_plan *plan = al->view->plan;

	for (size_t i = 0; plan != NULL && i < plan->n_evaluations; i++)
		expect(expected, run, plan->evaluations[i], -1);
	for (size_t p = 1; p < model->n_phases && (plan == NULL || plan->n_evaluations == 0); p++)
		expect(expected, run, model->phases[p], -1);
}

/* By the plan's matrix; without one, all its tasks, or all later phases, of each run. */
static struct expected expected_of(const struct rlg_al *al)
{
	const struct rlg_model *model = al->view->model;
	const struct rlg_plan *plan = al->view->plan;
	size_t matrix = plan == NULL ? 0 : plan->n_matrix, tasks = plan == NULL ? 0 : plan->n_evaluations;
	size_t most = matrix + model->n_runs * (tasks + model->n_phases);
	struct expected expected = {.list = rlg_arena_alloc(al->arena, (most + 1) * sizeof(*expected.list))};

	for (size_t i = 0; i < matrix; i++) {
		const struct rlg_run *run = rlg_model_run(model, plan->matrix[i].run);
		if (run != NULL && run->planned)
			expect(&expected, run, plan->matrix[i].task, plan->matrix[i].epoch);
	}
	for (size_t r = 0; r < model->n_runs && matrix == 0; r++)
		if (model->runs[r].planned)
			expect_run(al, &expected, &model->runs[r]);
	return expected;
}

/* Units by what they are at: "RUN\nTASK\nEPOCH", and without an epoch; a phase as a whole is for all of its run's. */
static void add_key(struct rlg_names *names, const char *key)
{
	if (rlg_names_find(names, key) == RLG_NAMES_NONE)
		rlg_names_add(names, key, 0);
}

static struct rlg_names *submitted_keys(const struct rlg_al *al)
{
	struct rlg_names *names = rlg_names_new(al->arena);

	for (size_t u = 0; u < al->n_units; u++) {
		const struct rlg_al_unit *unit = &al->units[u];
		if (unit->n_attempts == 0 || unit->task == NULL)
			continue;
		bool whole = unit->epoch < 0 && strcmp(unit->task, unit->phase->name) == 0;
		for (size_t p = 0; whole && p < al->view->model->n_phases; p++)
			if (strcmp(al->view->model->phases[p], unit->task) == 0)
				add_key(names, rlg_arena_printf(al->arena, "%s\n", unit->run->name));
		add_key(names, rlg_arena_printf(al->arena, "%s\n%s\n%ld", unit->run->name, unit->task, unit->epoch));
		add_key(names, rlg_arena_printf(al->arena, "%s\n%s\n-1", unit->run->name, unit->task));
	}
	return names;
}

static size_t count_submitted(const struct rlg_al *al, const struct expected *expected)
{
	struct rlg_names *names = submitted_keys(al);
	size_t count = 0;

	for (size_t i = 0; i < expected->n; i++) {
		const struct rlg_planned_evaluation *one = &expected->list[i];
		const char *key = rlg_arena_printf(al->arena, "%s\n%s\n%ld", one->run, one->task, one->epoch);
		const char *whole = rlg_arena_printf(al->arena, "%s\n", one->run);
		count += rlg_names_find(names, key) != RLG_NAMES_NONE || rlg_names_find(names, whole) != RLG_NAMES_NONE;
	}
	return count;
}

static int compare_ids(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return a < b ? -1 : a > b;
}

/* "Job IDs 2345678-2345681, 2345690" */
static const char *job_ids(const struct rlg_al *al)
{
	int64_t *ids = rlg_arena_alloc(al->arena, (al->n_units + 1) * sizeof(*ids));
	struct rlg_bytes words;
	size_t n = 0, named = 0;

	for (size_t u = 0; u < al->n_units; u++)
		if (al->units[u].last != NULL && al->units[u].last->job_id >= 0)
			ids[n++] = al->units[u].last->job_id;
	qsort(ids, n, sizeof(*ids), compare_ids);
	rlg_bytes_init(&words, al->arena);
	for (size_t i = 0, last; i < n && named < RLG_AL_MOST_NAMES; i = last + 1, named++) {
		for (last = i; last + 1 < n && ids[last + 1] - ids[last] <= 1;)
			last++;
		rlg_bytes_addf(&words, "%s%" PRId64, named == 0 ? "Job IDs " : ", ", ids[i]);
		if (ids[last] != ids[i])
			rlg_bytes_addf(&words, "-%" PRId64, ids[last]);
		if (named + 1 == RLG_AL_MOST_NAMES && last + 1 < n)
			rlg_bytes_add(&words, ", ...");
	}
	return words.length > 0 ? words.data : NULL;
}

static void want_all_submitted(struct rlg_al *al, size_t n)
{
	int64_t last_us = 0;

	for (size_t u = 0; u < al->n_units; u++)
		if (al->units[u].n_attempts > 0 && al->units[u].attempts[0]->submit_us > last_us)
			last_us = al->units[u].attempts[0]->submit_us;
	if (last_us == 0)
		return;
	rlg_al_want_words(al,
		   (struct rlg_al_wanted){.time_us = last_us,
					  .action = "ALL_SUBMITTED",
					  .by = RLG_AL_ONCE,
					  .rank = RLG_AL_RANK_ALL},
		   rlg_arena_printf(al->arena, "All %zu evaluation%s submitted", n, n == 1 ? "" : "s"), job_ids(al), "");
}

/* ---- what the tool checks before evaluations ---- */

static const char *finetuning_words(struct rlg_arena *arena, const struct rlg_model *model, const struct rlg_al_tally *tally)
{
	struct rlg_bytes words;
	size_t named = 0;

	rlg_bytes_init(&words, arena);
	if (tally->completed == tally->n)
		return "All fine-tuning jobs COMPLETED";
	rlg_bytes_addf(&words, "%zu of %zu fine-tuning jobs COMPLETED", tally->completed, tally->n);
	for (size_t r = 0; r < model->n_runs; r++)
		if (model->runs[r].planned && model->runs[r].n_phases > 0 &&
		    model->runs[r].phases[0].status == RLG_STATUS_FAILED && named++ < RLG_AL_MOST_NAMES)
			rlg_bytes_addf(&words, "%s%s", named == 1 ? "; FAILED: " : ", ", model->runs[r].name);
	return words.data;
}

/* The checkpoints of all runs, by what is expected of each. */
struct checkpoints {
	size_t runs, there, missing;
	const char **names; /* which, each once, in the order of the first run that has it */
	size_t n_names;
};

static void add_names(struct rlg_al *al, struct checkpoints *all, struct rlg_names *seen, const char *const *names,
		      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (rlg_names_find(seen, names[i]) != RLG_NAMES_NONE)
			continue;
		rlg_names_add(seen, names[i], 0);
		all->names = rlg_arena_grow(al->arena, all->names, all->n_names, all->n_names + 1, sizeof(*all->names));
		all->names[all->n_names++] = names[i];
	}
}

static int compare_epochs(const void *left, const void *right)
{
	const char *a = *(const char *const *)left, *b = *(const char *const *)right;

	return strlen(a) != strlen(b) ? (strlen(a) < strlen(b) ? -1 : 1) : strcmp(a, b);
}

static struct checkpoints checkpoints_of(struct rlg_al *al)
{
	struct rlg_names *seen = rlg_names_new(al->arena);
	struct checkpoints all = {.runs = 0};

	for (size_t r = 0; r < al->view->model->n_runs; r++) {
		const struct rlg_run *run = &al->view->model->runs[r];
		if (!run->planned || run->n_phases == 0)
			continue;
		const struct rlg_findings *found = &run->phases[0].findings;
		all.runs += found->n_present + found->n_missing > 0;
		all.there += found->n_present;
		all.missing += found->n_missing;
		add_names(al, &all, seen, found->present, found->n_present);
		add_names(al, &all, seen, found->missing, found->n_missing);
	}
	if (all.n_names > 1)
		qsort(all.names, all.n_names, sizeof(*all.names), compare_epochs);
	return all;
}

static void want_check(struct rlg_al *al, int64_t time_us, const char *action, const char *subject, const char *details,
		       const char *result)
{
	rlg_al_want_words(al,
		   (struct rlg_al_wanted){.time_us = time_us,
					  .action = action,
					  .subject = subject,
					  .by = RLG_AL_ROUND,
					  .rank = RLG_AL_RANK_CHECK},
		   details, result, "");
}

static void want_missing(struct rlg_al *al, int64_t time_us, const struct rlg_run *run)
{
	const struct rlg_findings *found = &run->phases[0].findings;
	struct rlg_bytes paths;

	if (found->n_missing == 0 || found->checkpoints == NULL)
		return;
	rlg_bytes_init(&paths, al->arena);
	rlg_bytes_addf(&paths, "Expected path: %s/%s/", found->checkpoints, found->missing[0]);
	for (size_t i = 1; i < found->n_missing && i < RLG_AL_MOST_NAMES; i++)
		rlg_bytes_addf(&paths, ", %s/", found->missing[i]);
	want_check(al, time_us, "CHECKPOINT_MISSING", run->name, paths.data,
		   run->phases[0].status == RLG_STATUS_FAILED
			   ? "Checkpoint not found - the fine-tuning job failed"
			   : "Checkpoint not found - its evaluations have nothing to look at");
}

static void want_checkpoints(struct rlg_al *al, int64_t time_us)
{
	struct checkpoints all = checkpoints_of(al);
	size_t n = all.there + all.missing;
	struct rlg_bytes details;

	if (n == 0)
		return;
	rlg_bytes_init(&details, al->arena);
	for (size_t i = 0; i < all.n_names && i < RLG_AL_MOST_NAMES; i++)
		rlg_bytes_addf(&details, "%s%s", i == 0 ? "Checking " : ", ", all.names[i]);
	rlg_bytes_addf(&details, "%s for %zu run%s", all.n_names > RLG_AL_MOST_NAMES ? ", ..." : "", all.runs,
		       all.runs == 1 ? "" : "s");
	want_check(al, time_us, "VERIFY_CHECKPOINTS", NULL, details.data,
		   all.missing == 0 ? rlg_arena_printf(al->arena, "All %zu checkpoints exist", n)
				    : rlg_arena_printf(al->arena, "%zu of %zu checkpoints exist", all.there, n));
	for (size_t r = 0; r < al->view->model->n_runs && all.missing > 0; r++)
		if (al->view->model->runs[r].planned && al->view->model->runs[r].n_phases > 0)
			want_missing(al, time_us, &al->view->model->runs[r]);
}

static void want_evaluations(struct rlg_al *al, int64_t time_us, const struct expected *expected)
{
	const struct rlg_plan *plan = al->view->plan;
	struct rlg_bytes details, result;

	if (expected->n + expected->left_out == 0)
		return;
	rlg_bytes_init(&details, al->arena);
	rlg_bytes_init(&result, al->arena);
	for (size_t i = 0; plan != NULL && i < plan->n_evaluations && i < RLG_AL_MOST_NAMES; i++)
		rlg_bytes_addf(&details, "%s%s", i == 0 ? "Tasks: " : ", ", plan->evaluations[i]);
	rlg_bytes_addf(&result, "%zu evaluation%s to submit", expected->n, expected->n == 1 ? "" : "s");
	if (expected->left_out > 0)
		rlg_bytes_addf(&result, ", %zu left out (checkpoint missing)", expected->left_out);
	want_check(al, time_us, "IDENTIFY_EVALS", NULL, details.length > 0 ? details.data : "One for each run and phase",
		   result.data);
}

/* When the last fine-tuning has ended; as often as that happens. */
static void want_verification(struct rlg_al *al, const struct expected *expected)
{
	struct rlg_al training = {.view = al->view, .arena = al->arena, .training = true};

	rlg_al_find_units(&training);
	struct rlg_al_tally tally = rlg_al_tally(&training);
	if (tally.n == 0 || tally.over < tally.n || tally.last_us == 0)
		return;
	want_check(al, tally.last_us, "VERIFY_FINETUNING", NULL, "Checking fine-tuning jobs by their records",
		   finetuning_words(al->arena, al->view->model, &tally));
	want_checkpoints(al, tally.last_us);
	want_evaluations(al, tally.last_us, expected);
}

bool rlg_al_want_evaluations(struct rlg_al *al, const struct rlg_al_tally *tally)
{
	struct expected expected = expected_of(al);

	want_verification(al, &expected);
	if (expected.n == 0 || count_submitted(al, &expected) < expected.n)
		return false;
	want_all_submitted(al, tally->n);
	return true;
}
