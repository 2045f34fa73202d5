/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options from tables: see options.h. */
#include "tool/cmd/options.h"

#include "lib/err.h"
#include "lib/layout.h"
#include "lib/text.h"
#include "tool/cmd/command.h"
#include "tool/base/printable.h"

#include <assert.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* getopt's answer for row i is ROW + i, past every letter; --help follows the last row. */
#define ROW 256
#define HELP_ROW (ROW + RLG_OPTIONS_MAX)

const struct rlg_option rlg_option_help = {"help", 'h', NULL, "show this help"};

static const struct rlg_option no_options[] = {{0}};

__attribute__((format(printf, 2, 0))) static void say(const struct rlg_options *options, const char *format, va_list args)
{
	char sentence[2 * RLG_ERR_MAX];

	vsnprintf(sentence, sizeof(sentence), format, args);
	fputs("runledger", stderr);
	if (options->command != NULL)
		fprintf(stderr, " %s", options->command);
	fputs(": ", stderr);
	rlg_printable_put(stderr, sentence);
	fputc('\n', stderr);
}

int rlg_usage_error(const struct rlg_options *options, const char *format, ...)
{
	const char *command = options->command;
	va_list args;

	va_start(args, format);
	say(options, format, args);
	va_end(args);
	fprintf(stderr, "Try `runledger %s%s--help`.\n", command != NULL ? command : "", command != NULL ? " " : "");
	return RLG_EXIT_USAGE;
}

int rlg_failure(const struct rlg_options *options, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(options, format, args);
	va_end(args);
	return RLG_EXIT_FAILED;
}

void rlg_warning(const struct rlg_options *options, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(options, format, args);
	va_end(args);
}

/* The table as getopt_long() wants it. */
struct spelling {
	char letters[2 * RLG_OPTIONS_MAX + 4];
	struct option rows[RLG_OPTIONS_MAX + 1];
};

static int kind_of_argument(const struct rlg_option *row)
{
	if (row->argument == NULL)
		return no_argument;
	return row->argument[0] == '[' ? optional_argument : required_argument;
}

static void add_spelling(struct spelling *spelling, size_t *n_letters, size_t at, const struct rlg_option *row,
			 int value)
{
	int kind = kind_of_argument(row);

	spelling->rows[at] = (struct option){.name = row->name, .has_arg = kind, .val = value};
	if (row->letter == '\0')
		return;
	assert(kind != optional_argument); /* -sID would be cut short where -s ID was meant */
	spelling->letters[(*n_letters)++] = row->letter;
	if (kind == required_argument)
		spelling->letters[(*n_letters)++] = ':';
}

static void spell(const struct rlg_option *table, enum rlg_options_end end, struct spelling *out_spelling)
{
	size_t n_letters = 0, i;

	*out_spelling = (struct spelling){0};
	if (end == RLG_OPTIONS_BEFORE_WORDS)
		out_spelling->letters[n_letters++] = '+';
	out_spelling->letters[n_letters++] = ':'; /* tell a missing argument from an unknown option */
	for (i = 0; table[i].name != NULL; i++) {
		assert(i + 1 < RLG_OPTIONS_MAX);
		add_spelling(out_spelling, &n_letters, i, &table[i], ROW + (int)i);
	}
	add_spelling(out_spelling, &n_letters, i, &rlg_option_help, HELP_ROW);
}

/* The row of getopt's answer, a letter or ROW + i; NULL for --help. */
static const struct rlg_option *row_of(const struct rlg_option *table, int answer)
{
	if (answer >= ROW)
		return answer == HELP_ROW ? NULL : &table[answer - ROW];
	for (; table->name != NULL; table++)
		if (table->letter == answer)
			return table;
	return NULL;
}

