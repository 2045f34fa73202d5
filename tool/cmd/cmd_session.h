/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose session a command is asked about: the option --session, else the environment.
 */
#ifndef RLG_CMD_SESSION_H
#define RLG_CMD_SESSION_H

#include "tool/cmd/options.h"
#include "tool/tracker/registry.h"

/*
 * The session that --session=ID names, else (also where the ID is left out) the environment's; an id of NULL where
 * neither names one.  Returns RLG_EXIT_OK, or RLG_EXIT_USAGE after a sentence on stderr.
 */
int rlg_session_asked(const struct rlg_options *options, struct rlg_session *out_session);

#endif
