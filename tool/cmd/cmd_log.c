/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runledger log: from inside of a job, a word on how far it is.
 *
 * A job may say it at every step, so that nothing is looked at which need not be: where the plugins have told the job's
 * address this opens its status file, and nothing else.  And it must not hang with its file system: whoever touches a path
 * is a child, which is waited for no longer than timeout_ms.
 */
#include "lib/clock.h"
#include "lib/watched.h"
#include "tool/cmd/commands.h"
#include "tool/cmd/take_along.h"
#include "tool/record/log_place.h"
#include "tool/record/log_stream.h"
#include "tool/record/log_values.h"
#include "tool/record/site_here.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What goes with --action; without it they mean nothing. */
static const char *const action_options[] = {"subject", "details", "result"};
#define N_ACTION_OPTIONS (sizeof(action_options) / sizeof(action_options[0]))

/* A job whose values cannot be recorded goes on; with --quiet not even `set -e` notices. */
static int cannot(const struct rlg_options *options, const struct rlg_err *err)
{
	if (rlg_option_given(options, "quiet"))
		return RLG_EXIT_OK;
	return rlg_failure(options, "%s", err->text);
}

/* One record on its way. */
struct logging {
	const struct rlg_options *options;
	struct rlg_job_wishes wishes;
	const struct rlg_log_values *values; /* NULL: an action */
	int64_t time_us;
	char id[RLG_ID_MAX]; /* the same wherever it goes: it may stand in its file though nobody has heard of it */
};

static void add_action(const struct rlg_options *options, struct rlg_record_writer *writer)
{
	const struct passwd *user = getpwuid(geteuid());

	rlg_record_str(writer, "user", user == NULL ? NULL : user->pw_name);
	rlg_record_str(writer, "action", rlg_option_value(options, "action"));
	for (size_t i = 0; i < N_ACTION_OPTIONS; i++)
		rlg_record_str(writer, action_options[i], rlg_option_value(options, action_options[i]));
}

static void begin(const struct logging *logging, const struct rlg_log_place *place, struct rlg_record_writer *writer,
		  char storage[RLG_RECORD_MAX + 1])
{
	if (logging->values != NULL) {
		rlg_log_begin(place, "progress", logging->time_us, logging->id, writer, storage);
		rlg_log_values_write(logging->values, writer);
	} else {
		rlg_log_begin(place, "action", logging->time_us, logging->id, writer, storage);
		add_action(logging->options, writer);
	}
}

static void warn(const struct logging *logging, const char *words)
{
	if (words[0] != '\0' && !rlg_option_given(logging->options, "quiet"))
		rlg_warning(logging->options, "%s", words);
}

/* Outside of jobs an action's subject tells: it begins with a run's name. */
static void take_run_of_subject(struct logging *logging)
{
	static char run[RLG_NAME_MAX + 1], group_path[RLG_PATH_MAX];
	const char *subject = logging->values == NULL ? rlg_option_value(logging->options, "subject") : NULL;
	size_t length = subject == NULL ? 0 : strcspn(subject, "/");
	struct rlg_model *model;
	struct rlg_group group;

	if (logging->wishes.run != NULL || rlg_job_here() > 0 || length == 0 || length >= sizeof(run))
		return;
	memcpy(run, subject, length);
	if (rlg_group_open(logging->wishes.group, &group, NULL) == 0 && rlg_group_load(&group, &model, NULL) == 0 &&
	    rlg_model_run(model, run) != NULL && rlg_copy(group_path, sizeof(group_path), group.path)) {
		logging->wishes.run = run;
		logging->wishes.group = group_path;
	}
	rlg_group_close(&group);
}

