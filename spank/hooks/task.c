/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In slurmstepd, as root: see task.h. */
#include "spank/hooks/task.h"

#include "lib/clock.h"
#include "spank/hooks/step.h"

#include <sys/wait.h>

void rlg_task_ended(struct rlg_tasks *tasks, const struct rlg_host *host)
{
	uint32_t rank, status, n_tasks = 0;

	if (!host->fact(host, RLG_FACT_TASK_RANK, &rank) || !host->fact(host, RLG_FACT_TASK_STATUS, &status) || status == 0)
		return;
	if (tasks->failed > 0 && tasks->last_rank == rank)
		return;
	tasks->last_rank = rank;
	if (tasks->failed++ > 0)
		return;
	tasks->time_us = rlg_clock_now_us();
	tasks->rank = rank;
	tasks->wait_status = (int)status;
	host->fact(host, RLG_FACT_LOCAL_TASKS, &n_tasks);
	tasks->oom = rlg_oom_look(tasks->root == NULL ? "" : tasks->root, n_tasks, rank);
}

void rlg_tasks_done(const struct rlg_tasks *tasks, const struct rlg_host *host, const struct rlg_settings *settings)
{
	static struct rlg_step_record record;
	char node[256], step[RLG_STEP_NAME_MAX];
	int status = tasks->wait_status;
	uint32_t n_tasks;

	if (tasks->failed == 0 || rlg_step_name(host, step) == NULL)
		return;
	rlg_step_begin(&record, host, "task-failed", tasks->time_us);
	if (host->node_name(host, node, sizeof(node)))
		rlg_record_str(&record.writer, "node", node);
	rlg_record_int(&record.writer, "rank", tasks->rank);
	rlg_record_int(&record.writer, "exit_code", WIFEXITED(status) ? WEXITSTATUS(status) : 0);
	rlg_record_int(&record.writer, "signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	if (tasks->oom != RLG_OOM_UNKNOWN)
		rlg_record_bool(&record.writer, "oom", tasks->oom == RLG_OOM_YES);
	rlg_record_int(&record.writer, "failed", tasks->failed);
	if (host->fact(host, RLG_FACT_LOCAL_TASKS, &n_tasks))
		rlg_record_int(&record.writer, "tasks", n_tasks);
	/* Where there is no address the tool finds the run by it. */
	rlg_step_add_text(&record, host, "SLURM_JOB_NAME", "job_name");
	rlg_step_deliver(&record, host, settings);
}
