/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every command is to main(): one row of the table in command.c, one file cmd_<name>.c.
 */
#ifndef RLG_COMMAND_H
#define RLG_COMMAND_H

#include "tool/options.h"

/* Exit statuses, the same for every command. */
enum rlg_exit {
	RLG_EXIT_OK = 0,
	RLG_EXIT_FAILED = 1,
	RLG_EXIT_USAGE = 2, /* asked wrongly */
	RLG_EXIT_DAMAGED = 3 /* worked, but some input was damaged and stepped over */
};

struct rlg_command {
	const char *name;
	const char *arguments; /* as shown behind the name: "[GROUP]" */
	const char *summary; /* one line, for `runledger --help` */
	const char *description; /* a paragraph or two, for `runledger NAME --help` */
	const struct rlg_option *options; /* ends with a zero row; --help is added for all */
	bool for_admins; /* what the plugins call; listed apart */
	int (*run)(struct rlg_options *options);
};

/* The table, in the order in which --help shows it; ends with a zero row. */
extern const struct rlg_command rlg_commands[];

#endif
