/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The option --session: see cmd_session.h. */
#include "tool/cmd/cmd_session.h"

#include "lib/layout.h"
#include "tool/cmd/command.h"

#include <string.h>

int rlg_session_asked(const struct rlg_options *options, struct rlg_session *out_session)
{
	const char *id = rlg_option_value(options, "session");
	const struct rlg_option *row = options->table;

	while (strcmp(row->name, "session") != 0)
		row++;
	*out_session = (struct rlg_session){NULL, NULL};
	if (id == NULL || (id[0] == '\0' && row->argument[0] == '[')) {
		rlg_session_here(out_session);
		return RLG_EXIT_OK;
	}
	*out_session = (struct rlg_session){"manual", id};
	if (rlg_name_ok(id, NULL))
		return RLG_EXIT_OK;
	return rlg_usage_error(options,
			       "--session: `%.200s` cannot be a session's id: that is a folder's name, of 1 to %d bytes, without '/' and control characters, and does not begin with '.', '-' or a blank",
			       id, RLG_NAME_MAX);
}
