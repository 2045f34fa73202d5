/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In slurmstepd, as root: see start.h. */
#include "spank/hooks/start.h"

#include "lib/clock.h"
#include "spank/hooks/hostlist.h"
#include "spank/hooks/step.h"

#include <string.h>

/*
 * Facts that the job's environment knows, and what they are called in a record.  Not the restart count, nor the times that
 * Slurm tells since 23.02: it puts those into the tasks' environment only.  Where they are found before, they are another
 * job's, from which this one was submitted.
 */
static const struct {
	const char *variable;
	const char *member;
} texts[] = {
	{"SLURM_JOB_NODELIST", "nodes"},    {"SLURM_JOB_NAME", "job_name"}, {"SLURM_JOB_PARTITION", "partition"},
	{"SLURM_JOB_ACCOUNT", "account"}, {"SLURM_JOB_QOS", "qos"},
};
static bool begins_job(const struct rlg_host *host)
{
	char environment[16];
	uint32_t step_id, node_index;

	if (!host->fact(host, RLG_FACT_STEP_ID, &step_id) || step_id == RLG_STEP_EXTERN)
		return false;
	if (step_id == RLG_STEP_BATCH)
		return true;
	if (host->fact(host, RLG_FACT_NODE_INDEX, &node_index) && node_index != 0)
		return false;
	if (step_id == RLG_STEP_INTERACTIVE)
		return true;
	/* Step 0 begins the job unless a batch script started it: such steps inherit ENVIRONMENT=BATCH. */
	return step_id == 0 && !(host->get_env(host, "ENVIRONMENT", environment, sizeof(environment)) &&
				 strcmp(environment, "BATCH") == 0);
}

/* What Slurm does not tell at a job's start in so many words: the node is the first of the job's. */
static void add_node(struct rlg_step_record *record, const struct rlg_host *host)
{
	char nodes[RLG_PATH_MAX], node[256];

	if (host->get_env(host, "SLURM_JOB_NODELIST", nodes, sizeof(nodes)) &&
	    rlg_hostlist_first(nodes, node, sizeof(node)))
		rlg_record_str(&record->writer, "node", node);
}

void rlg_start(const struct rlg_host *host, const struct rlg_settings *settings)
{
	static struct rlg_step_record record;

	if (!begins_job(host))
		return;
	rlg_step_begin(&record, host, "start", rlg_clock_now_us());
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		rlg_step_add_text(&record, host, texts[i].variable, texts[i].member);
	rlg_step_add_number(&record, host, "SLURM_JOB_NUM_NODES", "nnodes");
	add_node(&record, host);
	rlg_step_deliver(&record, host, settings);
}
