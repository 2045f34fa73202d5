/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every command that reads records says of those it could not read.
 */
#ifndef RLG_DAMAGE_H
#define RLG_DAMAGE_H

#include "tool/cmd/options.h"

#include <stdint.h>

/* RLG_EXIT_OK if `damaged` is 0; otherwise RLG_EXIT_DAMAGED, after a sentence on stderr. */
int rlg_damage_exit(const struct rlg_options *options, uint64_t damaged, const char *group_path);

#endif
