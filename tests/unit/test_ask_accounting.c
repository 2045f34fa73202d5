/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking accounting, with a sacct of the test's own in PATH that says whatever it is told to. */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "tool/record/ask_accounting.h"

static struct rlg_arena *arena;
static struct rlg_accounted *all;
static size_t count;
static struct rlg_err err;
static char *path_before;

static int set_up(void **state)
{
	if (scratch_set_up(state) != 0)
		return -1;
	arena = rlg_arena_new();
	path_before = strdup(getenv("PATH"));
	setenv("PATH", scratch, 1);
	setenv("TZ", "UTC0", 1);
	tzset();
	return 0;
}

static int tear_down(void **state)
{
	setenv("PATH", path_before, 1);
	free(path_before);
	rlg_arena_free(arena);
	return scratch_tear_down(state);
}

/* Lines go out as they are; and what sacct was asked is in `asked`, a word a line, with its SLURM_ and SACCT_ environment. */
static void sacct_says(const char *text)
{
	write_text(in_scratch("answer"), text);
	write_script(in_scratch("sacct"), "printf '%%s\\n' \"$@\" >'%s/asked'\n/usr/bin/env | /bin/grep -E '^(SLURM_|SACCT_)' >'%s/env'\n"
					  "exec /bin/cat '%s/answer'\n",
		     scratch, scratch, scratch);
}

static int ask(int64_t job_id, const char *user, const char *name, int timeout_ms)
{
	const struct rlg_accounting_question question = {
		.job_id = job_id, .user = user, .job_name = name, .from_us = INT64_C(1771426845) * RLG_SECOND_US};

	err.text[0] = '\0';
	count = 77;
	return rlg_ask_accounting(arena, &question, timeout_ms, &all, &count, &err);
}

static void every_column_is_read(void **state)
{
	(void)state;
	sacct_says("17|17|COMPLETED|7:9|1771426845|1771426850|1771426900|n[1-2]|alice|1B_rank4\n");
	assert_int_equal(ask(17, NULL, NULL, 5000), 0);
	assert_int_equal(count, 1);
	assert_int_equal(all[0].job_id, 17);
	assert_int_equal(all[0].array_job_id, -1);
	assert_int_equal(all[0].array_task_id, -1);
	assert_string_equal(all[0].state, "COMPLETED");
	assert_int_equal(all[0].exit_code, 7);
	assert_int_equal(all[0].signal, 9);
	assert_int_equal(all[0].submit_us, INT64_C(1771426845) * RLG_SECOND_US);
	assert_int_equal(all[0].start_us, INT64_C(1771426850) * RLG_SECOND_US);
	assert_int_equal(all[0].end_us, INT64_C(1771426900) * RLG_SECOND_US);
	assert_string_equal(all[0].nodes, "n[1-2]");
	assert_string_equal(all[0].user, "alice");
	assert_string_equal(all[0].job_name, "1B_rank4");
}

static void it_asks_for_one_job_in_a_form_of_its_own(void **state)
{
	(void)state;
	sacct_says("");
	setenv("SACCT_FORMAT", "jobid", 1);
	setenv("SACCT_FEDERATION", "1", 1);
	setenv("SLURM_TIME_FORMAT", "relative", 1);
	setenv("SLURM_CONF", "/etc/of/the/site", 1);
	assert_int_equal(ask(17, "alice", "x", 5000), 0);
	unsetenv("SACCT_FORMAT");
	unsetenv("SACCT_FEDERATION");
	unsetenv("SLURM_TIME_FORMAT");
	unsetenv("SLURM_CONF");
	assert_int_equal(count, 0);
	assert_string_equal(text_of_file(in_scratch("asked")),
			    "-D\n-X\n-P\n-n\n--format=JobIDRaw,JobID,State,ExitCode,Submit,Start,End,NodeList,User,JobName\n"
			    "--starttime=2026-02-18T15:00:45\n--jobs=17\n");
	assert_non_null(strstr(text_of_file(in_scratch("env")), "SLURM_CONF=/etc/of/the/site\n"));
	assert_non_null(strstr(text_of_file(in_scratch("env")), "SLURM_TIME_FORMAT=%s\n"));
	assert_null(strstr(text_of_file(in_scratch("env")), "SACCT_"));
	assert_null(strstr(text_of_file(in_scratch("env")), "relative"));
}

