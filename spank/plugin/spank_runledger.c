/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spank_runledger.so: what Slurm calls at a submission, at a job's start, and when its tasks and steps end.
 *
 * Each entry point picks the hook for the context it is in, hands over, and returns 0 whatever happened: with
 * `optional` or `required` in plugstack.conf, no job fails because of us.
 *
 * The same object is cli_filter_runledger.so, by a symbolic link: Slurm then finds it in memory already, so that the
 * job id that only a cli_filter plugin is told joins the submission that the SPANK hooks saw.
 */
#include "lib/process.h"
#include "lib/text.h"
#include "spank/hooks/finish.h"
#include "spank/hooks/start.h"
#include "spank/hooks/step.h"
#include "spank/hooks/submit.h"
#include "spank/hooks/task.h"
#include "spank/hooks/usage.h"
#include "spank/slurm/host.h"

#include <slurm/slurm.h>
#include <stdlib.h>
#include <unistd.h>

SPANK_PLUGIN(runledger, 1)

/* For `runledger doctor`, which must not load us to know. */
static const char release[] __attribute__((used)) = "runledger-release " PACKAGE_VERSION;

/* The submission that this process is; a client makes one. */
static struct rlg_submission submission;

/* The tasks of the step that this slurmstepd is. */
static struct rlg_tasks tasks;
static struct rlg_step_usage usage;
static struct rlg_settings step_settings;

/* The process that loaded us: not all hooks of slurmstepd run in it. */
static pid_t process;

static int take_run(int value, const char *words, int remote)
{
	if (words == NULL || !rlg_copy(submission.asked_run, sizeof(submission.asked_run), words))
		slurm_spank_log("runledger: --run: the name is too long and is ignored");
	return 0;
}

static int take_group(int value, const char *words, int remote)
{
	if (words == NULL || !rlg_copy(submission.asked_group, sizeof(submission.asked_group), words))
		slurm_spank_log("runledger: --run-group: the path is too long and is ignored");
	return 0;
}

/* spank.h wants char *, and writes to none of them. */
static struct spank_option options[] = {
	{(char *)"run", (char *)"RUN[/PHASE]",
	 (char *)"the run (and phase) this job belongs to, for runledger's trackers", 1, 0, take_run},
	{(char *)"run-group", (char *)"DIR",
	 (char *)"the run group this job belongs to (default: the one that its folder lies in)", 1, 0, take_group},
};

static void read_settings(struct rlg_settings *settings, int n_arguments, char **arguments, bool say)
{
	struct rlg_err err = {""};

	if (rlg_settings_read(settings, n_arguments, arguments, &err) != 0 && say)
		slurm_spank_log("%s", err.text);
	if (rlg_settings_check_helper(settings, &err) != 0 && say)
		slurm_spank_log("runledger: %s", err.text);
}

/* on_exit(3), as slurm_spank_exit is not told the exit status, and srun does not call it when it got no allocation. */
static void client_ends(int exit_status, void *unused)
{
	struct rlg_host host = rlg_slurm_host(NULL);

	rlg_submit_end(&submission, &host, exit_status);
}

int slurm_spank_init(spank_t spank, int n_arguments, char **arguments)
{
	static struct rlg_settings settings;
	static bool called;

	process = getpid();
	/* A line that stands in plugstack.conf twice runs us twice; Slurm would tell every user about the options. */
	if (called)
		return 0;
	called = true;
	switch (spank_context()) {
	case S_CTX_ALLOCATOR:
	case S_CTX_LOCAL:
	case S_CTX_REMOTE:
		for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
			spank_option_register(spank, &options[i]);
		break;
	case S_CTX_SLURMD:
		/* The admin's mistakes are told once, in slurmd's log, and to no user. */
		read_settings(&settings, n_arguments, arguments, true);
		break;
	default:
		break;
	}
	return 0;
}

int slurm_spank_init_post_opt(spank_t spank, int n_arguments, char **arguments)
{
	spank_context_t context = spank_context();
	struct rlg_host host = rlg_slurm_host(spank);

	if (context == S_CTX_REMOTE)
		rlg_address_publish(&host);
	if ((context != S_CTX_ALLOCATOR && context != S_CTX_LOCAL) || submission.begun)
		return 0;
	read_settings(&submission.settings, n_arguments, arguments, false);
	rlg_submit_begin(&submission, &host, context == S_CTX_LOCAL);
	if (submission.tracked)
		on_exit(client_ends, NULL);
	return 0;
}

int slurm_spank_local_user_init(spank_t spank, int n_arguments, char **arguments)
{
	struct rlg_host host = rlg_slurm_host(spank);
	uint32_t job_id;

	if (host.fact(&host, RLG_FACT_JOB_ID, &job_id))
		rlg_submit_accepted(&submission, &host, job_id);
	return 0;
}

int slurm_spank_user_init(spank_t spank, int n_arguments, char **arguments)
{
	/* With contain_spank (24.05) a child in the job's container calls us, which stands in that one's root. */
	if (getpid() == process)
		rlg_step_remember_folder();
	return 0;
}

int slurm_spank_task_post_fork(spank_t spank, int n_arguments, char **arguments)
{
	static bool called;
	struct rlg_host host = rlg_slurm_host(spank);

	if (called || spank_context() != S_CTX_REMOTE)
		return 0;
	called = true;
	read_settings(&step_settings, n_arguments, arguments, false);
	rlg_start(&host, &step_settings);
	/* Last, so that what the record of the start took is not the step's. */
	rlg_usage_begin(&usage, getpid() == process);
	return 0;
}

int slurm_spank_task_exit(spank_t spank, int n_arguments, char **arguments)
{
	struct rlg_host host = rlg_slurm_host(spank);

	rlg_task_ended(&tasks, &host);
	/* With contain_spank a child that shares our memory calls us, but it is not the one that waited for the task. */
	rlg_usage_task_ended(&usage, &host, getpid() == process);
	return 0;
}

/* Clients end here, too; of them client_ends() knows more. */
int slurm_spank_exit(spank_t spank, int n_arguments, char **arguments)
{
	static bool called;
	struct rlg_host host = rlg_slurm_host(spank);
	bool ends_job = spank_context() == S_CTX_REMOTE && rlg_slurm_runs_in_job();

	if (called || spank_context() != S_CTX_REMOTE || (!usage.begun && tasks.failed == 0 && !ends_job))
		return 0;
	called = true;
	if (!usage.begun)
		read_settings(&step_settings, n_arguments, arguments, false);
	rlg_usage_done(&usage, &host, &step_settings);
	if (tasks.failed > 0)
		rlg_tasks_done(&tasks, &host, &step_settings);
	/* There Slurm calls no SPANK epilog: the job's extern step ends last, so that is the job's end. */
	if (ends_job)
		rlg_finish_in_job(&host, &step_settings);
	return 0;
}

/*
 * The cli_filter half.  slurm_opt_t is opaque to us, and nothing is filtered.
 */
int cli_filter_p_setup_defaults(void *opt, bool early);
int cli_filter_p_pre_submit(void *opt, int offset);
void cli_filter_p_post_submit(int offset, uint32_t job_id, uint32_t step_id);

int cli_filter_p_setup_defaults(void *opt, bool early)
{
	return SLURM_SUCCESS;
}

int cli_filter_p_pre_submit(void *opt, int offset)
{
	return SLURM_SUCCESS;
}

void cli_filter_p_post_submit(int offset, uint32_t job_id, uint32_t step_id)
{
	struct rlg_host host = rlg_slurm_host(NULL);

	rlg_submit_accepted(&submission, &host, job_id);
}
