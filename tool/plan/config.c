/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A group's settings: see config.h. */
#include "tool/plan/config.h"

#include "lib/clock.h"
#include "lib/layout.h"
#include "tool/base/bytes.h"
#include "tool/tracker/tracker.h"
#include "tool/base/when.h"
#include "tool/base/yaml_doc.h"
#include "tool/base/yaml_text.h"

#include <errno.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A group has a handful of each; a file with more is a mistake. */
#define MOST_ITEMS 1000

static const char *const default_phases[] = {"finetune", "eval"};

static const struct rlg_match_rule default_rules[] = {
	{"{phase}_{run}", NULL, NULL},
	{"{run}_{phase}", NULL, NULL},
	{"{run}", NULL, NULL},
};

static const struct rlg_output_rule default_outputs[] = {
	{"finetune", RLG_OUTPUT_CHECKPOINTS, NULL},
	{"eval", RLG_OUTPUT_INSPECT, NULL},
};

/* Every tracker there is has its place in the list, whether it is kept or not. */
static void default_trackers(struct rlg_arena *arena, struct rlg_config *config)
{
	size_t count = 0;

	while (rlg_trackers[count] != NULL)
		count++;
	config->trackers = rlg_arena_alloc(arena, count * sizeof(*config->trackers));
	for (config->n_trackers = 0; config->n_trackers < count; config->n_trackers++) {
		const struct rlg_tracker *tracker = rlg_trackers[config->n_trackers];
		config->trackers[config->n_trackers] = (struct rlg_tracker_choice){
			.tracker = tracker->name, .path = tracker->by_default ? tracker->default_path : NULL};
	}
}

void rlg_config_default(struct rlg_arena *arena, struct rlg_config *out_config)
{
	*out_config = (struct rlg_config){
		.phases = default_phases,
		.n_phases = COUNT(default_phases),
		.rules = rlg_arena_grow(arena, default_rules, COUNT(default_rules), COUNT(default_rules),
					sizeof(default_rules[0])),
		.n_rules = COUNT(default_rules),
		.outputs = rlg_arena_grow(arena, default_outputs, COUNT(default_outputs), COUNT(default_outputs),
					  sizeof(default_outputs[0])),
		.n_outputs = COUNT(default_outputs),
		.silence = {RLG_SILENCE_WAITING_S * RLG_SECOND_US, RLG_SILENCE_RUNNING_S * RLG_SECOND_US},
	};
	default_trackers(arena, out_config);
}

/* What every reader of one key works on. */
struct reading {
	struct rlg_arena *arena;
	const char *path;
	struct rlg_config *config;
	struct rlg_err *err;
};

static int wrong(const struct reading *reading, const struct rlg_yaml_node *node, const char *what)
{
	return rlg_fail(reading->err, -EINVAL, "%s:%u: %s", reading->path, node->line, what);
}

static int too_many(const struct reading *reading, const struct rlg_yaml_node *node, const char *key)
{
	return rlg_fail(reading->err, -EINVAL, "%s:%u: `%s` has %u entries; a group has a handful, and at most %d are taken", reading->path,
			node->line, key, node->count, MOST_ITEMS);
}

/* A scalar's text; NULL for null and for what is no scalar. */
static const char *text_of(const struct rlg_yaml_node *node)
{
	return node->kind != RLG_YAML_SCALAR || rlg_yaml_is_null(node) ? NULL : node->value;
}

static int read_version(struct reading *reading, const struct rlg_yaml_node *node)
{
	const char *text = text_of(node);

	if (text == NULL || strcmp(text, "1") != 0)
		return wrong(reading, node, "`version` must be 1; a newer file needs a newer runledger");
	return 0;
}

static int read_run_group(struct reading *reading, const struct rlg_yaml_node *node)
{
	if (node->kind != RLG_YAML_SCALAR)
		return wrong(reading, node, "`run_group` must be a name");
	reading->config->run_group = text_of(node);
	return 0;
}

static int read_plan(struct reading *reading, const struct rlg_yaml_node *node)
{
	if (node->kind != RLG_YAML_SCALAR)
		return wrong(reading, node, "`plan` must be a path in the group, like runs_plan.md");
	reading->config->plan = text_of(node);
	return 0;
}