static void without_a_job_id_it_asks_by_user_and_name(void **state)
{
	(void)state;
	sacct_says("");
	assert_int_equal(ask(-1, "alice", "-x y", 5000), 0);
	assert_non_null(strstr(text_of_file(in_scratch("asked")), "--user=alice\n--name=-x y\n--state=BF,CA,CD,DL,F,NF,OOM,PR,RQ,RV,TO\n--endtime=now\n"));
}

static void a_name_may_hold_bars_and_quotes(void **state)
{
	(void)state;
	sacct_says("17|17|FAILED|1:0|1|2|3|n1|alice|a|b|\"c\" 'd' \\ \xe2\x98\x83\n");
	assert_int_equal(ask(17, NULL, NULL, 5000), 0);
	assert_int_equal(count, 1);
	assert_string_equal(all[0].job_name, "a|b|\"c\" 'd' \\ \xe2\x98\x83");
}

static void who_cancelled_it_is_no_part_of_the_state(void **state)
{
	(void)state;
	sacct_says("17|17|CANCELLED by 5|0:15|1|2|3|n1|alice|x\n");
	assert_int_equal(ask(17, NULL, NULL, 5000), 0);
	assert_string_equal(all[0].state, "CANCELLED");
	assert_int_equal(all[0].signal, 15);
}

static void arrays_and_parts_of_het_jobs(void **state)
{
	(void)state;
	sacct_says("13|12_0|COMPLETED|0:0|1|2|3|n1|alice|x\n12|12_2|COMPLETED|0:0|1|2|3|n1|alice|x\n"
		   "12|12_[3-9%2]|PENDING|0:0|1|Unknown|Unknown|None assigned|alice|x\n17|16+1|COMPLETED|0:0|1|2|3|n1|alice|x\n");
	assert_int_equal(ask(12, NULL, NULL, 5000), 0);
	assert_int_equal(count, 4);
	assert_int_equal(all[0].job_id, 13);
	assert_int_equal(all[0].array_job_id, 12);
	assert_int_equal(all[0].array_task_id, 0);
	assert_int_equal(all[1].array_task_id, 2);
	assert_int_equal(all[2].array_job_id, -1);
	assert_int_equal(all[3].job_id, 17);
	assert_int_equal(all[3].array_job_id, -1);
}

static void moments_and_nodes_that_are_not_known(void **state)
{
	(void)state;
	sacct_says("17|17|PENDING|0:0|1771426845|Unknown|Unknown|None assigned|alice|x\n18|18|CANCELLED|0:0|1|None|-5|||x\n");
	assert_int_equal(ask(17, NULL, NULL, 5000), 0);
	assert_int_equal(count, 2);
	assert_int_equal(all[0].start_us, 0);
	assert_int_equal(all[0].end_us, 0);
	assert_null(all[0].nodes);
	assert_int_equal(all[1].start_us, 0);
	assert_int_equal(all[1].end_us, 0);
	assert_null(all[1].nodes);
}

static void what_is_no_line_of_sacct_is_stepped_over(void **state)
{
	(void)state;
	sacct_says("\n||||\nhello\n0|0|COMPLETED|0:0|1|2|3|n1|a|x\n-3|1|COMPLETED|0:0|1|2|3|n1|a|x\n17|17|COMPLETED|zero|1|2|3|n1|a|x\n"
		   "99999999999999999999|1|COMPLETED|0:0|1|2|3|n1|a|x\n18|18|COMPLETED|0:0|1|2|3|n1|a|good\n19|19|COMPLETED|0:0|1|2|3|n1|a|torn");
	assert_int_equal(ask(17, NULL, NULL, 5000), 0);
	assert_int_equal(count, 1);
	assert_string_equal(all[0].job_name, "good");
}

