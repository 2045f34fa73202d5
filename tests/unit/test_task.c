/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which task of a step failed first, told by a host of our own, with a /proc and a /sys of our own.
 */
#include "tests/unit/hook_world.h"

#include "lib/clock.h"
#include "spank/hooks/oom.h"
#include "spank/hooks/step.h"
#include "spank/hooks/task.h"

/* As wait(2) has them. */
#define EXITED(code) ((uint32_t)(code) << 8)
#define KILLED(signal) ((uint32_t)(signal))

static struct rlg_tasks tasks;
/* ---- the world of a test ---- */

static int set_up(void **state)
{
	if (hook_world_set_up(state) != 0)
		return -1;
	write_lone_helper("true");
	memset(&tasks, 0, sizeof(tasks));
	tasks.root = root;
	return 0;
}

/* On the second node. */
static void new_step(uint32_t step, uint32_t n_tasks)
{
	new_job(step);
	fake_knows(&fake, RLG_FACT_NODE_INDEX, 1);
	fake_knows(&fake, RLG_FACT_LOCAL_TASKS, n_tasks);
	fake.node = "n2";
	fake_set(fake.environment, "SLURM_JOB_NAME", "a job");
}

static void task_ends(uint32_t rank, uint32_t status)
{
	struct holdings before;

	fake_knows(&fake, RLG_FACT_TASK_RANK, rank);
	fake_knows(&fake, RLG_FACT_TASK_STATUS, status);
	look_at_holdings(&before);
	rlg_task_ended(&tasks, &fake.host);
	assert_nothing_changed(&before);
}

/* The step ends: no hook about a task any more. */
static void step_ends(void)
{
	struct holdings before;

	fake.knows[RLG_FACT_TASK_RANK] = fake.knows[RLG_FACT_TASK_STATUS] = false;
	adopt_orphans(true);
	look_at_holdings(&before);
	rlg_tasks_done(&tasks, &fake.host, &settings);
	settle();
	assert_nothing_changed(&before);
}

static const char *oom_of(const struct rlg_record *record)
{
	bool otherwise = rlg_record_get_bool(record, "oom", true);

	return otherwise != rlg_record_get_bool(record, "oom", false) ? "not known" : otherwise ? "yes" : "no";
}

/* ---- tasks ---- */

static void the_first_that_failed_is_recorded_as_the_user(void **state)
{
	struct stat facts;

	(void)state;
	new_step(3, 4);
	rlg_step_remember_folder();
	int64_t begun_us = rlg_clock_now_us();
	task_ends(5, 0);
	task_ends(7, EXITED(3));
	int64_t told_us = rlg_clock_now_us();
	task_ends(4, KILLED(9));
	task_ends(6, KILLED(15));
	scratch_sleep_ms(20);
	step_ends();
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_string_equal(record.name, "task-failed");
	assert_true(record.time_us >= begun_us && record.time_us <= told_us); /* not when the step ended */
	assert_is_of_new_job(&record);
	assert_string_equal(rlg_record_get_str(&record, "step"), "3");
	assert_string_equal(rlg_record_get_str(&record, "node"), "n2");
	assert_string_equal(rlg_record_get_str(&record, "job_name"), "a job");
	assert_string_equal(rlg_record_get_str(&record, "cwd"), in_scratch("group/r1"));
	assert_int_equal(int_of(&record, "rank"), 7);
	assert_int_equal(int_of(&record, "exit_code"), 3);
	assert_int_equal(int_of(&record, "signal"), 0);
	assert_int_equal(int_of(&record, "failed"), 3);
	assert_int_equal(int_of(&record, "tasks"), 4);
	assert_string_equal(oom_of(&record), "not known");
	rlg_record_done(&record);
	assert_return_code(lstat(host_file("r1"), &facts), errno);
	assert_int_equal(facts.st_uid, job_uid());
	assert_non_null(strstr(seen("argv"), "<refresh>\n<--by-itself>\n<--run>\n<r1>\n<-->\n"));
}

