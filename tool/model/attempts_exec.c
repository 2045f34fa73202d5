/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `runledger exec` told: see attempts_exec.h. */
#include "tool/model/attempts_exec.h"

#include "lib/clock.h"
#include "tool/base/names.h"
#include "tool/model/usage.h"

#include <stdlib.h>
#include <string.h>

/* Clocks of nodes and of slurmctld differ so much. */
#define CLOCK_SKEW_US (5 * RLG_SECOND_US)

/* Execs of one job are not as far apart as this; and in less time no cluster comes back to a job's id. */
#define SAME_JOB_US (7 * INT64_C(86400) * RLG_SECOND_US)

#define NOWHERE ((size_t)-1)

/* One call of `runledger exec`.  Either event may be missing. */
struct exec {
	const struct rlg_event *start, *finish;
	size_t at; /* its attempt */
};

/* What only this file wants to know of an attempt. */
struct home {
	const struct rlg_event *first; /* the first word of its execs; NULL: it has none */
	int64_t last_us; /* when an exec in it was last heard of */
	bool is_told; /* by others than execs */
};

/* Which of a row of things belong to a number: lists, each in the order in which it was added to. */
struct by_number {
	struct rlg_names *last; /* by number */
	size_t *first, *next; /* by thing: the first of its list, if it is its last, and the one behind it */
};

struct placing {
	struct rlg_arena *arena;
	struct exec *execs;
	size_t n_execs;
	struct rlg_phased_attempt *attempts;
	struct home *homes;
	size_t count;
	struct by_number attempts_of_job, execs_of_job, execs_of_attempt; /* each in their order */
};

static struct by_number by_number_new(struct rlg_arena *arena, size_t room)
{
	return (struct by_number){.last = rlg_names_new(arena),
				  .first = rlg_arena_alloc(arena, (room + 1) * sizeof(size_t)),
				  .next = rlg_arena_alloc(arena, (room + 1) * sizeof(size_t))};
}

static void add_to(struct by_number *lists, int64_t number, size_t thing)
{
	size_t last = rlg_names_set_id(lists->last, number, thing);

	lists->next[thing] = NOWHERE;
	lists->first[thing] = last == RLG_NAMES_NONE ? thing : lists->first[last];
	if (last != RLG_NAMES_NONE)
		lists->next[last] = thing;
}

/* NOWHERE: there is none.  `next` leads on from it. */
static size_t first_of(const struct by_number *lists, int64_t number)
{
	size_t last = rlg_names_find_id(lists->last, number);

	return last == RLG_NAMES_NONE ? NOWHERE : lists->first[last];
}

bool rlg_event_is_exec(const struct rlg_event *event)
{
	if (event->job_id < 0)
		return false;
	if (event->kind == RLG_EVENT_START)
		return event->step != NULL && strcmp(event->step, "exec") == 0;
	return event->kind == RLG_EVENT_FINISH && event->start_us == 0 && event->source != NULL &&
	       strcmp(event->source, "exec") == 0;
}

static const struct rlg_event *first_word(const struct exec *exec)
{
	return exec->start != NULL ? exec->start : exec->finish;
}

static int64_t last_word_us(const struct exec *exec)
{
	return exec->finish != NULL ? exec->finish->time_us : exec->start->time_us;
}

/* Pairs starts and finishes by the id in both. */
static void gather(struct placing *placing, const struct rlg_event *events, size_t n_events)
{
	struct rlg_names *names = rlg_names_new(placing->arena);

	placing->execs = rlg_arena_alloc(placing->arena, n_events * sizeof(*placing->execs) + 1);
	for (size_t i = 0; i < n_events; i++) {
		const struct rlg_event *event = &events[i];
		if (!rlg_event_is_exec(event))
			continue;
		size_t at = event->exec == NULL ? RLG_NAMES_NONE : rlg_names_find(names, event->exec);
		if (at == RLG_NAMES_NONE) {
			at = placing->n_execs++;
			placing->execs[at] = (struct exec){.at = NOWHERE};
			if (event->exec != NULL)
				rlg_names_add(names, event->exec, at);
		}
		const struct rlg_event **to =
			event->kind == RLG_EVENT_START ? &placing->execs[at].start : &placing->execs[at].finish;
		if (*to == NULL)
			*to = event;
	}
}

