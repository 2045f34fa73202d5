/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the step that begins a job records of it, as the job's user. */
#include "tests/unit/hook_world.h"

#include "spank/hooks/start.h"
#include "spank/hooks/step.h"

static void start(void)
{
	struct holdings before;

	forget_seen();
	adopt_orphans(true);
	look_at_holdings(&before);
	rlg_start(&fake.host, &settings);
	settle();
	assert_nothing_changed(&before);
}

static void a_start_is_recorded_as_the_user(void **state)
{
	struct stat facts;
	char expected[4096];

	(void)state;
	write_lone_helper("true");
	new_job(RLG_STEP_BATCH);
	fake_set(fake.environment, "SLURM_JOB_NAME", "a \"job\"");
	fake_set(fake.environment, "SLURM_JOB_NUM_NODES", "2");
	fake_set(fake.environment, "SLURM_RESTART_COUNT", "1");
	fake_set(fake.environment, "SLURM_JOB_PARTITION", "gpu");
	rlg_step_remember_folder();
	start();
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_string_equal(record.name, "start");
	assert_is_of_new_job(&record);
	assert_string_equal(rlg_record_get_str(&record, "step"), "batch");
	assert_string_equal(rlg_record_get_str(&record, "node"), "n1");
	assert_string_equal(rlg_record_get_str(&record, "nodes"), "n[1-2]");
	assert_string_equal(rlg_record_get_str(&record, "job_name"), "a \"job\"");
	assert_string_equal(rlg_record_get_str(&record, "partition"), "gpu");
	assert_string_equal(rlg_record_get_str(&record, "cwd"), in_scratch("group/r1"));
	assert_int_equal(int_of(&record, "nnodes"), 2);
	assert_int_equal(int_of(&record, "attempt"), -1); /* another job's, from which it was submitted */
	assert_int_equal(int_of(&record, "array_task_id"), -1);
	rlg_record_done(&record);
	assert_return_code(lstat(host_file("r1"), &facts), errno);
	assert_int_equal(facts.st_uid, job_uid());
	assert_int_equal(facts.st_gid, job_gid());

	snprintf(expected, sizeof(expected), "<refresh>\n<--by-itself>\n<--run>\n<r1>\n<-->\n<%s/group>\n", scratch);
	assert_string_equal(seen("argv"), expected);
	assert_int_equal(atoll(seen("uid")), job_uid());
	assert_string_equal(seen("cwd"), "/\n");
	assert_null(strstr(seen("env"), "SLURM"));
	assert_int_equal(fake.n_complaints, 0);
}

static void the_tool_gets_a_clean_environment(void **state)
{
	(void)state;
	write_lone_helper("true");
	new_job(RLG_STEP_BATCH);
	setenv("LD_PRELOAD_OF_THE_JOB", "x", 1);
	start();
	unsetenv("LD_PRELOAD_OF_THE_JOB");
	assert_null(strstr(seen("env"), "LD_PRELOAD_OF_THE_JOB"));
	assert_non_null(strstr(seen("env"), "PATH='/usr/bin:/bin'\n"));
}

static void only_the_step_that_begins_the_job_counts(void **state)
{
	static const struct {
		uint32_t step, node;
		const char *environment; /* ENVIRONMENT */
		const char *word; /* NULL: not recorded */
	} table[] = {
		{RLG_STEP_BATCH, 0, NULL, "batch"},
		{RLG_STEP_BATCH, 0, "BATCH", "batch"},
		{RLG_STEP_BATCH, 1, NULL, "batch"}, /* a batch step runs on one node, and knows no index */
		{RLG_STEP_INTERACTIVE, 0, NULL, "interactive"},
		{RLG_STEP_INTERACTIVE, 1, NULL, NULL},
		{RLG_STEP_EXTERN, 0, NULL, NULL},
		{0, 0, NULL, "0"},
		{0, 0, "something", "0"},
		{0, 0, "BATCH", NULL},
		{0, 1, NULL, NULL},
		{0, 7, NULL, NULL},
		{1, 0, NULL, NULL},
		{5, 0, NULL, NULL},
		{5, 0, "BATCH", NULL},
	};

	(void)state;
	write_lone_helper("true");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		new_job(table[i].step);
		fake_knows(&fake, RLG_FACT_NODE_INDEX, table[i].node);
		if (table[i].environment != NULL)
			fake_set(fake.environment, "ENVIRONMENT", table[i].environment);
		remove(host_file("r1"));
		start();
		const char *text = text_of_file(host_file("r1"));
		if ((text != NULL) != (table[i].word != NULL))
			fail_msg("step %x on node %u: %s", table[i].step, table[i].node, text == NULL ? "nothing" : text);
		if (text == NULL) {
			assert_null(seen("argv"));
			continue;
		}
		struct rlg_record record = only_record(text);
		assert_string_equal(rlg_record_get_str(&record, "step"), table[i].word);
		rlg_record_done(&record);
	}
}

