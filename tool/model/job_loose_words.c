/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words that do not say which attempt of a job they are about, as from a node that slurmctld did not answer: see
 * job_drafts.h.  They are about the one that was running.
 */
#include "tool/base/spans.h"
#include "tool/model/job_drafts.h"

#include <stdlib.h>
#include <string.h>

struct beginning {
	int64_t at_us;
	size_t draft;
};

/*
 * The attempts that began.  Those that have ended stand where one may look for them: apart by whether they had begun by
 * now, and by whether Slurm said that they do not go back.  Made when a word asks for it: most jobs have none that does.
 */
struct begun {
	struct rlg_job *job;
	int64_t now_us; /* when the word in hand was told: they come in the order of time */
	struct rlg_spans *open; /* those that have not ended */
	struct rlg_spans *ended[2]; /* those that have, until nothing more is told of them; [1]: that stay */
	struct rlg_spans *ahead[2]; /* the same of those that are yet to begin, by minus their start: the first is the last */
	struct beginning *in_order;
	size_t count, n_had_begun;
	size_t last; /* to begin, of all attempts; RLG_NO_DRAFT: there is none */
};

/* NOLINTNEXTLINE(misc-redundant-expression): two names of one number, each of which may change */
_Static_assert(RLG_NO_DRAFT == RLG_NO_SPAN, "the same word for it");

/* Slurm's own start_time leaves out fractions of a second, which can be as long as an attempt. */
static int64_t beginning_of(const struct rlg_job_draft *draft)
{
	return draft->begun_us > 0 ? draft->begun_us : draft->start_us;
}

static int64_t until_if_open(const struct rlg_job_draft *draft)
{
	return draft->start_us > 0 && !rlg_draft_has_ended(draft) ? RLG_SPAN_OPEN : RLG_SPAN_NONE;
}

static int64_t until_if_ended(const struct rlg_job_draft *draft, bool is_here)
{
	return is_here && rlg_draft_has_ended(draft) ? rlg_draft_latest_us(draft) : RLG_SPAN_NONE;
}

static bool had_begun(const struct begun *begun, const struct rlg_job_draft *draft)
{
	return beginning_of(draft) <= begun->now_us;
}

static bool has_begun_ever(const struct rlg_job_draft *draft)
{
	return !draft->never_ran && draft->start_us != 0;
}

/* After a change of what is known of the attempt, or of the time. */
static void renew(struct begun *begun, size_t at)
{
	const struct rlg_job_draft *draft = &begun->job->drafts[at];
	bool had = had_begun(begun, draft);

	if (!has_begun_ever(draft))
		return;
	rlg_spans_set(begun->open, draft->start_us, at, until_if_open(draft));
	rlg_spans_set(begun->ended[draft->stays], draft->start_us, at, until_if_ended(draft, had));
	rlg_spans_set(begun->ahead[draft->stays], -draft->start_us, at, until_if_ended(draft, !had));
}

static int compare_beginnings(const void *left, const void *right)
{
	const struct beginning *a = left, *b = right;

	if (a->at_us != b->at_us)
		return a->at_us < b->at_us ? -1 : 1;
	return a->draft < b->draft ? -1 : a->draft > b->draft;
}

static void come_to(struct begun *begun, int64_t now_us)
{
	begun->now_us = now_us;
	while (begun->n_had_begun < begun->count && begun->in_order[begun->n_had_begun].at_us <= now_us)
		renew(begun, begun->in_order[begun->n_had_begun++].draft);
}

static void take_if_last(struct begun *begun, size_t at)
{
	const struct rlg_job_draft *drafts = begun->job->drafts;

	if (begun->last == RLG_NO_DRAFT || drafts[at].start_us > drafts[begun->last].start_us)
		begun->last = at;
}

/* Room for as many spans as there are attempts. */
static struct rlg_span *new_list(const struct rlg_job *job)
{
	return rlg_arena_alloc(job->arena, job->count * sizeof(struct rlg_span) + 1);
}

static struct begun *begun_new(struct rlg_job *job)
{
	struct begun *begun = rlg_arena_alloc(job->arena, sizeof(*begun));
	struct rlg_span *open = new_list(job), *ended[] = {new_list(job), new_list(job)};
	struct rlg_span *ahead[] = {new_list(job), new_list(job)};
	size_t counts[2] = {0};