static bool same_phase(const char *left, const char *right)
{
	return left == NULL || right == NULL || strcmp(left, right) == 0;
}

/* Was this told while the attempt, which others told of, ran? */
static bool holds(const struct rlg_attempt *attempt, const struct rlg_event *event)
{
	int64_t end_us = attempt->end_us > 0 ? attempt->end_us + CLOCK_SKEW_US : INT64_MAX;

	if (!rlg_attempt_is_of_job(attempt, event))
		return false;
	if (event->start_us > 0 && attempt->start_us > 0)
		return llabs(event->start_us - attempt->start_us) <= RLG_SECOND_US;
	if (attempt->start_us == 0)
		return event->time_us <= end_us && end_us - event->time_us <= SAME_JOB_US;
	return event->time_us >= attempt->start_us - CLOCK_SKEW_US && event->time_us <= end_us;
}

/* Of two that may hold it: the last that had begun by then; a clock that lags may have it begin just afterwards. */
static bool is_nearer(const struct rlg_attempt *one, const struct rlg_attempt *other, int64_t time_us)
{
	bool had_begun = one->start_us <= time_us, other_had = other->start_us <= time_us;

	if (had_begun != other_had)
		return had_begun;
	return had_begun ? one->start_us > other->start_us : one->start_us < other->start_us;
}

/* The attempt that others told of and this is part of; with `any_phase` the job's, whatever phase that was for. */
static size_t told_home(const struct placing *placing, const struct rlg_event *event, bool any_phase)
{
	size_t found = NOWHERE;

	for (size_t i = first_of(&placing->attempts_of_job, event->job_id); i != NOWHERE; i = placing->attempts_of_job.next[i]) {
		const struct rlg_phased_attempt *attempt = &placing->attempts[i];
		if (!placing->homes[i].is_told || !holds(&attempt->attempt, event) ||
		    (!any_phase && !same_phase(attempt->phase, event->phase)))
			continue;
		if (found == NOWHERE ||
		    is_nearer(&attempt->attempt, &placing->attempts[found].attempt, event->time_us))
			found = i;
	}
	return found;
}

static int64_t restarts_of(const struct rlg_event *event)
{
	return event->restarts < 0 ? 0 : event->restarts;
}

/* The same job, and not one that has its id a year later?  Of two starts that Slurm tells only a restart makes two. */
static bool is_same_job(const struct home *home, const struct rlg_event *event)
{
	const struct rlg_event *first = home->first;

	if (first->start_us > 0 && event->start_us > 0 && restarts_of(first) == restarts_of(event))
		return llabs(first->start_us - event->start_us) <= RLG_SECOND_US;
	return llabs(event->time_us - home->last_us) <= SAME_JOB_US;
}

/* The attempt that execs alone tell of and this is part of. */
static size_t exec_home(const struct placing *placing, const struct rlg_event *event)
{
	for (size_t i = first_of(&placing->attempts_of_job, event->job_id); i != NOWHERE; i = placing->attempts_of_job.next[i]) {
		const struct rlg_phased_attempt *attempt = &placing->attempts[i];
		const struct home *home = &placing->homes[i];
		if (!home->is_told && rlg_attempt_is_of_job(&attempt->attempt, event) &&
		    same_phase(attempt->phase, event->phase) && restarts_of(home->first) == restarts_of(event) &&
		    is_same_job(home, event))
			return i;
	}
	return NOWHERE;
}

