/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `status --json`: the whole form, byte for byte; the table for people, by the same model. */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/hand_model.h"
#include "tool/show/status.h"

#include <cjson/cJSON.h>
#include <locale.h>
#include <stdlib.h>
#include <time.h>

static struct hand_model hand;
static struct rlg_arena *arena;
static struct rlg_status_view view;
static const struct rlg_run *chosen[HAND_RUNS];

static int set_up(void **state)
{
	arena = rlg_arena_new();
	hand_model_init(&hand);
	view = (struct rlg_status_view){.arena = arena, .model = &hand.model, .runs = chosen, .n_runs = HAND_RUNS,
					.now_us = HAND_NOW_US};
	for (size_t i = 0; i < HAND_RUNS; i++)
		chosen[i] = &hand.runs[i];
	return 0;
}

static int tear_down(void **state)
{
	rlg_arena_free(arena);
	return 0;
}

static const char *shown(rlg_status_fn *show)
{
	char *text, *copy;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	hand_count(&hand);
	rlg_summary_actions(arena, &hand.model, NULL, NULL, &view.actions);
	show(&view, stream);
	fclose(stream);
	copy = rlg_arena_strdup(arena, text);
	free(text);
	return copy;
}

#define NO_USAGE                                                                                                 \
	"\"usage\":{\"cpu_s\":null,\"ncpus\":null,\"cpu_efficiency\":null,\"peak_memory_bytes\":null," \
	"\"memory_limit_bytes\":null,\"memory_efficiency\":null,\"time_limit_s\":null,\"time_efficiency\":null}"

static void the_form_is_the_documented_one(void **state)
{
	chosen[0] = &hand.runs[0];
	view.n_runs = 1;
	hand.phases[0][0].output = "/scratch/ck-out/epoch_2";
	assert_string_equal(
		shown(rlg_status_json),
		"{\"version\":1,\"group\":\"cap_8L\",\"path\":\"/scratch/cap_8L\",\"counts\":{\"pending\":1,\"submitted\":0,"
		"\"running\":2,\"completed\":1,\"failed\":0,\"skipped\":0},\"damaged\":0,\"runs\":[\n"
		"  {\"run\":\"1B_rank4\",\"note\":null,\"verdict\":null,\"wandb\":null,\"description\":null,\"phases\":[{\"phase\":\"finetune\",\"status\":\"completed\",\"job_id\":\"1234567\","
		"\"slurm_state\":\"COMPLETED\",\"final\":true,\"reason\":null,\"exit_code\":0,\"signal\":0,"
		"\"submit_time\":\"2025-10-19T18:15:00Z\",\"start_time\":\"2025-10-19T18:16:28Z\","
		"\"end_time\":\"2025-10-19T18:30:00Z\",\"elapsed_s\":812,\"nodes\":\"n1\","
		"\"output\":\"/scratch/ck-out/epoch_2\",\"sync\":null,\"progress\":null,\"last_word\":\"2025-10-19T18:30:00Z\",\"no_word_since\":null," NO_USAGE ",\"attempts\":["
		"{\"job_id\":\"1234567\",\"array_job_id\":null,\"array_task_id\":null,\"slurm_state\":\"COMPLETED\","
		"\"final\":true,\"exit_code\":0,\"signal\":0,\"submit_time\":\"2025-10-19T18:15:00Z\","
		"\"start_time\":\"2025-10-19T18:16:28Z\",\"end_time\":\"2025-10-19T18:30:00Z\",\"nodes\":\"n1\","
		"\"source\":\"epilog\",\"no_word_since\":null,\"failure\":null,\"progress\":null," NO_USAGE "}]},\n"
		"   {\"phase\":\"eval\",\"status\":\"running\",\"job_id\":\"1234568\",\"slurm_state\":\"RUNNING\","
		"\"final\":false,\"reason\":null,\"exit_code\":null,\"signal\":null,"
		"\"submit_time\":\"2025-10-19T18:15:00Z\",\"start_time\":\"2025-10-19T18:16:28Z\",\"end_time\":null,"
		"\"elapsed_s\":null,\"nodes\":\"n1\",\"output\":null,\"sync\":null,\"progress\":null,\"last_word\":\"2025-10-19T18:30:00Z\",\"no_word_since\":null," NO_USAGE ",\"attempts\":["
		"{\"job_id\":\"1234568\",\"array_job_id\":null,\"array_task_id\":null,\"slurm_state\":\"RUNNING\","
		"\"final\":false,\"exit_code\":null,\"signal\":null,\"submit_time\":\"2025-10-19T18:15:00Z\","
		"\"start_time\":\"2025-10-19T18:16:28Z\",\"end_time\":null,\"nodes\":\"n1\",\"source\":null,\"no_word_since\":null,\"failure\":null,\"progress\":null," NO_USAGE "}]}]}]}\n");
}