/* Both lines of what waits, the address and the record, parsed; ends the test if there is none, or more than one. */
static void read_spooled(struct rlg_record *header, struct rlg_record *record)
{
	unsigned waiting;
	const char *lines = spooled(&waiting);

	assert_int_equal(waiting, 1);
	assert_int_equal(rlg_record_parse(lines, strcspn(lines, "\n"), header, NULL), 0);
	*record = only_record(strchr(lines, '\n') + 1);
}

static void a_start_that_cannot_be_appended_waits_in_the_spool(void **state)
{
	struct rlg_record header, record;
	struct stat facts;

	(void)state;
	write_lone_helper("true");
	new_job(RLG_STEP_BATCH);
	assert_return_code(rename(in_scratch("group"), in_scratch("away")), errno);
	start();
	read_spooled(&header, &record);
	assert_string_equal(header.name, "spooled");
	assert_string_equal(rlg_record_get_str(&header, "event"), "start");
	assert_string_equal(rlg_record_get_str(&header, "group"), in_scratch("group"));
	assert_string_equal(header.run, "r1");
	assert_string_equal(header.phase, "eval");
	assert_int_equal(int_of(&header, "errno"), ENOENT);
	assert_is_of_new_job(&record);
	rlg_record_done(&record);
	rlg_record_done(&header);
	assert_return_code(lstat(in_scratch("spool/u%lu", (unsigned long)job_uid()), &facts), errno);
	assert_int_equal(facts.st_uid, job_uid());
	assert_int_equal(facts.st_mode & 07777, 0700);
	assert_null(seen("argv"));

	/* The next one that gets through sees to it that somebody takes it along. */
	assert_return_code(rename(in_scratch("away"), in_scratch("group")), errno);
	new_job(RLG_STEP_BATCH);
	start();
	record = only_record(text_of_file(host_file("r1")));
	rlg_record_done(&record);
	write_lone_helper("case $1 in drain) : >drained ;; esac");
	start();
	assert_true(exists(in_scratch("seen/drained")));
}

/* A file system that hangs: the helper does, where there is no address and the folder is a group's. */
static void who_hangs_is_left_after_the_sites_time(void **state)
{
	struct rlg_record header, record;

	(void)state;
	write_lone_helper("echo $$ >pid; while :; do read -r line </dev/zero || :; done");
	new_job(RLG_STEP_BATCH);
	fake_unset_job_control(&fake.host, "RUNLEDGER_GROUP");
	settings.site.spool_after_ms = 300;
	rlg_step_remember_folder();
	int64_t begun_ms = scratch_now_ms();
	start();
	assert_true(scratch_now_ms() - begun_ms < 5000);
	read_spooled(&header, &record);
	assert_int_equal(int_of(&header, "errno"), ETIMEDOUT);
	assert_string_equal(rlg_record_get_str(&record, "cwd"), in_scratch("group/r1"));
	rlg_record_done(&record);
	rlg_record_done(&header);
	pid_t helper = (pid_t)atoi(text_of_file(in_scratch("seen/pid")));
	assert_int_equal(kill(helper, 0), -1);
}

