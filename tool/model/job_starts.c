/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The batch starts of one job by their moments: see job_starts.h. */
#include "tool/model/job_starts.h"

#include "lib/clock.h"

#include <stdlib.h>
#include <string.h>

#define NONE ((size_t)-1)

struct start {
	int64_t at_us; /* what they are sorted by */
	int64_t time_us;
	size_t event;
};

struct starts {
	struct start *list;
	size_t count;
};

struct rlg_job_starts {
	struct starts all; /* by when they were told */
	struct starts silent; /* those that do not say when they began: the same */
	struct starts told; /* those that do, by that */
};

bool rlg_is_batch_start(const struct rlg_event *event)
{
	return event->kind == RLG_EVENT_START && event->step != NULL && strcmp(event->step, "batch") == 0;
}

static int compare_starts(const void *left, const void *right)
{
	const struct start *a = left, *b = right;

	if (a->at_us != b->at_us)
		return a->at_us < b->at_us ? -1 : 1;
	return a->event < b->event ? -1 : a->event > b->event;
}

static void add(struct starts *starts, int64_t at_us, int64_t time_us, size_t event)
{
	starts->list[starts->count++] = (struct start){at_us, time_us, event};
}

struct rlg_job_starts *rlg_job_starts_new(struct rlg_arena *arena, const struct rlg_event *const *events, size_t n_events)
{
	struct rlg_job_starts *starts = rlg_arena_alloc(arena, sizeof(*starts));
	struct starts *each[] = {&starts->all, &starts->silent, &starts->told};
	size_t count = 0;

	for (size_t i = 0; i < n_events; i++)
		count += rlg_is_batch_start(events[i]);
	for (size_t i = 0; i < 3; i++)
		each[i]->list = rlg_arena_alloc(arena, count * sizeof(struct start) + 1);
	for (size_t i = 0; i < n_events; i++) {
		const struct rlg_event *event = events[i];
		if (!rlg_is_batch_start(event))
			continue;
		add(&starts->all, event->time_us, event->time_us, i);
		if (event->start_us > 0)
			add(&starts->told, event->start_us, event->time_us, i);
		else
			add(&starts->silent, event->time_us, event->time_us, i);
	}
	if (starts->told.count > 1)
		qsort(starts->told.list, starts->told.count, sizeof(struct start), compare_starts);
	return starts;
}

/* How many of them come before that moment. */
static size_t count_before(const struct starts *starts, int64_t moment_us)
{
	size_t low = 0, high = starts->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (starts->list[middle].at_us < moment_us)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t rlg_job_start_before(const struct rlg_job_starts *starts, const size_t *taken, int64_t earliest_us, int64_t latest_us)
{
	const struct start *list = starts->all.list;

	for (size_t i = count_before(&starts->all, latest_us + 1); i-- > 0 && list[i].at_us >= earliest_us;)
		if (taken[list[i].event] == NONE)
			return list[i].event;
	return NONE;
}

/* Of two that are as near the first. */
static const struct start *nearer(const struct start *one, const struct start *other, int64_t start_us)
{
	if (one == NULL || other == NULL)
		return one == NULL ? other : one;
	int64_t one_us = llabs(one->time_us - start_us), other_us = llabs(other->time_us - start_us);
	if (one_us != other_us)
		return one_us < other_us ? one : other;
	return one->event < other->event ? one : other;
}

static const struct start *nearest_told(const struct starts *starts, const size_t *taken, int64_t start_us)
{
	const struct start *found = NULL;

	for (size_t i = count_before(starts, start_us - RLG_SECOND_US);
	     i < starts->count && starts->list[i].at_us <= start_us + RLG_SECOND_US; i++)
		if (taken[starts->list[i].event] == NONE)
			found = nearer(found, &starts->list[i], start_us);
	return found;
}

/* From the moment on to both sides, as far as the first that nobody has.  It may lie behind the latest, as clocks differ. */
static const struct start *nearest_silent(const struct starts *starts, const size_t *taken, int64_t start_us,
					  int64_t earliest_us, int64_t latest_us)
{
	const struct start *list = starts->list, *found = NULL;
	size_t middle = count_before(starts, start_us);
	size_t left = latest_us < start_us ? count_before(starts, latest_us + 1) : middle;

	for (size_t i = left; i-- > 0 && list[i].at_us >= earliest_us && (found == NULL || list[i].at_us == found->at_us);)
		if (taken[list[i].event] == NONE)
			found = &list[i];
	for (size_t i = middle; i < starts->count && list[i].at_us <= latest_us; i++)
		if (taken[list[i].event] == NONE)
			return nearer(found, &list[i], start_us);
	return found;
}

size_t rlg_job_start_near(const struct rlg_job_starts *starts, const size_t *taken, int64_t start_us, int64_t skew_us,
			  int64_t latest_us)
{
	const struct start *told = nearest_told(&starts->told, taken, start_us);
	const struct start *silent = nearest_silent(&starts->silent, taken, start_us, start_us - skew_us, latest_us);
	const struct start *found = nearer(told, silent, start_us);

	return found == NULL ? NONE : found->event;
}
