/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a finished phase left behind: see outputs.h. */
#include "tool/plan/outputs.h"

#include "lib/clock.h"
#include "lib/layout.h"
#include "lib/text.h"
#include "tool/base/atomic_file.h"
#include "tool/plan/peek.h"

#include <dirent.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A set-up file is a page; what is larger is none. */
#define SETUP_MAX ((size_t)1 << 20)
#define SETUP_FILE "setup_finetune.yaml"

/* File times and clocks of hosts differ a little. */
#define AGE_SKEW_US (5 * RLG_SECOND_US)

/* One output that is looked for. */
struct finding {
	struct rlg_arena *arena;
	const char *group_path;
	const char *run_path;
	const char *namer; /* who says where it is (peek.h) */
	const struct rlg_output_rule *rule;
	int64_t since_us; /* 0: of any age */
};

static char *run_folder(struct rlg_arena *arena, const char *group_path, const char *run)
{
	return rlg_arena_printf(arena, "%s/%s", group_path, run);
}

long long rlg_checkpoint_epoch(const char *name)
{
	long long number;

	if (strncmp(name, "epoch_", 6) != 0 || !rlg_parse_int(name + 6, 0, LLONG_MAX, &number))
		return -1;
	return number;
}

static const char *newest_epoch(const struct finding *finding, const char *folder)
{
	DIR *entries = rlg_peek_list(finding->group_path, finding->namer, folder);
	const struct dirent *entry;
	const char *found = NULL;
	long long best = -1;

	if (entries == NULL)
		return NULL;
	while ((entry = readdir(entries)) != NULL) {
		long long epoch = rlg_checkpoint_epoch(entry->d_name);
		if (epoch <= best)
			continue;
		best = epoch;
		found = rlg_arena_printf(finding->arena, "%s/%s", folder, entry->d_name);
	}
	closedir(entries);
	return found;
}

const char *rlg_setup_path(struct rlg_arena *arena, const char *run_path)
{
	return rlg_arena_printf(arena, "%s/" SETUP_FILE, run_path);
}

bool rlg_setup_read(struct rlg_arena *arena, const char *run_path, struct rlg_yaml_doc *out_doc)
{
	const char *path = rlg_setup_path(arena, run_path);
	char *text;
	size_t length;

	return rlg_file_read(arena, path, SETUP_MAX, &text, &length, NULL, NULL) == 0 && text != NULL &&
	       rlg_yaml_parse(arena, path, text, length, out_doc, NULL) == 0;
}

const char *rlg_setup_checkpoints(struct rlg_arena *arena, const char *run_path, const struct rlg_yaml_doc *setup)
{
	const char *base = rlg_yaml_get_text(setup->root, "output_dir_base");
	const char *name = rlg_yaml_get_text(setup->root, "my_wandb_run_name");

	if (base == NULL || name == NULL)
		return NULL;
	size_t base_length = strlen(base);
	while (base_length > 1 && base[base_length - 1] == '/')
		base_length--;
	const char *prefix = base[0] == '/' ? "" : rlg_arena_printf(arena, "%s/", run_path);
	return rlg_arena_printf(arena, "%s%.*s/ck-out-%s", prefix, (int)base_length, base, name);
}

static const char *find_checkpoint(const struct finding *finding)
{
	struct rlg_yaml_doc setup;

	if (!rlg_setup_read(finding->arena, finding->run_path, &setup))
		return NULL;
	const char *folder = rlg_setup_checkpoints(finding->arena, finding->run_path, &setup);
	return folder == NULL ? NULL : newest_epoch(finding, folder);
}

struct newest {
	const char *path;
	int64_t modified_us;
};

/* Equal times are told apart by name, so that the same files always give the same answer. */
static void consider(const struct finding *finding, struct newest *newest, const char *path)
{
	struct stat file;

	if (!rlg_peek_may(finding->group_path, finding->namer, path) || stat(path, &file) != 0)
		return;
	int64_t modified_us = (int64_t)file.st_mtim.tv_sec * RLG_SECOND_US + file.st_mtim.tv_nsec / 1000;
	if (finding->since_us > 0 && modified_us + AGE_SKEW_US < finding->since_us)
		return;
	if (newest->path != NULL && (modified_us < newest->modified_us || (modified_us == newest->modified_us &&
									   strcmp(path, newest->path) <= 0)))
		return;
	*newest = (struct newest){rlg_arena_strdup(finding->arena, path), modified_us};
}

/* A path with the characters that glob(3) would take for patterns made harmless. */
static const char *literal(struct rlg_arena *arena, const char *path)
{
	char *escaped = rlg_arena_alloc(arena, 2 * strlen(path) + 1), *to = escaped;

	for (; *path != '\0'; path++) {
		if (strchr("*?[\\", *path) != NULL)
			*to++ = '\\';
		*to++ = *path;
	}
	return escaped;
}