static void a_host_that_knows_too_little_is_let_be(void **state)
{
	static const enum rlg_fact needed[] = {RLG_FACT_STEP_ID, RLG_FACT_UID, RLG_FACT_GID};

	(void)state;
	write_lone_helper("true");
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		new_job(RLG_STEP_BATCH);
		fake.knows[needed[i]] = false;
		start();
		assert_null(seen("argv"));
		assert_false(exists(host_file("r1")));
	}
	/* It can do without the groups, and without a batch step's node index. */
	new_job(RLG_STEP_BATCH);
	fake.n_groups = -1;
	fake.knows[RLG_FACT_NODE_INDEX] = false;
	start();
	assert_true(exists(host_file("r1")));
}

static void a_task_of_an_array_says_which(void **state)
{
	(void)state;
	write_lone_helper("true");
	new_job(RLG_STEP_BATCH);
	fake_knows(&fake, RLG_FACT_ARRAY_JOB_ID, 4700);
	fake_knows(&fake, RLG_FACT_ARRAY_TASK_ID, 11);
	start();
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_int_equal(int_of(&record, "array_job_id"), 4700);
	assert_int_equal(int_of(&record, "array_task_id"), 11);
	rlg_record_done(&record);
	remove(host_file("r1"));

	/* Where the run depends on the task the record has none yet: the tool knows. */
	fake_set(fake.control, "RUNLEDGER_RUN", "sweep_{array_task}");
	start();
	assert_false(exists(in_scratch("group/.runledger/runs/sweep_{array_task}")));
	assert_non_null(strstr(seen("argv"), "\n<--run>\n<sweep_{array_task}>\n<--phase>\n<eval>\n<--tell-fd>\n"));
	record = only_record(seen("stdin"));
	assert_null(record.run);
	assert_int_equal(int_of(&record, "array_task_id"), 11);
	rlg_record_done(&record);
	assert_int_equal(atoll(seen("uid")), job_uid());
}

static void hostile_addresses_write_nowhere_else(void **state)
{
	struct rlg_record record;
	unsigned waiting;
	static const char *const runs[] = {"..", "../../x", "a/b", ".hidden", "a\nb", "-x", " x", "x\xff", "con\x01"};

	(void)state;
	write_lone_helper("true");
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		new_job(RLG_STEP_BATCH);
		fake_set(fake.control, "RUNLEDGER_RUN", runs[i]);
		start();
		assert_int_equal(count_names(in_scratch("group")), 2);
		assert_int_equal(count_names(in_scratch("group/.runledger/runs")), 0);
		/* It may not be to blame for that, so it waits; and what waits are still two records. */
		const char *lines = spooled(&waiting);
		assert_int_equal(waiting, 1);
		assert_int_equal(rlg_record_parse(lines, strcspn(lines, "\n"), &record, NULL), 0);
		assert_string_equal(record.name, "spooled");
		rlg_record_done(&record);
		record = only_record(strchr(lines, '\n') + 1);
		assert_string_equal(record.name, "start");
		rlg_record_done(&record);
		forget_spooled();
	}
	/* A group that is no group, or somebody else's file. */
	new_job(RLG_STEP_BATCH);
	fake_set(fake.control, "RUNLEDGER_GROUP", in_scratch("elsewhere"));
	start();
	assert_int_equal(count_names(in_scratch("elsewhere")), 0);
	spooled(&waiting);
	assert_int_equal(waiting, 1);
	new_job(RLG_STEP_BATCH);
	fake_set(fake.control, "RUNLEDGER_GROUP", "/dev/null");
	start();
	spooled(&waiting);
	assert_int_equal(waiting, 2);
}

static void a_job_without_an_address_is_found_by_its_folder(void **state)
{
	(void)state;
	write_lone_helper("true");
	for (int i = 0; i < 3; i++) {
		new_job(RLG_STEP_BATCH);
		fake_unset_job_control(&fake.host, "RUNLEDGER_GROUP");
		fake_unset_job_control(&fake.host, "RUNLEDGER_RUN");
		fake_unset_job_control(&fake.host, "RUNLEDGER_PHASE");
		assert_return_code(chdir(in_scratch(i == 0 ? "group/r1" : "elsewhere")), errno);
		settings.site.track_all = i == 2;
		rlg_step_remember_folder();
		forget_spooled();
		start();
		assert_false(exists(in_scratch("group/.runledger/runs")));
		if (i == 1) {
			assert_null(seen("argv")); /* in no group: not even a program is started */
			continue;
		}
		assert_non_null(strstr(seen("argv"),
				       "<--group>\n<>\n<--run>\n<>\n<--phase>\n<>\n<--tell-fd>\n"));
		struct rlg_record record = only_record(seen("stdin"));
		assert_null(record.run);
		assert_int_equal(record.job_id, 4711);
		rlg_record_done(&record);
	}
}

