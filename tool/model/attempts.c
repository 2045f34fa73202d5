/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the events of one run to the attempts at it: see attempts.h.
 *
 * Events that name a job are sorted by job, and each job is looked at by itself (job_attempts.c).  Then the submissions
 * find the attempts that carry their id; those that find none are jobs of which nothing else was heard.
 */
#include "tool/model/attempts.h"

#include "lib/clock.h"
#include "tool/model/attempts_exec.h"
#include "tool/model/job_attempts.h"
#include "tool/base/names.h"
#include "tool/model/slurm_state.h"
#include "tool/model/usage.h"

#include <stdlib.h>
#include <string.h>

/* Clocks of nodes and of clients differ. */
#define CLOCK_SKEW_US (5 * RLG_SECOND_US)

#define NONE ((size_t)-1)
#define NOT_ASKED ((size_t)-2)

struct finder {
	struct rlg_arena *arena;
	const struct rlg_event *events;
	size_t n_events;
	struct rlg_phased_attempt *attempts;
	size_t *older; /* by attempt: the one before it of the same submission, or else of the same job; NONE */
	size_t count, room;
	struct rlg_names *by_sid; /* submission: its last attempt */
	struct rlg_names *by_job; /* job id: the last of its attempts whose submission is not known */
	size_t *last_of; /* by the numbers of both */
	struct rlg_phased_attempt **submitted; /* the same: what was told of the submission; NULL: nothing */
	size_t *task_of; /* the same: what array_without_leader() said */
	size_t n_last, last_room;
};

static bool same_cluster(const char *left, const char *right)
{
	return left == NULL || right == NULL || strcmp(left, right) == 0;
}

/* Where a last attempt is remembered that nobody has yet. */
static size_t new_last(struct finder *finder)
{
	if (finder->n_last == finder->last_room) {
		finder->last_room = finder->last_room == 0 ? 64 : 2 * finder->last_room;
		finder->last_of = rlg_arena_grow(finder->arena, finder->last_of, finder->n_last, finder->last_room,
						 sizeof(*finder->last_of));
		finder->submitted = rlg_arena_grow(finder->arena, finder->submitted, finder->n_last, finder->last_room,
						   sizeof(*finder->submitted));
		finder->task_of = rlg_arena_grow(finder->arena, finder->task_of, finder->n_last, finder->last_room,
						 sizeof(*finder->task_of));
	}
	finder->task_of[finder->n_last] = NOT_ASKED;
	finder->last_of[finder->n_last] = NONE; /* NOLINT(clang-analyzer-core.NullDereference): there is room by now */
	return finder->n_last++;
}

/* NULL: no attempt is known by that. */
static size_t *last_of_sid(const struct finder *finder, const char *sid)
{
	size_t at = sid == NULL ? RLG_NAMES_NONE : rlg_names_find(finder->by_sid, sid);

	return at == RLG_NAMES_NONE ? NULL : &finder->last_of[at];
}

static size_t *last_of_job(const struct finder *finder, int64_t job_id)
{
	size_t at = job_id < 0 ? RLG_NAMES_NONE : rlg_names_find_id(finder->by_job, job_id);

	return at == RLG_NAMES_NONE ? NULL : &finder->last_of[at];
}

/* So that its submission finds it. */
static void index_attempt(struct finder *finder, size_t at)
{
	const struct rlg_attempt *attempt = &finder->attempts[at].attempt;
	size_t *last = attempt->sid != NULL ? last_of_sid(finder, attempt->sid) : last_of_job(finder, attempt->job_id);

	finder->older[at] = NONE;
	if (last == NULL && (attempt->sid != NULL || attempt->job_id >= 0)) {
		size_t added = new_last(finder);
		if (attempt->sid != NULL)
			rlg_names_add(finder->by_sid, attempt->sid, added);
		else
			rlg_names_add_id(finder->by_job, attempt->job_id, added);
		last = &finder->last_of[added];
	}
	if (last == NULL)
		return;
	finder->older[at] = *last;
	*last = at;
}

