/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a job's name fit a pattern? */
#include "tests/unit/scratch.h"

#include "tool/plan/match.h"

static const char *const runs[] = {"1B", "1B_rank4", "rank4", "a_b", "b_c", "a", "c"};
static const char *const phases[] = {"finetune", "eval", "a"};

static bool is_one_of(const char *const *names, size_t count, const char *name, size_t length)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
			return true;
	return false;
}

static bool is_run(void *context, const char *name, size_t length)
{
	(void)context;
	return is_one_of(runs, sizeof(runs) / sizeof(runs[0]), name, length);
}

static bool is_phase(void *context, const char *name, size_t length)
{
	(void)context;
	return is_one_of(phases, sizeof(phases) / sizeof(phases[0]), name, length);
}

static void found(void *context, const struct rlg_match *match)
{
	char *text = context;
	size_t used = strlen(text);

	if (used < 400)
		snprintf(text + used, 512 - used, "%.*s/%.*s ", (int)match->run_length, match->run == NULL ? "" : match->run,
			 (int)match->phase_length, match->phase == NULL ? "" : match->phase);
}

static const struct rlg_match_names names = {.is_run = is_run, .is_phase = is_phase};

static void names_fit_or_do_not(void **state)
{
	static const struct {
		const char *pattern, *name, *found;
	} table[] = {
		{"{run}", "1B", "1B/ "},
		{"{run}", "1B_rank4", "1B_rank4/ "},
		{"{run}", "1B_rank", ""},
		{"{run}", "", ""},
		{"{run}", "x1B", ""},
		{"{phase}_{run}", "finetune_1B_rank4", "1B_rank4/finetune "},
		{"{run}_{phase}", "1B_rank4_eval", "1B_rank4/eval "},
		{"{phase}_{run}", "other_1B", ""},
		{"{phase}_{run}", "finetune_", ""},
		{"train-{run}", "train-1B", "1B/ "},
		{"train-{run}", "Train-1B", ""},
		{"train", "train", "/ "},
		{"train", "trains", ""},
		{"*", "anything", "/ "},
		{"{run}*", "1B-v2", "1B/ "},
		{"*-{run}", "x-y-1B", "1B/ "},
		{"{phase}", "eval", "/eval "},
		{"{run}.{phase}", "1B.eval", "1B/eval "},
		{"{run}.{phase}", "1Bxeval", ""},
		{"[{run}]", "[1B]", "1B/ "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[512] = "";
		rlg_match_each(table[i].pattern, table[i].name, &names, found, text);
		if (strcmp(text, table[i].found) != 0)
			fail_msg("%s and %s: '%s'", table[i].pattern, table[i].name, text);
	}
}

static void every_way_is_told(void **state)
{
	char text[512] = "";

	(void)state;
	rlg_match_each("{phase}_{run}", "a_a_b", &names, found, text);
	assert_string_equal(text, "a_b/a ");
	text[0] = '\0';
	rlg_match_each("{run}*", "1B_rank4", &names, found, text);
	assert_non_null(strstr(text, "1B/ "));
	assert_non_null(strstr(text, "1B_rank4/ "));
	text[0] = '\0';
	rlg_match_each("{run}_*", "a_b_c", &names, found, text);
	assert_non_null(strstr(text, "a/ "));
	assert_non_null(strstr(text, "a_b/ "));
}

static void many_stars_end_in_time(void **state)
{
	char pattern[401], name[4001], text[512] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		pattern[i] = i % 2 ? 'a' : '*';
	pattern[sizeof(pattern) - 1] = '\0';
	memset(name, 'a', sizeof(name) - 2);
	name[sizeof(name) - 2] = 'b';
	name[sizeof(name) - 1] = '\0';
	int64_t begun_ms = scratch_now_ms();
	rlg_match_each(pattern, name, &names, found, text);
	assert_true(scratch_now_ms() - begun_ms < 2000);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_fit_or_do_not),
		cmocka_unit_test(every_way_is_told),
		cmocka_unit_test(many_stars_end_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
