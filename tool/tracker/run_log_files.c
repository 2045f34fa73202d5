/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which file is which run's log: by the job ids in it, else by its name, wherever people moved it.  See run_log.h. */
#include "tool/tracker/run_log.h"

#include "tool/base/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* Folders of run logs are a few, and not deep; a larger tree is something else, and not walked. */
#define DEPTH_MAX 4
#define FILES_MAX 20000

/* A page of text, perhaps a hundred; what is larger is not looked into. */
#define LOG_MAX ((size_t)4 << 20)

/* Of a run log: files beside them that are none. */
static const char *const reserved[] = {"timeline.md", "experiments.md", "README.md", "TRAINING_LOG.md"};

bool rlg_rl_is_reserved(const char *name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcasecmp(reserved[i], name) == 0)
			return true;
	return false;
}

const char *rlg_rl_join(struct rlg_arena *arena, const char *folder, const char *name)
{
	return folder[0] == '\0' ? name : rlg_arena_printf(arena, "%s/%s", folder, name);
}

const char *rlg_rl_absolute(const struct rlg_rl_files *files, const char *path)
{
	return path[0] == '/' ? path : rlg_arena_printf(files->arena, "%s/%s", files->view->group_path, path);
}

/* Not the same as "there is none": whoever believed that would make a second log of a run. */
static void note_unread(struct rlg_rl_files *files, int number)
{
	if (rlg_errno_may_pass(number))
		files->unread = number;
}

/* What the file says of jobs; one that cannot be read is only known by its name. */
static void look_into(struct rlg_rl_files *files, struct rlg_rl_file *file)
{
	const char *path = rlg_rl_join(files->arena, file->folder, file->name);
	struct rlg_rl_doc doc;
	char *text;
	size_t length;

	int code = rlg_tracker_read(files->view, path, LOG_MAX, &text, &length);
	if (code < 0)
		note_unread(files, -code);
	if (code != 0 || text == NULL ||
	    rlg_rl_doc_read(files->arena, path, text, &doc, NULL) != 0)
		return;
	file->wants_config = strstr(text, "configurations/<config>.yaml") != NULL;
	for (size_t i = 0; i < doc.n_parts; i++) {
		const struct rlg_rl_part *part = &doc.parts[i];
		file->is_log = file->is_log || part->ids != NULL || part->about_jobs;
		for (size_t k = 0; k < part->n_ids && file->n_ids < RLG_RL_IDS_MAX; k++)
			file->ids[file->n_ids++] = part->ids[k]; /* NOLINT(clang-analyzer-core.NullDereference): there are n_ids */
		if (part->n_ids == 0 && part->about_jobs)
			file->n_ids += rlg_rl_numbers(part->lower, strlen(part->lower), file->ids + file->n_ids,
						      RLG_RL_IDS_MAX - file->n_ids);
	}
}

static void add_file(struct rlg_rl_files *files, const char *folder, const char *name)
{
	if (files->n == FILES_MAX)
		return;
	if (files->n == files->room) {
		files->room = files->room == 0 ? 64 : 2 * files->room;
		files->list = rlg_arena_grow(files->arena, files->list, files->n, files->room,
						sizeof(*files->list));
	}
	struct rlg_rl_file *file = &files->list[files->n++];
	*file = (struct rlg_rl_file){.folder = folder, .name = name, .run = RLG_NAMES_NONE};
	look_into(files, file);
}

