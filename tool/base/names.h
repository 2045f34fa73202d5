/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a name to a number, quickly: which of a hundred thousand runs is called so.
 */
#ifndef RLG_NAMES_H
#define RLG_NAMES_H

#include "tool/base/arena.h"

#include <stddef.h>
#include <stdint.h>

struct rlg_names;

#define RLG_NAMES_NONE ((size_t)-1)

/* Costs next to nothing until there is a name in it. */
struct rlg_names *rlg_names_new(struct rlg_arena *arena);

/* With room for `count` of them, so that nothing is moved on the way there. */
struct rlg_names *rlg_names_new_for(struct rlg_arena *arena, size_t count);

/* The number of `name`, or RLG_NAMES_NONE. */
size_t rlg_names_find(const struct rlg_names *names, const char *name);

/* Remembers `number` for `name`, which is not there yet; keeps the pointer. */
void rlg_names_add(struct rlg_names *names, const char *name, size_t number);

/* Remembers it unless it is there; its number from before, or RLG_NAMES_NONE. */
size_t rlg_names_put(struct rlg_names *names, const char *name, size_t number);

/* The same for an id, such as a job's.  An id and a name are never the same. */
size_t rlg_names_find_id(const struct rlg_names *names, int64_t id);
void rlg_names_add_id(struct rlg_names *names, int64_t id, size_t number);

/* Remembers another number for it, or the first; the number from before, or RLG_NAMES_NONE. */
size_t rlg_names_set_id(struct rlg_names *names, int64_t id, size_t number);

#endif
