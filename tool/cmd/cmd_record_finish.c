/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event `finish`: see cmd_record_job.h. */
#include "tool/cmd/cmd_record_job.h"

#include "lib/clock.h"
#include "lib/text.h"
#include "tool/record/ask.h"
#include "tool/record/end_facts.h"

#include <sys/wait.h>

/* An end that slurmctld did not tell is UNKNOWN; the epilog's environment knows the script's wait status at most. */
static void add_unknown_end(struct rlg_record_job *job)
{
	int64_t status;

	rlg_end_unknown(job->facts, "slurmctld did not say how the job ended");
	if (!rlg_record_get_int(&job->draft, "wait_status", &status))
		return;
	rlg_facts_number(job->facts, "exit_code", WIFEXITED((int)status) ? WEXITSTATUS((int)status) : 0);
	rlg_facts_number(job->facts, "signal", WIFSIGNALED((int)status) ? WTERMSIG((int)status) : 0);
}

/* Asks before anything else, and while the epilog waits: afterwards the job may be running again, as another attempt. */
int rlg_record_finish(struct rlg_record_job *job)
{
	struct rlg_record answer;
	struct rlg_err err = {""};
	long long ask_ms;
	int64_t restarts = -1;

	rlg_record_get_int(&job->draft, "restarts_then", &restarts);
	if (rlg_parse_int(rlg_record_given(job, "ask-ms"), 1, RLG_TIMEOUT_MOST_MS, &ask_ms)) {
		if (rlg_ask(job->draft.job_id, (int)ask_ms, &answer, &err) == 0) {
			rlg_end_facts(job->facts, &answer, restarts);
			rlg_record_done(&answer);
		} else {
			rlg_record_complain(job, "%s", err.text);
			add_unknown_end(job);
		}
	}
	return rlg_record_and_deliver(job);
}
