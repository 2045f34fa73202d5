/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run's address: from the tool's answer to job control, and from there to job and epilog. */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/fake_host.h"

#include "spank/hooks/address.h"

static struct fake_host fake;

static int set_up(void **state)
{
	(void)state;
	fake_host_init(&fake);
	return 0;
}

static void an_address_goes_to_the_job_and_comes_back(void **state)
{
	static struct rlg_address given, back;

	(void)state;
	strcpy(given.sid, "0123456789abcdef0123456789abcdef");
	strcpy(given.group, "/scratch/a group/ünï=code\n");
	strcpy(given.run, "1B rank4 {array_task}");
	strcpy(given.phase, "fine=tune");
	assert_true(rlg_address_set(&given, &fake.host));
	for (int i = 0; i < 2; i++) {
		assert_true(rlg_address_get(&back, &fake.host, i == 0 ? "SLURM_SPANK_" : "SPANK_"));
		assert_string_equal(back.sid, given.sid);
		assert_string_equal(back.group, given.group);
		assert_string_equal(back.run, given.run);
		assert_string_equal(back.phase, given.phase);
	}
	rlg_address_unset(&fake.host);
	assert_false(rlg_address_get(&back, &fake.host, "SPANK_"));
	for (size_t i = 0; i < FAKE_VARIABLES; i++)
		assert_false(fake.control[i].set);
}

static void a_phase_that_is_not_known_is_not_set(void **state)
{
	static struct rlg_address given, back;

	(void)state;
	strcpy(given.group, "/g");
	strcpy(given.run, "r");
	assert_true(rlg_address_set(&given, &fake.host));
	assert_null(fake_get(fake.control, "RUNLEDGER_PHASE"));
	assert_null(fake_get(fake.control, "RUNLEDGER_SID"));
	assert_true(rlg_address_get(&back, &fake.host, "SPANK_"));
	assert_string_equal(back.phase, "");
	assert_string_equal(back.sid, "");
}

static void a_host_that_refuses_is_told(void **state)
{
	static struct rlg_address given;

	(void)state;
	strcpy(given.group, "/g");
	strcpy(given.run, "r");
	fake.refuses_control = true;
	assert_false(rlg_address_set(&given, &fake.host));
}

/* What the job finds in RUNLEDGER_ADDRESS, which its environment had from another job. */
static void a_job_is_told_its_address_and_no_others(void **state)
{
	static const struct {
		uint32_t step;
		const char *group, *run, *phase, *sid, *expected;
	} table[] = {
		{RLG_STEP_BATCH, "/scratch/a b/g", "r 1", "eval", SOME_SID, "4711/" SOME_SID "/r 1/eval/scratch/a b/g"},
		{0, "/g", "r", NULL, "forged", "4711//r//g"},
		{3, "/g", "r{array_task}", NULL, SOME_SID, "4711/" SOME_SID "/r{array_task}//g"},
		{0, "/g", "../r", NULL, SOME_SID, NULL},
		{0, "/g", "r", "a/b", SOME_SID, NULL},
		{0, "g", "r", NULL, SOME_SID, NULL},
		{0, NULL, NULL, NULL, SOME_SID, NULL},
		{RLG_STEP_EXTERN, "/g", "r", NULL, SOME_SID, "12/outer/job//x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct {
			const char *name, *value;
		} variables[] = {
			{"SLURM_SPANK_RUNLEDGER_GROUP", table[i].group}, {"SLURM_SPANK_RUNLEDGER_RUN", table[i].run},
			{"SLURM_SPANK_RUNLEDGER_PHASE", table[i].phase}, {"SLURM_SPANK_RUNLEDGER_SID", table[i].sid},
			{"RUNLEDGER_ADDRESS", "12/outer/job//x"},
		};
		fake_host_init(&fake);
		fake_knows(&fake, RLG_FACT_JOB_ID, 4711);
		fake_knows(&fake, RLG_FACT_STEP_ID, table[i].step);
		for (size_t v = 0; v < sizeof(variables) / sizeof(variables[0]); v++)
			if (variables[v].value != NULL)
				fake_set(fake.environment, variables[v].name, variables[v].value);
		rlg_address_publish(&fake.host);
		const char *found = fake_get(fake.environment, "RUNLEDGER_ADDRESS");
		if (found == NULL ? table[i].expected != NULL : table[i].expected == NULL || strcmp(found, table[i].expected) != 0)
			fail_msg("case %zu: %s", i, found == NULL ? "(none)" : found);
	}
}

