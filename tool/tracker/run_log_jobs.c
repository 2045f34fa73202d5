/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a run's attempts to its jobs, and to what Status has to say of them: see run_log.h. */
#include "tool/tracker/run_log.h"

#include "lib/clock.h"
#include "tool/base/names.h"
#include "tool/show/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The seed's dash between time and words. */
#define DASH "\xe2\x80\x94"

int64_t rlg_rl_job_number(const struct rlg_attempt *attempt)
{
	if (attempt->array_job_id >= 0)
		return attempt->array_job_id;
	return attempt->het_job_id >= 0 ? attempt->het_job_id : attempt->job_id;
}

/* The first moment that is known of it. */
static int64_t first_word_us(const struct rlg_attempt *attempt)
{
	if (attempt->submit_us > 0)
		return attempt->submit_us;
	return attempt->start_us > 0 ? attempt->start_us : attempt->end_us;
}

int64_t rlg_rl_first_us(const struct rlg_run *run)
{
	int64_t first_us = 0;

	for (size_t p = 0; p < run->n_phases; p++)
		for (size_t a = 0; a < run->phases[p].n_attempts; a++) {
			int64_t moment_us = first_word_us(&run->phases[p].attempts[a]);
			if (moment_us > 0 && (first_us == 0 || moment_us < first_us))
				first_us = moment_us;
		}
	return first_us;
}

/* ---- jobs ---- */

/* A job whose id nobody knows yet is known by its submission. */
static const char *early_key_of(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	return attempt->sid != NULL ? rlg_arena_printf(arena, "submission %s", attempt->sid) : NULL;
}

static const char *key_of(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	int64_t number = rlg_rl_job_number(attempt);
	const char *early = early_key_of(arena, attempt);

	if (number >= 0)
		return rlg_arena_printf(arena, "%s:%" PRId64, attempt->cluster != NULL ? attempt->cluster : "", number);
	return early != NULL ? early : rlg_arena_printf(arena, "at %" PRId64, first_word_us(attempt));
}

static void take_attempt(struct rlg_arena *arena, struct rlg_rl_job *job, const struct rlg_attempt *attempt)
{
	/* A power of two of them fits: grow when that many are there. */
	if ((job->n_attempts & (job->n_attempts - 1)) == 0)
		job->attempts = rlg_arena_grow(arena, job->attempts, job->n_attempts,
					       job->n_attempts == 0 ? 1 : 2 * job->n_attempts, sizeof(attempt));
	job->attempts[job->n_attempts++] = attempt;
	job->of_parts = job->of_parts || attempt->array_job_id >= 0 || attempt->het_job_id >= 0;
}

static void find_jobs_of_phase(struct rlg_rl_run *run, struct rlg_names *keys, const struct rlg_phase *phase)
{
	for (size_t i = 0; i < phase->n_attempts; i++) {
		const struct rlg_attempt *attempt = &phase->attempts[i];
		const char *key = key_of(run->arena, attempt);
		/* The same array may be the jobs of two phases, by its tasks' names. */
		const char *in_phase = rlg_arena_printf(run->arena, "%s/%s", phase->name, key);
		size_t at = rlg_names_find(keys, in_phase);
		if (at == RLG_NAMES_NONE) {
			at = run->n_jobs++;
			run->jobs[at] = (struct rlg_rl_job){
				.key = key, .early_key = early_key_of(run->arena, attempt),
				.number = rlg_rl_job_number(attempt), .phase = phase->name};
			rlg_names_add(keys, in_phase, at);
		}
		take_attempt(run->arena, &run->jobs[at], attempt);
	}
}

/* The times of a job of several parts are those of all of them; else those of the last try. */
static void sum_up(struct rlg_rl_job *job)
{
	const struct rlg_attempt *last = job->attempts[job->n_attempts - 1];
	bool all_ended = true;

	job->submit_us = first_word_us(job->attempts[0]);
	for (size_t i = 0; i < job->n_attempts; i++) {
		const struct rlg_attempt *attempt = job->attempts[i];
		int64_t start_us = attempt->start_us;
		all_ended = all_ended && attempt->ended;
		if (job->of_parts && start_us > 0 && (job->start_us == 0 || start_us < job->start_us))
			job->start_us = start_us;
		if (job->of_parts && attempt->end_us > job->end_us)
			job->end_us = attempt->end_us;
		if (attempt->nodes != NULL)
			job->nodes = attempt->nodes;
	}
	job->over = last->ended && last->final && (!job->of_parts || all_ended);
	if (!job->of_parts) {
		/* A try that waits in the queue has no start yet: the one before it has. */
		for (size_t i = job->n_attempts; i-- > 0 && job->start_us == 0;)
			job->start_us = job->attempts[i]->start_us;
		job->end_us = last->end_us;
	}
	job->end_us = job->over ? job->end_us : 0;
}

