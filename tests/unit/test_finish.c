/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom the epilog asks how a job ended, with what, and for how long. */
#include "tests/unit/hook_world.h"

#include "spank/hooks/finish.h"

static void new_ended_job(void)
{
	char number[16];

	fake_host_init(&fake);
	fake_set(fake.environment, "SLURM_JOB_ID", "4711");
	snprintf(number, sizeof(number), "%lu", (unsigned long)job_uid());
	fake_set(fake.environment, "SLURM_JOB_UID", number);
	snprintf(number, sizeof(number), "%lu", (unsigned long)job_gid());
	fake_set(fake.environment, "SLURM_JOB_GID", number);
	fake_set(fake.environment, "SLURM_JOB_USER", "ann");
	fake_set(fake.environment, "SLURM_CLUSTER_NAME", "c1");
	fake_set(fake.environment, "SLURMD_NODENAME", "n1");
	fake_set(fake.environment, "SLURM_JOB_NODELIST", "n[1-2]");
	fake_set(fake.environment, "SLURM_JOB_EXIT_CODE", "256");
	fake_set(fake.environment, "SLURM_JOB_WORK_DIR", in_scratch("group/r1"));
	fake_set(fake.environment, "SLURM_CONF", "/etc/slurm/slurm.conf");
	give_address();
}

static void finish(void)
{
	struct holdings before;

	forget_seen();
	adopt_orphans(false);
	look_at_holdings(&before);
	rlg_finish(&fake.host, &settings);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_nothing_changed(&before);
}

static void the_tool_is_asked_how_a_job_ended(void **state)
{
	char expected[8192];

	(void)state;
	write_helper("true");
	new_ended_job();
	finish();
	snprintf(expected, sizeof(expected),
		 "<record>\n<--conf>\n</nowhere/runledger.conf>\n<--group>\n<%s/group>\n<--run>\n<r1>\n<--phase>\n<eval>\n"
		 "<--uid>\n<%lu>\n<--gid>\n<%lu>\n<--user>\n<ann>\n<--ask-ms>\n",
		 scratch, (unsigned long)job_uid(), (unsigned long)job_gid());
	const char *argv = seen("argv");
	assert_non_null(argv);
	assert_memory_equal(argv, expected, strlen(expected));
	long ask_ms = strtol(argv + strlen(expected) + 1, NULL, 10);
	assert_in_range(ask_ms, 500, 1800); /* of 2000, with a share for the tool itself */
	assert_non_null(strstr(argv, ">\n<--detach>\n<finish>\n"));
	/* Nothing of slurmd's environment but what is needed. */
	assert_non_null(strstr(seen("env"), "SLURM_CONF=/etc/slurm/slurm.conf\n"));
	assert_null(strstr(seen("env"), "HOME="));

	struct rlg_record record = only_record(seen("stdin"));
	assert_string_equal(record.name, "finish");
	assert_int_equal(record.job_id, 4711);
	assert_string_equal(record.sid, SOME_SID);
	assert_string_equal(record.cluster, "c1");
	assert_string_equal(rlg_record_get_str(&record, "source"), "epilog");
	assert_string_equal(rlg_record_get_str(&record, "node"), "n1");
	assert_int_equal(int_of(&record, "wait_status"), 256);
	rlg_record_done(&record);
	assert_int_equal(fake.n_complaints, 0);
}

static void only_the_first_node_asks(void **state)
{
	static const struct {
		const char *here, *list;
		bool asks;
	} table[] = {
		{"n1", "n[1-2]", true}, {"n2", "n[1-2]", false}, {"n10", "n[1-20]", false}, {"n1", "n10", false},
		{"m1", "m1", true},     {NULL, "n[1-2]", true},  {"n7", NULL, true},        {"n7", "", true},
	};

	(void)state;
	write_helper("true");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		new_ended_job();
		fake_find(fake.environment, "SLURMD_NODENAME")->set = table[i].here != NULL;
		fake_find(fake.environment, "SLURM_JOB_NODELIST")->set = table[i].list != NULL;
		if (table[i].here != NULL)
			fake_set(fake.environment, "SLURMD_NODENAME", table[i].here);
		if (table[i].list != NULL)
			fake_set(fake.environment, "SLURM_JOB_NODELIST", table[i].list);
		finish();
		if ((seen("argv") != NULL) != table[i].asks)
			fail_msg("on %s of %s", table[i].here, table[i].list);
	}
}

