/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the environment that slurmctld gives its programs to a record: what Slurm really says, and what it never should. */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "lib/record.h"
#include "lib/record_read.h"
#include "tool/record/completion.h"

static char line[RLG_RECORD_MAX + 1];
static struct rlg_record record;
static struct rlg_err err;

/* All but what tells cmocka how to speak. */
static void forget_environment(void)
{
	const char *output = getenv("CMOCKA_MESSAGE_OUTPUT");
	char *kept = output == NULL ? NULL : strdup(output);

	clearenv();
	if (kept != NULL)
		setenv("CMOCKA_MESSAGE_OUTPUT", kept, 1);
	free(kept);
}

static int set_up(void **state)
{
	(void)state;
	forget_environment();
	err.text[0] = '\0';
	record = (struct rlg_record){.job_id = -1};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rlg_record_done(&record);
	forget_environment();
	return 0;
}

/* "NAME=value" each; the last one is NULL. */
static void set_all(const char *const *pairs)
{
	for (; *pairs != NULL; pairs++)
		assert_int_equal(putenv((char *)*pairs), 0);
}

/* What 22.05 gave for a batch job that ended by itself; 23.02 to 26.05 give the same, and from 24.05 on ELIGIBLE. */
static const char *const completed[] = {
	"JOBID=17", "ARRAYJOBID=0", "ARRAYTASKID=4294967294", "HETJOBID=0", "HETJOBOFFSET=4294967294", "UID=20001",
	"GID=20001", "USERNAME=alice", "GROUPNAME=alice", "JOBNAME=1B_rank4", "JOBSTATE=COMPLETED", "EXITCODE=0:0",
	"DERIVED_EC=0:0", "START=1771426850", "END=1771426900", "SUBMIT=1771426845", "LIMIT=00:05:00", "PROCS=2",
	"NODECNT=1", "NODES=n1", "PARTITION=main", "ACCOUNT=root", "QOS=normal", "CLUSTER=rlg", "BATCH=yes",
	"WORK_DIR=/scratch/alice/exp", "STDIN=/dev/null", "STDOUT=/dev/null", "STDERR=/dev/null", "STATEREASONPREV=None",
	"PATH=/usr/bin", "TZ=UTC", NULL};

static const char *const cancelled_in_queue[] = {
	"JOBID=18", "ARRAYJOBID=0", "ARRAYTASKID=4294967294", "HETJOBID=0", "HETJOBOFFSET=4294967294", "UID=20001",
	"GID=20001", "USERNAME=alice", "JOBNAME=x", "JOBSTATE=CANCELLED", "EXITCODE=0:0", "START=1771426900",
	"END=1771426900", "SUBMIT=1771426845", "LIMIT=2982251-04:16:00", "PROCS=1", "NODECNT=0", "NODES=",
	"PARTITION=main", "BATCH=yes", "WORK_DIR=/scratch/alice", "STATEREASONPREV=Dependency", NULL};

static void read_back(ssize_t length)
{
	if (length <= 0)
		fail_msg("returned %zd: %s", length, err.text);
	assert_int_equal(line[length - 1], '\n');
	assert_null(memchr(line, '\n', (size_t)length - 1));
	assert_int_equal(strlen(line), length);
	rlg_record_done(&record);
	assert_int_equal(rlg_record_parse(line, (size_t)length, &record, &err), 0);
	assert_string_equal(record.name, "finish");
	assert_int_equal(strlen(record.id), RLG_ID_MAX - 1);
}

static void tell(void)
{
	read_back(rlg_completion_from_jobcomp(line, sizeof(line), &err));
}

static void tell_epilog(void)
{
	read_back(rlg_completion_from_epilog(line, sizeof(line), &err));
}

static void says(const char *key, const char *value)
{
	const char *found = rlg_record_get_str(&record, key);

	if (found == NULL || strcmp(found, value) != 0)
		fail_msg("%s is %s, not %s, in %s", key, found == NULL ? "missing" : found, value, line);
}

static void counts(const char *key, int64_t value)
{
	int64_t found = -77;

	if (!rlg_record_get_int(&record, key, &found) || found != value)
		fail_msg("%s is %lld, not %lld, in %s", key, (long long)found, (long long)value, line);
}

static void silent_on(const char *key)
{
	if (rlg_record_has(&record, key))
		fail_msg("%s is there, in %s", key, line);
}