/* Links are not followed, so that there is no way out of the folder and none around in it. */
static void walk(struct rlg_rl_files *files, const char *folder, unsigned depth)
{
	DIR *entries = rlg_tracker_list(files->view, folder);
	const struct dirent *entry;
	struct stat facts;

	if (entries == NULL) {
		note_unread(files, errno);
		return;
	}
	for (errno = 0; (entry = readdir(entries)) != NULL; errno = 0) {
		size_t length = strlen(entry->d_name);
		if (entry->d_name[0] == '.')
			continue;
		if (fstatat(dirfd(entries), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0) {
			note_unread(files, errno);
			continue;
		}
		const char *name = rlg_arena_strdup(files->arena, entry->d_name);
		if (S_ISDIR(facts.st_mode) && depth < DEPTH_MAX)
			walk(files, rlg_rl_join(files->arena, folder, name), depth + 1);
		else if (S_ISREG(facts.st_mode) && length > 3 && strcmp(name + length - 3, ".md") == 0 &&
			 !rlg_rl_is_reserved(name))
			add_file(files, folder, name);
	}
	if (errno != 0)
		note_unread(files, errno);
	closedir(entries);
}

static int compare_files(const void *one, const void *other)
{
	const struct rlg_rl_file *a = one, *b = other;
	int order = strcmp(a->folder, b->folder);

	return order != 0 ? order : strcmp(a->name, b->name);
}

/* ---- by job ids ---- */

struct id_of_run {
	int64_t id;
	size_t run;
};

static int compare_ids(const void *one, const void *other)
{
	const struct id_of_run *a = one, *b = other;

	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return a->run < b->run ? -1 : a->run > b->run;
}

static struct id_of_run *ids_of_runs(struct rlg_arena *arena, const struct rlg_model *model, size_t *out_n)
{
	struct id_of_run *list;
	size_t most = 0, n = 0;

	for (size_t r = 0; r < model->n_runs; r++)
		for (size_t p = 0; p < model->runs[r].n_phases; p++)
			most += model->runs[r].phases[p].n_attempts;
	list = rlg_arena_alloc(arena, (most + 1) * sizeof(*list));
	for (size_t r = 0; r < model->n_runs; r++)
		for (size_t p = 0; p < model->runs[r].n_phases; p++)
			for (size_t a = 0; a < model->runs[r].phases[p].n_attempts; a++) {
				int64_t id = rlg_rl_job_number(&model->runs[r].phases[p].attempts[a]);
				if (id >= 0)
					list[n++] = (struct id_of_run){id, r};
			}
	if (n > 1)
		qsort(list, n, sizeof(*list), compare_ids);
	*out_n = n;
	return list;
}

/* Job ids wrap, and clusters count apart: a run that is called as the file is goes before others with the same id. */
static bool is_called(const char *name, const char *run)
{
	size_t length = strlen(run);

	name += rlg_rl_date_prefix(name);
	return strncmp(name, run, length) == 0 && strcmp(name + length, ".md") == 0;
}

static size_t run_with_id(const struct rlg_model *model, const struct rlg_rl_file *file, const struct id_of_run *list,
			  size_t n, int64_t id)
{
	size_t low = 0, high = n, found = RLG_NAMES_NONE;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (list[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < n && list[low].id == id; low++)
		if (found == RLG_NAMES_NONE || is_called(file->name, model->runs[list[low].run].name))
			found = list[low].run;
	return found;
}

/* Of several files with a run's ids the first counts: the others are copies. */
static void match_by_ids(struct rlg_rl_files *files)
{
	const struct rlg_model *model = files->view->model;
	size_t n;
	const struct id_of_run *list = ids_of_runs(files->arena, model, &n);

	for (size_t i = 0; i < files->n; i++) {
		struct rlg_rl_file *file = &files->list[i];
		for (size_t k = 0; k < file->n_ids && file->run == RLG_NAMES_NONE; k++)
			file->run = run_with_id(model, file, list, n, file->ids[k]);
		if (file->run != RLG_NAMES_NONE && files->of_run[file->run] == NULL)
			files->of_run[file->run] = file;
	}
}

/* ---- by name ---- */

/* The run that the name ends with, behind a `_` or a date; the longest, as rank4 is the end of 1B_rank4. */
static size_t run_called(const struct rlg_names *runs, const char *name)
{
	size_t prefix = rlg_rl_date_prefix(name), length = strlen(name) - strlen(".md");
	char stem[NAME_MAX + 1];

	if (length > NAME_MAX)
		return RLG_NAMES_NONE;
	memcpy(stem, name, length);
	stem[length] = '\0';
	size_t found = rlg_names_find(runs, stem);
	if (found == RLG_NAMES_NONE && prefix > 0)
		found = rlg_names_find(runs, stem + prefix);
	for (const char *at = stem + prefix; found == RLG_NAMES_NONE && (at = strchr(at, '_')) != NULL;)
		found = rlg_names_find(runs, ++at);
	return found;
}

/*
 * A log without ids that are known: the run's, if it is called so.  Of several the one of the day of its first submission,
 * else the newest.
 */
static void match_by_name(struct rlg_rl_files *files)
{
	const struct rlg_model *model = files->view->model;
	struct rlg_names *runs = rlg_names_new(files->arena);

	for (size_t r = 0; r < model->n_runs; r++)
		rlg_names_add(runs, model->runs[r].name, r);
	for (size_t i = 0; i < files->n; i++) {
		struct rlg_rl_file *file = &files->list[i];
		size_t run = file->run == RLG_NAMES_NONE ? run_called(runs, file->name) : RLG_NAMES_NONE;
		if (run == RLG_NAMES_NONE)
			continue;
		const struct rlg_rl_file *other = files->of_run[run];
		const char *date = rlg_rl_date(files->arena, rlg_rl_first_us(&model->runs[run]));
		bool is_of_day = date != NULL && strncmp(file->name, date, strlen(date)) == 0;
		if (other != NULL && (other->run != RLG_NAMES_NONE ||
				      (!is_of_day && (strncmp(other->name, date != NULL ? date : "", 10) == 0 ||
						      strcmp(other->name, file->name) > 0))))
			continue;
		files->of_run[run] = file;
	}
	for (size_t r = 0; r < model->n_runs; r++)
		if (files->of_run[r] != NULL)
			files->of_run[r]->run = r;
}

/* ---- all of it ---- */

void rlg_rl_files_find(const struct rlg_tracker_view *view, const char *root, struct rlg_rl_files *out_files)
{
	struct rlg_rl_files *files = out_files;
	const struct rlg_model *model = view->model;

	*files = (struct rlg_rl_files){.view = view, .arena = view->arena};
	/* In the group itself there are the runs' own folders, with all that jobs wrote: nobody walks through these. */
	walk(files, root, root[0] == '\0' ? DEPTH_MAX : 0);
	if (files->n > 1)
		qsort(files->list, files->n, sizeof(*files->list), compare_files);
	if (model == NULL)
		return;
	files->of_run = rlg_arena_alloc(files->arena, (model->n_runs + 1) * sizeof(struct rlg_rl_file *));
	match_by_ids(files);
	match_by_name(files);
}