static void an_untracked_job_asks_nothing(void **state)
{
	(void)state;
	write_helper("true");
	for (int i = 0; i < 4; i++) {
		new_ended_job();
		fake_unset_job_control(&fake.host, "RUNLEDGER_GROUP");
		fake_unset_job_control(&fake.host, "RUNLEDGER_RUN");
		if (i != 1)
			fake_set(fake.environment, "SLURM_JOB_WORK_DIR", i == 2 ? "" : in_scratch("elsewhere"));
		settings.site.track_all = i == 3;
		finish();
		/* In a group's folder, or where the site tracks all, it is asked. */
		assert_int_equal(seen("argv") != NULL, i == 1 || i == 3);
		settings.site.track_all = false;
	}
}

static void an_epilog_without_a_job_asks_nothing(void **state)
{
	static const struct {
		const char *variable, *value;
	} table[] = {
		{"SLURM_JOB_ID", NULL},	  {"SLURM_JOB_ID", ""},	      {"SLURM_JOB_ID", "0"},
		{"SLURM_JOB_ID", "12x"},  {"SLURM_JOB_ID", "99999999999999"}, {"SLURM_JOB_UID", NULL},
		{"SLURM_JOB_UID", "-1"},  {"SLURM_JOB_UID", "4294967295"}, {"SLURM_JOB_GID", "root"},
		{"SLURM_JOB_GID", "4294967295"},
	};

	(void)state;
	write_helper("true");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		new_ended_job();
		fake_find(fake.environment, table[i].variable)->set = false;
		if (table[i].value != NULL)
			fake_set(fake.environment, table[i].variable, table[i].value);
		finish();
		if (seen("argv") != NULL)
			fail_msg("asked with %s=%s", table[i].variable, table[i].value);
	}
}

static void the_epilog_waits_no_longer_than_the_site_says(void **state)
{
	(void)state;
	settings.site.timeout_ms = 300;
	write_helper("trap '' TERM; sleep 20");
	new_ended_job();
	int64_t begun_ms = scratch_now_ms();
	finish();
	assert_in_range(scratch_now_ms() - begun_ms, 200, 3000);
	assert_int_equal(fake.n_complaints, 1);
	assert_non_null(strstr(fake.complaint, " ms and was ended"));
}

static void the_epilogs_log_hears_of_failures(void **state)
{
	(void)state;
	write_helper("echo 'runledger: no space' >&2; exit 1");
	new_ended_job();
	finish();
	assert_int_equal(fake.n_complaints, 1);
	assert_non_null(strstr(fake.complaint, "runledger: no space"));
	strcpy(settings.helper, "/nowhere/runledger");
	new_ended_job();
	finish();
	if (fake.n_complaints == 0)
		fail_msg("a helper that cannot be started (%s) is not complained about", settings.helper);
}

static void forged_addresses_are_only_handed_on(void **state)
{
	(void)state;
	write_helper("true");
	new_ended_job();
	fake_set(fake.control, "RUNLEDGER_GROUP", "/etc/$(reboot);x");
	fake_set(fake.control, "RUNLEDGER_RUN", "../../..");
	fake_set(fake.control, "RUNLEDGER_PHASE", "--help");
	fake_set(fake.control, "RUNLEDGER_SID", "\"},{\"x\":\"");
	finish();
	assert_non_null(strstr(seen("argv"), "\n<--group>\n</etc/$(reboot);x>\n<--run>\n<../../..>\n<--phase>\n<--help>\n"));
	struct rlg_record record = only_record(seen("stdin"));
	assert_null(record.sid); /* what is no id is none */
	rlg_record_done(&record);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, hook_world_set_up, hook_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_tool_is_asked_how_a_job_ended),
		TEST(only_the_first_node_asks),
		TEST(an_untracked_job_asks_nothing),
		TEST(an_epilog_without_a_job_asks_nothing),
		TEST(the_epilog_waits_no_longer_than_the_site_says),
		TEST(the_epilogs_log_hears_of_failures),
		TEST(forged_addresses_are_only_handed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
