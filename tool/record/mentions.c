/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the records of a group say about jobs: see mentions.h. */
#include "tool/record/mentions.h"

#include "lib/clock.h"
#include "lib/lines.h"
#include "tool/record/job_places.h"
#include "tool/base/names.h"

#include <stdio.h>
#include <string.h>

/* Clocks of hosts differ, and Slurm cuts off fractions of a second. */
#define SKEW_US (5 * RLG_SECOND_US)

/* From our record of a submission to slurmctld's: as long as a client may take, held up by site's filters. */
#define SUBMISSION_US (60 * RLG_SECOND_US)

#define NONE ((size_t)-1)

struct rlg_mentions {
	struct rlg_arena *arena;
	struct rlg_record_body *reader; /* while it is read */
	struct rlg_mention *all;
	size_t count, room;
	struct rlg_names *jobs; /* by job id in figures: place in `last_of_job` */
	struct rlg_names *arrays;
	size_t *last_of_job, *last_of_array;
	size_t n_jobs, jobs_room, n_arrays, arrays_room;
	size_t last_unnumbered;
	struct rlg_names *taken; /* submissions (sid) whose job is known */
	int unread;
};

static size_t chain(struct rlg_arena *arena, struct rlg_names *names, size_t **lasts, size_t *count, size_t *room, int64_t id,
		    size_t newest)
{
	char key[32];

	if (id < 0)
		return NONE;
	snprintf(key, sizeof(key), "%lld", (long long)id);
	size_t at = rlg_names_find(names, key), older;
	if (at != RLG_NAMES_NONE) {
		older = (*lasts)[at];
		(*lasts)[at] = newest;
		return older;
	}
	if (*count == *room) {
		*room = *room == 0 ? 64 : 2 * *room;
		*lasts = rlg_arena_grow(arena, *lasts, *count, *room, sizeof(**lasts));
	}
	rlg_names_add(names, rlg_arena_strdup(arena, key), *count);
	(*lasts)[(*count)++] = newest;
	return NONE;
}

static size_t last_of(const struct rlg_names *names, const size_t *lasts, int64_t id)
{
	char key[32];

	snprintf(key, sizeof(key), "%lld", (long long)id);
	size_t at = id < 0 ? RLG_NAMES_NONE : rlg_names_find(names, key);
	return at == RLG_NAMES_NONE ? NONE : lasts[at];
}

static bool is_taken(const struct rlg_mentions *mentions, const char *sid)
{
	return sid == NULL || rlg_names_find(mentions->taken, sid) != RLG_NAMES_NONE;
}

static void take_sid(struct rlg_mentions *mentions, const char *sid)
{
	if (!is_taken(mentions, sid))
		rlg_names_add(mentions->taken, sid, 0);
}

static void add(struct rlg_mentions *mentions, const struct rlg_mention *mention)
{
	if (mentions->count == mentions->room) {
		mentions->room = mentions->room == 0 ? 256 : 2 * mentions->room;
		mentions->all = rlg_arena_grow(mentions->arena, mentions->all, mentions->count, mentions->room,
					       sizeof(*mentions->all));
	}
	size_t newest = mentions->count++;
	struct rlg_mention *added = &mentions->all[newest];
	*added = *mention;
	added->older = chain(mentions->arena, mentions->jobs, &mentions->last_of_job, &mentions->n_jobs,
			     &mentions->jobs_room, mention->job_id, newest);
	added->older_of_array = chain(mentions->arena, mentions->arrays, &mentions->last_of_array, &mentions->n_arrays,
				      &mentions->arrays_room, mention->array_job_id, newest);
	added->older_unnumbered = NONE;
	if (mention->job_id >= 0 || mention->kind == RLG_EVENT_REJECT) {
		take_sid(mentions, added->sid);
	} else if (mention->kind == RLG_EVENT_SUBMIT) {
		added->older_unnumbered = mentions->last_unnumbered;
		mentions->last_unnumbered = newest;
	}
}

static int add_line(void *context, const char *run, const char *file, const char *line, size_t length)
{
	struct rlg_mentions *mentions = context;
	struct rlg_record record;

	if (rlg_record_read(mentions->reader, line, length, &record, NULL) != 0)
		return 0;
	/* Most of what a group has is progress, and an event keeps its record's text. */
	if (rlg_event_kind_of(&record) <= RLG_EVENT_FINISH) {
		struct rlg_event event = rlg_event_from_record(mentions->arena, &record);
		struct rlg_mention mention = {
			.kind = event.kind,
			.time_us = event.time_us,
			.job_id = event.job_id,
			.array_job_id = event.array_job_id,
			.array_task_id = event.array_task_id,
			.cluster = event.cluster,
			.sid = event.sid,
			.run = rlg_arena_strdup(mentions->arena, run),
			.phase = event.phase,
			.job_name = rlg_arena_strdup(mentions->arena, rlg_record_get_str(&record, "job_name")),
			.folder = rlg_arena_strdup(mentions->arena, rlg_record_get_str(&record, "cwd")),
			.final = event.final,
		};
		add(mentions, &mention);
	}
	rlg_record_done(&record);
	return 0;
}

