/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What slurmctld has to be asked about an end that it told only in part: see ask_rest.h. */
#include "tool/drain/ask_rest.h"

#include "lib/clock.h"
#include "tool/record/ask.h"
#include "tool/base/draft.h"
#include "tool/record/end_facts.h"

#include <errno.h>
#include <string.h>

/* Nobody waits for us, but everybody's records do. */
#define ASK_MS 5000

/* slurmctld forgets a job within minutes (MinJobAge); but not while it is down, which is mended within a day. */
#define MOST_WAIT_US (86400 * RLG_SECOND_US)

static bool says(const struct rlg_record *record, const char *key, const char *value)
{
	const char *found = rlg_record_get_str(record, key);

	return found != NULL && strcmp(found, value) == 0;
}

/* States after which Slurm may requeue a batch job, and jobcomp does not say whether it does. */
static bool may_go_back(const struct rlg_record *record)
{
	static const char *const states[] = {"NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "LAUNCH_FAILED"};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (says(record, "state", states[i]))
			return rlg_record_get_bool(record, "batch", true) &&
			       !rlg_record_has(record, "final");
	return false;
}

/* Each requeue counts as a submission: a later one is of the next attempt. */
static void settle_final(struct rlg_record *record, const struct rlg_record *answer)
{
	int64_t then_us = rlg_record_get_time(record, "submit_time"), now_us = rlg_record_get_time(answer, "submit_time");

	rlg_facts_truth(rlg_record_tree(record), "final", now_us == then_us && rlg_record_get_bool(answer, "final", false));
}

static void settle_end(struct rlg_record *record, const struct rlg_record *answer)
{
	int64_t began_us = rlg_record_get_time(record, "start_time"), begins_us = rlg_record_get_time(answer, "start_time");
	int64_t restarts_then = -1;
	cJSON *context = rlg_record_tree(record);

	/* It has ended, we were told: one that runs is the next attempt, as one that waits is. */
	if (says(answer, "state", "RUNNING") || (began_us > 0 && begins_us > began_us)) {
		rlg_facts_text(context, "state", "REQUEUED");
		rlg_facts_truth(context, "final", false);
		return;
	}
	rlg_record_get_int(record, "restarts_then", &restarts_then);
	rlg_end_facts(context, answer, restarts_then);
}

/* It may yet answer: it is busy, or is being started anew. */
static bool is_away(int code)
{
	return code == -ETIMEDOUT || code == -EIO;
}

static int ask_about(struct rlg_record *record, bool about_end)
{
	struct rlg_record answer;
	struct rlg_err err = {""};
	int code = rlg_ask(record->job_id, ASK_MS, &answer, &err);

	if (code == 0) {
		if (about_end)
			settle_end(record, &answer);
		else
			settle_final(record, &answer);
		rlg_record_done(&answer);
	} else if (about_end && !is_away(code)) {
		rlg_end_unknown(rlg_record_tree(record), err.text);
	}
	return code;
}

static void wait_or_give_up(struct rlg_drain_entry *entry)
{
	entry->waits = entry->record.time_us > rlg_clock_now_us() - MOST_WAIT_US;
	if (!entry->waits)
		rlg_end_unknown(rlg_record_tree(&entry->record), "slurmctld did not say how the job ended");
}

void rlg_drain_ask(struct rlg_drain_entry *entries, size_t count)
{
	bool reachable = true;

	for (size_t i = 0; i < count; i++) {
		struct rlg_record *record = &entries[i].record;
		bool about_end = says(record, "source", "slurmctld") && rlg_record_get_str(record, "state") == NULL;
		if (reachable && (about_end || may_go_back(record)))
			reachable = !is_away(ask_about(record, about_end));
		if (!reachable && about_end && rlg_record_get_str(record, "state") == NULL)
			wait_or_give_up(&entries[i]);
	}
}
