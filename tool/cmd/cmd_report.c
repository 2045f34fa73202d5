/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `runledger report`: a summary of a group as a document. */
#include "tool/base/atomic_file.h"
#include "tool/cmd/commands.h"
#include "tool/cmd/damage.h"
#include "tool/group/group.h"
#include "tool/show/report.h"
#include "tool/plan/scripts.h"
#include "tool/base/terminal.h"

#include "lib/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *name;
	rlg_report_fn *render;
} formats[] = {
	{"markdown", rlg_report_markdown},
	{"json", rlg_report_json},
	{"csv", rlg_report_csv},
};

static rlg_report_fn *find_format(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].render;
	return NULL;
}

static int unknown_format(const struct rlg_options *options, const char *name)
{
	char list[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "", formats[i].name);
	return rlg_usage_error(options, "there is no format `%s`; there is: %s", name, list);
}

static int write_all(FILE *file, const struct rlg_bytes *text)
{
	size_t written = fwrite(text->data, 1, text->length, file);
	bool flushed = fflush(file) == 0;

	return written == text->length && flushed ? 0 : -EIO;
}

/* A device or a fifo must be written to: a temporary file renamed over it would take its place. */
static int write_special(const char *path, const struct rlg_bytes *text, struct rlg_err *err)
{
	FILE *file = fopen(path, "we");
	int code;

	if (file == NULL)
		return rlg_fail_errno(err, -errno, "cannot open %s", path);
	errno = 0;
	code = write_all(file, text);
	if (code != 0 && errno != 0)
		code = -errno;
	if (fclose(file) != 0 && code == 0)
		code = -errno;
	return code == 0 ? 0 : rlg_fail_errno(err, code, "cannot write %s", path);
}

static int write_report(const char *path, const struct rlg_bytes *text, struct rlg_err *err)
{
	struct stat facts;

	if (path == NULL || strcmp(path, "-") == 0) {
		rlg_terminal_put(stdout, text->data, text->length); /* main() looks at stdout's error */
		return 0;
	}
	if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode))
		return write_special(path, text, err);
	return rlg_file_replace(path, text->data, text->length, NULL, err);
}

static int report(const struct rlg_options *options, struct rlg_group *group, rlg_report_fn *render)
{
	struct rlg_actions actions;
	struct rlg_model *model;
	struct rlg_bytes text;
	struct rlg_err err;

	if (rlg_group_load(group, &model, &err) < 0)
		return rlg_failure(options, "%s", err.text);
	rlg_silence_mark(model, &group->config.silence, rlg_clock_now_us());
	rlg_summary_actions(group->arena, model, rlg_scripts_has, (void *)group->path, &actions);
	rlg_bytes_init(&text, group->arena);
	render(model, &actions, &text);
	if (write_report(rlg_option_value(options, "output"), &text, &err) < 0)
		return rlg_failure(options, "%s", err.text);
	return rlg_damage_exit(options, model->damaged, group->path);
}

static int run(struct rlg_options *options)
{
	const char *format = rlg_option_value(options, "format"), *where;
	rlg_report_fn *render = find_format(format != NULL ? format : formats[0].name);
	struct rlg_group group;
	struct rlg_err err;
	int status;

	if (render == NULL)
		return unknown_format(options, format);
	if (!rlg_group_word(options, &where, &status))
		return status;
	if (rlg_group_open(where, &group, &err) < 0)
		status = rlg_failure(options, "%s", err.text);
	else
		status = report(options, &group, render);
	rlg_group_close(&group);
	return status;
}

static const struct rlg_option report_options[] = {
	{"format", 'f', "FORMAT", "the form of the report: markdown (the default), json or csv"},
	{"output", 'o', "FILE", "write FILE instead of standard output"},
	{0},
};

static const struct rlg_example report_examples[] = {
	{"runledger report", "the summary of the run group around here"},
	{"runledger report /scratch/cap_8L -o summary.md", "that of another one, into a file"},
	{"runledger report -f csv -o runs.csv", "a line for each phase of each run, with what it used"},
	{0},
};

const struct rlg_command rlg_cmd_report = {
	.name = "report",
	.arguments = "[GROUP]",
	.summary = "write a summary of a run group as a document",
	.description = "Writes how many runs stand where, each run with its phases, and what to do next. GROUP is a "
		       "folder in a run group; without it, the current folder.\n\n"
		       "With -f json it is the object that `runledger status --json` prints. With -f csv it is a line for each "
		       "phase of each run, under a line of titles; what is not known is empty, times are UTC, and the last "
		       "columns are what it was given and what it used.\n\n"
		       "The same records give the same bytes, as the report's time is that of the newest record; but a job that should "
		       "have been heard of by now is told, too.",
	.options = report_options,
	.examples = report_examples,
	.run = run,
};
