/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of commands, and the way from argv to the one that is meant. */
#include "tool/cmd/command.h"

#include "tool/cmd/commands.h"
#include "tool/cmd/help.h"
#include "tool/cmd/nearest.h"
#include "tool/base/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>

const struct rlg_command *const rlg_commands[] = {
	&rlg_cmd_init,
	&rlg_cmd_status,
	&rlg_cmd_events,
	&rlg_cmd_watch,
	&rlg_cmd_wait,
	&rlg_cmd_refresh,
	&rlg_cmd_report,
	&rlg_cmd_log,
	&rlg_cmd_note,
	&rlg_cmd_jobs,
	&rlg_cmd_slurm_job_list,
	&rlg_cmd_publish,
	&rlg_cmd_exec,
	&rlg_cmd_doctor,
	&rlg_cmd_record,
	&rlg_cmd_jobcomp,
	&rlg_cmd_drain,
	NULL,
};

static const struct rlg_option tool_options[] = {
	{"version", 'V', NULL, "say which version this is"},
	{0},
};

static const struct rlg_command *find_command(const char *name)
{
	for (const struct rlg_command *const *row = rlg_commands; *row != NULL; row++)
		if (strcmp((*row)->name, name) == 0)
			return *row;
	return NULL;
}

static int unknown_command(const struct rlg_options *options, const char *name)
{
	struct rlg_nearest nearest = {.word = name};

	for (const struct rlg_command *const *row = rlg_commands; *row != NULL; row++)
		rlg_nearest_offer(&nearest, (*row)->name);
	if (nearest.n > 0)
		return rlg_usage_error(options, "there is no command `%s`; did you mean `%s`?", name,
				       nearest.names[0]);
	return rlg_usage_error(options, "there is no command `%s`", name);
}

static int show_version(void)
{
	puts("runledger " PACKAGE_VERSION);
	return RLG_EXIT_OK;
}

/* `runledger help [COMMAND]`; words[0] is "help". */
static int show_help(const struct rlg_options *options)
{
	const struct rlg_command *command;

	if (options->n_words > 2)
		return rlg_usage_error(options, "help is for one command at a time, not also `%s`", options->words[2]);
	if (options->n_words < 2) {
		rlg_help_tool(stdout, tool_options);
		return RLG_EXIT_OK;
	}
	command = find_command(options->words[1]);
	if (command == NULL)
		return unknown_command(options, options->words[1]);
	rlg_help_command(stdout, command);
	return RLG_EXIT_OK;
}

static int run_command(const struct rlg_command *command, int argc, char **argv)
{
	struct rlg_options options;
	int status;

	status = rlg_options_parse(&options, command->name, command->options,
				   command->options_first ? RLG_OPTIONS_BEFORE_WORDS : RLG_OPTIONS_ANYWHERE, argc, argv);
	if (status != 0)
		return status;
	if (!options.help)
		return command->run(&options);
	rlg_help_command(stdout, command);
	return RLG_EXIT_OK;
}

static int dispatch(const struct rlg_options *options)
{
	const struct rlg_command *command;

	if (rlg_option_given(options, "version"))
		return show_version();
	if (options->help) {
		rlg_help_tool(stdout, tool_options);
		return RLG_EXIT_OK;
	}
	if (options->n_words == 0)
		return rlg_usage_error(options, "which command? `runledger status` shows where every run stands");
	if (strcmp(options->words[0], "help") == 0)
		return show_help(options);
	command = find_command(options->words[0]);
	if (command == NULL)
		return unknown_command(options, options->words[0]);
	return run_command(command, options->n_words, options->words);
}

/* A write that did not happen is a failure, even if only the last flush finds out (a full disk, /dev/full). */
static int finish_stdout(const struct rlg_options *options, int status)
{
	bool wrote_badly = ferror(stdout) != 0, holds_data = __fpending(stdout) > 0;
	int why;

	/* Nobody listens, and nothing was said: fine, as for `record` inside of a daemon. */
	if (fclose(stdout) == 0 && !wrote_badly)
		return status;
	if (!wrote_badly && !holds_data && errno == EBADF)
		return status;
	why = errno != 0 ? errno : rlg_terminal_put_error();
	rlg_failure(options, "cannot write to standard output: %s", why != 0 ? strerror(why) : "some of it is lost");
	return status == RLG_EXIT_OK || status == RLG_EXIT_DAMAGED ? RLG_EXIT_FAILED : status;
}

/* Some callers can give no arguments: for them a command is a link to us, called runledger-COMMAND. */
static const struct rlg_command *command_of_link(const char *self)
{
	static const char before[] = "runledger-";
	const char *slash = self == NULL ? NULL : strrchr(self, '/');
	const char *name = slash == NULL ? self : slash + 1;

	return name != NULL && strncmp(name, before, sizeof(before) - 1) == 0 ? find_command(name + sizeof(before) - 1)
									     : NULL;
}

int rlg_command_main(int argc, char **argv)
{
	const struct rlg_command *linked = command_of_link(argv[0]);
	struct rlg_options options = {0};
	int status;

	if (linked != NULL)
		return finish_stdout(&options, run_command(linked, argc, argv));
	status = rlg_options_parse(&options, NULL, tool_options, RLG_OPTIONS_BEFORE_WORDS, argc, argv);
	if (status == 0)
		status = dispatch(&options);
	errno = 0;
	return finish_stdout(&options, status);
}
