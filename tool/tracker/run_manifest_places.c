/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the manifests of a group are: see run_manifest.h.
 *
 * The choice is a path in the group with {run} for a run's name, and the wildcards of glob(7) for the rest:
 * `experiments/<*>/<*>/runs/{run}/run_manifest.json`.
 */
#include "tool/tracker/run_manifest.h"

#include "tool/base/names.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_NAME "run_manifest.json"
#define RUN "{run}"

/* How deep `init` looks for manifests: experiments/PLAN/ITERATION/runs/RUN/ is five. */
#define DEPTH_MAX 6

/* And at how many folders: an experiment's outputs can be any number. */
#define FOLDERS_MAX 20000

/* ---- patterns ---- */

static bool has_wildcard(const char *pattern)
{
	return strpbrk(pattern, "*?[") != NULL;
}

/* `with` in the place of each {run}. */
static const char *with_run(struct rlg_arena *arena, const char *pattern, const char *with)
{
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	for (const char *at; (at = strstr(pattern, RUN)) != NULL; pattern = at + strlen(RUN)) {
		rlg_bytes_add_n(&out, pattern, (size_t)(at - pattern));
		rlg_bytes_add(&out, with);
	}
	rlg_bytes_add(&out, pattern);
	return out.data;
}

/* The part of the path that {run} stands for: in its folder's or file's name, between the letters before and behind it. */
static const char *run_in(struct rlg_arena *arena, const char *pattern, const char *path)
{
	const char *place = strstr(pattern, RUN), *begin = pattern;

	if (place == NULL)
		return NULL;
	for (const char *slash; (slash = strchr(begin, '/')) != NULL && slash < place; begin = slash + 1) {
		path = strchr(path, '/');
		if (path == NULL)
			return NULL;
		path++;
	}
	size_t before = (size_t)(place - begin), behind = strcspn(place + strlen(RUN), "/"), length = strcspn(path, "/");
	const char *tail = place + strlen(RUN);
	if (length <= before + behind || strncmp(path, begin, before) != 0 ||
	    strncmp(path + length - behind, tail, behind) != 0)
		return NULL;
	return rlg_arena_strndup(arena, path + before, length - before - behind);
}

/* A path with the characters that glob(3) would take for patterns made harmless. */
static const char *literal(struct rlg_arena *arena, const char *path)
{
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	for (; *path != '\0'; path++)
		rlg_bytes_addf(&out, "%s%c", strchr("*?[\\", *path) != NULL ? "\\" : "", *path);
	return out.data;
}

/* ---- what is there ---- */

int rlg_rm_each_there(const struct rlg_tracker_view *view, const char *pattern, rlg_tracker_place_fn *tell, void *context)
{
	struct rlg_arena *arena = view->arena;
	const char *group = rlg_arena_printf(arena, "%s/", view->group_path);
	bool absolute = pattern[0] == '/';
	const char *full = rlg_arena_printf(arena, "%s%s", absolute ? "" : literal(arena, group), with_run(arena, pattern, "*"));
	glob_t matches;

	int code = glob(full, 0, NULL, &matches);
	for (size_t i = 0; code == 0 && i < matches.gl_pathc; i++) {
		const char *path = rlg_arena_strdup(arena, matches.gl_pathv[i] + (absolute ? 0 : strlen(group)));
		struct rlg_tracker_place place = {.path = path, .run = run_in(arena, pattern, path)};

		tell(context, &place);
	}
	globfree(&matches);
	return 0;
}

/* ---- what is there, and what is to be ---- */

struct gathering {
	const struct rlg_tracker_view *view;
	struct rlg_names *runs; /* that have a manifest */
	struct rlg_names *paths; /* of those that are there */
	rlg_tracker_place_fn *tell;
	void *context;
};

/* The run that the manifest itself names; one that does not parse names none, and is told of when it is rendered. */
static const char *run_id_of(const struct rlg_tracker_view *view, const char *path)
{
	const char *full = path[0] == '/' ? path : rlg_arena_printf(view->arena, "%s/%s", view->group_path, path);
	struct rlg_json_doc doc;
	char *text;
	size_t length;

	if (rlg_tracker_read(view, path, RLG_MANIFEST_MAX, &text, &length) != 0 || text == NULL ||
	    rlg_manifest_parse(view->arena, full, text, length, &doc, NULL) < 0)
		return NULL;
	return rlg_manifest_at(view->arena, &doc, "run_id");
}

static void add_name(struct rlg_names *names, const char *name)
{
	if (name != NULL && rlg_names_find(names, name) == RLG_NAMES_NONE)
		rlg_names_add(names, name, 0);
}

static void gather(void *context, const struct rlg_tracker_place *place)
{
	struct gathering *gathering = context;

	gathering->tell(gathering->context, place);
	add_name(gathering->paths, place->path);
	add_name(gathering->runs, run_id_of(gathering->view, place->path));
	add_name(gathering->runs, place->run);
}

static bool was_submitted(const struct rlg_run *run)
{
	for (size_t i = 0; i < run->n_phases; i++)
		if (run->phases[i].n_attempts > 0)
			return true;
	return false;
}

