/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evaluations that are phases of their own: when the group's phase for all of them is done. */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/hand_model.h"
#include "tool/plan/evaluations.h"

static struct hand_model hand;
static struct rlg_phase phases[4];
static struct rlg_attempt attempt;

/* The last of the runs: trained, and two evaluations by themselves, of which the second is in this state. */
static void set_up_run(struct rlg_arena *arena, enum rlg_status second)
{
	hand_model_init(&hand);
	hand.model.arena = arena;
	phases[0] = (struct rlg_phase){.name = "finetune", .status = RLG_STATUS_COMPLETED};
	phases[1] = (struct rlg_phase){.name = "eval", .status_text = "pending"};
	phases[2] = (struct rlg_phase){
		.name = "cap_5L_epoch_0", .status = RLG_STATUS_COMPLETED, .attempts = &attempt, .n_attempts = 1};
	phases[3] = (struct rlg_phase){.name = "cap_5L_epoch_1", .status = second, .attempts = &attempt, .n_attempts = 1};
	hand.runs[3].phases = phases;
	hand.runs[3].n_phases = 4;
}

static enum rlg_status eval_with(struct rlg_planned_evaluation *planned, size_t n_planned)
{
	struct rlg_plan plan = {.matrix = planned, .n_matrix = n_planned};

	rlg_evaluations_complete(&hand.model, &plan);
	return phases[1].status;
}

static void all_of_them_done_are_the_phase_done(void **state)
{
	set_up_run(*state, RLG_STATUS_COMPLETED);
	assert_int_equal(eval_with(NULL, 0), RLG_STATUS_COMPLETED);
	assert_string_equal(phases[1].status_text, "completed");
	assert_int_equal(rlg_run_status(&hand.runs[3]), RLG_STATUS_COMPLETED);
	assert_int_equal(hand.model.counts[RLG_STATUS_COMPLETED], 2);
	assert_int_equal(hand.model.counts[RLG_STATUS_PENDING], 0);
}

static void one_that_is_not_done_leaves_it_open(void **state)
{
	static const enum rlg_status open[] = {RLG_STATUS_PENDING, RLG_STATUS_SUBMITTED, RLG_STATUS_RUNNING,
					       RLG_STATUS_FAILED};

	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		set_up_run(*state, open[i]);
		assert_int_equal(eval_with(NULL, 0), RLG_STATUS_PENDING);
	}
}

static void one_that_is_planned_leaves_it_open(void **state)
{
	struct rlg_planned_evaluation planned[] = {
		{"3B_rank64", "cap_5L", 0}, {"3B_rank64", "cap_5L", 1}, {"1B_rank4", "cap_9L", 0}, {"3B_rank64", "cap_9L", 0}};

	set_up_run(*state, RLG_STATUS_COMPLETED);
	assert_int_equal(eval_with(planned, 4), RLG_STATUS_PENDING);
	assert_int_equal(eval_with(planned, 3), RLG_STATUS_COMPLETED);
}

static void the_phase_itself_goes_before(void **state)
{
	set_up_run(*state, RLG_STATUS_COMPLETED);
	phases[1].edit.status = "pending";
	assert_int_equal(eval_with(NULL, 0), RLG_STATUS_PENDING);
	set_up_run(*state, RLG_STATUS_COMPLETED);
	phases[2].n_attempts = phases[3].n_attempts = 0;
	assert_int_equal(eval_with(NULL, 0), RLG_STATUS_PENDING);
}

static int make_arena(void **state)
{
	*state = rlg_arena_new();
	return 0;
}

static int free_arena(void **state)
{
	rlg_arena_free(*state);
	return 0;
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, make_arena, free_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(all_of_them_done_are_the_phase_done),
		CLAIM(one_that_is_not_done_leaves_it_open),
		CLAIM(one_that_is_planned_leaves_it_open),
		CLAIM(the_phase_itself_goes_before),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
