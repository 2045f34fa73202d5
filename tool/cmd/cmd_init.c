/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runledger init: make a run group here. */
#include "lib/layout.h"
#include "tool/base/atomic_file.h"
#include "tool/cmd/command.h"
#include "tool/group/discovery_record.h"
#include "tool/group/refresh.h"
#include "tool/tracker/tracker.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Folders of the group, in the order in which they are made; and taken away when it comes to nothing. */
static const char *const folders[] = {RLG_DIR, RLG_DIR "/" RLG_RUNS_DIR, RLG_DIR "/" RLG_TRACKERS_DIR};
#define N_FOLDERS (sizeof(folders) / sizeof(folders[0]))

static void path_in(char out_path[PATH_MAX], const char *folder, const char *name)
{
	if (snprintf(out_path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
		out_path[0] = '\0';
}

static int make_folders(const char *folder, struct rlg_err *err)
{
	char path[PATH_MAX];
	struct stat there;

	for (size_t i = 0; i < N_FOLDERS; i++) {
		path_in(path, folder, folders[i]);
		if (mkdir(path, 0777) == 0)
			continue;
		if (errno != EEXIST)
			return rlg_fail_errno(err, -errno, "cannot make %s", path);
		/* Nobody would take it for a group's: a link may lead to anybody's folder. */
		if (lstat(path, &there) != 0 || !S_ISDIR(there.st_mode))
			return rlg_fail(err, -ENOTDIR, "%s is in the way: it is no folder", path);
	}
	return 0;
}

/* Only what is empty goes, so nothing of anybody's is lost. */
static void take_back(const char *folder)
{
	char path[PATH_MAX];

	path_in(path, folder, RLG_DIR "/" RLG_CONFIG_FILE);
	unlink(path);
	for (size_t i = N_FOLDERS; i-- > 0;) {
		path_in(path, folder, folders[i]);
		rmdir(path);
	}
}

static const char *find_tracker(struct rlg_arena *arena, const char *folder, const struct rlg_tracker *tracker,
				int *out_unread)
{
	if (tracker->found != NULL)
		return tracker->found(arena, folder, out_unread);
	int there = rlg_file_is_there(rlg_arena_printf(arena, "%s/%s", folder, tracker->default_path));
	if (there < 0 && rlg_errno_may_pass(-there))
		*out_unread = -there;
	return there > 0 ? tracker->default_path : NULL;
}

/* Trackers that the folder uses already, though nobody has asked for them yet. */
static size_t find_trackers(struct rlg_arena *arena, const char *folder, struct rlg_tracker_choice **out_found,
			    int *out_unread)
{
	size_t count = 0;

	*out_found = NULL;
	*out_unread = 0;
	for (size_t i = 0; rlg_trackers[i] != NULL; i++) {
		const struct rlg_tracker *tracker = rlg_trackers[i];
		const char *path = tracker->by_default ? NULL : find_tracker(arena, folder, tracker, out_unread);
		if (path == NULL)
			continue;
		*out_found = rlg_arena_grow(arena, *out_found, count, count + 1, sizeof(**out_found));
		(*out_found)[count++] = (struct rlg_tracker_choice){.tracker = tracker->name, .path = path};
	}
	return count;
}

static int write_config(const char *folder, struct rlg_err *err)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_tracker_choice *found;
	char path[PATH_MAX];
	int unread;

	path_in(path, folder, RLG_DIR "/" RLG_CONFIG_FILE);
	/* A person's settings that cannot be read just now are not none. */
	int there = rlg_file_is_there(path);
	if (there != 0)
		return there > 0 ? 0 : rlg_fail_errno(err, there, "cannot look at %s", path);
	size_t n_found = find_trackers(arena, folder, &found, &unread);
	if (unread != 0)
		return rlg_fail_errno(err, -unread, "cannot tell which trackers %s has already", folder);
	const char *text = rlg_config_template(arena, found, n_found);
	return rlg_file_replace(path, text, strlen(text), NULL, err);
}

/* The runs must come from somewhere: a plan, a tracker that is there already, or folders. */
static int look_for_runs(struct rlg_group *group, struct rlg_err *err)
{
	struct rlg_model *model;
	int code = rlg_group_load(group, &model, err);

	if (code == 0 && model->unread != 0)
		return rlg_fail_errno(err, -model->unread, "cannot read all that is in %s", group->path);
	if (code != 0 || model->n_runs > 0)
		return code != 0 ? code : rlg_discoveries_record(group, model, err);
	return rlg_fail(err, -ENOENT, "%s",
			group->plan_problem.text[0] != '\0' ? group->plan_problem.text : "no runs are planned here");
}

static const char *kept_path(const struct rlg_group *group, const char *tracker)
{
	for (size_t i = 0; i < group->config.n_trackers; i++)
		if (strcmp(group->config.trackers[i].tracker, tracker) == 0)
			return group->config.trackers[i].path;
	return NULL;
}

/* Settings that a person has are not changed behind their back. */
static void say_what_was_found(const struct rlg_group *group)
{
	struct rlg_tracker_choice *found;
	int unread;
	size_t n_found = find_trackers(group->arena, group->path, &found, &unread);

	for (size_t i = 0; i < n_found; i++) {
		const char *kept = kept_path(group, found[i].tracker);
		if (kept == NULL)
			printf("  found     %s, which is not kept; to keep it, add `%s: on` under trackers\n", found[i].path,
			       found[i].tracker);
		else if (strcmp(kept, found[i].path) == 0)
			printf("  found     %s, which keeps itself from now on\n", kept);
	}
}

static void say_what_is_here(const struct rlg_group *group, const struct rlg_refresh_report *report)
{
	printf("run group %s in %s\n", rlg_group_name(group), group->path);
	if (group->plan.source != NULL)
		printf("  runs      %zu, from %s\n", group->plan.n_runs, group->plan.source);
	printf("  phases   ");
	for (size_t i = 0; i < group->config.n_phases; i++)
		printf(" %s", group->config.phases[i]);
	printf("\n  trackers ");
	for (size_t i = 0; i < group->config.n_trackers; i++)
		if (group->config.trackers[i].path != NULL)
			printf(" %s", group->config.trackers[i].path);
	if (report->edits > 0)
		printf(" (%u value%s taken over)", report->edits, report->edits == 1 ? "" : "s");
	printf("\n");
	say_what_was_found(group);
	printf("  settings  " RLG_DIR "/" RLG_CONFIG_FILE "\n"
	       "Submit as always; the trackers keep themselves. `runledger status` shows where every run stands.\n");
}

/* Everything that needs the group open.  Its failure takes back what was made. */
static int fill_group(const char *folder, struct rlg_err *err)
{
	struct rlg_group group;
	struct rlg_refresh_report report;
	int code = rlg_group_open(folder, &group, err);

	if (code == 0)
		code = look_for_runs(&group, err);
	if (code == 0)
		code = rlg_refresh(&group, RLG_REFRESH_WAIT, &report, err);
	if (code == 0)
		say_what_is_here(&group, &report);
	rlg_group_close(&group);
	return code;
}

static bool is_new(const char *folder)
{
	char path[PATH_MAX];

	path_in(path, folder, RLG_DIR);
	return rlg_file_is_there(path) == 0;
}

static int run(struct rlg_options *options)
{
	struct rlg_err err = {""};
	char folder[PATH_MAX];
	const char *where;
	int result;

	if (!rlg_group_word(options, &where, &result))
		return result;
	where = where == NULL ? "." : where;
	if (realpath(where, folder) == NULL)
		return rlg_failure(options, "cannot open %s: %s", where, strerror(errno));
	bool fresh = is_new(folder);
	int code = make_folders(folder, &err);
	if (code == 0)
		code = write_config(folder, &err);
	if (code == 0)
		code = fill_group(folder, &err);
	if (code == 0)
		return RLG_EXIT_OK;
	if (fresh)
		take_back(folder);
	return rlg_failure(options, "%s", err.text);
}

static const struct rlg_example examples[] = {
	{"runledger init", "make this folder a run group"},
	{"runledger init /scratch/me/cap_8L", "make that folder one"},
	{NULL, NULL},
};

const struct rlg_command rlg_cmd_init = {
	.name = "init",
	.arguments = "[DIR]",
	.summary = "make a run group here",
	.description = "Makes DIR (the current folder, if none is given) a run group: a folder that holds a set of runs, whose "
		       "jobs are tracked from now on. The runs come from runs_plan.md, experiment_summary.yaml, an "
		       "existing runs_status.yaml, or the subfolders that hold a *.slurm file.\n\n"
		       "Writes .runledger/config.yaml with the settings and their defaults, and the trackers. What stands "
		       "in a tracker already is taken over. Doing it again is harmless.",
	.examples = examples,
	.run = run,
};
