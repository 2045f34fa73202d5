/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a phase leaves on disk beside its output, and what a hostile folder does to those who look: nothing. */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "tests/unit/hand_model.h"
#include "tool/plan/evaluation.h"
#include "tool/plan/findings.h"

#define RUN "1B_rank4"

static struct hand_model hand;
static struct rlg_config config;
static struct rlg_plan plan;

static int set_up(void **state)
{
	if (scratch_set_up(state) != 0)
		return -1;
	*state = rlg_arena_new();
	hand_model_init(&hand);
	hand.model.group_path = scratch;
	hand.model.arena = *state;
	rlg_config_default(*state, &config);
	plan = (struct rlg_plan){.n_runs = 0};
	return 0;
}

static int tear_down(void **state)
{
	rlg_arena_free(*state);
	return scratch_tear_down(state);
}

/* The phase began and ended at these moments from now, in seconds; an end of 0: it goes on. */
static const struct rlg_findings *find(int phase, int began, int ended)
{
	struct rlg_attempt *attempt = &hand.attempts[0][phase];
	int64_t now_us = rlg_clock_now_us();

	attempt->start_us = now_us + began * RLG_SECOND_US;
	attempt->ended = attempt->final = ended != 0;
	attempt->end_us = ended == 0 ? 0 : now_us + ended * RLG_SECOND_US;
	hand.phases[0][phase].findings = (struct rlg_findings){.gpu_us = 0};
	rlg_findings_fill(&hand.model, &config, &plan);
	return &hand.phases[0][phase].findings;
}

static void write_setup(const char *more)
{
	char text[512];

	make_folders(in_scratch(RUN));
	snprintf(text, sizeof(text), "output_dir_base: %s/out/\nmy_wandb_run_name: bright\n%s", scratch, more);
	write_text(in_scratch(RUN "/setup_finetune.yaml"), text);
}

static const char *join(struct rlg_arena *arena, const char *const *names, size_t count)
{
	const char *words = "";

	for (size_t i = 0; i < count; i++)
		words = rlg_arena_printf(arena, "%s%s%s", words, i == 0 ? "" : " ", names[i]);
	return words;
}

static void nothing_is_found_in_an_empty_folder(void **state)
{
	const struct rlg_findings *found = find(0, -100, 1);

	assert_null(found->wandb_dir);
	assert_null(found->config_snapshot);
	assert_null(found->gpu_line);
	assert_int_equal(found->n_missing + found->n_present, 0);
}

static void the_newest_wandb_run_of_the_phase_is_found(void **state)
{
	make_folders(in_scratch(RUN "/wandb/offline-run-20200101_000000-old"));
	make_folders(in_scratch(RUN "/wandb/offline-run-20200102_000000-new"));
	write_text(in_scratch(RUN "/wandb/offline-run-20300102_000000-file"), "");
	assert_int_equal(symlink("offline-run-20200101_000000-old", in_scratch(RUN "/wandb/offline-run-20990101_000000-link")), 0);
	assert_string_equal(find(0, -100, 10)->wandb_dir, in_scratch(RUN "/wandb/offline-run-20200102_000000-new"));
	/* Not one that was made before the phase began, nor after it had ended. */
	assert_null(find(0, 100, 200)->wandb_dir);
	assert_null(find(0, -200, -100)->wandb_dir);
}

static void a_wandb_run_is_known_by_its_name_after_it_was_synced(void **state)
{
	int64_t began_us = rlg_clock_now_us() - 90000 * RLG_SECOND_US;
	char name[RLG_TIME_TEXT_MAX], stamp[32];
	struct tm when;
	time_t moment = began_us / RLG_SECOND_US;

	localtime_r(&moment, &when);
	strftime(stamp, sizeof(stamp), "%Y%m%d_%H%M%S", &when);
	snprintf(name, sizeof(name), "%s-abc", stamp);
	make_folders(in_scratch("out/ck-out-bright/logs/wandb/offline-run-%s", name));
	write_setup("");
	assert_string_equal(find(0, -90010, -80000)->wandb_dir,
			    in_scratch("out/ck-out-bright/logs/wandb/offline-run-%s", name));
}

static void the_resolved_configuration_is_the_outputs_not_the_persons(void **state)
{
	write_setup("");
	write_text(in_scratch(RUN "/config.yaml"), "by: hand\n");
	assert_null(find(0, -100, 0)->config_snapshot);
	make_folders(in_scratch(RUN "/.hydra"));
	write_text(in_scratch(RUN "/.hydra/config.yaml"), "");
	assert_string_equal(find(0, -100, 0)->config_snapshot, in_scratch(RUN "/.hydra/config.yaml"));
	make_folders(in_scratch("out/ck-out-bright"));
	write_text(in_scratch("out/ck-out-bright/config.yaml"), "");
	assert_string_equal(find(0, -100, 0)->config_snapshot, in_scratch("out/ck-out-bright/config.yaml"));
	write_text(in_scratch("out/ck-out-bright/torchtune_config.yaml"), "");
	assert_string_equal(find(0, -100, 0)->config_snapshot, in_scratch("out/ck-out-bright/torchtune_config.yaml"));
	assert_null(find(0, 100, 0)->config_snapshot);
}

