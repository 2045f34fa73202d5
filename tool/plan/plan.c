/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is planned: see plan.h. */
#include "tool/plan/plan.h"

#include "lib/layout.h"
#include "lib/text.h"
#include "tool/base/md_table.h"
#include "tool/plan/plan_matrix.h"
#include "tool/base/yaml_doc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* People write plans by hand, and a megabyte is a book; the rest is for plans that a script wrote. */
#define PLAN_SIZE_MAX ((off_t)32 * 1024 * 1024)

#define MARKDOWN_FILE "runs_plan.md"
#define SUMMARY_FILE "experiment_summary.yaml"

/* ---- lists in which each name stands once ---- */

/* A hash set of names: an array of `room` (a power of two) at most half full. */
struct name_set {
	const char **names;
	size_t count, room;
};

static size_t find_slot(const struct name_set *set, const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	for (const char *at = name; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
	size_t slot = hash & (set->room - 1);
	while (set->names[slot] != NULL && strcmp(set->names[slot], name) != 0)
		slot = (slot + 1) & (set->room - 1);
	return slot;
}

static void make_set_room(struct rlg_arena *arena, struct name_set *set)
{
	struct name_set larger = {.count = set->count, .room = set->room == 0 ? 64 : set->room * 2};

	if (set->count * 2 < set->room)
		return;
	larger.names = rlg_arena_alloc(arena, larger.room * sizeof(*larger.names));
	for (size_t i = 0; i < set->room; i++) {
		if (set->names[i] != NULL)
			larger.names[find_slot(&larger, set->names[i])] = set->names[i];
	}
	*set = larger;
}

/* Whether it was not in there before. */
static bool set_add(struct rlg_arena *arena, struct name_set *set, const char *name)
{
	make_set_room(arena, set);
	size_t slot = find_slot(set, name);
	if (set->names[slot] != NULL)
		return false;
	set->names[slot] = name;
	set->count++;
	return true;
}

struct planning {
	struct rlg_arena *arena;
	const char *path;
	struct rlg_plan plan;
	struct name_set runs, evaluations;
	size_t runs_room, evaluations_room;
	struct rlg_err *err;
};

static const char *const placeholders[] = {"",	  "...", "\xe2\x80\xa6" /* U+2026, the ellipsis */, "-", "--", "---",
					   "TBD", "TBA", "TODO", "N/A", "?",
					   "\xe2\x80\x93" /* U+2013, en dash */, "\xe2\x80\x94" /* U+2014, em dash */};

static bool is_placeholder(const char *name)
{
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
		if (strcasecmp(name, placeholders[i]) == 0)
			return true;
	}
	return false;
}

bool rlg_plan_is_control(const char *type)
{
	static const char *const control_words[] = {"control", "controls", "base", "baseline"};

	while (type != NULL && *type != '\0') {
		size_t length = 0;

		while (isalnum((unsigned char)type[length]))
			length++;
		for (size_t i = 0; i < sizeof(control_words) / sizeof(control_words[0]); i++) {
			if (strlen(control_words[i]) == length && strncasecmp(type, control_words[i], length) == 0)
				return true;
		}
		type += length > 0 ? length : 1;
	}
	return false;
}

static int add_run(struct planning *planning, size_t line, const char *name, const char *type)
{
	struct rlg_plan *plan = &planning->plan;
	struct rlg_err why;

	if (name == NULL || is_placeholder(name))
		return 0;
	if (!rlg_name_ok(name, &why))
		return rlg_fail(planning->err, -EINVAL, "%s:%zu: %s", planning->path, line, why.text);
	if (!set_add(planning->arena, &planning->runs, name))
		return 0;
	if (plan->n_runs == planning->runs_room) {
		planning->runs_room = planning->runs_room == 0 ? 16 : planning->runs_room * 2;
		plan->runs = rlg_arena_grow(planning->arena, plan->runs, plan->n_runs, planning->runs_room,
					    sizeof(*plan->runs));
	}
	type = type != NULL && !is_placeholder(type) ? type : NULL;
	plan->runs[plan->n_runs++] =
		(struct rlg_planned_run){.name = name, .type = type, .control = rlg_plan_is_control(type)};
	return 0;
}

