/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What sbatch, salloc and srun ask the tool about a submission, and what becomes of it when Slurm accepts or refuses.
 */
#include "tests/unit/hook_world.h"

#include "lib/clock.h"
#include "spank/hooks/submit.h"

static struct rlg_submission submission;

static int set_up(void **state)
{
	memset(&submission, 0, sizeof(submission));
	return hook_world_set_up(state);
}

static const char *good_answer(const char *run)
{
	static char text[1024];

	snprintf(text, sizeof(text), "printf 'group=%%s\\nrun=%s\\nphase=finetune\\n' '%s/group'", run, scratch);
	return text;
}

static void use_settings(void)
{
	submission.settings = settings;
}

/* A hook of the client, with a look at what it leaves behind. */
static void begin(bool is_srun)
{
	struct holdings before;

	use_settings();
	adopt_orphans(false);
	look_at_holdings(&before);
	rlg_submit_begin(&submission, &fake.host, is_srun);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_nothing_changed(&before);
}

/* As begin(); a process of ours may still be at it, so this waits for its end. */
static void end(int exit_status)
{
	struct holdings before;

	adopt_orphans(true);
	look_at_holdings(&before);
	rlg_submit_end(&submission, &fake.host, exit_status);
	settle();
	assert_nothing_changed(&before);
}

static void accepted(uint32_t job_id)
{
	struct holdings before;

	adopt_orphans(true);
	look_at_holdings(&before);
	rlg_submit_accepted(&submission, &fake.host, job_id);
	settle();
	assert_nothing_changed(&before);
}

static void a_submission_is_asked_about_and_tracked(void **state)
{
	char expected[4096];

	(void)state;
	write_helper(good_answer("r1"));
	begin(false);
	assert_true(submission.tracked);
	assert_string_equal(fake_get(fake.control, "RUNLEDGER_GROUP"), in_scratch("group"));
	assert_string_equal(fake_get(fake.control, "RUNLEDGER_RUN"), "r1");
	assert_string_equal(fake_get(fake.control, "RUNLEDGER_PHASE"), "finetune");
	assert_int_equal(fake.n_complaints, 0);

	snprintf(expected, sizeof(expected),
		 "<record>\n<--conf>\n</nowhere/runledger.conf>\n<--group>\n<>\n<--run>\n<>\n<--client>\n<%ld>\n"
		 "<--within-ms>\n<",
		 (long)getpid());
	assert_memory_equal(seen("argv"), expected, strlen(expected));
	int within_ms = atoi(seen("argv") + strlen(expected));
	assert_in_range(within_ms, 1, settings.site.timeout_ms - 1);
	assert_non_null(strstr(seen("argv"), ">\n<--answer>\n<submit>\n"));
	assert_string_equal(seen("cwd"), "/\n");

	struct rlg_record record = only_record(seen("stdin"));
	assert_string_equal(record.name, "submit");
	assert_int_equal(strlen(record.id), 32);
	assert_int_equal(strlen(record.sid), 32);
	assert_string_equal(record.sid, fake_get(fake.control, "RUNLEDGER_SID"));
	assert_string_equal(rlg_record_get_str(&record, "cwd"), in_scratch("group/r1"));
	assert_non_null(rlg_record_get_str(&record, "host"));
	assert_true(llabs(record.time_us - rlg_clock_now_us()) < 60 * RLG_SECOND_US);
	rlg_record_done(&record);
}

static void what_was_asked_for_is_handed_on(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	strcpy(submission.asked_run, "1B \"rank\"; $(x)/eval");
	strcpy(submission.asked_group, "/some where");
	assert_return_code(chdir(in_scratch("elsewhere")), errno);
	begin(false);
	assert_true(submission.tracked);
	assert_non_null(strstr(seen("argv"), "\n<--group>\n</some where>\n<--run>\n<1B \"rank\"; $(x)/eval>\n"));
}

static void a_folder_outside_of_groups_is_not_asked_about(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	assert_return_code(chdir(in_scratch("elsewhere")), errno);
	fake_set(fake.control, "RUNLEDGER_RUN", "of an outer job");
	begin(false);
	assert_false(submission.tracked);
	assert_null(seen("argv"));
	assert_null(fake_get(fake.control, "RUNLEDGER_RUN"));
	assert_int_equal(fake.n_complaints, 0);
	end(1);
	accepted(5);
	assert_null(seen("argv"));
}

