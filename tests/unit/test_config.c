/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config.yaml: what may stand there; and that each wrong thing is told with file, line and a sentence. */
#include "tests/unit/scratch.h"

#include "tool/plan/config.h"

static struct rlg_arena *arena;
static struct rlg_config config;
static struct rlg_err err;

static int set_up(void **state)
{
	(void)state;
	arena = rlg_arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rlg_arena_free(arena);
	return 0;
}

static int parse(const char *text)
{
	err.text[0] = '\0';
	int code = rlg_config_parse(arena, "config.yaml", text, &config, &err);
	if ((code != 0) != (err.text[0] != '\0'))
		fail_msg("returned %d with the sentence '%s'", code, err.text);
	return code;
}

static void assert_defaults(void)
{
	assert_null(config.run_group);
	assert_null(config.plan);
	assert_int_equal(config.n_phases, 2);
	assert_string_equal(config.phases[0], "finetune");
	assert_string_equal(config.phases[1], "eval");
	assert_int_equal(config.n_rules, 3);
	assert_string_equal(config.rules[0].job_name, "{phase}_{run}");
	assert_string_equal(config.rules[1].job_name, "{run}_{phase}");
	assert_string_equal(config.rules[2].job_name, "{run}");
	assert_string_equal(config.trackers[0].tracker, "runs_status");
	assert_string_equal(config.trackers[0].path, "runs_status.yaml");
	for (size_t i = 1; i < config.n_trackers; i++)
		assert_null(config.trackers[i].path);
}

static void trackers_that_were_found_are_kept(void **state)
{
	static const struct rlg_tracker_choice found[] = {{"active_jobs", "a b/{session}: x.json"}};

	(void)state;
	assert_int_equal(parse(rlg_config_template(arena, found, 1)), 0);
	for (size_t i = 0; i < config.n_trackers; i++) {
		const struct rlg_tracker_choice *choice = &config.trackers[i];
		const char *expected = strcmp(choice->tracker, "active_jobs") == 0 ? "a b/{session}: x.json"
				       : strcmp(choice->tracker, "runs_status") == 0 ? "runs_status.yaml" : NULL;
		if (expected == NULL)
			assert_null(choice->path);
		else
			assert_string_equal(choice->path, expected);
	}
	assert_int_equal(parse("trackers: {active_jobs: on}\n"), 0);
	assert_string_equal(config.trackers[1].path, ".claude/agents/{session}/active_jobs.json");
}

/* What `init` found is the name of somebody's folder. */
static void a_folder_of_any_name_is_found_again(void **state)
{
	static const char *const names[] = {"a\nversion: 7", "a, b",  "`a`", "-a",   "- a",	 "? a", "a\\b",	 "a'b\"c",
					    "yes",	      "null",  "~",   " a ",  "a: b",	 "a #b", "[a", "{a}",
					    "*a",	      "&a",    "!a",  "|",    ">",	 "%a",	"@a", "\ta",
					    "a\x1b[31mb",     "1e3",   "0x1f", "=",    "<<", "\xc3\xa9", "2026-03-11"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct rlg_tracker_choice found[] = {
			{"active_jobs", rlg_arena_printf(arena, "%s/x.json", names[i])}, {"slurm_job_list", names[i]}};
		if (parse(rlg_config_template(arena, found, 2)) != 0)
			fail_msg("%s: %s", names[i], err.text);
		for (size_t k = 0; k < config.n_trackers; k++)
			for (size_t f = 0; f < 2; f++)
				if (strcmp(config.trackers[k].tracker, found[f].tracker) == 0)
					assert_string_equal(config.trackers[k].path, found[f].path);
	}
}

static void the_defaults_and_their_template_agree(void **state)
{
	static const char *const texts[] = {"", "\n", "# nothing\n", "---\n", "{}\n", "version: 1\n"};

	(void)state;
	rlg_config_default(arena, &config);
	assert_defaults();
	assert_int_equal(parse(rlg_config_template(arena, NULL, 0)), 0);
	assert_defaults();
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (parse(texts[i]) != 0)
			fail_msg("'%s': %s", texts[i], err.text);
		assert_defaults();
	}
}