static int read_phases(struct reading *reading, const struct rlg_yaml_node *node)
{
	struct rlg_config *config = reading->config;
	struct rlg_err why = {""};
	size_t count = 0;

	if (node->count > MOST_ITEMS)
		return too_many(reading, node, "phases");
	if (node->kind != RLG_YAML_SEQUENCE || node->count == 0)
		return wrong(reading, node, "`phases` must be a list of names, like [finetune, eval]");
	const char **phases = rlg_arena_alloc(reading->arena, node->count * sizeof(*phases));
	for (const struct rlg_yaml_node *item = node->first; item != NULL; item = item->next) {
		const char *name = text_of(item);
		if (name == NULL)
			return wrong(reading, item, "a phase must be a name");
		if (!rlg_name_ok(name, &why))
			return wrong(reading, item, why.text);
		for (size_t i = 0; i < count; i++)
			if (strcmp(phases[i], name) == 0)
				return wrong(reading, item, "this phase is in the list twice");
		phases[count++] = name;
	}
	config->phases = phases;
	config->n_phases = count;
	return 0;
}

static bool has_placeholder(const char *text, const char *name)
{
	return text != NULL && strstr(text, name) != NULL;
}

static int read_rule(struct reading *reading, const struct rlg_yaml_node *item, struct rlg_match_rule *rule)
{
	struct rlg_err why = {""};

	*rule = (struct rlg_match_rule){.job_name = NULL};
	if (item->kind == RLG_YAML_SCALAR) {
		rule->job_name = text_of(item);
	} else if (item->kind == RLG_YAML_MAPPING) {
		rule->job_name = rlg_yaml_get_text(item, "job_name");
		rule->run = rlg_yaml_get_text(item, "run");
		rule->phase = rlg_yaml_get_text(item, "phase");
	}
	if (rule->job_name == NULL)
		return wrong(reading, item,
			     "a match rule must be a pattern like \"{phase}_{run}\", or have a `job_name` with one");
	if (rule->run != NULL && !rlg_name_ok(rule->run, &why))
		return wrong(reading, item, why.text);
	if (rule->phase != NULL && !rlg_name_ok(rule->phase, &why))
		return wrong(reading, item, why.text);
	if (rule->run == NULL && !has_placeholder(rule->job_name, "{run}"))
		return wrong(reading, item, "a match rule needs {run} in its pattern, or a `run` beside `job_name`");
	if (rule->run == NULL && has_placeholder(rule->job_name, "{array_task}"))
		return wrong(reading, item, "{array_task} belongs into the `run` of a match rule, not into its `job_name`");
	return 0;
}

static int read_match(struct reading *reading, const struct rlg_yaml_node *node)
{
	struct rlg_config *config = reading->config;
	size_t count = 0;

	if (node->count > MOST_ITEMS)
		return too_many(reading, node, "match");
	if (node->kind != RLG_YAML_SEQUENCE)
		return wrong(reading, node, "`match` must be a list of patterns, like [\"{phase}_{run}\", \"{run}\"]");
	config->rules = rlg_arena_alloc(reading->arena, (node->count + 1) * sizeof(*config->rules));
	for (const struct rlg_yaml_node *item = node->first; item != NULL; item = item->next) {
		int code = read_rule(reading, item, &config->rules[count++]);
		if (code != 0)
			return code;
	}
	config->n_rules = count;
	return 0;
}

static const struct {
	const char *word;
	enum rlg_output_kind kind;
} output_words[] = {
	{"none", RLG_OUTPUT_NONE},
	{"checkpoints", RLG_OUTPUT_CHECKPOINTS},
	{"inspect", RLG_OUTPUT_INSPECT},
};

static struct rlg_output_rule output_rule(const char *phase, const char *word)
{
	for (size_t i = 0; i < COUNT(output_words); i++)
		if (strcmp(output_words[i].word, word) == 0)
			return (struct rlg_output_rule){phase, output_words[i].kind, NULL};
	return (struct rlg_output_rule){phase, RLG_OUTPUT_PATTERN, word};
}