static void the_environment_and_the_site_can_ask(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	assert_return_code(chdir(in_scratch("elsewhere")), errno);
	for (int i = 0; i < 3; i++) {
		forget_seen();
		memset(&submission, 0, sizeof(submission));
		unsetenv("RUNLEDGER_RUN");
		unsetenv("RUNLEDGER_GROUP");
		if (i == 0)
			setenv("RUNLEDGER_RUN", "r1", 1);
		else if (i == 1)
			setenv("RUNLEDGER_GROUP", in_scratch("group"), 1);
		settings.site.track_all = i == 2;
		begin(false);
		assert_non_null(seen("argv"));
		assert_true(submission.tracked);
		if (i == 0)
			assert_non_null(strstr(seen("env"), "\nRUNLEDGER_RUN=r1\n"));
	}
}

static void garbage_from_the_helper_is_no_answer(void **state)
{
	static const char *const answers[] = {
		"true",
		"printf 'group=relative\\nrun=r1\\n'",
		"printf 'group=/x\\n'",
		"head -c 100000 /dev/zero | tr '\\0' x",
		"head -c 100000 /dev/zero",
		"head -c 3000 /dev/urandom",
		"printf 'group=/x\\nrun=r1\\n'; exit 1", /* a good answer of a bad program */
		"printf 'group=/x\\nrun=r1\\n'; kill -9 $$",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		memset(&submission, 0, sizeof(submission));
		fake_set(fake.control, "RUNLEDGER_RUN", "of an outer job");
		forget_seen();
		write_helper(answers[i]);
		begin(false);
		assert_non_null(seen("argv"));
		if (submission.tracked)
			fail_msg("tracked by: %s", answers[i]);
		assert_null(fake_get(fake.control, "RUNLEDGER_GROUP"));
		assert_null(fake_get(fake.control, "RUNLEDGER_RUN"));
		end(1);
	}
	assert_false(exists(in_scratch("group/.runledger/runs")));
}

static void what_the_helper_says_on_stderr_reaches_the_user(void **state)
{
	(void)state;
	write_helper("echo 'runledger: there is no run `r9`' >&2; exit 1");
	begin(false);
	assert_int_equal(fake.n_complaints, 1);
	assert_non_null(strstr(fake.complaint, "runledger: there is no run `r9`"));
}

static void a_helper_that_hangs_is_given_up_in_time(void **state)
{
	(void)state;
	settings.site.timeout_ms = 300;
	write_helper("trap '' TERM HUP INT; sleep 20 & sleep 20");
	int64_t begun_ms = scratch_now_ms();
	begin(false);
	int64_t took_ms = scratch_now_ms() - begun_ms;
	assert_in_range(took_ms, 250, 3000);
	assert_false(submission.tracked);
	assert_int_equal(fake.n_complaints, 1);
	if (strstr(fake.complaint, " ms and was ended") == NULL)
		fail_msg("the complaint is: %s", fake.complaint);
	assert_int_equal(fake.n_unset, 4);
}

static void a_missing_helper_is_told_and_hurts_nobody(void **state)
{
	(void)state;
	strcpy(settings.helper, "/nowhere/runledger");
	begin(false);
	assert_false(submission.tracked);
	if (fake.n_complaints == 0)
		fail_msg("a helper that cannot be started (%s) is not complained about", settings.helper);
	assert_non_null(strstr(fake.complaint, "/nowhere/runledger"));
	end(1);
}

/* A daemon that ignores SIGCHLD hands that on to the sbatch it starts. */
static void a_client_that_ignores_sigchld_is_tracked_too(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	signal(SIGCHLD, SIG_IGN);
	use_settings();
	rlg_submit_begin(&submission, &fake.host, false);
	assert_ptr_equal(signal(SIGCHLD, SIG_DFL), SIG_IGN);
	if (fake.n_complaints > 0)
		fail_msg("complained: %s", fake.complaint);
	assert_true(submission.tracked);
}

static void slurm_may_refuse_the_address(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	fake.refuses_control = true;
	begin(false);
	assert_true(submission.tracked); /* the submit record stands, so a reject must be able to take it back */
	assert_int_equal(fake.n_complaints, 1);
	assert_int_equal(fake.n_unset, 4);
}

static void a_het_job_is_asked_about_once(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	begin(false);
	forget_seen();
	begin(false);
	assert_null(seen("argv"));
	assert_true(submission.tracked);
}

static void a_step_inside_an_allocation_is_no_submission(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	setenv("SLURM_JOB_ID", "77", 1);
	fake_set(fake.control, "RUNLEDGER_RUN", "of this job");
	begin(true);
	assert_null(seen("argv"));
	assert_false(submission.tracked);
	assert_string_equal(fake_get(fake.control, "RUNLEDGER_RUN"), "of this job");
	end(1);
	assert_null(seen("argv"));

	/* sbatch inside of a job is one. */
	memset(&submission, 0, sizeof(submission));
	begin(false);
	assert_non_null(seen("argv"));
	assert_true(submission.tracked);
	assert_string_equal(fake_get(fake.control, "RUNLEDGER_RUN"), "r1");
}

