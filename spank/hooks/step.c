/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In slurmstepd, as root: see step.h. */
#include "spank/hooks/step.h"

#include "lib/text.h"
#include "spank/hooks/deliver.h"
#include "spank/hooks/say.h"

#include <stdio.h>
#include <unistd.h>

static char job_folder[RLG_PATH_MAX];

void rlg_step_remember_folder(void)
{
	if (getcwd(job_folder, sizeof(job_folder)) == NULL)
		job_folder[0] = '\0';
}

const char *rlg_step_name(const struct rlg_host *host, char storage[RLG_STEP_NAME_MAX])
{
	uint32_t step_id;

	if (!host->fact(host, RLG_FACT_STEP_ID, &step_id) || step_id == RLG_STEP_EXTERN)
		return NULL;
	if (step_id == RLG_STEP_BATCH)
		return "batch";
	if (step_id == RLG_STEP_INTERACTIVE)
		return "interactive";
	snprintf(storage, RLG_STEP_NAME_MAX, "%u", step_id);
	return storage;
}

void rlg_step_add_text(struct rlg_step_record *record, const struct rlg_host *host, const char *variable, const char *member)
{
	char value[RLG_PATH_MAX];

	if (host->get_env(host, variable, value, sizeof(value)))
		rlg_record_str(&record->writer, member, value);
}

void rlg_step_add_number(struct rlg_step_record *record, const struct rlg_host *host, const char *variable,
			 const char *member)
{
	char value[32];
	long long number;

	if (host->get_env(host, variable, value, sizeof(value)) && rlg_parse_int(value, 0, INT64_MAX, &number))
		rlg_record_int(&record->writer, member, number);
}

static void add_fact(struct rlg_step_record *record, const struct rlg_host *host, enum rlg_fact fact, const char *member)
{
	uint32_t number;

	if (host->fact(host, fact, &number))
		rlg_record_int(&record->writer, member, number);
}

void rlg_step_begin(struct rlg_step_record *record, const struct rlg_host *host, const char *event, int64_t time_us)
{
	char id[RLG_ID_MAX], step[RLG_STEP_NAME_MAX];

	record->event = event;
	record->leaves_trackers = false;
	rlg_address_get(&record->address, host, "SLURM_SPANK_");
	rlg_record_new_id(id);
	rlg_record_begin(&record->writer, record->line, sizeof(record->line), time_us, event, id);
	add_fact(record, host, RLG_FACT_JOB_ID, "job_id");
	rlg_record_str(&record->writer, "sid", record->address.sid);
	if (rlg_address_is_exact(&record->address))
		rlg_record_str(&record->writer, "run", record->address.run);
	rlg_record_str(&record->writer, "phase", record->address.phase);
	rlg_record_str(&record->writer, "step", rlg_step_name(host, step));
	add_fact(record, host, RLG_FACT_UID, "uid");
	rlg_step_add_text(record, host, "SLURM_CLUSTER_NAME", "cluster");
	add_fact(record, host, RLG_FACT_ARRAY_TASK_ID, "array_task_id");
	add_fact(record, host, RLG_FACT_ARRAY_JOB_ID, "array_job_id");
}

void rlg_step_deliver(struct rlg_step_record *record, const struct rlg_host *host, const struct rlg_settings *settings)
{
	static gid_t groups[RLG_GROUPS_MAX];
	struct rlg_err err = {""};
	uint32_t uid, gid;

	/* Last, as it may be long: what does not fit is left out. */
	rlg_record_str(&record->writer, "cwd", job_folder);
	ssize_t length = rlg_record_end(&record->writer);
	if (length < 0 || !host->fact(host, RLG_FACT_UID, &uid) || !host->fact(host, RLG_FACT_GID, &gid))
		return;
	int n_groups = host->groups(host, groups, RLG_GROUPS_MAX);
	struct rlg_identity identity = {
		.uid = uid, .gid = gid, .groups = groups, .n_groups = n_groups < 0 ? 0 : (size_t)n_groups};
	struct rlg_delivery delivery = {.settings = settings,
					.address = &record->address,
					.identity = &identity,
					.event = record->event,
					.line = record->line,
					.length = (size_t)length,
					.leaves_trackers = record->leaves_trackers,
					.work_folder = job_folder[0] == '/' ? job_folder : NULL,
					.envp = rlg_clean_environment};
	if (rlg_deliver(&delivery, &err) != 0)
		rlg_say(host, "%s", err.text);
}
