/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracker active_jobs.json: the registry of each agent's session (registry.h), with the jobs that it submitted to
 * this group.  Jobs of other types, of other groups, and members that we do not know stay as they are.
 */
#include "lib/clock.h"
#include "lib/layout.h"
#include "tool/names.h"
#include "tool/registry.h"
#include "tool/tracker/tracker.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- the jobs of the group ---- */

/* A job as a person speaks of it: an array, or the parts of a heterogeneous job, are one. */
struct job {
	const char *id;
	const char *session;
	const struct rlg_attempt *attempt; /* whose state is told */
	const struct rlg_attempt *newest;
	const char *run, *phase;
	size_t n_runs; /* that its tasks belong to */
	bool active; /* any of it */
};

struct jobs {
	struct rlg_arena *arena;
	struct rlg_names *names; /* ids */
	struct job *list;
	size_t n, room;
};

static const char *id_of(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	int64_t id = attempt->array_job_id >= 0 ? attempt->array_job_id
		     : attempt->het_job_id >= 0 ? attempt->het_job_id
						: attempt->job_id;

	return id < 0 ? NULL : rlg_arena_printf(arena, "%lld", (long long)id);
}

static bool is_active(const struct rlg_attempt *attempt)
{
	return !(attempt->ended && attempt->final);
}

/* What a job shows of its parts: one that runs, else one that waits, else one that failed. */
static int weight_of(const struct rlg_attempt *attempt)
{
	static const int weights[RLG_STATUS_COUNT] = {
		[RLG_STATUS_RUNNING] = 3, [RLG_STATUS_SUBMITTED] = 2, [RLG_STATUS_FAILED] = 1};

	return weights[attempt->status];
}

/* Later attempts of one and the same part take its place; attempts come oldest first. */
static bool is_same_part(const struct rlg_attempt *one, const struct rlg_attempt *other)
{
	return one->job_id == other->job_id && one->array_task_id == other->array_task_id;
}

/* A number that came round again is another job. */
static bool is_same_job(const struct rlg_attempt *older, const struct rlg_attempt *newer)
{
	return is_same_part(older, newer) || older->array_job_id >= 0 || older->het_job_id >= 0;
}

static void add_to_job(struct job *job, const struct rlg_run *run, const struct rlg_phase *phase,
		       const struct rlg_attempt *attempt)
{
	if (job->newest == NULL || !is_same_job(job->newest, attempt)) {
		job->attempt = attempt;
		job->run = run->name;
		job->phase = phase->name;
		job->n_runs = 1;
	} else {
		job->n_runs += strcmp(job->run, run->name) != 0;
	}
	if (is_same_part(job->attempt, attempt) || weight_of(attempt) > weight_of(job->attempt))
		job->attempt = attempt;
	job->newest = attempt;
	if (attempt->submission.session != NULL)
		job->session = attempt->submission.session;
	job->active = is_active(job->attempt);
}

static void add_attempt(struct jobs *jobs, const struct rlg_run *run, const struct rlg_phase *phase,
			const struct rlg_attempt *attempt)
{
	const char *id = id_of(jobs->arena, attempt);
	size_t at = id == NULL ? RLG_NAMES_NONE : rlg_names_find(jobs->names, id);

	if (id == NULL)
		return;
	if (at == RLG_NAMES_NONE) {
		if (jobs->n == jobs->room) {
			jobs->room = jobs->room == 0 ? 16 : 2 * jobs->room;
			jobs->list = rlg_arena_grow(jobs->arena, jobs->list, jobs->n, jobs->room, sizeof(*jobs->list));
		}
		at = jobs->n++;
		jobs->list[at] = (struct job){.id = id};
		rlg_names_add(jobs->names, id, at);
	}
	add_to_job(&jobs->list[at], run, phase, attempt);
}

static void find_jobs(struct rlg_arena *arena, const struct rlg_model *model, struct jobs *out_jobs)
{
	*out_jobs = (struct jobs){.arena = arena, .names = rlg_names_new(arena)};
	for (size_t r = 0; model != NULL && r < model->n_runs; r++)
		for (size_t p = 0; p < model->runs[r].n_phases; p++) {
			const struct rlg_phase *phase = &model->runs[r].phases[p];
			for (size_t a = 0; a < phase->n_attempts; a++)
				add_attempt(out_jobs, &model->runs[r], phase, &phase->attempts[a]);
		}
}

static const struct job *job_called(const struct jobs *jobs, const char *id)
{
	size_t at;

	if (id == NULL)
		return NULL;
	/* A person may name a task of an array, "12_3", or a component, "12+1": it is the job's entry all the same. */
	at = rlg_names_find(jobs->names, rlg_arena_strndup(jobs->arena, id, strcspn(id, "_+")));
	return at == RLG_NAMES_NONE ? NULL : &jobs->list[at];
}