	*begun = (struct begun){.job = job,
				.now_us = INT64_MIN,
				.in_order = rlg_arena_alloc(job->arena, job->count * sizeof(struct beginning) + 1),
				.last = RLG_NO_DRAFT};
	for (size_t i = 0; i < job->count; i++) {
		const struct rlg_job_draft *draft = &job->drafts[i];
		take_if_last(begun, i);
		if (!has_begun_ever(draft))
			continue;
		size_t at = counts[draft->stays]++;
		open[begun->count] = (struct rlg_span){draft->start_us, until_if_open(draft), i};
		ended[draft->stays][at] = (struct rlg_span){draft->start_us, RLG_SPAN_NONE, i};
		ahead[draft->stays][at] = (struct rlg_span){-draft->start_us, until_if_ended(draft, true), i};
		begun->in_order[begun->count++] = (struct beginning){beginning_of(draft), i};
	}
	if (begun->count > 1)
		qsort(begun->in_order, begun->count, sizeof(*begun->in_order), compare_beginnings);
	begun->open = rlg_spans_new(job->arena, open, begun->count);
	for (size_t i = 0; i < 2; i++) {
		begun->ended[i] = rlg_spans_new(job->arena, ended[i], counts[i]);
		begun->ahead[i] = rlg_spans_new(job->arena, ahead[i], counts[i]);
	}
	return begun;
}

/* Asked for long after: it is about the attempt of which nothing else was heard, or the last one there was. */
static bool is_late(const struct rlg_event *word)
{
	return word->source != NULL && strcmp(word->source, "reconcile") == 0;
}

/* Of two the one that began later; where `sign` is -1, earlier; of the same moment the first. */
static size_t later_of(const struct begun *begun, size_t one, size_t other, int sign)
{
	const struct rlg_job_draft *drafts = begun->job->drafts;

	if (one == RLG_NO_DRAFT || other == RLG_NO_DRAFT)
		return one == RLG_NO_DRAFT ? other : one;
	int64_t one_us = sign * drafts[one].start_us, other_us = sign * drafts[other].start_us;
	if (one_us != other_us)
		return one_us > other_us ? one : other;
	return one < other ? one : other;
}

/* An attempt that stays is not what goes back. */
static size_t kinds_for(const struct rlg_event *word)
{
	return rlg_word_goes_back(word) ? 1 : 2;
}

/* Of those that had begun by then the last. */
static size_t last_to_end(const struct begun *begun, const struct rlg_event *word)
{
	size_t found = RLG_NO_DRAFT;

	for (size_t kind = 0; kind < kinds_for(word); kind++) {
		size_t at = rlg_spans_last(begun->ended[kind], word->time_us + RLG_CLOCK_SKEW_US, word->time_us);
		found = later_of(begun, found, at, 1);
	}
	return found;
}

/* A clock that lags may have one begin just afterwards: of such the first. */
static size_t first_to_begin(const struct begun *begun, const struct rlg_event *word)
{
	size_t found = RLG_NO_DRAFT;

	for (size_t kind = 0; kind < kinds_for(word); kind++)
		found = later_of(begun, found, rlg_spans_last(begun->ahead[kind], INT64_MAX, word->time_us), -1);
	if (found == RLG_NO_DRAFT || begun->job->drafts[found].start_us > word->time_us + RLG_CLOCK_SKEW_US)
		return RLG_NO_DRAFT;
	return found;
}

static size_t meant_by(struct begun *begun, const struct rlg_event *word)
{
	size_t found;

	come_to(begun, word->time_us);
	found = rlg_spans_last(begun->open, word->time_us, RLG_SPAN_NONE);
	if (found == RLG_NO_SPAN)
		found = last_to_end(begun, word);
	if (found == RLG_NO_DRAFT)
		found = first_to_begin(begun, word);
	return found == RLG_NO_DRAFT && is_late(word) ? begun->last : found;
}

void rlg_job_place_loose_words(struct rlg_job *job)
{
	struct begun *begun = NULL;

	for (size_t i = 0; i < job->n_events; i++) {
		const struct rlg_event *word = job->events[i];
		if (job->draft_of[i] != RLG_NO_DRAFT || !rlg_event_is_word(word))
			continue;
		if (begun == NULL)
			begun = begun_new(job);
		size_t at = meant_by(begun, word);
		if (at == RLG_NO_DRAFT) {
			at = rlg_job_add_draft(job);
			take_if_last(begun, at);
		}
		job->draft_of[i] = at;
		job->drafts[at].goes_back = job->drafts[at].goes_back || rlg_word_goes_back(word);
		rlg_draft_take_word(&job->drafts[at], word);
		renew(begun, at);
	}
}