static void a_phase_without_attempts_has_nulls(void **state)
{
	chosen[0] = &hand.runs[3];
	view.n_runs = 1;
	assert_non_null(strstr(shown(rlg_status_json),
			       "{\"phase\":\"eval\",\"status\":\"pending\",\"job_id\":null,\"slurm_state\":null,"
			       "\"final\":false,\"reason\":null,\"exit_code\":null,\"signal\":null,\"submit_time\":null,"
			       "\"start_time\":null,\"end_time\":null,\"elapsed_s\":null,\"nodes\":null,\"output\":null,"
			       "\"sync\":null,\"progress\":null,\"last_word\":null,\"no_word_since\":null," NO_USAGE ",\"attempts\":[]}"));
}

static void a_jobs_values_are_as_it_wrote_them(void **state)
{
	static struct rlg_metric metrics[] = {
		{.name = "train_loss", .is_number = true, .first = "0.850", .last = "nan", .lowest = "0.0850", .highest = "0.850", .best = "0.0850"},
		{.name = "note \"x\"", .first = "a", .last = "b"},
	};
	struct rlg_progress progress = {.records = 3,
					.first_us = HAND_NOW_US - 60 * RLG_SECOND_US,
					.last_us = HAND_NOW_US,
					.last_step = "2400",
					.metrics = metrics,
					.n_metrics = 2};
	static struct rlg_attempt attempt;
	const char *expected =
		"\"progress\":{\"records\":3,\"first_time\":\"2025-10-19T18:29:00Z\",\"last_time\":\"2025-10-19T18:30:00Z\","
		"\"step\":2400,\"epoch\":null,\"metrics\":[{\"name\":\"train_loss\",\"first\":0.850,\"last\":\"nan\","
		"\"lowest\":0.0850,\"highest\":0.850,\"best\":0.0850},{\"name\":\"note \\\"x\\\"\",\"first\":\"a\",\"last\":\"b\","
		"\"lowest\":null,\"highest\":null,\"best\":null}]}";

	attempt = hand.attempts[1][0];
	attempt.progress = progress;
	hand.phases[1][0].attempts = hand.phases[1][0].deciding = &attempt;
	hand.phases[1][0].progress = progress;
	hand.phases[1][0].sync = "ok";
	hand.runs[1].verdict = "keep";
	const char *text = shown(rlg_status_json), *of_phase = strstr(text, expected);
	assert_non_null(of_phase);
	assert_non_null(strstr(of_phase + 1, expected));
	assert_non_null(strstr(text, "\"sync\":\"ok\",\"progress\":{"));
	assert_non_null(strstr(text, "\"verdict\":\"keep\""));
	assert_non_null(strstr(shown(rlg_status_table), "Finetune on n1, step 2400\n"));
	chosen[0] = &hand.runs[1];
	view.n_runs = 1;
	text = shown(rlg_status_detail);
	assert_non_null(strstr(text, "\n  verdict      keep\n"));
	assert_non_null(strstr(text, "\n  progress     step 2400, 2025-10-19 18:30:00\n"
				     "  train_loss   0.850 first, nan last, 0.0850 best\n"
				     "  note \"x\"     a first, b last\n"));
	assert_non_null(strstr(text, "\n  artifacts    ok\n"));
}

static void hostile_names_are_still_json(void **state)
{
	cJSON *root;

	hand.runs[0].name = "a\"b\\c\n\x1b\xff";
	hand.model.run_group = "{";
	root = cJSON_Parse(shown(rlg_status_json));
	assert_non_null(root);
	assert_string_equal(cJSON_GetObjectItem(root, "group")->valuestring, "{");
	assert_string_equal(
		cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(root, "runs"), 0), "run")->valuestring,
		"a\"b\\c\n\x1b\xef\xbf\xbd");
	cJSON_Delete(root);
}

