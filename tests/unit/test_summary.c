/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts, notes and next actions; and the Markdown report that is made from them. */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/hand_model.h"
#include "tool/show/report.h"
#include "tool/show/summary.h"

#include <stdlib.h>
#include <time.h>

static struct hand_model hand;
static struct rlg_arena *arena;

static int set_up(void **state)
{
	arena = rlg_arena_new();
	hand_model_init(&hand);
	return 0;
}

static int tear_down(void **state)
{
	rlg_arena_free(arena);
	return 0;
}

static bool has_any_script(void *context, const char *run, const char *script)
{
	return strcmp(script, "eval.slurm") == 0;
}

static const char *report(void)
{
	struct rlg_actions actions;
	struct rlg_bytes text;

	hand_count(&hand);
	rlg_summary_actions(arena, &hand.model, has_any_script, NULL, &actions);
	rlg_bytes_init(&text, arena);
	rlg_report_markdown(&hand.model, &actions, &text);
	return text.data;
}

static void assert_says(const char *part)
{
	const char *text = report();

	if (strstr(text, part) == NULL)
		fail_msg("`%s` is not in:\n%s", part, text);
}

static void assert_silent(const char *part)
{
	const char *text = report();

	if (strstr(text, part) != NULL)
		fail_msg("`%s` is in:\n%s", part, text);
}

static void the_skills_example_comes_out_as_it_stands_there(void **state)
{
	assert_string_equal(report(),
			    "## Run Status Update - 2025-10-19 18:30:00\n"
			    "\n"
			    "### Overall Progress\n"
			    "- **Pending**: 1 run\n"
			    "- **Running**: 2 runs\n"
			    "- **Completed**: 1 run\n"
			    "- **Failed**: 0 runs\n"
			    "\n"
			    "### Details by Run\n"
			    "| Run Name | Finetune | Eval | Notes |\n"
			    "|----------|----------|------|-------|\n"
			    "| 1B_rank4 | ✓ completed | → running | Eval job 1234568 |\n"
			    "| 1B_rank64 | → running | pending | Finetune job 1234569 |\n"
			    "| 3B_rank4 | ✓ completed | ✓ completed | All done! |\n"
			    "| 3B_rank64 | pending | pending | Not started |\n"
			    "\n"
			    "### Next Actions\n"
			    "- Monitor running jobs: `runledger status`\n"
			    "- 1 finetune job in progress\n"
			    "- 1 eval job in progress\n"
			    "- 1 run not yet started\n");
}

static void the_line_counts_and_names(void **state)
{
	assert_string_equal(rlg_summary_line(arena, &hand.model), "1 of 4 completed (3B_rank4), 2 running, 1 pending");
	hand.model.n_runs = 0;
	assert_string_equal(rlg_summary_line(arena, &hand.model), "no runs yet");
}

static void a_failure_says_what_when_and_where_to_look(void **state)
{
	struct rlg_attempt *attempt = &hand.attempts[1][0];

	hand_attempt(&hand, 1, 0, RLG_STATUS_FAILED, 1234569, "1234569", "FAILED");
	attempt->exit_code = 1;
	attempt->stdout_path = "/scratch/slurm-1234569.out";
	assert_says("| 1B_rank64 | ✗ failed | pending | Finetune job 1234569: FAILED after 13m 32s: exit code 1 |");
	assert_says("- Look at finetune of 1B_rank64, job 1234569 (FAILED after 13m 32s: exit code 1); its log: "
		    "`/scratch/slurm-1234569.out`\n");
	attempt->exit_code = 0;
	attempt->signal = 9;
	attempt->reason = "rank 3 on n2 first";
	attempt->stdout_path = NULL;
	assert_says("(FAILED after 13m 32s: signal 9 (KILL), rank 3 on n2 first)\n");
	assert_string_equal(rlg_summary_short_note(arena, &hand.runs[1]),
			    "Finetune: FAILED, signal 9 (KILL), rank 3 on n2 first");
}

static void a_persons_own_word_is_shown(void **state)
{
	hand.phases[3][0].status_text = "on hold|";
	assert_says("| 3B_rank64 | on hold\\| | pending | Not started |");
}

static void long_lists_end_in_a_number(void **state)
{
	static struct rlg_run runs[8];
	struct rlg_actions actions;

	hand_attempt(&hand, 1, 0, RLG_STATUS_FAILED, 1234569, "1234569", "TIMEOUT");
	for (size_t i = 0; i < 8; i++)
		runs[i] = hand.runs[1];
	hand.model.runs = runs;
	hand.model.n_runs = 8;
	rlg_summary_actions(arena, &hand.model, NULL, NULL, &actions);
	assert_int_equal(actions.n, 6);
	assert_string_equal(actions.list[5].words, "3 more failed; see them all");
	assert_string_equal(actions.list[5].code, "runledger status --state failed");
}