static int compare_jobs(const void *one, const void *other)
{
	const struct rlg_rl_job *a = one, *b = other;

	if (a->submit_us != b->submit_us)
		return a->submit_us < b->submit_us ? -1 : 1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return strcmp(a->phase, b->phase);
}

static void place_jobs(struct rlg_rl_run *run)
{
	struct rlg_names *seen = rlg_names_new(run->arena);

	for (size_t i = 0; i < run->n_jobs; i++) {
		struct rlg_rl_job *job = &run->jobs[i];
		job->later_phase = strcmp(job->phase, run->jobs[0].phase) != 0;
		job->resumed = rlg_names_find(seen, job->phase) != RLG_NAMES_NONE;
		if (!job->resumed)
			rlg_names_add(seen, job->phase, i);
	}
	seen = rlg_names_new(run->arena);
	for (size_t i = run->n_jobs; i-- > 0;) {
		struct rlg_rl_job *job = &run->jobs[i];
		job->is_last = rlg_names_find(seen, job->phase) == RLG_NAMES_NONE;
		if (job->is_last)
			rlg_names_add(seen, job->phase, i);
	}
}

static void find_jobs(struct rlg_rl_run *run)
{
	struct rlg_names *keys = rlg_names_new(run->arena);
	size_t most = 0;

	for (size_t i = 0; i < run->run->n_phases; i++)
		most += run->run->phases[i].n_attempts;
	run->jobs = rlg_arena_alloc(run->arena, (most + 1) * sizeof(*run->jobs));
	for (size_t i = 0; i < run->run->n_phases; i++)
		find_jobs_of_phase(run, keys, &run->run->phases[i]);
	for (size_t i = 0; i < run->n_jobs; i++)
		sum_up(&run->jobs[i]);
	if (run->n_jobs == 0)
		return;
	qsort(run->jobs, run->n_jobs, sizeof(*run->jobs), compare_jobs);
	place_jobs(run);
	run->main = rlg_run_phase(run->run, run->jobs[0].phase);
}

/* ---- events ---- */

static const char *event_key(struct rlg_arena *arena, const struct rlg_rl_job *job, const char *key, const char *what)
{
	return rlg_arena_printf(arena, "status/%s/%s/%s", job->phase, key, what);
}

/* `what` is told of the job's try `number`, unless the moment is not known. */
static void add_event(struct rlg_rl_run *run, const struct rlg_rl_job *job, int64_t time_us, const char *what,
		      const char *word, const char *words)
{
	const char *minute = rlg_rl_minute(run->arena, time_us);

	if (minute == NULL)
		return;
	if (run->n_events == run->events_room) {
		run->events_room = run->events_room == 0 ? 16 : 2 * run->events_room;
		run->events = rlg_arena_grow(run->arena, run->events, run->n_events, run->events_room, sizeof(*run->events));
	}
	run->events[run->n_events++] = (struct rlg_rl_event){
		.time_us = time_us,
		.key = event_key(run->arena, job, job->key, what),
		.early_key = job->early_key != NULL ? event_key(run->arena, job, job->early_key, what) : NULL,
		.word = word,
		.line = rlg_arena_printf(run->arena, "%s " DASH " %s%s%s", minute,
					 job->later_phase ? rlg_rl_plain(run->arena, job->phase) : "",
					 job->later_phase ? ": " : "", rlg_rl_plain(run->arena, words)),
	};
}

/* "completed, exit code 0"; "failed, TIMEOUT after 10m 0s"; "failed after 3m 2s: rank 3 on n2, exit code 1". */
static const char *words_of_end(struct rlg_arena *arena, const struct rlg_attempt *attempt, const char *word)
{
	const char *cause = rlg_summary_cause(arena, attempt);

	if (attempt->status == RLG_STATUS_COMPLETED && attempt->exit_code >= 0)
		return rlg_arena_printf(arena, "%s, exit code %" PRId64, word, attempt->exit_code);
	if (attempt->status == RLG_STATUS_COMPLETED)
		return word;
	if (strncmp(cause, "FAILED", strlen("FAILED")) == 0)
		return rlg_arena_printf(arena, "%s%s", word, cause + strlen("FAILED"));
	return rlg_arena_printf(arena, "%s, %s", word, cause);
}

static const char *words_of_start(struct rlg_arena *arena, const char *nodes)
{
	return nodes != NULL ? rlg_arena_printf(arena, "running on %s", nodes) : "running";
}

