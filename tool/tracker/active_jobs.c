/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracker active_jobs.json: the registry of each agent's session (registry.h), with the jobs that it submitted to
 * this group.  Jobs of other types, of other groups, and members that we do not know stay as they are.
 */
#include "lib/clock.h"
#include "lib/layout.h"
#include "tool/base/names.h"
#include "tool/tracker/registry.h"
#include "tool/tracker/active_jobs.h"
#include "tool/tracker/tracker.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the files ---- */

/*
 * Can nobody else have written what this group's records say?  Agents read their registries as the word of their own
 * programs: a colleague's record must not get into one outside of the group that they share.
 */
static bool is_mine_alone(struct rlg_arena *arena, const char *group_path)
{
	struct stat marker;

	return stat(rlg_arena_printf(arena, "%s/" RLG_DIR, group_path), &marker) == 0 && marker.st_uid == geteuid() &&
	       !(marker.st_mode & (S_IWGRP | S_IWOTH));
}

/*
 * The usual pattern is seen from the root of the project that the group lies in; another one from the group, as with every
 * tracker, and in a group that others write, too.  Relative, if that is the group.
 */
static const char *rooted(struct rlg_arena *arena, const char *group_path, const char *choice)
{
	bool is_usual = strcmp(choice, RLG_REGISTRY_PATTERN) == 0 && is_mine_alone(arena, group_path);
	const char *root = is_usual ? rlg_registry_root(arena, group_path) : group_path;

	if (strcmp(root, group_path) == 0)
		return choice;
	return rlg_arena_printf(arena, "%s/%s", root, choice);
}

const char *rlg_active_jobs_path(struct rlg_arena *arena, const char *group_path, const struct rlg_config *config,
				 const char *session, bool *out_shared)
{
	const char *choice = RLG_REGISTRY_PATTERN;

	for (size_t i = 0; i < config->n_trackers; i++)
		if (strcmp(config->trackers[i].tracker, "active_jobs") == 0 && config->trackers[i].path != NULL)
			choice = config->trackers[i].path;
	*out_shared = strstr(choice, RLG_REGISTRY_SESSION) == NULL;
	const char *path = rlg_registry_path(arena, rooted(arena, group_path, choice), session);
	return path[0] == '/' ? path : rlg_arena_printf(arena, "%s/%s", group_path, path);
}

struct naming {
	const struct rlg_tracker_view *view;
	rlg_tracker_place_fn *tell;
	void *context;
	struct rlg_names *told;
};

static void tell_path(struct naming *naming, const char *path, const char *session)
{
	struct rlg_tracker_place place = {.path = rlg_arena_strdup(naming->view->arena, path),
					  .data = session == NULL ? NULL : rlg_arena_strdup(naming->view->arena, session)};

	if (rlg_names_find(naming->told, place.path) != RLG_NAMES_NONE)
		return;
	rlg_names_add(naming->told, place.path, 0);
	naming->tell(naming->context, &place);
}

/* The session in a path that the pattern made; NULL: none that may be one. */
static const char *session_in(struct rlg_arena *arena, const char *pattern, const char *path)
{
	size_t before = (size_t)(strstr(pattern, RLG_REGISTRY_SESSION) - pattern);
	size_t behind = strlen(pattern) - before - strlen(RLG_REGISTRY_SESSION), length = strlen(path);

	if (length < before + behind)
		return NULL;
	const char *session = rlg_arena_strndup(arena, path + before, length - before - behind);
	return rlg_name_ok(session, NULL) ? session : NULL;
}

/* `path` for glob(3), where it stands for itself; `session` is what {session} becomes. */
static const char *glob_of(struct rlg_arena *arena, const char *path, const char *session)
{
	const char *mark = strstr(path, RLG_REGISTRY_SESSION);
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	for (const char *at = path; *at != '\0'; at++) {
		if (at == mark) {
			rlg_bytes_add(&out, session);
			at += strlen(RLG_REGISTRY_SESSION) - 1;
			continue;
		}
		rlg_bytes_addf(&out, "%s%c", strchr("*?[\\", *at) != NULL ? "\\" : "", *at);
	}
	return out.data;
}