/* A task whose name cannot be one is none of ours (a path, a formula): the runs are what a plan is read for. */
static void add_evaluation(struct planning *planning, const char *name)
{
	struct rlg_plan *plan = &planning->plan;

	if (name == NULL || is_placeholder(name) || !rlg_name_ok(name, NULL) ||
	    !set_add(planning->arena, &planning->evaluations, name))
		return;
	if (plan->n_evaluations == planning->evaluations_room) {
		planning->evaluations_room = planning->evaluations_room == 0 ? 16 : planning->evaluations_room * 2;
		plan->evaluations = rlg_arena_grow(planning->arena, plan->evaluations, plan->n_evaluations,
						   planning->evaluations_room, sizeof(*plan->evaluations));
	}
	plan->evaluations[plan->n_evaluations++] = name;
}

/* ---- runs_plan.md ---- */

static const char *const run_columns[] = {"run name", "run", "name", NULL};
static const char *const type_columns[] = {"type", "run type", "model type", NULL};
static const char *const task_columns[] = {"task", "task name", "name", "evaluation", NULL};

/* The heading that begins with these words (lower case), in any case; n_items if there is none. */
static size_t find_heading(const struct rlg_md_doc *doc, const char *words)
{
	for (size_t i = 0; i < doc->n_items; i++) {
		if (doc->items[i].title != NULL && strncasecmp(doc->items[i].title, words, strlen(words)) == 0)
			return i;
	}
	return doc->n_items;
}

static const char *find_title(struct rlg_arena *arena, const struct rlg_md_doc *doc)
{
	static const char words[] = "run plan";
	size_t heading = find_heading(doc, words);

	if (heading == doc->n_items)
		return NULL;
	const char *title = doc->items[heading].title + strlen(words);
	title += strspn(title, " \t:-");
	return *title != '\0' ? rlg_arena_strdup(arena, title) : NULL;
}

static int add_table_runs(struct planning *planning, const struct rlg_md_table *table)
{
	size_t name = rlg_md_column(table, run_columns), type = rlg_md_column(table, type_columns);

	for (size_t i = 0; i < table->n_rows && name != RLG_MD_NO_COLUMN; i++) {
		const struct rlg_md_row *row = &table->rows[i];
		int result = add_run(planning, row->line, rlg_md_cell(row, name), rlg_md_cell(row, type));

		if (result < 0)
			return result;
	}
	return 0;
}

static bool has_runs(const struct rlg_md_item *item)
{
	return item->table != NULL && rlg_md_column(item->table, run_columns) != RLG_MD_NO_COLUMN;
}

/* All tables of the section `All Runs` (it may have one for each kind of run); without it, the first that fits. */
static int add_markdown_runs(struct planning *planning, const struct rlg_md_doc *doc)
{
	size_t heading = find_heading(doc, "all runs");
	bool whole_section = heading < doc->n_items;
	size_t i = whole_section ? heading + 1 : 0;
	size_t end = whole_section ? rlg_md_section_end(doc, heading) : doc->n_items;
	int result = 0;

	for (; i < end && result == 0; i++) {
		if (!has_runs(&doc->items[i]))
			continue;
		result = add_table_runs(planning, doc->items[i].table);
		if (!whole_section)
			break;
	}
	return result;
}

static void add_markdown_evaluations(struct planning *planning, const struct rlg_md_doc *doc)
{
	size_t heading = find_heading(doc, "evaluation tasks");

	if (heading == doc->n_items)
		return;
	for (size_t i = heading + 1; i < rlg_md_section_end(doc, heading); i++) {
		const struct rlg_md_table *table = doc->items[i].table;
		size_t column = table != NULL ? rlg_md_column(table, task_columns) : RLG_MD_NO_COLUMN;

		for (size_t row = 0; column != RLG_MD_NO_COLUMN && row < table->n_rows; row++)
			add_evaluation(planning, rlg_md_cell(&table->rows[row], column));
	}
}

int rlg_plan_parse_markdown(struct rlg_arena *arena, const char *path, const char *text, struct rlg_plan *out_plan,
			    struct rlg_err *err)
{
	struct planning planning = {.arena = arena, .path = path, .plan = {.source = path}, .err = err};
	struct rlg_md_doc doc;

