/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which failed task is an attempt's cause, in whatever order it was told; and the words for it. */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/hand_model.h"
#include "tests/unit/story.h"
#include "tool/show/event_words.h"
#include "tool/show/failure_words.h"
#include "tool/show/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * A story comes to the attempts of job 5, with ", " between them: "STATE STEP NODE RANK EXIT_CODE SIGNAL OOM" of its cause,
 * or "STATE -".
 */

#define START(t) {t, "start", "\"cluster\":\"c\",\"step\":\"batch\",\"job_id\":5"}
#define FINISH(t, state, from, to) \
	{t, "finish", "\"cluster\":\"c\",\"job_id\":5,\"source\":\"epilog\",\"final\":true,\"state\":\"" state \
	 "\",\"start_time\":" #from ",\"end_time\":" #to}
#define REQUEUE(t, state, from, to) \
	{t, "finish", "\"cluster\":\"c\",\"job_id\":5,\"source\":\"epilog\",\"final\":false,\"state\":\"" state \
	 "\",\"start_time\":" #from ",\"end_time\":" #to}
#define TASK(t, step, node, rank, code, signal, more) \
	{t, "task-failed", "\"cluster\":\"c\",\"job_id\":5,\"step\":\"" step "\",\"node\":\"" node "\",\"rank\":" #rank \
	 ",\"exit_code\":" #code ",\"signal\":" #signal ",\"failed\":1,\"tasks\":1" more}
#define NO_MEMORY ",\"oom\":true"
#define MEMORY ",\"oom\":false"

static const struct story stories[] = {
	{"the earliest is the cause",
	 {START(1000), TASK(1050, "0", "n1", 0, 0, 9, ""), TASK(1049.9, "0", "n2", 3, 3, 0, MEMORY),
	  TASK(1051, "batch", "n1", 0, 3, 0, ""), FINISH(1052, "FAILED", 1000, 1051)},
	 "FAILED 0 n2 3 3 0 0"},
	{"of two at one moment that of the first node",
	 {START(1000), TASK(1050, "0", "n2", 3, 3, 0, ""), TASK(1050, "0", "n1", 1, 4, 0, ""), FINISH(1052, "FAILED", 1000, 1051)},
	 "FAILED 0 n1 1 4 0 -1"},
	{"a job that succeeded has no cause",
	 {START(1000), TASK(1050, "0", "n1", 0, 1, 0, ""), FINISH(1060, "COMPLETED", 1000, 1060)}, "COMPLETED -"},
	{"nor has one that Slurm ended",
	 {START(1000), TASK(1050, "0", "n1", 0, 0, 15, ""), TASK(1049, "0", "n2", 1, 1, 0, ""),
	  FINISH(1060, "CANCELLED", 1000, 1051)},
	 "CANCELLED -"},
	{"nor one that ran out of time",
	 {START(1000), TASK(1050, "batch", "n1", 0, 0, 15, ""), FINISH(1060, "TIMEOUT", 1000, 1050)}, "TIMEOUT -"},
	{"a signal of a job that failed by itself is its cause",
	 {START(1000), TASK(1050, "batch", "n1", 0, 0, 9, MEMORY), FINISH(1060, "FAILED", 1000, 1050)},
	 "FAILED batch n1 0 0 9 0"},
	{"tasks that die with a node are no cause",
	 {START(1000), TASK(1050, "0", "n1", 0, 0, 9, ""), FINISH(1060, "NODE_FAIL", 1000, 1050)}, "NODE_FAIL -"},
	{"but one that saw it go is",
	 {START(1000), TASK(1050, "0", "n1", 0, 0, 9, ""), TASK(1051, "0", "n3", 2, 1, 0, ""),
	  FINISH(1060, "NODE_FAIL", 1000, 1050)},
	 "NODE_FAIL 0 n3 2 1 0 -1"},
	{"out of memory is told by who was killed for it",
	 {START(1000), TASK(1020, "0", "n1", 0, 1, 0, MEMORY), TASK(1050, "1", "n2", 3, 0, 9, NO_MEMORY),
	  FINISH(1060, "OUT_OF_MEMORY", 1000, 1050)},
	 "OUT_OF_MEMORY 1 n2 3 0 9 1"},
	{"or by who failed, where nobody counts",
	 {START(1000), TASK(1020, "0", "n1", 0, 0, 9, ""), FINISH(1060, "OUT_OF_MEMORY", 1000, 1050)},
	 "OUT_OF_MEMORY 0 n1 0 0 9 -1"},
	{"before the end is known a failure is one", {START(1000), TASK(1050, "0", "n1", 0, 0, 11, "")}, "RUNNING 0 n1 0 0 11 -1"},
	{"but being ended may be Slurm's doing", {START(1000), TASK(1050, "0", "n1", 0, 0, 15, "")}, "RUNNING -"},
	{"unless there was no memory", {START(1000), TASK(1050, "0", "n1", 0, 0, 9, NO_MEMORY)}, "RUNNING 0 n1 0 0 9 1"},
	{"where nobody knows the end a failure is one",
	 {START(1000), TASK(1050, "0", "n1", 0, 2, 0, ""), FINISH(1060, "UNKNOWN", 1000, 1050)}, "UNKNOWN 0 n1 0 2 0 -1"},
	{"each attempt of a requeued job has its own",
	 {START(1000), TASK(1050, "0", "n1", 0, 0, 9, ""), REQUEUE(1060, "PREEMPTED", 1000, 1050), START(1200),
	  TASK(1210, "0", "n2", 1, 4, 0, ""), FINISH(1220, "FAILED", 1200, 1215)},
	 "PREEMPTED -, FAILED 0 n2 1 4 0 -1"},
	{"a failure in the second that the attempt ends in is its own",
	 {START(1000), TASK(1050.9, "0", "n1", 0, 2, 0, ""), REQUEUE(1051, "NODE_FAIL", 1000, 1050), START(1051.3),
	  FINISH(1220, "FAILED", 1051, 1215)},
	 "NODE_FAIL 0 n1 0 2 0 -1, FAILED -"},
	{"clocks of nodes differ", {START(1000), TASK(998, "0", "n1", 0, 2, 0, ""), FINISH(1003, "FAILED", 1000, 1002)},
	 "FAILED 0 n1 0 2 0 -1"},
	{"another job of that number is another job",
	 {START(1000), FINISH(1060, "FAILED", 1000, 1060), TASK(1000 + YEAR, "0", "n1", 0, 2, 0, "")}, "FAILED -"},
	{"another cluster's is, too",
	 {START(1000), {1050, "task-failed", "\"cluster\":\"d\",\"job_id\":5,\"node\":\"n1\",\"rank\":0,\"exit_code\":1"},
	  FINISH(1060, "FAILED", 1000, 1060)},
	 "FAILED -"},
	{"what is missing is not known",
	 {START(1000), {1050, "task-failed", "\"job_id\":5,\"rank\":-2,\"oom\":\"yes\",\"signal\":{}"},
	  FINISH(1060, "FAILED", 1000, 1060)},
	 "FAILED (null) (null) -1 -1 -1 -1"},
	{"a failure alone makes no attempt", {TASK(1050, "0", "n1", 0, 1, 0, "")}, ""},
};

#define N_STORIES (sizeof(stories) / sizeof(stories[0]))

static const char *const phases[] = {"finetune"};

static const struct rlg_phase *fold_story(struct rlg_arena *arena, const struct story *story, const size_t *order, size_t n)
{
	struct rlg_fold *fold = rlg_fold_new(arena, "/scratch/g", "g", phases, 1);

	tell(fold, story, order, n);
	return rlg_run_phase(rlg_model_run(rlg_fold_finish(fold), "r1"), "finetune");
}

static const char *shown(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	const struct rlg_failure *failure = attempt->failure;

	if (failure == NULL)
		return rlg_arena_printf(arena, "%s -", attempt->slurm_state);
	return rlg_arena_printf(arena, "%s %s %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, attempt->slurm_state,
				failure->step != NULL ? failure->step : "(null)", failure->node != NULL ? failure->node : "(null)",
				failure->rank, failure->exit_code, failure->signal, failure->oom);
}

static void check_story(const struct story *story, const size_t *order, size_t n)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const struct rlg_phase *phase = fold_story(arena, story, order, n);
	const char *found = "";

	for (size_t i = 0; i < phase->n_attempts; i++)
		found = rlg_arena_printf(arena, "%s%s%s", found, i > 0 ? ", " : "", shown(arena, &phase->attempts[i]));
	if (strcmp(found, story->expected) != 0)
		fail_msg("%s: %s, not %s", story->claim, found, story->expected);
}

/* Every order that there is, and each record a second time at its end. */
static void check_orders(const struct story *story, size_t *order, size_t done, size_t n)
{
	if (done == n) {
		for (size_t i = 0; i < n; i++)
			order[n + i] = i;
		check_story(story, order, n);
		check_story(story, order, 2 * n);
		return;
	}
	for (size_t i = done; i < n; i++) {
		size_t kept = order[done];
		order[done] = order[i];
		order[i] = kept;
		check_orders(story, order, done + 1, n);
		order[i] = order[done];
		order[done] = kept;
	}
}

static void the_cause_is_found_in_whatever_order_it_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_STORIES; i++) {
		size_t order[2 * MOST_RECORDS], n = count_records(&stories[i]);
		for (size_t j = 0; j < n; j++)
			order[j] = j;
		check_orders(&stories[i], order, 0, n);
	}
}