static void add_attempt(struct finder *finder, const struct rlg_phased_attempt *attempt)
{
	if (finder->count == finder->room) {
		size_t room = finder->room == 0 ? 8 : 2 * finder->room;
		finder->attempts = rlg_arena_grow(finder->arena, finder->attempts, finder->count, room,
						  sizeof(*finder->attempts));
		finder->older = rlg_arena_grow(finder->arena, finder->older, finder->count, room, sizeof(*finder->older));
		finder->room = room;
	}
	finder->attempts[finder->count++] = *attempt;
}

static void add_indexed(struct finder *finder, const struct rlg_phased_attempt *attempt)
{
	add_attempt(finder, attempt);
	index_attempt(finder, finder->count - 1);
}

static bool is_of_a_job(const struct rlg_event *event)
{
	/* What `runledger exec` told is placed apart, when all is known that others told: see attempts_exec.h. */
	return event->job_id >= 0 && !rlg_event_is_exec(event) &&
	       (event->kind == RLG_EVENT_START || event->kind == RLG_EVENT_FINISH || event->kind == RLG_EVENT_STATE);
}

static const char *text_or_empty(const char *words)
{
	return words == NULL ? "" : words;
}

/* By job id and cluster; those without a cluster come first. */
static int compare_jobs(const void *left, const void *right)
{
	const struct rlg_event *a = *(const struct rlg_event *const *)left, *b = *(const struct rlg_event *const *)right;

	if (a->job_id != b->job_id)
		return a->job_id < b->job_id ? -1 : 1;
	int order = strcmp(text_or_empty(a->cluster), text_or_empty(b->cluster));
	return order != 0 ? order : a < b ? -1 : a > b;
}

static int compare_places(const void *left, const void *right)
{
	const struct rlg_event *a = *(const struct rlg_event *const *)left, *b = *(const struct rlg_event *const *)right;

	return a < b ? -1 : a > b;
}

/* How many from `events` on are of one job: whoever names no cluster means the only one that others name. */
static size_t one_job(const struct rlg_event **events, size_t most)
{
	size_t unnamed = 0, first, same_id;

	while (unnamed < most && events[unnamed]->job_id == events[0]->job_id && events[unnamed]->cluster == NULL)
		unnamed++;
	first = unnamed;
	while (first < most && events[first]->job_id == events[0]->job_id &&
	       strcmp(events[first]->cluster, events[unnamed]->cluster) == 0)
		first++;
	same_id = first;
	while (same_id < most && events[same_id]->job_id == events[0]->job_id)
		same_id++;
	if (unnamed == 0 || same_id == first)
		return first;
	return unnamed; /* several clusters: nobody can tell which one is meant */
}

static void find_jobs(struct finder *finder)
{
	const struct rlg_event **events = rlg_arena_alloc(finder->arena, finder->n_events * sizeof(*events) + 1);
	size_t count = 0, size;

	for (size_t i = 0; i < finder->n_events; i++)
		if (is_of_a_job(&finder->events[i]))
			events[count++] = &finder->events[i];
	if (count > 1)
		qsort(events, count, sizeof(*events), compare_jobs);
	for (size_t at = 0; at < count; at += size) {
		struct rlg_phased_attempt *attempts;
		size = one_job(events + at, count - at);
		if (size > 1)
			qsort(events + at, size, sizeof(*events), compare_places);
		size_t n_attempts = rlg_job_attempts(finder->arena, events + at, size, &attempts);
		for (size_t i = 0; i < n_attempts; i++)
			add_attempt(finder, &attempts[i]);
	}
}

bool rlg_attempt_is_of_job(const struct rlg_attempt *attempt, const struct rlg_event *event)
{
	return event->job_id >= 0 && attempt->job_id == event->job_id && same_cluster(attempt->cluster, event->cluster);
}

static void find_execs(struct finder *finder)
{
	finder->attempts = rlg_attempts_place_execs(finder->arena, finder->events, finder->n_events, finder->attempts,
						    &finder->count);
	finder->room = finder->count;
	finder->older = rlg_arena_alloc(finder->arena, finder->count * sizeof(*finder->older) + 1);
	for (size_t at = 0; at < finder->count; at++)
		index_attempt(finder, at);
}

