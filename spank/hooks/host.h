/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a hook may ask of the program that it runs in (sbatch, slurmstepd, ...): a small struct of callbacks, so that the
 * hooks know nothing of Slurm's headers and tests can play any host.  spank/slurm/ implements it for the real ones.
 */
#ifndef RLG_HOST_H
#define RLG_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Whole numbers that Slurm knows about a job or step; which are there depends on the hook. */
enum rlg_fact {
	RLG_FACT_JOB_ID,
	RLG_FACT_STEP_ID,
	RLG_FACT_UID,
	RLG_FACT_GID,
	RLG_FACT_NODE_INDEX, /* of this node in the step; 0 is the first (and in a batch step always) */
	RLG_FACT_ARRAY_JOB_ID, /* absent for a job that is no array's */
	RLG_FACT_ARRAY_TASK_ID,
	RLG_FACT_LOCAL_TASKS, /* how many tasks the step has on this node */
	RLG_FACT_TASK_RANK, /* only in hooks about a task: its number in the step, ... */
	RLG_FACT_TASK_STATUS, /* and once it has ended its status, as wait(2) has it */
	RLG_FACT_COUNT
};

/* Step ids with a meaning (slurm.h). */
#define RLG_STEP_BATCH 0xfffffffbU
#define RLG_STEP_EXTERN 0xfffffffcU
#define RLG_STEP_INTERACTIVE 0xfffffffaU

/* More supplementary groups than this are left out; Linux allows 65536, sites have dozens. */
#define RLG_GROUPS_MAX 256

struct rlg_host {
	void *handle;

	/* False, and out_value untouched, where the host does not know. */
	bool (*fact)(const struct rlg_host *host, enum rlg_fact fact, uint32_t *out_value);

	/* The job's environment in slurmstepd, the process's own elsewhere.  False: not set, or longer than `size`. */
	bool (*get_env)(const struct rlg_host *host, const char *name, char *out_value, size_t size);

	/* Sets a variable of the job's environment, or with NULL takes it out; in slurmstepd, before its tasks run. */
	void (*set_env)(const struct rlg_host *host, const char *name, const char *value);

	/*
	 * What Slurm calls this node; on slurmstepd's word, not on the job's.  The host name may be another: several slurmd
	 * can share a machine.  False: not known.
	 */
	bool (*node_name)(const struct rlg_host *host, char *out_name, size_t size);

	/* Where this Slurm's slurm.conf is, on slurmstepd's word.  False: not known. */
	bool (*slurm_conf)(const struct rlg_host *host, char *out_path, size_t size);

	/* SPANK's job-control environment: SLURM_SPANK_name in the job, SPANK_name in the epilog. */
	bool (*set_job_control)(const struct rlg_host *host, const char *name, const char *value);
	void (*unset_job_control)(const struct rlg_host *host, const char *name);

	/* The job's supplementary groups as slurmctld resolved them; how many, or -1. */
	int (*groups)(const struct rlg_host *host, gid_t *out_groups, size_t most);

	/* A sentence for whoever looks: the user's terminal in a client, slurmd's log elsewhere. */
	void (*complain)(const struct rlg_host *host, const char *sentence);
};

#endif