struct rlg_mentions *rlg_mentions_read(struct rlg_arena *arena, const char *group)
{
	struct rlg_mentions *mentions = rlg_arena_alloc(arena, sizeof(*mentions));
	struct rlg_damage damage = {.torn = 0};

	*mentions = (struct rlg_mentions){.arena = arena,
					  .jobs = rlg_names_new(arena),
					  .arrays = rlg_names_new(arena),
					  .taken = rlg_names_new(arena),
					  .last_unnumbered = NONE};
	mentions->reader = rlg_record_reader_new();
	int code = rlg_lines_each(group, NULL, add_line, mentions, &damage, NULL);
	rlg_record_reader_free(mentions->reader);
	mentions->reader = NULL;
	mentions->unread = code < 0 && rlg_errno_may_pass(-code) ? -code : damage.unread;
	return mentions;
}

int rlg_mentions_unread(const struct rlg_mentions *mentions)
{
	return mentions->unread;
}

static bool differ(const char *left, const char *right)
{
	return left != NULL && right != NULL && strcmp(left, right) != 0;
}

/*
 * Of one job id: the first mention since the submission, as what is told late may have been overtaken by another job of that
 * number; else the newest one before, and whether the last word then was that the job is over.
 */
struct found {
	const struct rlg_mention *mention;
	const struct rlg_mention *last_end;
};

static bool is_since(const struct rlg_mention *mention, const struct rlg_job_traits *traits)
{
	return mention->time_us >= traits->submit_us - SUBMISSION_US;
}

static bool is_nearer(const struct rlg_mention *mention, const struct rlg_mention *than, const struct rlg_job_traits *traits)
{
	if (traits->submit_us == 0 || (!is_since(mention, traits) && !is_since(than, traits)))
		return mention->time_us > than->time_us;
	return is_since(mention, traits) && (!is_since(than, traits) || mention->time_us < than->time_us);
}

static void look_at(struct found *found, const struct rlg_mention *mention, const struct rlg_job_traits *traits)
{
	if (differ(mention->cluster, traits->cluster))
		return;
	if (mention->kind == RLG_EVENT_FINISH &&
	    (found->last_end == NULL || mention->time_us > found->last_end->time_us))
		found->last_end = mention;
	if (found->mention == NULL || is_nearer(mention, found->mention, traits))
		found->mention = mention;
}

/* Job ids wrap.  What is older than the submission is of this job only if it was requeued since. */
static bool is_of_this_job(const struct found *found, const struct rlg_job_traits *traits)
{
	const struct rlg_mention *mention = found->mention;

	if (mention == NULL)
		return false;
	if (traits->submit_us == 0 || is_since(mention, traits))
		return true;
	if (found->last_end != NULL && found->last_end->final)
		return false;
	return !differ(mention->folder, traits->folder);
}

static const struct rlg_mention *by_job_id(const struct rlg_mentions *mentions, int64_t job_id,
					   const struct rlg_job_traits *traits)
{
	struct found found = {.mention = NULL};

	for (size_t at = last_of(mentions->jobs, mentions->last_of_job, job_id); at != NONE; at = mentions->all[at].older) {
		const struct rlg_mention *mention = &mentions->all[at];
		/* Of an array's submission that has a run a task, only the task's own. */
		if (traits->array_task_id >= 0 && mention->array_task_id >= 0 &&
		    mention->array_task_id != traits->array_task_id)
			continue;
		look_at(&found, mention, traits);
	}
	return is_of_this_job(&found, traits) ? found.mention : NULL;
}

static bool is_near(const struct rlg_mention *mention, const struct rlg_job_traits *traits)
{
	return mention->time_us >= traits->submit_us - SUBMISSION_US &&
	       mention->time_us <= traits->submit_us + RLG_SECOND_US + SKEW_US;
}

static int64_t distance(const struct rlg_mention *mention, const struct rlg_job_traits *traits)
{
	int64_t distance_us = traits->submit_us + RLG_SECOND_US / 2 - mention->time_us;

	return distance_us < 0 ? -distance_us : distance_us;
}

static bool same_place(const struct rlg_mention *left, const struct rlg_mention *right)
{
	return strcmp(left->run, right->run) == 0 && !differ(left->phase, right->phase);
}

/* Both may be it, as far as slurmctld's whole seconds tell. */
static bool is_as_near(const struct rlg_mention *left, const struct rlg_mention *right, const struct rlg_job_traits *traits)
{
	int64_t difference_us = distance(left, traits) - distance(right, traits);

	return (difference_us < 0 ? -difference_us : difference_us) < RLG_SECOND_US;
}

static bool is_from_there(const struct rlg_mention *mention, const struct rlg_job_traits *traits)
{
	return is_near(mention, traits) && !differ(mention->folder, traits->folder);
}

/* A submission that can be this job's, by all but its name. */
static bool may_be(const struct rlg_mentions *mentions, const struct rlg_mention *mention, const struct rlg_job_traits *traits)
{
	if (is_taken(mentions, mention->sid) || !is_from_there(mention, traits))
		return false;
	if (mention->array_task_id < 0)
		return true;
	return traits->array_job_id >= 0 && (traits->array_task_id < 0 || mention->array_task_id == traits->array_task_id);
}

