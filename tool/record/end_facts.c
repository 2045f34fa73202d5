/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How one attempt ended, from slurmctld's answer: see end_facts.h. */
#include "tool/record/end_facts.h"

#include "tool/base/draft.h"

#include <string.h>

static void set_requeued(cJSON *facts, const char *state)
{
	rlg_facts_text(facts, "state", state);
	rlg_facts_truth(facts, "final", false);
}

/* With which exit code Slurm marks such an attempt depends on its version, and it does not tell. */
static void set_lost_node(cJSON *facts)
{
	set_requeued(facts, "NODE_FAIL");
	cJSON_DeleteItemFromObjectCaseSensitive(facts, "exit_code");
	cJSON_DeleteItemFromObjectCaseSensitive(facts, "signal");
}

void rlg_end_facts(cJSON *facts, const struct rlg_record *answer, int64_t restarts_then)
{
	static const char *const of_next_attempt[] = {"submit_time", "start_time", "end_time", "time_limit"};
	const char *state = rlg_record_get_str(answer, "state");
	int64_t restarts = -1;

	rlg_facts_take(facts, rlg_record_tree(answer));
	rlg_record_get_int(answer, "restarts", &restarts);
	bool lost_node = restarts_then >= 0 && restarts > restarts_then;
	if (state == NULL)
		return;
	if (strcmp(state, "PENDING") == 0) {
		/* The job waits for its next attempt: of this one no more is known than that. */
		if (lost_node)
			set_lost_node(facts);
		else
			set_requeued(facts, "REQUEUED");
		for (size_t i = 0; i < sizeof(of_next_attempt) / sizeof(of_next_attempt[0]); i++)
			cJSON_DeleteItemFromObjectCaseSensitive(facts, of_next_attempt[i]);
	} else if (strcmp(state, "REQUEUED") == 0 && lost_node) {
		set_lost_node(facts);
	}
}

void rlg_end_unknown(cJSON *facts, const char *why)
{
	rlg_facts_text(facts, "state", "UNKNOWN");
	rlg_facts_text(facts, "reason", why);
}
