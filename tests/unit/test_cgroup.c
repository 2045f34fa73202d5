/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaving a job's cgroups: where a process in this cgroup goes. */
#include "tests/unit/cmocka_any.h"
#include "spank/hooks/cgroup.h"

static const struct {
	const char *line;
	const char *choices[3]; /* NULL: no more */
} cases[] = {
	{"6:freezer:/slurm_n1/uid_20001/job_7", {"/sys/fs/cgroup/freezer/slurm_n1/cgroup.procs"}},
	{"4:memory:/slurm/uid_1/job_7/step_batch", {"/sys/fs/cgroup/memory/slurm/cgroup.procs"}},
	{"2:cpu,cpuacct:/slurm/uid_1/job_7/step_0/task_0", {"/sys/fs/cgroup/cpu,cpuacct/slurm/cgroup.procs"}},
	{"1:name=systemd:/slurm/uid_1/job_7", {"/sys/fs/cgroup/systemd/slurm/cgroup.procs"}},
	{"0::/system.slice/slurmstepd.scope/job_7/step_batch/slurm",
	 {"/sys/fs/cgroup/system.slice/slurmstepd.scope/system/cgroup.procs", "/sys/fs/cgroup/cgroup.procs"}},
	{"0::/system.slice/slurmd.service", {NULL}},
	{"6:freezer:/", {NULL}},
	{"6:freezer", {NULL}},
	{"", {NULL}},
};

static void a_job_s_cgroup_is_left_for_slurm_s_own(void **state)
{
	char path[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int choice = 0;
		for (; cases[i].choices[choice] != NULL; choice++) {
			assert_true(rlg_cgroup_target(cases[i].line, choice, path, sizeof(path)));
			assert_string_equal(path, cases[i].choices[choice]);
		}
		assert_false(rlg_cgroup_target(cases[i].line, choice, path, sizeof(path)));
	}
}

static void a_path_that_does_not_fit_is_none(void **state)
{
	char path[16];

	assert_false(rlg_cgroup_target(cases[0].line, 0, path, sizeof(path)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_s_cgroup_is_left_for_slurm_s_own),
		cmocka_unit_test(a_path_that_does_not_fit_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
