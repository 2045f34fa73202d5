/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hosts of a Slurm host list: "n[01-03,7],r[1-2]c[1-4]" names twelve.
 */
#ifndef RLG_TOOL_HOSTLIST_H
#define RLG_TOOL_HOSTLIST_H

#include "tool/base/arena.h"

#include <stddef.h>

/* More hosts than any cluster has; a list that says more is not a list of hosts. */
#define RLG_HOSTLIST_MAX 65536

typedef void rlg_host_fn(void *context, const char *host);

/*
 * Tells each host of the list, in its order, with the zeros that fill its number.  Brackets that never close, or ranges
 * that run backwards or past RLG_HOSTLIST_MAX, are told as they stand.  Time and memory are bounded (by some megabytes): a
 * list that goes on longer ends early.  Returns how many were told.
 */
size_t rlg_hostlist_each(struct rlg_arena *arena, const char *list, rlg_host_fn *tell, void *context);

#endif
