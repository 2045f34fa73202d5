/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options from tables, near names, times as people say them. */
#include "tests/unit/cmocka_any.h"
#include "lib/clock.h"
#include "tool/cmd/command.h"
#include "tool/base/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ARGC_MAX 8

static const struct rlg_option table[] = {
	{"json", '\0', NULL, "a flag"},
	{"since", 's', "TIME", "with an argument"},
	{"state", '\0', "WORD", "begins as the one before"},
	{"mine", '\0', "[ID]", "with an argument that may be left out"},
	{0},
};

static char said[1024];

/* Parses words[1...]; what is said on stderr is in `said`. */
static int parse(struct rlg_options *out_options, const char *const *words, enum rlg_options_end end)
{
	static char *argv[ARGC_MAX];
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO), argc = 0, status;
	size_t length;

	argv[argc++] = (char *)"status";
	while (*words != NULL && argc < ARGC_MAX - 1)
		argv[argc++] = (char *)*words++;
	argv[argc] = NULL;
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	status = rlg_options_parse(out_options, "status", table, end, argc, argv);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	length = fread(said, 1, sizeof(said) - 1, file);
	said[length] = '\0';
	fclose(file);
	return status;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void values_stand_by_their_names(void **state)
{
	struct rlg_options options;

	assert_int_equal(parse(&options, WORDS("here", "--since=2h", "--json"), RLG_OPTIONS_ANYWHERE), 0);
	assert_string_equal(rlg_option_value(&options, "since"), "2h");
	assert_true(rlg_option_given(&options, "json"));
	assert_null(rlg_option_value(&options, "state"));
	assert_int_equal(options.n_words, 1);
	assert_string_equal(options.words[0], "here");
}

static void the_last_of_two_counts(void **state)
{
	struct rlg_options options;

	assert_int_equal(parse(&options, WORDS("-s", "1h", "--sin", "2h"), RLG_OPTIONS_ANYWHERE), 0);
	assert_string_equal(rlg_option_value(&options, "since"), "2h");
}

static void an_argument_may_be_left_out(void **state)
{
	struct rlg_options options;

	assert_int_equal(parse(&options, WORDS("--mine=s1", "word"), RLG_OPTIONS_ANYWHERE), 0);
	assert_string_equal(rlg_option_value(&options, "mine"), "s1");
	assert_int_equal(parse(&options, WORDS("--mine", "word"), RLG_OPTIONS_ANYWHERE), 0);
	assert_string_equal(rlg_option_value(&options, "mine"), "");
	assert_string_equal(options.words[0], "word");
	assert_int_equal(parse(&options, WORDS("word"), RLG_OPTIONS_ANYWHERE), 0);
	assert_false(rlg_option_given(&options, "mine"));
}

static void what_stands_behind_two_dashes_is_no_option(void **state)
{
	struct rlg_options options;

	assert_int_equal(parse(&options, WORDS("--", "--json"), RLG_OPTIONS_ANYWHERE), 0);
	assert_false(rlg_option_given(&options, "json"));
	assert_string_equal(options.words[0], "--json");
}

static void options_can_end_at_the_first_word(void **state)
{
	struct rlg_options options;

	assert_int_equal(parse(&options, WORDS("--json", "word", "--unknown"), RLG_OPTIONS_BEFORE_WORDS), 0);
	assert_true(rlg_option_given(&options, "json"));
	assert_int_equal(options.n_words, 2);
}

static void help_is_in_every_table(void **state)
{
	struct rlg_options options;

	assert_int_equal(parse(&options, WORDS("-h"), RLG_OPTIONS_ANYWHERE), 0);
	assert_true(options.help);
}

static const struct {
	const char *words[3];
	const char *sentence;
} mistakes[] = {
	{{"--jsno"}, "runledger status: there is no option --jsno; did you mean --json?\n"},
	{{"--zzzzzz=1"}, "runledger status: there is no option --zzzzzz\n"},
	{{"-x"}, "runledger status: there is no option -x\n"},
	{{"--s=1"}, "runledger status: option --s is cut too short: more than one begins so\n"},
	{{"--since"}, "runledger status: option --since needs an argument: --since=TIME\n"},
	{{"-s"}, "runledger status: option --since needs an argument: --since=TIME\n"},
	{{"--json=yes"}, "runledger status: option --json takes no argument\n"},
	{{"--help=yes"}, "runledger status: option --help takes no argument\n"},
	{{"--\x1b[2J"}, "runledger status: there is no option --\\x1b[2J\n"},
};

static void a_mistake_gives_status_2_a_sentence_and_a_hint(void **state)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct rlg_options options;
		char expected[512];

		snprintf(expected, sizeof(expected), "%sTry `runledger status --help`.\n", mistakes[i].sentence);
		assert_int_equal(parse(&options, mistakes[i].words, RLG_OPTIONS_ANYWHERE), RLG_EXIT_USAGE);
		assert_string_equal(said, expected);
	}
}