/* Job ids wrap: a job that had ended when this was submitted is another one of the same number. */
static bool is_over_before(const struct rlg_attempt *attempt, const struct rlg_event *submit)
{
	return attempt->ended && attempt->end_us + CLOCK_SKEW_US < submit->time_us;
}

static void take_submission(struct rlg_phased_attempt *to, const struct rlg_event *submit)
{
	rlg_attempt_take(to, submit);
	if (to->attempt.submit_us == 0)
		to->attempt.submit_us = submit->time_us;
}

/*
 * A submission belongs to every attempt that carries its id.  What is told of it is put together first: an array's tasks
 * may all tell it, and all of them are its attempts.
 */
static bool gather_submission(struct finder *finder, const struct rlg_event *submit)
{
	size_t at = submit->sid == NULL ? RLG_NAMES_NONE : rlg_names_find(finder->by_sid, submit->sid);

	if (at == RLG_NAMES_NONE)
		return false;
	if (finder->submitted[at] == NULL) {
		finder->submitted[at] = rlg_arena_alloc(finder->arena, sizeof(struct rlg_phased_attempt));
		*finder->submitted[at] = rlg_attempt_waiting();
	}
	take_submission(finder->submitted[at], submit);
	return true;
}

static void give_submissions(struct finder *finder)
{
	for (size_t number = 0; number < finder->n_last; number++) {
		const struct rlg_phased_attempt *told = finder->submitted[number];
		for (size_t at = told == NULL ? NONE : finder->last_of[number]; at != NONE; at = finder->older[at]) {
			struct rlg_phased_attempt *attempt = &finder->attempts[at];
			rlg_attempt_take_told(attempt, told);
			if (attempt->attempt.submit_us == 0)
				attempt->attempt.submit_us = told->attempt.submit_us;
		}
	}
}

/* Attempts that carry no submission's id have its job's. */
static bool give_to_its_job(struct finder *finder, const struct rlg_event *submit)
{
	const size_t *last = last_of_job(finder, submit->job_id);
	bool given = false;

	for (size_t at = last == NULL ? NONE : *last; at != NONE; at = finder->older[at]) {
		struct rlg_phased_attempt *attempt = &finder->attempts[at];
		if (!same_cluster(attempt->attempt.cluster, submit->cluster) || is_over_before(&attempt->attempt, submit))
			continue;
		take_submission(attempt, submit);
		given = true;
	}
	return given;
}

static struct rlg_names *rejected(const struct finder *finder)
{
	struct rlg_names *names = rlg_names_new(finder->arena);

	for (size_t i = 0; i < finder->n_events; i++) {
		const struct rlg_event *event = &finder->events[i];
		if (event->kind == RLG_EVENT_REJECT && event->sid != NULL &&
		    rlg_names_find(names, event->sid) == RLG_NAMES_NONE)
			rlg_names_add(names, event->sid, 0);
	}
	return names;
}

/* A submission alone is a job in the queue, unless it was refused. */
static void find_submitted(struct finder *finder)
{
	const struct rlg_names *refused = rejected(finder);

	for (size_t i = 0; i < finder->n_events; i++) {
		const struct rlg_event *event = &finder->events[i];
		if (event->kind != RLG_EVENT_SUBMIT)
			continue;
		bool by_sid = gather_submission(finder, event), by_job = give_to_its_job(finder, event);
		if (by_sid || by_job || (event->sid != NULL && rlg_names_find(refused, event->sid) != RLG_NAMES_NONE))
			continue;
		struct rlg_phased_attempt waiting = rlg_attempt_waiting();
		take_submission(&waiting, event);
		add_indexed(finder, &waiting);
	}
	give_submissions(finder);
}

/* The attempts that carry this submission's id: is it an array, and is the job among them whose id is the array's? */
static size_t array_without_leader(const struct finder *finder, size_t last)
{
	size_t task = NONE;

	for (size_t at = last; at != NONE; at = finder->older[at]) {
		const struct rlg_attempt *attempt = &finder->attempts[at].attempt;
		if (attempt->array_job_id < 0 || attempt->job_id == attempt->array_job_id)
			return NONE;
		task = at;
	}
	return task;
}

