/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which attempt of a job ran at a moment: see attempts_at.h. */
#include "tool/model/attempts_at.h"

#include "lib/clock.h"
#include "tool/base/names.h"

#include <string.h>

/* Past this munge refuses to work, and so does Slurm: such an event is about another job of that number. */
#define MOST_SKEW_US (300 * RLG_SECOND_US)

/* An attempt among those of its job, and what is known of those before it and behind it: they mostly lie in a row. */
struct place {
	size_t attempt;
	int64_t most_start_us, most_end_us; /* of it and those before it; INT64_MAX: one still runs */
	int64_t least_start_us; /* of it and those behind it */
};

/* All that have a job id, or where there is none a submission, in common. */
struct list {
	size_t begin, count; /* of its places */
};

struct rlg_attempts_at {
	const struct rlg_phased_attempt *attempts;
	struct rlg_names *names; /* by job id, or by submission: the number of the list */
	struct list *lists;
	size_t n_lists;
	struct place *places;
};

/* NOLINTNEXTLINE(misc-redundant-expression): two names of one number, each of which may change */
_Static_assert(RLG_NAMES_NONE == RLG_NO_ATTEMPT, "what is not there is no attempt");

static size_t list_of(const struct rlg_attempts_at *index, int64_t job_id, const char *sid)
{
	if (job_id >= 0)
		return rlg_names_find_id(index->names, job_id);
	return sid == NULL ? RLG_NAMES_NONE : rlg_names_find(index->names, sid);
}

/* Has it begun, and can it be found? */
static bool is_listed(const struct rlg_attempt *attempt)
{
	return (attempt->ended || attempt->start_us > 0) && (attempt->job_id >= 0 || attempt->sid != NULL);
}

static void count_attempt(struct rlg_attempts_at *index, const struct rlg_attempt *attempt)
{
	size_t number = list_of(index, attempt->job_id, attempt->sid);

	if (number == RLG_NAMES_NONE) {
		number = index->n_lists++;
		if (attempt->job_id >= 0)
			rlg_names_add_id(index->names, attempt->job_id, number);
		else
			rlg_names_add(index->names, attempt->sid, number);
	}
	index->lists[number].count++;
}

static int64_t greater(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

/* Slurm's own moments are whole seconds, cut. */
static int64_t end_of(const struct rlg_attempt *attempt)
{
	return attempt->end_us > 0 ? attempt->end_us + RLG_SECOND_US : INT64_MAX;
}

static void complete(const struct rlg_attempts_at *index, const struct list *list)
{
	struct place *places = index->places + list->begin;

	for (size_t i = 0; i < list->count; i++) {
		const struct rlg_attempt *attempt = &index->attempts[places[i].attempt].attempt;
		places[i].least_start_us = places[i].most_start_us = attempt->start_us;
		places[i].most_end_us = end_of(attempt);
		if (i == 0)
			continue;
		places[i].most_start_us = greater(places[i].most_start_us, places[i - 1].most_start_us);
		places[i].most_end_us = greater(places[i].most_end_us, places[i - 1].most_end_us);
	}
	for (size_t i = list->count; i-- > 1;)
		if (places[i].least_start_us < places[i - 1].least_start_us)
			places[i - 1].least_start_us = places[i].least_start_us;
}

struct rlg_attempts_at *rlg_attempts_at_new(struct rlg_arena *arena, const struct rlg_phased_attempt *attempts, size_t n_attempts)
{
	struct rlg_attempts_at *index = rlg_arena_alloc(arena, sizeof(*index));
	size_t begin = 0;

	*index = (struct rlg_attempts_at){.attempts = attempts,
					  .names = rlg_names_new(arena),
					  .lists = rlg_arena_alloc(arena, (n_attempts + 1) * sizeof(struct list)),
					  .places = rlg_arena_alloc(arena, (n_attempts + 1) * sizeof(struct place))};
	for (size_t i = 0; i < n_attempts; i++)
		if (is_listed(&attempts[i].attempt))
			count_attempt(index, &attempts[i].attempt);
	for (size_t i = 0; i < index->n_lists; i++) {
		index->lists[i].begin = begin;
		begin += index->lists[i].count;
		index->lists[i].count = 0;
	}
	for (size_t i = 0; i < n_attempts; i++) {
		if (!is_listed(&attempts[i].attempt))
			continue;
		struct list *list = &index->lists[list_of(index, attempts[i].attempt.job_id, attempts[i].attempt.sid)];
		index->places[list->begin + list->count++].attempt = i;
	}
	for (size_t i = 0; i < index->n_lists; i++)
		complete(index, &index->lists[i]);
	return index;
}

/* How far the moment lies outside of the attempt. */
static int64_t distance_us(const struct rlg_attempt *attempt, int64_t moment_us)
{
	if (moment_us < attempt->start_us)
		return attempt->start_us - moment_us;
	return moment_us > end_of(attempt) ? moment_us - end_of(attempt) : 0;
}

static bool same_cluster(const char *left, const char *right)
{
	return left == NULL || right == NULL || strcmp(left, right) == 0;
}

/* How many of them may have begun by then, or soon after it: the others are all behind these. */
static size_t count_near(const struct place *places, size_t count, int64_t moment_us)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (places[middle].least_start_us <= moment_us + MOST_SKEW_US)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Is this one, and all before it, further from the moment than that? */
static bool are_too_far(const struct place *place, int64_t moment_us, int64_t least_us)
{
	return place->most_start_us <= moment_us && place->most_end_us < moment_us && moment_us - place->most_end_us > least_us;
}

size_t rlg_attempts_at(const struct rlg_attempts_at *index, int64_t job_id, const char *cluster, const char *sid,
		       int64_t moment_us)
{
	size_t found = RLG_NO_ATTEMPT, number = list_of(index, job_id, sid);
	int64_t least_us = MOST_SKEW_US;

	if (number == RLG_NAMES_NONE)
		return RLG_NO_ATTEMPT;
	const struct place *places = index->places + index->lists[number].begin;
	for (size_t i = count_near(places, index->lists[number].count, moment_us);
	     i-- > 0 && !are_too_far(&places[i], moment_us, least_us);) {
		const struct rlg_attempt *attempt = &index->attempts[places[i].attempt].attempt;
		int64_t away_us = distance_us(attempt, moment_us);
		if (!same_cluster(attempt->cluster, cluster) || away_us > least_us ||
		    (found != RLG_NO_ATTEMPT && away_us == least_us &&
		     attempt->start_us <= index->attempts[found].attempt.start_us))
			continue;
		found = places[i].attempt;
		least_us = away_us;
	}
	return found;
}
