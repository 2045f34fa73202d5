/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which file is which run's log: by the job ids in it, else by its name, wherever people moved it.  See run_log.h. */
#include "tool/tracker/run_log.h"

#include "lib/clock.h"
#include "lib/layout.h"
#include "tool/atomic_file.h"
#include "tool/names.h"
#include "tool/outputs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define FOLDER "run_logs"

/* Folders of run logs are a few, and not deep; a larger tree is something else, and not walked. */
#define DEPTH_MAX 4
#define FILES_MAX 20000

/* A page of text, perhaps a hundred; what is larger is not looked into. */
#define LOG_MAX ((size_t)4 << 20)
#define SCRIPT_MAX ((size_t)1 << 20)

#define IDS_MAX 64

/* Of a run log: files beside them that are none. */
static const char *const reserved[] = {"timeline.md", "experiments.md", "README.md", "TRAINING_LOG.md"};

struct log_file {
	const char *folder; /* relative to the group, "" for the group itself */
	const char *name;
	int64_t ids[IDS_MAX]; /* of jobs, in the order in which they stand there */
	size_t n_ids;
	bool is_log; /* has a block for a job */
	bool wants_config; /* the seed's placeholder is still there */
	size_t run; /* index into the model's; RLG_NAMES_NONE: nobody's */
};

struct looking {
	const struct rlg_tracker_view *view;
	struct rlg_arena *arena;
	struct log_file *files; /* by folder, then name */
	size_t n, room;
	struct log_file **of_run; /* for each run of the model; NULL: none yet */
};

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

/* ---- what is there ---- */

static bool is_reserved(const char *name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcasecmp(reserved[i], name) == 0)
			return true;
	return false;
}

static const char *join(struct rlg_arena *arena, const char *folder, const char *name)
{
	return folder[0] == '\0' ? name : rlg_arena_printf(arena, "%s/%s", folder, name);
}

static const char *absolute(const struct looking *looking, const char *path)
{
	return path[0] == '/' ? path : rlg_arena_printf(looking->arena, "%s/%s", looking->view->group_path, path);
}

/* What the file says of jobs; one that cannot be read is only known by its name. */
static void look_into(const struct looking *looking, struct log_file *file)
{
	const char *path = absolute(looking, join(looking->arena, file->folder, file->name));
	struct rlg_rl_doc doc;
	char *text;
	size_t length;

	if (rlg_file_read(looking->arena, path, LOG_MAX, &text, &length, NULL, NULL) != 0 || text == NULL ||
	    rlg_rl_doc_read(looking->arena, path, text, &doc, NULL) != 0)
		return;
	file->wants_config = strstr(text, "configurations/<config>.yaml") != NULL;
	for (size_t i = 0; i < doc.n_parts; i++) {
		const struct rlg_rl_part *part = &doc.parts[i];
		file->is_log = file->is_log || part->ids != NULL || part->about_jobs;
		for (size_t k = 0; k < part->n_ids && file->n_ids < IDS_MAX; k++)
			file->ids[file->n_ids++] = part->ids[k];
		if (part->n_ids == 0 && part->about_jobs)
			file->n_ids += rlg_rl_numbers(part->lower, strlen(part->lower), file->ids + file->n_ids,
						      IDS_MAX - file->n_ids);
	}
}

static void add_file(struct looking *looking, const char *folder, const char *name)
{
	if (looking->n == FILES_MAX)
		return;
	if (looking->n == looking->room) {
		looking->room = looking->room == 0 ? 64 : 2 * looking->room;
		looking->files = rlg_arena_grow(looking->arena, looking->files, looking->n, looking->room,
						sizeof(*looking->files));
	}
	struct log_file *file = &looking->files[looking->n++];
	*file = (struct log_file){.folder = folder, .name = name, .run = RLG_NAMES_NONE};
	look_into(looking, file);
}

