/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans: golden Markdown files as people write them, then summaries, folders and what is looked for first.
 *
 * For each tests/golden/plan/NAME.md there is NAME.txt with what is read out of it.  `--update` writes these anew.
 */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/golden.h"
#include "tool/base/bytes.h"
#include "tool/plan/plan.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	struct rlg_arena *arena;
	char group[64];
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture.arena = rlg_arena_new();
	strcpy(fixture.group, "/tmp/rlg_plan_XXXXXX");
	*state = &fixture;
	return mkdtemp(fixture.group) != NULL ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *ftw)
{
	(void)facts;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rlg_arena_free(f->arena);
	return nftw(f->group, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *describe(struct rlg_arena *arena, const struct rlg_plan *plan)
{
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	rlg_bytes_addf(&out, "title: %s\n", plan->title != NULL ? plan->title : "(none)");
	for (size_t i = 0; i < plan->n_runs; i++)
		rlg_bytes_addf(&out, "run: [%s] type: [%s]%s\n", plan->runs[i].name,
			       plan->runs[i].type != NULL ? plan->runs[i].type : "(none)",
			       plan->runs[i].control ? " control" : "");
	for (size_t i = 0; i < plan->n_evaluations; i++)
		rlg_bytes_addf(&out, "evaluation: [%s]\n", plan->evaluations[i]);
	for (size_t i = 0; i < plan->n_matrix; i++)
		rlg_bytes_addf(&out, "matrix: [%s] [%s] %ld\n", plan->matrix[i].run, plan->matrix[i].task, plan->matrix[i].epoch);
	return out.data;
}

static void check_case(void *context, const char *name)
{
	struct rlg_arena *arena = context;
	const char *markdown = golden_read(arena, golden_path(arena, "plan/%s", name));
	struct rlg_err err = {""};
	struct rlg_plan plan;
	int result = rlg_plan_parse_markdown(arena, "runs_plan.md", markdown, &plan, &err);
	const char *says = result == 0 ? describe(arena, &plan) : rlg_arena_printf(arena, "%d: %s\n", result, err.text);

	golden_expect(arena, golden_path(arena, "plan/%.*s.txt", (int)(strlen(name) - 3), name), says);
}

static void hand_written_plans_are_read(void **state)
{
	struct fixture *f = *state;

	golden_each(f->arena, "plan", ".md", 10, check_case, f->arena);
}

static const char *summary(struct rlg_arena *arena, const char *text)
{
	struct rlg_err err = {""};
	struct rlg_plan plan;
	int result = rlg_plan_parse_summary(arena, "s.yaml", text, &plan, &err);

	return result == 0 ? describe(arena, &plan) : rlg_arena_printf(arena, "%d: %s", result, err.text);
}

static void summaries_are_read(void **state)
{
	struct rlg_arena *arena = ((struct fixture *)*state)->arena;

	assert_string_equal(summary(arena, "experiment: {name: g}\nruns:\n- name: a\n  type: fine-tuned\n- {name: b, type: control}\n"
				    "- plain\n- name: a\n- name:\n- x: 1\nevaluation:\n  tasks:\n  - {name: t1}\n  - t2\n"),
			    "title: g\nrun: [a] type: [fine-tuned]\nrun: [b] type: [control] control\nrun: [plain] type: [(none)]\n"
			    "evaluation: [t1]\nevaluation: [t2]\n");
	assert_string_equal(summary(arena, "runs: {a: {type: Base}, b: }\nevaluations: [t, t]\n"),
			    "title: (none)\nrun: [a] type: [Base] control\nrun: [b] type: [(none)]\nevaluation: [t]\n");
	assert_string_equal(summary(arena, "runs: [a]\nevaluation:\n  matrix:\n  - {run: a, tasks: [t1, {name: t2}], epochs: [0, 1]}\n"
				    "  - {run: a, tasks: t3}\n  - {run: x/y, tasks: [t1]}\n  - {tasks: [t1]}\n  - 7\n  - {run: a}\n"),
			    "title: (none)\nrun: [a] type: [(none)]\nmatrix: [a] [t1] 0\nmatrix: [a] [t1] 1\nmatrix: [a] [t2] 0\n"
			    "matrix: [a] [t2] 1\nmatrix: [a] [t3] -1\n");
}

static void summaries_that_cannot_be_are_refused_with_their_line(void **state)
{
	struct rlg_arena *arena = ((struct fixture *)*state)->arena;

	assert_non_null(strstr(summary(arena, "runs:\n- name: a\n- name: x/y\n"), "-22: s.yaml:3: "));
	assert_non_null(strstr(summary(arena, "runs: []\n"), "-22: s.yaml:1: this plan names no runs"));
	assert_non_null(strstr(summary(arena, ""), "-22: s.yaml:1: this plan names no runs"));
	assert_non_null(strstr(summary(arena, "- a\n"), "-22: s.yaml:1: this plan names no runs"));
	assert_non_null(strstr(summary(arena, "runs: [\n"), "-22: s.yaml:2: this is not valid YAML"));
}

static const char *in_group(struct fixture *f, const char *name)
{
	return rlg_arena_printf(f->arena, "%s/%s", f->group, name);
}

static void make_run_folder(struct fixture *f, const char *name, const char *script)
{
	assert_int_equal(mkdir(in_group(f, name), 0700), 0);
	if (script != NULL)
		golden_write(in_group(f, rlg_arena_printf(f->arena, "%s/%s", name, script)), "#!/bin/bash\n");
}

static const char *read_plan(struct fixture *f, const char *plan_path)
{
	struct rlg_err err = {""};
	struct rlg_plan plan;
	int result = rlg_plan_read(f->arena, f->group, plan_path, &plan, &err);

	if (result < 0)
		return rlg_arena_printf(f->arena, "%d: %s", result, err.text);
	return rlg_arena_printf(f->arena, "source: %s\n%s", plan.source, describe(f->arena, &plan));
}

static void folders_with_a_script_are_runs(void **state)
{
	struct fixture *f = *state;

	make_run_folder(f, "b", "finetune.slurm");
	make_run_folder(f, "a", "x.sbatch");
	make_run_folder(f, "empty", NULL);
	make_run_folder(f, "other", "x.sh");
	make_run_folder(f, ".hidden", "x.slurm");
	make_run_folder(f, "dots", ".slurm");
	make_run_folder(f, "-dash", "x.slurm");
	assert_int_equal(symlink("b", in_group(f, "linked")), 0);
	assert_int_equal(symlink("linked2", in_group(f, "linked2")), 0);
	assert_int_equal(mkfifo(in_group(f, "fifo"), 0600), 0);
	golden_write(in_group(f, "file.slurm"), "");
	assert_string_equal(read_plan(f, NULL), "source: folders\ntitle: (none)\nrun: [a] type: [(none)]\n"
			    "run: [b] type: [(none)]\nrun: [linked] type: [(none)]\n");
}

static void the_first_plan_that_exists_is_read(void **state)
{
	struct fixture *f = *state;

	make_run_folder(f, "from_folder", "x.slurm");
	golden_write(in_group(f, "experiment_summary.yaml"), "runs: [from_summary]\n");
	assert_non_null(strstr(read_plan(f, NULL), "source: experiment_summary.yaml\ntitle: (none)\nrun: [from_summary]"));
	golden_write(in_group(f, "runs_plan.md"), "## All Runs\n|Run Name|\n|--|\n|from_plan|\n");
	assert_non_null(strstr(read_plan(f, NULL), "source: runs_plan.md\ntitle: (none)\nrun: [from_plan]"));
	golden_write(in_group(f, "other.yml"), "runs: [other]\n");
	assert_non_null(strstr(read_plan(f, "other.yml"), "source: other.yml\ntitle: (none)\nrun: [other]"));
	/* One that is there but wrong is said to be wrong, not passed over. */
	golden_write(in_group(f, "runs_plan.md"), "# Run Plan: x\n");
	assert_non_null(strstr(read_plan(f, NULL), "-22: runs_plan.md:1: this plan names no runs"));
}

static void without_a_plan_the_sentence_says_what_was_looked_for(void **state)
{
	struct fixture *f = *state;
	const char *says = read_plan(f, NULL);

	assert_non_null(strstr(says, "-2: there is no plan in /tmp/rlg_plan_"));
	assert_non_null(strstr(says, "runs_plan.md"));
	assert_non_null(strstr(says, "experiment_summary.yaml"));
	assert_non_null(strstr(says, "*.slurm"));
	assert_non_null(strstr(read_plan(f, "plans/x.md"), "-2: there is no plan plans/x.md in /tmp/rlg_plan_"));
}

static void what_is_no_text_file_is_refused(void **state)
{
	struct fixture *f = *state;
	FILE *file = fopen(in_group(f, "nul.md"), "wb");

	assert_non_null(file);
	fwrite("a\0b", 1, 3, file);
	fclose(file);
	assert_non_null(strstr(read_plan(f, "nul.md"), "NUL byte"));
	assert_int_equal(mkfifo(in_group(f, "runs_plan.md"), 0600), 0);
	assert_non_null(strstr(read_plan(f, NULL), "-22: the plan "));
	assert_non_null(strstr(read_plan(f, NULL), "is not a regular file"));
}

static void control_is_a_word_of_the_type(void **state)
{
	(void)state;
	assert_true(rlg_plan_is_control("Control"));
	assert_true(rlg_plan_is_control("base model"));
	assert_true(rlg_plan_is_control("(Base)"));
	assert_false(rlg_plan_is_control("Database-tuned"));
	assert_false(rlg_plan_is_control("Fine-tuned"));
	assert_false(rlg_plan_is_control(""));
	assert_false(rlg_plan_is_control(NULL));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hand_written_plans_are_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(summaries_are_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(summaries_that_cannot_be_are_refused_with_their_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(folders_with_a_script_are_runs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_first_plan_that_exists_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_plan_the_sentence_says_what_was_looked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_text_file_is_refused, set_up, tear_down),
		cmocka_unit_test(control_is_a_word_of_the_type),
	};

	golden_begin(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
