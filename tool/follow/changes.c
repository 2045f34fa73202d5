/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has changed between two looks: see changes.h. */
#include "tool/follow/changes.h"

#include "tool/base/names.h"

#include <string.h>

static const struct rlg_phase unknown_phase = {.status = RLG_STATUS_PENDING};

bool rlg_phase_is_active(const struct rlg_phase *phase)
{
	return phase->status == RLG_STATUS_SUBMITTED || phase->status == RLG_STATUS_RUNNING;
}

static const char *word_of(const struct rlg_phase *phase)
{
	return phase->status_text != NULL ? phase->status_text : rlg_status_word(phase->status);
}

/* Parts of one job come and go while it is the same job. */
static bool is_one_of_many(const struct rlg_attempt *attempt)
{
	return attempt->array_job_id >= 0 || attempt->het_job_id > 0;
}

/* The id of the whole job; -1: not known yet. */
static int64_t job_of(const struct rlg_attempt *attempt)
{
	if (attempt->array_job_id >= 0)
		return attempt->array_job_id;
	return attempt->het_job_id > 0 ? attempt->het_job_id : attempt->job_id;
}

/* Which of the attempts of its job it is: 0 for the first. */
static size_t turn_of(const struct rlg_phase *phase, const struct rlg_attempt *attempt)
{
	size_t turn = 0;

	for (const struct rlg_attempt *before = phase->attempts; before < attempt; before++)
		turn += before->job_id == attempt->job_id;
	return turn;
}

/* What became of an attempt of the old phase; NULL where its job id is not known, or is one of many. */
static const struct rlg_attempt *same_attempt(const struct rlg_phase *old, const struct rlg_attempt *attempt,
					      const struct rlg_phase *now)
{
	size_t turn = turn_of(old, attempt);

	if (attempt->job_id < 0 || is_one_of_many(attempt))
		return NULL;
	for (size_t i = 0; i < now->n_attempts; i++)
		if (now->attempts[i].job_id == attempt->job_id && turn-- == 0)
			return &now->attempts[i];
	return NULL;
}

/* The id of a submission becomes known later; that is no other job. */
static bool is_another_job(const struct rlg_attempt *old, const struct rlg_attempt *now)
{
	return job_of(old) >= 0 && job_of(now) >= 0 && job_of(old) != job_of(now);
}

static bool is_later_turn(const struct rlg_phase *old, const struct rlg_phase *now)
{
	if (old->deciding->job_id != now->deciding->job_id || is_one_of_many(now->deciding))
		return false;
	return turn_of(now, now->deciding) > turn_of(old, old->deciding);
}

static bool ended_otherwise(const struct rlg_attempt *old, const struct rlg_attempt *now)
{
	if (!old->ended || !now->ended || is_one_of_many(now) || old->slurm_state == NULL || now->slurm_state == NULL)
		return false;
	return old->job_id == now->job_id && strcmp(old->slurm_state, now->slurm_state) != 0;
}

static bool kind_of(const struct rlg_phase *old, const struct rlg_phase *now, enum rlg_change_kind *out_kind)
{
	bool decided = old->deciding != NULL && now->deciding != NULL;

	if (old->status != now->status || strcmp(word_of(old), word_of(now)) != 0)
		*out_kind = RLG_CHANGE_STATUS;
	else if (decided && (is_another_job(old->deciding, now->deciding) || is_later_turn(old, now)))
		*out_kind = RLG_CHANGE_AGAIN;
	else if (decided && ended_otherwise(old->deciding, now->deciding))
		*out_kind = RLG_CHANGE_STATE;
	else if (old->silent_since_us == 0 && now->silent_since_us > 0)
		*out_kind = RLG_CHANGE_SILENT;
	else
		return false;
	return true;
}

bool rlg_change_of(const struct rlg_run *run, const struct rlg_phase *old, const struct rlg_phase *now,
		   struct rlg_change *out_change)
{
	enum rlg_change_kind kind;

	/* The plan alone says so: nothing has happened. */
	if (old == NULL && now->n_attempts == 0 && now->edit.status == NULL)
		return false;
	old = old != NULL ? old : &unknown_phase;
	if (!kind_of(old, now, &kind))
		return false;
	*out_change = (struct rlg_change){
		.kind = kind, .run = run, .phase = now, .old_status = old->status, .old_word = word_of(old)};
	if (old->deciding != NULL && !old->deciding->ended) {
		const struct rlg_attempt *same = same_attempt(old, old->deciding, now);
		out_change->ended = same != NULL && same->ended && same != now->deciding ? same : NULL;
	}
	return true;
}

/* The runs of a model by name: both may have a hundred thousand. */
static struct rlg_names *names_of_runs(struct rlg_arena *arena, const struct rlg_model *model)
{
	struct rlg_names *names = rlg_names_new(arena);

	for (size_t i = 0; i < model->n_runs; i++)
		if (rlg_names_find(names, model->runs[i].name) == RLG_NAMES_NONE)
			rlg_names_add(names, model->runs[i].name, i);
	return names;
}

size_t rlg_changes(struct rlg_arena *arena, const struct rlg_model *old, const struct rlg_model *now,
		   struct rlg_change **out_changes)
{
	struct rlg_names *names = names_of_runs(arena, old);
	size_t count = 0, room = 64;
	struct rlg_change *changes = rlg_arena_alloc(arena, room * sizeof(*changes));

	for (size_t i = 0; i < now->n_runs; i++) {
		const struct rlg_run *run = &now->runs[i];
		size_t at = rlg_names_find(names, run->name);
		const struct rlg_run *before = at == RLG_NAMES_NONE ? NULL : &old->runs[at];
		for (size_t j = 0; j < run->n_phases; j++) {
			if (count == room) {
				changes = rlg_arena_grow(arena, changes, count, 2 * room, sizeof(*changes));
				room *= 2;
			}
			count += rlg_change_of(run, before == NULL ? NULL : rlg_run_phase(before, run->phases[j].name),
					       &run->phases[j], &changes[count]);
		}
	}
	*out_changes = changes;
	return count;
}
