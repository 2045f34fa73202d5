/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In the epilog, as root: see finish.h. */
#include "spank/hooks/finish.h"

#include "lib/clock.h"
#include "lib/process.h"
#include "lib/text.h"
#include "spank/hooks/address.h"
#include "spank/hooks/hostlist.h"
#include "spank/hooks/say.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A host list of a large job is long; only its beginning counts. */
#define HOSTLIST_MAX 65536

/* A longer list than this is left out of a record: the start record has it, if anything has. */
#define NODES_MAX 2048

/* Of the timeout, what the tool needs beside the question to slurmctld. */
#define TOOL_SHARE_MS 200

/* When in doubt we are: twice is harmless, never is not. */
static bool is_first_node(const struct rlg_host *host)
{
	static char list[HOSTLIST_MAX];
	char here[256], first[256];

	if (!host->get_env(host, "SLURMD_NODENAME", here, sizeof(here)))
		return true;
	if (!host->get_env(host, "SLURM_JOB_NODELIST", list, sizeof(list)) &&
	    !host->get_env(host, "SLURM_NODELIST", list, sizeof(list)))
		return true;
	return !rlg_hostlist_first(list, first, sizeof(first)) || strcmp(first, here) == 0;
}

/* The epilog's environment says no more than this; the rest is asked for. */
struct ended_job {
	struct rlg_address address;
	char job_id[16], uid[16], gid[16];
	char user[256], cluster[256], node[256], exit_status[16], restarts[16];
	char nodes[NODES_MAX];
	char work_folder[RLG_PATH_MAX];
	char slurm_conf[RLG_PATH_MAX];
	long long uid_number, gid_number;
};

