/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which task failed first in an attempt: see failure.h. */
#include "tool/model/failure.h"

#include "tool/model/attempts_at.h"

#include <signal.h>
#include <string.h>

/*
 * The states that a failed task can be the cause of, or that may still come to one.  In those that are not sure, a task
 * that got SIGTERM or SIGKILL was most likely ended by Slurm with its job.
 */
static const struct {
	const char *state;
	bool sure;
} caused[] = {
	{"FAILED", true},   {"OUT_OF_MEMORY", true}, {"NODE_FAIL", false}, {"UNKNOWN", false},
	{"RUNNING", false}, {"COMPLETING", false},   {"SUSPENDED", false},
};

static bool may_be_killed_by_slurm(const struct rlg_event *event)
{
	return (event->signal == SIGTERM || event->signal == SIGKILL) && event->oom != 1;
}

static bool is_cause(const struct rlg_attempt *attempt, const struct rlg_event *event)
{
	for (size_t i = 0; i < sizeof(caused) / sizeof(caused[0]); i++)
		if (attempt->slurm_state != NULL && strcmp(caused[i].state, attempt->slurm_state) == 0)
			return caused[i].sure || !may_be_killed_by_slurm(event);
	return false;
}

static int compare_texts(const char *left, const char *right)
{
	return strcmp(left == NULL ? "" : left, right == NULL ? "" : right);
}

static bool is_earlier(const struct rlg_event *left, const struct rlg_event *right)
{
	int order = compare_texts(left->node, right->node);

	if (left->time_us != right->time_us)
		return left->time_us < right->time_us;
	if (order == 0)
		order = compare_texts(left->id, right->id);
	return order != 0 ? order < 0 : rlg_event_compare(left, right) < 0;
}

/* Of a job that Slurm calls out of memory a task that was killed for it says more than one that failed before. */
static bool is_better(const struct rlg_attempt *attempt, const struct rlg_event *event, const struct rlg_event *known)
{
	bool about_memory = strcmp(attempt->slurm_state, "OUT_OF_MEMORY") == 0;

	if (known == NULL)
		return true;
	if (about_memory && (event->oom == 1) != (known->oom == 1))
		return event->oom == 1;
	return is_earlier(event, known);
}

static const struct rlg_failure *make_failure(struct rlg_arena *arena, const struct rlg_event *event)
{
	struct rlg_failure *failure = rlg_arena_alloc(arena, sizeof(*failure));

	*failure = (struct rlg_failure){.node = event->node,
					.rank = event->rank,
					.step = event->step,
					.exit_code = event->exit_code,
					.signal = event->signal,
					.oom = event->oom};
	return failure;
}

void rlg_failures_find(struct rlg_arena *arena, const struct rlg_event *events, size_t n_events,
		       struct rlg_phased_attempt *attempts, size_t n_attempts)
{
	const struct rlg_event **first = rlg_arena_alloc(arena, n_attempts * sizeof(const struct rlg_event *) + 1);
	const struct rlg_attempts_at *index = NULL; /* hardly any run needs it */

	for (size_t i = 0; i < n_events; i++) {
		if (events[i].kind != RLG_EVENT_TASK_FAILED)
			continue;
		if (events[i].job_id < 0)
			continue;
		if (index == NULL)
			index = rlg_attempts_at_new(arena, attempts, n_attempts);
		size_t at = rlg_attempts_at(index, events[i].job_id, events[i].cluster, NULL, events[i].time_us);
		if (at == RLG_NO_ATTEMPT || !is_cause(&attempts[at].attempt, &events[i]))
			continue;
		if (is_better(&attempts[at].attempt, &events[i], first[at]))
			first[at] = &events[i];
	}
	for (size_t at = 0; at < n_attempts; at++)
		attempts[at].attempt.failure = first[at] == NULL ? NULL : make_failure(arena, first[at]);
}