/* ---- the files ---- */

/* The pattern seen from the root of the project that the group lies in: relative, if that is the group. */
static const char *rooted(const struct rlg_tracker_view *view)
{
	const char *root = view->choice[0] == '/' ? view->group_path : rlg_registry_root(view->arena, view->group_path);

	if (strcmp(root, view->group_path) == 0)
		return view->choice;
	return rlg_arena_printf(view->arena, "%s/%s", root, view->choice);
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
	const char *mark = strstr(pattern, RLG_REGISTRY_SESSION);
	size_t before = mark == NULL ? 0 : (size_t)(mark - pattern);

	if (mark == NULL || strncmp(pattern, path, before) != 0)
		return NULL;
	const char *session = rlg_arena_strndup(arena, path + before, strcspn(path + before, "/"));
	return rlg_name_ok(session, NULL) ? session : NULL;
}

static void tell_those_there(struct naming *naming, const char *pattern)
{
	struct rlg_arena *arena = naming->view->arena;
	const char *group = naming->view->group_path;
	size_t skip = pattern[0] == '/' ? 0 : strlen(group) + 1;
	const char *stars = rlg_registry_path(arena, pattern, "*");
	const char *full = skip == 0 ? stars : rlg_arena_printf(arena, "%s/%s", group, stars);
	glob_t found;

	if (glob(full, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			tell_path(naming, found.gl_pathv[i] + skip, session_in(arena, pattern, found.gl_pathv[i] + skip));
	globfree(&found);
}

static int places(const struct rlg_tracker_view *view, rlg_tracker_place_fn *tell, void *context, struct rlg_err *err)
{
	struct naming naming = {.view = view, .tell = tell, .context = context, .told = rlg_names_new(view->arena)};
	const char *pattern = rooted(view);
	bool one_a_session = strstr(pattern, RLG_REGISTRY_SESSION) != NULL;
	struct jobs jobs;

	tell_those_there(&naming, pattern);
	find_jobs(view->arena, view->model, &jobs);
	for (size_t i = 0; i < jobs.n; i++)
		if (jobs.list[i].active && jobs.list[i].session != NULL)
			tell_path(&naming, rlg_registry_path(view->arena, pattern, jobs.list[i].session),
				  one_a_session ? jobs.list[i].session : NULL);
	return 0;
}

static const char *found(struct rlg_arena *arena, const char *group_path)
{
	const char *root = rlg_registry_root(arena, group_path);
	const char *pattern = rlg_arena_printf(arena, "%s/%s", root, rlg_registry_path(arena, RLG_REGISTRY_PATTERN, "*"));
	glob_t matches;
	bool any = glob(pattern, GLOB_NOSORT, NULL, &matches) == 0;

	globfree(&matches);
	return any ? RLG_REGISTRY_PATTERN : NULL;
}

/* ---- rendering ---- */

/* "2026-03-11 15:00", local; 0: it is something else. */
static int64_t submitted_us(const char *words)
{
	struct tm parts = {.tm_isdst = -1};

	if (words == NULL || strptime(words, "%Y-%m-%d %H:%M", &parts) == NULL)
		return 0;
	time_t moment = mktime(&parts);
	return moment == (time_t)-1 ? 0 : (int64_t)moment * RLG_SECOND_US;
}

static bool same(const char *one, const char *other)
{
	return one != NULL && other != NULL && strcmp(one, other) == 0;
}

/*
 * Is the entry about this job?  Another cluster has the same numbers, and so had this one years ago.  A host that a person
 * wrote in their own way is believed in the session that submitted the job.
 */
static bool is_about(const struct rlg_registry_entry *entry, const struct job *job, const char *session)
{
	const struct rlg_attempt *attempt = job->newest;
	int64_t entered_us = submitted_us(entry->submitted);

	if (entered_us > 0 && attempt->end_us > 0 && entered_us > attempt->end_us)
		return false;
	return entry->host == NULL || same(entry->host, attempt->cluster) || same(entry->host, attempt->submission.host) ||
	       (job->session != NULL && (same(job->session, session) || same(job->session, entry->session)));
}

/* Slurm's word; what went back into the queue waits there again, whatever took it off the node. */
static const char *state_of(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	return attempt->status == RLG_STATUS_SUBMITTED ? "PENDING" : rlg_registry_state(arena, attempt->slurm_state);
}

struct rendering {
	struct rlg_arena *arena;
	const struct jobs *jobs;
	const char *session;
	struct rlg_json_doc doc;
	struct rlg_text_edits edits;
	struct rlg_names *known; /* ids that the file has, or had */
	size_t removed, changed;
};

/* Keeps up the entry of a job of ours, or marks it as one that goes. */
static int keep_entry(struct rendering *rendering, struct rlg_json_node *element)
{
	struct rlg_registry_entry entry;

	if (!rlg_registry_read(element, &entry) || (entry.type != NULL && strcmp(entry.type, "slurm") != 0))
		return 0;
	const struct job *job = job_called(rendering->jobs, entry.id);
	if (job == NULL || !is_about(&entry, job, rendering->session))
		return 0;
	if (rlg_names_find(rendering->known, job->id) == RLG_NAMES_NONE)
		rlg_names_add(rendering->known, job->id, 0);
	if (!job->active) {
		element->removed = true;
		rendering->removed++;
		return 0;
	}
	const char *state = state_of(rendering->arena, job->attempt);
	if (same(state, rlg_registry_state(rendering->arena, entry.last_status)))
		return 0;
	rendering->changed++;
	const struct rlg_json_node *value = rlg_json_get(element, "last_status");
	const char *text = rlg_json_text(rendering->arena, state);
	if (value != NULL)
		return rlg_json_set(&rendering->doc, &rendering->edits, value, text);
	struct rlg_json_new member = {"last_status", text};
	return rlg_json_update(&rendering->doc, &rendering->edits, element, &member, 1);
}

static const char *new_entry(struct rendering *rendering, const struct job *job)
{
	const struct rlg_attempt *attempt = job->newest;
	char submitted[RLG_TIME_TEXT_MAX];
	struct rlg_registry_entry entry = {
		.type = "slurm", .id = job->id, .user = attempt->user, .session = job->session,
		.host = attempt->submission.host != NULL ? attempt->submission.host : attempt->cluster,
		.description = job->n_runs > 1 ? rlg_arena_printf(rendering->arena, "%s of %zu runs", job->phase, job->n_runs)
					       : rlg_arena_printf(rendering->arena, "%s/%s", job->run, job->phase),
		.last_status = state_of(rendering->arena, job->attempt),
		.agent = attempt->submission.agent};

	rlg_clock_local(attempt->submit_us, submitted);
	entry.submitted = rlg_arena_strndup(rendering->arena, submitted, sizeof("2026-03-11 15:00") - 1);
	return rlg_registry_write(rendering->arena, &entry);
}

/* A registry that is no session's is everyone's. */
static bool is_of_here(const struct rendering *rendering, const struct job *job)
{
	return job->session != NULL && (rendering->session == NULL || same(job->session, rendering->session));
}

static bool is_to_be_registered(const struct rendering *rendering, const struct job *job)
{
	return job->active && is_of_here(rendering, job) &&
	       rlg_names_find(rendering->known, job->id) == RLG_NAMES_NONE;
}

/* Ids that were put into the file once: one that a person took out does not come back. */
static void read_memory(struct rendering *rendering, const char *memory)
{
	for (const char *at = memory == NULL ? "" : memory; *at != '\0';) {
		size_t length = strcspn(at, "\n");
		const char *id = rlg_arena_strndup(rendering->arena, at, length);
		if (rlg_names_find(rendering->known, id) == RLG_NAMES_NONE)
			rlg_names_add(rendering->known, id, 0);
		at += length + (at[length] == '\n');
	}
}

static void remember(const struct rlg_tracker_view *view, const struct rendering *rendering)
{
	for (size_t i = 0; view->remember != NULL && i < rendering->jobs->n; i++) {
		const struct job *job = &rendering->jobs->list[i];
		if (job->active && is_of_here(rendering, job))
			rlg_bytes_addf(view->remember, "%s\n", job->id);
	}
}

static int render(const struct rlg_tracker_view *view, const struct rlg_tracker_place *place, const char *path,
		  const char *text, const char *base, struct rlg_bytes *out, struct rlg_err *err)
{
	struct rendering rendering = {
		.arena = view->arena, .session = place->data, .known = rlg_names_new(view->arena)};
	struct rlg_json_new *added;
	struct jobs jobs;
	size_t n_added = 0;
	int code = rlg_registry_parse(view->arena, path, text, &rendering.doc, err);

	if (code != 0)
		return code;
	find_jobs(view->arena, view->model, &jobs);
	rendering.jobs = &jobs;
	rlg_text_edits_init(&rendering.edits, view->arena);
	for (struct rlg_json_node *element = rendering.doc.root->first; element != NULL && code == 0; element = element->next)
		code = keep_entry(&rendering, element);
	read_memory(&rendering, view->memory);
	added = rlg_arena_alloc(view->arena, (jobs.n + 1) * sizeof(*added));
	for (size_t i = 0; i < jobs.n; i++)
		if (is_to_be_registered(&rendering, &jobs.list[i]))
			added[n_added++] = (struct rlg_json_new){.value = new_entry(&rendering, &jobs.list[i])};
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