static void a_refused_submission_is_taken_back(void **state)
{
	char expected[4096];

	(void)state;
	write_helper(good_answer("r1"));
	begin(false);
	forget_seen();
	end(1);
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_string_equal(record.name, "reject");
	assert_int_equal(int_of(&record, "exit_code"), 1);
	assert_string_equal(record.sid, fake_get(fake.control, "RUNLEDGER_SID"));
	assert_string_equal(record.run, "r1");
	assert_string_equal(record.phase, "finetune");
	rlg_record_done(&record);
	snprintf(expected, sizeof(expected), "<refresh>\n<--by-itself>\n<--run>\n<r1>\n<-->\n<%s/group>\n", scratch);
	assert_string_equal(seen("argv"), expected);

	end(1);
	assert_non_null(text_of_file(host_file("r1")));
	record = only_record(text_of_file(host_file("r1"))); /* still one */
	rlg_record_done(&record);
}

static void what_was_not_refused_is_not_taken_back(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		memset(&submission, 0, sizeof(submission));
		write_helper(good_answer("r1"));
		unsetenv("SLURM_JOB_ID");
		begin(false);
		forget_seen();
		if (i == 1)
			accepted(4711);
		if (i == 2)
			setenv("SLURM_JOB_ID", "4711", 1); /* salloc got it, and its command failed */
		if (i == 3)
			submission.accepted = true;
		end(i == 0 ? 0 : 1);
		const char *text = text_of_file(host_file("r1"));
		if (text != NULL && strstr(text, "\"reject\"") != NULL)
			fail_msg("case %d: %s", i, text);
		if (i == 1 || i == 2) {
			struct rlg_record record = only_record(text);
			assert_string_equal(record.name, "submit");
			assert_int_equal(record.job_id, 4711);
			assert_string_equal(record.sid, submission.address.sid);
			assert_string_equal(record.run, "r1");
			rlg_record_done(&record);
			remove(host_file("r1"));
		} else {
			assert_null(text);
			assert_null(seen("argv"));
		}
	}
}

static void the_outer_jobs_number_is_not_ours(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	setenv("SLURM_JOB_ID", "77", 1);
	begin(false);
	end(1);
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_string_equal(record.name, "reject");
	assert_int_equal(record.job_id, -1);
	rlg_record_done(&record);
}

static void an_accepted_job_is_told_once(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	begin(false);
	accepted(99);
	accepted(100);
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_int_equal(record.job_id, 99);
	rlg_record_done(&record);
}

static void a_run_that_only_the_tool_can_name_goes_to_the_tool(void **state)
{
	(void)state;
	write_helper(good_answer("r{array_task}"));
	begin(false);
	assert_true(submission.tracked);
	forget_seen();
	accepted(99);
	assert_non_null(strstr(seen("argv"), "<record>\n"));
	assert_non_null(strstr(seen("argv"), "\n<--run>\n<r{array_task}>\n"));
	assert_non_null(strstr(seen("argv"), "\n<--quiet>\n<submit>\n"));
	struct rlg_record record = only_record(seen("stdin"));
	assert_int_equal(record.job_id, 99);
	rlg_record_done(&record);
	assert_false(exists(in_scratch("group/.runledger/runs")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, hook_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_submission_is_asked_about_and_tracked),
		TEST(what_was_asked_for_is_handed_on),
		TEST(a_folder_outside_of_groups_is_not_asked_about),
		TEST(the_environment_and_the_site_can_ask),
		TEST(garbage_from_the_helper_is_no_answer),
		TEST(what_the_helper_says_on_stderr_reaches_the_user),
		TEST(a_helper_that_hangs_is_given_up_in_time),
		TEST(a_missing_helper_is_told_and_hurts_nobody),
		TEST(a_client_that_ignores_sigchld_is_tracked_too),
		TEST(slurm_may_refuse_the_address),
		TEST(a_het_job_is_asked_about_once),
		TEST(a_step_inside_an_allocation_is_no_submission),
		TEST(a_refused_submission_is_taken_back),
		TEST(what_was_not_refused_is_not_taken_back),
		TEST(the_outer_jobs_number_is_not_ours),
		TEST(an_accepted_job_is_told_once),
		TEST(a_run_that_only_the_tool_can_name_goes_to_the_tool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
