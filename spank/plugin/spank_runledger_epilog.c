/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spank_runledger_epilog.so: what Slurm calls at a job's end, on each of its nodes.
 *
 * An object of its own, since exporting slurm_spank_job_epilog costs every job a process on each node.  It returns 0
 * whatever happened: anything else would drain the node.
 */
#include "spank/hooks/finish.h"
#include "spank/hooks/say.h"
#include "spank/slurm/host.h"

SPANK_PLUGIN(runledger_epilog, 1)

/* For `runledger doctor`, which must not load us to know. */
static const char release[] __attribute__((used)) = "runledger-release " PACKAGE_VERSION;

/*
 * In slurmd, as it starts.  With PrologFlags=RunInJob this object is worse than useless: Slurm never calls its epilog, but
 * waits for a job's end in another way because it is there (seen with 24.11: jobs that had lost their steps stayed
 * COMPLETING).
 */
int slurm_spank_init(spank_t spank, int n_arguments, char **arguments)
{
	if (spank_context() == S_CTX_SLURMD && rlg_slurm_runs_in_job())
		slurm_spank_log("runledger: with PrologFlags=RunInJob take spank_runledger_epilog.so out of plugstack.conf: "
				"spank_runledger.so does without it there");
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
	if (rlg_settings_check_helper(&settings, &err) != 0)
		rlg_say(&host, "%s", err.text);
	rlg_finish(&host, &settings);
	return 0;
}
