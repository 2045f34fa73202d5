/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In slurmstepd, as root: which task of a step failed first on this node, and how.
 */
#ifndef RLG_TASK_H
#define RLG_TASK_H

#include "spank/hooks/host.h"
#include "spank/hooks/oom.h"
#include "spank/hooks/settings.h"

/* What is remembered of a step's tasks on this node until the step ends; begins as all zeros. */
struct rlg_tasks {
	uint32_t failed; /* how many did not exit with 0 */
	uint32_t rank; /* of the first of them: its number in the step, ... */
	int wait_status; /* how it ended, as wait(2) has it, ... */
	int64_t time_us; /* when, ... */
	enum rlg_oom oom; /* and whether the step had run out of memory by then */
	uint32_t last_rank; /* the last one that failed: a plugin that is listed twice is told of each task twice */
	const char *root; /* before /proc and /sys; NULL: this machine's own */
};

/*
 * Remembers a task that failed.  Call it in task_exit for every task, while slurmstepd has not seen to the next: it only
 * changes *tasks and reads a few files that the kernel makes up.  With SlurmdParameters=contain_spank (24.05) it runs in a
 * child that shares slurmstepd's memory, so what is remembered stays.
 */
void rlg_task_ended(struct rlg_tasks *tasks, const struct rlg_host *host);

/*
 * Records the first failure, if there was one: one record for each step and node, in a process that has become the user
 * and that nobody waits for.  Call it once, when the step is over on this node.
 */
void rlg_tasks_done(const struct rlg_tasks *tasks, const struct rlg_host *host, const struct rlg_settings *settings);

#endif
