/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slurm's host lists, as far as we need them: "n[1-3,7],m1".
 */
#ifndef RLG_HOSTLIST_H
#define RLG_HOSTLIST_H

#include <stdbool.h>
#include <stddef.h>

/* The first host of the list ("n1").  False for a list that is empty, or a name longer than `size` allows. */
bool rlg_hostlist_first(const char *list, char *out_host, size_t size);

#endif
