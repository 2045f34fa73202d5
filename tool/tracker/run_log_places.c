/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that run_logs keeps: a log for each run that was submitted, a timeline for each folder.  See run_log.h. */
#include "tool/tracker/run_log.h"

#include "tool/base/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "run_logs"

/* ---- the pattern ---- */

/* The folders up to the first part that is not the same for all runs. */
static const char *fixed_folder(struct rlg_arena *arena, const char *pattern)
{
	size_t length = strcspn(pattern, "{");

	while (length > 0 && pattern[length - 1] != '/')
		length--;
	return rlg_arena_strndup(arena, pattern, length > 0 ? length - 1 : 0);
}

/* Where logs are looked for: a folder called run_logs in the pattern, with all below it; else the fixed one. */
static const char *root_of(struct rlg_arena *arena, const char *pattern)
{
	const char *fixed = fixed_folder(arena, pattern);

	for (const char *at = strstr(fixed, FOLDER); at != NULL; at = strstr(at + 1, FOLDER)) {
		char before = at == fixed ? '/' : at[-1], behind = at[strlen(FOLDER)];
		if (before == '/' && (behind == '/' || behind == '\0'))
			return rlg_arena_strndup(arena, fixed, (size_t)(at - fixed) + strlen(FOLDER));
	}
	return fixed;
}

/* A pattern that names a folder alone means the usual names in it. */
static int whole_pattern(const struct rlg_tracker_view *view, const char **out_pattern, struct rlg_err *err)
{
	const char *choice = view->choice;
	size_t length = strlen(choice);

	*out_pattern = choice;
	if (length > 3 && strcmp(choice + length - 3, ".md") == 0) {
		if (strstr(choice, "{run}") != NULL)
			return 0;
		return rlg_fail(err, -EINVAL, "config.yaml: run_logs: %s names one file; it needs {run}, as in " FOLDER
				"/{date}_{run}.md", choice);
	}
	*out_pattern = rlg_arena_printf(view->arena, "%s%s{date}_{run}.md", choice,
					length > 0 && choice[length - 1] == '/' ? "" : "/");
	return 0;
}

static const char *fill_in(struct rlg_arena *arena, const char *pattern, const char *date, const char *run,
			   const char *phase)
{
	const struct {
		const char *name, *value;
	} places[] = {{"{date}", date}, {"{run}", run}, {"{phase}", phase}};
	struct rlg_bytes path;

	rlg_bytes_init(&path, arena);
	while (*pattern != '\0') {
		size_t i = 0, n = sizeof(places) / sizeof(places[0]);
		while (i < n && strncmp(pattern, places[i].name, strlen(places[i].name)) != 0)
			i++;
		rlg_bytes_add_n(&path, i < n ? places[i].value : pattern, i < n ? strlen(places[i].value) : 1);
		pattern += i < n ? strlen(places[i].name) : 1;
	}
	return path.data;
}

/* ---- telling ---- */

struct telling {
	const struct rlg_rl_files *files;
	rlg_tracker_place_fn *tell;
	void *context;
	const char *pattern;
	struct rlg_names *paths; /* of files that are somebody's */
	struct rlg_names *folder_names; /* of run logs, to their places in `folders` */
	struct rlg_rl_folder *folders;
	const char **folder_paths;
	size_t n_folders, folders_room;
};

static const char *first_phase(const struct rlg_run *run)
{
	const char *first = "";
	int64_t first_us = INT64_MAX;

	for (size_t p = 0; p < run->n_phases; p++)
		for (size_t a = 0; a < run->phases[p].n_attempts; a++)
			if (run->phases[p].attempts[a].submit_us < first_us) {
				first_us = run->phases[p].attempts[a].submit_us;
				first = run->phases[p].name;
			}
	return first;
}

/* A path that is nobody's yet: a name may be another run's file, which a person called so. */
static const char *new_path(const struct telling *telling, const struct rlg_run *run)
{
	struct rlg_arena *arena = telling->files->arena;
	const char *date = rlg_rl_date(arena, rlg_rl_first_us(run));
	const char *path = fill_in(arena, telling->pattern, date, run->name, first_phase(run));
	const char *stem = rlg_arena_strndup(arena, path, strlen(path) - strlen(".md"));
	const char *slash = strrchr(path, '/');

	if (rlg_rl_is_reserved(slash != NULL ? slash + 1 : path))
		path = rlg_arena_printf(arena, "%s_.md", stem);
	for (int number = 2; rlg_names_find(telling->paths, path) != RLG_NAMES_NONE; number++)
		path = rlg_arena_printf(arena, "%s_%d.md", stem, number);
	return path;
}

