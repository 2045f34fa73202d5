/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values on their way into a `progress` record: from words ("train_loss=0.085"), from lines that a job printed, and
 * several of such into one.  Nothing here allocates for each line.
 */
#ifndef RLG_LOG_VALUES_H
#define RLG_LOG_VALUES_H

#include "lib/err.h"
#include "lib/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A record has 4096 bytes; what a job wants to be told of has a short name and few figures. */
#define RLG_LOG_NAME_MAX 96
#define RLG_LOG_TEXT_MAX 1024
#define RLG_LOG_VALUES_MAX 128

struct rlg_log_value {
	char name[RLG_LOG_NAME_MAX + 1];
	char text[RLG_LOG_TEXT_MAX + 1];
	bool is_bare; /* stands in JSON without quotes: a number as JSON has it, true or false */
	bool is_number;
};

/* All zero to begin with: none.  150 kB: keep it out of stacks. */
struct rlg_log_values {
	struct rlg_log_value list[RLG_LOG_VALUES_MAX];
	size_t n;
	uint64_t left_out; /* that found no room */
};

/* Takes one "NAME=VALUE" of a command line.  -EINVAL or -E2BIG with a sentence for what is none, or has no room. */
int rlg_log_take_word(struct rlg_log_values *values, const char *word, struct rlg_err *err);

/*
 * Takes the values of a line that a job printed, without its end: nothing but NAME=VALUE with blanks, commas, semicolons
 * or bars between, or one JSON object or Python dictionary, whose texts, numbers and truths count.  Lines without a number
 * are prose, and so is one with a single capital name, as of an environment variable: then false, and nothing was taken.
 */
bool rlg_log_take_line(struct rlg_log_values *values, const char *line, size_t length);

/* Adds those of `from`; of one name the last text counts, in the place of the first. */
void rlg_log_values_merge(struct rlg_log_values *values, const struct rlg_log_values *from);

/* Adds them to a record; names that are the record's own go into its member `values`. */
void rlg_log_values_write(const struct rlg_log_values *values, struct rlg_record_writer *writer);

#endif
