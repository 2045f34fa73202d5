/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a job's records are: see job_places.h. */
#include "tool/record/job_places.h"

#include "lib/clock.h"
#include "lib/lines.h"
#include "tool/record/mentions.h"
#include "tool/record/my_groups.h"
#include "tool/group/resolve.h"

#include <errno.h>
#include <string.h>

/* A group that was opened, and what its records say about jobs. */
struct known_group {
	struct rlg_group group;
	struct rlg_mentions *mentions;
	struct known_group *next;
};

struct rlg_job_places {
	struct rlg_arena *arena;
	const struct rlg_siteconf *site;
	struct known_group *groups;
	const char *const *asked; /* groups that the user asked for from elsewhere */
	size_t n_asked;
	bool asked_read;
};

struct rlg_job_places *rlg_job_places_new(struct rlg_arena *arena, const struct rlg_siteconf *site)
{
	struct rlg_job_places *places = rlg_arena_alloc(arena, sizeof(*places));

	*places = (struct rlg_job_places){.arena = arena, .site = site};
	return places;
}

void rlg_job_places_free(struct rlg_job_places *places)
{
	for (struct known_group *known = places->groups; known != NULL; known = known->next)
		rlg_group_close(&known->group);
}

static struct known_group *find_known(struct rlg_job_places *places, const char *path)
{
	for (struct known_group *known = places->groups; known != NULL; known = known->next)
		if (strcmp(known->group.path, path) == 0)
			return known;
	return NULL;
}

/* Takes over an opened group; closes it if it is known already. */
static struct known_group *take_group(struct rlg_job_places *places, struct rlg_group *group)
{
	struct known_group *known = find_known(places, group->path);

	if (known != NULL) {
		rlg_group_close(group);
		return known;
	}
	known = rlg_arena_alloc(places->arena, sizeof(*known));
	*known = (struct known_group){.group = *group, .next = places->groups};
	known->mentions = rlg_mentions_read(places->arena, known->group.path);
	places->groups = known;
	return known;
}

static int open_known(struct rlg_job_places *places, const char *path, struct known_group **out_known, struct rlg_err *err)
{
	struct rlg_group group;

	*out_known = find_known(places, path);
	if (*out_known != NULL)
		return 0;
	int code = rlg_group_open(path, &group, err);
	if (code == 0)
		*out_known = take_group(places, &group);
	else
		rlg_group_close(&group);
	return code;
}

struct rlg_group *rlg_job_places_group(struct rlg_job_places *places, const char *path, struct rlg_err *err)
{
	struct known_group *known;

	return open_known(places, path, &known, err) == 0 ? &known->group : NULL;
}

/* The search for one job. */
struct search {
	struct rlg_job_places *places;
	const struct rlg_job_traits *traits;
	rlg_place_fn *tell;
	void *context;
	struct rlg_err *err;
};

static struct rlg_job_place place_of(struct known_group *known, const struct rlg_mention *mention)
{
	return (struct rlg_job_place){.group = &known->group,
				      .run = mention->run,
				      .phase = mention->phase,
				      .sid = mention->sid,
				      .array_task_id = -1};
}

/* An array that was cancelled whole: every run of it whose task has not begun. */
struct whole_array {
	const struct search *search;
	struct known_group *known;
	size_t tasks;
};

static int tell_task(void *context, const struct rlg_mention *mention)
{
	struct whole_array *array = context;
	struct rlg_job_place place = place_of(array->known, mention);

	array->tasks++;
	if (rlg_mentions_task_began(array->known->mentions, array->search->traits->array_job_id, mention->array_task_id))
		return 0;
	place.array_task_id = mention->array_task_id;
	return array->search->tell(array->search->context, &place);
}

/* -ENOENT: the records of this group do not know the job. */
static int tell_from_records(const struct search *search, struct known_group *known)
{
	const struct rlg_job_traits *traits = search->traits;
	const struct rlg_mention *mention = rlg_mentions_of_job(known->mentions, traits);

	int unread = rlg_mentions_unread(known->mentions);
	if (mention == NULL && unread != 0)
		return rlg_fail_errno(search->err, -unread, "cannot read all records of %s", known->group.path);
	if (mention == NULL)
		return -ENOENT;
	if (traits->array_job_id >= 0 && traits->array_task_id < 0 && mention->sid != NULL) {
		struct whole_array array = {.search = search, .known = known};
		int code = rlg_mentions_each_task(known->mentions, mention->sid, tell_task, &array);
		if (code != 0 || array.tasks > 0)
			return code;
	}
	struct rlg_job_place place = place_of(known, mention);
	int code = search->tell(search->context, &place);
	if (code == 0)
		rlg_mentions_take(known->mentions, mention, traits->job_id);
	return code;
}

static int tell_from_asked_groups(const struct search *search)
{
	struct rlg_job_places *places = search->places;

	if (!places->asked_read)
		places->n_asked = rlg_my_groups(places->arena, &places->asked);
	places->asked_read = true;
	for (size_t i = places->n_asked; i-- > 0;) {
		struct known_group *known;
		struct rlg_err why = {""};
		int code = open_known(places, places->asked[i], &known, &why);
		if (code == 0)
			code = tell_from_records(search, known);
		else if (rlg_errno_may_pass(-code))
			rlg_fail(search->err, code, "%s", why.text);
		else
			code = -ENOENT;
		if (code != -ENOENT)
			return code;
	}
	return -ENOENT;
}

static struct rlg_job_facts facts_of(struct rlg_arena *arena, const struct rlg_job_traits *traits)
{
	struct rlg_job_facts facts = {.folder = traits->folder, .client_folder = "/", .job_name = traits->job_name};

	if (traits->array_task_id >= 0)
		facts.array_task = rlg_arena_printf(arena, "%lld", (long long)traits->array_task_id);
	return facts;
}

/* As at a submission: by the job's folder and name. */
static int tell_resolved(const struct search *search, struct known_group *known, const struct rlg_job_facts *facts)
{
	struct rlg_resolution to;

	rlg_resolve_run(&known->group, facts, &to);
	if (strchr(to.run, '{') != NULL)
		return -ENOENT; /* an array's task whose number nobody told */
	struct rlg_job_place place = {.group = &known->group,
				      .run = to.run,
				      .phase = to.phase,
				      .matched_by = to.matched_by,
				      .array_task_id = -1};
	return search->tell(search->context, &place);
}

int rlg_job_places_each(struct rlg_job_places *places, const struct rlg_job_traits *traits, rlg_place_fn *tell, void *context,
			struct rlg_err *err)
{
	const struct search search = {.places = places, .traits = traits, .tell = tell, .context = context, .err = err};
	struct rlg_job_facts facts = facts_of(places->arena, traits);
	struct known_group *here = NULL;
	struct rlg_group group;
	int code = rlg_resolve_group(&facts, places->site, &group, err);

	if (code == 0)
		here = take_group(places, &group);
	else
		rlg_group_close(&group);
	if (code != 0 && code != -ENOENT)
		return code;
	code = here == NULL ? -ENOENT : tell_from_records(&search, here);
	if (code == -ENOENT)
		code = tell_from_asked_groups(&search);
	if (code == -ENOENT && here != NULL)
		code = tell_resolved(&search, here, &facts);
	return code;
}
