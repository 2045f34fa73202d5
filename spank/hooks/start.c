/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In slurmstepd, as root: see start.h. */
#include "spank/hooks/start.h"

#include "lib/clock.h"
#include "lib/text.h"
#include "spank/hooks/deliver.h"
#include "spank/hooks/hostlist.h"
#include "spank/hooks/say.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Facts that the job's environment knows, and what they are called in a record. */
static const struct {
	const char *variable;
	const char *member;
} texts[] = {
	{"SLURM_CLUSTER_NAME", "cluster"},    {"SLURM_JOB_NODELIST", "nodes"},	    {"SLURM_JOB_NAME", "job_name"},
	{"SLURM_JOB_PARTITION", "partition"}, {"SLURM_JOB_ACCOUNT", "account"}, {"SLURM_JOB_QOS", "qos"},
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

static char job_folder[RLG_PATH_MAX];

void rlg_start_remember_folder(void)
{
	if (getcwd(job_folder, sizeof(job_folder)) == NULL)
		job_folder[0] = '\0';
}

/* In a record's own words; NULL for a step that begins no job. */
static const char *step_that_begins(const struct rlg_host *host, char storage[16])
{
	char environment[16];
	uint32_t step_id, node_index;

	if (!host->fact(host, RLG_FACT_STEP_ID, &step_id))
		return NULL;
	if (step_id == RLG_STEP_BATCH)
		return "batch";
	if (host->fact(host, RLG_FACT_NODE_INDEX, &node_index) && node_index != 0)
		return NULL;
	if (step_id == RLG_STEP_INTERACTIVE)
		return "interactive";
	/* Step 0 begins the job unless a batch script started it: such steps inherit ENVIRONMENT=BATCH. */
	if (step_id != 0 || (host->get_env(host, "ENVIRONMENT", environment, sizeof(environment)) &&
			     strcmp(environment, "BATCH") == 0))
		return NULL;
	snprintf(storage, 16, "%u", step_id);
	return storage;
}

/* Since 23.02 a step is told when its job has to end. */
static void add_time_limit(struct rlg_record_writer *writer, const struct rlg_host *host)
{
	char begin[32], end[32];
	long long begin_s, end_s;

	if (host->get_env(host, "SLURM_JOB_START_TIME", begin, sizeof(begin)) &&
	    host->get_env(host, "SLURM_JOB_END_TIME", end, sizeof(end)) && rlg_parse_int(begin, 1, INT64_MAX / 2, &begin_s) &&
	    rlg_parse_int(end, 1, INT64_MAX / 2, &end_s) && end_s > begin_s && end_s - begin_s < MOST_LIMIT_S)
		rlg_record_int(writer, "time_limit", end_s - begin_s);
}

static void add_facts(struct rlg_record_writer *writer, const struct rlg_host *host)
{
	char value[RLG_PATH_MAX], node[256];
	long long number;
	uint32_t id;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (host->get_env(host, texts[i].variable, value, sizeof(value)))
			rlg_record_str(writer, texts[i].member, value);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (host->get_env(host, numbers[i].variable, value, sizeof(value)) &&
		    rlg_parse_int(value, 0, INT64_MAX, &number))
			rlg_record_int(writer, numbers[i].member, number);
	add_time_limit(writer, host);
	/* What Slurm does not tell a step: the node's own name is the first of the job's. */
	if (host->get_env(host, "SLURM_JOB_NODELIST", value, sizeof(value)) &&
	    rlg_hostlist_first(value, node, sizeof(node)))
		rlg_record_str(writer, "node", node);
	if (host->fact(host, RLG_FACT_ARRAY_TASK_ID, &id)) {
		rlg_record_int(writer, "array_task_id", id);
		if (host->fact(host, RLG_FACT_ARRAY_JOB_ID, &id))
			rlg_record_int(writer, "array_job_id", id);
	}
}

static ssize_t write_start(char *storage, size_t size, const struct rlg_host *host, const struct rlg_address *address,
			   const char *step)
{
	struct rlg_record_writer writer;
	char id[RLG_ID_MAX];
	uint32_t number;

	rlg_record_new_id(id);
	rlg_record_begin(&writer, storage, size, rlg_clock_now_us(), "start", id);
	if (host->fact(host, RLG_FACT_JOB_ID, &number))
		rlg_record_int(&writer, "job_id", number);
	rlg_record_str(&writer, "sid", address->sid);
	if (rlg_address_is_exact(address))
		rlg_record_str(&writer, "run", address->run);
	rlg_record_str(&writer, "phase", address->phase);
	rlg_record_str(&writer, "step", step);
	if (host->fact(host, RLG_FACT_UID, &number))
		rlg_record_int(&writer, "uid", number);
	add_facts(&writer, host);
	/* Last, as it may be long: what does not fit is left out. */
	rlg_record_str(&writer, "cwd", job_folder);
	return rlg_record_end(&writer);
}

void rlg_start(const struct rlg_host *host, const struct rlg_settings *settings)
{
	static struct rlg_address address;
	static gid_t groups[RLG_GROUPS_MAX];
	char record[RLG_RECORD_MAX + 1], step_storage[16];
	const char *step = step_that_begins(host, step_storage);
	struct rlg_err err = {""};
	uint32_t uid, gid;

	if (step == NULL || !host->fact(host, RLG_FACT_UID, &uid) || !host->fact(host, RLG_FACT_GID, &gid))
		return;
	rlg_address_get(&address, host, "SLURM_SPANK_");
	ssize_t length = write_start(record, sizeof(record), host, &address, step);
	int n_groups = host->groups(host, groups, RLG_GROUPS_MAX);
	struct rlg_identity identity = {
		.uid = uid, .gid = gid, .groups = groups, .n_groups = n_groups < 0 ? 0 : (size_t)n_groups};
	struct rlg_delivery delivery = {.settings = settings,
					.address = &address,
					.identity = &identity,
					.event = "start",
					.line = record,
					.length = length < 0 ? 0 : (size_t)length,
					.work_folder = job_folder[0] == '/' ? job_folder : NULL,
					.envp = rlg_clean_environment};
	if (length > 0 && rlg_deliver(&delivery, &err) != 0)
		rlg_say(host, "%s", err.text);
}
