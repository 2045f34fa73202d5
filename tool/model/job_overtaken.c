/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts of a job that another one follows have ended: see job_drafts.h. */
#include "tool/model/job_drafts.h"

#include <stdlib.h>
#include <string.h>

/* From an end that requeues to the submission that it counts as. */
#define REQUEUE_US (2 * RLG_SECOND_US)

/* Where nobody knows when the earlier one was submitted, the same second says nothing. */
static bool is_after(const struct rlg_job_draft *left, const struct rlg_job_draft *right)
{
	const struct rlg_attempt *later = &left->out.attempt, *earlier = &right->out.attempt;

	if (rlg_attempt_order(later) / RLG_SECOND_US == rlg_attempt_order(earlier) / RLG_SECOND_US && earlier->submit_us == 0)
		return rlg_attempt_order(later) > rlg_attempt_order(earlier);
	return rlg_attempt_compare(later, earlier) > 0;
}

/* Is the later attempt one of the very same job?  Ids wrap, but a submission's id, and the moment of a requeue, do not. */
static bool is_same_job(const struct rlg_attempt *earlier, const struct rlg_attempt *later)
{
	if (earlier->sid != NULL && later->sid != NULL)
		return strcmp(earlier->sid, later->sid) == 0;
	return later->submit_us > 0 && earlier->end_us > 0 && later->submit_us >= earlier->end_us - RLG_SECOND_US &&
	       later->submit_us <= earlier->end_us + REQUEUE_US;
}

/* An attempt that another one follows went back to the queue; if it is still open it has ended, and nobody said how. */
static void close_overtaken(struct rlg_attempt *earlier, const struct rlg_attempt *later)
{
	bool same_job = is_same_job(earlier, later);

	if (earlier->ended && !(same_job && earlier->final))
		return;
	if (!earlier->ended && earlier->start_us == 0)
		return;
	if (!earlier->ended)
		earlier->slurm_state = "UNKNOWN";
	/* Of another job with the same number the earlier one is over for good. */
	earlier->final = !earlier->ended && !same_job && earlier->sid != NULL && later->sid != NULL;
	earlier->ended = true;
	earlier->status = earlier->final ? RLG_STATUS_FAILED : RLG_STATUS_SUBMITTED;
}

/* An attempt among others, by a number of its own. */
struct turn {
	int64_t order;
	size_t draft;
};

static int compare_turns(const void *left, const void *right)
{
	const struct turn *a = left, *b = right;

	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return a->draft < b->draft ? -1 : a->draft > b->draft;
}

static void sort_turns(struct turn *turns, size_t count)
{
	if (count > 1)
		qsort(turns, count, sizeof(*turns), compare_turns);
}

/* The first of them; after `draft`, if that is given. */
static struct rlg_job_draft *first_after(const struct rlg_job *job, const struct turn *turns, size_t count,
					 const struct rlg_job_draft *draft)
{
	struct rlg_job_draft *first = NULL;

	for (size_t i = 0; i < count; i++) {
		struct rlg_job_draft *other = &job->drafts[turns[i].draft];
		if ((draft == NULL || is_after(other, draft)) && (first == NULL || is_after(first, other)))
			first = other;
	}
	return first;
}

static void close_overtaken_by(struct rlg_job_draft *earlier, const struct rlg_job_draft *next)
{
	if (next != NULL)
		close_overtaken(&earlier->out.attempt, &next->out.attempt);
}

/* Attempts of one second, of all or none of which is known when they were submitted: then there is one order of them. */
static void close_in_order(const struct rlg_job *job, struct turn *turns, size_t count, const struct rlg_job_draft *next)
{
	size_t behind = 0;

	for (size_t i = 0; i < count; i++) {
		const struct rlg_attempt *attempt = &job->drafts[turns[i].draft].out.attempt;
		turns[i].order = attempt->submit_us == 0 ? rlg_attempt_order(attempt) : attempt->submit_us / RLG_SECOND_US;
	}
	sort_turns(turns, count);
	for (size_t i = 0; i < count; i++) {
		while (behind < count && turns[behind].order == turns[i].order)
			behind++;
		close_overtaken_by(&job->drafts[turns[i].draft], behind < count ? &job->drafts[turns[behind].draft] : next);
	}
}

/* Attempts of one second; `next` is the first of a later one, or NULL. */
static void close_of_a_second(const struct rlg_job *job, struct turn *turns, size_t count, const struct rlg_job_draft *next)
{
	size_t unknown = 0;

	for (size_t i = 0; i < count; i++)
		unknown += job->drafts[turns[i].draft].out.attempt.submit_us == 0;
	if (unknown == 0 || unknown == count) {
		close_in_order(job, turns, count, next);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct rlg_job_draft *draft = &job->drafts[turns[i].draft];
		const struct rlg_job_draft *after = first_after(job, turns, count, draft);
		close_overtaken_by(draft, after != NULL ? after : next);
	}
}

/* What follows an attempt began in the same second, or else in the next in which one did: all others come later still. */
void rlg_job_close_overtaken(struct rlg_job *job)
{
	if (job->count < 2)
		return;
	struct turn *turns = rlg_arena_alloc(job->arena, job->count * sizeof(*turns));
	const struct rlg_job_draft *next = NULL;

	for (size_t i = 0; i < job->count; i++)
		turns[i] = (struct turn){rlg_attempt_order(&job->drafts[i].out.attempt) / RLG_SECOND_US, i};
	sort_turns(turns, job->count);
	for (size_t end = job->count, begin; end > 0; end = begin) {
		for (begin = end - 1; begin > 0 && turns[begin - 1].order == turns[begin].order;)
			begin--;
		const struct rlg_job_draft *first = first_after(job, turns + begin, end - begin, NULL);
		close_of_a_second(job, turns + begin, end - begin, next);
		next = first;
	}
}
