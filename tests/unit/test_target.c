/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be waited for, where it stands, and whether that is what was wanted. */
#include "tests/unit/scratch.h"

#include "tests/unit/hand_model.h"
#include "tool/follow/target.h"

static struct hand_model hand;
static struct rlg_arena *arena;

static int set_up(void **state)
{
	arena = rlg_arena_new();
	hand_model_init(&hand);
	for (size_t i = 0; i < HAND_RUNS; i++)
		for (size_t j = 0; j < HAND_PHASES; j++)
			hand.attempts[i][j].het_job_id = -1;
	return 0;
}

static int tear_down(void **state)
{
	rlg_arena_free(arena);
	return 0;
}

static enum rlg_target_problem problem_of(const char *word)
{
	struct rlg_target target;

	return rlg_target_read(arena, &hand.model, word, &target);
}

static struct rlg_standing standing_of(const char *word)
{
	struct rlg_standing standing;
	struct rlg_target target;

	assert_int_equal(rlg_target_read(arena, &hand.model, word, &target), RLG_TARGET_OK);
	rlg_target_look(arena, &hand.model, &target, &standing);
	return standing;
}

static void runs_phases_and_jobs_are_known(void **state)
{
	assert_int_equal(problem_of("1B_rank4"), RLG_TARGET_OK);
	assert_int_equal(problem_of("1B_rank4/eval"), RLG_TARGET_OK);
	assert_int_equal(problem_of("1234568"), RLG_TARGET_OK);
	assert_int_equal(problem_of("1B_rnk4"), RLG_TARGET_NO_RUN);
	assert_int_equal(problem_of("1B_rnk4/eval"), RLG_TARGET_NO_RUN);
	assert_int_equal(problem_of("1B_rank4/evl"), RLG_TARGET_NO_PHASE);
	assert_int_equal(problem_of("1B_rank4/"), RLG_TARGET_NO_PHASE);
	assert_int_equal(problem_of(""), RLG_TARGET_NO_RUN);
	assert_int_equal(problem_of("7"), RLG_TARGET_NO_JOB);
	assert_int_equal(problem_of("1234568_1"), RLG_TARGET_NO_JOB);
	assert_int_equal(problem_of("99999999999999999999"), RLG_TARGET_NO_RUN);
	assert_int_equal(problem_of("-1"), RLG_TARGET_NO_RUN);
	hand.runs[3].name = "7";
	assert_int_equal(problem_of("7"), RLG_TARGET_OK);
	assert_ptr_equal(standing_of("7").run, &hand.runs[3]);
}

static void a_submission_without_an_id_may_be_the_job(void **state)
{
	hand_attempt(&hand, 3, 0, RLG_STATUS_SUBMITTED, -1, NULL, "PENDING");
	assert_int_equal(problem_of("7"), RLG_TARGET_OK);
	assert_false(standing_of("7").known);
	hand.attempts[3][0].ended = true; /* Slurm refused it */
	assert_int_equal(problem_of("7"), RLG_TARGET_NO_JOB);
}

static void where_they_stand_is_known(void **state)
{
	assert_int_equal(standing_of("1B_rank4").status, RLG_STATUS_RUNNING);
	assert_string_equal(standing_of("1B_rank4").phase.name, "eval");
	assert_int_equal(standing_of("1B_rank4/finetune").status, RLG_STATUS_COMPLETED);
	assert_int_equal(standing_of("3B_rank64").status, RLG_STATUS_PENDING);
	struct rlg_standing job = standing_of("1234567");
	assert_int_equal(job.status, RLG_STATUS_COMPLETED);
	assert_string_equal(job.phase.name, "finetune");
	assert_ptr_equal(job.phase.deciding, &hand.attempts[0][0]);
}

/* The phase has another job by now; whoever waits for this one is told of this one. */
static void a_job_is_itself_whatever_came_after_it(void **state)
{
	struct rlg_attempt attempts[] = {hand.attempts[0][0], hand.attempts[0][0], hand.attempts[1][0]};

	attempts[0].status = RLG_STATUS_SUBMITTED; /* requeued, and then it ran to its end */
	hand.phases[0][0].attempts = attempts;
	hand.phases[0][0].n_attempts = 3;
	hand.phases[0][0].deciding = &attempts[2];
	hand.phases[0][0].status = RLG_STATUS_RUNNING;
	assert_int_equal(standing_of("1234567").status, RLG_STATUS_COMPLETED);
	assert_int_equal(standing_of("1234569").status, RLG_STATUS_RUNNING);
}

