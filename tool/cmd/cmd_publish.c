/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `runledger publish`: what a run's training was like, without where it was. */
#include "tool/base/atomic_file.h"
#include "tool/cmd/commands.h"
#include "tool/cmd/damage.h"
#include "tool/group/group.h"
#include "tool/cmd/named_run.h"
#include "tool/publish/sanitize.h"
#include "tool/group/tracker_file.h"
#include "tool/publish/training_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define OUTPUT_NAME "TRAINING_LOG.md"

/* The tracker that keeps run logs. */
#define RUN_LOGS "run_logs"

/* A run log is some pages. */
#define RUN_LOG_MAX ((size_t)4 << 20)

struct publishing {
	const struct rlg_options *options;
	struct rlg_group group;
	struct rlg_model *model;
	const struct rlg_run *run;
	const char *source; /* the run log; NULL: there is none */
	char *text;
};

/*
 * Reads the run's log where the tracker of run logs keeps it, also while it is off; `source` stays NULL where there is
 * none.  As in a refresh nobody else's link is followed: what it leads to is not what was to be published.
 */
static int read_run_log(struct publishing *publishing, struct rlg_err *err)
{
	struct rlg_group *group = &publishing->group;
	const struct rlg_tracker *tracker = rlg_tracker_called(RUN_LOGS);
	struct rlg_tracker_choice choice = {.tracker = RUN_LOGS};
	struct rlg_tracker_places places;
	struct rlg_tracker_file file;

	if (tracker == NULL)
		return 0;
	choice.path = tracker->default_path;
	for (size_t i = 0; i < group->config.n_trackers; i++)
		if (strcmp(group->config.trackers[i].tracker, RUN_LOGS) == 0 && group->config.trackers[i].path != NULL)
			choice = group->config.trackers[i];
	int found = rlg_tracker_places(group, &choice, publishing->model, &places, err);
	if (found != 0)
		return rlg_errno_may_pass(-found) ? found : 0;
	for (size_t i = 0; i < places.n; i++) {
		if (places.list[i].run == NULL || strcmp(places.list[i].run, publishing->run->name) != 0)
			continue;
		int code = rlg_tracker_file_open(group, &choice, &places.list[i], &file, err);
		if (code != 0 || file.text != NULL) {
			publishing->source = file.path;
			publishing->text = file.text;
			return code;
		}
	}
	return 0;
}

/* Returns 0 or a negative errno. */
static int read_source(struct publishing *publishing, struct rlg_err *err)
{
	struct rlg_arena *arena = publishing->group.arena;
	struct rlg_bytes text;
	int code;

	publishing->source = rlg_option_value(publishing->options, "from");
	if (publishing->source == NULL) {
		code = read_run_log(publishing, err);
	} else {
		code = rlg_file_read(arena, publishing->source, RUN_LOG_MAX, &publishing->text, NULL, NULL, err);
		if (code == 0 && publishing->text == NULL)
			code = rlg_fail(err, -ENOENT, "there is no %s", publishing->source);
	}
	if (publishing->source != NULL || code != 0)
		return code;
	rlg_bytes_init(&text, arena);
	rlg_training_log(publishing->run, &text);
	publishing->text = text.data;
	return 0;
}

/* Beside the run log; NULL: standard output. */
static const char *choose_output(const struct publishing *publishing)
{
	const char *given = rlg_option_value(publishing->options, "output");

	if (given != NULL)
		return strcmp(given, "-") == 0 ? NULL : given;
	if (publishing->source == NULL)
		return NULL;
	const char *slash = strrchr(publishing->source, '/');
	return slash == NULL ? OUTPUT_NAME
			     : rlg_arena_printf(publishing->group.arena, "%.*s/" OUTPUT_NAME, (int)(slash - publishing->source),
						publishing->source);
}

static int write_file(struct publishing *publishing, const char *path, const struct rlg_bytes *text, struct rlg_err *err)
{
	struct stat known = {.st_nlink = 0};
	char *old;
	int code = rlg_file_read(publishing->group.arena, path, RUN_LOG_MAX, &old, NULL, &known, err);

	if (code != 0 || (old != NULL && strcmp(old, text->data) == 0))
		return code;
	if (old != NULL && !rlg_option_given(publishing->options, "force"))
		return rlg_fail(err, -EEXIST, "%s is there already and says something else; --force replaces it, -o writes elsewhere", path);
	code = rlg_file_replace(path, text->data, text->length, &known, err);
	return code == -EAGAIN ? rlg_fail(err, code, "somebody saved %s just now; look at it, and try again", path) : code;
}