static void a_failure_by_hand_is_called_so(void **state)
{
	hand.phases[3][0].status = RLG_STATUS_FAILED;
	assert_says("- Look at finetune of 3B_rank64 (marked as failed by hand)\n");
}

static void what_can_be_submitted_comes_with_its_command(void **state)
{
	hand.phases[2][1] = (struct rlg_phase){.name = "eval"};
	assert_says("| 3B_rank4 | ✓ completed | pending | Eval not submitted yet |");
	assert_says("- Submit eval of 3B_rank4, as finetune is completed: `(cd 3B_rank4 && sbatch eval.slurm)`\n");
	hand.runs[2].name = "it's 3B";
	assert_says("`(cd 'it'\\''s 3B' && sbatch eval.slurm)`\n");
}

static void without_a_script_there_is_no_command(void **state)
{
	struct rlg_actions actions;

	hand.phases[2][1] = (struct rlg_phase){.name = "eval"};
	hand_count(&hand);
	rlg_summary_actions(arena, &hand.model, NULL, NULL, &actions);
	assert_string_equal(actions.list[3].words, "Submit eval of 3B_rank4, as finetune is completed");
	assert_null(actions.list[3].code);
}

static void nothing_is_to_submit_before_the_phase_before_it_is_done(void **state)
{
	assert_silent("Submit");
	hand.phases[3][0].status = RLG_STATUS_SKIPPED;
	assert_says("- Submit eval of 3B_rank64, as finetune is skipped: ");
}

static void submitted_and_skipped_are_counted_only_where_they_are(void **state)
{
	assert_silent("Submitted");
	hand_attempt(&hand, 3, 0, RLG_STATUS_SUBMITTED, 1234570, "1234570", "PENDING");
	assert_says("- **Submitted**: 1 run\n");
	assert_says("| 3B_rank64 | ○ submitted | pending | Finetune job 1234570 in the queue |");
	assert_says("- 1 finetune job in the queue\n");
	assert_silent("Skipped");
	hand.phases[3][0].status = hand.phases[3][1].status = RLG_STATUS_SKIPPED;
	assert_says("- **Skipped**: 1 run\n");
}

static void a_run_outside_of_the_plan_is_marked(void **state)
{
	hand.runs[3].planned = false;
	assert_says("| 3B_rank64 | pending | pending | Not started (not in the plan) |");
	for (size_t i = 0; i < HAND_RUNS; i++)
		hand.runs[i].planned = false;
	assert_silent("not in the plan");
}

static void damage_is_told(void **state)
{
	assert_silent("damaged");
	hand.model.damaged = 2;
	assert_says("- 2 damaged lines in the records stepped over\n");
}

static void names_are_no_markup(void **state)
{
	hand.runs[3].name = "a|b*c_d_`<i>[x]\n_e";
	hand.runs[3].note = "see http://x\x1b[31m";
	assert_says("| a\\|b\\*c_d\\_\\`\\<i\\>\\[x\\]\\\\n_e | pending |");
	assert_says("; see http://x\\\\x1b\\[31m |");
}

static void a_log_path_with_backticks_stays_code(void **state)
{
	hand_attempt(&hand, 1, 0, RLG_STATUS_FAILED, 1234569, "1234569", "TIMEOUT");
	hand.attempts[1][0].stdout_path = "/x/a``b";
	assert_says("; its log: ``` /x/a``b ```\n");
}

static void all_done_is_said(void **state)
{
	hand.model.n_runs = 1;
	hand_attempt(&hand, 0, 1, RLG_STATUS_COMPLETED, 1234568, "1234568", "COMPLETED");
	assert_says("### Next Actions\n- All runs are done\n");
}

static void without_news_there_is_no_time(void **state)
{
	hand.model.word_us = 0;
	assert_says("## Run Status Update - nothing recorded yet\n");
}

static void single_evaluations_follow_the_first_phase_only(void **state)
{
	static struct rlg_phase phases[4];

	phases[0] = (struct rlg_phase){.name = "finetune", .status = RLG_STATUS_COMPLETED};
	phases[1] = (struct rlg_phase){.name = "eval", .status = RLG_STATUS_SKIPPED};
	phases[2] = (struct rlg_phase){.name = "cap_5L", .status = RLG_STATUS_FAILED};
	phases[3] = (struct rlg_phase){.name = "cap_8L"};
	hand.runs[3].phases = phases;
	hand.runs[3].n_phases = 4;
	assert_says("| Run Name | Finetune | Eval | cap_5L | cap_8L | Notes |\n"
		    "|----------|----------|------|--------|--------|-------|\n");
	assert_says("- Submit cap_8L of 3B_rank64, as finetune is completed\n");
}

