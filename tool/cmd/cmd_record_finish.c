/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event `finish`: see cmd_record_job.h. */
#include "tool/cmd/cmd_record_job.h"

#include "lib/clock.h"
#include "lib/text.h"
#include "tool/record/ask.h"
#include "tool/record/end_facts.h"
#include "tool/record/job_places.h"

#include <errno.h>
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

struct placing {
	struct rlg_record_job *job;
	struct rlg_err *err;
	struct rlg_group *group;
};

static int append_to_place(void *context, const struct rlg_job_place *place)
{
	struct placing *placing = context;
	const struct rlg_resolution to = {.run = place->run, .phase = place->phase, .matched_by = place->matched_by};

	rlg_facts_text(placing->job->facts, "sid", place->sid);
	placing->group = place->group;
	return rlg_record_append(placing->job, place->group, &to, placing->err);
}

int rlg_record_finish_anywhere(struct rlg_record_job *job)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	int64_t submit_s = rlg_record_fact_number(job, "submit_time");
	const struct rlg_job_traits traits = {
		.cluster = rlg_record_fact_text(job, "cluster"),
		.job_id = job->draft.job_id,
		.array_job_id = rlg_record_fact_number(job, "array_job_id"),
		.array_task_id = rlg_record_fact_number(job, "array_task_id"),
		.het_job_id = rlg_record_fact_number(job, "het_job_id"),
		.submit_us = submit_s > 0 ? submit_s * RLG_SECOND_US : 0,
		.job_name = rlg_record_fact_text(job, "job_name"),
		.folder = rlg_record_fact_text(job, "cwd"),
	};
	struct rlg_job_places *places = rlg_job_places_new(arena, &job->site);
	struct rlg_err err = {""};
	struct placing placing = {.job = job, .err = &err};
	int result = RLG_EXIT_OK;

	int code = rlg_job_places_each(places, &traits, append_to_place, &placing, &err);
	if (code == 0 && placing.group != NULL)
		result = rlg_record_refresh(job, placing.group);
	else if (code != 0 && err.text[0] != '\0') {
		rlg_record_complain(job, "%s", err.text);
		result = RLG_EXIT_FAILED;
	}
	rlg_job_places_free(places);
	return result;
}
