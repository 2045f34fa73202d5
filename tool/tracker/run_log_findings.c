/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies on disk for a run's log: its configuration, and its newest checkpoint.  See run_log.h. */
#include "tool/tracker/run_log.h"

#include "lib/clock.h"
#include "tool/base/atomic_file.h"
#include "tool/plan/outputs.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

/* A script is a page or two. */
#define SCRIPT_MAX ((size_t)1 << 20)

/*
 * The path is a record's word.  In a group that others write, anybody may have said it: a word of a file that only we may
 * read would be shown to all.
 */
static bool read_script(const struct rlg_rl_files *files, const char *path, char **out_text)
{
	const struct rlg_tracker_view *view = files->view;
	size_t length = strlen(view->group_path);
	bool inside = strncmp(path, view->group_path, length) == 0 && path[length] == '/';

	if (view->reach == NULL || !view->reach->is_shared)
		return rlg_file_read(files->arena, path, SCRIPT_MAX, out_text, NULL, NULL, NULL) == 0 && *out_text != NULL;
	return inside && !rlg_reach_leaves(path + length + 1) &&
	       rlg_tracker_read(view, path + length + 1, SCRIPT_MAX, out_text, NULL) == 0 && *out_text != NULL;
}

/* The first word that ends like a YAML file's name, of a script; relative to the group where it lies in it. */
static const char *yaml_in_script(const struct rlg_rl_files *files, const char *path)
{
	static const char ends[] = " \t\r\n\"'=(){}[]<>|&;,`";
	char *text;

	if (!read_script(files, path, &text))
		return NULL;
	for (const char *at = text + strspn(text, ends); *at != '\0'; at += strspn(at, ends)) {
		size_t word = strcspn(at, ends);
		bool is_yaml = (word > 5 && strncmp(at + word - 5, ".yaml", 5) == 0) ||
			       (word > 4 && strncmp(at + word - 4, ".yml", 4) == 0);
		if (is_yaml && memchr(at, '$', word) == NULL && memchr(at, '*', word) == NULL)
			return rlg_arena_strndup(files->arena, at, word);
		at += word;
	}
	return NULL;
}

/* The only YAML file in the run's folder. */
static const char *yaml_in_folder(const struct rlg_rl_files *files, const char *run)
{
	DIR *entries = rlg_tracker_list(files->view, run);
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
		found = rlg_arena_printf(files->arena, "%s/%s", run, entry->d_name);
	}
	closedir(entries);
	return found;
}

static const char *find_config(const struct rlg_rl_files *files, const struct rlg_run *run)
{
	const char *found = NULL;

	for (size_t p = 0; p < run->n_phases && found == NULL; p++) {
		const struct rlg_phase *phase = &run->phases[p];
		if (phase->n_attempts == 0 || phase->attempts[0].submission.script == NULL)
			continue;
		const struct rlg_submission *submission = &phase->attempts[0].submission;
		if (submission->script[0] == '/')
			found = yaml_in_script(files, submission->script);
		else if (submission->cwd != NULL)
			found = yaml_in_script(files, rlg_arena_printf(files->arena, "%s/%s", submission->cwd,
									 submission->script));
		break;
	}
	return found != NULL ? found : yaml_in_folder(files, run->name);
}

/* The newest checkpoint of the first phase, whether it is done or not, for `resumed from`. */
static void find_checkpoint(const struct rlg_rl_files *files, const struct rlg_run *run, struct rlg_rl_findings *findings)
{
	const struct rlg_config *config = files->view->config;
	const struct rlg_phase *phase = &run->phases[0];
	struct stat facts;

	for (size_t i = 0; config != NULL && i < config->n_outputs && findings->checkpoint == NULL; i++)
		if (strcmp(config->outputs[i].phase, phase->name) == 0)
			findings->checkpoint = rlg_output_find(files->arena, files->view->group_path, &config->outputs[i],
							       run->name, 0);
	if (findings->checkpoint != NULL && stat(findings->checkpoint, &facts) == 0)
		findings->checkpoint_us = (int64_t)facts.st_mtim.tv_sec * RLG_SECOND_US + facts.st_mtim.tv_nsec / 1000;
}

const struct rlg_rl_findings *rlg_rl_findings_of(const struct rlg_rl_files *files, const struct rlg_run *run,
						 const struct rlg_rl_file *file)
{
	struct rlg_rl_findings *findings = rlg_arena_alloc(files->arena, sizeof(*findings));

	if (file == NULL || file->wants_config)
		findings->config = find_config(files, run);
	if (run->n_phases > 0 && run->phases[0].n_attempts > 0)
		find_checkpoint(files, run, findings);
	return findings;
}