static void a_job_that_ended_by_itself(void **state)
{
	(void)state;
	set_all(completed);
	tell();
	counts("job_id", 17);
	counts("uid", 20001);
	counts("gid", 20001);
	counts("exit_code", 0);
	counts("signal", 0);
	counts("submit_time", 1771426845);
	counts("start_time", 1771426850);
	counts("end_time", 1771426900);
	counts("time_limit", 300);
	counts("ncpus", 2);
	says("state", "COMPLETED");
	says("source", "jobcomp");
	says("user", "alice");
	says("nodes", "n1");
	says("job_name", "1B_rank4");
	says("cluster", "rlg");
	says("cwd", "/scratch/alice/exp");
	assert_true(rlg_record_get_bool(&record, "batch", false));
	/* "No array" and "no het job" are huge numbers to Slurm, or none; and a reason that is none is not told. */
	silent_on("array_job_id");
	silent_on("array_task_id");
	silent_on("het_job_id");
	silent_on("het_job_offset");
	silent_on("reason");
	silent_on("never_ran");
	silent_on("final");
}

static void a_job_that_never_ran_has_no_start(void **state)
{
	(void)state;
	set_all(cancelled_in_queue);
	tell();
	says("state", "CANCELLED");
	assert_true(rlg_record_get_bool(&record, "never_ran", false));
	silent_on("start_time");
	silent_on("nodes");
	counts("end_time", 1771426900);
	says("reason", "Dependency");
	/* The partition's limit, of which there is none, is 8165 years to jobcomp/script. */
	silent_on("time_limit");
}

static void a_requeued_job_is_pending_already(void **state)
{
	(void)state;
	set_all(completed);
	putenv((char *)"JOBSTATE=PENDING");
	tell();
	says("state", "REQUEUED");
	assert_false(rlg_record_get_bool(&record, "final", true));
}

static void a_resize_ends_no_job(void **state)
{
	(void)state;
	set_all(completed);
	putenv((char *)"JOBSTATE=RESIZING");
	assert_int_equal(rlg_completion_from_jobcomp(line, sizeof(line), &err), 0);
}

static void a_task_of_an_array_and_a_part_of_a_het_job(void **state)
{
	(void)state;
	set_all(completed);
	putenv((char *)"ARRAYJOBID=12");
	putenv((char *)"ARRAYTASKID=0");
	putenv((char *)"HETJOBID=16");
	putenv((char *)"HETJOBOFFSET=1");
	tell();
	counts("array_job_id", 12);
	counts("array_task_id", 0);
	counts("het_job_id", 16);
	counts("het_job_offset", 1);
	/* An array that was cancelled whole has a task's number that is none. */
	putenv((char *)"ARRAYTASKID=4294967294");
	putenv((char *)"HETJOBOFFSET=0");
	tell();
	counts("array_job_id", 12);
	silent_on("array_task_id");
	counts("het_job_offset", 0);
}

static void what_slurm_has_no_value_for_is_not_told(void **state)
{
	static const char *const names[] = {"ACCOUNT", "QOS", "CLUSTER", "NODES", "PARTITION", "JOBNAME", "LIMIT"};
	static const char *const nothings[] = {"", "(null)"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		set_all(completed);
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			setenv(names[j], nothings[i], 1);
		tell();
		silent_on("account");
		silent_on("qos");
		silent_on("cluster");
		silent_on("nodes");
		silent_on("partition");
		silent_on("job_name");
		silent_on("time_limit");
	}
	set_all(completed);
	setenv("PROCS", "4294967294", 1);
	setenv("END", "0", 1);
	tell();
	silent_on("ncpus");
	silent_on("end_time");
}