static int unknown_option(const struct rlg_options *options, const char *given)
{
	struct rlg_nearest nearest = {.word = given + 2};
	int length = (int)strcspn(given, "=");
	unsigned n_begin_so = 0;

	for (const struct rlg_option *row = options->table; row->name != NULL; row++) {
		rlg_nearest_offer(&nearest, row->name);
		n_begin_so += strncmp(row->name, given + 2, (size_t)length - 2) == 0;
	}
	rlg_nearest_offer(&nearest, rlg_option_help.name);
	if (n_begin_so > 1)
		return rlg_usage_error(options, "option %.*s is cut too short: more than one begins so", length, given);
	if (nearest.n > 0)
		return rlg_usage_error(options, "there is no option %.*s; did you mean --%s?", length, given,
				       nearest.names[0]);
	return rlg_usage_error(options, "there is no option %.*s", length, given);
}

/* Says what getopt_long() found wrong: `answer` is '?' or ':', and optopt the option if there is such a one. */
static int bad_option(const struct rlg_options *options, int answer, char **argv)
{
	const struct rlg_option *row = row_of(options->table, optopt);

	if (answer == ':' && row != NULL)
		return rlg_usage_error(options, "option --%s needs an argument: --%s=%s", row->name, row->name,
				       row->argument);
	if (optopt >= ROW)
		return rlg_usage_error(options, "option --%s takes no argument", row != NULL ? row->name : "help");
	if (optopt != 0)
		return rlg_usage_error(options, "there is no option -%c", optopt);
	return unknown_option(options, argv[optind - 1]);
}

int rlg_options_parse(struct rlg_options *out_options, const char *command, const struct rlg_option *table,
		      enum rlg_options_end end, int argc, char **argv)
{
	struct rlg_options options = {.table = table != NULL ? table : no_options, .command = command};
	struct spelling spelling;
	int answer;

	spell(options.table, end, &spelling);
	optind = 0; /* glibc: begin afresh */
	opterr = 0;
	while ((answer = getopt_long(argc, argv, spelling.letters, spelling.rows, NULL)) != -1) {
		const struct rlg_option *row;

		if (answer == '?' || answer == ':')
			return bad_option(&options, answer, argv);
		row = row_of(options.table, answer);
		if (row == NULL)
			options.help = true;
		else
			options.values[row - options.table] = optarg != NULL ? optarg : "";
	}
	options.n_words = argc - optind;
	options.words = argv + optind;
	*out_options = options;
	return 0;
}

const char *rlg_option_value(const struct rlg_options *options, const char *name)
{
	for (size_t i = 0; options->table[i].name != NULL; i++)
		if (strcmp(options->table[i].name, name) == 0)
			return options->values[i];
	assert(!"an option that is in the table");
	return NULL;
}

bool rlg_option_given(const struct rlg_options *options, const char *name)
{
	return rlg_option_value(options, name) != NULL;
}

bool rlg_group_word(struct rlg_options *options, const char **out_word, int *out_exit)
{
	if (options->n_words > 1) {
		*out_exit = rlg_usage_error(options, "one group at a time, not also `%s`", options->words[1]);
		return false;
	}
	*out_word = options->n_words == 1 ? options->words[0] : NULL;
	return true;
}

int rlg_unknown_name(const struct rlg_options *options, const struct rlg_nearest *nearest, const char *kind,
			const char *where)
{
	char storage[RLG_NEAREST_MAX * (RLG_NAME_MAX + 8)];
	struct rlg_text names;

	if (nearest->n == 0)
		return rlg_failure(options, "there is no %s `%s` in %s", kind, nearest->word, where);
	rlg_text_init(&names, storage, sizeof(storage));
	for (size_t i = 0; i < nearest->n; i++)
		rlg_text_addf(&names, "%s`%s`", i == 0 ? "" : i + 1 < nearest->n ? ", " : " or ", nearest->names[i]);
	return rlg_failure(options, "there is no %s `%s` in %s; did you mean %s?", kind, nearest->word, where,
			   names.data);
}
