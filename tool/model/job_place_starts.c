/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each start of a job finds the attempt that it began, or is one that still runs: see job_drafts.h. */
#include "tool/base/spans.h"
#include "tool/model/job_drafts.h"
#include "tool/model/job_starts.h"

/* Where starts find their attempts.  Each is made when it is asked for first: most jobs have one start, and need none. */
struct places {
	struct rlg_job *job;
	struct rlg_job_starts *starts; /* batch starts */
	struct rlg_spans *ended; /* attempts that have ended, as long as something may be told of them */
	struct rlg_spans *open; /* those that have not */
	struct rlg_spans *waiting; /* those that waited when the starts were placed, from their submission on */
};

/* NOLINTNEXTLINE(misc-redundant-expression): two names of one number, each of which may change */
_Static_assert(RLG_NO_DRAFT == RLG_NO_SPAN, "the same word for it");

static void give_batch_start(struct rlg_job *job, size_t at, size_t event)
{
	const struct rlg_event *start = job->events[event];
	struct rlg_job_draft *draft = &job->drafts[at];

	job->draft_of[event] = at;
	draft->has_batch_start = true;
	draft->begun_us = start->time_us;
	if (draft->start_us == 0)
		draft->start_us = start->start_us > 0 ? start->start_us : start->time_us;
}

/*
 * A requeue as the epilog tells it, without a start_time, ends the attempt that the last batch start before it began: the
 * same node told both.  Found first, so that the next attempt's end, with all that clocks may differ, cannot take it.
 */
static void give_starts_to_requeued(struct places *places)
{
	struct rlg_job *job = places->job;

	for (size_t at = 0; at < job->count; at++) {
		struct rlg_job_draft *draft = &job->drafts[at];
		if (!rlg_draft_has_ended(draft) || draft->never_ran || draft->start_us > 0)
			continue;
		size_t last = rlg_job_start_before(places->starts, job->draft_of, draft->submit_us - RLG_CLOCK_SKEW_US,
						   draft->word->time_us);
		if (last != RLG_NO_DRAFT)
			give_batch_start(job, at, last);
	}
}

/*
 * A batch step starts once an attempt: of those starts that fall into it, an attempt takes the nearest to Slurm's own
 * start_time.  A requeued job may be back within a second or two, less than clocks may differ.
 */
static void give_starts_to_known(struct places *places)
{
	struct rlg_job *job = places->job;

	for (size_t at = 0; at < job->count; at++) {
		const struct rlg_job_draft *draft = &job->drafts[at];
		if (draft->has_batch_start || draft->never_ran || draft->start_us == 0)
			continue;
		size_t nearest = rlg_job_start_near(places->starts, job->draft_of, draft->start_us, RLG_CLOCK_SKEW_US,
						    rlg_draft_has_ended(draft) ? rlg_draft_latest_us(draft) : INT64_MAX);
		if (nearest != RLG_NO_DRAFT)
			give_batch_start(job, at, nearest);
	}
}

static struct rlg_span *room_for_spans(const struct rlg_job *job, size_t count)
{
	return rlg_arena_alloc(job->arena, count * sizeof(struct rlg_span) + 1);
}

static int64_t moment_of(const struct rlg_event *start)
{
	return start->start_us > 0 ? start->start_us : start->time_us;
}

/* Starts that are still to be placed may begin an attempt: there is room for it. */
static void list_begun(struct places *places)
{
	struct rlg_job *job = places->job;
	struct rlg_span *ended = room_for_spans(job, job->count), *open = room_for_spans(job, job->count + job->n_events);
	size_t n_ended = 0, n_open = 0;

	for (size_t i = 0; i < job->count; i++) {
		const struct rlg_job_draft *draft = &job->drafts[i];
		if (draft->never_ran || draft->start_us == 0)
			continue;
		if (rlg_draft_has_ended(draft))
			ended[n_ended++] = (struct rlg_span){draft->start_us, rlg_draft_latest_us(draft), i};
		else
			open[n_open++] = (struct rlg_span){draft->start_us, RLG_SPAN_OPEN, i};
	}
	for (size_t i = 0; i < job->n_events; i++)
		if (job->events[i]->kind == RLG_EVENT_START && job->draft_of[i] == RLG_NO_DRAFT)
			open[n_open++] = (struct rlg_span){moment_of(job->events[i]), RLG_SPAN_NONE, RLG_NO_SPAN};
	places->ended = rlg_spans_new(job->arena, ended, n_ended);
	places->open = rlg_spans_new(job->arena, open, n_open);
}