/*
 * What the job told of itself.  The last of its points moves until its hour is over (progress.h), so that it is told when
 * another one follows, or the attempt has ended.
 */
static void add_points(struct rlg_rl_run *run, const struct rlg_rl_job *job, const struct rlg_attempt *attempt)
{
	const struct rlg_progress *progress = &attempt->progress;
	size_t n = progress->n_points;

	if (n > 1 && !attempt->ended)
		n--;
	for (size_t i = 0; i < n; i++) {
		const struct rlg_progress_point *point = &progress->points[i];
		const char *what = rlg_arena_printf(run->arena, "at %" PRId64, point->time_us);
		size_t before = run->n_events;
		add_event(run, job, point->time_us, what, "running",
			  rlg_arena_printf(run->arena, "running, %s", point->words));
		if (run->n_events > before)
			/* The step: people leave the rest out. */
			run->events[before].evidence = rlg_rl_plain(
				run->arena, rlg_arena_strndup(run->arena, point->words, strcspn(point->words, ",")));
	}
}

static void add_try(struct rlg_rl_run *run, const struct rlg_rl_job *job, size_t number)
{
	const struct rlg_attempt *attempt = job->attempts[number];
	int64_t end_us = attempt->end_us > 0 ? attempt->end_us : attempt->word_us;
	const char *word = attempt->status == RLG_STATUS_COMPLETED ? "completed" : "failed";

	if (attempt->start_us > 0)
		add_event(run, job, attempt->start_us, rlg_arena_printf(run->arena, "start %zu", number), "running",
			  words_of_start(run->arena, attempt->nodes));
	add_points(run, job, attempt);
	if (!attempt->ended)
		return;
	if (!attempt->final)
		word = "requeued";
	add_event(run, job, end_us, rlg_arena_printf(run->arena, "end %zu", number), word,
		  words_of_end(run->arena, attempt, word));
}

/* An array is told as one: a line a task would bury all others. */
static void add_parts(struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	const struct rlg_attempt *failed = NULL;
	size_t n = 0, n_failed = 0;

	add_event(run, job, job->start_us, "start", "running", "running");
	for (size_t i = 0; i < job->n_attempts; i++) {
		const struct rlg_attempt *attempt = job->attempts[i];
		n += attempt->final;
		n_failed += attempt->final && attempt->status == RLG_STATUS_FAILED;
		if (failed == NULL && attempt->final && attempt->status == RLG_STATUS_FAILED)
			failed = attempt;
	}
	if (!job->over)
		return;
	const char *what = failed == NULL || failed->array_job_id >= 0 ? "tasks" : "components";
	const char *words = failed == NULL ? rlg_arena_printf(run->arena, "completed, all %zu %s", n, what)
					   : rlg_arena_printf(run->arena, "failed, %zu of %zu %s: %s", n_failed, n, what,
							      rlg_summary_cause(run->arena, failed));
	add_event(run, job, job->end_us, "end", failed == NULL ? "completed" : "failed", words);
}

static void add_job_events(struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	const char *words = job->number < 0 ? "submitted"
					    : rlg_arena_printf(run->arena, "submitted, job %" PRId64, job->number);

	add_event(run, job, job->attempts[0]->submit_us, "submit", "submitted", words);
	if (job->of_parts)
		add_parts(run, job);
	else
		for (size_t i = 0; i < job->n_attempts; i++)
			add_try(run, job, i);
}

/* Events of one moment stay as they were added: a job is submitted, starts, and ends. */
static int compare_events(const void *one, const void *other)
{
	const struct rlg_rl_event *a = one, *b = other;

	if (a->time_us != b->time_us)
		return a->time_us < b->time_us ? -1 : 1;
	return a->rank < b->rank ? -1 : a->rank > b->rank;
}

struct rlg_rl_run rlg_rl_run_of(struct rlg_arena *arena, const struct rlg_model *model, const struct rlg_run *run,
				const struct rlg_rl_findings *findings)
{
	static const struct rlg_rl_findings nothing;
	struct rlg_rl_run all = {.arena = arena,
				 .group_path = model->group_path,
				 .run = run,
				 .findings = findings != NULL ? findings : &nothing};

	find_jobs(&all);
	for (size_t i = 0; i < all.n_jobs; i++)
		add_job_events(&all, &all.jobs[i]);
	for (size_t i = 0; i < all.n_events; i++)
		all.events[i].rank = i;
	if (all.n_events > 1)
		qsort(all.events, all.n_events, sizeof(*all.events), compare_events);
	return all;
}
