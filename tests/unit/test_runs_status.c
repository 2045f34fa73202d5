/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracker runs_status.yaml: golden files that people and scripts have edited, then what they changed, then size.
 *
 * Each folder of tests/golden/runs_status is a case: before.yaml (none: there is no file yet), model.json (none: the
 * model of tests/golden/runs_status/model.json) and after.yaml, or error.txt if the file is to be left alone.  With
 * `--update` the after.yaml and error.txt are written anew; look at them before they are committed.
 */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/arena_state.h"
#include "tests/unit/golden.h"
#include "tests/unit/model_builder.h"
#include "tool/tracker/runs_status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATH "runs_status.yaml"

/* ---- golden files ---- */

/* The file anew, or the sentence if it is to be left alone. */
static const char *render(struct rlg_arena *arena, const struct rlg_model *model, const char *before, int *out_result)
{
	struct rlg_err err = {""};
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	struct rlg_tracker_view view = {.arena = arena, .model = model};
	struct rlg_tracker_place place = {.path = PATH};
	*out_result = rlg_tracker_runs_status.render(&view, &place, PATH, before, NULL, &out, &err);
	if (*out_result == 0)
		return out.data;
	assert_int_equal(out.length, 0);
	assert_string_not_equal(err.text, "");
	return rlg_arena_printf(arena, "%s\n", err.text);
}

static void check_case(void *context, const char *name)
{
	struct rlg_arena *arena = context;
	char *json = golden_read(arena, golden_path(arena, "runs_status/%s/model.json", name));
	char *before = golden_read(arena, golden_path(arena, "runs_status/%s/before.yaml", name));
	int result;

	if (json == NULL)
		json = golden_read(arena, golden_path(arena, "runs_status/model.json"));
	struct rlg_model *model = rlg_build_model(arena, json);
	const char *after = render(arena, model, before, &result);
	golden_expect(arena, golden_path(arena, "runs_status/%s/%s", name, result == 0 ? "after.yaml" : "error.txt"), after);
	if (result == 0 && strcmp(render(arena, model, after, &result), after) != 0)
		fail_msg("%s: rendered a second time, it changes:\n%s", name, render(arena, model, after, &result));
}

static void hand_edited_files_change_only_where_they_must(void **state)
{
	golden_each(*state, "runs_status", NULL, 25, check_case, *state);
}

/* ---- what people changed ---- */

struct told {
	struct rlg_bytes lines;
};

static const char *or_null(const char *words)
{
	return words != NULL ? words : "null";
}

static void note_edit(void *context, const char *run, const char *phase, const char *field, const char *old_value,
		      const char *new_value)
{
	rlg_bytes_addf(&((struct told *)context)->lines, "%s/%s %s: %s -> %s\n", run, phase, field, or_null(old_value),
		       or_null(new_value));
}

static const char *edits(struct rlg_arena *arena, const struct rlg_model *model, const char *text, const char *base)
{
	struct rlg_err err = {""};
	struct told told;

	rlg_bytes_init(&told.lines, arena);
	assert_int_equal(rlg_tracker_runs_status.edits(arena, PATH, model, text, base, note_edit, &told, &err), 0);
	return told.lines.data;
}

static const char base_text[] = "runs:\n  a:\n    finetune_status: running\n    finetune_job_id: \"12\"\n    finetune_output: null\n"
				"    eval_status: pending\n    eval_job_id: null\n    eval_output: null\n    last_updated: null\n";

static const char running_json[] = "{\"runs\": [{\"name\": \"a\", \"phases\": {\"finetune\": {\"status\": \"completed\", "
				   "\"job_id\": \"12\", \"output\": \"/o\", \"word\": 1760898600}}}]}";

/* The base text with the first `from` made `to`. */
static const char *changed(struct rlg_arena *arena, const char *from, const char *to)
{
	const char *at = strstr(base_text, from);

	assert_non_null(at);
	return rlg_arena_printf(arena, "%.*s%s%s", (int)(at - base_text), base_text, to, at + strlen(from));
}

static void an_untouched_file_has_no_edits(void **state)
{
	struct rlg_model *model = rlg_build_model(*state, running_json);

	assert_string_equal(edits(*state, model, base_text, base_text), "");
	/* A script that loads and dumps it has changed nothing. */
	assert_string_equal(edits(*state, model, "runs: {a: {eval_job_id: ~, eval_output: '', eval_status: pending, "
				  "finetune_job_id: 12, finetune_status: 'running'}}\n", base_text), "");
}

static void a_changed_value_is_told_with_the_old_one(void **state)
{
	struct rlg_model *model = rlg_build_model(*state, running_json);

	assert_string_equal(edits(*state, model, changed(*state, "status: running", "status: failed"), base_text),
			    "a/finetune status: running -> failed\n");
	assert_string_equal(edits(*state, model, changed(*state, "\"12\"", "null"), base_text),
			    "a/finetune job_id: 12 -> null\n");
	assert_string_equal(edits(*state, model, changed(*state, "eval_output: null", "eval_output: /mine"), base_text),
			    "a/eval output: null -> /mine\n");
	assert_string_equal(edits(*state, model, changed(*state, "eval_status: pending", "eval_status: paused"), base_text),
			    "a/eval status: pending -> paused\n");
}