/* A tracker's time of the last news, and what decides, must not change by how a job failed. */
static void a_failure_is_no_news_of_the_phase(void **state)
{
	static const size_t order[] = {0, 1, 2};
	static const struct story with = {"", {START(1000), FINISH(1060, "FAILED", 1000, 1050), TASK(1070, "0", "n1", 0, 1, 0, "")}, NULL};
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const struct rlg_phase *without_it = fold_story(arena, &with, order, 2), *with_it = fold_story(arena, &with, order, 3);

	(void)state;
	assert_non_null(with_it->deciding->failure);
	assert_int_equal(with_it->word_us, without_it->word_us);
	assert_int_equal(with_it->deciding->word_us, without_it->deciding->word_us);
	assert_int_equal(with_it->status, without_it->status);
}

/* ---- words ---- */

static void the_words_are_few(void **state)
{
	static const struct {
		const char *slurm_state;
		int64_t exit_code, signal; /* of the job */
		struct rlg_failure failure;
		const char *cause, *note;
	} table[] = {
		{"FAILED", 3, 0, {"n2", 3, "0", 3, 0, 0}, "FAILED after 13m 32s: rank 3 on n2, exit code 3",
		 "Finetune: FAILED, rank 3 on n2, exit code 3"},
		{"FAILED", 143, 0, {"n2", 3, "0", 3, 0, -1}, "FAILED after 13m 32s: rank 3 on n2, exit code 3", NULL},
		{"FAILED", 139, 0, {"n2", 3, "0", 0, 11, -1}, "FAILED after 13m 32s: rank 3 on n2, signal 11 (SEGV)", NULL},
		{"FAILED", 7, 0, {"n2", 3, "0", 3, 0, -1}, "FAILED after 13m 32s: rank 3 on n2, exit code 3; job exit code 7", NULL},
		{"FAILED", 0, 9, {"n2", 3, "0", 3, 0, -1}, "FAILED after 13m 32s: rank 3 on n2, exit code 3; job signal 9 (KILL)", NULL},
		{"FAILED", 0, 9, {"n1", 0, "batch", 0, 9, -1}, "FAILED after 13m 32s: signal 9 (KILL) on n1", NULL},
		{"FAILED", 1, 0, {"n1", 0, "batch", 1, 0, 0}, "FAILED after 13m 32s: exit code 1 on n1",
		 "Finetune: FAILED, exit code 1 on n1"},
		{"FAILED", 1, 0, {"n1", 0, "batch", 1, 0, 1}, "FAILED after 13m 32s: exit code 1 on n1, out of memory", NULL},
		{"FAILED", 1, 0, {"n2", 2, "0", 0, 9, 1}, "FAILED after 13m 32s: rank 2 on n2, out of memory", NULL},
		{"FAILED", 1, 0, {"n2", 2, "0", 1, 0, 1}, "FAILED after 13m 32s: rank 2 on n2, exit code 1, out of memory", NULL},
		{"OUT_OF_MEMORY", 0, 125, {"n1", 0, "0", 0, 9, 1}, "OUT_OF_MEMORY after 13m 32s: rank 0 on n1",
		 "Finetune: OUT_OF_MEMORY, rank 0 on n1"},
		{"OUT_OF_MEMORY", 0, 125, {"n1", 0, "batch", 0, 9, 1}, "OUT_OF_MEMORY after 13m 32s: the batch script on n1", NULL},
		{"OUT_OF_MEMORY", 0, 125, {"n1", 0, "0", 0, 9, -1}, "OUT_OF_MEMORY after 13m 32s: rank 0 on n1, signal 9 (KILL)", NULL},
		{"FAILED", 1, 0, {NULL, -1, NULL, -1, -1, -1}, "FAILED after 13m 32s: a task; job exit code 1", NULL},
	};
	static struct hand_model hand;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		hand_model_init(&hand);
		hand_attempt(&hand, 1, 0, RLG_STATUS_FAILED, 5, "5", table[i].slurm_state);
		hand.attempts[1][0].exit_code = table[i].exit_code;
		hand.attempts[1][0].signal = table[i].signal;
		hand.attempts[1][0].failure = &table[i].failure;
		assert_string_equal(rlg_summary_cause(arena, &hand.attempts[1][0]), table[i].cause);
		if (table[i].note != NULL)
			assert_string_equal(rlg_summary_short_note(arena, &hand.runs[1]), table[i].note);
	}
	/* Slurm's reason stands behind it. */
	hand.attempts[1][0].reason = "Prolog";
	hand.attempts[1][0].failure = &table[0].failure;
	hand.attempts[1][0].exit_code = 3;
	assert_string_equal(rlg_summary_cause(arena, &hand.attempts[1][0]),
			    "FAILED after 13m 32s: rank 3 on n2, exit code 3, Prolog");
	/* While a job runs, a step that failed is not how it went. */
	hand_attempt(&hand, 1, 0, RLG_STATUS_RUNNING, 5, "5", "RUNNING");
	hand.attempts[1][0].failure = &table[0].failure;
	assert_string_equal(rlg_summary_cause(arena, &hand.attempts[1][0]), "RUNNING");
}

