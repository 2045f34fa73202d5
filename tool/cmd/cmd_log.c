/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runledger log: from inside of a job, a word on how far it is.
 *
 * A job may say it at every step, so that nothing is looked at which need not be: where the plugins have told the job's
 * address this opens its status file, and nothing else.
 */
#include "lib/clock.h"
#include "tool/cmd/commands.h"
#include "tool/cmd/take_along.h"
#include "tool/record/log_place.h"
#include "tool/record/log_stream.h"
#include "tool/record/log_values.h"

#include <errno.h>
#include <pwd.h>
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

static int find_place(const struct rlg_options *options, const struct rlg_job_wishes *wishes, struct rlg_log_place *place,
		      struct rlg_err *err)
{
	struct rlg_err warning;
	int code = rlg_log_find_place(wishes, place, &warning, err);

	if (code == 0 && warning.text[0] != '\0' && !rlg_option_given(options, "quiet"))
		rlg_warning(options, "%s", warning.text);
	return code;
}

static int append(const struct rlg_options *options, const struct rlg_log_place *place, struct rlg_record_writer *writer)
{
	struct rlg_err err = {""};
	unsigned left_out = 0;

	if (rlg_log_append(place, writer, &left_out, &err) != 0)
		return cannot(options, &err);
	if (err.text[0] != '\0' && !rlg_option_given(options, "quiet"))
		rlg_warning(options, "%s", err.text);
	if (left_out > 0 && !rlg_option_given(options, "quiet"))
		rlg_warning(options, "%u of the values found no room in the record, which has %d bytes", left_out,
			    RLG_RECORD_MAX);
	if (err.text[0] == '\0') {
		rlg_log_refresh_if_due(place);
		rlg_take_along_behind();
	}
	return RLG_EXIT_OK;
}

static int log_values(const struct rlg_options *options, const struct rlg_job_wishes *wishes)
{
	static struct rlg_log_values values;
	static struct rlg_log_place place;
	char storage[RLG_RECORD_MAX + 1];
	struct rlg_record_writer writer;
	struct rlg_err err = {""};

	for (int i = 0; i < options->n_words; i++)
		if (rlg_log_take_word(&values, options->words[i], &err) != 0)
			return rlg_usage_error(options, "%s", err.text);
	if (find_place(options, wishes, &place, &err) != 0)
		return cannot(options, &err);
	rlg_log_begin(&place, "progress", rlg_clock_now_us(), &writer, storage);
	rlg_log_values_write(&values, &writer);
	return append(options, &place, &writer);
}

/* Outside of jobs the subject tells: it begins with a run's name. */
static void take_run_of_subject(const struct rlg_options *options, struct rlg_job_wishes *wishes)
{
	static char run[RLG_NAME_MAX + 1], group_path[RLG_PATH_MAX];
	const char *subject = rlg_option_value(options, "subject");
	size_t length = subject == NULL ? 0 : strcspn(subject, "/");
	struct rlg_model *model;
	struct rlg_group group;

	if (wishes->run != NULL || rlg_job_here() > 0 || length == 0 || length >= sizeof(run))
		return;
	memcpy(run, subject, length);
	if (rlg_group_open(wishes->group, &group, NULL) == 0 && rlg_group_load(&group, &model, NULL) == 0 &&
	    rlg_model_run(model, run) != NULL && rlg_copy(group_path, sizeof(group_path), group.path)) {
		wishes->run = run;
		wishes->group = group_path;
	}
	rlg_group_close(&group);
}

static int log_action(const struct rlg_options *options, struct rlg_job_wishes *wishes)
{
	static struct rlg_log_place place;
	const struct passwd *user = getpwuid(geteuid());
	char storage[RLG_RECORD_MAX + 1];
	struct rlg_record_writer writer;
	struct rlg_err err = {""};

	if (rlg_option_value(options, "action")[0] == '\0')
		return rlg_usage_error(options, "which action? `runledger log --action CACHE_CLEAR --subject 1B_rank4`");
	take_run_of_subject(options, wishes);
	if (find_place(options, wishes, &place, &err) != 0)
		return cannot(options, &err);
	rlg_log_begin(&place, "action", rlg_clock_now_us(), &writer, storage);
	rlg_record_str(&writer, "user", user == NULL ? NULL : user->pw_name);
	rlg_record_str(&writer, "action", rlg_option_value(options, "action"));
	for (size_t i = 0; i < N_ACTION_OPTIONS; i++)
		rlg_record_str(&writer, action_options[i], rlg_option_value(options, action_options[i]));
	return append(options, &place, &writer);
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