static const char smi[] = "timestamp, utilization.gpu [%], memory.used [MiB], memory.total [MiB]\n"
			  "2025/11/11 11:30:00.123, 93 %, 61234 MiB, 81559 MiB\n"
			  "2025/11/11 11:30:30.123, 94 %, 61235 MiB, 81559 MiB\n";

static void the_gpus_last_whole_line_is_told_with_its_names(void **state)
{
	int64_t moment_us = 7;

	assert_string_equal(rlg_gpu_line(*state, smi, smi, &moment_us),
			    "utilization.gpu 94 %, memory.used 61235 MiB, memory.total 81559 MiB");
	char text[RLG_TIME_TEXT_MAX];
	assert_string_equal(rlg_clock_local(moment_us, text), "2025-11-11 11:30:30");
	/* One that is being written is none yet. */
	const char *torn = rlg_arena_printf(*state, "%s2025/11/11 11:31:00.123, 9", smi);
	assert_string_equal(rlg_gpu_line(*state, torn, torn, &moment_us),
			    "utilization.gpu 94 %, memory.used 61235 MiB, memory.total 81559 MiB");
	assert_null(rlg_gpu_line(*state, "a, b\n", "a, b\n", &moment_us));
	assert_null(rlg_gpu_line(*state, "", "", &moment_us));
	assert_null(rlg_gpu_line(*state, "\n\n\n", "\n\n\n", &moment_us));
	/* Fewer names than values, an epoch as time, CRLF. */
	assert_string_equal(rlg_gpu_line(*state, "time,gpu_util\r\n", "x\n1762860630,94,3\r\n\r\n", &moment_us), "gpu_util 94, 3");
	assert_true(moment_us == INT64_C(1762860630) * RLG_SECOND_US);
}

static void gpu_metrics_are_read_at_their_ends_whatever_their_size(void **state)
{
	const char *path = in_scratch(RUN "/gpu_metrics.csv");

	make_folders(in_scratch(RUN));
	write_text(path, smi);
	assert_string_equal(find(0, -100, 0)->gpu_line, "utilization.gpu 94 %, memory.used 61235 MiB, memory.total 81559 MiB");
	assert_null(find(0, 100, 0)->gpu_line);
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
	assert_true(write(fd, "\n2025/11/11 11:31:00, 95 %, 1 MiB, 2 MiB\n", 42) > 0);
	close(fd);
	int64_t before_ms = scratch_now_ms();
	/* Zeros are no line; behind them stands one. */
	const char *line = find(0, -100, 0)->gpu_line;
	assert_true(line == NULL || strstr(line, "95 %") != NULL);
	assert_true(scratch_now_ms() - before_ms < 1000);
}

static void what_is_no_file_of_the_runs_is_passed_over(void **state)
{
	write_setup("epochs: 1\n");
	assert_int_equal(mkfifo(in_scratch(RUN "/gpu_metrics.csv"), 0644), 0);
	assert_int_equal(mkfifo(in_scratch(RUN "/torchtune_config.yaml"), 0644), 0);
	assert_int_equal(mkfifo(in_scratch(RUN "/wandb"), 0644), 0);
	write_text(in_scratch("secret.csv"), smi);
	make_folders(in_scratch("out/ck-out-bright"));
	assert_int_equal(symlink(in_scratch("secret.csv"), in_scratch("out/ck-out-bright/gpu_metrics.csv")), 0);
	const struct rlg_findings *found = find(0, -100, 0);
	assert_null(found->gpu_line);
	assert_null(found->config_snapshot);
	assert_null(found->wandb_dir);
}

/* In a shared group, a set-up file of somebody's that names a folder of ours. */
static void nothing_of_others_outside_of_the_group_is_read(void **state)
{
	if (geteuid() != 0)
		skip();
	make_folders(in_scratch("group/" RUN));
	make_folders(in_scratch("elsewhere/ck-out-x"));
	write_text(in_scratch("elsewhere/ck-out-x/gpu_metrics.csv"), smi);
	hand.model.group_path = rlg_arena_strdup(*state, in_scratch("group"));
	const char *setup = rlg_arena_printf(*state, "output_dir_base: %s/elsewhere\nmy_wandb_run_name: x\n", scratch);
	write_text(in_scratch("group/" RUN "/setup_finetune.yaml"), setup);
	assert_non_null(find(0, -100, 0)->gpu_line);
	assert_int_equal(chown(in_scratch("group/" RUN "/setup_finetune.yaml"), SCRATCH_UID, SCRATCH_GID), 0);
	assert_null(find(0, -100, 0)->gpu_line);
}

