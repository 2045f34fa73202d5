/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an action log says of the experiment as a whole: see action_log.h. */
#include "tool/tracker/action_log.h"

#include "lib/clock.h"
#include "tool/discovery.h"
#include "tool/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* An entry is to be read: more names than that are counted. */
#define MOST_NAMES 12

/* Which log an action belongs to, where its name tells that; both for those that either may have. */
enum { IN_TRAINING = 1, IN_EVALUATION = 2 };

static const struct {
	const char *action;
	int logs;
} actions[] = {
	{"DISCOVER_EXPERIMENT", IN_TRAINING | IN_EVALUATION},
	{"IDENTIFY_RUNS", IN_TRAINING},
	{"SUBMIT_JOB", IN_TRAINING},
	{"VERIFY_FINETUNING", IN_EVALUATION},
	{"VERIFY_CHECKPOINTS", IN_EVALUATION},
	{"CHECKPOINT_MISSING", IN_EVALUATION},
	{"CACHE_PREBUILD", IN_EVALUATION},
	{"CACHE_BUILT", IN_EVALUATION},
	{"CACHE_PREBUILD_COMPLETE", IN_EVALUATION},
	{"IDENTIFY_EVALS", IN_EVALUATION},
	{"SUBMIT_EVAL", IN_EVALUATION},
	{"ALL_SUBMITTED", IN_EVALUATION},
};

static void want_words(struct rlg_al *al, struct rlg_al_wanted wanted, const char *details, const char *result,
		       const char *more)
{
	struct rlg_bytes lines;

	rlg_bytes_init(&lines, al->arena);
	rlg_al_line(&lines, "Details", details);
	rlg_al_line(&lines, "Result", result);
	rlg_bytes_add(&lines, more);
	wanted.lines = lines.data;
	rlg_al_want(al, wanted);
}

/* ---- what is on record ---- */

/* As it can be read again. */
static const char *action_name(struct rlg_arena *arena, const char *words)
{
	char *name = rlg_arena_strndup(arena, words, 64);

	for (char *at = name; *at != '\0'; at++) {
		if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
		else if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", *at) == NULL)
			*at = '_';
	}
	return name[0] >= 'A' && name[0] <= 'Z' ? name : rlg_arena_printf(arena, "ACTION_%s", name);
}

static bool belongs_here(const struct rlg_al *al, const struct rlg_logged *logged, const char *action)
{
	const struct rlg_model *model = al->view->model;
	int here = al->training ? IN_TRAINING : IN_EVALUATION;

	for (size_t i = 0; i < COUNT(actions); i++)
		if (strcmp(actions[i].action, action) == 0 && (logged->phase == NULL || actions[i].logs != 3))
			return (actions[i].logs & here) != 0;
	bool first = logged->phase == NULL || model->n_phases == 0 || strcmp(logged->phase, model->phases[0]) == 0;
	return first == al->training;
}

/* What a job tells is about what it is for, unless it says about what. */
static const char *subject_of(const struct rlg_al *al, const struct rlg_logged *logged)
{
	if (logged->subject != NULL || logged->job_id < 0)
		return logged->subject;
	const struct rlg_al_unit *unit = rlg_al_unit_of_job(al, logged->job_id);
	return unit != NULL ? unit->subject : logged->run;
}

static bool is_discovery(const char *action)
{
	return strcmp(action, "DISCOVER_EXPERIMENT") == 0 || strcmp(action, "IDENTIFY_RUNS") == 0;
}

static int64_t first_submission_us(const struct rlg_model *model)
{
	int64_t first_us = 0;

	for (size_t r = 0; r < model->n_runs; r++)
		for (size_t p = 0; p < model->runs[r].n_phases; p++)
			for (size_t i = 0; i < model->runs[r].phases[p].n_attempts; i++) {
				int64_t moment_us = model->runs[r].phases[p].attempts[i].submit_us;
				if (moment_us > 0 && (first_us == 0 || moment_us < first_us))
					first_us = moment_us;
			}
	return first_us;
}

/* Nobody submits jobs of an experiment before it is found, though init may come later. */
static int64_t found_us(const struct rlg_model *model, const struct rlg_logged *logged)
{
	int64_t first_us = first_submission_us(model);

	return first_us > 0 && first_us < logged->time_us ? first_us : logged->time_us;
}