static void an_array_goes_on_with_its_tasks_and_fails_with_them(void **state)
{
	struct rlg_attempt tasks[3];

	for (int i = 0; i < 3; i++) {
		tasks[i] = hand.attempts[0][0];
		tasks[i].job_id = 70 + i;
		tasks[i].array_job_id = 70;
		tasks[i].array_task_id = i;
	}
	hand.phases[0][0].attempts = tasks;
	hand.phases[0][0].n_attempts = 3;
	hand.phases[0][0].deciding = &tasks[2];
	assert_int_equal(standing_of("70").status, RLG_STATUS_COMPLETED);
	tasks[1].status = RLG_STATUS_FAILED;
	assert_int_equal(standing_of("70").status, RLG_STATUS_FAILED);
	assert_ptr_equal(standing_of("70").phase.deciding, &tasks[1]);
	tasks[2].status = RLG_STATUS_SUBMITTED;
	assert_int_equal(standing_of("70").status, RLG_STATUS_SUBMITTED);
	tasks[0].status = RLG_STATUS_RUNNING;
	assert_int_equal(standing_of("70").status, RLG_STATUS_RUNNING);
	assert_int_equal(standing_of("70_1").status, RLG_STATUS_FAILED);
	assert_int_equal(standing_of("72").status, RLG_STATUS_SUBMITTED);
	assert_int_equal(problem_of("70_3"), RLG_TARGET_NO_JOB);
}

static void only_what_can_be_reached_can_be_wished(void **state)
{
	struct rlg_wish wish;

	assert_true(rlg_wish_parse("done", &wish));
	assert_true(wish.done);
	assert_true(rlg_wish_parse("running,failed", &wish));
	assert_true(!wish.done && wish.wanted[RLG_STATUS_RUNNING] && wish.wanted[RLG_STATUS_FAILED]);
	assert_false(wish.wanted[RLG_STATUS_COMPLETED]);
	static const char *const wrong[] = {"", "pending", "done,failed", "running,", ",running", "Running",
					    "runningrunningrunningrunning"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(rlg_wish_parse(wrong[i], &wish));
}

/* For each status, in their order, what comes of a wish: "." waiting, "+" wanted, "-" otherwise. */
static const char *outcomes(const char *words)
{
	static const char marks[] = ".+-";
	static char text[RLG_STATUS_COUNT + 1];
	struct rlg_standing standing = {.known = true};
	struct rlg_wish wish;

	assert_true(rlg_wish_parse(words, &wish));
	for (int i = 0; i < RLG_STATUS_COUNT; i++) {
		standing.status = (enum rlg_status)i;
		text[i] = marks[rlg_wish_outcome(&wish, &standing)];
	}
	standing.known = false;
	assert_int_equal(rlg_wish_outcome(&wish, &standing), RLG_OUTCOME_WAITING);
	return text;
}

static void every_status_answers_every_wish(void **state)
{
	/* pending, submitted, running, completed, failed, skipped */
	assert_string_equal(outcomes("done"), "...+-+");
	assert_string_equal(outcomes("submitted"), ".+++--");
	assert_string_equal(outcomes("running"), "..++--");
	assert_string_equal(outcomes("completed"), "...+--");
	assert_string_equal(outcomes("failed"), "...-+-");
	assert_string_equal(outcomes("skipped"), "...--+");
	assert_string_equal(outcomes("running,failed"), "..+++-");
	assert_string_equal(outcomes("completed,failed,skipped"), "...+++");
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(runs_phases_and_jobs_are_known),
		CLAIM(a_submission_without_an_id_may_be_the_job),
		CLAIM(where_they_stand_is_known),
		CLAIM(a_job_is_itself_whatever_came_after_it),
		CLAIM(an_array_goes_on_with_its_tasks_and_fails_with_them),
		CLAIM(only_what_can_be_reached_can_be_wished),
		CLAIM(every_status_answers_every_wish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