static void every_limit_that_is_one_is_read(void **state)
{
	static const struct {
		const char *words;
		int64_t seconds; /* -1: none */
	} table[] = {
		{"00:05:00", 300}, {"01:00:00", 3600}, {"1-00:00:00", 86400}, {"7-12:30:00", 649800}, {"05:00", 300},
		{"UNLIMITED", -1}, {"Partition_Limit", -1}, {"2982251-04:16:00", -1}, {"INVALID", -1}, {"00:00:00", -1},
		{"-5", -1}, {"5-", -1}, {"12x-3", -1}, {"1:", -1}, {":1", -1}, {"1:2:3:4", -1}, {"1-2-3", -1}, {"--", -1},
		{"99999999999999999999", -1}, {"999999999:999999999:999999999", -1}, {"999999999-999999999:00:00", -1},
		{"+1:00", -1}, {" 1:00", -1}, {"1:00 ", -1}, {"0x10:00", -1}, {"1:-5:00", -1}, {"9223372036854775807-00:00:00", -1},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int64_t found = -1;
		set_all(completed);
		setenv("LIMIT", table[i].words, 1);
		tell();
		rlg_record_get_int(&record, "time_limit", &found);
		if (found == table[i].seconds)
			continue;
		print_message("# LIMIT=%s is %lld s, not %lld\n", table[i].words, (long long)found, (long long)table[i].seconds);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void every_exit_that_is_one_is_read(void **state)
{
	static const struct {
		const char *words;
		int64_t code, signal; /* -1: none */
	} table[] = {
		{"0:0", 0, 0}, {"7:0", 7, 0}, {"0:9", 0, 9}, {"255:127", 255, 127}, {"0", -1, -1}, {"", -1, -1}, {":", -1, -1},
		{"-1:0", -1, -1}, {"0:-9", -1, -1}, {"1:2:3", -1, -1}, {"99999999999999:0", -1, -1}, {"1:0x", -1, -1},
		{" 1:0", -1, -1}, {"a:b", -1, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int64_t code = -1, signal = -1;
		set_all(completed);
		setenv("EXITCODE", table[i].words, 1);
		tell();
		rlg_record_get_int(&record, "exit_code", &code);
		rlg_record_get_int(&record, "signal", &signal);
		if (code != table[i].code || signal != table[i].signal)
			fail_msg("EXITCODE=%s is %lld and %lld", table[i].words, (long long)code, (long long)signal);
	}
}

static void a_program_that_is_not_slurmctlds_is_told_so(void **state)
{
	static const char *const ids[] = {NULL, "", "0", "-1", "17x", "(null)", "99999999999999999999", "4294967294", "0x11"};

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		set_all(completed);
		if (ids[i] == NULL)
			unsetenv("JOBID");
		else
			setenv("JOBID", ids[i], 1);
		err.text[0] = '\0';
		assert_int_equal(rlg_completion_from_jobcomp(line, sizeof(line), &err), -EINVAL);
		assert_non_null(strstr(err.text, "JOBID and JOBSTATE are not set"));
	}
	set_all(completed);
	unsetenv("JOBSTATE");
	assert_int_equal(rlg_completion_from_jobcomp(line, sizeof(line), &err), -EINVAL);
	forget_environment();
	assert_int_equal(rlg_completion_from_jobcomp(line, sizeof(line), NULL), -EINVAL);
	assert_int_equal(rlg_completion_from_epilog(line, sizeof(line), &err), -EINVAL);
	assert_non_null(strstr(err.text, "SLURM_JOB_ID and SLURM_JOB_UID are not set"));
}

/* In every text that a user can choose. */
static void hostile_texts_make_one_line_that_says_them(void **state)
{
	static const char *const names[] = {"JOBNAME", "WORK_DIR", "ACCOUNT", "PARTITION", "QOS", "NODES", "CLUSTER", "USERNAME",
					    "JOBSTATE", "STATEREASONPREV"};
	static const char *const texts[] = {"a\nb\r\n{\"name\":\"x\"}\n", "\x1b[31m\x07\x01\x7f", "\"},\"state\":\"COMPLETED\",{\"",
					    "\\u0000\\", "\xff\xfe\xc3(\xf0\x80", "\xe2\x98\x83 \xf0\x9f\x98\x80", "%s%n%d"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		set_all(completed);
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			setenv(names[j], texts[i], 1);
		tell();
		counts("job_id", 17);
		for (const char *at = line; *at != '\0'; at++)
			assert_true((unsigned char)*at >= 0x20 || *at == '\n');
		if (i != 4)
			says("job_name", texts[i]);
		cJSON *root = cJSON_Parse(line);
		assert_int_equal(cJSON_GetArraySize(root), 3);
		cJSON_Delete(root);
	}
	/* What is no UTF-8 is replaced, byte by byte. */
	setenv("JOBNAME", "\xff-", 1);
	tell();
	says("job_name", "\xef\xbf\xbd-");
}

/* Without these a record finds no way into its file. */
static void what_tells_where_it_belongs_is_kept_when_the_rest_is_too_long(void **state)
{
	static char huge[200000];
	char folder[1001];

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	memset(folder, 'f', sizeof(folder) - 1);
	folder[0] = '/';
	folder[sizeof(folder) - 1] = '\0';
	set_all(completed);
	setenv("WORK_DIR", folder, 1);
	huge[3000] = '\0';
	setenv("NODES", huge, 1);
	tell();
	says("cwd", folder);
	says("state", "COMPLETED");
	says("job_name", "1B_rank4");
	counts("left_out", 1);
	huge[3000] = 'x';
	static const char *const names[] = {"JOBNAME", "WORK_DIR", "ACCOUNT", "PARTITION", "QOS", "NODES", "CLUSTER", "USERNAME",
					    "STATEREASONPREV", "EXITCODE", "LIMIT", "START", "ARRAYTASKID", "BATCH"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		setenv(names[i], huge, 1);
	tell();
	counts("job_id", 17);
	counts("uid", 20001);
	says("state", "COMPLETED");
	counts("left_out", 8);
	assert_true(strlen(line) <= RLG_RECORD_MAX);
}

static void a_state_that_does_not_fit_is_no_crash(void **state)
{
	static char huge[10000];

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	set_all(completed);
	setenv("JOBSTATE", huge, 1);
	tell();
	counts("job_id", 17);
	silent_on("state");
}

static void two_records_of_one_job_have_two_ids(void **state)
{
	char first[RLG_ID_MAX];

	(void)state;
	set_all(completed);
	tell();
	strcpy(first, record.id);
	tell();
	assert_string_not_equal(first, record.id);
}

/* 22.05 gives EpilogSlurmctld no state and no times; 23.02 and later also SLURM_JOB_START_TIME. */
static const char *const epilog[] = {
	"SLURM_JOB_ID=17", "SLURM_JOBID=17", "SLURM_JOB_UID=20001", "SLURM_JOB_GID=20001", "SLURM_JOB_USER=alice",
	"SLURM_JOB_NAME=1B_rank4", "SLURM_JOB_PARTITION=main", "SLURM_JOB_NODELIST=n1", "SLURM_JOB_WORK_DIR=/scratch/alice/exp",
	"SLURM_CLUSTER_NAME=rlg", "SLURM_JOB_EXIT_CODE2=7:0", "SLURM_JOB_EXIT_CODE=1792",
	"SPANK_RUNLEDGER_SID=0123456789abcdef0123456789abcdef", "SPANK_RUNLEDGER_GROUP=/scratch/alice/exp",
	"SPANK_RUNLEDGER_RUN=1B_rank4", "SPANK_RUNLEDGER_PHASE=finetune", NULL};

static void the_epilog_tells_the_address_but_no_state(void **state)
{
	(void)state;
	set_all(epilog);
	tell_epilog();
	counts("job_id", 17);
	counts("uid", 20001);
	counts("exit_code", 7);
	says("source", "slurmctld");
	says("group", "/scratch/alice/exp");
	says("run", "1B_rank4");
	says("phase", "finetune");
	says("sid", "0123456789abcdef0123456789abcdef");
	says("nodes", "n1");
	silent_on("state");
	silent_on("final");
	silent_on("start_time");
	silent_on("array_job_id");
	putenv((char *)"SLURM_JOB_START_TIME=1771426850");
	putenv((char *)"SLURM_ARRAY_JOB_ID=12");
	putenv((char *)"SLURM_ARRAY_TASK_ID=3");
	tell_epilog();
	counts("start_time", 1771426850);
	counts("array_job_id", 12);
	counts("array_task_id", 3);
	/* As the epilog on a node: what tells a lost node from a requeue. */
	putenv((char *)"SLURM_JOB_RESTART_COUNT=0");
	tell_epilog();
	counts("restarts_then", 0);
}

static void the_epilog_keeps_the_address_when_the_rest_is_too_long(void **state)
{
	static char huge[5000];

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	set_all(epilog);
	setenv("SLURM_JOB_NODELIST", huge, 1);
	setenv("SLURM_JOB_NAME", huge, 1);
	tell_epilog();
	says("group", "/scratch/alice/exp");
	says("run", "1B_rank4");
	says("cwd", "/scratch/alice/exp");
	counts("left_out", 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_job_that_ended_by_itself),
		TEST(a_job_that_never_ran_has_no_start),
		TEST(a_requeued_job_is_pending_already),
		TEST(a_resize_ends_no_job),
		TEST(a_task_of_an_array_and_a_part_of_a_het_job),
		TEST(what_slurm_has_no_value_for_is_not_told),
		TEST(every_limit_that_is_one_is_read),
		TEST(every_exit_that_is_one_is_read),
		TEST(a_program_that_is_not_slurmctlds_is_told_so),
		TEST(hostile_texts_make_one_line_that_says_them),
		TEST(what_tells_where_it_belongs_is_kept_when_the_rest_is_too_long),
		TEST(a_state_that_does_not_fit_is_no_crash),
		TEST(two_records_of_one_job_have_two_ids),
		TEST(the_epilog_tells_the_address_but_no_state),
		TEST(the_epilog_keeps_the_address_when_the_rest_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
