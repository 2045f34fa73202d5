/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a step used on this node: see usage.h. */
#include "spank/hooks/usage.h"

#include "lib/clock.h"
#include "spank/hooks/step.h"

#include <sys/resource.h>

/* Where there are samples only, the first so many tasks that end are moments to take one. */
#define SAMPLES_MOST 256

static int64_t microseconds(const struct timeval *time)
{
	return (int64_t)time->tv_sec * RLG_SECOND_US + time->tv_usec;
}

static bool look_at_children(struct rlg_children *out_children)
{
	struct rusage usage;

	if (getrusage(RUSAGE_CHILDREN, &usage) != 0)
		return false;
	*out_children = (struct rlg_children){.user_us = microseconds(&usage.ru_utime),
					      .system_us = microseconds(&usage.ru_stime),
					      .max_rss = (int64_t)usage.ru_maxrss * 1024};
	return true;
}

void rlg_usage_begin(struct rlg_step_usage *usage, bool own)
{
	usage->begun = true;
	usage->begun_ms = rlg_clock_monotonic_ms();
	usage->counters = RLG_COUNTERS_UNKNOWN;
	if (own)
		look_at_children(&usage->before);
}

static bool is_moment_to_look(const struct rlg_step_usage *usage, const struct rlg_host *host)
{
	uint32_t n_tasks;

	if (!host->fact(host, RLG_FACT_LOCAL_TASKS, &n_tasks) || usage->ended == 1 || usage->ended >= n_tasks)
		return true;
	return usage->counters.samples && usage->ended <= SAMPLES_MOST;
}

void rlg_usage_task_ended(struct rlg_step_usage *usage, const struct rlg_host *host, bool own)
{
	char step[RLG_STEP_NAME_MAX];
	uint32_t rank;

	if (!usage->begun || !host->fact(host, RLG_FACT_TASK_RANK, &rank) || (usage->ended > 0 && usage->last_rank == rank))
		return;
	const char *name = rlg_step_name(host, step);
	if (name == NULL)
		return;
	usage->last_rank = rank;
	usage->ended++;
	usage->ended_us = rlg_clock_now_us();
	usage->ended_ms = rlg_clock_monotonic_ms();
	if (own)
		usage->has_children = look_at_children(&usage->children);
	if (is_moment_to_look(usage, host))
		rlg_counters_look(&usage->counters, usage->root == NULL ? "" : usage->root, name);
}

static const char *source_of(int version)
{
	return version == 2 ? "cgroup/v2" : version == 1 ? "cgroup/v1" : "rusage";
}

static void add_cpu(struct rlg_record_writer *writer, const struct rlg_step_usage *usage)
{
	const struct rlg_counters *counters = &usage->counters;
	int64_t user_us = usage->children.user_us - usage->before.user_us;
	int64_t system_us = usage->children.system_us - usage->before.system_us;

	if (counters->cpu_version > 0) {
		rlg_record_duration(writer, "cpu_s", counters->cpu_us);
		rlg_record_duration(writer, "user_cpu_s", counters->user_us);
		rlg_record_duration(writer, "system_cpu_s", counters->system_us);
	} else if (usage->has_children && user_us >= 0 && system_us >= 0) {
		rlg_record_duration(writer, "cpu_s", user_us + system_us);
		rlg_record_duration(writer, "user_cpu_s", user_us);
		rlg_record_duration(writer, "system_cpu_s", system_us);
	} else {
		return;
	}
	rlg_record_str(writer, "cpu_source", source_of(counters->cpu_version));
}

static void add_memory(struct rlg_record_writer *writer, const struct rlg_step_usage *usage)
{
	const struct rlg_counters *counters = &usage->counters;
	bool has_largest = usage->has_children && usage->children.max_rss > 0;

	if (counters->memory_version > 0)
		rlg_record_int(writer, "peak_memory_bytes", counters->peak_memory);
	if (counters->page_cache >= 0)
		rlg_record_int(writer, "page_cache_bytes", counters->page_cache);
	if (has_largest)
		rlg_record_int(writer, "max_rss_bytes", usage->children.max_rss);
	if (counters->memory_version > 0 || has_largest)
		rlg_record_str(writer, "memory_source", source_of(counters->memory_version));
}

static bool is_wanted(const struct rlg_step_usage *usage, const struct rlg_host *host, const struct rlg_settings *settings)
{
	uint32_t node_index;

	if (usage->ended == 0 || settings->usage == RLG_USAGE_OFF)
		return false;
	return settings->usage == RLG_USAGE_ALL || !host->fact(host, RLG_FACT_NODE_INDEX, &node_index) || node_index == 0;
}

void rlg_usage_done(struct rlg_step_usage *usage, const struct rlg_host *host, const struct rlg_settings *settings)
{
	static struct rlg_step_record record;
	char node[256];

	if (!is_wanted(usage, host, settings))
		return;
	/* The tasks' ends were told to a helper; this hook is always in the process that waited for them. */
	if (!usage->has_children)
		usage->has_children = look_at_children(&usage->children);
	rlg_step_begin(&record, host, "usage", usage->ended_us);
	record.leaves_trackers = true;
	if (host->node_name(host, node, sizeof(node)))
		rlg_record_str(&record.writer, "node", node);
	rlg_record_int(&record.writer, "tasks", usage->ended);
	add_cpu(&record.writer, usage);
	add_memory(&record.writer, usage);
	rlg_record_duration(&record.writer, "elapsed_s", (usage->ended_ms - usage->begun_ms) * 1000);
	/* Where there is no address the tool finds the run by it. */
	rlg_step_add_text(&record, host, "SLURM_JOB_NAME", "job_name");
	rlg_step_deliver(&record, host, settings);
}