/*
 * Submissions of which no job id is known: the nearest one from the same folder with the same name.  A job may have been
 * renamed while it waited, and have been cancelled then: so it is the folder's only one at that time, unless one of its
 * present name was submitted there, too.  Of two that are as near, in different runs, none: it would be a guess.
 */
static const struct rlg_mention *by_submission(const struct rlg_mentions *mentions, const struct rlg_job_traits *traits)
{
	const struct rlg_mention *best = NULL, *only = NULL;
	bool several = false, of_that_name = false;

	for (size_t at = mentions->last_unnumbered; at != NONE; at = mentions->all[at].older_unnumbered) {
		const struct rlg_mention *mention = &mentions->all[at];
		of_that_name = of_that_name || (is_from_there(mention, traits) && !differ(mention->job_name, traits->job_name));
		if (!may_be(mentions, mention, traits))
			continue;
		several = several || (only != NULL && differ(only->sid, mention->sid));
		only = mention;
		if (!differ(mention->job_name, traits->job_name) &&
		    (best == NULL || distance(mention, traits) < distance(best, traits)))
			best = mention;
	}
	if (best == NULL)
		return !traits->never_ran || several || of_that_name ? NULL : only;
	for (size_t at = mentions->last_unnumbered; at != NONE; at = mentions->all[at].older_unnumbered) {
		const struct rlg_mention *mention = &mentions->all[at];
		if (may_be(mentions, mention, traits) && !differ(mention->job_name, traits->job_name) &&
		    differ(mention->sid, best->sid) && !same_place(mention, best) && is_as_near(mention, best, traits))
			return NULL;
	}
	return best;
}

/* The submission of that sid which is this task's, or the whole array's. */
static const struct rlg_mention *by_sid(const struct rlg_mentions *mentions, const char *sid, int64_t task)
{
	const struct rlg_mention *whole = NULL;

	for (size_t i = 0; i < mentions->count; i++) {
		const struct rlg_mention *mention = &mentions->all[i];
		if (mention->kind != RLG_EVENT_SUBMIT || mention->sid == NULL || strcmp(mention->sid, sid) != 0)
			continue;
		if (mention->array_task_id == task)
			return mention;
		if (mention->array_task_id < 0)
			whole = mention;
	}
	return whole;
}

const struct rlg_mention *rlg_mentions_of_submission(const struct rlg_mentions *mentions, const char *sid)
{
	return by_sid(mentions, sid, -1);
}

/* What another task of the same array was told tells the submission; that tells where this one belongs. */
static const struct rlg_mention *by_array(const struct rlg_mentions *mentions, const struct rlg_job_traits *traits)
{
	struct found found = {.mention = NULL};

	for (size_t at = last_of(mentions->arrays, mentions->last_of_array, traits->array_job_id); at != NONE;
	     at = mentions->all[at].older_of_array)
		look_at(&found, &mentions->all[at], traits);
	if (!is_of_this_job(&found, traits) || found.mention->sid == NULL)
		return NULL;
	const struct rlg_mention *submission = by_sid(mentions, found.mention->sid, traits->array_task_id);
	return submission != NULL || traits->array_task_id >= 0 ? submission : found.mention;
}

const struct rlg_mention *rlg_mentions_of_job(const struct rlg_mentions *mentions, const struct rlg_job_traits *traits)
{
	const int64_t ids[] = {traits->job_id, traits->array_job_id, traits->het_job_id};
	const struct rlg_mention *found = NULL;

	for (size_t i = 0; i < 3 && found == NULL; i++)
		found = by_job_id(mentions, ids[i], traits);
	if (found == NULL)
		found = by_array(mentions, traits);
	return found != NULL ? found : by_submission(mentions, traits);
}

void rlg_mentions_take(struct rlg_mentions *mentions, const struct rlg_mention *mention, int64_t job_id)
{
	struct rlg_mention numbered = *mention;

	if (mention->job_id >= 0)
		return;
	numbered.job_id = job_id;
	add(mentions, &numbered);
}

int rlg_mentions_each_task(const struct rlg_mentions *mentions, const char *sid, rlg_mention_fn *tell, void *context)
{
	int code = 0;

	for (size_t i = 0; i < mentions->count && code == 0; i++) {
		const struct rlg_mention *mention = &mentions->all[i];
		if (mention->kind == RLG_EVENT_SUBMIT && mention->array_task_id >= 0 && mention->job_id < 0 &&
		    mention->sid != NULL && strcmp(mention->sid, sid) == 0)
			code = tell(context, mention);
	}
	return code;
}

bool rlg_mentions_task_began(const struct rlg_mentions *mentions, int64_t array_job_id, int64_t array_task_id)
{
	for (size_t at = last_of(mentions->arrays, mentions->last_of_array, array_job_id); at != NONE;
	     at = mentions->all[at].older_of_array)
		if (mentions->all[at].kind != RLG_EVENT_SUBMIT && mentions->all[at].array_task_id == array_task_id)
			return true;
	return false;
}