static void every_setting_is_read(void **state)
{
	(void)state;
	assert_int_equal(parse("run_group: my group\nplan: docs/plan.md\nphases: [train, test, \"3\"]\n"
			       "match:\n  - \"t-{run}\"\n  - {job_name: sweep, run: \"s_{array_task}\", phase: test}\n"
			       "outputs:\n  train: checkpoints\n  test: \"logs/*.json\"\n  \"3\": none\n"
			       "trackers:\n  runs_status: docs/status.yaml\n"), 0);
	assert_string_equal(config.run_group, "my group");
	assert_string_equal(config.plan, "docs/plan.md");
	assert_int_equal(config.n_phases, 3);
	assert_string_equal(config.phases[2], "3");
	assert_int_equal(config.n_rules, 2);
	assert_string_equal(config.rules[0].job_name, "t-{run}");
	assert_null(config.rules[0].run);
	assert_string_equal(config.rules[1].run, "s_{array_task}");
	assert_string_equal(config.rules[1].phase, "test");
	assert_int_equal(config.n_outputs, 3);
	assert_int_equal(config.outputs[0].kind, RLG_OUTPUT_CHECKPOINTS);
	assert_int_equal(config.outputs[1].kind, RLG_OUTPUT_PATTERN);
	assert_string_equal(config.outputs[1].pattern, "logs/*.json");
	assert_int_equal(config.outputs[2].kind, RLG_OUTPUT_NONE);
	assert_string_equal(config.trackers[0].path, "docs/status.yaml");
	assert_int_equal(parse("trackers: {runs_status: off}\n"), 0);
	assert_null(config.trackers[0].path);
	assert_false(config.artifacts_are_here);
	assert_int_equal(parse("artifact_sync: local\n"), 0);
	assert_true(config.artifacts_are_here);
	assert_int_equal(parse("artifact_sync: remote\n"), 0);
	assert_false(config.artifacts_are_here);
	assert_int_equal(parse("match: []\n"), 0);
	assert_int_equal(config.n_rules, 0);
}

static void each_wrong_thing_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text;
		int line; /* 0: any */
	} table[] = {
		{"colour: red\n", 1},
		{"version: 1\n\n# x\ncolour: red\n", 4},
		{"version: 2\n", 1},
		{"version: [1]\n", 1},
		{"- a\n", 1},
		{"just words\n", 1},
		{"run_group: [a]\n", 1},
		{"plan: {a: b}\n", 1},
		{"phases: finetune\n", 1},
		{"phases: []\n", 1},
		{"phases:\n  - a\n  - a\n", 3},
		{"phases:\n  - ../a\n", 2},
		{"phases:\n  - a\n  - [b]\n", 3},
		{"phases:\n  - ~\n", 2},
		{"phases: {a: b}\n", 1},
		{"match: x\n", 1},
		{"match:\n  - x\n", 2},
		{"match:\n  - \"{run}\"\n  - {run: x}\n", 3},
		{"match:\n  - \"{run}_{array_task}\"\n", 2},
		{"match:\n  - [a]\n", 2},
		{"outputs: x\n", 1},
		{"outputs:\n  a: [b]\n", 2},
		{"outputs:\n  [a]: none\n", 2},
		{"outputs:\n  ? {a: b}\n  : none\n", 2},
		{"trackers: x\n", 1},
		{"trackers:\n  wiki: x\n", 2},
		{"trackers:\n  [a]: x\n", 2},
		{"[a]: x\n", 1},
		{"phases: [a]\nphases: [b]\n", 2},
		{"a: [b\n", 0},
		{"\ta: b\n", 0},
		{"a: b\n---\nc: d\n", 0},
		{"a: *b\n", 0},
		{"a: \"\\q\"\n", 0},
	};
	char where[64];
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int code = parse(table[i].text);
		if (table[i].line == 0)
			strcpy(where, "config.yaml:");
		else
			snprintf(where, sizeof(where), "config.yaml:%d: ", table[i].line);
		if (code == -EINVAL && strncmp(err.text, where, strlen(where)) == 0)
			continue;
		print_message("# %d, '%s' for %s\n", code, err.text, table[i].text);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_defaults_and_their_template_agree),
		TEST(trackers_that_were_found_are_kept),
		TEST(a_folder_of_any_name_is_found_again),
		TEST(every_setting_is_read),
		TEST(each_wrong_thing_is_told_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
