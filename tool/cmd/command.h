/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every command is to main(): one row of the table in command.c, one file cmd_<name>.c.
 */
#ifndef RLG_COMMAND_H
#define RLG_COMMAND_H

#include "tool/base/exit.h"
#include "tool/cmd/options.h"

struct rlg_example {
	const char *line; /* as typed: "runledger status --run 1B_rank4" */
	const char *meaning; /* what it is good for, a few words */
};

struct rlg_command {
	const char *name;
	const char *arguments; /* as shown behind the name: "[GROUP]"; NULL: none */
	const char *summary; /* one line, for `runledger --help` */
	const char *description; /* paragraphs with "\n\n" between them, for `runledger NAME --help` */
	const struct rlg_option *options; /* ends with a zero row; --help is added for all; NULL: none */
	const struct rlg_example *examples; /* ends with a zero row; NULL: none */
	bool for_admins; /* what the plugins call; listed apart */
	bool options_first; /* they end at the first word: what follows is another program's */
	int (*run)(struct rlg_options *options);
};

/* The table, in the order in which --help shows it; ends with NULL. */
extern const struct rlg_command *const rlg_commands[];

/*
 * The whole tool: finds the command that argv names, reads its options, runs it, and makes sure that what it wrote to
 * stdout has arrived.  Returns the exit status.
 */
int rlg_command_main(int argc, char **argv);

#endif