static void a_step_whose_tasks_all_did_well_leaves_nothing(void **state)
{
	(void)state;
	new_step(0, 2);
	task_ends(0, 0);
	task_ends(1, 0);
	step_ends();
	assert_false(exists(host_file("r1")));
	assert_false(exists(in_scratch("seen/argv")));
}

static void each_kind_of_step_has_its_name(void **state)
{
	static const struct {
		uint32_t step;
		const char *word; /* NULL: not recorded */
	} table[] = {
		{RLG_STEP_BATCH, "batch"}, {RLG_STEP_INTERACTIVE, "interactive"}, {RLG_STEP_EXTERN, NULL}, {0, "0"}, {17, "17"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		memset(&tasks, 0, sizeof(tasks));
		new_step(table[i].step, 1);
		task_ends(0, KILLED(11) | 0x80); /* with a core */
		step_ends();
		assert_int_equal(exists(host_file("r1")), table[i].word != NULL);
		if (table[i].word == NULL)
			continue;
		struct rlg_record record = only_record(text_of_file(host_file("r1")));
		assert_string_equal(rlg_record_get_str(&record, "step"), table[i].word);
		assert_int_equal(int_of(&record, "signal"), 11);
		assert_int_equal(int_of(&record, "exit_code"), 0);
		rlg_record_done(&record);
		remove(host_file("r1"));
	}
}

static void a_plugin_that_is_listed_twice_counts_a_task_once(void **state)
{
	(void)state;
	new_step(0, 3);
	for (uint32_t rank = 0; rank < 3; rank++) {
		task_ends(rank, EXITED(1));
		task_ends(rank, EXITED(1));
	}
	assert_int_equal(tasks.failed, 3);
}

static void a_host_that_knows_too_little_is_let_be(void **state)
{
	(void)state;
	new_step(0, 1);
	fake_knows(&fake, RLG_FACT_TASK_RANK, 0);
	rlg_task_ended(&tasks, &fake.host);
	assert_int_equal(tasks.failed, 0); /* how did it end? */
	task_ends(0, EXITED(1));
	fake.knows[RLG_FACT_UID] = false;
	step_ends();
	assert_false(exists(host_file("r1")));
	/* It can do without these. */
	new_step(0, 1);
	fake.node = NULL;
	fake.knows[RLG_FACT_LOCAL_TASKS] = false;
	step_ends();
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_null(rlg_record_get_str(&record, "node"));
	assert_int_equal(int_of(&record, "tasks"), -1);
	assert_int_equal(int_of(&record, "failed"), 1);
	rlg_record_done(&record);
}

static void where_the_run_is_not_known_the_tool_is_told(void **state)
{
	(void)state;
	new_step(0, 1);
	fake_unset_job_control(&fake.host, "RUNLEDGER_GROUP");
	fake_unset_job_control(&fake.host, "RUNLEDGER_RUN");
	rlg_step_remember_folder();
	task_ends(0, EXITED(1));
	step_ends();
	assert_false(exists(host_file("r1")));
	assert_non_null(strstr(seen("argv"), "\n<--quiet>\n<task-failed>\n"));
	struct rlg_record record = only_record(seen("stdin"));
	assert_null(record.run);
	assert_string_equal(rlg_record_get_str(&record, "job_name"), "a job");
	assert_int_equal(int_of(&record, "exit_code"), 1);
	rlg_record_done(&record);
}

/* ---- memory ---- */

static const struct {
	const char *line, *folder; /* NULL: none */
	int version;
} lines[] = {
	{"4:memory:/slurm/uid_1/job_7/step_batch", "/R/sys/fs/cgroup/memory/slurm/uid_1/job_7/step_batch", 1},
	{"4:memory:/slurm_n1/uid_1/job_7/step_0/task_1", "/R/sys/fs/cgroup/memory/slurm_n1/uid_1/job_7/step_0", 1},
	{"2:cpu,memory:/slurm/uid_1/job_7/step_0", "/R/sys/fs/cgroup/cpu,memory/slurm/uid_1/job_7/step_0", 1},
	{"0::/system.slice/slurmstepd.scope/job_7/step_batch/slurm",
	 "/R/sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/step_batch", 2},
	{"0::/system.slice/n1_slurmstepd.scope/job_7/step_0/user/task_0",
	 "/R/sys/fs/cgroup/system.slice/n1_slurmstepd.scope/job_7/step_0", 2},
	{"4:memory:/slurm/uid_1/job_7", NULL, 0}, /* the job's: not this step alone */
	{"4:memory:/step_0/job_7", NULL, 0},
	{"4:memory:/system.slice/slurmd.service", NULL, 0},
	{"0::/system.slice/slurmd.service", NULL, 0},
	{"6:freezer:/slurm/uid_1/job_7/step_0", NULL, 0},
	{"6:memoryless:/slurm/uid_1/job_7/step_0", NULL, 0},
	{"6:name=memory:/slurm/uid_1/job_7/step_0", NULL, 0},
	{"6:memory", NULL, 0},
	{"", NULL, 0},
};

static void a_step_has_a_memory_cgroup_or_none(void **state)
{
	char path[256], small[16];
	int version;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		bool found = rlg_oom_folder("/R", lines[i].line, path, sizeof(path), &version);
		if (found != (lines[i].folder != NULL))
			fail_msg("%s: %s", lines[i].line, found ? path : "(none)");
		if (!found)
			continue;
		assert_string_equal(path, lines[i].folder);
		assert_int_equal(version, lines[i].version);
	}
	assert_false(rlg_oom_folder("", lines[0].line, small, sizeof(small), &version));
}