	rlg_md_parse(arena, text, &doc);
	planning.plan.title = find_title(arena, &doc);
	int result = add_markdown_runs(&planning, &doc);
	if (result < 0)
		return result;
	add_markdown_evaluations(&planning, &doc);
	rlg_plan_matrix_markdown(arena, &doc, &planning.plan);
	if (planning.plan.n_runs == 0)
		return rlg_fail(err, -EINVAL,
				"%s:1: this plan names no runs: it needs a section `## All Runs` with a table that has "
				"a column `Run Name`", path);
	*out_plan = planning.plan;
	return 0;
}

/* ---- experiment_summary.yaml ---- */

/* A member of a list: a plain name, or a mapping with `name`. */
static const char *member_name(const struct rlg_yaml_node *member)
{
	if (member->kind == RLG_YAML_SCALAR)
		return rlg_yaml_is_null(member) ? NULL : member->value;
	return rlg_yaml_get_text(member, "name");
}

static int add_summary_runs(struct planning *planning, const struct rlg_yaml_node *runs)
{
	bool mapping = rlg_yaml_is_mapping(runs);
	const struct rlg_yaml_node *member = runs != NULL ? runs->first : NULL;
	int result = 0;

	while (member != NULL && result == 0) {
		/* A list of runs, or a mapping from their names. */
		const struct rlg_yaml_node *fields = mapping ? member->next : member;

		result = add_run(planning, member->line, member_name(member), rlg_yaml_get_text(fields, "type"));
		member = fields->next;
	}
	return result;
}

static void add_summary_evaluations(struct planning *planning, const struct rlg_yaml_node *tasks)
{
	bool mapping = rlg_yaml_is_mapping(tasks);
	const struct rlg_yaml_node *member = tasks != NULL ? tasks->first : NULL;

	for (; member != NULL; member = mapping ? member->next->next : member->next)
		add_evaluation(planning, member_name(member));
}

int rlg_plan_parse_summary(struct rlg_arena *arena, const char *path, const char *text, struct rlg_plan *out_plan,
			   struct rlg_err *err)
{
	struct planning planning = {.arena = arena, .path = path, .plan = {.source = path}, .err = err};
	struct rlg_yaml_doc doc;
	int result = rlg_yaml_parse(arena, path, text, strlen(text), &doc, err);

	if (result < 0)
		return result;
	planning.plan.title = rlg_yaml_get_text(rlg_yaml_get(doc.root, "experiment"), "name");
	result = add_summary_runs(&planning, rlg_yaml_get(doc.root, "runs"));
	if (result < 0)
		return result;
	add_summary_evaluations(&planning, rlg_yaml_get(rlg_yaml_get(doc.root, "evaluation"), "tasks"));
	add_summary_evaluations(&planning, rlg_yaml_get(doc.root, "evaluations"));
	rlg_plan_matrix_summary(arena, rlg_yaml_get(rlg_yaml_get(doc.root, "evaluation"), "matrix"), &planning.plan);
	if (planning.plan.n_runs == 0)
		return rlg_fail(err, -EINVAL, "%s:1: this plan names no runs: it needs a list `runs` whose members have "
				"a `name`", path);
	*out_plan = planning.plan;
	return 0;
}

/* ---- folders ---- */

static bool ends_with(const char *name, const char *suffix)
{
	size_t length = strlen(name), width = strlen(suffix);

	return length > width && strcmp(name + length - width, suffix) == 0;
}

/* A stream over the folder `name` in `parent`, or NULL. */
static DIR *open_folder(int parent, const char *name)
{
	/* O_NONBLOCK: a fifo or a device of that name must not hold us up. */
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;

	if (folder == NULL && fd >= 0)
		close(fd);
	return folder;
}

static bool is_script(const char *name)
{
	return name[0] != '.' && (ends_with(name, ".slurm") || ends_with(name, ".sbatch"));
}

static bool holds_script(int parent, const char *name)
{
	DIR *folder = open_folder(parent, name);
	struct dirent *entry;
	bool found = false;

	if (folder == NULL)
		return false;
	while (!found && (entry = readdir(folder)) != NULL)
		found = is_script(entry->d_name);
	closedir(folder);
	return found;
}

static int compare_runs(const void *one, const void *other)
{
	return strcmp(((const struct rlg_planned_run *)one)->name, ((const struct rlg_planned_run *)other)->name);
}

