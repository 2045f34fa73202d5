/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The attempts of one job while its events are gathered: see job_drafts.h. */
#include "tool/model/job_drafts.h"

#include "tool/model/slurm_state.h"

#include <string.h>

/* Past this munge refuses to work, and so does Slurm. */
#define MOST_SKEW_US (300 * RLG_SECOND_US)

size_t rlg_job_add_draft(struct rlg_job *job)
{
	if (job->count == job->room) {
		job->room *= 2;
		job->drafts = rlg_arena_grow(job->arena, job->drafts, job->count, job->room, sizeof(*job->drafts));
	}
	job->drafts[job->count] = (struct rlg_job_draft){.out = rlg_attempt_waiting()};
	return job->count++;
}

bool rlg_event_is_word(const struct rlg_event *event)
{
	return event->kind == RLG_EVENT_FINISH || event->kind == RLG_EVENT_STATE;
}

bool rlg_word_goes_back(const struct rlg_event *word)
{
	return word->kind == RLG_EVENT_FINISH && word->final_said && !word->final && !rlg_slurm_runs(word->state);
}

/*
 * Whom to believe about an end, the best first.  An epilog also runs where a job only gives back a node, or long after
 * the job went on elsewhere: then slurmctld says that it is running.
 */
static int rank_of_word(const struct rlg_event *word)
{
	static const char *const sources[] = {"jobcomp", "slurmctld", "epilog", "client", "reconcile", "exec"};
	const int n_sources = sizeof(sources) / sizeof(sources[0]);
	bool goes_on = rlg_slurm_runs(word->state) || rlg_slurm_waits(word->state);
	int rank = rlg_slurm_status(word->state) == NULL ? 20 : goes_on ? 10 : 0;

	for (int i = 0; i < n_sources; i++)
		if (word->source != NULL && strcmp(word->source, sources[i]) == 0)
			return rank + i;
	return rank + n_sources;
}

/* Of two words of the same source the later one. */
void rlg_draft_take_word(struct rlg_job_draft *draft, const struct rlg_event *word)
{
	if (draft->word == NULL || rank_of_word(word) <= rank_of_word(draft->word))
		draft->word = word;
}

bool rlg_draft_has_ended(const struct rlg_job_draft *draft)
{
	return draft->word != NULL && draft->word->kind == RLG_EVENT_FINISH && !rlg_slurm_runs(draft->word->state);
}

bool rlg_draft_waits(const struct rlg_job_draft *draft)
{
	return draft->word != NULL && rlg_slurm_waits(draft->word->state);
}

static int64_t end_of(const struct rlg_job_draft *draft)
{
	return draft->word->end_us > 0 ? draft->word->end_us : draft->word->time_us;
}

/* After a final end no other attempt can have begun soon. */
int64_t rlg_draft_latest_us(const struct rlg_job_draft *draft)
{
	return end_of(draft) + (draft->goes_back ? RLG_CLOCK_SKEW_US : MOST_SKEW_US);
}
