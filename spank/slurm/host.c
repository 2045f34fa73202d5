/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm as a host of our hooks: see host.h. */
#include "spank/slurm/host.h"

#include "lib/text.h"

#include <slurm/slurm.h>
#include <stdlib.h>
#include <string.h>

static bool has_job(spank_t spank)
{
	spank_context_t context = spank_context();

	return context == S_CTX_REMOTE || context == S_CTX_LOCAL || context == S_CTX_JOB_SCRIPT;
}

static bool fact_array(spank_t spank, enum rlg_fact fact, uint32_t *out_value)
{
	uint32_t array_id = 0, task_id = NO_VAL;

	/* For a job that is no array's, srun's steps say its own job id and NO_VAL; a batch step says 0 and NO_VAL. */
	if (spank_get_item(spank, S_JOB_ARRAY_TASK_ID, &task_id) != ESPANK_SUCCESS || task_id == NO_VAL ||
	    spank_get_item(spank, S_JOB_ARRAY_ID, &array_id) != ESPANK_SUCCESS || array_id == 0)
		return false;
	*out_value = fact == RLG_FACT_ARRAY_JOB_ID ? array_id : task_id;
	return true;
}

static bool fact_user(spank_t spank, enum rlg_fact fact, uint32_t *out_value)
{
	uid_t uid;
	gid_t gid;

	if (fact == RLG_FACT_UID && spank_get_item(spank, S_JOB_UID, &uid) == ESPANK_SUCCESS)
		*out_value = uid;
	else if (fact == RLG_FACT_GID && spank_get_item(spank, S_JOB_GID, &gid) == ESPANK_SUCCESS)
		*out_value = gid;
	else
		return false;
	return true;
}

static bool get_fact(const struct rlg_host *host, enum rlg_fact fact, uint32_t *out_value)
{
	static const spank_item_t items[] = {
		[RLG_FACT_JOB_ID] = S_JOB_ID,
		[RLG_FACT_STEP_ID] = S_JOB_STEPID,
		[RLG_FACT_NODE_INDEX] = S_JOB_NODEID,
		[RLG_FACT_LOCAL_TASKS] = S_JOB_LOCAL_TASK_COUNT,
		[RLG_FACT_TASK_RANK] = S_TASK_GLOBAL_ID,
		[RLG_FACT_TASK_STATUS] = S_TASK_EXIT_STATUS,
	};
	spank_t spank = host->handle;
	uint32_t value;

	if (!has_job(spank))
		return false;
	if (fact == RLG_FACT_ARRAY_JOB_ID || fact == RLG_FACT_ARRAY_TASK_ID)
		return fact_array(spank, fact, out_value);
	if (fact == RLG_FACT_UID || fact == RLG_FACT_GID)
		return fact_user(spank, fact, out_value);
	if (spank_get_item(spank, items[fact], &value) != ESPANK_SUCCESS)
		return false;
	*out_value = value;
	return true;
}

static bool get_env(const struct rlg_host *host, const char *name, char *out_value, size_t size)
{
	const char *value;

	if (spank_context() == S_CTX_REMOTE)
		return spank_getenv(host->handle, name, out_value, (int)size) == ESPANK_SUCCESS;
	value = getenv(name);
	return value != NULL && rlg_copy(out_value, size, value);
}

static void set_env(const struct rlg_host *host, const char *name, const char *value)
{
	if (spank_context() != S_CTX_REMOTE)
		return;
	if (value != NULL)
		spank_setenv(host->handle, name, value, 1);
	else
		spank_unsetenv(host->handle, name);
}

/* slurmd and slurmstepd have it in their own environment; the job's is the user's to change. */
static bool get_node_name(const struct rlg_host *host, char *out_name, size_t size)
{
	const char *name = getenv("SLURMD_NODENAME");

	return name != NULL && name[0] != '\0' && rlg_copy(out_name, size, name);
}

static bool get_slurm_conf(const struct rlg_host *host, char *out_path, size_t size)
{
	const char *path = getenv("SLURM_CONF");

	return path != NULL && path[0] == '/' && rlg_copy(out_path, size, path);
}

/* Slurm's settings as its programs hold them; its layout is that of the version we were built for, which SPANK checks. */
extern slurm_conf_t slurm_conf __attribute__((weak));

bool rlg_slurm_runs_in_job(void)
{
#ifdef PROLOG_FLAG_RUN_IN_JOB
	return &slurm_conf != NULL && (slurm_conf.prolog_flags & PROLOG_FLAG_RUN_IN_JOB) != 0;
#else
	return false; /* before 24.05 */
#endif
}

/* The variable that Slurm makes of it in the job's environment. */
static bool job_variable(char *storage, size_t size, const char *name)
{
	struct rlg_text text;

	rlg_text_init(&text, storage, size);
	rlg_text_addf(&text, "SLURM_SPANK_%s", name);
	return !text.full;
}

static bool set_job_control(const struct rlg_host *host, const char *name, const char *value)
{
	char variable[64];

	if (spank_job_control_setenv(host->handle, name, value, 1) != ESPANK_SUCCESS)
		return false;
	/* srun hands it to the epilog, but to its own step only what stands in its environment. */
	if (spank_context() == S_CTX_LOCAL && job_variable(variable, sizeof(variable), name))
		setenv(variable, value, 1);
	return true;
}

static void unset_job_control(const struct rlg_host *host, const char *name)
{
	char variable[64];

	spank_job_control_unsetenv(host->handle, name);
	/* A submission from within a job: its environment is handed on whole, with what Slurm put there for that job. */
	if (job_variable(variable, sizeof(variable), name))
		unsetenv(variable);
}

static int get_groups(const struct rlg_host *host, gid_t *out_groups, size_t most)
{
	gid_t *groups = NULL;
	int count = 0;

	if (spank_get_item(host->handle, S_JOB_SUPPLEMENTARY_GIDS, &groups, &count) != ESPANK_SUCCESS || groups == NULL)
		return -1;
	if ((size_t)count > most)
		count = (int)most;
	memcpy(out_groups, groups, (size_t)count * sizeof(*groups));
	return count;
}

static void complain(const struct rlg_host *host, const char *sentence)
{
	slurm_spank_log("%s", sentence);
}

struct rlg_host rlg_slurm_host(spank_t spank)
{
	return (struct rlg_host){.handle = spank,
				 .fact = get_fact,
				 .get_env = get_env,
				 .set_env = set_env,
				 .node_name = get_node_name,
				 .slurm_conf = get_slurm_conf,
				 .set_job_control = set_job_control,
				 .unset_job_control = unset_job_control,
				 .groups = get_groups,
				 .complain = complain};
}
