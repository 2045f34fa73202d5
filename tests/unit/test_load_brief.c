/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A brief model has the same runs as a whole one, in the same order, and says as much of them; and where that cannot be
 * told from what is known, there is none: the whole one comes instead.
 */
#include "tests/unit/scratch.h"

#include "lib/layout.h"
#include "tool/group/group.h"
#include "tool/group/load.h"

static const char *const news_of_m[] = {"m", NULL};

static void write_config(const char *text)
{
	write_text(in_scratch("g/" RLG_DIR "/" RLG_CONFIG_FILE), text);
}

static void write_plan(const char *rows)
{
	char text[512];

	snprintf(text, sizeof(text), "# Run Plan: g\n\n## All Runs\n\n| Run Name | Type |\n|---|---|\n%s", rows);
	write_text(in_scratch("g/runs_plan.md"), text);
}

/* A start, of a job of its own. */
static void tell(const char *run, int number)
{
	char line[512];

	make_folders(in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR "/%s", run));
	const char *path = in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR "/%s/h" RLG_STATUS_SUFFIX, run);
	FILE *file = fopen(path, "a");

	assert_non_null(file);
	snprintf(line, sizeof(line),
		 "{\"timestamp\":%d.5,\"name\":\"start\",\"context\":{\"v\":1,\"id\":\"%s%032d\",\"cluster\":\"c\",\"run\":\"%s\","
		 "\"phase\":\"finetune\",\"step\":\"batch\",\"job_id\":%d}}\n",
		 1700000000 + number, run, number, run, 100 + number);
	fputs(line, file);
	assert_int_equal(fclose(file), 0);
}

static int make_group(void **state)
{
	if (scratch_set_up(state) != 0)
		return -1;
	make_folders(in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR));
	write_config("phases: [finetune, eval]\ntrackers:\n  runs_status: on\n");
	write_plan("| z | Fine-tuned |\n| m | Control |\n");
	tell("z", 1);
	tell("m", 2);
	tell("b", 3);
	return 0;
}

/* All that a brief model has to say of its runs, as a text to be freed; `brief`: one will do. */
static char *load(const struct rlg_load_news *news, bool commit, bool *out_brief)
{
	struct rlg_group group;
	struct rlg_model *model;
	struct rlg_err err = {""};
	char *text;
	size_t length;

	if (rlg_group_open(in_scratch("g"), &group, &err) != 0)
		fail_msg("%s", err.text);
	struct rlg_load *load = rlg_load_begin(&group, true);
	if (rlg_load_model(load, news, &model, &err) != 0)
		fail_msg("%s", err.text);
	FILE *stream = open_memstream(&text, &length);
	for (size_t i = 0; i < model->n_runs; i++)
		fprintf(stream, "%s (%s%s, %lld); ", model->runs[i].name, model->runs[i].type == NULL ? "" : model->runs[i].type,
			model->runs[i].planned ? ", planned" : "", (long long)model->runs[i].word_us / 1000000);
	for (size_t i = 0; i < RLG_STATUS_COUNT; i++)
		fprintf(stream, "%zu ", model->counts[i]);
	fprintf(stream, "%llu", (unsigned long long)model->records);
	fclose(stream);
	*out_brief = model->brief;
	if (commit)
		rlg_load_commit(load);
	rlg_load_end(load);
	rlg_group_close(&group);
	return text;
}

/* What is known of the group stands in a snapshot. */
static void know(void)
{
	const struct rlg_load_news all = {.disk = true};
	bool brief;

	free(load(&all, true, &brief));
	assert_false(brief);
}

/* Is the model after news of m brief?  In any case it has what one from nothing has. */
static bool is_brief_after_news(void)
{
	const struct rlg_load_news some = {.runs = news_of_m, .n_runs = 1, .brief = true}, all = {.disk = true};
	bool brief, whole;
	char *got = load(&some, false, &brief);

	unlink(in_scratch("g/" RLG_DIR "/" RLG_SNAPSHOT_FILE));
	char *wanted = load(&all, false, &whole);
	assert_false(whole);
	assert_string_equal(got, wanted);
	free(got);
	free(wanted);
	return brief;
}

static void news_of_a_run_that_is_known_make_a_brief_one(void **state)
{
	(void)state;
	know();
	tell("m", 10);
	assert_true(is_brief_after_news());
}

/* Nobody has heard of it but the plan. */
static void a_planned_run_without_records_is_not_left_out(void **state)
{
	(void)state;
	write_plan("| z | Fine-tuned |\n| planned | Fine-tuned |\n| m | Control |\n");
	know();
	tell("m", 10);
	assert_false(is_brief_after_news());
}

/* It stands behind those of the plan, where no run was. */
static void a_run_that_is_new_comes_to_its_place(void **state)
{
	(void)state;
	write_plan("| z | Fine-tuned |\n");
	unlink(in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR "/m/h" RLG_STATUS_SUFFIX));
	rmdir(in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR "/m"));
	know();
	tell("m", 10);
	is_brief_after_news();
}

static void a_run_whose_records_are_gone_is_gone(void **state)
{
	(void)state;
	write_plan("| z | Fine-tuned |\n");
	know();
	unlink(in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR "/m/h" RLG_STATUS_SUFFIX));
	assert_false(is_brief_after_news());
}

/* A person names runs in a tracker: they are in the group from then on, where the tracker has them. */
static void what_a_tracker_names_meanwhile_is_there(void **state)
{
	(void)state;
	write_text(in_scratch("g/runs_status.yaml"), "run_group: g\nruns:\n  z:\n    finetune_status: running\n");
	know();
	write_text(in_scratch("g/runs_status.yaml"),
		   "run_group: g\nruns:\n  z:\n    finetune_status: running\n  by_hand:\n    eval_status: skipped\n  b:\n    eval_status: skipped\n");
	tell("m", 10);
	assert_false(is_brief_after_news());
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, make_group, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(news_of_a_run_that_is_known_make_a_brief_one),
		CLAIM(a_planned_run_without_records_is_not_left_out),
		CLAIM(a_run_that_is_new_comes_to_its_place),
		CLAIM(a_run_whose_records_are_gone_is_gone),
		CLAIM(what_a_tracker_names_meanwhile_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