static int read_folders(struct planning *planning, const char *group_path)
{
	DIR *group = open_folder(AT_FDCWD, group_path);
	struct dirent *entry;

	if (group == NULL)
		return rlg_fail_errno(planning->err, -errno, "cannot read the folder %s", group_path);
	while ((entry = readdir(group)) != NULL) {
		/* A folder whose name cannot be a run's is somebody else's. */
		if (rlg_name_ok(entry->d_name, NULL) && holds_script(dirfd(group), entry->d_name))
			add_run(planning, 0, rlg_arena_strdup(planning->arena, entry->d_name), NULL);
	}
	closedir(group);
	if (planning->plan.n_runs > 1)
		qsort(planning->plan.runs, planning->plan.n_runs, sizeof(*planning->plan.runs), compare_runs);
	return 0;
}

/* ---- which of them ---- */

static int read_whole(struct rlg_arena *arena, int fd, size_t size, char **out_text)
{
	char *text = rlg_arena_alloc(arena, size + 1);
	size_t done = 0;

	while (done < size) {
		ssize_t got = read(fd, text + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	if (memchr(text, '\0', done) != NULL)
		return -EILSEQ;
	*out_text = text;
	return 0;
}

/* -ENOENT without a sentence if there is no such file. */
static int read_text(struct rlg_arena *arena, const char *path, char **out_text, struct rlg_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat facts;
	int result;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return rlg_fail_errno(err, -errno, "cannot open the plan %s", path);
	if (fstat(fd, &facts) < 0)
		result = rlg_fail_errno(err, -errno, "cannot look at the plan %s", path);
	else if (!S_ISREG(facts.st_mode))
		result = rlg_fail(err, -EINVAL, "the plan %s is not a regular file", path);
	else if (facts.st_size > PLAN_SIZE_MAX)
		result = rlg_fail(err, -E2BIG, "the plan %s is too large", path);
	else if ((result = read_whole(arena, fd, (size_t)facts.st_size, out_text)) == -EILSEQ)
		result = rlg_fail(err, -EINVAL, "the plan %s is not a text: it holds a NUL byte", path);
	else if (result < 0)
		rlg_fail_errno(err, result, "cannot read the plan %s", path);
	close(fd);
	return result;
}

typedef int parse_fn(struct rlg_arena *arena, const char *path, const char *text, struct rlg_plan *out_plan,
		     struct rlg_err *err);

/* -ENOENT without a sentence if there is no such file. */
static int read_plan_file(struct rlg_arena *arena, const char *group_path, const char *plan_path,
			  struct rlg_plan *out_plan, struct rlg_err *err)
{
	bool yaml = ends_with(plan_path, ".yaml") || ends_with(plan_path, ".yml");
	parse_fn *parse = yaml ? rlg_plan_parse_summary : rlg_plan_parse_markdown;
	const char *path = plan_path[0] == '/' ? plan_path : rlg_arena_printf(arena, "%s/%s", group_path, plan_path);
	char *text = NULL;
	int result = read_text(arena, path, &text, err);

	return result < 0 || text == NULL ? result : parse(arena, plan_path, text, out_plan, err);
}

int rlg_plan_read(struct rlg_arena *arena, const char *group_path, const char *plan_path, struct rlg_plan *out_plan,
		  struct rlg_err *err)
{
	static const char *const files[] = {MARKDOWN_FILE, SUMMARY_FILE};
	struct planning planning = {.arena = arena, .path = group_path, .plan = {.source = "folders"}, .err = err};
	int result = -ENOENT;

	if (plan_path != NULL) {
		result = read_plan_file(arena, group_path, plan_path, out_plan, err);
		return result != -ENOENT ? result
					 : rlg_fail(err, -ENOENT, "there is no plan %s in %s", plan_path, group_path);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && result == -ENOENT; i++)
		result = read_plan_file(arena, group_path, files[i], out_plan, err);
	if (result != -ENOENT)
		return result;
	result = read_folders(&planning, group_path);
	if (result < 0)
		return result;
	if (planning.plan.n_runs == 0)
		return rlg_fail(err, -ENOENT, "there is no plan in %s: looked there for %s, for %s and for subfolders "
				"with a *.slurm file", group_path, MARKDOWN_FILE, SUMMARY_FILE);
	*out_plan = planning.plan;
	return 0;
}
