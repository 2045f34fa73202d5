/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In slurmstepd, as root: see start.h. */
#include "spank/hooks/start.h"

#include "lib/clock.h"
#include "lib/text.h"
#include "spank/hooks/hostlist.h"
#include "spank/hooks/step.h"

#include <string.h>

/* Facts that the job's environment knows, and what they are called in a record. */
static const struct {
	const char *variable;
	const char *member;
} texts[] = {
	{"SLURM_JOB_NODELIST", "nodes"},    {"SLURM_JOB_NAME", "job_name"}, {"SLURM_JOB_PARTITION", "partition"},
	{"SLURM_JOB_ACCOUNT", "account"}, {"SLURM_JOB_QOS", "qos"},
};
static const struct {
	const char *variable;
	const char *member;
} numbers[] = {
	{"SLURM_JOB_NUM_NODES", "nnodes"},
	{"SLURM_RESTART_COUNT", "attempt"},
	{"SLURM_JOB_START_TIME", "start_time"}, /* since 23.02 */
};

/* Slurm's "no limit" is a year or more from now. */
#define MOST_LIMIT_S (365LL * 24 * 60 * 60)

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

/* Since 23.02 a step is told when its job has to end. */
static void add_time_limit(struct rlg_step_record *record, const struct rlg_host *host)
{
	char begin[32], end[32];
	long long begin_s, end_s;

	if (host->get_env(host, "SLURM_JOB_START_TIME", begin, sizeof(begin)) &&
	    host->get_env(host, "SLURM_JOB_END_TIME", end, sizeof(end)) && rlg_parse_int(begin, 1, INT64_MAX / 2, &begin_s) &&
	    rlg_parse_int(end, 1, INT64_MAX / 2, &end_s) && end_s > begin_s && end_s - begin_s < MOST_LIMIT_S)
		rlg_record_int(&record->writer, "time_limit", end_s - begin_s);
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
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		rlg_step_add_number(&record, host, numbers[i].variable, numbers[i].member);
	add_time_limit(&record, host);
	add_node(&record, host);
	rlg_step_deliver(&record, host, settings);
}