static void a_group_without_runs_has_an_empty_list(void **state)
{
	hand.model.n_runs = view.n_runs = 0;
	assert_non_null(strstr(shown(rlg_status_json), "\"damaged\":0,\"runs\":[]}\n"));
}

static void the_table_has_a_row_a_run(void **state)
{
	assert_string_equal(shown(rlg_status_table),
			    "cap_8L: 1 of 4 completed (3B_rank4), 2 running, 1 pending\n"
			    "\n"
			    "Run        Finetune     Eval         Job      Time     Notes\n"
			    "1B_rank4   ✓ completed  → running    1234568  13m 32s  Eval on n1\n"
			    "1B_rank64  → running    · pending    1234569  13m 32s  Finetune on n1\n"
			    "3B_rank4   ✓ completed  ✓ completed  1234561  13m 32s  All done!\n"
			    "3B_rank64  · pending    · pending                      Not started\n"
			    "\n"
			    "Next\n"
			    "- 1 finetune job in progress\n"
			    "- 1 eval job in progress\n"
			    "- 1 run not yet started\n");
}

static void runs_outside_of_the_plan_stand_apart(void **state)
{
	const char *text, *apart;

	hand.runs[1].planned = false;
	text = shown(rlg_status_table);
	apart = strstr(text, "\nNot in the plan (to say which run is meant: `sbatch --run=RUN`)\n");
	assert_non_null(apart);
	assert_non_null(strstr(apart, "\n1B_rank64  → running"));
	assert_true(strstr(text, "1B_rank64") > apart);
}

static void where_columns_have_no_room_each_phase_has_a_row(void **state)
{
	view.terminal.width = 64;
	assert_non_null(strstr(shown(rlg_status_table),
			       "Run        Phase     Status       Job      Time     Notes\n"
			       "1B_rank4   finetune  ✓ completed  1234567  13m 32s\n"
			       "           eval      → running    1234568  13m 32s  Eval on n1\n"));
	view.terminal.width = 56;
	assert_non_null(strstr(shown(rlg_status_table),
			       "Run        Phase     Status       Job      Time\n"
			       "1B_rank4   finetune  ✓ completed  1234567  13m 32s\n"
			       "           eval      → running    1234568  13m 32s\n"));
}

static void every_attempt_stands_in_the_detail(void **state)
{
	static struct rlg_attempt attempts[2];
	const char *text;

	attempts[0] = attempts[1] = hand.attempts[1][0];
	attempts[0].slurm_state = "NODE_FAIL";
	attempts[0].status = RLG_STATUS_SUBMITTED;
	attempts[0].start_us = HAND_NOW_US - 7200 * RLG_SECOND_US;
	attempts[0].end_us = HAND_NOW_US - 3600 * RLG_SECOND_US;
	hand.phases[1][0].attempts = attempts;
	hand.phases[1][0].n_attempts = 2;
	hand.phases[1][0].deciding = &attempts[1];
	attempts[1].stdout_path = "/scratch/slurm-1234569.out";
	chosen[0] = &hand.runs[1];
	view.n_runs = 1;
	text = shown(rlg_status_detail);
	assert_non_null(strstr(text, "1B_rank64: Finetune job 1234569, attempt 2\n"));
	assert_non_null(strstr(text, "\nFinetune: → running\n  job          1234569\n"));
	assert_non_null(strstr(text, "\n  running for  13m 32s\n"));
	assert_non_null(strstr(text, "\n  log          /scratch/slurm-1234569.out\n"));
	assert_non_null(strstr(text, "Phase     Job      Started              Nodes  How it went\n"
				     "finetune  1234569  2025-10-19 16:30:00  n1     NODE_FAIL after 1h 0m\n"
				     "finetune  1234569  2025-10-19 18:16:28  n1     RUNNING\n"));
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(the_form_is_the_documented_one),
		CLAIM(a_phase_without_attempts_has_nulls),
		CLAIM(a_jobs_values_are_as_it_wrote_them),
		CLAIM(hostile_names_are_still_json),
		CLAIM(a_group_without_runs_has_an_empty_list),
		CLAIM(the_table_has_a_row_a_run),
		CLAIM(runs_outside_of_the_plan_stand_apart),
		CLAIM(where_columns_have_no_room_each_phase_has_a_row),
		CLAIM(every_attempt_stands_in_the_detail),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	setlocale(LC_CTYPE, "C.UTF-8");
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
