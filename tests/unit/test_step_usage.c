/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a step used on its node, told by a host of our own, with a /proc and a /sys of our own.
 */
#include "tests/unit/hook_world.h"

#include "lib/clock.h"
#include "spank/hooks/counters.h"
#include "spank/hooks/kernel_file.h"
#include "spank/hooks/step.h"
#include "spank/hooks/usage.h"

#include <sys/resource.h>

static struct rlg_step_usage usage;

/* ---- the world of a test ---- */

static int set_up(void **state)
{
	if (hook_world_set_up(state) != 0)
		return -1;
	write_lone_helper("true");
	return 0;
}

static void new_step(uint32_t step, uint32_t n_tasks)
{
	new_job(step);
	fake_knows(&fake, RLG_FACT_LOCAL_TASKS, n_tasks);
	fake.node = "n1";
	fake_set(fake.environment, "SLURM_JOB_NAME", "a job");
	memset(&usage, 0, sizeof(usage));
	usage.root = root;
	rlg_usage_begin(&usage, true);
}

static void task_ends(uint32_t rank)
{
	struct holdings before;

	fake_knows(&fake, RLG_FACT_TASK_RANK, rank);
	look_at_holdings(&before);
	rlg_usage_task_ended(&usage, &fake.host, true);
	assert_nothing_changed(&before);
}

static void step_ends(void)
{
	struct holdings before;

	fake.knows[RLG_FACT_TASK_RANK] = false;
	adopt_orphans(true);
	look_at_holdings(&before);
	rlg_usage_done(&usage, &fake.host, &settings);
	settle();
	assert_nothing_changed(&before);
}

static struct rlg_record record_of_step(void)
{
	step_ends();
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	remove(host_file("r1"));
	return record;
}

