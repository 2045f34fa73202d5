/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the jobs of a log are for: see action_log.h. */
#include "tool/tracker/action_log.h"

#include "tool/plan/evaluation.h"
#include "tool/base/names.h"

#include <string.h>
#include <strings.h>

static bool is_group_phase(const struct rlg_model *model, const char *phase)
{
	for (size_t i = 0; i < model->n_phases; i++)
		if (strcmp(model->phases[i], phase) == 0)
			return true;
	return false;
}

/* The last part of a path without its ending: "eval/cap_epoch0.slurm" -> "cap_epoch0". */
static const char *stem_of(struct rlg_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	const char *dot = strrchr(name, '.');

	return dot == NULL || dot == name ? name : rlg_arena_strndup(arena, name, (size_t)(dot - name));
}

/* The folder that a script lies in; NULL: it is not told. */
static const char *folder_of(struct rlg_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL || slash == path ? NULL
					      : stem_of(arena, rlg_arena_strndup(arena, path, (size_t)(slash - path)));
}

/* "eval_capitalization" is about the planned task capitalization; the longest that fits.  NULL: none. */
static const char *planned_task(const struct rlg_plan *plan, const char *words)
{
	const char *found = NULL;

	for (size_t i = 0; plan != NULL && i < plan->n_evaluations; i++) {
		const char *task = plan->evaluations[i];
		size_t length = strlen(task), all = strlen(words);
		const char *at = all < length ? NULL : words + all - length;
		if (at != NULL && strcmp(at, task) == 0 && (at == words || strchr("_-. ", at[-1]) != NULL) &&
		    (found == NULL || length > strlen(found)))
			found = task;
	}
	return found;
}

/* The task and epoch that a script's, a folder's or a job's name tells; false: none. */
static bool names_evaluation(const struct rlg_al *al, const char *words, struct rlg_evaluation_name *out_name)
{
	if (words == NULL)
		return false;
	struct rlg_evaluation_name name = rlg_evaluation_parse(al->arena, words);
	const char *planned = planned_task(al->view->plan, name.task);

	if (planned == NULL && name.epoch < 0)
		return false;
	if (planned == NULL && strncasecmp(name.task, "eval_", 5) == 0 && name.task[5] != '\0')
		name.task += 5;
	*out_name = name;
	if (planned != NULL)
		out_name->task = planned;
	return true;
}

/* The evaluation that an attempt is at: by its phase, where that is one; else by what was submitted. */
static struct rlg_evaluation_name name_of(const struct rlg_al *al, const struct rlg_phase *phase,
					  const struct rlg_attempt *attempt)
{
	struct rlg_evaluation_name name = rlg_evaluation_parse(al->arena, phase->name);
	const char *script = attempt->submission.script, *cwd = attempt->submission.cwd;

	if (!is_group_phase(al->view->model, phase->name))
		return name;
	const char *const words[] = {
		script == NULL ? NULL : stem_of(al->arena, script),
		script == NULL ? NULL : folder_of(al->arena, script),
		cwd == NULL ? NULL : stem_of(al->arena, cwd),
		attempt->job_name == NULL ? NULL : stem_of(al->arena, attempt->job_name),
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (names_evaluation(al, words[i], &name))
			return name;
	return (struct rlg_evaluation_name){phase->name, -1};
}

/* A phase that is one unit as a whole; a person's word on it counts. */
static void add_whole(struct rlg_al *al, size_t *room, const struct rlg_run *run, const struct rlg_phase *phase,
		      struct rlg_al_unit unit)
{
	const struct rlg_attempt **attempts = rlg_arena_alloc(al->arena, (phase->n_attempts + 1) * sizeof(*attempts));

	for (size_t i = 0; i < phase->n_attempts; i++)
		attempts[i] = &phase->attempts[i];
	if (al->n_units == *room) {
		*room = *room == 0 ? 16 : 2 * *room;
		al->units = rlg_arena_grow(al->arena, al->units, al->n_units, *room, sizeof(*al->units));
	}
	unit.run = run;
	unit.phase = phase;
	unit.attempts = attempts;
	unit.n_attempts = phase->n_attempts;
	unit.last = phase->deciding;
	unit.status = phase->status;
	al->units[al->n_units++] = unit;
}

static struct rlg_al_unit evaluation_unit(const struct rlg_al *al, const struct rlg_run *run,
					  const struct rlg_evaluation_name *name)
{
	return (struct rlg_al_unit){
		.subject = rlg_arena_printf(al->arena, "%s/%s", run->name, rlg_evaluation_subject(al->arena, name)),
		.task = name->task,
		.epoch = name->epoch};
}

/* One that runs says more than one that waits behind it. */
static void take_attempt(struct rlg_al_unit *unit, const struct rlg_attempt *attempt)
{
	unit->attempts[unit->n_attempts++] = attempt;
	if (unit->last != NULL && unit->last->status == RLG_STATUS_RUNNING && attempt->status == RLG_STATUS_SUBMITTED)
		return;
	unit->last = attempt;
	unit->status = attempt->status;
}

/* Takes apart a phase in which several evaluations were done, each with its own script. */
static void add_evaluations(struct rlg_al *al, size_t *room, const struct rlg_run *run, const struct rlg_phase *phase)
{
	struct rlg_names *seen = rlg_names_new(al->arena);
	size_t first = al->n_units;

	for (size_t i = 0; i < phase->n_attempts; i++) {
		struct rlg_evaluation_name name = name_of(al, phase, &phase->attempts[i]);
		struct rlg_al_unit unit = evaluation_unit(al, run, &name);
		size_t at = rlg_names_find(seen, unit.subject);
		if (at == RLG_NAMES_NONE) {
			at = al->n_units;
			rlg_names_add(seen, unit.subject, at);
			add_whole(al, room, run, phase, unit);
			al->units[at].n_attempts = 0;
			al->units[at].last = NULL;
		}
		take_attempt(&al->units[at], &phase->attempts[i]);
	}
	for (size_t i = first; i < al->n_units && phase->deciding == NULL; i++)
		al->units[i].status = phase->status;
	if (al->n_units == first + 1) {
		al->units[first].last = phase->deciding;
		al->units[first].status = phase->status;
	}
}

void rlg_al_find_units(struct rlg_al *al)
{
	const struct rlg_model *model = al->view->model;
	size_t room = 0;

	for (size_t r = 0; r < model->n_runs; r++) {
		const struct rlg_run *run = &model->runs[r];
		if (al->training && run->n_phases > 0)
			add_whole(al, &room, run, &run->phases[0], (struct rlg_al_unit){.subject = run->name, .epoch = -1});
		for (size_t p = 1; p < run->n_phases && !al->training; p++)
			add_evaluations(al, &room, run, &run->phases[p]);
	}
}

const struct rlg_al_unit *rlg_al_unit_of_job(const struct rlg_al *al, int64_t job_id)
{
	for (size_t u = 0; u < al->n_units && job_id >= 0; u++)
		for (size_t i = 0; i < al->units[u].n_attempts; i++)
			if (al->units[u].attempts[i]->job_id == job_id)
				return &al->units[u];
	return NULL;
}
