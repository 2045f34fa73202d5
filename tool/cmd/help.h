/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --help, made from the tables of commands and options alone.
 */
#ifndef RLG_HELP_H
#define RLG_HELP_H

#include "tool/cmd/command.h"

#include <stdio.h>

/* The tool: its commands in groups, its own options (`table`), the exit statuses. */
void rlg_help_tool(FILE *stream, const struct rlg_option *table);

/* One command. */
void rlg_help_command(FILE *stream, const struct rlg_command *command);

#endif