/* Finds the place and appends, or leaves the record in the spool.  Returns 0, or a negative errno with a sentence. */
static int record(struct logging *logging, struct rlg_log_place *place, bool *out_appended, struct rlg_err *err)
{
	char storage[RLG_RECORD_MAX + 1];
	struct rlg_record_writer writer;
	struct rlg_err warning = {""};
	unsigned left_out = 0;

	take_run_of_subject(logging);
	int code = rlg_log_find_place(&logging->wishes, place, &warning, err);
	if (code != 0)
		return code;
	warn(logging, warning.text);
	begin(logging, place, &writer, storage);
	code = rlg_log_append(place, &writer, &left_out, err);
	if (code != 0)
		return code;
	*out_appended = err->text[0] == '\0';
	warn(logging, err->text);
	if (left_out > 0 && !rlg_option_given(logging->options, "quiet"))
		rlg_warning(logging->options, "%u of the values found no room in the record, which has %d bytes", left_out,
			    RLG_RECORD_MAX);
	return 0;
}

/* Of the caller's nothing is held open any more: whoever waits for the end of its output must not wait for us. */
static void let_go(void)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	fflush(NULL);
	for (int fd = 0; fd < 3 && nothing >= 0; fd++)
		dup2(nothing, fd);
}

/* What is told is never what a watch itself comes to. */
static int told(int code)
{
	return code == -ETIMEDOUT || code == -ECHILD ? -EIO : code;
}

/* In a child: all that touches a path. */
static int work(void *context, int tell_fd)
{
	static struct rlg_log_place place;
	struct logging *logging = context;
	struct rlg_err err = {""};
	bool appended = false;
	int code = record(logging, &place, &appended, &err);

	if (code != 0)
		cannot(logging->options, &err);
	fflush(NULL);
	if (tell_fd >= 0)
		let_go();
	rlg_watched_tell(&tell_fd, told(code));
	if (appended) {
		rlg_log_refresh_if_due(&place);
		rlg_take_along_behind();
	}
	return code == 0 || rlg_option_given(logging->options, "quiet") ? RLG_EXIT_OK : RLG_EXIT_FAILED;
}

/* Nobody knows how far the child came: the record waits on the node, with what was told of its place. */
static int leave_in_spool(const struct logging *logging, int why)
{
	static struct rlg_log_place place;
	char storage[RLG_RECORD_MAX + 1];
	struct rlg_record_writer writer;
	struct rlg_err err = {""};

	rlg_log_place_ask(&logging->wishes, &place);
	begin(logging, &place, &writer, storage);
	ssize_t length = rlg_record_end(&writer);
	rlg_fail(&err, why, "%s cannot be reached in time", place.group[0] != '\0' ? place.group : "the run group");
	/* No run is guessed outside of a job. */
	bool has_place = !place.asked || place.run[0] != '\0' || place.job_id > 0;
	if (!has_place || length < 0 || rlg_log_spool(&place, storage, (size_t)length, why, &err) != 0)
		return cannot(logging->options, &err);
	warn(logging, err.text);
	return RLG_EXIT_OK;
}

static int log_watched(struct logging *logging)
{
	struct rlg_siteconf site;
	pid_t child;

	rlg_site_here(&site, NULL); /* the admin's mistakes are told elsewhere */
	logging->time_us = rlg_clock_now_us();
	rlg_record_new_id(logging->id);
	fflush(NULL);
	int code = rlg_watched(work, logging, site.timeout_ms, &child);
	if (child < 0)
		return work(logging, -1);
	if (code == -ETIMEDOUT || code == -ECHILD)
		return leave_in_spool(logging, code);
	return code == 0 || rlg_option_given(logging->options, "quiet") ? RLG_EXIT_OK : RLG_EXIT_FAILED;
}

static int log_values(const struct rlg_options *options, const struct rlg_job_wishes *wishes)
{
	static struct rlg_log_values values;
	struct logging logging = {.options = options, .wishes = *wishes, .values = &values};
	struct rlg_err err = {""};

	for (int i = 0; i < options->n_words; i++)
		if (rlg_log_take_word(&values, options->words[i], &err) != 0)
			return rlg_usage_error(options, "%s", err.text);
	return log_watched(&logging);
}

