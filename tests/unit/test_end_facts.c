/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From slurmctld's answer to how one attempt ended, where the answer may be about the next one already. */
#include "tests/unit/scratch.h"

#include "tool/record/end_facts.h"

#include <stdio.h>

static char *facts_text;

/* The facts that come of an answer with these members, over what was known before, as text. */
static const char *facts_of(const char *before, const char *members, int64_t restarts_then)
{
	char line[2000];
	struct rlg_record answer;
	cJSON *facts = cJSON_Parse(before);

	snprintf(line, sizeof(line), "{\"timestamp\":1.0,\"name\":\"finish\",\"context\":{\"v\":1,\"id\":\"answer\"%s}}", members);
	assert_int_equal(rlg_record_parse(line, strlen(line), &answer, NULL), 0);
	rlg_end_facts(facts, &answer, restarts_then);
	cJSON_free(facts_text);
	facts_text = cJSON_PrintUnformatted(facts);
	cJSON_Delete(facts);
	rlg_record_done(&answer);
	return facts_text;
}

static void an_end_is_taken_as_it_is_told(void **state)
{
	(void)state;
	assert_string_equal(facts_of("{\"state\":\"old\"}", ",\"state\":\"TIMEOUT\",\"final\":true,\"start_time\":5,\"exit_code\":0", -1),
			    "{\"state\":\"TIMEOUT\",\"final\":true,\"start_time\":5,\"exit_code\":0}");
}

static void the_answers_own_id_is_not_the_records(void **state)
{
	(void)state;
	assert_null(strstr(facts_of("{}", ",\"state\":\"COMPLETED\"", -1), "answer"));
}

static void one_that_waits_again_was_requeued_and_its_times_are_the_next_attempts(void **state)
{
	(void)state;
	assert_string_equal(facts_of("{\"start_time\":3}",
				     ",\"state\":\"PENDING\",\"final\":false,\"submit_time\":9,\"start_time\":10,\"end_time\":11,\"time_limit\":60,\"user\":\"ann\"",
				     -1),
			    "{\"user\":\"ann\",\"state\":\"REQUEUED\",\"final\":false}");
}

/* 22.05 to 26.05 count up before they end a job to requeue it, and afterwards where its node was lost. */
static void a_restart_that_was_counted_afterwards_is_a_lost_node(void **state)
{
	(void)state;
	assert_non_null(strstr(facts_of("{}", ",\"state\":\"REQUEUED\",\"final\":false,\"restarts\":2", 1), "\"state\":\"NODE_FAIL\",\"final\":false"));
	assert_non_null(strstr(facts_of("{}", ",\"state\":\"REQUEUED\",\"final\":false,\"restarts\":2", 2), "\"state\":\"REQUEUED\""));
	assert_non_null(strstr(facts_of("{}", ",\"state\":\"REQUEUED\",\"final\":false,\"restarts\":2", -1), "\"state\":\"REQUEUED\""));
	assert_non_null(strstr(facts_of("{}", ",\"state\":\"PREEMPTED\",\"final\":false,\"restarts\":2", 1), "\"state\":\"PREEMPTED\""));
	/* Its nodes may be given back already when it is asked for. */
	assert_non_null(strstr(facts_of("{}", ",\"state\":\"PENDING\",\"final\":false,\"restarts\":2", 1), "\"state\":\"NODE_FAIL\",\"final\":false"));
	assert_non_null(strstr(facts_of("{}", ",\"state\":\"PENDING\",\"final\":false,\"restarts\":2", 2), "\"state\":\"REQUEUED\""));
	assert_non_null(strstr(facts_of("{}", ",\"state\":\"REQUEUED\",\"final\":false", 1), "\"state\":\"REQUEUED\""));
}

static void an_answer_without_a_state_says_nothing_of_the_end(void **state)
{
	(void)state;
	assert_string_equal(facts_of("{}", ",\"restarts\":3,\"user\":\"ann\"", 1), "{\"restarts\":3,\"user\":\"ann\"}");
	assert_string_equal(facts_of("{}", ",\"state\":7", 1), "{\"state\":7}");
}

static void an_end_that_nobody_tells_is_unknown_with_the_reason(void **state)
{
	cJSON *facts = cJSON_Parse("{\"state\":\"COMPLETED\",\"reason\":\"x\"}");

	(void)state;
	rlg_end_unknown(facts, "nobody knows");
	char *text = cJSON_PrintUnformatted(facts);
	assert_string_equal(text, "{\"state\":\"UNKNOWN\",\"reason\":\"nobody knows\"}");
	cJSON_free(text);
	cJSON_Delete(facts);
}

static int free_text(void **state)
{
	(void)state;
	cJSON_free(facts_text);
	facts_text = NULL;
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, free_text)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_end_is_taken_as_it_is_told),
		TEST(the_answers_own_id_is_not_the_records),
		TEST(one_that_waits_again_was_requeued_and_its_times_are_the_next_attempts),
		TEST(a_restart_that_was_counted_afterwards_is_a_lost_node),
		TEST(an_answer_without_a_state_says_nothing_of_the_end),
		TEST(an_end_that_nobody_tells_is_unknown_with_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