/* One of its tasks; NULL: there is none, or nobody waits.  That is looked for once, until somebody who waits is added. */
static const struct rlg_attempt *task_without_leader(struct finder *finder, size_t number)
{
	if (finder->task_of[number] == NOT_ASKED)
		finder->task_of[number] = array_without_leader(finder, finder->last_of[number]);
	return finder->task_of[number] == NONE ? NULL : &finder->attempts[finder->task_of[number]].attempt;
}

/*
 * Tasks of an array get a job id of their own when they begin; the last one keeps the array's.  As long as nobody has that
 * one, others wait.  Not so in a run that only one of its tasks belongs to.
 */
static void find_waiting_tasks(struct finder *finder)
{
	for (size_t i = 0; i < finder->n_events; i++) {
		const struct rlg_event *event = &finder->events[i];
		if (event->kind != RLG_EVENT_SUBMIT || event->sid == NULL || event->array_task_id >= 0)
			continue;
		size_t number = rlg_names_find(finder->by_sid, event->sid);
		const struct rlg_attempt *task = number == RLG_NAMES_NONE ? NULL : task_without_leader(finder, number);
		/* One that names another job's id than the array's was told by the task itself. */
		if (task == NULL || (event->job_id >= 0 && event->job_id != task->array_job_id))
			continue;
		struct rlg_phased_attempt waiting = rlg_attempt_waiting();
		waiting.attempt.job_id = waiting.attempt.array_job_id = task->array_job_id;
		waiting.attempt.cluster = task->cluster;
		waiting.attempt.user = task->user;
		take_submission(&waiting, event);
		add_indexed(finder, &waiting);
		finder->task_of[number] = NOT_ASKED;
	}
}

/* Words on a submission whose job id nobody knows. */
static void find_words_on_submissions(struct finder *finder)
{
	for (size_t i = 0; i < finder->n_events; i++) {
		const struct rlg_event *event = &finder->events[i];
		if (event->job_id >= 0 || event->sid == NULL || event->kind != RLG_EVENT_FINISH)
			continue;
		const size_t *last = last_of_sid(finder, event->sid);
		if (last == NULL || finder->attempts[*last].attempt.job_id >= 0)
			continue;
		rlg_attempt_take_word(&finder->attempts[*last], event);
		rlg_attempt_take(&finder->attempts[*last], event);
	}
}

static int compare_numbers(const int64_t (*pairs)[2], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (pairs[i][0] != pairs[i][1])
			return pairs[i][0] < pairs[i][1] ? -1 : 1;
	return 0;
}

static int compare_attempts(const void *left, const void *right)
{
	const struct rlg_attempt *a = &((const struct rlg_phased_attempt *)left)->attempt;
	const struct rlg_attempt *b = &((const struct rlg_phased_attempt *)right)->attempt;
	const int64_t keys[][2] = {{rlg_attempt_order(a), rlg_attempt_order(b)},
				   {a->submit_us, b->submit_us},
				   {a->start_us, b->start_us},
				   {a->job_id, b->job_id},
				   {a->end_us, b->end_us},
				   {a->word_us, b->word_us}};
	int order = rlg_attempt_compare(a, b);

	if (order == 0)
		order = compare_numbers(keys, sizeof(keys) / sizeof(keys[0]));
	if (order != 0)
		return order;
	order = strcmp(text_or_empty(a->sid), text_or_empty(b->sid));
	return order != 0 ? order : strcmp(text_or_empty(a->cluster), text_or_empty(b->cluster));
}

struct rlg_phased_attempt *rlg_attempts_find(struct rlg_arena *arena, const struct rlg_event *events, size_t n_events,
					     size_t *out_count)
{
	struct finder finder = {.arena = arena,
				.events = events,
				.n_events = n_events,
				.by_sid = rlg_names_new(arena),
				.by_job = rlg_names_new(arena)};

	find_jobs(&finder);
	find_execs(&finder);
	find_submitted(&finder);
	find_waiting_tasks(&finder);
	find_words_on_submissions(&finder);
	if (finder.count > 1)
		qsort(finder.attempts, finder.count, sizeof(*finder.attempts), compare_attempts);
	*out_count = finder.count;
	return finder.attempts;
}
