/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel has counted for this step: see counters.h. */
#include "spank/hooks/counters.h"

#include "lib/clock.h"
#include "lib/layout.h"
#include "lib/text.h"
#include "spank/hooks/kernel_file.h"

#include <string.h>
#include <unistd.h>

#define MOUNT "/sys/fs/cgroup"

/* memory.stat has up to 80 lines; in version 1 those that count the cgroups below stand at its end. */
#define STAT_MAX 8192

static void take_greater(int64_t *to, int64_t from)
{
	if (from > *to)
		*to = from;
}

/* `parts` are the keys of user and system time in `stat`, which are so many to a second. */
static void take_parts(struct rlg_counters *counters, const char *stat, const char *const parts[2], int64_t per_second)
{
	int64_t user = rlg_kernel_number(stat, parts[0]), system = rlg_kernel_number(stat, parts[1]);

	if (per_second <= 0 || user > INT64_MAX / RLG_SECOND_US || system > INT64_MAX / RLG_SECOND_US)
		return;
	if (user >= 0)
		take_greater(&counters->user_us, user * RLG_SECOND_US / per_second);
	if (system >= 0)
		take_greater(&counters->system_us, system * RLG_SECOND_US / per_second);
}

/* Shared memory is counted with the page cache, but there is nothing to give it back to. */
static void take_cache(struct rlg_counters *counters, const char *stat, const char *cache_key, const char *shared_key)
{
	int64_t cache = rlg_kernel_number(stat, cache_key), shared = rlg_kernel_number(stat, shared_key);

	if (cache >= 0)
		counters->page_cache = shared > cache ? 0 : shared > 0 ? cache - shared : cache;
}

/* ---- version 1: a hierarchy for each controller, and the same path in all of them ---- */

static void look_at_cpuacct(struct rlg_counters *counters, const char *folder)
{
	static const char *const parts[] = {"user", "system"};
	char stat[STAT_MAX];

	if (!rlg_kernel_read_in(folder, "/cpuacct.usage", stat, sizeof(stat)))
		return;
	int64_t usage_ns = rlg_kernel_number(stat, "");
	if (usage_ns < 0)
		return;
	counters->cpu_version = 1;
	take_greater(&counters->cpu_us, usage_ns / 1000);
	if (rlg_kernel_read_in(folder, "/cpuacct.stat", stat, sizeof(stat)))
		take_parts(counters, stat, parts, sysconf(_SC_CLK_TCK));
}

static void look_at_memory(struct rlg_counters *counters, const char *folder)
{
	char stat[STAT_MAX];

	if (!rlg_kernel_read_in(folder, "/memory.max_usage_in_bytes", stat, sizeof(stat)))
		return;
	int64_t peak = rlg_kernel_number(stat, "");
	if (peak < 0)
		return;
	counters->memory_version = 1;
	take_greater(&counters->peak_memory, peak);
	if (rlg_kernel_read_in(folder, "/memory.stat", stat, sizeof(stat)))
		take_cache(counters, stat, "total_cache", "total_shmem");
}

static const struct {
	const char *mount;
	void (*look)(struct rlg_counters *counters, const char *folder);
} controllers[] = {
	{MOUNT "/cpuacct", look_at_cpuacct},
	{MOUNT "/memory", look_at_memory},
};

/*
 * slurmstepd itself is not in all the cgroups that it makes for a step: in cpuacct it is in none, and in freezer in the
 * job's.  But they have one path.
 */
static void look_at_version_1(struct rlg_counters *counters, const char *root, const char *path, const char *step)
{
	size_t length = rlg_kernel_steps_part(path);
	char folder[RLG_PATH_MAX];
	struct rlg_text text;

	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		rlg_text_init(&text, folder, sizeof(folder));
		rlg_text_add(&text, root);
		rlg_text_add(&text, controllers[i].mount);
		rlg_text_add_bytes(&text, path, length > 0 ? length : rlg_kernel_jobs_part(path));
		if (length == 0) {
			rlg_text_add(&text, "/step_");
			rlg_text_add(&text, step);
		}
		if (!text.full)
			controllers[i].look(counters, folder);
	}
}

/* ---- version 2 ---- */