/* The last to begin of those that were running when this was told, as far as clocks agree. */
static size_t last_to_cover(const struct places *places, const struct rlg_spans *spans, const struct rlg_event *event)
{
	if (event->start_us <= 0)
		return rlg_spans_last(spans, event->time_us + RLG_CLOCK_SKEW_US, event->time_us);
	size_t last = rlg_spans_last(spans, event->start_us + RLG_SECOND_US, RLG_SPAN_NONE);
	if (last != RLG_NO_SPAN && places->job->drafts[last].start_us < event->start_us - RLG_SECOND_US)
		return RLG_NO_DRAFT;
	return last;
}

/* Of the attempts that were running when this was told, the one that began last; those that have ended come first. */
static size_t running_at(struct places *places, const struct rlg_event *event)
{
	if (places->open == NULL)
		list_begun(places);
	size_t found = last_to_cover(places, places->ended, event);
	return found != RLG_NO_DRAFT ? found : last_to_cover(places, places->open, event);
}

static void list_waiting(struct places *places)
{
	struct rlg_job *job = places->job;
	struct rlg_span *waiting = room_for_spans(job, job->count);
	size_t count = 0;

	for (size_t i = 0; i < job->count; i++)
		if (rlg_draft_waits(&job->drafts[i]) && !job->drafts[i].has_batch_start)
			waiting[count++] = (struct rlg_span){job->drafts[i].submit_us, RLG_SPAN_OPEN, i};
	places->waiting = rlg_spans_new(job->arena, waiting, count);
}

/* One that waits, as slurmctld told: it is the one that begins now. */
static size_t waiting_for(struct places *places, const struct rlg_event *start)
{
	if (places->waiting == NULL)
		list_waiting(places);
	return rlg_spans_last(places->waiting, start->time_us + RLG_CLOCK_SKEW_US, RLG_SPAN_NONE);
}

static void begin_running(struct places *places, size_t at, const struct rlg_event *start)
{
	struct rlg_job_draft *draft = &places->job->drafts[at];

	if (rlg_draft_waits(draft))
		draft->word = NULL; /* no longer */
	draft->start_us = moment_of(start);
	draft->out.attempt.slurm_state = "RUNNING";
	draft->out.attempt.status = RLG_STATUS_RUNNING;
	if (places->open != NULL && !draft->never_ran && draft->start_us != 0)
		rlg_spans_open(places->open, draft->start_us, at);
}

static void place_start(struct places *places, size_t event)
{
	struct rlg_job *job = places->job;
	const struct rlg_event *start = job->events[event];
	bool is_batch = rlg_is_batch_start(start), waited = false;
	size_t at = is_batch ? RLG_NO_DRAFT : running_at(places, start);

	if (at == RLG_NO_DRAFT) {
		at = waiting_for(places, start);
		waited = at != RLG_NO_DRAFT;
	}
	if (at == RLG_NO_DRAFT)
		at = rlg_job_add_draft(job);
	if (job->drafts[at].start_us == 0)
		begin_running(places, at, start);
	job->draft_of[event] = at;
	job->drafts[at].has_batch_start = job->drafts[at].has_batch_start || is_batch;
	if (waited && (is_batch || !rlg_draft_waits(&job->drafts[at])))
		rlg_spans_set(places->waiting, job->drafts[at].submit_us, at, RLG_SPAN_NONE);
}

/*
 * Each batch start that no known attempt took is an attempt of its own, still open.  Other steps (srun inside salloc)
 * belong to the attempt that was running.
 */
void rlg_job_place_starts(struct rlg_job *job)
{
	struct places places = {.job = job, .starts = rlg_job_starts_new(job->arena, job->events, job->n_events)};

	give_starts_to_requeued(&places);
	give_starts_to_known(&places);
	for (size_t i = 0; i < job->n_events; i++)
		if (job->events[i]->kind == RLG_EVENT_START && job->draft_of[i] == RLG_NO_DRAFT)
			place_start(&places, i);
}