static size_t add_home(struct placing *placing, const struct rlg_event *event)
{
	placing->attempts[placing->count] = rlg_attempt_waiting();
	placing->attempts[placing->count].attempt.start_us = event->start_us > 0 ? event->start_us : event->time_us;
	add_to(&placing->attempts_of_job, event->job_id, placing->count); /* that takes its job id from it right away */
	placing->homes[placing->count] = (struct home){.first = event, .last_us = event->time_us};
	return placing->count++;
}

static void place(struct placing *placing, struct exec *exec)
{
	const struct rlg_event *event = first_word(exec);

	exec->at = told_home(placing, event, false);
	if (exec->at == NOWHERE)
		exec->at = exec_home(placing, event);
	if (exec->at == NOWHERE)
		exec->at = add_home(placing, event);
	add_to(&placing->execs_of_attempt, (int64_t)exec->at, (size_t)(exec - placing->execs));
	struct home *home = &placing->homes[exec->at];
	if (home->first == NULL)
		home->first = event;
	if (last_word_us(exec) > home->last_us)
		home->last_us = last_word_us(exec);
	if (exec->start != NULL)
		rlg_attempt_take(&placing->attempts[exec->at], exec->start);
	if (exec->finish != NULL) {
		rlg_attempt_take(&placing->attempts[exec->at], exec->finish);
		rlg_usage_take_exec(&placing->attempts[exec->at].attempt.usage, exec->finish);
	}
}

static bool has_failed(const struct exec *exec)
{
	return exec->finish->state == NULL || strcmp(exec->finish->state, "COMPLETED") != 0;
}

/* The end that counts: the last, or of those that ran beside that the last that failed.  NULL while one still runs. */
static const struct rlg_event *end_that_counts(const struct placing *placing, size_t at)
{
	const struct exec *last = NULL, *failed = NULL;

	size_t begin = first_of(&placing->execs_of_attempt, (int64_t)at);

	for (size_t i = begin; i != NOWHERE; i = placing->execs_of_attempt.next[i]) {
		const struct exec *exec = &placing->execs[i];
		if (exec->finish == NULL)
			return NULL;
		if (last == NULL || exec->finish->time_us >= last->finish->time_us)
			last = exec;
	}
	for (size_t i = begin; last != NULL && i != NOWHERE; i = placing->execs_of_attempt.next[i]) {
		const struct exec *exec = &placing->execs[i];
		if (has_failed(exec) && exec->finish->time_us > first_word(last)->time_us &&
		    (failed == NULL || exec->finish->time_us >= failed->finish->time_us))
			failed = exec;
	}
	if (last == NULL)
		return NULL;
	return failed != NULL ? failed->finish : last->finish;
}

/* Others told that it ended, but not how. */
static void settle_told(struct placing *placing, size_t at)
{
	struct rlg_attempt *attempt = &placing->attempts[at].attempt;
	const struct rlg_event *end = end_that_counts(placing, at);
	int64_t told_end_us = attempt->end_us;

	if (attempt->start_us == 0)
		attempt->start_us = placing->homes[at].first->time_us;
	if (end == NULL || !attempt->ended || !attempt->final || strcmp(attempt->slurm_state, "UNKNOWN") != 0)
		return;
	rlg_attempt_take_word(&placing->attempts[at], end);
	if (told_end_us > 0)
		attempt->end_us = told_end_us;
}

static void settle_by_execs(struct placing *placing, size_t at)
{
	struct rlg_attempt *attempt = &placing->attempts[at].attempt;
	const struct rlg_event *end = end_that_counts(placing, at);

	if (end != NULL) {
		rlg_attempt_take_word(&placing->attempts[at], end);
		return;
	}
	attempt->slurm_state = "RUNNING";
	attempt->status = RLG_STATUS_RUNNING;
}

/* The job went back to the queue: what is open ended unheard, and what has ended will be done again. */
static void requeue(struct rlg_attempt *attempt)
{
	attempt->slurm_state = attempt->ended ? "REQUEUED" : "UNKNOWN";
	attempt->ended = true;
	attempt->final = false;
	attempt->status = RLG_STATUS_SUBMITTED;
}

