/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs that should have been heard of: see silence.h. */
#include "tool/model/silence.h"

#include "lib/clock.h"

/* A thousand years; a longer limit is none, and would overflow. */
#define MOST_LIMIT_S (INT64_C(1000) * 366 * 86400)

/* When the last word had to be followed by another; 0: it need not. */
static int64_t due_us(const struct rlg_attempt *attempt, const struct rlg_silence *silence)
{
	if (attempt->ended)
		return 0;
	if (attempt->status != RLG_STATUS_RUNNING || attempt->time_limit_s < 0)
		return attempt->word_us + silence->waiting_us;
	if (attempt->time_limit_s > MOST_LIMIT_S)
		return 0;
	int64_t limit_us = attempt->start_us + attempt->time_limit_s * RLG_SECOND_US;
	return (limit_us > attempt->word_us ? limit_us : attempt->word_us) + silence->running_us;
}

/* A requeued job waits again, which no attempt stands for, unless it has come back. */
static bool waits_again(const struct rlg_phase *phase, const struct rlg_attempt *attempt)
{
	if (!attempt->ended || attempt->final)
		return false;
	for (const struct rlg_attempt *later = attempt + 1; later < phase->attempts + phase->n_attempts; later++)
		if (later->job_id == attempt->job_id)
			return false;
	return true;
}

static int64_t due_in_phase_us(const struct rlg_phase *phase, const struct rlg_attempt *attempt,
			       const struct rlg_silence *silence)
{
	return waits_again(phase, attempt) ? attempt->word_us + silence->waiting_us : due_us(attempt, silence);
}

static bool is_silent(const struct rlg_phase *phase, const struct rlg_attempt *attempt, const struct rlg_silence *silence,
		      int64_t now_us)
{
	int64_t due = due_in_phase_us(phase, attempt, silence);

	return due > 0 && due < now_us;
}

static size_t mark_phase(struct rlg_phase *phase, const struct rlg_silence *silence, int64_t now_us)
{
	size_t count = 0;

	phase->silent_since_us = 0;
	for (size_t i = 0; i < phase->n_attempts; i++) {
		/* The model's own, though it is handed out as something that nobody else changes. */
		struct rlg_attempt *attempt = (struct rlg_attempt *)&phase->attempts[i];
		bool silent = is_silent(phase, attempt, silence, now_us);
		attempt->silent_since_us = silent ? attempt->word_us : 0;
		count += silent;
		if (attempt == phase->deciding)
			phase->silent_since_us = attempt->silent_since_us;
	}
	return count;
}

size_t rlg_silence_mark(struct rlg_model *model, const struct rlg_silence *silence, int64_t now_us)
{
	size_t count = 0;

	for (size_t i = 0; i < model->n_runs; i++)
		for (size_t j = 0; j < model->runs[i].n_phases; j++)
			count += mark_phase(&model->runs[i].phases[j], silence, now_us);
	return count;
}

int64_t rlg_silence_next(const struct rlg_model *model, const struct rlg_silence *silence, int64_t now_us)
{
	int64_t next_us = 0;

	for (size_t i = 0; i < model->n_runs; i++)
		for (size_t j = 0; j < model->runs[i].n_phases; j++) {
			const struct rlg_phase *phase = &model->runs[i].phases[j];
			for (size_t k = 0; k < phase->n_attempts; k++) {
				int64_t due = due_in_phase_us(phase, &phase->attempts[k], silence) + 1;
				if (due > 1 && due > now_us && (next_us == 0 || due < next_us))
					next_us = due;
			}
		}
	return next_us;
}
