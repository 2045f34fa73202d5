/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the records of one run to its state: see fold_run.h. */
#include "tool/model/fold_run.h"

#include "tool/model/failure.h"
#include "tool/model/usage.h"

#include <string.h>

/* How the run came to its name. */
static void take_naming(struct rlg_folded *folded, const struct rlg_gathered *from)
{
	for (size_t i = 0; i < from->n_events; i++) {
		const char *by = from->events[i].matched_by;
		folded->asked = folded->asked || (by != NULL && strcmp(by, "none") != 0);
		folded->unknown = folded->unknown || (by != NULL && strcmp(by, "none") == 0);
	}
}

static void take_logged(struct rlg_arena *arena, struct rlg_folded *folded, const struct rlg_gathered *from)
{
	for (size_t i = 0; i < from->n_events; i++)
		folded->n_logged += from->events[i].kind == RLG_EVENT_ACTION && from->events[i].action != NULL;
	folded->logged = rlg_arena_alloc(arena, folded->n_logged * sizeof(*folded->logged) + 1);
	folded->n_logged = 0;
	for (size_t i = 0; i < from->n_events; i++) {
		const struct rlg_event *event = &from->events[i];
		if (event->kind != RLG_EVENT_ACTION || event->action == NULL)
			continue;
		folded->logged[folded->n_logged++] = (struct rlg_logged){.time_us = event->time_us,
									 .run = folded->run.name,
									 .phase = event->phase,
									 .job_id = event->job_id,
									 .action = event->action,
									 .subject = event->subject,
									 .details = event->details,
									 .result = event->result};
	}
}

/* The newest word on the run. */
static void take_moment(struct rlg_run *run, const struct rlg_gathered *from)
{
	for (size_t i = 0; i < run->n_phases; i++)
		if (run->phases[i].word_us > run->word_us)
			run->word_us = run->phases[i].word_us;
	/* A submission that was refused leaves no attempt; that it was is news all the same. */
	for (size_t i = 0; i < from->n_events; i++)
		if (from->events[i].kind == RLG_EVENT_REJECT && from->events[i].time_us > run->word_us)
			run->word_us = from->events[i].time_us;
}

void rlg_fold_gathered(struct rlg_arena *arena, const char *const *phases, size_t n_phases, const char *name,
		       struct rlg_gathered *from, struct rlg_folded *out_folded)
{
	struct rlg_run *run = &out_folded->run;
	size_t n_attempts;

	*out_folded = (struct rlg_folded){.run = {.name = name}};
	rlg_gathered_sort(from);
	struct rlg_phased_attempt *attempts = rlg_attempts_find(arena, from->events, from->n_events, &n_attempts);
	rlg_failures_find(arena, from->events, from->n_events, attempts, n_attempts);
	rlg_usage_find(arena, from->events, from->n_events, attempts, n_attempts);
	rlg_fold_phases(arena, phases, n_phases, from, attempts, n_attempts, run);
	rlg_progress_give(from->progress, attempts, n_attempts, run->phases, run->n_phases);
	for (size_t i = 0; i < run->n_phases; i++)
		rlg_fold_place_attempts(arena, &run->phases[i], i == 0, attempts, n_attempts);
	rlg_fold_take_edits(run, from);
	for (size_t i = 0; i < run->n_phases; i++)
		rlg_fold_apply_edits(&run->phases[i]);
	take_moment(run, from);
	rlg_fold_take_words(arena, run, from);
	take_naming(out_folded, from);
	take_logged(arena, out_folded, from);
}
