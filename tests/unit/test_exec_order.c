/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two recorders of `runledger exec` run beside each other: on a busy machine the start's may come last. */
#include "tests/unit/scratch.h"

#include "tool/cmd/cmd_exec_record.h"
#include "tool/cmd/options.h"

static const struct rlg_option table[] = {
	{"run", 0, "RUN", ""}, {"run-group", 0, "DIR", ""}, {"name", 0, "NAME", ""}, {NULL, 0, NULL, NULL}};

static const char plan[] = "# Run Plan: g\n\n## All Runs\n\n| Run Name | Type |\n|---|---|\n| r1 | Fine-tuned |\n";

static struct rlg_exec exec;

static void start(void *context)
{
	rlg_exec_record_start(context);
}

static void finish(void *context)
{
	rlg_exec_record_finish(context);
}

/* The status file of the run, whose name is this host's. */
static const char *records(void)
{
	static char text[65536];
	char command[SCRATCH_PATH_MAX + 64];

	snprintf(command, sizeof(command), "cat '%s'/.runledger/runs/r1/*.jsonl", scratch);
	FILE *file = popen(command, "r");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	pclose(file);
	return text;
}

static void set_up_exec(struct rlg_options *options)
{
	static char *argv[] = {(char *)"exec", NULL}, *command[] = {(char *)"true", NULL};

	make_folder(in_scratch(".runledger"), 0755);
	write_text(in_scratch("runs_plan.md"), plan);
	assert_return_code(chdir(scratch), errno);
	assert_int_equal(rlg_options_parse(options, "exec", table, RLG_OPTIONS_BEFORE_WORDS, 1, argv), 0);
	rlg_exec_init(&exec, options);
	exec.argv = command;
	exec.argc = 1;
	exec.begin_us = 1771430000000000;
	exec.end_us = exec.begin_us + 1000000;
}

static void a_start_that_comes_last_says_as_much(void **state)
{
	struct rlg_options options;

	(void)state;
	setenv("SLURM_JOB_ID", "41", 1);
	setenv("SLURM_JOB_NAME", "r1", 1);
	set_up_exec(&options);
	in_child(finish, &exec);
	in_child(start, &exec);
	if (rlg_exec_complaint(&exec) != NULL)
		fail_msg("%s", rlg_exec_complaint(&exec));
	assert_true(rlg_exec_is_recorded(&exec));
	const char *said = records(), *first = strstr(said, "\"name\":\"start\"");
	assert_non_null(first);
	assert_true(first > strstr(said, "\"name\":\"finish\""));
	assert_non_null(strstr(first, "\"job_name\":\"r1\""));
	assert_non_null(strstr(strstr(said, "\"name\":\"submit\""), "\"job_name\":\"r1\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_start_that_comes_last_says_as_much, scratch_set_up, scratch_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
