/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --help: see help.h. */
#include "tool/cmd/help.h"

#include <string.h>

#define WIDTH 80
#define INDENT 2

/* Help of options and summaries of commands begin here, or on the next line. */
#define OPTION_HELP_COLUMN 26
#define COMMAND_HELP_COLUMN 18

static const struct {
	enum rlg_exit status;
	const char *meaning;
} exits[] = {
	{RLG_EXIT_OK, "it worked"},
	{RLG_EXIT_FAILED, "it failed; a sentence on stderr says why"},
	{RLG_EXIT_USAGE, "it was asked wrongly"},
	{RLG_EXIT_DAMAGED, "it worked, but some records are damaged and were stepped over"},
	{RLG_EXIT_TIMEOUT, "the time of --timeout was up"},
};

/*
 * One paragraph, up to "\n\n" or the end, wrapped into the columns from `indent` on; `column` is where the line stands
 * now.  Ends the line, and returns what follows the paragraph.
 */
static const char *wrap(FILE *stream, size_t column, size_t indent, const char *words)
{
	bool fresh = true;

	while (*words != '\0' && *words != '\n') {
		size_t length = strcspn(words, " \n");

		if (!fresh && column + 1 + length >= WIDTH) {
			fputc('\n', stream);
			column = 0;
			fresh = true;
		}
		if (fresh && column < indent)
			column += (size_t)fprintf(stream, "%*s", (int)(indent - column), "");
		column += (size_t)fprintf(stream, "%s%.*s", fresh ? "" : " ", (int)length, words);
		fresh = false;
		words += length;
		words += *words == ' ' || (*words == '\n' && words[1] != '\n');
	}
	fputc('\n', stream);
	return words + strspn(words, "\n");
}

static void paragraphs(FILE *stream, const char *text)
{
	while (*text != '\0') {
		fputc('\n', stream);
		text = wrap(stream, 0, INDENT, text);
	}
}

/* "  left      right ...", the right part from `column` on, on the next line if the left one is too long. */
static void entry(FILE *stream, const char *left, size_t column, const char *right)
{
	size_t at = (size_t)fprintf(stream, "%*s%s", INDENT, "", left);

	if (at + 2 > column) {
		fputc('\n', stream);
		at = 0;
	}
	wrap(stream, at, column, right);
}

static void option_entry(FILE *stream, const struct rlg_option *row)
{
	char left[80], letter[8] = "    ";

	if (row->letter != '\0')
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	const char *argument = row->argument != NULL ? row->argument : "";
	const char *equals = argument[0] == '[' ? "[=" : argument[0] != '\0' ? "=" : "";
	snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name, equals, argument + (argument[0] == '['));
	entry(stream, left, OPTION_HELP_COLUMN, row->help);
}

static void option_entries(FILE *stream, const struct rlg_option *table)
{
	fputs("\nOptions:\n", stream);
	for (; table != NULL && table->name != NULL; table++)
		option_entry(stream, table);
	option_entry(stream, &rlg_option_help);
}

static void exit_entries(FILE *stream)
{
	fputs("\nExit status:\n", stream);
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		char left[8];

		snprintf(left, sizeof(left), "%d", exits[i].status);
		entry(stream, left, INDENT + strlen(left) + 2, exits[i].meaning);
	}
}

static void command_entries(FILE *stream, const char *title, bool for_admins)
{
	fprintf(stream, "\n%s\n", title);
	for (const struct rlg_command *const *row = rlg_commands; *row != NULL; row++)
		if ((*row)->for_admins == for_admins)
			entry(stream, (*row)->name, COMMAND_HELP_COLUMN, (*row)->summary);
}

void rlg_help_tool(FILE *stream, const struct rlg_option *table)
{
	fputs("Usage: runledger COMMAND [OPTION]... [ARGUMENT]...\n", stream);
	paragraphs(stream,
		   "Keeps the record of Slurm jobs, run by run, as they happen, and shows where every run stands.");
	command_entries(stream, "Commands:", false);
	command_entries(stream, "What the plugins and Slurm call; for admins:", true);
	option_entries(stream, table);
	exit_entries(stream);
	fputs("\n`runledger help COMMAND` tells more about a command.\n", stream);
}

static void example_entries(FILE *stream, const struct rlg_example *example)
{
	if (example == NULL)
		return;
	fputs("\nExamples:\n", stream);
	for (; example->line != NULL; example++) {
		fprintf(stream, "%*s%s\n", INDENT, "", example->line);
		wrap(stream, 0, 3 * INDENT, example->meaning);
	}
}

void rlg_help_command(FILE *stream, const struct rlg_command *command)
{
	const char *arguments = command->arguments;

	fprintf(stream, "Usage: runledger %s [OPTION]...%s%s\n", command->name, arguments != NULL ? " " : "",
		arguments != NULL ? arguments : "");
	paragraphs(stream, command->description != NULL ? command->description : command->summary);
	option_entries(stream, command->options);
	example_entries(stream, command->examples);
	exit_entries(stream);
}
