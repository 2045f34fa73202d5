/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of a command, from one table that both the parser (getopt_long) and --help read.
 */
#ifndef RLG_OPTIONS_H
#define RLG_OPTIONS_H

#include "tool/cmd/nearest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rlg_option {
	const char *name; /* without the dashes */
	char letter; /* 0: none */
	const char *argument; /* as shown: "DIR"; "[DIR]", if it may be left out (then only --name=DIR gives it); NULL: a flag */
	const char *help;
};

/* More than any command has; the zero row counts. */
#define RLG_OPTIONS_MAX 24

/* The row that every table has without saying so. */
extern const struct rlg_option rlg_option_help;

/* What was given.  Values point into argv. */
struct rlg_options {
	const struct rlg_option *table;
	const char *values[RLG_OPTIONS_MAX]; /* by row; a flag that was given, or an argument left out, is "" */
	bool help; /* --help was given */
	int n_words;
	char **words; /* the arguments that are no options */
	const char *command; /* its name, for messages; NULL before there is one */
};

/* Where the options end. */
enum rlg_options_end {
	RLG_OPTIONS_ANYWHERE, /* they may stand behind words, up to "--" */
	RLG_OPTIONS_BEFORE_WORDS /* at the first word: what follows belongs to somebody else */
};

/*
 * Reads argv[1...] by `table` (NULL: --help only).  Long names may be cut short while they stay clear, as getopt does.
 * Of an option that is given twice the last one counts.  Returns 0, or RLG_EXIT_USAGE after a sentence on stderr.
 * argv is put in order, as getopt does, and must outlive out_options.
 */
int rlg_options_parse(struct rlg_options *out_options, const char *command, const struct rlg_option *table,
		      enum rlg_options_end end, int argc, char **argv);

/* The value of option `name` (which must be in the table), or NULL. */
const char *rlg_option_value(const struct rlg_options *options, const char *name);
bool rlg_option_given(const struct rlg_options *options, const char *name);

/* Says "runledger COMMAND: sentence" on stderr with a hint at --help, and returns RLG_EXIT_USAGE. */
int rlg_usage_error(const struct rlg_options *options, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says "runledger COMMAND: sentence" on stderr and returns RLG_EXIT_FAILED. */
int rlg_failure(const struct rlg_options *options, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says "runledger COMMAND: sentence" on stderr, for what does not end the command. */
void rlg_warning(const struct rlg_options *options, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says "there is no KIND `WORD` in WHERE; did you mean `A` or `B`?" on stderr and returns RLG_EXIT_FAILED. */
int rlg_unknown_name(const struct rlg_options *options, const struct rlg_nearest *nearest, const char *kind,
		     const char *where);

/* The one optional word of a command that takes a GROUP; more words are a usage error (returns false). */
bool rlg_group_word(struct rlg_options *options, const char **out_word, int *out_exit);

#endif
