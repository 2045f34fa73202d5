/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a phase left on disk beside its output: see findings.h. */
#include "tool/plan/findings.h"

#include "lib/clock.h"
#include "tool/base/bytes.h"
#include "tool/plan/evaluation.h"
#include "tool/plan/peek.h"
#include "tool/plan/outputs.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* File times and clocks of hosts differ a little. */
#define AGE_SKEW_US (5 * RLG_SECOND_US)

/* A folder with more is not one that a run made for us to look through at every refresh. */
#define MOST_ENTRIES 10000

/* A run of more epochs saves them by steps. */
#define MOST_EPOCHS 1000

/* Both ends of gpu_metrics.csv: a line of eight GPUs is some hundred bytes. */
#define HEAD_BYTES 2048
#define TAIL_BYTES 8192

#define GPU_FILE "gpu_metrics.csv"

/* Where the things of one phase may lie, the likeliest first. */
struct places {
	struct rlg_arena *arena;
	const char *group_path;
	const char *run_path;
	const char *namer; /* who says where things are (peek.h): the set-up file, else the run's folder */
	struct rlg_yaml_doc setup; /* of setup_finetune.yaml; no root: there is none */
	const char *output; /* the folder with its checkpoints; NULL */
	const char *folders[4];
	size_t n_folders;
	int64_t since_us, until_us; /* of the phase; 0: it goes on */
};

/* ---- where to look ---- */

static int64_t modified_us(const struct stat *file)
{
	return (int64_t)file->st_mtim.tv_sec * RLG_SECOND_US + file->st_mtim.tv_nsec / 1000;
}

static bool is_in_group(const struct places *places, const char *path)
{
	char real[PATH_MAX];
	size_t length = strlen(places->group_path);

	return realpath(path, real) != NULL && strncmp(real, places->group_path, length) == 0 &&
	       (real[length] == '/' || real[length] == '\0');
}

static bool may_look(const struct places *places, const char *path)
{
	return rlg_peek_may(places->group_path, places->namer, path);
}

static DIR *list(const struct places *places, const char *path)
{
	return rlg_peek_list(places->group_path, places->namer, path);
}

static void add_folder(struct places *places, const char *path)
{
	if (path == NULL || places->n_folders == COUNT(places->folders))
		return;
	for (size_t i = 0; i < places->n_folders; i++)
		if (strcmp(places->folders[i], path) == 0)
			return;
	if (may_look(places, path))
		places->folders[places->n_folders++] = path;
}

/* Where the set-up file does not say: there or nowhere. */
static const char *folder_or_null(const char *path)
{
	struct stat there;

	return stat(path, &there) == 0 && S_ISDIR(there.st_mode) ? path : NULL;
}

static struct places places_of(const struct rlg_model *model, const struct rlg_run *run, const struct rlg_phase *phase)
{
	struct rlg_arena *arena = model->arena;
	const struct rlg_attempt *last = phase->deciding;
	struct places places = {.arena = arena,
				.group_path = model->group_path,
				.run_path = rlg_arena_printf(arena, "%s/%s", model->group_path, run->name),
				.since_us = phase->attempts[0].start_us,
				.until_us = last->ended && last->final ? last->end_us : 0};

	places.namer = places.run_path;
	if (rlg_setup_read(arena, places.run_path, &places.setup)) {
		places.namer = rlg_setup_path(arena, places.run_path);
		places.output = rlg_setup_checkpoints(arena, places.run_path, &places.setup);
	} else {
		places.setup = (struct rlg_yaml_doc){.root = NULL};
	}
	if (places.output == NULL)
		places.output = folder_or_null(rlg_arena_printf(arena, "%s/artifacts", places.run_path));
	const char *cwd = last->submission.cwd;
	/* A job's own folder is its closest; the first phase's things are in its output. */
	if (cwd != NULL && cwd[0] == '/' && is_in_group(&places, cwd) && strcmp(cwd, model->group_path) != 0)
		add_folder(&places, cwd);
	add_folder(&places, places.output);
	add_folder(&places, places.run_path);
	return places;
}

/* ---- W&B ---- */

/* "offline-run-20260311_150000-abc123": when it began, by the clock on the wall of the job's host; 0: not told. */
static int64_t wandb_began_us(const char *name)
{
	struct tm when = {.tm_isdst = -1};
	const char *rest = strptime(name + strlen("offline-run-"), "%Y%m%d_%H%M%S", &when);
	time_t moment = rest == NULL || *rest != '-' ? -1 : mktime(&when);

	return moment <= 0 ? 0 : (int64_t)moment * RLG_SECOND_US;
}