static void a_huge_environment_makes_a_record_all_the_same(void **state)
{
	char value[4000];

	(void)state;
	write_lone_helper("true");
	new_job(RLG_STEP_BATCH);
	memset(value, '"', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	fake_set(fake.environment, "SLURM_JOB_NAME", value);
	fake_set(fake.environment, "SLURM_JOB_PARTITION", value);
	fake_set(fake.environment, "SLURM_RESTART_COUNT", "99999999999999999999");
	fake_set(fake.environment, "SLURM_JOB_NUM_NODES", "-1");
	start();
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_int_equal(int_of(&record, "left_out"), 2);
	assert_int_equal(int_of(&record, "attempt"), -1);
	assert_int_equal(int_of(&record, "nnodes"), -1);
	assert_string_equal(record.run, "r1");
	rlg_record_done(&record);
}

static void a_start_leaves_no_child_and_is_quick(void **state)
{
	(void)state;
	write_lone_helper("i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done");
	new_job(RLG_STEP_BATCH);
	adopt_orphans(false);
	int64_t begun_ms = scratch_now_ms();
	rlg_start(&fake.host, &settings);
	assert_true(scratch_now_ms() - begun_ms < 900); /* before the helper has ended */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	for (int i = 0; i < 2000 && !exists(in_scratch("seen/argv")); i++)
		scratch_sleep_ms(5);
	assert_true(exists(in_scratch("seen/argv")));
	scratch_sleep_ms(1100); /* it still holds the test's folder */
}

static void no_descriptor_of_slurmstepd_gets_to_the_helper(void **state)
{
	int ends[2];
	char byte;

	(void)state;
	/* As slurmd waits for its pipe: whoever holds the other end blocks it. */
	assert_return_code(pipe(ends), errno);
	write_lone_helper("i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done");
	new_job(RLG_STEP_BATCH);
	adopt_orphans(true);
	int64_t begun_ms = scratch_now_ms();
	rlg_start(&fake.host, &settings);
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	assert_true(scratch_now_ms() - begun_ms < 900);
	close(ends[0]);
	settle();
}

static void the_record_is_as_open_as_the_group(void **state)
{
	struct stat facts;

	(void)state;
	write_lone_helper("true");
	assert_return_code(chmod(in_scratch("group/.runledger"), 0770), errno);
	new_job(RLG_STEP_BATCH);
	start();
	assert_return_code(lstat(host_file("r1"), &facts), errno);
	assert_int_equal(facts.st_mode & 07777, 0660);
	assert_return_code(lstat(in_scratch("group/.runledger/runs/r1"), &facts), errno);
	assert_int_equal(facts.st_mode & 0777, 0770);
	assert_string_equal(seen("umask"), "0007\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, hook_world_set_up, hook_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_start_is_recorded_as_the_user),
		TEST(the_tool_gets_a_clean_environment),
		TEST(only_the_step_that_begins_the_job_counts),
		TEST(a_start_that_cannot_be_appended_waits_in_the_spool),
		TEST(who_hangs_is_left_after_the_sites_time),
		TEST(a_host_that_knows_too_little_is_let_be),
		TEST(a_task_of_an_array_says_which),
		TEST(hostile_addresses_write_nowhere_else),
		TEST(a_job_without_an_address_is_found_by_its_folder),
		TEST(a_huge_environment_makes_a_record_all_the_same),
		TEST(a_start_leaves_no_child_and_is_quick),
		TEST(no_descriptor_of_slurmstepd_gets_to_the_helper),
		TEST(the_record_is_as_open_as_the_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
