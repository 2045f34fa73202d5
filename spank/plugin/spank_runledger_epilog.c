/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spank_runledger_epilog.so: what Slurm calls at a job's end, on each of its nodes.
 *
 * An object of its own, since exporting slurm_spank_job_epilog costs every job a process on each node.  It returns 0
 * whatever happened: anything else would drain the node.
 */
#include "spank/hooks/finish.h"
#include "spank/slurm/host.h"

SPANK_PLUGIN(runledger_epilog, 1)

/* With PrologFlags=RunInJob there is no epilog for us: the job's extern step ends last, so that is the job's end. */
int slurm_spank_exit(spank_t spank, int n_arguments, char **arguments)
{
	static struct rlg_settings settings;
	static bool called;
	struct rlg_host host = rlg_slurm_host(spank);

	if (called || spank_context() != S_CTX_REMOTE || !rlg_slurm_runs_in_job())
		return 0;
	called = true;
	rlg_settings_read(&settings, n_arguments, arguments, NULL);
	rlg_finish_in_job(&host, &settings);
	return 0;
}

int slurm_spank_job_epilog(spank_t spank, int n_arguments, char **arguments)
{
	static struct rlg_settings settings;
	static bool called;
	struct rlg_host host = rlg_slurm_host(spank);
	struct rlg_err err = {""};

	/* A line that stands in plugstack.conf twice runs us twice. */
	if (called)
		return 0;
	called = true;
	/* Said here too, as slurmd loads this object for its epilog alone. */
	if (rlg_settings_read(&settings, n_arguments, arguments, &err) != 0)
		host.complain(&host, err.text);
	rlg_finish(&host, &settings);
	return 0;
}