static bool is_within(const struct places *places, int64_t moment_us)
{
	return moment_us + AGE_SKEW_US >= places->since_us &&
	       (places->until_us == 0 || moment_us <= places->until_us + AGE_SKEW_US);
}

/* Names begin with the moment, so that the last of them is the newest. */
static const char *newest_wandb(const struct places *places, const char *folder)
{
	DIR *entries = list(places, folder);
	char newest[NAME_MAX + 1] = "";
	const struct dirent *entry;
	struct stat there;

	if (entries == NULL)
		return NULL;
	for (int i = 0; i < MOST_ENTRIES && (entry = readdir(entries)) != NULL; i++) {
		if (strncmp(entry->d_name, "offline-run-", strlen("offline-run-")) != 0 || strcmp(entry->d_name, newest) <= 0 ||
		    fstatat(dirfd(entries), entry->d_name, &there, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(there.st_mode))
			continue;
		/* Syncing changes a folder's time; a container's clock may show another zone. */
		if (is_within(places, wandb_began_us(entry->d_name)) || is_within(places, modified_us(&there)))
			strcpy(newest, entry->d_name);
	}
	closedir(entries);
	return newest[0] == '\0' ? NULL : rlg_arena_printf(places->arena, "%s/%s", folder, newest);
}

static const char *find_wandb(const struct places *places)
{
	static const char *const below[] = {"wandb", "logs/wandb"};

	for (size_t i = 0; i < places->n_folders; i++)
		for (size_t j = 0; j < COUNT(below); j++) {
			const char *folder = rlg_arena_printf(places->arena, "%s/%s", places->folders[i], below[j]);
			const char *found = newest_wandb(places, folder);
			if (found != NULL)
				return found;
		}
	return NULL;
}

/* ---- the resolved configuration ---- */

static bool is_file_since(const char *path, int64_t since_us)
{
	struct stat there;

	return lstat(path, &there) == 0 && S_ISREG(there.st_mode) && modified_us(&there) + AGE_SKEW_US >= since_us;
}

static const char *first_file(const struct places *places, const char *folder, const char *const *names, size_t count)
{
	for (size_t i = 0; folder != NULL && i < count; i++) {
		const char *path = rlg_arena_printf(places->arena, "%s/%s", folder, names[i]);
		if (is_file_since(path, places->since_us))
			return path;
	}
	return NULL;
}

/* What lies in an output was written by the run; in its own folder only what nobody writes by hand is a snapshot. */
static const char *find_config(const struct places *places, const char *wandb)
{
	static const char *const resolved[] = {"torchtune_config.yaml", "resolved_config.yaml", ".hydra/config.yaml",
					       "config_resolved.yaml"};
	static const char *const in_output[] = {"torchtune_config.yaml", "resolved_config.yaml", "config.yaml",
						".hydra/config.yaml",	 "hparams.yaml",	 "config.json"};
	static const char *const in_wandb[] = {"files/config.yaml"};
	const char *found = places->output != NULL && may_look(places, places->output)
				    ? first_file(places, places->output, in_output, COUNT(in_output))
				    : NULL;

	for (size_t i = 0; i < places->n_folders && found == NULL; i++)
		found = first_file(places, places->folders[i], resolved, COUNT(resolved));
	return found != NULL ? found : first_file(places, wandb, in_wandb, COUNT(in_wandb));
}

/* ---- gpu_metrics.csv ---- */

static char *trimmed(struct rlg_arena *arena, const char *text, size_t length)
{
	while (length > 0 && strchr(" \t\r\"", text[length - 1]) != NULL)
		length--;
	while (length > 0 && strchr(" \t\"", *text) != NULL) {
		text++;
		length--;
	}
	return rlg_arena_strndup(arena, text, length);
}

/* The next field of a line; moves on.  NULL: there is none. */
static const char *next_field(struct rlg_arena *arena, const char **line)
{
	if (*line == NULL)
		return NULL;
	size_t length = strcspn(*line, ",");
	const char *field = trimmed(arena, *line, length);
	*line = (*line)[length] == ',' ? *line + length + 1 : NULL;
	return field;
}

static int64_t moment_of(const char *text)
{
	static const char *const forms[] = {"%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"};
	char *end;

	for (size_t i = 0; i < COUNT(forms); i++) {
		struct tm when = {.tm_isdst = -1};
		if (strptime(text, forms[i], &when) != NULL)
			return (int64_t)mktime(&when) * RLG_SECOND_US;
	}
	double seconds = strtod(text, &end);
	return *end == '\0' && seconds > 1e9 && seconds < 1e11 ? (int64_t)(seconds * 1e6) : 0;
}

static bool is_time_column(const char *name)
{
	return strcasecmp(name, "timestamp") == 0 || strcasecmp(name, "time") == 0 || strcasecmp(name, "date") == 0;
}

/* The last line of `tail` that is whole; NULL: none.  It has a line before it, or the header would be taken for one. */
static const char *last_line(struct rlg_arena *arena, const char *tail)
{
	const char *end = strrchr(tail, '\n');

	while (end != NULL && end > tail) {
		const char *begin = end;
		while (begin > tail && begin[-1] != '\n')
			begin--;
		if (begin == tail)
			return NULL;
		const char *line = trimmed(arena, begin, (size_t)(end - begin));
		if (line[0] != '\0')
			return line;
		end = begin - 1;
	}
	return NULL;
}

/* "utilization.gpu [%]" names its unit, which stands behind each value. */
static const char *without_unit(struct rlg_arena *arena, const char *name)
{
	const char *unit = strstr(name, " [");

	return unit == NULL ? name : rlg_arena_strndup(arena, name, (size_t)(unit - name));
}

const char *rlg_gpu_line(struct rlg_arena *arena, const char *head, const char *tail, int64_t *out_moment_us)
{
	const char *names = rlg_arena_strndup(arena, head, strcspn(head, "\r\n"));
	const char *values = last_line(arena, tail), *value;
	struct rlg_bytes words;

	rlg_bytes_init(&words, arena);
	while ((value = next_field(arena, &values)) != NULL) {
		const char *name = next_field(arena, &names);
		if (name != NULL && is_time_column(name)) {
			int64_t moment_us = moment_of(value);
			*out_moment_us = moment_us > 0 ? moment_us : *out_moment_us;
			continue;
		}
		if (value[0] == '\0')
			continue;
		rlg_bytes_addf(&words, "%s%s%s%s", words.length > 0 ? ", " : "",
			       name == NULL ? "" : without_unit(arena, name), name == NULL ? "" : " ", value);
	}
	return words.length > 0 ? words.data : NULL;
}

static bool read_at(int fd, char *to, size_t size, off_t offset)
{
	ssize_t got = pread(fd, to, size - 1, offset);

	to[got < 0 ? 0 : got] = '\0';
	return got > 0;
}

static bool take_gpu_file(const struct places *places, const char *path, struct rlg_findings *findings)
{
	char head[HEAD_BYTES], tail[TAIL_BYTES];
	struct stat file;
	int fd = rlg_peek_open(places->group_path, places->namer, path, &file);
	bool read = fd >= 0 && modified_us(&file) + AGE_SKEW_US >= places->since_us && read_at(fd, head, sizeof(head), 0) &&
		    read_at(fd, tail, sizeof(tail), file.st_size < TAIL_BYTES ? 0 : file.st_size - TAIL_BYTES + 1);

	if (fd >= 0)
		close(fd);
	if (!read)
		return false;
	findings->gpu_us = modified_us(&file);
	findings->gpu_line = rlg_gpu_line(places->arena, head, tail, &findings->gpu_us);
	return findings->gpu_line != NULL;
}

static void find_gpu_line(const struct places *places, struct rlg_findings *findings)
{
	for (size_t i = 0; i < places->n_folders; i++)
		if (take_gpu_file(places, rlg_arena_printf(places->arena, "%s/" GPU_FILE, places->folders[i]), findings))
			return;
	findings->gpu_us = 0;
}

/* ---- checkpoints ---- */

/* Which epochs: a bit each would do, but so they read better. */
struct epochs {
	bool there[MOST_EPOCHS];
	size_t count;
};

static void add_epoch(struct epochs *epochs, long long epoch)
{
	if (epoch < 0 || epoch >= MOST_EPOCHS || epochs->there[epoch])
		return;
	epochs->there[epoch] = true;
	epochs->count++;
}

static void add_numbers(struct epochs *epochs, const char *words)
{
	char *end;

	for (words += strcspn(words, "0123456789"); *words != '\0'; words = end + strcspn(end, "0123456789"))
		add_epoch(epochs, strtoll(words, &end, 10));
}

static bool is_true(const char *word)
{
	return word != NULL && (strcasecmp(word, "true") == 0 || strcasecmp(word, "yes") == 0);
}

/* torchtune counts epochs from 0.  epochs_to_save: all, none, "0,2" or [0, 2]. */
static void add_saved(struct epochs *epochs, const struct rlg_yaml_node *setup)
{
	const struct rlg_yaml_node *list = rlg_yaml_get(setup, "epochs_to_save");
	const char *count = rlg_yaml_get_text(setup, "epochs"), *which = rlg_yaml_get_text(setup, "epochs_to_save");
	long long all = count == NULL ? 0 : atoll(count);

	if (is_true(rlg_yaml_get_text(setup, "save_last_epoch_only"))) {
		add_epoch(epochs, all - 1);
	} else if (list != NULL && list->kind == RLG_YAML_SEQUENCE) {
		for (const struct rlg_yaml_node *item = list->first; item != NULL; item = item->next)
			if (item->kind == RLG_YAML_SCALAR)
				add_numbers(epochs, item->value);
	} else if (which == NULL || strcasecmp(which, "all") == 0) {
		for (long long epoch = 0; epoch < all && epoch < MOST_EPOCHS; epoch++)
			add_epoch(epochs, epoch);
	} else {
		add_numbers(epochs, which);
	}
}

/* Those that are to be evaluated: by the plan's matrix, and by the names of phases. */
static void add_evaluated(struct epochs *epochs, struct rlg_arena *arena, const struct rlg_plan *plan,
			  const struct rlg_run *run)
{
	for (size_t i = 0; plan != NULL && i < plan->n_matrix; i++)
		if (strcmp(plan->matrix[i].run, run->name) == 0)
			add_epoch(epochs, plan->matrix[i].epoch);
	for (size_t i = 0; i < run->n_phases; i++)
		add_epoch(epochs, rlg_evaluation_parse(arena, run->phases[i].name).epoch);
}

static void add_there(struct epochs *epochs, const struct places *places)
{
	DIR *entries = list(places, places->output);
	const struct dirent *entry;

	for (int i = 0; entries != NULL && i < MOST_ENTRIES && (entry = readdir(entries)) != NULL; i++)
		add_epoch(epochs, rlg_checkpoint_epoch(entry->d_name));
	if (entries != NULL)
		closedir(entries);
}

/* Those of `expected` that are, or are not, among `there`. */
static const char *const *names_of(struct rlg_arena *arena, const struct epochs *expected, const struct epochs *there,
				   bool present, size_t *out_count)
{
	const char **names = rlg_arena_alloc(arena, (expected->count + 1) * sizeof(*names));

	*out_count = 0;
	for (int i = 0; i < MOST_EPOCHS; i++)
		if (expected->there[i] && there->there[i] == present)
			names[(*out_count)++] = rlg_arena_printf(arena, "epoch_%d", i);
	return names;
}

static void find_checkpoints(const struct places *places, const struct rlg_plan *plan, const struct rlg_run *run,
			     struct rlg_phase *phase)
{
	struct epochs expected = {.count = 0}, there = {.count = 0};
	struct rlg_findings *findings = &phase->findings;

	add_saved(&expected, places->setup.root);
	add_evaluated(&expected, places->arena, plan, run);
	if (expected.count == 0 || places->output == NULL)
		return;
	char real[PATH_MAX];
	bool is_there = may_look(places, places->output) && realpath(places->output, real) != NULL;
	findings->checkpoints = is_there ? rlg_arena_strdup(places->arena, real) : places->output;
	add_there(&there, places);
	findings->present = names_of(places->arena, &expected, &there, true, &findings->n_present);
	if (places->until_us > 0)
		findings->missing = names_of(places->arena, &expected, &there, false, &findings->n_missing);
}

/* ---- all of it ---- */

static void fill_phase(struct rlg_model *model, const struct rlg_config *config, const struct rlg_plan *plan,
		       const struct rlg_run *run, struct rlg_phase *phase)
{
	const struct rlg_output_rule *rule = rlg_output_rule_for(config, model, phase->name);

	if (phase->n_attempts == 0 || phase->deciding == NULL || phase->attempts[0].start_us == 0)
		return;
	struct places places = places_of(model, run, phase);
	phase->findings.wandb_dir = find_wandb(&places);
	phase->findings.config_snapshot = find_config(&places, phase->findings.wandb_dir);
	find_gpu_line(&places, &phase->findings);
	if (rule != NULL && rule->kind == RLG_OUTPUT_CHECKPOINTS)
		find_checkpoints(&places, plan, run, phase);
}

void rlg_findings_fill_run(struct rlg_model *model, const struct rlg_config *config, const struct rlg_plan *plan,
			   struct rlg_run *run)
{
	for (size_t p = 0; p < run->n_phases; p++)
		fill_phase(model, config, plan, run, &run->phases[p]);
}

void rlg_findings_fill(struct rlg_model *model, const struct rlg_config *config, const struct rlg_plan *plan)
{
	for (size_t r = 0; r < model->n_runs; r++)
		rlg_findings_fill_run(model, config, plan, &model->runs[r]);
}