static void what_the_model_says_anyway_is_no_edit(void **state)
{
	struct rlg_model *model = rlg_build_model(*state, running_json);

	assert_string_equal(edits(*state, model, changed(*state, "status: running", "status: completed"), base_text), "");
	assert_string_equal(edits(*state, model, changed(*state, "finetune_output: null", "finetune_output: /o"), base_text), "");
}

static void a_removed_run_or_key_is_no_edit(void **state)
{
	struct rlg_model *model = rlg_build_model(*state, running_json);

	assert_string_equal(edits(*state, model, "runs: {}\n", base_text), "");
	assert_string_equal(edits(*state, model, "", base_text), "");
	assert_string_equal(edits(*state, model, changed(*state, "    finetune_job_id: \"12\"\n", ""), base_text), "");
}

static void without_a_base_the_model_explains_what_it_can(void **state)
{
	struct rlg_model *model = rlg_build_model(*state, running_json);

	assert_string_equal(edits(*state, model, base_text, NULL), "");
	assert_string_equal(edits(*state, model, base_text, "not: [yaml"), "");
	assert_string_equal(edits(*state, model, changed(*state, "\"12\"", "\"99\""), NULL),
			    "a/finetune status: null -> running\na/finetune job_id: null -> 99\n");
	/* The file was written when the job was submitted; but without a job somebody else submitted one. */
	assert_string_equal(edits(*state, model, "runs: {a: {finetune_status: submitted}}\n", NULL), "");
	assert_string_equal(edits(*state, model, "runs: {a: {eval_status: submitted}}\n", NULL),
			    "a/eval status: null -> submitted\n");
	assert_string_equal(edits(*state, model, changed(*state, "eval_status: pending", "eval_status: skipped"), NULL),
			    "a/eval status: null -> skipped\n");
}

static void runs_and_phases_that_the_model_does_not_know_are_told(void **state)
{
	struct rlg_model *model = rlg_build_model(*state, running_json);

	assert_string_equal(edits(*state, model, "runs:\n  b: {finetune_status: completed}\n  c: {finetune_status: pending}\n"
				  "  a: {judge_status: failed}\n", base_text),
			    "b/finetune status: null -> completed\na/judge status: null -> failed\n");
}

static void nested_edits_go_to_the_phase_that_the_key_stands_for(void **state)
{
	struct rlg_model *model = rlg_build_model(*state, "{\"runs\": [{\"name\": \"a\"}]}");
	const char *base = "runs:\n  a:\n    finetune: {status: pending, job_id: null}\n    evaluations:\n      cap_0:\n        status: pending\n";
	const char *text = "runs:\n  a:\n    finetune: {status: completed, job_id: 77}\n    evaluations:\n      cap_0:\n        status: failed\n";

	assert_string_equal(edits(*state, model, text, base), "a/finetune status: pending -> completed\n"
			    "a/finetune job_id: null -> 77\na/eval status: pending -> failed\n");
	model = rlg_build_model(*state, "{\"runs\": [{\"name\": \"a\", \"phases\": {\"cap_0\": {}}}]}");
	assert_string_equal(edits(*state, model, text, base), "a/finetune status: pending -> completed\n"
			    "a/finetune job_id: null -> 77\na/cap_0 status: pending -> failed\n");
}

/* ---- the runs that a file names ---- */

static void note_run(void *context, const char *run, const char *phase)
{
	rlg_bytes_addf(&((struct told *)context)->lines, "%s%s%s\n", run, phase != NULL ? "/" : "", phase != NULL ? phase : "");
}

static const char *runs(struct rlg_arena *arena, const char *text)
{
	struct rlg_err err = {""};
	struct told told;

	rlg_bytes_init(&told.lines, arena);
	if (rlg_tracker_runs_status.runs(arena, PATH, text, note_run, &told, &err) < 0)
		return rlg_arena_strdup(arena, err.text);
	return told.lines.data;
}

static void the_runs_of_a_file_are_named_with_their_phases(void **state)
{
	assert_string_equal(runs(*state, base_text), "a\na/finetune\na/eval\n");
	assert_string_equal(runs(*state, "runs:\n  a:\n    finetune:\n      status: x\n    evaluations:\n      t_0: {status: y}\n"
				 "      t_1: {}\n    config: {lr: 1}\n  b:\n  ../x: {}\n  1: {}\n"),
			    "a\na/finetune\na/t_0\na/t_1\nb\n1\n");
	assert_string_equal(runs(*state, ""), "");
	assert_string_equal(runs(*state, "runs:\n"), "");
	assert_non_null(strstr(runs(*state, "x: 1\nruns: [a]\n"), "runs_status.yaml:2: "));
	assert_non_null(strstr(runs(*state, "- a\n"), "runs_status.yaml:1: "));
}

/* ---- the second look ---- */

static bool unchanged(struct rlg_arena *arena, const char *old_text, const char *new_text, const char *marked,
		      enum rlg_rs_mark mark)
{
	struct rlg_yaml_doc old, new;

