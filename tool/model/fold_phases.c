/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which phases a run has, and which attempt decides each: see fold_run.h. */
#include "tool/model/fold_run.h"

#include "tool/base/names.h"

#include <stdlib.h>
#include <string.h>

struct phases_told {
	struct rlg_arena *arena;
	struct rlg_run *run;
	size_t room;
};

static void add_phase(void *context, const char *name)
{
	struct phases_told *told = context;
	struct rlg_run *run = told->run;

	if (name == NULL || rlg_run_phase(run, name) != NULL)
		return;
	if (run->n_phases == told->room) {
		told->room = told->room == 0 ? 4 : 2 * told->room;
		run->phases = rlg_arena_grow(told->arena, run->phases, run->n_phases, told->room, sizeof(*run->phases));
	}
	run->phases[run->n_phases++] = (struct rlg_phase){.name = name};
}

/* The group's own phases come first, in their order; they are made first. Others follow by name. */
static int compare_phases(const void *left, const void *right)
{
	return strcmp(((const struct rlg_phase *)left)->name, ((const struct rlg_phase *)right)->name);
}

void rlg_fold_phases(struct rlg_arena *arena, const char *const *phases, size_t n_phases, const struct rlg_gathered *from,
		     const struct rlg_phased_attempt *attempts, size_t n_attempts, struct rlg_run *run)
{
	struct phases_told told = {arena, run, 0};

	for (size_t i = 0; i < n_phases; i++)
		add_phase(&told, phases[i]);
	size_t n_own = run->n_phases;
	for (size_t i = 0; i < n_attempts; i++)
		add_phase(&told, attempts[i].phase);
	for (size_t i = 0; i < from->n_events; i++)
		if (from->events[i].kind == RLG_EVENT_EDIT)
			add_phase(&told, from->events[i].phase);
	rlg_progress_each_phase(from->progress, add_phase, &told);
	if (run->n_phases > n_own)
		qsort(run->phases + n_own, run->n_phases - n_own, sizeof(*run->phases), compare_phases);
}

/* The newest attempt decides; but one that runs says more than one that waits behind it. */
static const struct rlg_attempt *decide_job(const struct rlg_phase *phase)
{
	const struct rlg_attempt *found = NULL;

	for (size_t i = 0; i < phase->n_attempts; i++) {
		const struct rlg_attempt *attempt = &phase->attempts[i];
		bool waits = attempt->status == RLG_STATUS_SUBMITTED;
		if (found == NULL || !waits || found->status != RLG_STATUS_RUNNING)
			found = attempt;
	}
	return found;
}

/* What a part of a job has to say beside the others: that it goes on, or that it failed. */
static const int weight_of_part[RLG_STATUS_COUNT] = {
	[RLG_STATUS_FAILED] = 1, [RLG_STATUS_SUBMITTED] = 2, [RLG_STATUS_RUNNING] = 3};

/* Tasks of one array, and components of one heterogeneous job, are submitted and looked at together. */
static bool are_parts_of_one(const struct rlg_attempt *left, const struct rlg_attempt *right)
{
	if (left->array_job_id >= 0 || right->array_job_id >= 0)
		return left->array_job_id == right->array_job_id;
	return left->het_job_id >= 0 && left->het_job_id == right->het_job_id;
}

/* A part by its own name: a requeued one has several attempts. */
static int64_t part_of(const struct rlg_attempt *attempt)
{
	return attempt->array_job_id >= 0 ? attempt->array_task_id : attempt->job_id;
}

/* The parts of a job are one attempt at the phase together: it has failed if one of them has, at its last try. */
static const struct rlg_attempt *decide_parts(struct rlg_arena *arena, const struct rlg_phase *phase,
					      const struct rlg_attempt *newest)
{
	struct rlg_names *seen = rlg_names_new(arena);
	const struct rlg_attempt *found = newest;

	for (size_t i = phase->n_attempts; i-- > 0;) {
		const struct rlg_attempt *attempt = &phase->attempts[i];
		if (!are_parts_of_one(attempt, newest))
			continue;
		if (rlg_names_find_id(seen, part_of(attempt)) != RLG_NAMES_NONE)
			continue;
		rlg_names_add_id(seen, part_of(attempt), i);
		if (weight_of_part[attempt->status] > weight_of_part[found->status])
			found = attempt;
	}
	return found;
}

static const struct rlg_attempt *decide(struct rlg_arena *arena, const struct rlg_phase *phase)
{
	const struct rlg_attempt *newest = decide_job(phase);

	return newest == NULL || (newest->array_job_id < 0 && newest->het_job_id < 0) ? newest
										      : decide_parts(arena, phase, newest);
}

/* The job whose number a tracker shows; a requeued one is still the same. */
static const char *job_id_text(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	return attempt->job_id < 0 ? NULL : rlg_arena_printf(arena, "%lld", (long long)attempt->job_id);
}

void rlg_fold_place_attempts(struct rlg_arena *arena, struct rlg_phase *phase, bool is_first,
			     const struct rlg_phased_attempt *attempts, size_t n_attempts)
{
	struct rlg_attempt *mine = rlg_arena_alloc(arena, n_attempts * sizeof(*mine) + 1);

	phase->attempts = mine;
	for (size_t i = 0; i < n_attempts; i++) {
		const char *name = attempts[i].phase;
		if (name == NULL ? !is_first : strcmp(name, phase->name) != 0)
			continue;
		struct rlg_attempt *attempt = &mine[phase->n_attempts++];
		*attempt = attempts[i].attempt;
		if (attempt->word_us > phase->word_us)
			phase->word_us = attempt->word_us;
		/* A job that tells of itself lives; but that is no news of where it stands. */
		if (attempt->progress.last_us > attempt->word_us)
			attempt->word_us = attempt->progress.last_us;
	}
	phase->deciding = decide(arena, phase);
	phase->status = phase->deciding == NULL ? RLG_STATUS_PENDING : phase->deciding->status;
	phase->status_text = rlg_status_word(phase->status);
	phase->job_id = phase->deciding == NULL ? NULL : job_id_text(arena, phase->deciding);
}