static void list_in_folder(struct telling *telling, const char *folder, const char *file, const struct rlg_run *run)
{
	struct rlg_arena *arena = telling->files->arena;
	size_t at = rlg_names_find(telling->folder_names, folder);

	if (at == RLG_NAMES_NONE) {
		at = telling->n_folders++;
		/* `{run}/log.md` makes a folder a run. */
		if (at == telling->folders_room) {
			size_t room = telling->folders_room = at == 0 ? 16 : 2 * at;
			telling->folders = rlg_arena_grow(arena, telling->folders, at, room, sizeof(*telling->folders));
			telling->folder_paths = rlg_arena_grow(arena, telling->folder_paths, at, room, sizeof(folder));
		}
		const char *path = rlg_rl_absolute(telling->files, folder[0] != '\0' ? folder : ".");
		path = folder[0] != '\0' ? path : telling->files->view->group_path;
		telling->folders[at] = (struct rlg_rl_folder){.name = strrchr(path, '/') + 1};
		telling->folder_paths[at] = folder;
		rlg_names_add(telling->folder_names, folder, at);
	}
	struct rlg_rl_folder *to = &telling->folders[at];
	const char *date = run != NULL ? rlg_rl_date(arena, rlg_rl_first_us(run)) : NULL;
	bool is_dated = rlg_rl_date_prefix(file) > 0;
	if (to->n == to->room) { /* NOLINT(clang-analyzer-core.NullDereference): found, or added just now */
		to->room = to->room == 0 ? 16 : 2 * to->room;
		to->entries = rlg_arena_grow(arena, to->entries, to->n, to->room, sizeof(*to->entries));
	}
	to->entries[to->n++] = (struct rlg_rl_entry){
		.file = file,
		.human = is_dated ? rlg_rl_human_of_name(arena, file) : date != NULL ? rlg_rl_human_of_name(arena, date) : NULL,
		.order = is_dated ? file : rlg_arena_printf(arena, "%s_%s", date != NULL ? date : "", file),
	};
}

static void tell_run(struct telling *telling, size_t index)
{
	const struct rlg_rl_files *files = telling->files;
	const struct rlg_run *run = &files->view->model->runs[index];
	const struct rlg_rl_file *file = files->of_run[index];
	struct rlg_tracker_place place = {.run = run->name}; /* NOLINT(clang-analyzer-core.NullDereference): a run of the model */

	if (rlg_rl_first_us(run) == 0)
		return;
	place.path = file != NULL ? rlg_rl_join(files->arena, file->folder, file->name) : new_path(telling, run);
	if (file == NULL) {
		const char *slash = strrchr(place.path, '/');
		rlg_names_add(telling->paths, place.path, index);
		list_in_folder(telling,
			       slash != NULL ? rlg_arena_strndup(files->arena, place.path, (size_t)(slash - place.path)) : "",
			       slash != NULL ? slash + 1 : place.path, run);
	}
	place.key = rlg_arena_printf(files->arena, "run=%s", run->name);
	place.data = rlg_rl_findings_of(files, run, file);
	telling->tell(telling->context, &place);
}

static int compare_entries(const void *one, const void *other)
{
	const struct rlg_rl_entry *a = one, *b = other;
	int order = strcmp(a->order, b->order);

	return order != 0 ? order : strcmp(a->file, b->file);
}

static void tell_folders(struct telling *telling)
{
	for (size_t i = 0; i < telling->n_folders; i++) {
		struct rlg_rl_folder *folder = rlg_arena_alloc(telling->files->arena, sizeof(*folder));
		*folder = telling->folders[i];
		qsort(folder->entries, folder->n, sizeof(*folder->entries), compare_entries);
		telling->tell(telling->context,
			      &(struct rlg_tracker_place){
				      .path = rlg_rl_join(telling->files->arena, telling->folder_paths[i], "timeline.md"),
				      .data = folder});
	}
}

static void tell_all(struct telling *telling)
{
	const struct rlg_rl_files *files = telling->files;
	const struct rlg_model *model = files->view->model;

	for (size_t i = 0; i < files->n; i++) {
		const struct rlg_rl_file *file = &files->list[i];
		const struct rlg_run *run = file->run != RLG_NAMES_NONE ? &model->runs[file->run] : NULL;
		rlg_names_add(telling->paths, rlg_rl_join(files->arena, file->folder, file->name), i);
		if (run != NULL || (file->is_log && rlg_rl_date_prefix(file->name) > 0))
			list_in_folder(telling, file->folder, file->name, run);
	}
	for (size_t r = 0; r < model->n_runs; r++)
		tell_run(telling, r);
	tell_folders(telling);
}

int rlg_rl_places(const struct rlg_tracker_view *view, rlg_tracker_place_fn *tell, void *context, struct rlg_err *err)
{
	struct rlg_rl_files files;
	struct telling telling = {.files = &files,
				  .tell = tell,
				  .context = context,
				  .paths = rlg_names_new(view->arena),
				  .folder_names = rlg_names_new(view->arena)};
	int code = whole_pattern(view, &telling.pattern, err);

	if (code != 0 || view->model == NULL)
		return code;
	rlg_rl_files_find(view, root_of(view->arena, telling.pattern), &files);
	if (files.unread != 0)
		return rlg_fail_errno(err, -files.unread, "the run logs of %s are left as they are: one cannot be read",
				      view->group_path);
	tell_all(&telling);
	return 0;
}

const char *rlg_rl_found(struct rlg_arena *arena, const char *group_path, int *out_unread)
{
	struct rlg_tracker_view view = {.arena = arena, .group_path = group_path};
	struct rlg_rl_files files;
	const char *folder = NULL;

	rlg_rl_files_find(&view, FOLDER, &files);
	if (files.unread != 0)
		*out_unread = files.unread;
	for (size_t i = 0; i < files.n; i++) {
		const struct rlg_rl_file *file = &files.list[i];
		if (!file->is_log && rlg_rl_date_prefix(file->name) == 0)
			continue;
		/* All in one folder: there new ones go, too. */
		if (folder == NULL)
			folder = file->folder;
		else if (strcmp(folder, file->folder) != 0)
			folder = FOLDER;
	}
	return folder != NULL ? rlg_arena_printf(arena, "%s/{date}_{run}.md", folder) : NULL;
}
