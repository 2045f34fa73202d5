/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attempts of one job: see job_attempts.h.
 *
 * Slurm's own words on an attempt (a finish, mostly) carry its submit_time or start_time, so they come first (job_words.c).
 * Then each start finds the attempt that it began, or is one that still runs (job_place_starts.c); then words that do not
 * say which attempt they are about go to the one that was running (job_loose_words.c).  A job may be requeued ten thousand
 * times: none of them looks at all attempts for each event.
 */
#include "tool/model/job_attempts.h"

#include "tool/model/job_drafts.h"

#include <string.h>

/* Most jobs have one attempt. */
#define FIRST_ROOM 4

/* Slurm's own list of nodes is whole; what an epilog is told may have shrunk already. */
static void take_nodes(struct rlg_job *job)
{
	for (size_t i = 0; i < job->n_events; i++) {
		const struct rlg_event *event = job->events[i];
		const char **nodes = &job->drafts[job->draft_of[i]].out.attempt.nodes;
		if (*nodes == NULL && event->source != NULL && strcmp(event->source, "jobcomp") == 0)
			*nodes = event->nodes;
	}
	for (size_t i = 0; i < job->n_events; i++) {
		const char **nodes = &job->drafts[job->draft_of[i]].out.attempt.nodes;
		if (*nodes == NULL && job->events[i]->kind == RLG_EVENT_START)
			*nodes = job->events[i]->nodes;
	}
}

static void fill_in(struct rlg_job *job)
{
	take_nodes(job);
	for (size_t i = 0; i < job->count; i++) {
		struct rlg_job_draft *draft = &job->drafts[i];
		struct rlg_attempt *attempt = &draft->out.attempt;
		if (draft->word != NULL)
			rlg_attempt_take_word(&draft->out, draft->word);
		attempt->submit_us = draft->submit_us;
		attempt->start_us = draft->start_us;
		if (draft->goes_back && attempt->ended) {
			attempt->final = false;
			attempt->status = RLG_STATUS_SUBMITTED;
		}
	}
	for (size_t i = 0; i < job->n_events; i++)
		rlg_attempt_take(&job->drafts[job->draft_of[i]].out, job->events[i]);
}

size_t rlg_job_attempts(struct rlg_arena *arena, const struct rlg_event *const *events, size_t n_events,
			struct rlg_phased_attempt **out_attempts)
{
	struct rlg_job job = {.arena = arena, .events = events, .n_events = n_events, .room = FIRST_ROOM};

	job.drafts = rlg_arena_alloc(arena, FIRST_ROOM * sizeof(*job.drafts));
	job.draft_of = rlg_arena_alloc(arena, n_events * sizeof(*job.draft_of) + 1);
	for (size_t i = 0; i < n_events; i++)
		job.draft_of[i] = RLG_NO_DRAFT;
	rlg_job_place_words(&job);
	rlg_job_place_starts(&job);
	rlg_job_place_loose_words(&job);
	fill_in(&job);
	rlg_job_close_overtaken(&job);
	*out_attempts = rlg_arena_alloc(arena, job.count * sizeof(**out_attempts) + 1);
	for (size_t i = 0; i < job.count; i++)
		(*out_attempts)[i] = job.drafts[i].out;
	return job.count;
}