static void kills_are_read_out_of_either_form(void **state)
{
	(void)state;
	assert_int_equal(rlg_oom_kills("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"), 2);
	assert_int_equal(rlg_oom_kills("low 0\nhigh 0\nmax 31\noom 1\noom_kill 1\noom_group_kill 0\n"), 1);
	assert_int_equal(rlg_oom_kills("low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n"), 0);
	assert_int_equal(rlg_oom_kills("oom_kill_disable 1\nunder_oom 0\n"), -1); /* before Linux 4.13 */
	assert_int_equal(rlg_oom_kills("not_oom_kill 7\n"), -1);
	assert_int_equal(rlg_oom_kills("oom_kill -3\n"), -1);
	assert_int_equal(rlg_oom_kills("oom_kill "), -1);
	assert_int_equal(rlg_oom_kills(""), -1);
}

#define V1 "/sys/fs/cgroup/memory/slurm/uid_1/job_7/step_0"
#define V2 "/sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/step_0"
#define NO_KILLS "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"
#define ONE_KILL "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"

static void version_1_counts_for_each_cgroup_alone(void **state)
{
	(void)state;
	assert_int_equal(rlg_oom_look(root, 2, 5), RLG_OOM_UNKNOWN); /* no /proc */
	kernel_says("/proc/self/cgroup", "6:freezer:/slurm/uid_1/job_7/step_0\n4:memory:/slurm/uid_1/job_7/step_0\n0::/\n");
	assert_int_equal(rlg_oom_look(root, 2, 5), RLG_OOM_UNKNOWN); /* no counters */
	kernel_says(V1 "/memory.oom_control", NO_KILLS);
	assert_int_equal(rlg_oom_look(root, 2, 5), RLG_OOM_NO);
	kernel_says(V1 "/task_2/memory.oom_control", ONE_KILL);
	assert_int_equal(rlg_oom_look(root, 2, 5), RLG_OOM_NO); /* none of this step's */
	kernel_says(V1 "/task_1/memory.oom_control", ONE_KILL);
	assert_int_equal(rlg_oom_look(root, 2, 5), RLG_OOM_YES); /* by its place on the node */
	kernel_says(V1 "/task_1/memory.oom_control", NO_KILLS);
	kernel_says(V1 "/task_5/memory.oom_control", ONE_KILL);
	assert_int_equal(rlg_oom_look(root, 2, 5), RLG_OOM_YES); /* by its rank */
	kernel_says(V1 "/task_5/memory.oom_control", NO_KILLS);
	kernel_says(V1 "/memory.oom_control", ONE_KILL);
	assert_int_equal(rlg_oom_look(root, 2, 5), RLG_OOM_YES);
	assert_int_equal(rlg_oom_look(root, UINT32_MAX, UINT32_MAX), RLG_OOM_YES);
}