static int read_outputs(struct reading *reading, const struct rlg_yaml_node *node)
{
	struct rlg_config *config = reading->config;
	size_t count = 0;

	if (node->count > MOST_ITEMS)
		return too_many(reading, node, "outputs");
	if (node->kind != RLG_YAML_MAPPING)
		return wrong(reading, node, "`outputs` must be a list of PHASE: checkpoints, inspect, none or a path pattern");
	config->outputs = rlg_arena_alloc(reading->arena, (node->count + 1) * sizeof(*config->outputs));
	for (const struct rlg_yaml_node *key = node->first; key != NULL; key = key->next->next) {
		const char *word = text_of(key->next);
		if (word == NULL || key->value == NULL)
			return wrong(reading, key,
				     "the output of a phase is one of checkpoints, inspect, none or a path pattern");
		config->outputs[count++] = output_rule(key->value, word);
	}
	config->n_outputs = count;
	return 0;
}

/* `on` and `off` are words of ours; YAML 1.1 readers may have turned them into true and false. */
static const char *tracker_path(const char *tracker, const char *word)
{
	if (word == NULL || strcmp(word, "off") == 0 || strcmp(word, "false") == 0)
		return NULL;
	if (strcmp(word, "on") == 0 || strcmp(word, "true") == 0)
		return rlg_tracker_called(tracker)->default_path;
	return word;
}

static int no_such_tracker(const struct reading *reading, const struct rlg_yaml_node *key)
{
	struct rlg_bytes names;

	rlg_bytes_init(&names, reading->arena);
	for (size_t i = 0; rlg_trackers[i] != NULL; i++)
		rlg_bytes_addf(&names, "%s%s", i == 0 ? "" : ", ", rlg_trackers[i]->name);
	return wrong(reading, key, rlg_arena_printf(reading->arena, "there is no such tracker; there is %s", names.data));
}

static int read_trackers(struct reading *reading, const struct rlg_yaml_node *node)
{
	struct rlg_config *config = reading->config;

	if (node->kind != RLG_YAML_MAPPING)
		return wrong(reading, node, "`trackers` must be a list of TRACKER: path, or TRACKER: on or off");
	for (const struct rlg_yaml_node *key = node->first; key != NULL; key = key->next->next) {
		size_t at = 0;
		while (at < config->n_trackers && key->value != NULL && strcmp(config->trackers[at].tracker, key->value) != 0)
			at++;
		if (at == config->n_trackers || key->value == NULL)
			return no_such_tracker(reading, key);
		config->trackers[at].path = tracker_path(key->value, text_of(key->next));
	}
	return 0;
}

static int read_no_word_after(struct reading *reading, const struct rlg_yaml_node *node)
{
	static const char takes[] = "`no_word_after` takes `waiting` and `running`, each a time like 30s, 10m, 2h or 1d";
	struct rlg_silence *silence = &reading->config->silence;

	if (node->kind != RLG_YAML_MAPPING)
		return wrong(reading, node, takes);
	for (const struct rlg_yaml_node *key = node->first; key != NULL; key = key->next->next) {
		const char *name = text_of(key), *text = text_of(key->next);
		int64_t *to = name == NULL			 ? NULL
			      : strcmp(name, "waiting") == 0 ? &silence->waiting_us
			      : strcmp(name, "running") == 0 ? &silence->running_us
							      : NULL;
		if (to == NULL || text == NULL || !rlg_when_parse_duration(text, to))
			return wrong(reading, key, takes);
	}
	return 0;
}

static int read_artifact_sync(struct reading *reading, const struct rlg_yaml_node *node)
{
	const char *text = text_of(node);
	bool local = text != NULL && strcmp(text, "local") == 0;

	if (!local && (text == NULL || strcmp(text, "remote") != 0))
		return wrong(reading, node, "`artifact_sync` must be local (what a job writes is here at once) or remote (it has "
					    "to be copied first)");
	reading->config->artifacts_are_here = local;
	return 0;
}

static const struct {
	const char *key;
	int (*read)(struct reading *reading, const struct rlg_yaml_node *node);
} keys[] = {
	{"version", read_version}, {"run_group", read_run_group}, {"plan", read_plan},	     {"phases", read_phases},
	{"match", read_match},	   {"outputs", read_outputs},	  {"trackers", read_trackers},
	{"no_word_after", read_no_word_after}, {"artifact_sync", read_artifact_sync},
};

static int read_key(struct reading *reading, const struct rlg_yaml_node *key)
{
	for (size_t i = 0; key->value != NULL && i < COUNT(keys); i++)
		if (strcmp(keys[i].key, key->value) == 0)
			return keys[i].read(reading, key->next);
	return rlg_fail(reading->err, -EINVAL,
			"%s:%u: there is no setting '%.100s'; there are version, run_group, plan, phases, match, outputs, trackers, "
			"no_word_after, artifact_sync",
			reading->path, key->line, key->value == NULL ? "?" : key->value);
}