static const struct {
	const char *one, *other;
	size_t distance;
} distances[] = {
	{"status", "status", 0}, {"stats", "status", 1}, {"statsu", "status", 1}, {"", "abc", 3}, {"abc", "", 3},
	{"kitten", "sitting", 3},
};

static void distance_counts_letters_to_mend(void **state)
{
	for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]); i++)
		assert_int_equal(rlg_edit_distance(distances[i].one, distances[i].other), distances[i].distance);
}

static void the_nearest_names_come_first_and_far_ones_not_at_all(void **state)
{
	struct rlg_nearest nearest = {.word = "1B_rnak4"};

	rlg_nearest_offer(&nearest, "3B_rank4");
	rlg_nearest_offer(&nearest, "llama_base");
	rlg_nearest_offer(&nearest, "1B_rank4");
	rlg_nearest_offer(&nearest, "1B_rank64");
	rlg_nearest_offer(&nearest, "1B_rank44");
	assert_int_equal(nearest.n, RLG_NEAREST_MAX);
	assert_string_equal(nearest.names[0], "1B_rank4");
	assert_string_equal(nearest.names[1], "3B_rank4");
}

/* 2026-03-11 15:00:00 UTC */
#define NOW_US (INT64_C(1773241200) * RLG_SECOND_US)

static const struct {
	const char *words;
	int64_t seconds; /* before now; -1: no time */
} sinces[] = {
	{"90s", 90}, {"30m", 1800}, {"2h", 7200}, {"3d", 259200}, {"1w", 604800},
	{"today", 54000}, {"yesterday", 140400}, {"2026-03-11", 54000}, {"2026-03-11 14:30", 1800},
	{"2026-03-11T14:30:30", 1770}, {"2026-02-31", -1}, {"2h30m", -1}, {"h", -1}, {"-2h", -1}, {"", -1}, {"2", -1},
	{"2026-03-11 14", -1}, {"99999999999999999999h", -1},
};

static void a_time_is_understood_or_refused(void **state)
{
	for (size_t i = 0; i < sizeof(sinces) / sizeof(sinces[0]); i++) {
		int64_t moment_us = -1;
		struct rlg_err err = {""};
		int code = rlg_when_parse(sinces[i].words, NOW_US, &moment_us, &err);

		if (sinces[i].seconds >= 0 && (code != 0 || moment_us != NOW_US - sinces[i].seconds * RLG_SECOND_US))
			fail_msg("`%s`: %d, %lld", sinces[i].words, code, (long long)moment_us);
		if (sinces[i].seconds < 0 && (code >= 0 || strstr(err.text, "is no time; say how long ago") == NULL))
			fail_msg("`%s` was taken for a time, or refused without words: %s", sinces[i].words, err.text);
	}
}

static void durations_and_moments_are_short(void **state)
{
	char text[RLG_WHEN_TEXT_MAX];

	assert_string_equal(rlg_when_duration(45 * RLG_SECOND_US, text), "45s");
	assert_string_equal(rlg_when_duration(812 * RLG_SECOND_US, text), "13m 32s");
	assert_string_equal(rlg_when_duration(7980 * RLG_SECOND_US, text), "2h 13m");
	assert_string_equal(rlg_when_duration(273600 * RLG_SECOND_US, text), "3d 4h");
	assert_string_equal(rlg_when_duration(-1, text), "");
	assert_string_equal(rlg_when_short(NOW_US - 3600 * RLG_SECOND_US, NOW_US, text), "14:00");
	assert_string_equal(rlg_when_short(NOW_US - 172800 * RLG_SECOND_US, NOW_US, text), "Mar  9 15:00");
	assert_string_equal(rlg_when_short(NOW_US - INT64_C(31536000) * RLG_SECOND_US, NOW_US, text), "2025-03-11");
	assert_string_equal(rlg_when_short(0, NOW_US, text), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_stand_by_their_names),
		cmocka_unit_test(the_last_of_two_counts),
		cmocka_unit_test(an_argument_may_be_left_out),
		cmocka_unit_test(what_stands_behind_two_dashes_is_no_option),
		cmocka_unit_test(options_can_end_at_the_first_word),
		cmocka_unit_test(help_is_in_every_table),
		cmocka_unit_test(a_mistake_gives_status_2_a_sentence_and_a_hint),
		cmocka_unit_test(distance_counts_letters_to_mend),
		cmocka_unit_test(the_nearest_names_come_first_and_far_ones_not_at_all),
		cmocka_unit_test(a_time_is_understood_or_refused),
		cmocka_unit_test(durations_and_moments_are_short),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