static bool look_at_cpu_stat(struct rlg_counters *counters, const char *folder)
{
	static const char *const parts[] = {"user_usec", "system_usec"};
	char stat[STAT_MAX];

	if (!rlg_kernel_read_in(folder, "/cpu.stat", stat, sizeof(stat)))
		return false;
	int64_t usage_us = rlg_kernel_number(stat, "usage_usec");
	if (usage_us < 0)
		return false;
	counters->cpu_version = 2;
	take_greater(&counters->cpu_us, usage_us);
	take_parts(counters, stat, parts, RLG_SECOND_US);
	return true;
}

/* memory.peak came with Linux 5.19. */
static bool look_at_memory_2(struct rlg_counters *counters, const char *folder)
{
	char stat[STAT_MAX];
	bool peak = rlg_kernel_read_in(folder, "/memory.peak", stat, sizeof(stat));

	if (!peak && !rlg_kernel_read_in(folder, "/memory.current", stat, sizeof(stat)))
		return false;
	int64_t memory = rlg_kernel_number(stat, "");
	if (memory < 0)
		return false;
	counters->memory_version = 2;
	counters->samples = !peak;
	bool read_stat = rlg_kernel_read_in(folder, "/memory.stat", stat, sizeof(stat));
	if (peak) {
		take_greater(&counters->peak_memory, memory);
		if (read_stat)
			take_cache(counters, stat, "file", "shmem");
		return true;
	}
	/* Of a sample the page cache of the same moment goes away. */
	struct rlg_counters now = RLG_COUNTERS_UNKNOWN;
	if (read_stat)
		take_cache(&now, stat, "file", "shmem");
	take_greater(&counters->peak_memory, now.page_cache > 0 && now.page_cache < memory ? memory - now.page_cache : memory);
	return true;
}

/* The step's processes are in `user`, slurmstepd is beside them in `slurm`. */
static void look_at_version_2(struct rlg_counters *counters, const char *root, const char *path)
{
	static const char *const places[] = {"/user", ""};
	size_t n_places = sizeof(places) / sizeof(places[0]);
	bool cpu = false, memory = false;
	char folder[RLG_PATH_MAX];
	struct rlg_text text;

	for (size_t i = 0; i < n_places && !(cpu && memory); i++) {
		rlg_text_init(&text, folder, sizeof(folder));
		rlg_text_add(&text, root);
		rlg_text_add(&text, MOUNT);
		rlg_text_add_bytes(&text, path, rlg_kernel_steps_part(path));
		rlg_text_add(&text, places[i]);
		if (text.full)
			return;
		cpu = cpu || look_at_cpu_stat(counters, folder);
		memory = memory || look_at_memory_2(counters, folder);
	}
}

/* ---- which ---- */

/* "4:memory:/slurm_n1/uid_1/job_1/step_0", or in version 2 "0::/system.slice/slurmstepd.scope/job_1/step_0/slurm". */
static const char *path_of(const char *line, bool *out_is_version_2)
{
	const char *names = strchr(line, ':');
	const char *path = names == NULL ? NULL : strchr(names + 1, ':');

	*out_is_version_2 = path != NULL && path == names + 1;
	return path == NULL ? NULL : path + 1;
}

void rlg_counters_look(struct rlg_counters *counters, const char *root, const char *step)
{
	static char lines[RLG_SELF_CGROUP_MAX];
	const char *version_1 = NULL, *version_2 = NULL;

	if (!rlg_kernel_read_in(root, "/proc/self/cgroup", lines, sizeof(lines)))
		return;
	for (char *line = lines, *next; line != NULL; line = next) {
		bool is_version_2;
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		const char *path = path_of(line, &is_version_2);
		if (path == NULL || rlg_kernel_jobs_part(path) == 0)
			continue;
		if (is_version_2 && rlg_kernel_steps_part(path) > 0)
			version_2 = path;
		else if (!is_version_2 && (version_1 == NULL || rlg_kernel_steps_part(version_1) == 0))
			version_1 = path;
	}
	/* Where both are mounted Slurm has its jobs in one of them. */
	if (version_1 != NULL)
		look_at_version_1(counters, root, version_1, step);
	else if (version_2 != NULL)
		look_at_version_2(counters, root, version_2);
}
