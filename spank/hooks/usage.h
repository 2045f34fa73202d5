/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In slurmstepd, as root: what a step used on this node, CPU time and memory, as a record.
 *
 * The cgroups of a step are there until its last task has ended, so they are looked at then, and remembered in memory
 * alone.  What no cgroup counts is taken from rusage: all processes that the tasks waited for, and the largest of them.
 */
#ifndef RLG_STEP_USAGE_H
#define RLG_STEP_USAGE_H

#include "spank/hooks/counters.h"
#include "spank/hooks/host.h"
#include "spank/hooks/settings.h"

/* What slurmstepd's children took that it has waited for. */
struct rlg_children {
	int64_t user_us, system_us;
	int64_t max_rss; /* bytes, of the largest process; 0: not known */
};

/* The usage of the step that this slurmstepd is; static storage, all zero at first. */
struct rlg_step_usage {
	const char *root; /* before /proc and /sys; NULL: a real machine */
	bool begun;
	int64_t begun_ms; /* by a clock that only counts */
	struct rlg_children before; /* what was ours, not the step's */
	uint32_t ended; /* tasks */
	uint32_t last_rank;
	int64_t ended_us, ended_ms; /* when the last of them ended */
	bool has_children;
	struct rlg_children children;
	struct rlg_counters counters;
};

/* The tasks are about to run.  `own`: this process is the one that waits for them, and not a helper of slurmstepd's. */
void rlg_usage_begin(struct rlg_step_usage *usage, bool own);

/* A task has ended: call it in task_exit.  Reads a few files of the kernel's where it is the first, or the last. */
void rlg_usage_task_ended(struct rlg_step_usage *usage, const struct rlg_host *host, bool own);

/*
 * The step is over: leaves its record, if the settings want one and it had tasks.  The trackers are not refreshed: a job
 * may have thousands of steps, and its end refreshes them.
 */
void rlg_usage_done(struct rlg_step_usage *usage, const struct rlg_host *host, const struct rlg_settings *settings);

#endif