int rlg_config_parse(struct rlg_arena *arena, const char *path, const char *text, struct rlg_config *out_config,
		     struct rlg_err *err)
{
	struct rlg_yaml_doc doc;
	struct reading reading = {.arena = arena, .path = path, .config = out_config, .err = err};
	int code = rlg_yaml_parse(arena, path, text, strlen(text), &doc, err);

	rlg_config_default(arena, out_config);
	if (code != 0)
		return code;
	if (doc.root == NULL || rlg_yaml_is_null(doc.root))
		return 0;
	if (doc.root->kind != RLG_YAML_MAPPING)
		return wrong(&reading, doc.root, "this must be a list of KEY: value; see runledger-config(5)");
	for (const struct rlg_yaml_node *key = doc.root->first; key != NULL && code == 0; key = key->next->next)
		code = read_key(&reading, key);
	return code;
}

static const char template_before[] =
	"# Settings of this run group; see runledger-config(5).  What stands behind a # is the default.\n"
	"version: 1\n"
	"\n"
	"# The group's name: the title of the plan, else this folder's name.\n"
	"#run_group: NAME\n"
	"\n"
	"# Where the runs are planned: the first of runs_plan.md, experiment_summary.yaml, and the\n"
	"# subfolders with a *.slurm file.\n"
	"#plan: runs_plan.md\n"
	"\n"
	"# What is done to each run, in order.\n"
	"#phases: [finetune, eval]\n"
	"\n"
	"# How a job that does not work in a run's folder tells its run and phase: by its name.\n"
	"#match:\n"
	"#  - \"{phase}_{run}\"\n"
	"#  - \"{run}_{phase}\"\n"
	"#  - \"{run}\"\n"
	"#  - {job_name: sweep, run: \"seed_{array_task}\"}   # a job array, one run a task\n"
	"\n"
	"# Where a phase's output is: checkpoints, inspect, none, or a path pattern in the run's folder.\n"
	"#outputs:\n"
	"#  finetune: checkpoints\n"
	"#  eval: inspect\n"
	"\n";

static const char template_after[] =
	"\n"
	"# When `runledger status` says that there was no word of a job: in the queue; past its time limit.\n"
	"#no_word_after:\n"
	"#  waiting: 1d\n"
	"#  running: 10m\n"
	"\n"
	"# Where a job's artifacts are when it has ended: local (here at once), or remote (a person or script\n"
	"# copies them, and says so with `runledger note RUN sync=ok`).  run_manifest.json goes by it.\n"
	"#artifact_sync: remote\n";

/* The path that config.yaml is to have for a tracker that the folder uses already; NULL: as by default. */
static const char *found_path(const struct rlg_tracker_choice *found, size_t n_found, const char *tracker)
{
	for (size_t i = 0; i < n_found; i++)
		if (strcmp(found[i].tracker, tracker) == 0)
			return found[i].path;
	return NULL;
}

const char *rlg_config_template(struct rlg_arena *arena, const struct rlg_tracker_choice *found, size_t n_found)
{
	struct rlg_bytes text;

	rlg_bytes_init(&text, arena);
	rlg_bytes_add(&text, template_before);
	rlg_bytes_add(&text, "# The trackers to keep, and where; `on` for the usual place, `off` for none.\n");
	rlg_bytes_add(&text, n_found > 0 ? "trackers:\n" : "#trackers:\n");
	for (size_t i = 0; rlg_trackers[i] != NULL; i++) {
		const struct rlg_tracker *tracker = rlg_trackers[i];
		const char *path = found_path(found, n_found, tracker->name);
		const char *usual = tracker->by_default ? tracker->default_path : "off";
		rlg_bytes_addf(&text, path != NULL ? "  %s: " : "#  %s: ", tracker->name);
		/* A folder may be called like anything. */
		if (path != NULL)
			rlg_yaml_add(&text, path, RLG_YAML_PLAIN);
		else
			rlg_bytes_add(&text, usual);
		rlg_bytes_addf(&text, "   # %s\n", tracker->about);
	}
	rlg_bytes_add(&text, template_after);
	return text.data;
}