static void want_logged(struct rlg_al *al)
{
	const struct rlg_model *model = al->view->model;

	for (size_t i = 0; i < model->n_logged; i++) {
		const struct rlg_logged *logged = &model->logged[i];
		const char *action = action_name(al->arena, logged->action);
		bool found_by_init = is_discovery(action) && logged->job_id < 0;
		if (!belongs_here(al, logged, action))
			continue;
		want_words(al,
			   (struct rlg_al_wanted){.time_us = found_by_init ? found_us(model, logged) : logged->time_us,
						  .action = action,
						  .subject = subject_of(al, logged),
						  .by = found_by_init ? RLG_AL_ONCE : RLG_AL_MOMENT,
						  .rank = found_by_init ? RLG_AL_RANK_FIND : RLG_AL_RANK_TOLD},
			   logged->details, logged->result, "");
	}
}

/* Of a group that keeps its log only since later, as if it had been found with the first submission. */
static void want_discovery(struct rlg_al *al)
{
	const struct rlg_model *model = al->view->model;
	struct rlg_discovery list[RLG_DISCOVERIES];
	int64_t first_us = first_submission_us(model);

	for (size_t i = 0; i < model->n_logged; i++)
		if (is_discovery(model->logged[i].action))
			return;
	rlg_discoveries(al->arena, model, al->view->plan, list);
	for (size_t i = 0; first_us > 0 && i < (al->training ? RLG_DISCOVERIES : 1); i++)
		want_words(al,
			   (struct rlg_al_wanted){.time_us = first_us,
						  .action = list[i].action,
						  .by = RLG_AL_ONCE,
						  .rank = RLG_AL_RANK_FIND},
			   list[i].details, list[i].result, "");
}

/* ---- all of them ---- */

static bool is_over(enum rlg_status status)
{
	return status == RLG_STATUS_COMPLETED || status == RLG_STATUS_FAILED || status == RLG_STATUS_SKIPPED;
}

/* "45 minutes", as people say it. */
static const char *long_duration(struct rlg_arena *arena, int64_t duration_us)
{
	int64_t seconds = (duration_us + RLG_SECOND_US / 2) / RLG_SECOND_US, minutes = (seconds + 30) / 60;

	if (seconds < 60)
		return rlg_arena_printf(arena, "%" PRId64 " second%s", seconds, seconds == 1 ? "" : "s");
	if (minutes < 120)
		return rlg_arena_printf(arena, "%" PRId64 " minute%s", minutes, minutes == 1 ? "" : "s");
	return rlg_arena_printf(arena, "%" PRId64 " hours %" PRId64 " minutes", minutes / 60, minutes % 60);
}

/* How the units stand that count: planned ones, and where nothing is planned those that there are. */
struct tally {
	size_t n, over, completed, failed;
	int64_t first_us, last_us;
};

/* A phase of an evaluation that nobody has begun is in nobody's way; a fine-tuning that nobody has begun is to come. */
static bool counts(const struct rlg_al *al, const struct rlg_al_unit *unit)
{
	bool begun = unit->n_attempts > 0 || unit->status != RLG_STATUS_PENDING;

	return unit->run->planned && unit->status != RLG_STATUS_SKIPPED && (begun || al->training);
}

static void count_unit(struct tally *tally, const struct rlg_al_unit *unit)
{
	int64_t ended_us = unit->last != NULL && unit->last->end_us > 0 ? unit->last->end_us : unit->phase->word_us;
	int64_t began_us = unit->n_attempts == 0 ? 0 : unit->attempts[0]->submit_us;

	tally->n++;
	tally->over += is_over(unit->status);
	tally->completed += unit->status == RLG_STATUS_COMPLETED;
	tally->failed += unit->status == RLG_STATUS_FAILED;
	if (ended_us > tally->last_us)
		tally->last_us = ended_us;
	if (began_us > 0 && (tally->first_us == 0 || began_us < tally->first_us))
		tally->first_us = began_us;
}

static struct tally tally_of(const struct rlg_al *al)
{
	struct tally tally = {.n = 0};