	assert_int_equal(rlg_yaml_parse(arena, PATH, old_text, strlen(old_text), &old, NULL), 0);
	assert_int_equal(rlg_yaml_parse(arena, PATH, new_text, strlen(new_text), &new, NULL), 0);
	if (marked != NULL)
		rlg_yaml_get(old.root, marked)->mark = mark;
	return rlg_rs_unchanged(old.root, new.root);
}

static void the_second_look_sees_every_change(void **state)
{
	static const char old[] = "a: 1\nb: {c: 2, d: [3, 4]}\n";

	assert_true(unchanged(*state, old, old, NULL, RLG_RS_KEPT));
	assert_true(unchanged(*state, old, "a: 9\nb: {c: 2, d: [3, 4]}\n", "a", RLG_RS_REPLACED));
	assert_true(unchanged(*state, old, "a: 1\nb: {x: 0, c: 2, y: 0, d: [3, 4], z: 0}\n", "b", RLG_RS_GROWN));
	assert_true(unchanged(*state, "a:\nb: 1\n", "a: {x: 1}\nb: 1\n", "a", RLG_RS_GROWN));
	assert_false(unchanged(*state, old, "a: 9\nb: {c: 2, d: [3, 4]}\n", NULL, RLG_RS_KEPT));
	assert_false(unchanged(*state, old, "a: '1'\nb: {c: 2, d: [3, 4]}\n", NULL, RLG_RS_KEPT));
	assert_false(unchanged(*state, old, "a: &x 1\nb: {c: 2, d: [3, 4]}\n", NULL, RLG_RS_KEPT));
	assert_false(unchanged(*state, old, "a: !!int 1\nb: {c: 2, d: [3, 4]}\n", "a", RLG_RS_REPLACED));
	assert_false(unchanged(*state, old, "a: 1\nb: {c: 2, d: [3, 5]}\n", "a", RLG_RS_REPLACED));
	assert_false(unchanged(*state, old, "a: 1\nb: {c: 2, d: [3]}\n", NULL, RLG_RS_KEPT));
	assert_false(unchanged(*state, old, "a: 1\nb: {c: 2, d: [3, 4], e: 5}\n", NULL, RLG_RS_KEPT));
	assert_false(unchanged(*state, old, "a: 1\nb: {c: 2, e: 5, f: 6}\n", "b", RLG_RS_GROWN));
	assert_false(unchanged(*state, old, "b: {c: 2, d: [3, 4]}\na: 1\n", NULL, RLG_RS_KEPT));
	assert_false(unchanged(*state, old, "a: 1\nb: 2\n", NULL, RLG_RS_KEPT));
}

/* ---- size ---- */

#define MANY 5000

static struct rlg_model *large_model(struct rlg_arena *arena, enum rlg_status status)
{
	struct rlg_model *model = rlg_build_model(arena, "{\"runs\": []}");

	model->runs = rlg_arena_alloc(arena, MANY * sizeof(*model->runs));
	model->n_runs = MANY;
	model->word_us = INT64_C(1760898600000000);
	for (size_t i = 0; i < MANY; i++) {
		struct rlg_phase *phases = rlg_arena_alloc(arena, 2 * sizeof(*phases));

		phases[0] = (struct rlg_phase){.name = "finetune", .status = status, .job_id = rlg_arena_printf(arena, "%zu", 1000 + i),
					       .n_attempts = 0, .word_us = model->word_us};
		phases[1] = (struct rlg_phase){.name = "eval"};
		model->runs[i] = (struct rlg_run){.name = rlg_arena_printf(arena, "run_%zu_x", i), .planned = true,
						  .phases = phases, .n_phases = 2, .word_us = model->word_us};
	}
	return model;
}

static void five_thousand_runs_take_a_moment(void **state)
{
	struct rlg_model *running = large_model(*state, RLG_STATUS_RUNNING), *done = large_model(*state, RLG_STATUS_COMPLETED);
	clock_t start = clock();
	int result;

	const char *text = render(*state, running, NULL, &result);
	assert_int_equal(result, 0);
	assert_string_equal(render(*state, running, text, &result), text);
	const char *after = render(*state, done, text, &result);
	assert_int_equal(result, 0);
	assert_int_equal(strlen(after), strlen(text) + MANY * (strlen("completed") - strlen("running")));
	assert_string_equal(edits(*state, done, after, text), "");
	/* 0.2 s without sanitizers; what is not linear takes minutes. */
	assert_true((clock() - start) / CLOCKS_PER_SEC < 20);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hand_edited_files_change_only_where_they_must, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(an_untouched_file_has_no_edits, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_changed_value_is_told_with_the_old_one, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(what_the_model_says_anyway_is_no_edit, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_removed_run_or_key_is_no_edit, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(without_a_base_the_model_explains_what_it_can, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(runs_and_phases_that_the_model_does_not_know_are_told, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(nested_edits_go_to_the_phase_that_the_key_stands_for, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(the_runs_of_a_file_are_named_with_their_phases, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(the_second_look_sees_every_change, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(five_thousand_runs_take_a_moment, arena_set_up, arena_tear_down),
	};

	golden_begin(argc, argv);
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