/* A child that takes memory and CPU, as a task of the step, and is waited for. */
static void task_takes(size_t bytes, long cpu_ms)
{
	pid_t child = fork();

	if (child == 0) {
		char *memory = malloc(bytes);
		struct timespec now = {0};
		for (size_t i = 0; memory != NULL && i < bytes; i += 4096)
			((volatile char *)memory)[i] = 1;
		while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < cpu_ms)
			clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

#define SELF_1 "6:freezer:/slurm/uid_1/job_7\n4:memory:/slurm/uid_1/job_7/step_0\n2:cpuacct:/\n0::/\n"
#define MEMORY_1 "/sys/fs/cgroup/memory/slurm/uid_1/job_7/step_0"
#define CPU_1 "/sys/fs/cgroup/cpuacct/slurm/uid_1/job_7/step_0"
#define STAT_1 "cache 4096\nrss 8192\nshmem 0\ntotal_cache 3000000\ntotal_rss 8192\ntotal_shmem 1000000\n"
#define SELF_2 "0::/system.slice/slurmstepd.scope/job_7/step_0/slurm\n"
#define STEP_2 "/sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/step_0"

static void version_1_says(void)
{
	kernel_says("/proc/self/cgroup", SELF_1);
	kernel_says(CPU_1 "/cpuacct.usage", "2187044606\n");
	kernel_says(CPU_1 "/cpuacct.stat", "user 51\nsystem 167\n");
	kernel_says(MEMORY_1 "/memory.max_usage_in_bytes", "217038848\n");
	kernel_says(MEMORY_1 "/memory.stat", STAT_1);
}

static void look(struct rlg_counters *out_counters)
{
	*out_counters = RLG_COUNTERS_UNKNOWN;
	rlg_counters_look(out_counters, root, "0");
}

/* ---- the kernel's files ---- */

static void a_number_is_one_or_none(void **state)
{
	static const struct {
		const char *text, *key;
		int64_t number;
	} table[] = {
		{"12\n", "", 12}, {"0", "", 0}, {"", "", -1}, {"max\n", "", -1}, {"-3\n", "", -1}, {" 3\n", "", -1},
		{"a 1\nb 2\n", "b", 2}, {"ab 1\nb 2\n", "b", 2}, {"b\n", "b", -1}, {"b x\n", "b", -1}, {"a 1\n", "b", -1},
		{"9223372036854775807", "", INT64_MAX}, {"9223372036854775808", "", -1}, {"99999999999999999999999", "", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (rlg_kernel_number(table[i].text, table[i].key) != table[i].number)
			fail_msg("'%s' of '%s' is %lld", table[i].key, table[i].text,
				 (long long)rlg_kernel_number(table[i].text, table[i].key));
}

static void version_1_counts_in_a_hierarchy_each(void **state)
{
	struct rlg_counters counters;

	(void)state;
	version_1_says();
	look(&counters);
	assert_int_equal(counters.cpu_version, 1);
	assert_int_equal(counters.cpu_us, 2187044);
	assert_int_equal(counters.user_us, 510000);
	assert_int_equal(counters.system_us, 1670000);
	assert_int_equal(counters.memory_version, 1);
	assert_int_equal(counters.peak_memory, 217038848);
	assert_int_equal(counters.page_cache, 2000000);
	/* slurmstepd is in the job's freezer alone: the step has the same path everywhere. */
	kernel_says("/proc/self/cgroup", "6:freezer:/slurm/uid_1/job_7\n4:memory:/\n0::/\n");
	look(&counters);
	assert_int_equal(counters.cpu_us, 2187044);
	assert_int_equal(counters.peak_memory, 217038848);
	/* Another step's are not ours. */
	counters = RLG_COUNTERS_UNKNOWN;
	rlg_counters_look(&counters, root, "1");
	assert_int_equal(counters.cpu_version, 0);
	assert_int_equal(counters.memory_version, 0);
}

static void version_2_counts_in_one_place(void **state)
{
	struct rlg_counters counters;

	(void)state;
	kernel_says("/proc/self/cgroup", SELF_2);
	look(&counters);
	assert_int_equal(counters.cpu_version, 0);
	/* With slurmstepd's own, where the step's are not counted apart. */
	kernel_says(STEP_2 "/cpu.stat", "usage_usec 9000000\nuser_usec 8000000\nsystem_usec 1000000\nnr_periods 0\n");
	kernel_says(STEP_2 "/memory.peak", "9999999\n");
	look(&counters);
	assert_int_equal(counters.cpu_us, 9000000);
	assert_int_equal(counters.peak_memory, 9999999);
	assert_int_equal(counters.page_cache, -1);
	kernel_says(STEP_2 "/user/cpu.stat", "usage_usec 2000000\nuser_usec 1500000\nsystem_usec 500000\n");
	kernel_says(STEP_2 "/user/memory.peak", "5000000\n");
	kernel_says(STEP_2 "/user/memory.stat", "anon 1\nfile 300\nshmem 100\n");
	look(&counters);
	assert_int_equal(counters.cpu_version, 2);
	assert_int_equal(counters.cpu_us, 2000000);
	assert_int_equal(counters.user_us, 1500000);
	assert_int_equal(counters.system_us, 500000);
	assert_int_equal(counters.memory_version, 2);
	assert_int_equal(counters.peak_memory, 5000000);
	assert_int_equal(counters.page_cache, 200);
	assert_false(counters.samples);
}

static void without_a_peak_the_greatest_sample_counts(void **state)
{
	struct rlg_counters counters;

	(void)state;
	kernel_says("/proc/self/cgroup", SELF_2);
	kernel_says(STEP_2 "/user/memory.current", "700000\n");
	kernel_says(STEP_2 "/user/memory.stat", "file 200000\nshmem 0\n");
	look(&counters);
	assert_true(counters.samples);
	assert_int_equal(counters.peak_memory, 500000);
	kernel_says(STEP_2 "/user/memory.current", "400000\n");
	rlg_counters_look(&counters, root, "0");
	assert_int_equal(counters.peak_memory, 500000);
	kernel_says(STEP_2 "/user/memory.current", "1700000\n");
	rlg_counters_look(&counters, root, "0");
	assert_int_equal(counters.peak_memory, 1500000);
	assert_int_equal(counters.page_cache, -1); /* it is left out already */
}

/* Whatever stands there: nothing is waited for, and nothing is taken that is no number. */
static void a_file_that_is_none_of_the_kernels_tells_nothing(void **state)
{
	static const char *const files[] = {CPU_1 "/cpuacct.usage", MEMORY_1 "/memory.max_usage_in_bytes"};
	static char huge[1 << 20];
	struct rlg_counters counters;

	(void)state;
	version_1_says();
	memset(huge, 'x', sizeof(huge) - 1);
	for (int kind = 0; kind < 6; kind++) {
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			char path[PATH_MAX];
			snprintf(path, sizeof(path), "%s%s", root, files[i]);
			remove(path);
			if (kind == 0)
				continue; /* missing */
			if (kind == 1)
				assert_return_code(mkfifo(path, 0600), errno); /* hangs whoever waits */
			else if (kind == 2)
				make_folder(path, 0755);
			else if (kind == 3)
				assert_return_code(symlink(in_scratch("root" MEMORY_1 "/memory.stat"), path), errno);
			else
				write_text(path, kind == 4 ? huge : "99999999999999999999999999\n");
		}
		look(&counters);
		if (counters.cpu_version != 0 || counters.cpu_us != -1 || counters.memory_version != 0 || counters.peak_memory != -1)
			fail_msg("kind %d was taken", kind);
	}
	kernel_says("/proc/self/cgroup", huge);
	look(&counters);
	assert_int_equal(counters.cpu_version, 0);
	kernel_says("/proc/self/cgroup", "4:memory:/job_\n:::\n6\n\n0::/job_/step_\n");
	look(&counters);
	assert_int_equal(counters.memory_version, 0);
}

/* ---- the record ---- */

static void a_step_is_recorded_as_the_user_and_nothing_is_refreshed(void **state)
{
	struct stat facts;

	(void)state;
	version_1_says();
	new_step(0, 2);
	rlg_step_remember_folder();
	scratch_sleep_ms(30);
	task_ends(4);
	kernel_says(CPU_1 "/cpuacct.usage", "3000000000\n");
	int64_t before_us = rlg_clock_now_us();
	task_ends(5);
	int64_t after_us = rlg_clock_now_us();
	/* The cgroups are gone when the step ends. */
	kernel_says("/proc/self/cgroup", "0::/\n");
	scratch_sleep_ms(20);
	step_ends();
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_string_equal(record.name, "usage");
	assert_true(record.time_us >= before_us && record.time_us <= after_us);
	assert_is_of_new_job(&record);
	assert_string_equal(rlg_record_get_str(&record, "step"), "0");
	assert_string_equal(rlg_record_get_str(&record, "node"), "n1");
	assert_string_equal(rlg_record_get_str(&record, "job_name"), "a job");
	assert_string_equal(rlg_record_get_str(&record, "cwd"), in_scratch("group/r1"));
	assert_int_equal(int_of(&record, "tasks"), 2);
	assert_int_equal(rlg_record_get_time(&record, "cpu_s"), 3000000);
	assert_int_equal(rlg_record_get_time(&record, "user_cpu_s"), 510000);
	assert_int_equal(rlg_record_get_time(&record, "system_cpu_s"), 1670000);
	assert_string_equal(rlg_record_get_str(&record, "cpu_source"), "cgroup/v1");
	assert_int_equal(int_of(&record, "peak_memory_bytes"), 217038848);
	assert_int_equal(int_of(&record, "page_cache_bytes"), 2000000);
	assert_string_equal(rlg_record_get_str(&record, "memory_source"), "cgroup/v1");
	int64_t elapsed_us = rlg_record_get_time(&record, "elapsed_s");
	assert_true(elapsed_us >= 30000 && elapsed_us <= after_us - before_us + 5000000);
	rlg_record_done(&record);
	assert_return_code(lstat(host_file("r1"), &facts), errno);
	assert_int_equal(facts.st_uid, job_uid());
	assert_false(exists(in_scratch("seen/argv")));
}

static int64_t cpu_of_all_children(void)
{
	struct rusage all;

	assert_return_code(getrusage(RUSAGE_CHILDREN, &all), errno);
	return (all.ru_utime.tv_sec + all.ru_stime.tv_sec) * RLG_SECOND_US + all.ru_utime.tv_usec + all.ru_stime.tv_usec;
}

static void without_cgroups_the_children_are_counted(void **state)
{
	int64_t before_us = cpu_of_all_children();

	(void)state;
	new_step(RLG_STEP_BATCH, 1);
	task_takes((size_t)160 << 20, 60);
	task_ends(0);
	int64_t at_end_us = cpu_of_all_children();
	task_takes((size_t)320 << 20, 60); /* none of the step's: no task is left */
	struct rlg_record record = record_of_step();
	assert_string_equal(rlg_record_get_str(&record, "step"), "batch");
	assert_string_equal(rlg_record_get_str(&record, "cpu_source"), "rusage");
	assert_string_equal(rlg_record_get_str(&record, "memory_source"), "rusage");
	assert_int_equal(int_of(&record, "peak_memory_bytes"), -1);
	assert_in_range(int_of(&record, "max_rss_bytes"), 160 << 20, 319 << 20);
	int64_t cpu_us = rlg_record_get_time(&record, "cpu_s");
	assert_in_range(cpu_us, 60000, at_end_us - before_us);
	assert_int_equal(rlg_record_get_time(&record, "user_cpu_s") + rlg_record_get_time(&record, "system_cpu_s"), cpu_us);
	rlg_record_done(&record);
	/* What was there before the step is none of it either. */
	before_us = cpu_of_all_children();
	new_step(1, 1);
	task_takes(1 << 20, 20);
	task_ends(0);
	record = record_of_step();
	assert_in_range(rlg_record_get_time(&record, "cpu_s"), 20000, cpu_of_all_children() - before_us);
	rlg_record_done(&record);
}

/* With contain_spank the ends of tasks are told to a child of slurmstepd's, which has no children of its own. */
static void a_helper_does_not_count_its_own_children(void **state)
{
	(void)state;
	new_step(0, 1);
	task_takes(1 << 20, 30);
	fake_knows(&fake, RLG_FACT_TASK_RANK, 0);
	rlg_usage_task_ended(&usage, &fake.host, false);
	assert_false(usage.has_children);
	task_takes(1 << 20, 30);
	struct rlg_record record = record_of_step();
	assert_true(rlg_record_get_time(&record, "cpu_s") >= 60000);
	rlg_record_done(&record);
}

static void the_admin_chooses_the_nodes(void **state)
{
	static const struct {
		enum rlg_usage_nodes nodes;
		uint32_t index;
		bool told;
	} table[] = {
		{RLG_USAGE_ALL, 0, true},    {RLG_USAGE_ALL, 3, true},	 {RLG_USAGE_FIRST, 0, true},
		{RLG_USAGE_FIRST, 3, false}, {RLG_USAGE_OFF, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		settings.usage = table[i].nodes;
		new_step(0, 1);
		fake_knows(&fake, RLG_FACT_NODE_INDEX, table[i].index);
		task_ends(0);
		step_ends();
		assert_int_equal(exists(host_file("r1")), table[i].told);
		remove(host_file("r1"));
	}
}

static void steps_without_tasks_and_the_extern_step_leave_nothing(void **state)
{
	(void)state;
	new_step(0, 1);
	step_ends();
	assert_false(exists(host_file("r1")));
	new_step(RLG_STEP_EXTERN, 1);
	task_ends(0);
	step_ends();
	assert_false(exists(host_file("r1")));
	/* Nobody said when it began. */
	new_step(0, 1);
	usage.begun = false;
	task_ends(0);
	step_ends();
	assert_false(exists(host_file("r1")));
}

static void a_plugin_that_is_listed_twice_counts_a_task_once(void **state)
{
	(void)state;
	new_step(0, 3);
	for (uint32_t rank = 0; rank < 3; rank++) {
		task_ends(rank);
		task_ends(rank);
	}
	assert_int_equal(usage.ended, 3);
}

/* Of many tasks the first and the last are moments to look, but where there are only samples all of the first are. */
static void not_every_task_costs_a_look(void **state)
{
	(void)state;
	version_1_says();
	new_step(0, 1000);
	task_ends(0);
	kernel_says(CPU_1 "/cpuacct.usage", "5000000000\n");
	for (uint32_t rank = 1; rank < 999; rank++)
		task_ends(rank);
	assert_int_equal(usage.counters.cpu_us, 2187044);
	task_ends(999);
	assert_int_equal(usage.counters.cpu_us, 5000000);
	kernel_says("/proc/self/cgroup", SELF_2);
	kernel_says(STEP_2 "/user/memory.current", "700000\n");
	new_step(0, 1000);
	task_ends(0);
	kernel_says(STEP_2 "/user/memory.current", "800000\n");
	task_ends(1);
	assert_int_equal(usage.counters.peak_memory, 800000);
}

static void where_the_run_is_not_known_the_tool_is_told(void **state)
{
	(void)state;
	new_step(0, 1);
	fake_unset_job_control(&fake.host, "RUNLEDGER_GROUP");
	fake_unset_job_control(&fake.host, "RUNLEDGER_RUN");
	rlg_step_remember_folder();
	task_ends(0);
	step_ends();
	assert_false(exists(host_file("r1")));
	assert_non_null(strstr(seen("argv"), "\n<--quiet>\n<usage>\n"));
	struct rlg_record record = only_record(seen("stdin"));
	assert_string_equal(record.name, "usage");
	assert_string_equal(rlg_record_get_str(&record, "job_name"), "a job");
	rlg_record_done(&record);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, hook_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_number_is_one_or_none),
		TEST(version_1_counts_in_a_hierarchy_each),
		TEST(version_2_counts_in_one_place),
		TEST(without_a_peak_the_greatest_sample_counts),
		TEST(a_file_that_is_none_of_the_kernels_tells_nothing),
		TEST(a_step_is_recorded_as_the_user_and_nothing_is_refreshed),
		TEST(without_cgroups_the_children_are_counted),
		TEST(a_helper_does_not_count_its_own_children),
		TEST(the_admin_chooses_the_nodes),
		TEST(steps_without_tasks_and_the_extern_step_leave_nothing),
		TEST(a_plugin_that_is_listed_twice_counts_a_task_once),
		TEST(not_every_task_costs_a_look),
		TEST(where_the_run_is_not_known_the_tool_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