	for (size_t u = 0; u < al->n_units; u++)
		if (counts(al, &al->units[u]))
			count_unit(&tally, &al->units[u]);
	return tally;
}

static void want_all_complete(struct rlg_al *al, const struct tally *tally, const char *what)
{
	const char *more = "";

	if (tally->n == 0 || tally->over < tally->n || tally->last_us == 0)
		return;
	if (tally->first_us > 0 && tally->last_us >= tally->first_us)
		more = rlg_arena_printf(al->arena, "Duration: %s\n",
					long_duration(al->arena, tally->last_us - tally->first_us));
	want_words(al,
		   (struct rlg_al_wanted){.time_us = tally->last_us,
					  .action = "ALL_COMPLETE",
					  .by = RLG_AL_NEWS,
					  .rank = RLG_AL_RANK_ALL},
		   rlg_arena_printf(al->arena, "All %zu %s%s reached terminal states", tally->n, what,
				    tally->n == 1 ? "" : "s"),
		   rlg_arena_printf(al->arena, "%zu COMPLETED, %zu FAILED", tally->completed, tally->failed), more);
}

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
	for (size_t i = 0, last; i < n && named < MOST_NAMES; i = last + 1, named++) {
		for (last = i; last + 1 < n && ids[last + 1] - ids[last] <= 1;)
			last++;
		rlg_bytes_addf(&words, "%s%" PRId64, named == 0 ? "Job IDs " : ", ", ids[i]);
		if (ids[last] != ids[i])
			rlg_bytes_addf(&words, "-%" PRId64, ids[last]);
		if (named + 1 == MOST_NAMES && last + 1 < n)
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
	want_words(al,
		   (struct rlg_al_wanted){.time_us = last_us,
					  .action = "ALL_SUBMITTED",
					  .by = RLG_AL_ONCE,
					  .rank = RLG_AL_RANK_ALL},
		   rlg_arena_printf(al->arena, "All %zu evaluation%s submitted", n, n == 1 ? "" : "s"), job_ids(al), "");
}

/* ---- what the tool checks before evaluations ---- */

static const char *finetuning_words(struct rlg_arena *arena, const struct rlg_model *model, const struct tally *tally)
{
	struct rlg_bytes words;
	size_t named = 0;

	rlg_bytes_init(&words, arena);
	if (tally->completed == tally->n)
		return "All fine-tuning jobs COMPLETED";
	rlg_bytes_addf(&words, "%zu of %zu fine-tuning jobs COMPLETED", tally->completed, tally->n);
	for (size_t r = 0; r < model->n_runs; r++)
		if (model->runs[r].planned && model->runs[r].n_phases > 0 &&
		    model->runs[r].phases[0].status == RLG_STATUS_FAILED && named++ < MOST_NAMES)
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
	want_words(al,
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
	for (size_t i = 1; i < found->n_missing && i < MOST_NAMES; i++)
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
	for (size_t i = 0; i < all.n_names && i < MOST_NAMES; i++)
		rlg_bytes_addf(&details, "%s%s", i == 0 ? "Checking " : ", ", all.names[i]);
	rlg_bytes_addf(&details, "%s for %zu run%s", all.n_names > MOST_NAMES ? ", ..." : "", all.runs,
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
	for (size_t i = 0; plan != NULL && i < plan->n_evaluations && i < MOST_NAMES; i++)
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
	struct tally tally = tally_of(&training);
	if (tally.n == 0 || tally.over < tally.n || tally.last_us == 0)
		return;
	want_check(al, tally.last_us, "VERIFY_FINETUNING", NULL, "Checking fine-tuning jobs by their records",
		   finetuning_words(al->arena, al->view->model, &tally));
	want_checkpoints(al, tally.last_us);
	want_evaluations(al, tally.last_us, expected);
}

void rlg_al_want_checks(struct rlg_al *al)
{
	want_logged(al);
	want_discovery(al);
	struct tally tally = tally_of(al);
	if (al->training) {
		want_all_complete(al, &tally, "job");
		return;
	}
	struct expected expected = expected_of(al);
	want_verification(al, &expected);
	if (expected.n == 0 || count_submitted(al, &expected) < expected.n)
		return;
	want_all_submitted(al, tally.n);
	want_all_complete(al, &tally, "evaluation");
}