static void end_with_job(struct rlg_attempt *attempt, const struct rlg_attempt *job)
{
	attempt->ended = true;
	attempt->final = job->final;
	attempt->slurm_state = job->slurm_state;
	attempt->reason = job->reason;
	attempt->exit_code = job->exit_code;
	attempt->signal = job->signal;
	attempt->source = job->source;
	attempt->end_us = job->end_us;
	attempt->status = job->status;
}

/*
 * Did another try of the same job begin after this one, or another job of the same id?  Then this has ended.  A try that
 * is another phase's only is no other try.
 */
static bool is_overtaken(const struct placing *placing, size_t at, bool *out_requeued)
{
	const struct rlg_attempt *attempt = &placing->attempts[at].attempt;
	const struct home *home = &placing->homes[at];
	bool overtaken = false;

	*out_requeued = false;
	for (size_t i = first_of(&placing->execs_of_job, attempt->job_id); i != NOWHERE; i = placing->execs_of_job.next[i]) {
		const struct rlg_event *event = first_word(&placing->execs[i]);
		if (!rlg_attempt_is_of_job(attempt, event) || event->time_us <= home->first->time_us)
			continue;
		bool same_job = is_same_job(home, event);
		if (same_job && restarts_of(event) <= restarts_of(home->first))
			continue;
		overtaken = true;
		*out_requeued = *out_requeued || same_job;
	}
	return overtaken;
}

/* What is known of the job beyond this phase. */
static void settle_by_job(struct placing *placing, size_t at)
{
	struct rlg_attempt *attempt = &placing->attempts[at].attempt;
	size_t told = told_home(placing, placing->homes[at].first, true);
	const struct rlg_attempt *job = told == NOWHERE ? NULL : &placing->attempts[told].attempt;
	bool requeued;

	if (job != NULL && job->ended && !attempt->ended)
		end_with_job(attempt, job);
	else if (job != NULL && job->ended && !job->final)
		requeue(attempt);
	else if (job == NULL && is_overtaken(placing, at, &requeued) && (requeued || !attempt->ended))
		requeue(attempt);
}

struct rlg_phased_attempt *rlg_attempts_place_execs(struct rlg_arena *arena, const struct rlg_event *events,
						    size_t n_events, struct rlg_phased_attempt *attempts,
						    size_t *inout_count)
{
	struct placing placing = {.arena = arena, .count = *inout_count};
	size_t n_told = *inout_count;

	gather(&placing, events, n_events);
	if (placing.n_execs == 0)
		return attempts;
	size_t room = n_told + placing.n_execs;
	placing.attempts = rlg_arena_grow(arena, attempts, n_told, room, sizeof(*attempts));
	placing.homes = rlg_arena_alloc(arena, room * sizeof(*placing.homes));
	placing.attempts_of_job = by_number_new(arena, room);
	placing.execs_of_job = by_number_new(arena, placing.n_execs);
	placing.execs_of_attempt = by_number_new(arena, placing.n_execs);
	for (size_t i = 0; i < n_told; i++) {
		placing.homes[i] = (struct home){.is_told = true};
		add_to(&placing.attempts_of_job, attempts[i].attempt.job_id, i);
	}
	for (size_t i = 0; i < placing.n_execs; i++)
		add_to(&placing.execs_of_job, first_word(&placing.execs[i])->job_id, i);
	for (size_t i = 0; i < placing.n_execs; i++)
		place(&placing, &placing.execs[i]);
	for (size_t at = 0; at < n_told; at++)
		if (placing.homes[at].first != NULL)
			settle_told(&placing, at);
	for (size_t at = n_told; at < placing.count; at++) {
		settle_by_execs(&placing, at);
		settle_by_job(&placing, at);
	}
	*inout_count = placing.count;
	return placing.attempts;
}