static bool read_job(struct ended_job *job, const struct rlg_host *host)
{
	long long job_id;
	const struct {
		const char *variable;
		char *value;
		size_t size;
	} facts[] = {
		{"SLURM_JOB_ID", job->job_id, sizeof(job->job_id)},
		{"SLURM_JOB_UID", job->uid, sizeof(job->uid)},
		{"SLURM_JOB_GID", job->gid, sizeof(job->gid)},
		{"SLURM_JOB_USER", job->user, sizeof(job->user)},
		{"SLURM_CLUSTER_NAME", job->cluster, sizeof(job->cluster)},
		{"SLURMD_NODENAME", job->node, sizeof(job->node)},
		{"SLURM_JOB_EXIT_CODE", job->exit_status, sizeof(job->exit_status)},
		{"SLURM_JOB_RESTART_COUNT", job->restarts, sizeof(job->restarts)},
		{"SLURM_NODELIST", job->nodes, sizeof(job->nodes)},
		{"SLURM_JOB_WORK_DIR", job->work_folder, sizeof(job->work_folder)},
		{"SLURM_CONF", job->slurm_conf, sizeof(job->slurm_conf)},
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (!host->get_env(host, facts[i].variable, facts[i].value, facts[i].size))
			facts[i].value[0] = '\0';
	rlg_address_get(&job->address, host, "SPANK_");
	return rlg_parse_int(job->job_id, 1, UINT32_MAX, &job_id) &&
	       rlg_parse_int(job->uid, 0, UINT32_MAX - 1, &job->uid_number) &&
	       rlg_parse_int(job->gid, 0, UINT32_MAX - 1, &job->gid_number);
}

enum { IN_A_GROUP, IN_NO_GROUP, OUT_OF_REACH };

/* In a child that becomes the user: a look at their folders, and a look-up of their groups, can hang. */
static int look_for_group(void *context)
{
	const struct ended_job *job = context;
	gid_t groups[RLG_GROUPS_MAX];
	int n_groups = RLG_GROUPS_MAX;
	struct rlg_identity identity = {
		.uid = (uid_t)job->uid_number, .gid = (gid_t)job->gid_number, .groups = groups};
	char group[RLG_PATH_MAX];
	struct stat folder;

	/* A user in more groups than fit has those that do. */
	if (job->user[0] != '\0' && getgrouplist(job->user, identity.gid, groups, &n_groups) < 0)
		n_groups = n_groups > RLG_GROUPS_MAX ? RLG_GROUPS_MAX : 0;
	identity.n_groups = job->user[0] != '\0' ? (size_t)n_groups : 0;
	if (rlg_process_become_user(&identity, NULL) != 0)
		return IN_NO_GROUP;
	if (rlg_group_discover(job->work_folder, group, NULL) == 0)
		return IN_A_GROUP;
	return stat(job->work_folder, &folder) == 0 || errno == ENOENT ? IN_NO_GROUP : OUT_OF_REACH;
}

static bool is_tracked(struct ended_job *job, const struct rlg_settings *settings)
{
	if (job->address.group[0] != '\0' || settings->site.track_all)
		return true;
	if (job->work_folder[0] != '/')
		return false;
	/* Where nobody can look now the end goes to the spool, and who delivers it looks. */
	int code = rlg_process_try(look_for_group, job, rlg_settings_wait_ms(settings) / 2, NULL);
	return code != IN_NO_GROUP;
}

/* What is known before slurmctld is asked; the tool fills in the answer, or says UNKNOWN. */
static ssize_t write_finish(char *storage, size_t size, const struct ended_job *job)
{
	struct rlg_record_writer writer;
	char id[RLG_ID_MAX];
	long long number;

	rlg_record_new_id(id);
	rlg_record_begin(&writer, storage, size, rlg_clock_now_us(), "finish", id);
	if (rlg_parse_int(job->job_id, 1, UINT32_MAX, &number))
		rlg_record_int(&writer, "job_id", number);
	rlg_record_str(&writer, "sid", job->address.sid);
	rlg_record_str(&writer, "cluster", job->cluster);
	rlg_record_str(&writer, "source", "epilog");
	rlg_record_str(&writer, "node", job->node);
	rlg_record_str(&writer, "user", job->user);
	rlg_record_int(&writer, "uid", job->uid_number);
	if (rlg_parse_int(job->exit_status, 0, UINT32_MAX, &number))
		rlg_record_int(&writer, "wait_status", number);
	/* As this attempt was told it; slurmctld's own count may be the next one's already: see tool/record/end_facts.h. */
	if (rlg_parse_int(job->restarts, 0, UINT32_MAX, &number))
		rlg_record_int(&writer, "restarts_then", number);
	/* All of them: slurmctld tells only those that the job still holds. */
	rlg_record_str(&writer, "nodes", job->nodes);
	rlg_record_str(&writer, "cwd", job->work_folder);
	return rlg_record_end(&writer);
}

static void run_tool(struct ended_job *job, const struct rlg_host *host, const struct rlg_settings *settings,
		     int timeout_ms)
{
	char record[RLG_RECORD_MAX + 1], ask_ms[16], conf_variable[RLG_PATH_MAX + 16];
	char nothing[1], complaint[512];
	struct rlg_err err = {""};
	struct rlg_output output = {nothing, sizeof(nothing), complaint, sizeof(complaint)};
	ssize_t length = write_finish(record, sizeof(record), job);

	if (length < 0)
		return;
	snprintf(ask_ms, sizeof(ask_ms), "%d", timeout_ms > 2 * TOOL_SHARE_MS ? timeout_ms - TOOL_SHARE_MS : timeout_ms / 2);
	snprintf(conf_variable, sizeof(conf_variable), "SLURM_CONF=%s", job->slurm_conf);
	const char *argv[] = {"runledger", "record",	       "--conf",   settings->conf_path,
			"--group",   job->address.group, "--run",    job->address.run,
			"--phase",   job->address.phase, "--uid",    job->uid,
			"--gid",     job->gid,	       "--user",   job->user,
			"--ask-ms",  ask_ms,	       "--detach", "finish",
			NULL};
	const char *envp[] = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", job->slurm_conf[0] == '/' ? conf_variable : NULL, NULL};
	struct rlg_program tool = {
		.path = settings->helper, .argv = argv, .envp = envp, .input = record, .input_length = (size_t)length};
	int code = rlg_process_run(&tool, timeout_ms, &output, &err);
	if (code < 0)
		rlg_say(host, "%s", err.text);
	else
		rlg_say_words(host, complaint);
}

void rlg_finish(const struct rlg_host *host, const struct rlg_settings *settings)
{
	static struct ended_job job;
	int64_t begun_ms = rlg_clock_monotonic_ms();

	if (settings->helper[0] == '\0' || !is_first_node(host) || !read_job(&job, host) || !is_tracked(&job, settings))
		return;
	/* One limit for the whole hook: what the look at the work folder took is gone. */
	int64_t left_ms = rlg_settings_wait_ms(settings) - (rlg_clock_monotonic_ms() - begun_ms);
	run_tool(&job, host, settings, (int)left_ms);
}

static bool read_job_in_job(struct ended_job *job, const struct rlg_host *host)
{
	uint32_t job_id, uid, gid, step_id, node_index;

	if (!host->fact(host, RLG_FACT_STEP_ID, &step_id) || step_id != RLG_STEP_EXTERN ||
	    !host->fact(host, RLG_FACT_NODE_INDEX, &node_index) || node_index != 0 ||
	    !host->fact(host, RLG_FACT_JOB_ID, &job_id) || !host->fact(host, RLG_FACT_UID, &uid) ||
	    !host->fact(host, RLG_FACT_GID, &gid))
		return false;
	job->uid_number = uid;
	job->gid_number = gid;
	snprintf(job->job_id, sizeof(job->job_id), "%u", job_id);
	snprintf(job->uid, sizeof(job->uid), "%u", uid);
	snprintf(job->gid, sizeof(job->gid), "%u", gid);
	if (!host->node_name(host, job->node, sizeof(job->node)))
		job->node[0] = '\0';
	if (!host->slurm_conf(host, job->slurm_conf, sizeof(job->slurm_conf)))
		job->slurm_conf[0] = '\0';
	return true;
}

void rlg_finish_in_job(const struct rlg_host *host, const struct rlg_settings *settings)
{
	static struct ended_job job;

	if (settings->helper[0] != '\0' && read_job_in_job(&job, host))
		run_tool(&job, host, settings, rlg_settings_wait_ms(settings));
}