static void tell_those_there(struct naming *naming, const char *pattern)
{
	struct rlg_arena *arena = naming->view->arena;
	const char *group = naming->view->group_path;
	size_t skip = pattern[0] == '/' ? 0 : strlen(group) + 1;
	bool one_a_session = strstr(pattern, RLG_REGISTRY_SESSION) != NULL;
	const char *full = skip == 0 ? pattern : rlg_arena_printf(arena, "%s/%s", group, pattern);
	glob_t found;

	if (glob(glob_of(arena, full, "*"), 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++) {
			const char *path = found.gl_pathv[i] + skip;
			const char *session = one_a_session ? session_in(arena, pattern, path) : NULL;
			if (!one_a_session || session != NULL)
				tell_path(naming, path, session);
		}
	globfree(&found);
}

static int places(const struct rlg_tracker_view *view, rlg_tracker_place_fn *tell, void *context, struct rlg_err *err)
{
	struct naming naming = {.view = view, .tell = tell, .context = context, .told = rlg_names_new(view->arena)};
	const char *pattern = rooted(view->arena, view->group_path, view->choice);
	bool one_a_session = strstr(pattern, RLG_REGISTRY_SESSION) != NULL;
	struct rlg_active_jobs jobs;

	tell_those_there(&naming, pattern);
	rlg_active_jobs_find(view->arena, view->model, &jobs);
	for (size_t i = 0; i < jobs.n; i++) {
		const char *session = jobs.list[i].session;
		/* Records can be forged, and this becomes a part of a path. */
		if (jobs.list[i].active && session != NULL && rlg_name_ok(session, NULL))
			tell_path(&naming, rlg_registry_path(view->arena, pattern, session), one_a_session ? session : NULL);
	}
	return 0;
}

static int stops_search(const char *path, int number)
{
	return rlg_errno_may_pass(number);
}

static const char *found(struct rlg_arena *arena, const char *group_path, int *out_unread)
{
	const char *path = rlg_arena_printf(arena, "%s/%s", rlg_registry_root(arena, group_path), RLG_REGISTRY_PATTERN);
	glob_t matches;
	int code = glob(glob_of(arena, path, "*"), GLOB_NOSORT, stops_search, &matches);

	if (code == GLOB_ABORTED)
		*out_unread = EIO;
	globfree(&matches);
	return code == 0 ? RLG_REGISTRY_PATTERN : NULL;
}

/* ---- rendering ---- */

static bool same(const char *one, const char *other)
{
	return one != NULL && other != NULL && strcmp(one, other) == 0;
}

struct rendering {
	struct rlg_arena *arena;
	struct rlg_active_jobs jobs;
	const char *session;
	struct rlg_json_doc doc;
	struct rlg_text_edits edits;
	size_t removed, changed;
};

static int set_state(struct rendering *rendering, struct rlg_json_node *element, const char *state)
{
	const struct rlg_json_node *value = rlg_json_get(element, "last_status");
	const char *text = rlg_json_text(rendering->arena, state);
	struct rlg_json_new member = {"last_status", text};

	rendering->changed++;
	if (value != NULL)
		return rlg_json_set(&rendering->doc, &rendering->edits, value, text);
	return rlg_json_update(&rendering->doc, &rendering->edits, element, &member, 1);
}

/* Keeps up the entry of a job of ours, or marks it as one that goes. */
static int keep_entry(struct rendering *rendering, struct rlg_json_node *element)
{
	struct rlg_registry_entry entry;

	if (!rlg_registry_read(element, &entry) || (entry.type != NULL && strcmp(entry.type, "slurm") != 0))
		return 0;
	struct rlg_active_job *job = rlg_active_job_of_entry(&rendering->jobs, &entry, rendering->session);
	if (job == NULL)
		return 0;
	job->known = true;
	const char *state = rlg_active_job_state(&rendering->jobs, job, entry.id);
	if (state == NULL) {
		element->removed = true;
		rendering->removed++;
		return 0;
	}
	if (same(state, rlg_registry_state(rendering->arena, entry.last_status)))
		return 0;
	return set_state(rendering, element, state);
}

/* NULL where nobody told when the job was submitted. */
static const char *submitted_text(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	char text[RLG_TIME_TEXT_MAX];

	rlg_clock_local(attempt->submit_us > 0 ? attempt->submit_us : attempt->start_us, text);
	return text[0] == '\0' ? NULL : rlg_arena_strndup(arena, text, sizeof("2026-03-11 15:00") - 1);
}

static const char *new_entry(struct rendering *rendering, const struct rlg_active_job *job)
{
	const struct rlg_attempt *attempt = job->newest;
	struct rlg_registry_entry entry = {
		.type = "slurm", .id = job->id, .user = attempt->user, .session = job->session,
		.host = attempt->submission.host != NULL ? attempt->submission.host : attempt->cluster,
		.submitted = submitted_text(rendering->arena, attempt),
		.description = job->n_runs > 1 ? rlg_arena_printf(rendering->arena, "%s of %zu runs", job->phase, job->n_runs)
					       : rlg_arena_printf(rendering->arena, "%s/%s", job->run, job->phase),
		.last_status = rlg_active_job_state(&rendering->jobs, job, job->id),
		.agent = attempt->submission.agent};

	return rlg_registry_write(rendering->arena, &entry);
}

/* A registry that is no session's is everyone's. */
static bool is_of_here(const struct rendering *rendering, const struct rlg_active_job *job)
{
	return job->session != NULL && (rendering->session == NULL || same(job->session, rendering->session));
}

/* Jobs that were put into the file once, "ID CLUSTER" in a line: one that a person took out does not come back. */
static void read_memory(struct rendering *rendering, const char *memory)
{
	for (const char *at = memory == NULL ? "" : memory; *at != '\0';) {
		size_t length = strcspn(at, "\n"), id_length = strcspn(at, " \n");
		const char *id = rlg_arena_strndup(rendering->arena, at, id_length);
		const char *cluster = id_length == length
					      ? NULL
					      : rlg_arena_strndup(rendering->arena, at + id_length + 1, length - id_length - 1);
		struct rlg_active_job *job = rlg_active_job_called(&rendering->jobs, id);
		for (; job != NULL; job = job->same_id)
			job->known = job->known || cluster == NULL || job->cluster == NULL || same(cluster, job->cluster);
		at += length + (at[length] == '\n');
	}
}

static void remember(const struct rlg_tracker_view *view, const struct rendering *rendering)
{
	for (size_t i = 0; view->remember != NULL && i < rendering->jobs.n; i++) {
		const struct rlg_active_job *job = &rendering->jobs.list[i];
		if (job->active && is_of_here(rendering, job))
			rlg_bytes_addf(view->remember, "%s%s%s\n", job->id, job->cluster == NULL ? "" : " ",
				       job->cluster == NULL ? "" : job->cluster);
	}
}

/* The jobs that are to be registered; returns how many. */
static size_t find_new(struct rendering *rendering, struct rlg_json_new **out_new)
{
	size_t count = 0;

	*out_new = rlg_arena_alloc(rendering->arena, (rendering->jobs.n + 1) * sizeof(**out_new));
	for (size_t i = 0; i < rendering->jobs.n; i++) {
		const struct rlg_active_job *job = &rendering->jobs.list[i];
		if (job->active && !job->known && is_of_here(rendering, job))
			(*out_new)[count++] = (struct rlg_json_new){.value = new_entry(rendering, job)};
	}
	return count;
}

static int render(const struct rlg_tracker_view *view, const struct rlg_tracker_place *place, const char *path,
		  const char *text, const char *base, struct rlg_bytes *out, struct rlg_err *err)
{
	struct rendering rendering = {.arena = view->arena, .session = place->data};
	struct rlg_json_new *added;
	int code = rlg_registry_parse(view->arena, path, text, &rendering.doc, err);

	if (code != 0)
		return code;
	rlg_active_jobs_find(view->arena, view->model, &rendering.jobs);
	rlg_text_edits_init(&rendering.edits, view->arena);
	for (struct rlg_json_node *element = rendering.doc.root->first; element != NULL && code == 0; element = element->next)
		code = keep_entry(&rendering, element);
	read_memory(&rendering, view->memory);
	size_t n_added = find_new(&rendering, &added);
	remember(view, &rendering);
	if (code == 0 && n_added + rendering.removed > 0)
		code = rlg_json_update(&rendering.doc, &rendering.edits, rendering.doc.root, added, n_added);
	if (code == 0 && n_added + rendering.removed + rendering.changed == 0) {
		rlg_bytes_add(out, text == NULL ? "" : text);
		return 0;
	}
	if (code == 0)
		code = rlg_text_edits_apply(&rendering.edits, rendering.doc.text, rendering.doc.length, out);
	return code == 0 ? 0 : rlg_fail(err, code, "%s:1: this file cannot be brought up to date, and is left as it is", path);
}

const struct rlg_tracker rlg_tracker_active_jobs = {
	.name = "active_jobs",
	.default_path = RLG_REGISTRY_PATTERN,
	.about = "the jobs that each agent's session has at work",
	.found = found,
	.places = places,
	.render = render,
};