/* Links are not followed, so that there is no way out of the folder and none around in it. */
static void walk(struct looking *looking, const char *folder, unsigned depth)
{
	DIR *entries = opendir(absolute(looking, folder));
	const struct dirent *entry;
	struct stat facts;

	if (entries == NULL)
		return;
	while ((entry = readdir(entries)) != NULL) {
		size_t length = strlen(entry->d_name);
		if (entry->d_name[0] == '.' || fstatat(dirfd(entries), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		const char *name = rlg_arena_strdup(looking->arena, entry->d_name);
		if (S_ISDIR(facts.st_mode) && depth < DEPTH_MAX)
			walk(looking, join(looking->arena, folder, name), depth + 1);
		else if (S_ISREG(facts.st_mode) && length > 3 && strcmp(name + length - 3, ".md") == 0 && !is_reserved(name))
			add_file(looking, folder, name);
	}
	closedir(entries);
}

static int compare_files(const void *one, const void *other)
{
	const struct log_file *a = one, *b = other;
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

static size_t run_with_id(const struct rlg_model *model, const struct log_file *file, const struct id_of_run *list,
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
static void match_by_ids(struct looking *looking)
{
	const struct rlg_model *model = looking->view->model;
	size_t n;
	const struct id_of_run *list = ids_of_runs(looking->arena, model, &n);

	for (size_t i = 0; i < looking->n; i++) {
		struct log_file *file = &looking->files[i];
		for (size_t k = 0; k < file->n_ids && file->run == RLG_NAMES_NONE; k++)
			file->run = run_with_id(model, file, list, n, file->ids[k]);
		if (file->run != RLG_NAMES_NONE && looking->of_run[file->run] == NULL)
			looking->of_run[file->run] = file;
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
static void match_by_name(struct looking *looking)
{
	const struct rlg_model *model = looking->view->model;
	struct rlg_names *runs = rlg_names_new(looking->arena);

	for (size_t r = 0; r < model->n_runs; r++)
		rlg_names_add(runs, model->runs[r].name, r);
	for (size_t i = 0; i < looking->n; i++) {
		struct log_file *file = &looking->files[i];
		size_t run = file->run == RLG_NAMES_NONE ? run_called(runs, file->name) : RLG_NAMES_NONE;
		if (run == RLG_NAMES_NONE)
			continue;
		const struct log_file *other = looking->of_run[run];
		const char *date = rlg_rl_date(looking->arena, rlg_rl_first_us(&model->runs[run]));
		bool is_of_day = date != NULL && strncmp(file->name, date, strlen(date)) == 0;
		if (other != NULL && (other->run != RLG_NAMES_NONE ||
				      (!is_of_day && (strncmp(other->name, date != NULL ? date : "", 10) == 0 ||
						      strcmp(other->name, file->name) > 0))))
			continue;
		looking->of_run[run] = file;
	}
	for (size_t r = 0; r < model->n_runs; r++)
		if (looking->of_run[r] != NULL)
			looking->of_run[r]->run = r;
}

/* ---- what is found beside it ---- */

/* The first word that ends like a YAML file's name, of a script; relative to the group where it lies in it. */
static const char *yaml_in_script(const struct looking *looking, const char *path)
{
	static const char ends[] = " \t\r\n\"'=(){}[]<>|&;,`";
	char *text;
	size_t length;

	if (rlg_file_read(looking->arena, path, SCRIPT_MAX, &text, &length, NULL, NULL) != 0 || text == NULL)
		return NULL;
	for (const char *at = text + strspn(text, ends); *at != '\0'; at += strspn(at, ends)) {
		size_t word = strcspn(at, ends);
		bool is_yaml = (word > 5 && strncmp(at + word - 5, ".yaml", 5) == 0) ||
			       (word > 4 && strncmp(at + word - 4, ".yml", 4) == 0);
		if (is_yaml && memchr(at, '$', word) == NULL && memchr(at, '*', word) == NULL)
			return rlg_arena_strndup(looking->arena, at, word);
		at += word;
	}
	return NULL;
}

/* The only YAML file in the run's folder. */
static const char *yaml_in_folder(const struct looking *looking, const char *run)
{
	DIR *entries = opendir(absolute(looking, run));
	const struct dirent *entry;
	const char *found = NULL;

	if (entries == NULL)
		return NULL;
	while ((entry = readdir(entries)) != NULL) {
		size_t length = strlen(entry->d_name);
		if (entry->d_name[0] == '.' || ((length < 6 || strcmp(entry->d_name + length - 5, ".yaml") != 0) &&
						(length < 5 || strcmp(entry->d_name + length - 4, ".yml") != 0)))
			continue;
		if (found != NULL) {
			found = NULL;
			break;
		}
		found = rlg_arena_printf(looking->arena, "%s/%s", run, entry->d_name);
	}
	closedir(entries);
	return found;
}

static const char *find_config(const struct looking *looking, const struct rlg_run *run)
{
	const char *found = NULL;

	for (size_t p = 0; p < run->n_phases && found == NULL; p++) {
		const struct rlg_phase *phase = &run->phases[p];
		if (phase->n_attempts == 0 || phase->attempts[0].submission.script == NULL)
			continue;
		const struct rlg_submission *submission = &phase->attempts[0].submission;
		if (submission->script[0] == '/')
			found = yaml_in_script(looking, submission->script);
		else if (submission->cwd != NULL)
			found = yaml_in_script(looking, rlg_arena_printf(looking->arena, "%s/%s", submission->cwd,
									 submission->script));
		break;
	}
	return found != NULL ? found : yaml_in_folder(looking, run->name);
}

/* The newest checkpoint of the first phase, whether it is done or not, for `resumed from`. */
static void find_checkpoint(const struct looking *looking, const struct rlg_run *run, struct rlg_rl_findings *findings)
{
	const struct rlg_config *config = looking->view->config;
	const struct rlg_phase *phase = &run->phases[0];
	struct stat facts;

	for (size_t i = 0; config != NULL && i < config->n_outputs && findings->checkpoint == NULL; i++)
		if (strcmp(config->outputs[i].phase, phase->name) == 0)
			findings->checkpoint = rlg_output_find(looking->arena, looking->view->group_path, &config->outputs[i],
							       run->name, 0);
	if (findings->checkpoint != NULL && stat(findings->checkpoint, &facts) == 0)
		findings->checkpoint_us = (int64_t)facts.st_mtim.tv_sec * RLG_SECOND_US + facts.st_mtim.tv_nsec / 1000;
}

static const struct rlg_rl_findings *findings_of(const struct looking *looking, const struct rlg_run *run,
						 const struct log_file *file)
{
	struct rlg_rl_findings *findings = rlg_arena_alloc(looking->arena, sizeof(*findings));

	if (file == NULL || file->wants_config)
		findings->config = find_config(looking, run);
	if (run->n_phases > 0 && run->phases[0].n_attempts > 0)
		find_checkpoint(looking, run, findings);
	return findings;
}

/* ---- telling ---- */

struct telling {
	const struct looking *looking;
	rlg_tracker_place_fn *tell;
	void *context;
	const char *pattern;
	struct rlg_names *paths; /* of files that are somebody's */
	struct rlg_names *folder_names; /* of run logs, to their places in `folders` */
	struct rlg_rl_folder *folders;
	const char **folder_paths;
	size_t n_folders;
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
	struct rlg_arena *arena = telling->looking->arena;
	const char *date = rlg_rl_date(arena, rlg_rl_first_us(run));
	const char *path = fill_in(arena, telling->pattern, date, run->name, first_phase(run));
	const char *stem = rlg_arena_strndup(arena, path, strlen(path) - strlen(".md"));
	const char *slash = strrchr(path, '/');

	if (is_reserved(slash != NULL ? slash + 1 : path))
		path = rlg_arena_printf(arena, "%s_.md", stem);
	for (int number = 2; rlg_names_find(telling->paths, path) != RLG_NAMES_NONE; number++)
		path = rlg_arena_printf(arena, "%s_%d.md", stem, number);
	return path;
}

static void list_in_folder(struct telling *telling, const char *folder, const char *file, const struct rlg_run *run)
{
	struct rlg_arena *arena = telling->looking->arena;
	size_t at = rlg_names_find(telling->folder_names, folder);

	if (at == RLG_NAMES_NONE) {
		at = telling->n_folders++;
		telling->folders = rlg_arena_grow(arena, telling->folders, at, at + 1, sizeof(*telling->folders));
		telling->folder_paths = rlg_arena_grow(arena, telling->folder_paths, at, at + 1, sizeof(folder));
		const char *path = absolute(telling->looking, folder[0] != '\0' ? folder : ".");
		path = folder[0] != '\0' ? path : telling->looking->view->group_path;
		telling->folders[at] = (struct rlg_rl_folder){.name = strrchr(path, '/') + 1};
		telling->folder_paths[at] = folder;
		rlg_names_add(telling->folder_names, folder, at);
	}
	struct rlg_rl_folder *to = &telling->folders[at];
	const char *date = run != NULL ? rlg_rl_date(arena, rlg_rl_first_us(run)) : NULL;
	bool is_dated = rlg_rl_date_prefix(file) > 0;
	if (to->n == to->room) {
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
	const struct looking *looking = telling->looking;
	const struct rlg_run *run = &looking->view->model->runs[index];
	const struct log_file *file = looking->of_run[index];
	struct rlg_tracker_place place = {.run = run->name};

	if (rlg_rl_first_us(run) == 0)
		return;
	place.path = file != NULL ? join(looking->arena, file->folder, file->name) : new_path(telling, run);
	if (file == NULL) {
		const char *slash = strrchr(place.path, '/');
		rlg_names_add(telling->paths, place.path, index);
		list_in_folder(telling,
			       slash != NULL ? rlg_arena_strndup(looking->arena, place.path, (size_t)(slash - place.path)) : "",
			       slash != NULL ? slash + 1 : place.path, run);
	}
	place.key = rlg_arena_printf(looking->arena, "run=%s", run->name);
	place.data = findings_of(looking, run, file);
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
		struct rlg_rl_folder *folder = rlg_arena_alloc(telling->looking->arena, sizeof(*folder));
		*folder = telling->folders[i];
		qsort(folder->entries, folder->n, sizeof(*folder->entries), compare_entries);
		telling->tell(telling->context,
			      &(struct rlg_tracker_place){
				      .path = join(telling->looking->arena, telling->folder_paths[i], "timeline.md"),
				      .data = folder});
	}
}

static void tell_all(struct telling *telling)
{
	const struct looking *looking = telling->looking;
	const struct rlg_model *model = looking->view->model;

	for (size_t i = 0; i < looking->n; i++) {
		const struct log_file *file = &looking->files[i];
		const struct rlg_run *run = file->run != RLG_NAMES_NONE ? &model->runs[file->run] : NULL;
		rlg_names_add(telling->paths, join(looking->arena, file->folder, file->name), i);
		if (run != NULL || (file->is_log && rlg_rl_date_prefix(file->name) > 0))
			list_in_folder(telling, file->folder, file->name, run);
	}
	for (size_t r = 0; r < model->n_runs; r++)
		tell_run(telling, r);
	tell_folders(telling);
}

static void look(struct looking *looking, const char *root)
{
	const struct rlg_model *model = looking->view->model;

	/* In the group itself there are the runs' own folders, with all that jobs wrote: nobody walks through these. */
	walk(looking, root, root[0] == '\0' ? DEPTH_MAX : 0);
	if (looking->n > 1)
		qsort(looking->files, looking->n, sizeof(*looking->files), compare_files);
	if (model == NULL)
		return;
	looking->of_run = rlg_arena_alloc(looking->arena, (model->n_runs + 1) * sizeof(struct log_file *));
	match_by_ids(looking);
	match_by_name(looking);
}

int rlg_rl_places(const struct rlg_tracker_view *view, rlg_tracker_place_fn *tell, void *context, struct rlg_err *err)
{
	struct looking looking = {.view = view, .arena = view->arena};
	struct telling telling = {.looking = &looking,
				  .tell = tell,
				  .context = context,
				  .paths = rlg_names_new(view->arena),
				  .folder_names = rlg_names_new(view->arena)};
	int code = whole_pattern(view, &telling.pattern, err);

	if (code != 0 || view->model == NULL)
		return code;
	look(&looking, root_of(view->arena, telling.pattern));
	tell_all(&telling);
	return 0;
}

const char *rlg_rl_found(struct rlg_arena *arena, const char *group_path)
{
	struct rlg_tracker_view view = {.arena = arena, .group_path = group_path};
	struct looking looking = {.view = &view, .arena = arena};
	const char *folder = NULL;

	look(&looking, FOLDER);
	for (size_t i = 0; i < looking.n; i++) {
		const struct log_file *file = &looking.files[i];
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
