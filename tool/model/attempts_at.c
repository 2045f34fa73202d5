/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which attempt of a job ran at a moment: see attempts_at.h. */
#include "tool/model/attempts_at.h"

#include "lib/clock.h"
#include "tool/base/names.h"

#include <string.h>

/* Past this munge refuses to work, and so does Slurm: such an event is about another job of that number. */
#define MOST_SKEW_US (300 * RLG_SECOND_US)

struct rlg_attempts_at {
	const struct rlg_phased_attempt *attempts;
	struct rlg_names *last; /* by job id, or where there is none by submission: its last attempt */
	size_t *before; /* by attempt: the one before it of the same job */
};

static size_t last_of(const struct rlg_attempts_at *index, int64_t job_id, const char *sid)
{
	if (job_id >= 0)
		return rlg_names_find_id(index->last, job_id);
	return sid == NULL ? RLG_NAMES_NONE : rlg_names_find(index->last, sid);
}

static void add_last(struct rlg_attempts_at *index, const struct rlg_attempt *attempt, size_t at)
{
	if (attempt->job_id >= 0)
		rlg_names_add_id(index->last, attempt->job_id, at);
	else if (attempt->sid != NULL)
		rlg_names_add(index->last, attempt->sid, at);
}

/* NOLINTNEXTLINE(misc-redundant-expression): two names of one number, each of which may change */
_Static_assert(RLG_NAMES_NONE == RLG_NO_ATTEMPT, "what is not there is no attempt");

struct rlg_attempts_at *rlg_attempts_at_new(struct rlg_arena *arena, const struct rlg_phased_attempt *attempts, size_t n_attempts)
{
	struct rlg_attempts_at *index = rlg_arena_alloc(arena, sizeof(*index));
	size_t *first = rlg_arena_alloc(arena, (n_attempts + 1) * sizeof(*first)); /* of a chain, by its last */
	size_t *before = rlg_arena_alloc(arena, (n_attempts + 1) * sizeof(*before));

	*index = (struct rlg_attempts_at){.attempts = attempts, .last = rlg_names_new(arena), .before = before};
	/* From the last one on, so that the number that a name has is the head of its chain. */
	for (size_t i = n_attempts; i-- > 0;) {
		const struct rlg_attempt *attempt = &attempts[i].attempt;
		before[i] = RLG_NO_ATTEMPT;
		if (!(attempt->ended || attempt->start_us > 0))
			continue;
		size_t head = last_of(index, attempt->job_id, attempt->sid);
		if (head == RLG_NAMES_NONE) {
			add_last(index, attempt, i);
			first[i] = i;
			continue;
		}
		before[first[head]] = i;
		first[head] = i;
	}
	return index;
}

/* How far the moment lies outside of the attempt.  Slurm's own moments are whole seconds, cut. */
static int64_t distance_us(const struct rlg_attempt *attempt, int64_t moment_us)
{
	int64_t end_us = attempt->end_us + RLG_SECOND_US;

	if (moment_us < attempt->start_us)
		return attempt->start_us - moment_us;
	return attempt->end_us > 0 && moment_us > end_us ? moment_us - end_us : 0;
}

static bool same_cluster(const char *left, const char *right)
{
	return left == NULL || right == NULL || strcmp(left, right) == 0;
}

size_t rlg_attempts_at(const struct rlg_attempts_at *index, int64_t job_id, const char *cluster, const char *sid,
		       int64_t moment_us)
{
	size_t found = RLG_NO_ATTEMPT;
	int64_t least_us = MOST_SKEW_US;

	for (size_t i = last_of(index, job_id, sid); i != RLG_NO_ATTEMPT; i = index->before[i]) {
		const struct rlg_attempt *attempt = &index->attempts[i].attempt;
		int64_t away_us = distance_us(attempt, moment_us);
		if (!same_cluster(attempt->cluster, cluster) || away_us > least_us ||
		    (found != RLG_NO_ATTEMPT && away_us == least_us &&
		     attempt->start_us <= index->attempts[found].attempt.start_us))
			continue;
		found = i;
		least_us = away_us;
	}
	return found;
}