static void only_a_whole_address_is_one(void **state)
{
	static const struct {
		const char *group, *run;
		bool whole, exact;
	} table[] = {
		{"/g", "r", true, true},
		{"/g", "r{array_task}", true, false},
		{"/g", NULL, false, false},
		{NULL, "r", false, false},
		{"g", "r", false, false}, /* relative: to what? */
		{"", "r", false, false},
		{"/g", "", false, false},
		{"~/g", "r", false, false},
		{"./g", "r", false, false},
	};
	static struct rlg_address back;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		fake_host_init(&fake);
		if (table[i].group != NULL)
			fake_set(fake.environment, "SPANK_RUNLEDGER_GROUP", table[i].group);
		if (table[i].run != NULL)
			fake_set(fake.environment, "SPANK_RUNLEDGER_RUN", table[i].run);
		fake_set(fake.environment, "SPANK_RUNLEDGER_SID", SOME_SID);
		memset(&back, 'x', sizeof(back));
		assert_int_equal(rlg_address_get(&back, &fake.host, "SPANK_"), table[i].whole);
		assert_int_equal(rlg_address_is_exact(&back), table[i].exact);
		assert_string_equal(back.sid, SOME_SID); /* which submission it was is known even so */
		if (!table[i].whole)
			assert_string_equal(back.group, "");
	}
}

static void an_address_that_is_too_long_is_none(void **state)
{
	static char long_text[8000];
	static struct rlg_address back;

	(void)state;
	memset(long_text, 'a', sizeof(long_text) - 1);
	long_text[0] = '/';
	fake_set(fake.environment, "SPANK_RUNLEDGER_GROUP", long_text);
	fake_set(fake.environment, "SPANK_RUNLEDGER_RUN", "r");
	assert_false(rlg_address_get(&back, &fake.host, "SPANK_"));
	fake_set(fake.environment, "SPANK_RUNLEDGER_GROUP", "/g");
	fake_set(fake.environment, "SPANK_RUNLEDGER_RUN", long_text);
	assert_false(rlg_address_get(&back, &fake.host, "SPANK_"));
	fake_set(fake.environment, "SPANK_RUNLEDGER_RUN", "r");
	fake_set(fake.environment, "SPANK_RUNLEDGER_PHASE", long_text);
	fake_set(fake.environment, "SPANK_RUNLEDGER_SID", long_text);
	assert_true(rlg_address_get(&back, &fake.host, "SPANK_"));
	assert_string_equal(back.phase, "");
	assert_string_equal(back.sid, "");
}

static void the_answer_of_the_tool_is_read(void **state)
{
	static const struct {
		const char *answer;
		bool tracked;
		const char *group, *run, *phase;
	} table[] = {
		{"group=/g\nrun=r\nphase=p\n", true, "/g", "r", "p"},
		{"phase=p\nrun=r\ngroup=/g", true, "/g", "r", "p"},
		{"group=/g\nrun=r\n", true, "/g", "r", ""},
		{"something=new\ngroup=/g\nrun=r\nother\n", true, "/g", "r", ""},
		{"group=/g=h\nrun==\n", true, "/g=h", "=", ""},
		{"", false, "", "", ""},
		{"\n\n\n", false, "", "", ""},
		{"group=/g\n", false, "/g", "", ""},
		{"run=r\n", false, "", "r", ""},
		{"group=g\nrun=r\n", false, "g", "r", ""},
		{" group=/g\n run=r\n", false, "", "", ""},
		{"garbage", false, "", "", ""},
	};
	static struct rlg_address address;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char answer[128];
		memset(&address, 0, sizeof(address));
		strcpy(address.sid, "kept");
		strcpy(address.group, "/old");
		strcpy(address.run, "old");
		strcpy(address.phase, "old");
		strcpy(answer, table[i].answer);
		if (rlg_address_parse(&address, answer) != table[i].tracked)
			fail_msg("wrong about the answer '%s'", table[i].answer);
		assert_string_equal(address.group, table[i].group);
		assert_string_equal(address.run, table[i].run);
		assert_string_equal(address.phase, table[i].phase);
		assert_string_equal(address.sid, "kept");
	}
}

static void an_answer_that_is_too_long_is_no_address(void **state)
{
	static struct rlg_address address;
	static char answer[RLG_PATH_MAX + 600];

	(void)state;
	memset(answer, 'a', sizeof(answer) - 1);
	memcpy(answer, "run=r\ngroup=/", 13);
	assert_false(rlg_address_parse(&address, answer));
	memset(answer, 'a', sizeof(answer) - 1);
	memcpy(answer, "group=/g\nrun=", 13);
	assert_false(rlg_address_parse(&address, answer));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, NULL)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_address_goes_to_the_job_and_comes_back),
		TEST(a_phase_that_is_not_known_is_not_set),
		TEST(a_host_that_refuses_is_told),
		TEST(a_job_is_told_its_address_and_no_others),
		TEST(only_a_whole_address_is_one),
		TEST(an_address_that_is_too_long_is_none),
		TEST(the_answer_of_the_tool_is_read),
		TEST(an_answer_that_is_too_long_is_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
