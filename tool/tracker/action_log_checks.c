/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an action log says of the experiment as a whole: see action_log.h. */
#include "tool/tracker/action_log.h"

#include "lib/clock.h"
#include "tool/plan/discovery.h"

#include <inttypes.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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

void rlg_al_want_words(struct rlg_al *al, struct rlg_al_wanted wanted, const char *details, const char *result,
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
		rlg_al_want_words(al,
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
		rlg_al_want_words(al,
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

/* A phase of an evaluation that nobody has begun is in nobody's way; a fine-tuning that nobody has begun is to come. */
static bool counts(const struct rlg_al *al, const struct rlg_al_unit *unit)
{
	bool begun = unit->n_attempts > 0 || unit->status != RLG_STATUS_PENDING;

	return unit->run->planned && unit->status != RLG_STATUS_SKIPPED && (begun || al->training);
}

static void count_unit(struct rlg_al_tally *tally, const struct rlg_al_unit *unit)
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

struct rlg_al_tally rlg_al_tally(const struct rlg_al *al)
{
	struct rlg_al_tally tally = {.n = 0};

	for (size_t u = 0; u < al->n_units; u++)
		if (counts(al, &al->units[u]))
			count_unit(&tally, &al->units[u]);
	return tally;
}

static void want_all_complete(struct rlg_al *al, const struct rlg_al_tally *tally, const char *what)
{
	const char *more = "";

	if (tally->n == 0 || tally->over < tally->n || tally->last_us == 0)
		return;
	if (tally->first_us > 0 && tally->last_us >= tally->first_us)
		more = rlg_arena_printf(al->arena, "Duration: %s\n",
					long_duration(al->arena, tally->last_us - tally->first_us));
	rlg_al_want_words(al,
		   (struct rlg_al_wanted){.time_us = tally->last_us,
					  .action = "ALL_COMPLETE",
					  .by = RLG_AL_NEWS,
					  .rank = RLG_AL_RANK_ALL},
		   rlg_arena_printf(al->arena, "All %zu %s%s reached terminal states", tally->n, what,
				    tally->n == 1 ? "" : "s"),
		   rlg_arena_printf(al->arena, "%zu COMPLETED, %zu FAILED", tally->completed, tally->failed), more);
}

void rlg_al_want_checks(struct rlg_al *al)
{
	want_logged(al);
	want_discovery(al);
	struct rlg_al_tally tally = rlg_al_tally(al);
	if (al->training)
		want_all_complete(al, &tally, "job");
	else if (rlg_al_want_evaluations(al, &tally))
		want_all_complete(al, &tally, "evaluation");
}