static void an_event_is_a_sentence(void **state)
{
	static const struct {
		const char *members, *words;
	} table[] = {
		{"\"step\":\"0\",\"node\":\"n2\",\"rank\":3,\"exit_code\":0,\"signal\":9,\"oom\":true,\"failed\":1,\"tasks\":4",
		 "job 5: rank 3 on n2 (step 0) failed first: killed by signal 9 (KILL), out of memory"},
		{"\"step\":\"12\",\"node\":\"n2\",\"rank\":3,\"exit_code\":1,\"signal\":0,\"oom\":false,\"failed\":2,\"tasks\":4",
		 "job 5: rank 3 on n2 (step 12) failed first: exit code 1; 2 of 4 tasks there failed"},
		{"\"step\":\"batch\",\"node\":\"n1\",\"rank\":0,\"exit_code\":1,\"signal\":0,\"failed\":1,\"tasks\":1",
		 "job 5: the batch script on n1 failed: exit code 1"},
		{"\"step\":\"interactive\",\"node\":\"n1\",\"rank\":0,\"exit_code\":0,\"signal\":1,\"failed\":1,\"tasks\":1",
		 "job 5: the interactive shell on n1 failed: killed by signal 1 (HUP)"},
		{"\"rank\":3", "job 5: rank 3 failed first"},
		{"\"oom\":true", "job 5: a task failed first: out of memory"},
	};
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	enum rlg_colour colour;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *line = rlg_arena_printf(
			arena, "{\"timestamp\":1,\"name\":\"task-failed\",\"context\":{\"v\":1,\"job_id\":5,%s}}", table[i].members);
		struct rlg_record record;
		assert_int_equal(rlg_record_parse(line, strlen(line), &record, NULL), 0);
		assert_string_equal(rlg_event_words(arena, &record, &colour), table[i].words);
		assert_int_equal(colour, RLG_COLOUR_RED);
		rlg_record_done(&record);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cause_is_found_in_whatever_order_it_is_told),
		cmocka_unit_test(a_failure_is_no_news_of_the_phase),
		cmocka_unit_test(the_words_are_few),
		cmocka_unit_test(an_event_is_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