static void checkpoints_that_are_expected_are_there_or_missing(void **state)
{
	write_setup("epochs: 3\n");
	make_folders(in_scratch("out/ck-out-bright/epoch_1"));
	make_folders(in_scratch("out/ck-out-bright/epoch_9"));
	const struct rlg_findings *found = find(0, -100, -1);
	assert_string_equal(join(*state, found->present, found->n_present), "epoch_1");
	assert_string_equal(join(*state, found->missing, found->n_missing), "epoch_0 epoch_2");
	/* What is not there yet is not missing. */
	found = find(0, -100, 0);
	assert_string_equal(join(*state, found->present, found->n_present), "epoch_1");
	assert_int_equal(found->n_missing, 0);
	/* An evaluation has none. */
	assert_int_equal(find(1, -100, -1)->n_missing, 0);
}

static void expected_is_what_the_set_up_saves(void **state)
{
	static const struct {
		const char *setup, *missing;
	} cases[] = {
		{"epochs: 2\nepochs_to_save: all\n", "epoch_0 epoch_1"},
		{"epochs: 2\nepochs_to_save: none\n", ""},
		{"epochs: 5\nepochs_to_save: '0,4'\n", "epoch_0 epoch_4"},
		{"epochs: 5\nepochs_to_save: [1, 3]\n", "epoch_1 epoch_3"},
		{"epochs: 5\nsave_last_epoch_only: 'true'\n", "epoch_4"},
		{"epochs: 99999999999999999999\n", NULL},
		{"epochs: -3\n", ""},
		{"epochs: many\n", ""},
		{"epochs: [1]\n", ""},
		{"", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_setup(cases[i].setup);
		const struct rlg_findings *found = find(0, -100, -1);
		if (cases[i].missing != NULL)
			assert_string_equal(join(*state, found->missing, found->n_missing), cases[i].missing);
		assert_true(found->n_missing <= 1000);
	}
}

static void expected_is_also_what_the_plan_evaluates(void **state)
{
	struct rlg_planned_evaluation matrix[] = {{RUN, "cap", 1}, {RUN, "cap", -1}, {"another", "cap", 7}};

	plan.matrix = matrix;
	plan.n_matrix = 3;
	write_setup("epochs: 1\n");
	const struct rlg_findings *found = find(0, -100, -1);
	assert_string_equal(join(*state, found->missing, found->n_missing), "epoch_0 epoch_1");
	hand.phases[0][1].name = "cap_epoch_3";
	found = find(0, -100, -1);
	assert_string_equal(join(*state, found->missing, found->n_missing), "epoch_0 epoch_1 epoch_3");
}

static void the_names_of_evaluations_tell_task_and_epoch(void **state)
{
	static const struct {
		const char *name, *subject;
	} cases[] = {
		{"capitalization_epoch0", "capitalization/epoch0"}, {"cap_5L_epoch_0", "cap_5L/epoch0"},
		{"cap_5L-ep12", "cap_5L/epoch12"},		    {"cap_5L", "cap_5L"},
		{"epoch_0", "epoch_0"},				    {"_epoch_0", "_epoch_0"},
		{"sleep1", "sleep1"},				    {"cap_Epoch3", "cap/epoch3"},
		{"cap_epoch99999999999", "cap_epoch99999999999"},   {"7", "7"},
		{"", ""},					    {"cap_epoch", "cap_epoch"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rlg_evaluation_name name = rlg_evaluation_parse(*state, cases[i].name);
		assert_string_equal(rlg_evaluation_subject(*state, &name), cases[i].subject);
	}
	assert_true(rlg_evaluation_is_same(*state, "cap_epoch_0", "cap-epoch0"));
	assert_false(rlg_evaluation_is_same(*state, "cap_epoch_0", "cap_epoch_1"));
	assert_false(rlg_evaluation_is_same(*state, "cap_epoch_0", "cap"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_found_in_an_empty_folder),
		TEST(the_newest_wandb_run_of_the_phase_is_found),
		TEST(a_wandb_run_is_known_by_its_name_after_it_was_synced),
		TEST(the_resolved_configuration_is_the_outputs_not_the_persons),
		TEST(the_gpus_last_whole_line_is_told_with_its_names),
		TEST(gpu_metrics_are_read_at_their_ends_whatever_their_size),
		TEST(what_is_no_file_of_the_runs_is_passed_over),
		TEST(nothing_of_others_outside_of_the_group_is_read),
		TEST(checkpoints_that_are_expected_are_there_or_missing),
		TEST(expected_is_what_the_set_up_saves),
		TEST(expected_is_also_what_the_plan_evaluates),
		TEST(the_names_of_evaluations_tell_task_and_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