static void a_failure_is_submitted_again_as_its_end_asks(void **state)
{
	static const struct {
		const char *state, *advice;
	} cases[] = {
		{"TIMEOUT", ", to resume from /ckpt/epoch_1"},
		{"OUT_OF_MEMORY", ", with more than 4096 MiB of memory a node"},
		{"NODE_FAIL", ", as the node failed and not the job"},
		{"PREEMPTED", ", as it only had to make room"},
		{"CANCELLED", ", unless it was cancelled for good"},
		{"FAILED", " when that is mended"},
		{"REVOKED", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hand_attempt(&hand, 1, 1, RLG_STATUS_FAILED, 1234569, "1234569", cases[i].state);
		hand.phases[1][1].output = "/ckpt/epoch_1";
		hand.attempts[1][1].usage.memory_limit = INT64_C(4) << 30;
		assert_says(rlg_arena_printf(arena, "- Submit eval of 1B_rank64 again%s: `(cd 1B_rank64 && sbatch eval.slurm)`\n",
					     cases[i].advice));
	}
}

static void without_a_script_it_is_submitted_as_it_was(void **state)
{
	struct rlg_submission *submission = &hand.attempts[1][0].submission;

	hand_attempt(&hand, 1, 0, RLG_STATUS_FAILED, 1234569, "1234569", "NODE_FAIL");
	*submission = (struct rlg_submission){.cwd = "/my exp", .command = "sbatch -J x train.sh"};
	assert_says(": `(cd '/my exp' && sbatch -J x train.sh)`\n");
	static const char *const not_again[] = {"srun hostname", "sbatch --wrap=echo \"a b\"", "sbatch --export=KEY=... x",
						"sbatch x; rm -r y", NULL};
	for (size_t i = 0; i < sizeof(not_again) / sizeof(not_again[0]); i++) {
		submission->command = not_again[i];
		assert_silent("again");
	}
}

static void what_is_missing_on_disk_is_told(void **state)
{
	static const char *const missing[] = {"epoch_1", "epoch_2"};

	assert_silent("missing");
	hand.phases[2][0].findings.missing = missing;
	hand.phases[2][0].findings.n_missing = 2;
	assert_says("- finetune of 3B_rank4 is completed, but epoch_1, epoch_2 are missing\n");
	hand.phases[2][0].status = RLG_STATUS_FAILED;
	assert_silent("missing");
}

static void what_is_on_this_disk_alone_is_told(void **state)
{
	hand.phases[2][0].findings.wandb_dir = "/x/wandb/offline-run-1";
	assert_says("`wandb sync /x/wandb/offline-run-1`\n");
	hand.runs[2].wandb = "https://wandb.ai/a/b";
	assert_silent("wandb sync");
	hand.phases[2][1].sync = "failed";
	assert_says("not synced (failed); when they are: `runledger note 3B_rank4/eval sync=ok`\n");
	hand.phases[2][1].sync = "success";
	assert_silent("sync");
}

static bool has_every_script(void *context, const char *run, const char *script)
{
	return true;
}

static void runs_that_have_not_begun_are_submitted_in_one_line(void **state)
{
	struct rlg_actions actions;

	hand_count(&hand);
	rlg_summary_actions(arena, &hand.model, has_every_script, NULL, &actions);
	assert_string_equal(actions.list[actions.n - 1].words, "1 run not yet started");
	assert_string_equal(actions.list[actions.n - 1].code, "(cd 3B_rank64 && sbatch finetune.slurm)");
	hand.runs[2].name = "a b";
	hand.phases[2][0] = (struct rlg_phase){.name = "finetune"};
	hand.phases[2][1] = (struct rlg_phase){.name = "eval"};
	hand_count(&hand);
	rlg_summary_actions(arena, &hand.model, has_every_script, NULL, &actions);
	assert_string_equal(actions.list[actions.n - 1].code,
			    "for run in 'a b' 3B_rank64; do (cd \"$run\" && sbatch finetune.slurm); done");
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(the_skills_example_comes_out_as_it_stands_there),
		CLAIM(the_line_counts_and_names),
		CLAIM(a_failure_says_what_when_and_where_to_look),
		CLAIM(a_persons_own_word_is_shown),
		CLAIM(long_lists_end_in_a_number),
		CLAIM(a_failure_by_hand_is_called_so),
		CLAIM(what_can_be_submitted_comes_with_its_command),
		CLAIM(without_a_script_there_is_no_command),
		CLAIM(nothing_is_to_submit_before_the_phase_before_it_is_done),
		CLAIM(submitted_and_skipped_are_counted_only_where_they_are),
		CLAIM(a_run_outside_of_the_plan_is_marked),
		CLAIM(damage_is_told),
		CLAIM(names_are_no_markup),
		CLAIM(a_log_path_with_backticks_stays_code),
		CLAIM(all_done_is_said),
		CLAIM(without_news_there_is_no_time),
		CLAIM(single_evaluations_follow_the_first_phase_only),
		CLAIM(a_failure_is_submitted_again_as_its_end_asks),
		CLAIM(without_a_script_it_is_submitted_as_it_was),
		CLAIM(what_is_missing_on_disk_is_told),
		CLAIM(what_is_on_this_disk_alone_is_told),
		CLAIM(runs_that_have_not_begun_are_submitted_in_one_line),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
