/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runledger exec: runs a command inside of a job, and records that it was submitted, started and ended.
 *
 * The command comes first.  It is started before anything is recorded, and whatever goes wrong with that is told when it
 * has ended.  Recording is done by processes of their own; the one thing that waits for them, and not for long, is our
 * own end: afterwards Slurm may kill what is left of the job.
 */
#include "lib/clock.h"
#include "lib/process.h"
#include "lib/siteconf.h"
#include "tool/cmd/cmd_exec_record.h"
#include "tool/cmd/command.h"

#include <string.h>

/* The one that tells of the start, and the one that tells of the end. */
enum recorder { STARTING, ENDING, N_RECORDERS };

static void begin_recorder(struct rlg_exec *exec, int (*record)(void *context), pid_t *out_recorder)
{
	struct rlg_err err = {""};

	if (rlg_process_begin(record, exec, out_recorder, &err) != 0)
		rlg_warning(exec->options, "%s, so this is not recorded", err.text);
}

/* One after the other, so that the end knows where the start went; but it is told even if the start is stuck. */
static void record_end(struct rlg_exec *exec, pid_t recorders[N_RECORDERS])
{
	struct rlg_siteconf site;

	rlg_siteconf_read(RLG_SITECONF_PATH, &site, NULL);
	rlg_exec_wait_for(recorders, N_RECORDERS, site.timeout_ms / 2);
	begin_recorder(exec, rlg_exec_record_finish, &recorders[ENDING]);
	bool done = rlg_exec_wait_for(recorders, N_RECORDERS, site.timeout_ms / 2);
	const char *complaint = rlg_exec_complaint(exec);
	if (complaint != NULL)
		rlg_warning(exec->options, "%s", complaint);
	else if (!done && !rlg_exec_is_recorded(exec))
		rlg_warning(exec->options, "recording takes longer than %d ms, and is left behind", site.timeout_ms);
}

static int run_in_job(struct rlg_exec *exec)
{
	int64_t begin_ms = rlg_clock_monotonic_ms();
	pid_t recorders[N_RECORDERS] = {0};
	struct rlg_exec_child child;
	struct rlg_err err = {""};

	if (rlg_exec_begin(&child, exec->argv, &err) != 0) {
		rlg_warning(exec->options, "%s, so this is not recorded", err.text);
		rlg_exec_become(&child, exec->argv);
	}
	begin_recorder(exec, rlg_exec_record_start, &recorders[STARTING]);
	rlg_exec_wait(&child, &exec->end);
	exec->end_us = rlg_clock_now_us();
	exec->elapsed_us = (rlg_clock_monotonic_ms() - begin_ms) * 1000;
	record_end(exec, recorders);
	rlg_exec_leave(exec->end.status);
}

static int run(struct rlg_options *options)
{
	static struct rlg_exec exec;

	if (options->n_words == 0)
		return rlg_usage_error(options, "which command? `runledger exec -- python train.py`");
	rlg_exec_init(&exec, options);
	if (exec.job_id > 0)
		return run_in_job(&exec);
	rlg_warning(options, "this is no Slurm job, so nothing is recorded");
	rlg_exec_become(NULL, exec.argv);
}

static const struct rlg_option options_table[] = {
	{"run", 0, "RUN[/PHASE]", "the run, where the job's folder and name do not tell it"},
	{"run-group", 0, "DIR", "the run group, where the job's folder is in none or another"},
	{"name", 0, "NAME", "find run and phase by this name instead of the job's"},
	{NULL, 0, NULL, NULL},
};

static const struct rlg_example examples[] = {
	{"runledger exec -- python train.py --lr=1e-4", "in a batch script: record this command"},
	{"runledger exec --run=1B_rank4/eval -- srun ./eval", "say which run and phase it is for"},
	{NULL, NULL},
};

const struct rlg_command rlg_cmd_exec = {
	.name = "exec",
	.arguments = "[--] COMMAND [ARGUMENT]...",
	.summary = "run a command inside of a job, and record how it went",
	.description = "For batch scripts on a cluster without the plugins: records that COMMAND was submitted, started and "
		       "ended, with its exit code or signal and what it used, and refreshes the group's trackers. With the "
		       "plugins, too, it is one attempt all the same; how a job ended is then what Slurm says.\n\n"
		       "COMMAND is run whatever goes wrong with recording it, with our own input, output, environment and "
		       "folder. The exit status is COMMAND's: 127 if it is not found, 126 if it cannot be executed; killed "
		       "by a signal, we end by the same one. Outside of a Slurm job nothing is recorded.",
	.options = options_table,
	.examples = examples,
	.options_first = true,
	.run = run,
};
