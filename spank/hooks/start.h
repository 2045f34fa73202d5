/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In slurmstepd, as root: the job's first step begins on the job's first node.
 */
#ifndef RLG_START_H
#define RLG_START_H

#include "spank/hooks/host.h"
#include "spank/hooks/settings.h"

/*
 * Records the start, in a process that has become the user and that nobody waits for.  Call it once a step, after the
 * tasks were forked and before they run.  Steps that begin no job are let be: later steps, other nodes.
 */
void rlg_start(const struct rlg_host *host, const struct rlg_settings *settings);

#endif
