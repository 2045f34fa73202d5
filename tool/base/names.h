/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a name to a number, quickly: which of a hundred thousand runs is called so.
 */
#ifndef RLG_NAMES_H
#define RLG_NAMES_H

#include "tool/base/arena.h"

#include <stddef.h>

struct rlg_names;

#define RLG_NAMES_NONE ((size_t)-1)

struct rlg_names *rlg_names_new(struct rlg_arena *arena);

/* The number of `name`, or RLG_NAMES_NONE. */
size_t rlg_names_find(const struct rlg_names *names, const char *name);

/* Remembers `number` for `name`, which is not there yet; keeps the pointer. */
void rlg_names_add(struct rlg_names *names, const char *name, size_t number);

#endif