/* A link stays as it is, and may tell who it belongs to; the person who publishes is to know. */
static void warn_of_links(struct publishing *publishing, const struct rlg_secrets *secrets, const char *text)
{
	enum rlg_secret_kind kind;
	size_t where;

	for (const char *at = text; *at != '\0';) {
		size_t length = rlg_wandb_link(secrets, text, at);
		const char *link = rlg_arena_strndup(publishing->group.arena, at, length);
		const char *found = length > 0 ? rlg_secrets_find(secrets, link, &kind, &where) : NULL;
		if (found != NULL)
			rlg_warning(publishing->options, "the W&B link stays as it is, and tells `%s`: %s", found, link);
		at += length > 0 ? length : 1;
	}
}

/* Returns 0 or an exit status. */
static int publish(struct publishing *publishing)
{
	struct rlg_secrets *secrets = rlg_secrets_new(publishing->group.arena);
	struct rlg_bytes text;
	struct rlg_err err = {""};

	if (read_source(publishing, &err) != 0)
		return rlg_failure(publishing->options, "%s", err.text);
	rlg_secrets_add_model(secrets, publishing->model);
	rlg_bytes_init(&text, publishing->group.arena);
	if (rlg_sanitize(publishing->group.arena, secrets, publishing->text, &text, &err) != 0)
		return rlg_failure(publishing->options, "%s", err.text);
	const char *path = choose_output(publishing);
	warn_of_links(publishing, secrets, text.data);
	if (path == NULL)
		fwrite(text.data, 1, text.length, stdout); /* main() looks at stdout's error */
	else if (write_file(publishing, path, &text, &err) != 0)
		return rlg_failure(publishing->options, "%s", err.text);
	else
		fprintf(stderr, "runledger publish: %s\n", path);
	return 0;
}

static int run_in_group(struct publishing *publishing, const char *name)
{
	struct rlg_err err = {""};
	int status;

	if (rlg_group_load(&publishing->group, &publishing->model, &err) < 0)
		return rlg_failure(publishing->options, "%s", err.text);
	publishing->run = rlg_model_run(publishing->model, name);
	if (publishing->run == NULL)
		return rlg_unknown_run(publishing->options, publishing->model, name);
	status = publish(publishing);
	return status != 0 ? status : rlg_damage_exit(publishing->options, publishing->model->damaged, publishing->group.path);
}

static int run(struct rlg_options *options)
{
	struct publishing publishing = {.options = options};
	struct rlg_err err = {""};
	mode_t mask = umask(0);
	int status;

	umask(mask);
	if (options->n_words != 1)
		return rlg_usage_error(options, options->n_words == 0 ? "which run?" : "one run at a time");
	if (rlg_group_open(rlg_option_value(options, "group"), &publishing.group, &err) < 0) {
		status = rlg_failure(options, "%s", err.text);
	} else {
		umask(mask); /* what leaves the group is as open as its writer says, not as the group is */
		status = run_in_group(&publishing, options->words[0]);
	}
	rlg_group_close(&publishing.group);
	return status;
}

static const struct rlg_option publish_options[] = {
	{"group", 'g', "DIR", "the run's group; without it, the one around the current folder"},
	{"from", '\0', "FILE", "take this run log"},
	{"output", 'o', "FILE", "write FILE; - is standard output"},
	{"force", 'f', NULL, "replace a file that says something else"},
	{0},
};

static const struct rlg_example publish_examples[] = {
	{"runledger publish 1B_rank4", "TRAINING_LOG.md beside the run log of 1B_rank4"},
	{"runledger publish 1B_rank4 -o checkpoint/TRAINING_LOG.md", "the same, where the checkpoint is packed"},
	{"runledger publish 1B_rank4 -o - | less", "to look at it first"},
	{0},
};

const struct rlg_command rlg_cmd_publish = {
	.name = "publish",
	.arguments = "RUN",
	.summary = "write a run's training log, fit to be published",
	.description = "Writes TRAINING_LOG.md from the run log of RUN, or from its records where there is none (then to standard output): "
		       "config, dynamics, losses and the W&B link, without job ids, nodes, hosts, users, paths and ids of offline runs.\n\n"
		       "All that the group's records tell of these is looked for in the result once more; if any is left, nothing is "
		       "written, and what it is is said. Links to W&B stay, and a warning says what one of them tells. Read the result "
		       "before you publish it: the records do not know what else a person wrote.",
	.options = publish_options,
	.examples = publish_examples,
	.run = run,
};
