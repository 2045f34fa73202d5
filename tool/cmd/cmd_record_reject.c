/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event `reject`: see cmd_record_job.h. */
#include "tool/cmd/cmd_record_job.h"

#include "lib/clock.h"
#include "lib/text.h"
#include "tool/record/ask.h"
#include "tool/record/mentions.h"

#include <unistd.h>

/* From our record of a submission to slurmctld's: as long as a client may take. */
#define NEAR_US (60 * RLG_SECOND_US)

/* What was submitted, and when, stands in the submission's own record. */
static bool ask_about(struct rlg_arena *arena, const struct rlg_record_job *job, int ask_ms, struct rlg_record *answer)
{
	const char *group = rlg_record_given(job, "group");
	const struct rlg_mention *submit;

	if (group == NULL || job->draft.sid == NULL)
		return false;
	submit = rlg_mentions_of_submission(rlg_mentions_read(arena, group), job->draft.sid);
	if (submit == NULL || submit->job_name == NULL)
		return false;
	const struct rlg_ask_submission question = {.uid = geteuid(),
						    .job_name = submit->job_name,
						    .from_us = submit->time_us - RLG_SECOND_US,
						    .to_us = submit->time_us + NEAR_US};
	return rlg_ask_submission(&question, ask_ms, answer, NULL) == 0;
}

int rlg_record_reject(struct rlg_record_job *job)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_record answer;
	long long ask_ms;

	if (rlg_parse_int(rlg_record_given(job, "ask-ms"), 1, RLG_TIMEOUT_MOST_MS, &ask_ms) &&
	    ask_about(arena, job, (int)ask_ms, &answer)) {
		/*
		 * So it is an end, and no refusal.  Only of a job that never ran: any other of that name, in the same second, is
		 * another submission's.
		 */
		if (rlg_record_get_bool(&answer, "never_ran", false)) {
			job->draft.name = "finish";
			rlg_facts_text(job->facts, "source", "client");
			rlg_facts_take(job->facts, rlg_record_tree(&answer));
		}
		rlg_record_done(&answer);
	}
	return rlg_record_and_deliver(job);
}
