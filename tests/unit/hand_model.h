/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model made by hand, for tests of what is shown: the four runs of the update-run-status skill, and room to spoil them.
 * The functions are inline so that each test uses those it needs.
 */
#ifndef RLG_TESTS_HAND_MODEL_H
#define RLG_TESTS_HAND_MODEL_H

#include "lib/clock.h"
#include "tool/model/model.h"

#include <string.h>

/* 2025-10-19 18:30:00 UTC */
#define HAND_NOW_US (INT64_C(1760898600) * RLG_SECOND_US)

#define HAND_RUNS 4
#define HAND_PHASES 2

struct hand_model {
	struct rlg_model model;
	struct rlg_run runs[HAND_RUNS];
	struct rlg_phase phases[HAND_RUNS][HAND_PHASES];
	struct rlg_attempt attempts[HAND_RUNS][HAND_PHASES];
};

/* Gives a phase one attempt in that state; it began 13 min 32 s ago, and has ended now if the status says so. */
static inline void hand_attempt(struct hand_model *hand, size_t run, size_t phase, enum rlg_status status, int64_t job_id,
				const char *job_text, const char *state)
{
	struct rlg_attempt *attempt = &hand->attempts[run][phase];
	bool ended = status == RLG_STATUS_COMPLETED || status == RLG_STATUS_FAILED;

	*attempt = (struct rlg_attempt){
		.job_id = job_id, .array_job_id = -1, .array_task_id = -1, .slurm_state = state, .ended = ended,
		.final = ended, .exit_code = ended ? 0 : -1, .signal = ended ? 0 : -1, .nodes = "n1", .status = status,
		.submit_us = HAND_NOW_US - 900 * RLG_SECOND_US,
		.start_us = status == RLG_STATUS_SUBMITTED ? 0 : HAND_NOW_US - 812 * RLG_SECOND_US,
		.end_us = ended ? HAND_NOW_US : 0, .source = ended ? "epilog" : NULL, .word_us = HAND_NOW_US,
	};
	hand->phases[run][phase].status = status;
	hand->phases[run][phase].job_id = job_text;
	hand->phases[run][phase].attempts = attempt;
	hand->phases[run][phase].n_attempts = 1;
	hand->phases[run][phase].deciding = attempt;
	hand->phases[run][phase].word_us = HAND_NOW_US;
}

/* Call it after each change. */
static inline void hand_count(struct hand_model *hand)
{
	memset(hand->model.counts, 0, sizeof(hand->model.counts));
	for (size_t i = 0; i < hand->model.n_runs; i++)
		hand->model.counts[rlg_run_status(&hand->runs[i])]++;
}

/* The four runs of the skill's summary, as they stand there. */
static inline void hand_model_init(struct hand_model *hand)
{
	static const char *const names[HAND_RUNS] = {"1B_rank4", "1B_rank64", "3B_rank4", "3B_rank64"};
	static const char *const phases[HAND_PHASES] = {"finetune", "eval"};

	*hand = (struct hand_model){.model = {.group_path = "/scratch/cap_8L", .run_group = "cap_8L", .phases = phases,
					      .n_phases = HAND_PHASES, .n_runs = HAND_RUNS, .word_us = HAND_NOW_US}};
	hand->model.runs = hand->runs;
	for (size_t i = 0; i < HAND_RUNS; i++) {
		hand->runs[i] = (struct rlg_run){
			.name = names[i], .planned = true, .phases = hand->phases[i], .n_phases = HAND_PHASES};
		for (size_t j = 0; j < HAND_PHASES; j++)
			hand->phases[i][j].name = phases[j];
	}
	hand_attempt(hand, 0, 0, RLG_STATUS_COMPLETED, 1234567, "1234567", "COMPLETED");
	hand_attempt(hand, 0, 1, RLG_STATUS_RUNNING, 1234568, "1234568", "RUNNING");
	hand_attempt(hand, 1, 0, RLG_STATUS_RUNNING, 1234569, "1234569", "RUNNING");
	hand_attempt(hand, 2, 0, RLG_STATUS_COMPLETED, 1234560, "1234560", "COMPLETED");
	hand_attempt(hand, 2, 1, RLG_STATUS_COMPLETED, 1234561, "1234561", "COMPLETED");
	hand_count(hand);
}

#endif
