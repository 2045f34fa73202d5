/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words that say which attempt of a job they are about, by when it was submitted or began: see job_drafts.h.  Slurm's own
 * words do, mostly.
 */
#include "tool/base/names.h"
#include "tool/model/job_drafts.h"

#include <stdlib.h>

struct words {
	struct rlg_job *job;
	struct rlg_names *by_submit; /* moment of submission: the draft */
	struct rlg_names *by_start; /* second of a start: the draft that was last found to have begun in it */
	size_t *begun_before; /* by draft: the one that was found before it to have begun in its second */
};

/* NOLINTNEXTLINE(misc-redundant-expression): two names of one number, each of which may change */
_Static_assert(RLG_NO_DRAFT == RLG_NAMES_NONE, "the same word for it");

/* The first attempt that began within a second of it. */
static size_t begun_near(const struct words *words, int64_t start_us)
{
	const struct rlg_job_draft *drafts = words->job->drafts;
	size_t found = RLG_NO_DRAFT;

	for (int64_t second = start_us / RLG_SECOND_US - 1; second <= start_us / RLG_SECOND_US + 1; second++)
		for (size_t at = rlg_names_find_id(words->by_start, second); at != RLG_NO_DRAFT; at = words->begun_before[at])
			if (llabs(drafts[at].start_us - start_us) <= RLG_SECOND_US && (found == RLG_NO_DRAFT || at < found))
				found = at;
	return found;
}

/* The attempt that the word is about; RLG_NO_DRAFT: it is the first to tell of it.  Those with a submit_time come first. */
static size_t told_of_by(const struct words *words, const struct rlg_event *word)
{
	return word->submit_us > 0 ? rlg_names_find_id(words->by_submit, word->submit_us) : begun_near(words, word->start_us);
}

static void set_start(struct words *words, size_t at, int64_t start_us)
{
	if (words->job->drafts[at].start_us > 0 || start_us <= 0)
		return;
	words->job->drafts[at].start_us = start_us;
	words->begun_before[at] = rlg_names_set_id(words->by_start, start_us / RLG_SECOND_US, at);
}

static void place_word(struct words *words, size_t at)
{
	struct rlg_job *job = words->job;
	const struct rlg_event *word = job->events[at];
	size_t found = told_of_by(words, word);

	if (found == RLG_NO_DRAFT) {
		found = rlg_job_add_draft(job);
		if (word->submit_us > 0)
			rlg_names_add_id(words->by_submit, word->submit_us, found);
	}
	struct rlg_job_draft *draft = &job->drafts[found];
	job->draft_of[at] = found;
	draft->submit_us = draft->submit_us > 0 ? draft->submit_us : word->submit_us;
	set_start(words, found, word->start_us);
	draft->never_ran = draft->never_ran || word->never_ran;
	draft->goes_back = draft->goes_back || rlg_word_goes_back(word);
	draft->stays = draft->stays || (word->kind == RLG_EVENT_FINISH && word->final_said && word->final);
	rlg_draft_take_word(draft, word);
}

/* Words with a submit_time first: they tell the start_time that the others are known by. */
static void place_words(struct words *words)
{
	const struct rlg_job *job = words->job;

	for (size_t i = 0; i < job->n_events; i++)
		if (rlg_event_is_word(job->events[i]) && job->events[i]->submit_us > 0)
			place_word(words, i);
	for (size_t i = 0; i < job->n_events; i++)
		if (rlg_event_is_word(job->events[i]) && job->events[i]->submit_us == 0 && job->events[i]->start_us > 0)
			place_word(words, i);
}

/* Attempts in the order of a moment of theirs. */
struct placed {
	struct rlg_job_draft draft;
	size_t was; /* its place before */
};

static int compare_placed(const void *left, const void *right)
{
	const struct placed *one = left, *other = right;
	const struct rlg_job_draft *a = &one->draft, *b = &other->draft;
	int64_t a_us = a->start_us > 0 ? a->start_us : a->submit_us, b_us = b->start_us > 0 ? b->start_us : b->submit_us;

	if (a_us != b_us)
		return a_us < b_us ? -1 : 1;
	if (a->submit_us != b->submit_us)
		return a->submit_us < b->submit_us ? -1 : 1;
	return one->was < other->was ? -1 : 1;
}

static void sort_drafts(struct rlg_job *job)
{
	if (job->count < 2)
		return;
	struct placed *sorted = rlg_arena_alloc(job->arena, job->count * sizeof(*sorted));
	size_t *now = rlg_arena_alloc(job->arena, job->count * sizeof(*now));

	for (size_t at = 0; at < job->count; at++)
		sorted[at] = (struct placed){job->drafts[at], at};
	qsort(sorted, job->count, sizeof(*sorted), compare_placed);
	for (size_t at = 0; at < job->count; at++) {
		job->drafts[at] = sorted[at].draft;
		now[sorted[at].was] = at;
	}
	for (size_t i = 0; i < job->n_events; i++)
		if (job->draft_of[i] != RLG_NO_DRAFT)
			job->draft_of[i] = now[job->draft_of[i]];
}

void rlg_job_place_words(struct rlg_job *job)
{
	size_t most = 0;

	for (size_t i = 0; i < job->n_events; i++)
		most += rlg_event_is_word(job->events[i]);
	struct words words = {.job = job,
			      .by_submit = rlg_names_new(job->arena),
			      .by_start = rlg_names_new(job->arena),
			      .begun_before = rlg_arena_alloc(job->arena, most * sizeof(size_t) + 1)};

	place_words(&words);
	sort_drafts(job);
}
