/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which jobs should have been heard of, and when exactly. */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "tool/model/silence.h"

#define S RLG_SECOND_US
#define DAY (86400 * S)

static const struct rlg_silence silence = {.waiting_us = 1000 * S, .running_us = 100 * S};

static struct rlg_attempt waiting(int64_t word_s)
{
	return (struct rlg_attempt){.job_id = 5, .status = RLG_STATUS_SUBMITTED, .slurm_state = "PENDING", .time_limit_s = 60,
				    .word_us = word_s * S, .submit_us = word_s * S};
}

static struct rlg_attempt running(int64_t start_s, int64_t limit_s)
{
	return (struct rlg_attempt){.job_id = 5, .status = RLG_STATUS_RUNNING, .slurm_state = "RUNNING", .time_limit_s = limit_s,
				    .word_us = start_s * S, .start_us = start_s * S};
}

static struct rlg_attempt ended(int64_t word_s, bool final)
{
	return (struct rlg_attempt){.job_id = 5, .status = final ? RLG_STATUS_FAILED : RLG_STATUS_SUBMITTED, .ended = true,
				    .final = final, .word_us = word_s * S, .end_us = word_s * S, .time_limit_s = 60};
}

/* How many of these attempts at one phase are silent, the last one deciding. */
static size_t count_silent(struct rlg_attempt *attempts, size_t count, int64_t now_us, struct rlg_phase *out_phase)
{
	struct rlg_run run = {.name = "r", .phases = out_phase, .n_phases = 1};
	struct rlg_model model = {.runs = &run, .n_runs = 1};

	*out_phase = (struct rlg_phase){.name = "p", .attempts = attempts, .n_attempts = count,
					.deciding = count > 0 ? &attempts[count - 1] : NULL};
	return rlg_silence_mark(&model, &silence, now_us);
}

static bool is_silent_at(struct rlg_attempt attempt, int64_t now_us)
{
	struct rlg_phase phase;
	size_t count = count_silent(&attempt, 1, now_us, &phase);

	assert_int_equal(attempt.silent_since_us, count > 0 ? attempt.word_us : 0);
	assert_int_equal(phase.silent_since_us, attempt.silent_since_us);
	return count > 0;
}

static void a_waiting_job_is_silent_after_its_time(void **state)
{
	(void)state;
	assert_false(is_silent_at(waiting(100), 1100 * S));
	assert_true(is_silent_at(waiting(100), 1100 * S + 1));
}

static void a_running_job_is_silent_after_its_limit(void **state)
{
	(void)state;
	assert_false(is_silent_at(running(100, 60), 260 * S));
	assert_true(is_silent_at(running(100, 60), 260 * S + 1));
}

static void a_running_job_without_a_limit_has_as_long_as_one_that_waits(void **state)
{
	(void)state;
	assert_false(is_silent_at(running(100, -1), 1100 * S));
	assert_true(is_silent_at(running(100, -1), 1100 * S + 1));
}

/* Reconciled, it goes on: nobody need be asked again at once. */
static void a_later_word_gives_it_time_anew(void **state)
{
	struct rlg_attempt attempt = running(100, 60);

	(void)state;
	attempt.word_us = 5000 * S;
	assert_false(is_silent_at(attempt, 5100 * S));
	assert_true(is_silent_at(attempt, 5100 * S + 1));
}

static void what_has_ended_is_never_silent(void **state)
{
	(void)state;
	assert_false(is_silent_at(ended(100, true), 100000 * DAY));
}

static void a_requeued_job_waits_again(void **state)
{
	(void)state;
	assert_false(is_silent_at(ended(100, false), 1100 * S));
	assert_true(is_silent_at(ended(100, false), 1100 * S + 1));
}

static void a_requeued_job_that_came_back_does_not_wait(void **state)
{
	struct rlg_attempt attempts[] = {ended(100, false), running(500, 86400)};
	struct rlg_phase phase;

	(void)state;
	assert_int_equal(count_silent(attempts, 2, 2000 * S, &phase), 0);
	/* Another job after it says nothing about this one. */
	attempts[1].job_id = 6;
	assert_int_equal(count_silent(attempts, 2, 2000 * S, &phase), 1);
	assert_int_equal(attempts[0].silent_since_us, 100 * S);
	assert_int_equal(phase.silent_since_us, 0);
}

static void a_limit_that_is_absurd_is_none(void **state)
{
	(void)state;
	assert_false(is_silent_at(running(100, INT64_C(9007199254740992)), 100 * DAY));
	assert_false(is_silent_at(running(100, INT64_MAX), 100 * DAY));
	assert_false(is_silent_at(running(253402300799, 86400), 253402300799 * S));
}

static void marks_are_taken_off_again(void **state)
{
	struct rlg_attempt attempt = waiting(100);
	struct rlg_phase phase;

	(void)state;
	assert_int_equal(count_silent(&attempt, 1, 5000 * S, &phase), 1);
	assert_int_equal(count_silent(&attempt, 1, 200 * S, &phase), 0);
	assert_int_equal(attempt.silent_since_us, 0);
	assert_int_equal(count_silent(NULL, 0, 5000 * S, &phase), 0);
}

static void the_next_to_be_silent_is_known_before(void **state)
{
	struct rlg_attempt attempts[] = {ended(50, true), ended(100, false), running(100, 60), waiting(200)};
	struct rlg_phase phase = {.name = "p", .attempts = attempts, .n_attempts = 4, .deciding = &attempts[3]};
	struct rlg_run run = {.name = "r", .phases = &phase, .n_phases = 1};
	struct rlg_model model = {.runs = &run, .n_runs = 1};
	int64_t now_us = 0;

	(void)state;
	attempts[3].job_id = 6;
	/* The running one at its limit, and the one that waits; the requeued one is back, and what has ended is over. */
	for (size_t silent = 0; silent < 2; silent++) {
		now_us = rlg_silence_next(&model, &silence, now_us);
		assert_int_equal(now_us, (silent == 0 ? 260 : 1200) * S + 1);
		assert_int_equal(rlg_silence_mark(&model, &silence, now_us - 1), silent);
		assert_int_equal(rlg_silence_mark(&model, &silence, now_us), silent + 1);
	}
	assert_int_equal(rlg_silence_next(&model, &silence, now_us), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_waiting_job_is_silent_after_its_time),
		cmocka_unit_test(a_running_job_is_silent_after_its_limit),
		cmocka_unit_test(a_running_job_without_a_limit_has_as_long_as_one_that_waits),
		cmocka_unit_test(a_later_word_gives_it_time_anew),
		cmocka_unit_test(what_has_ended_is_never_silent),
		cmocka_unit_test(a_requeued_job_waits_again),
		cmocka_unit_test(a_requeued_job_that_came_back_does_not_wait),
		cmocka_unit_test(a_limit_that_is_absurd_is_none),
		cmocka_unit_test(marks_are_taken_off_again),
		cmocka_unit_test(the_next_to_be_silent_is_known_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