static int log_action(const struct rlg_options *options, const struct rlg_job_wishes *wishes)
{
	struct logging logging = {.options = options, .wishes = *wishes};

	if (rlg_option_value(options, "action")[0] == '\0')
		return rlg_usage_error(options, "which action? `runledger log --action CACHE_CLEAR --subject 1B_rank4`");
	return log_watched(&logging);
}

static const char *given(const struct rlg_options *options, const char *name)
{
	const char *value = rlg_option_value(options, name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

static bool is_stream(const struct rlg_options *options)
{
	return options->n_words == 1 && strcmp(options->words[0], "-") == 0;
}

/* What does not go together; 0: all does. */
static int check(const struct rlg_options *options)
{
	bool is_action = rlg_option_given(options, "action");

	for (size_t i = 0; i < N_ACTION_OPTIONS; i++)
		if (!is_action && rlg_option_given(options, action_options[i]))
			return rlg_usage_error(options, "--%s goes with --action=NAME", action_options[i]);
	if (is_action && options->n_words > 0)
		return rlg_usage_error(options, "an action has no values, so not also `%s`", options->words[0]);
	if (rlg_option_given(options, "tee") && !is_stream(options))
		return rlg_usage_error(options, "--tee copies standard input: `python train.py | runledger log --tee -`");
	if (!is_action && options->n_words == 0)
		return rlg_usage_error(options, "which values? `runledger log step=2400 train_loss=0.085`");
	return 0;
}

static int run(struct rlg_options *options)
{
	struct rlg_job_wishes wishes = {.run = given(options, "run"), .group = given(options, "run-group")};
	struct rlg_log_stream stream = {.wishes = wishes,
					.tee = rlg_option_given(options, "tee"),
					.quiet = rlg_option_given(options, "quiet")};
	int wrong = check(options);

	if (wrong != 0)
		return wrong;
	if (rlg_option_given(options, "action"))
		return log_action(options, &wishes);
	return is_stream(options) ? rlg_log_stream_run(&stream) : log_values(options, &wishes);
}

static const struct rlg_option log_options[] = {
	{"tee", 't', NULL, "with `-`: copy standard input to standard output, byte for byte and at once"},
	{"run", '\0', "RUN[/PHASE]", "the run, where the job does not tell it"},
	{"run-group", '\0', "DIR", "the run group, where the job does not tell it"},
	{"quiet", 'q', NULL, "say nothing, and exit with 0, when it cannot be recorded"},
	{"action", '\0', "NAME", "record an action for the action logs instead of values: CACHE_CLEAR"},
	{"subject", '\0', "TEXT", "what the action was about: RUN, RUN/TASK/EPOCH"},
	{"details", '\0', "TEXT", "how it was done"},
	{"result", '\0', "TEXT", "what came of it"},
	{0},
};

static const struct rlg_example log_examples[] = {
	{"runledger log step=2400 train_loss=0.085", "in a job: how far it is"},
	{"python train.py | runledger log --tee -", "take the values out of what it prints, and print it"},
	{"runledger log --action VERIFY_CACHE --subject 1B_rank4 --result ok", "a line for the group's action log"},
	{0},
};

const struct rlg_command rlg_cmd_log = {
	.name = "log",
	.arguments = "KEY=VALUE... | -",
	.summary = "from inside a job: record progress and results",
	.description =
		"Appends one record with the values, which are numbers, texts, true or false. `step` (or global_step, iteration, "
		"epoch) says how far the job is; of the others `status --run` shows the first, the last and the best value. It "
		"takes about a millisecond. The trackers are refreshed every ten seconds at most, and when the job ends.\n\n"
		"With `-` it reads what a job prints, to its end: lines of KEY=VALUE, JSON objects and Python dictionaries that "
		"hold a number count, all others are passed over. At most one record a second is made, with the last of each "
		"value. Whatever goes wrong with recording, the job's output goes on and the exit status is 0.",
	.options = log_options,
	.examples = log_examples,
	.run = run,
};