static void version_2_counts_for_all_below_the_step(void **state)
{
	(void)state;
	kernel_says("/proc/self/cgroup", "0::/system.slice/slurmstepd.scope/job_7/step_0/slurm\n");
	assert_int_equal(rlg_oom_look(root, 2, 5), RLG_OOM_UNKNOWN);
	kernel_says(V2 "/memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
	assert_int_equal(rlg_oom_look(root, 2, 5), RLG_OOM_NO);
	kernel_says(V2 "/memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\noom_group_kill 0\n");
	assert_int_equal(rlg_oom_look(root, 2, 5), RLG_OOM_YES);
}

static void a_file_that_is_none_of_the_kernels_tells_nothing(void **state)
{
	char path[PATH_MAX];

	(void)state;
	kernel_says("/proc/self/cgroup", "4:memory:/slurm/uid_1/job_7/step_0\n");
	kernel_says("/elsewhere", ONE_KILL);
	kernel_says(V1 "/x", "");
	snprintf(path, sizeof(path), "%s", in_scratch("root" V1 "/memory.oom_control"));
	assert_return_code(symlink(in_scratch("root/elsewhere"), path), errno);
	assert_int_equal(rlg_oom_look(root, 1, 0), RLG_OOM_UNKNOWN);
	remove(path);
	assert_return_code(mkfifo(path, 0600), errno);
	assert_int_equal(rlg_oom_look(root, 1, 0), RLG_OOM_UNKNOWN); /* and does not wait */
}

static void the_record_says_whether_there_was_no_memory(void **state)
{
	static const struct {
		const char *counters, *word;
	} table[] = {{NO_KILLS, "no"}, {ONE_KILL, "yes"}, {"", "not known"}};

	(void)state;
	kernel_says("/proc/self/cgroup", "4:memory:/slurm/uid_1/job_7/step_0\n");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		memset(&tasks, 0, sizeof(tasks));
		tasks.root = root;
		new_step(0, 2);
		kernel_says(V1 "/task_1/memory.oom_control", table[i].counters);
		task_ends(9, KILLED(9));
		/* What comes later is not why the first one failed; the step's cgroup is gone at its end. */
		kernel_says(V1 "/task_1/memory.oom_control", ONE_KILL);
		task_ends(8, KILLED(9));
		step_ends();
		struct rlg_record record = only_record(text_of_file(host_file("r1")));
		assert_string_equal(oom_of(&record), table[i].word);
		rlg_record_done(&record);
		remove(host_file("r1"));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, hook_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_that_failed_is_recorded_as_the_user),
		TEST(a_step_whose_tasks_all_did_well_leaves_nothing),
		TEST(each_kind_of_step_has_its_name),
		TEST(a_plugin_that_is_listed_twice_counts_a_task_once),
		TEST(a_host_that_knows_too_little_is_let_be),
		TEST(where_the_run_is_not_known_the_tool_is_told),
		TEST(a_step_has_a_memory_cgroup_or_none),
		TEST(kills_are_read_out_of_either_form),
		TEST(version_1_counts_for_each_cgroup_alone),
		TEST(version_2_counts_for_all_below_the_step),
		TEST(a_file_that_is_none_of_the_kernels_tells_nothing),
		TEST(the_record_says_whether_there_was_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