static void a_huge_answer_is_cut_at_a_line(void **state)
{
	(void)state;
	write_script(in_scratch("sacct"), "i=0\nwhile [ $i -lt 6000 ]; do\n"
					  "echo \"$i|$i|COMPLETED|0:0|1771426845|1771426850|1771426900|n1|alice|name-of-a-job\"\ni=$((i + 1))\ndone\n");
	assert_int_equal(ask(17, NULL, NULL, 20000), 0);
	assert_in_range(count, 3000, 5000);
	assert_string_equal(all[count - 1].job_name, "name-of-a-job");
	assert_int_equal(all[count - 1].job_id, count);
}

static void no_sacct_and_no_accounting_are_the_same(void **state)
{
	(void)state;
	assert_int_equal(ask(17, NULL, NULL, 5000), -ENOENT);
	assert_non_null(strstr(err.text, "no sacct here"));
	assert_int_equal(count, 0);
	write_script(in_scratch("sacct"), "echo 'Slurm accounting storage is disabled' >&2\nexit 1\n");
	assert_int_equal(ask(17, NULL, NULL, 5000), -ENOENT);
	assert_non_null(strstr(err.text, "keeps no accounting"));
	assert_int_equal(count, 0);
}

/* A relative part of PATH is somebody else's program, wherever one happens to be. */
static void a_sacct_of_the_current_folder_is_not_taken(void **state)
{
	(void)state;
	sacct_says("17|17|COMPLETED|0:0|1|2|3|n1|a|x\n");
	assert_int_equal(chdir(scratch), 0);
	setenv("PATH", "::.:./:bin", 1);
	assert_int_equal(ask(17, NULL, NULL, 5000), -ENOENT);
	setenv("PATH", "", 1);
	assert_int_equal(ask(17, NULL, NULL, 5000), -ENOENT);
}

static void what_sacct_complains_of_is_told(void **state)
{
	(void)state;
	write_script(in_scratch("sacct"), "echo 'sacct: error: slurmdbd: \033[31mgone' >&2\necho more >&2\nexit 3\n");
	assert_int_equal(ask(17, NULL, NULL, 5000), -EIO);
	assert_string_equal(err.text, "Slurm's accounting did not answer: sacct: error: slurmdbd: ?[31mgone");
	write_script(in_scratch("sacct"), "exit 1\n");
	assert_int_equal(ask(17, NULL, NULL, 5000), -EIO);
	assert_non_null(strstr(err.text, "no reason was given"));
	write_script(in_scratch("sacct"), "kill -SEGV $$\n");
	assert_int_equal(ask(17, NULL, NULL, 5000), -EIO);
	assert_int_equal(count, 0);
}

static void a_sacct_that_hangs_is_ended(void **state)
{
	int64_t began_ms = scratch_now_ms();

	(void)state;
	write_script(in_scratch("sacct"), "trap '' TERM\necho \"17|17|COMPLETED|0:0|1|2|3|n1|a|x\"\n/bin/sleep 100 &\nexec /bin/sleep 100\n");
	assert_int_equal(ask(17, NULL, NULL, 300), -ETIMEDOUT);
	assert_in_range(scratch_now_ms() - began_ms, 250, 5000);
	assert_int_equal(count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_column_is_read),
		TEST(it_asks_for_one_job_in_a_form_of_its_own),
		TEST(without_a_job_id_it_asks_by_user_and_name),
		TEST(a_name_may_hold_bars_and_quotes),
		TEST(who_cancelled_it_is_no_part_of_the_state),
		TEST(arrays_and_parts_of_het_jobs),
		TEST(moments_and_nodes_that_are_not_known),
		TEST(what_is_no_line_of_sacct_is_stepped_over),
		TEST(a_huge_answer_is_cut_at_a_line),
		TEST(no_sacct_and_no_accounting_are_the_same),
		TEST(a_sacct_of_the_current_folder_is_not_taken),
		TEST(what_sacct_complains_of_is_told),
		TEST(a_sacct_that_hangs_is_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
