/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a run of the model to what its run_manifest.json should say: see run_manifest.h.
 *
 * A manifest is about one launch.  So only phases that somebody submitted, or said something about, count; one that was
 * never begun does not keep a run from being completed.
 */
#include "tool/tracker/run_manifest.h"

#include <stdlib.h>
#include <string.h>

#define PENDING "pending"
#define SUBMITTED "submitted"
#define RUNNING "running"
#define SYNCED "synced"
#define COMPLETED "completed"
#define FAILED "failed"
#define PARTIAL "partial"

/* The attempt that a phase's times are from; NULL: it was never submitted. */
static const struct rlg_attempt *attempt_of(const struct rlg_phase *phase)
{
	if (phase->deciding != NULL || phase->n_attempts == 0)
		return phase->deciding;
	return &phase->attempts[phase->n_attempts - 1];
}

static bool has_news(const struct rlg_phase *phase)
{
	return phase->n_attempts > 0 || (phase->edit.status != NULL && phase->edit.status[0] != '\0');
}

/* How much a phase has to say beside the others: one that goes on before one that is over. */
static int weight(const struct rlg_phase *phase)
{
	return phase->status == RLG_STATUS_RUNNING ? 2 : phase->status == RLG_STATUS_SUBMITTED;
}

static const struct rlg_phase *choose_phase(const struct rlg_run *run)
{
	const struct rlg_phase *found = NULL;

	for (size_t i = 0; i < run->n_phases; i++) {
		const struct rlg_phase *phase = &run->phases[i];

		if (!has_news(phase))
			continue;
		if (found == NULL || weight(phase) > weight(found) ||
		    (weight(phase) == weight(found) && phase->word_us > found->word_us))
			found = phase;
	}
	return found;
}

/* By task, and of one task the newest attempt last, as they stand in the phase. */
static int compare_tasks(const void *one, const void *other)
{
	const struct rlg_attempt *a = *(const struct rlg_attempt *const *)one, *b = *(const struct rlg_attempt *const *)other;

	if (a->array_task_id != b->array_task_id)
		return a->array_task_id < b->array_task_id ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* What the tasks of the deciding array came to: a failed one does not unmake the others.  An array has up to a million. */
static void count_tasks(const struct rlg_phase *phase, size_t counts[RLG_STATUS_COUNT])
{
	const struct rlg_attempt *deciding = phase->deciding;
	size_t n = 0;

	if (deciding == NULL || deciding->array_job_id < 0) {
		counts[phase->status]++;
		return;
	}
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const struct rlg_attempt **tasks = rlg_arena_alloc(arena, (phase->n_attempts + 1) * sizeof(*tasks));
	for (size_t i = 0; i < phase->n_attempts; i++)
		if (phase->attempts[i].array_job_id == deciding->array_job_id)
			tasks[n++] = &phase->attempts[i];
	qsort(tasks, n, sizeof(*tasks), compare_tasks);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || tasks[i + 1]->array_task_id != tasks[i]->array_task_id)
			counts[tasks[i]->status]++;
}

static void take_times(struct rlg_rm_state *state, const struct rlg_phase *phase)
{
	const struct rlg_attempt *attempt = attempt_of(phase);
	int64_t started_us = attempt == NULL ? 0 : attempt->start_us > 0 ? attempt->start_us : attempt->submit_us;
	int64_t completed_us = attempt != NULL && attempt->end_us > 0 ? attempt->end_us : phase->edit.status_us;

	if (started_us > 0 && (state->started_us == 0 || started_us < state->started_us))
		state->started_us = started_us;
	if (completed_us > state->completed_us)
		state->completed_us = completed_us;
}

/* The newest word on the artifacts, if it is about what this launch makes. */
static const char *told_sync(const struct rlg_rm_state *state)
{
	const struct rlg_attempt *attempt = attempt_of(state->phase);
	int64_t since_us = attempt != NULL ? attempt->submit_us : 0, newest_us = 0;
	const char *words = NULL;

	for (size_t i = 0; i < state->run->n_phases; i++) {
		const struct rlg_phase *phase = &state->run->phases[i];

		if (phase->sync == NULL || phase->sync[0] == '\0' || phase->sync_us < since_us || phase->sync_us <= newest_us)
			continue;
		words = phase->sync;
		newest_us = phase->sync_us;
	}
	return words;
}

static const char *status_at_the_end(const struct rlg_rm_state *state, const size_t counts[RLG_STATUS_COUNT])
{
	if (counts[RLG_STATUS_FAILED] > 0)
		return counts[RLG_STATUS_COMPLETED] > 0 ? PARTIAL : FAILED;
	if (counts[RLG_STATUS_COMPLETED] == 0)
		return NULL; /* skipped: a manifest has no word for that */
	return rlg_manifest_sync_is_good(state->sync) ? COMPLETED : RUNNING;
}

static const char *status_of(const struct rlg_rm_state *state, const size_t counts[RLG_STATUS_COUNT])
{
	enum rlg_status known;

	/* A person's own word, which is none of ours. */
	if (state->phase->status_text != NULL && !rlg_status_parse(state->phase->status_text, &known))
		return state->phase->status_text;
	if (counts[RLG_STATUS_RUNNING] > 0)
		return rlg_manifest_sync_is_good(state->sync) ? SYNCED : RUNNING;
	if (counts[RLG_STATUS_SUBMITTED] > 0)
		return SUBMITTED;
	if (counts[RLG_STATUS_PENDING] > 0)
		return PENDING;
	return status_at_the_end(state, counts);
}

void rlg_rm_state(const struct rlg_run *run, bool artifacts_are_here, struct rlg_rm_state *out_state)
{
	struct rlg_rm_state state = {.run = run, .phase = choose_phase(run)};
	size_t counts[RLG_STATUS_COUNT] = {0};

	*out_state = state;
	if (state.phase == NULL) {
		/* Submitted, and rejected: what we wrote on the way is taken back. */
		out_state->news = run->word_us > 0;
		out_state->status = PENDING;
		return;
	}
	for (size_t i = 0; i < run->n_phases; i++) {
		if (!has_news(&run->phases[i]))
			continue;
		count_tasks(&run->phases[i], counts);
		take_times(&state, &run->phases[i]);
	}
	bool goes_on = counts[RLG_STATUS_RUNNING] + counts[RLG_STATUS_SUBMITTED] + counts[RLG_STATUS_PENDING] > 0;
	state.news = true;
	state.job_id = state.phase->job_id;
	state.sync = told_sync(&state);
	if (state.sync == NULL)
		state.sync = artifacts_are_here && !goes_on && counts[RLG_STATUS_FAILED] == 0 ? "ok" : PENDING;
	state.status = status_of(&state, counts);
	state.over = state.status != NULL && (strcmp(state.status, COMPLETED) == 0 || strcmp(state.status, FAILED) == 0 ||
					      strcmp(state.status, PARTIAL) == 0);
	*out_state = state;
}