int rlg_rm_places(const struct rlg_tracker_view *view, rlg_tracker_place_fn *tell, void *context, struct rlg_err *err)
{
	struct gathering gathering = {.view = view, .tell = tell, .context = context};
	const char *pattern = view->choice;
	bool makes = view->model != NULL && strstr(pattern, RUN) != NULL && !has_wildcard(pattern);

	gathering.runs = rlg_names_new(view->arena);
	gathering.paths = rlg_names_new(view->arena);
	if (!makes)
		return rlg_rm_each_there(view, pattern, tell, context);
	int code = rlg_rm_each_there(view, pattern, gather, &gathering);
	for (size_t i = 0; code == 0 && i < view->model->n_runs; i++) {
		const struct rlg_run *run = &view->model->runs[i];
		struct rlg_tracker_place place = {.path = with_run(view->arena, pattern, run->name), .run = run->name};

		if (was_submitted(run) && rlg_names_find(gathering.runs, run->name) == RLG_NAMES_NONE &&
		    rlg_names_find(gathering.paths, place.path) == RLG_NAMES_NONE)
			tell(context, &place);
	}
	return code;
}

/* ---- what a folder uses already ---- */

struct search {
	struct rlg_arena *arena;
	const char *group;
	const char *found; /* a pattern of all that were found so far, without {run} yet */
	const char *first; /* relative path of the first */
	bool elsewhere; /* one is not where they usually are */
	size_t folders;
	int unread; /* errno of what could not be looked at just now */
};

/* Two paths in one pattern: where their parts differ, a star; NULL for paths of different depths. */
static const char *common(struct rlg_arena *arena, const char *one, const char *other)
{
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	for (;;) {
		size_t length = strcspn(one, "/"), other_length = strcspn(other, "/");
		bool same = length == other_length && memcmp(one, other, length) == 0;

		rlg_bytes_add_n(&out, same ? one : "*", same ? length : 1);
		one += length;
		other += other_length;
		if (*one != *other)
			return NULL;
		if (*one == '\0')
			return out.data;
		rlg_bytes_add(&out, "/");
		one++;
		other++;
	}
}

static void take_found(struct search *search, const char *path)
{
	const char *both = search->found == NULL ? path : common(search->arena, search->found, path);

	const char *usual = with_run(search->arena, rlg_tracker_run_manifest.default_path, "*");

	if (search->first == NULL)
		search->first = path;
	search->elsewhere = search->elsewhere || fnmatch(usual, path, FNM_PATHNAME) != 0;
	search->found = both != NULL ? both : search->found;
}

static void note_unread(struct search *search, int number)
{
	if (rlg_errno_may_pass(number))
		search->unread = number;
}

static void search_folder(struct search *search, const char *folder, int depth)
{
	struct dirent **entries;
	const char *full = rlg_arena_printf(search->arena, "%s/%s", search->group, folder);
	bool is_one_more = search->folders++ < FOLDERS_MAX;
	int count = is_one_more ? scandir(full, &entries, NULL, alphasort) : -1;

	if (is_one_more && count < 0)
		note_unread(search, errno);

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		const char *path = rlg_arena_printf(search->arena, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", name);
		struct stat file;

		/* Links may lead round in circles, and out of the group. */
		if (name[0] != '.' && lstat(rlg_arena_printf(search->arena, "%s/%s", search->group, path), &file) != 0)
			note_unread(search, errno);
		else if (name[0] != '.') {
			if (S_ISREG(file.st_mode) && strcmp(name, FILE_NAME) == 0)
				take_found(search, path);
			else if (S_ISDIR(file.st_mode) && depth < DEPTH_MAX)
				search_folder(search, path, depth + 1);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* {run} in the place of the folder that is called like the first manifest's run, else of the one that it lies in. */
static const char *put_run(struct search *search)
{
	const struct rlg_tracker_view view = {.arena = search->arena, .group_path = search->group};
	const char *run_id = run_id_of(&view, search->first), *last = strrchr(search->found, '/');
	const char *chosen = NULL, *part = search->found, *first_part = search->first;

	if (last == NULL)
		return search->found;
	for (const char *slash; (slash = strchr(part, '/')) != NULL; part = slash + 1) {
		size_t length = strcspn(first_part, "/");
		bool is_run = run_id != NULL && strlen(run_id) == length && strncmp(first_part, run_id, length) == 0;

		if (is_run || (chosen == NULL && slash == last))
			chosen = part;
		first_part += length + 1;
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): chosen by the last slash at the latest */
	const char *behind = chosen + strcspn(chosen, "/");
	return rlg_arena_printf(search->arena, "%.*s" RUN "%s", (int)(chosen - search->found), search->found, behind);
}

const char *rlg_rm_found(struct rlg_arena *arena, const char *group_path, int *out_unread)
{
	struct search search = {.arena = arena, .group = group_path};

	search_folder(&search, "", 1);
	if (search.unread != 0)
		*out_unread = search.unread;
	if (search.found == NULL)
		return NULL;
	/* Where the next plan and iteration are found, too. */
	return search.elsewhere ? put_run(&search) : rlg_tracker_run_manifest.default_path;
}

const char *rlg_rm_pattern(const struct rlg_tracker_view *view)
{
	for (size_t i = 0; i < view->config->n_trackers; i++)
		if (strcmp(view->config->trackers[i].tracker, rlg_tracker_run_manifest.name) == 0 &&
		    view->config->trackers[i].path != NULL)
			return view->config->trackers[i].path;
	return rlg_tracker_run_manifest.default_path;
}
