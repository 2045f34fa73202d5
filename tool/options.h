/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of a command, from one table that both the parser (getopt_long) and --help read.
 */
#ifndef RLG_OPTIONS_H
#define RLG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rlg_option {
	const char *name; /* without the dashes */
	char letter; /* 0: none */
	const char *argument; /* as shown: "DIR"; NULL: a flag */
	const char *help;
};

#define RLG_OPTIONS_MAX 24

/* What was given.  Values point into argv. */
struct rlg_options {
	const struct rlg_option *table;
	const char *values[RLG_OPTIONS_MAX]; /* by row; a flag that was given is "" */
	int n_words;
	char **words; /* the arguments that are no options */
	const char *command; /* its name, for messages */
};

/* The value of option `name` (which must be in the table), or NULL. */
const char *rlg_option_value(const struct rlg_options *options, const char *name);
bool rlg_option_given(const struct rlg_options *options, const char *name);

/* Says "runledger COMMAND: sentence" on stderr with a hint at --help, and returns RLG_EXIT_USAGE. */
int rlg_usage_error(const struct rlg_options *options, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says "runledger COMMAND: sentence" on stderr and returns RLG_EXIT_FAILED. */
int rlg_failure(const struct rlg_options *options, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The one optional word of a command that takes a GROUP; more words are a usage error (returns false). */
bool rlg_group_word(struct rlg_options *options, const char **out_word, int *out_exit);

#endif