static void consider_matches(const struct finding *finding, struct newest *newest, const char *pattern)
{
	const char *full = pattern[0] == '/' ? pattern
					     : rlg_arena_printf(finding->arena, "%s/%s",
								literal(finding->arena, finding->run_path), pattern);
	glob_t matches;

	if (glob(full, GLOB_NOSORT, NULL, &matches) == 0)
		for (size_t i = 0; i < matches.gl_pathc; i++)
			consider(finding, newest, matches.gl_pathv[i]);
	globfree(&matches);
}

/* Where Inspect keeps its logs: logs/ of where it ran, which may be a task's folder; and some write them beside it. */
static const char *find_inspect_log(const struct finding *finding)
{
	static const char *const patterns[] = {"logs/*.eval", "*.eval", "*/logs/*.eval", ".inspect/*.eval",
					       "logs/*.json"};
	struct newest newest = {NULL, 0};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		consider_matches(finding, &newest, patterns[i]);
	return newest.path;
}

static const char *replace_all(struct rlg_arena *arena, const char *text, const char *what, const char *with)
{
	const char *at = strstr(text, what);

	if (at == NULL)
		return text;
	return rlg_arena_printf(arena, "%.*s%s%s", (int)(at - text), text, with,
				replace_all(arena, at + strlen(what), what, with));
}

static const char *find_by_pattern(const struct finding *finding)
{
	const char *run = strrchr(finding->run_path, '/') + 1;
	struct newest newest = {NULL, 0};

	consider_matches(finding, &newest,
			 replace_all(finding->arena, finding->rule->pattern, "{run}", literal(finding->arena, run)));
	return newest.path;
}

static const char *find_nothing(const struct finding *finding)
{
	(void)finding;
	return NULL;
}

/* What the pattern of an output is named by is relative to the group; NULL: the run's folder. */
static const struct {
	const char *(*find)(const struct finding *);
	const char *named_in_group, *named_in_run;
} finders[] = {
	[RLG_OUTPUT_NONE] = {find_nothing, NULL, NULL},
	[RLG_OUTPUT_CHECKPOINTS] = {find_checkpoint, NULL, SETUP_FILE},
	[RLG_OUTPUT_INSPECT] = {find_inspect_log, NULL, NULL},
	[RLG_OUTPUT_PATTERN] = {find_by_pattern, RLG_DIR "/" RLG_CONFIG_FILE, NULL},
};

static const char *namer_of(struct rlg_arena *arena, const char *group_path, const char *run_path,
			    enum rlg_output_kind kind)
{
	if (finders[kind].named_in_group != NULL)
		return rlg_arena_printf(arena, "%s/%s", group_path, finders[kind].named_in_group);
	return finders[kind].named_in_run == NULL ? run_path
						  : rlg_arena_printf(arena, "%s/%s", run_path, finders[kind].named_in_run);
}

const char *rlg_output_find(struct rlg_arena *arena, const char *group_path, const struct rlg_output_rule *rule,
			    const char *run, int64_t since_us)
{
	const char *run_path = run_folder(arena, group_path, run);
	const struct finding finding = {.arena = arena,
					.group_path = group_path,
					.run_path = run_path,
					.namer = namer_of(arena, group_path, run_path, rule->kind),
					.rule = rule,
					.since_us = since_us};

	/* cppcheck-suppress returnDanglingLifetime ; what is found lies in the arena */
	return finders[rule->kind].find(&finding);
}

const struct rlg_output_rule *rlg_output_rule_for(const struct rlg_config *config, const struct rlg_model *model,
						  const char *phase)
{
	static const struct rlg_output_rule inspect = {"eval", RLG_OUTPUT_INSPECT, NULL};

	for (size_t i = 0; i < config->n_outputs; i++)
		if (strcmp(config->outputs[i].phase, phase) == 0)
			return &config->outputs[i];
	/* An evaluation that is no phase of the group's: a task of its own, beside `eval`. */
	for (size_t i = 0; i < model->n_phases; i++)
		if (strcmp(model->phases[i], phase) == 0)
			return NULL;
	return &inspect;
}

static void fill_phase(struct rlg_model *model, const struct rlg_config *config, const struct rlg_run *run,
		       struct rlg_phase *phase)
{
	const struct rlg_output_rule *rule = rlg_output_rule_for(config, model, phase->name);

	if (phase->status != RLG_STATUS_COMPLETED || phase->deciding == NULL || phase->output != NULL || rule == NULL)
		return;
	phase->output = rlg_output_find(model->arena, model->group_path, rule, run->name, phase->deciding->start_us);
}

void rlg_outputs_fill_run(struct rlg_model *model, const struct rlg_config *config, struct rlg_run *run)
{
	for (size_t p = 0; p < run->n_phases; p++)
		fill_phase(model, config, run, &run->phases[p]);
}
