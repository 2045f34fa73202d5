/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a name to a number: see names.h.  Open addressing, at most half full. */
#include "tool/base/names.h"

#include <stdint.h>
#include <string.h>
#include <sys/random.h>

/* A group of a hundred thousand runs has two dozen tables for each of them, most of which stay all but empty. */
#define FIRST_ROOM 8

struct slot {
	const char *name;
	size_t number;
};

struct rlg_names {
	struct rlg_arena *arena;
	struct slot *slots;
	size_t room; /* a power of two */
	size_t count;
};

/*
 * FNV-1a from a beginning of this process's own: names come from records, and whoever could choose them so that all fall
 * into one place would make us look through all of them for each.  Nobody sees the order of a table.
 */
static uint64_t hash_of(const char *name)
{
	static uint64_t begin;

	if (begin == 0) {
		if (getrandom(&begin, sizeof(begin), GRND_NONBLOCK) != (ssize_t)sizeof(begin))
			begin = 0;
		begin |= 1;
	}
	uint64_t hash = begin;
	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
	return hash ^ hash >> 32;
}

static struct slot *slot_for(const struct rlg_names *names, const char *name)
{
	size_t at = hash_of(name) & (names->room - 1);

	while (names->slots[at].name != NULL && strcmp(names->slots[at].name, name) != 0)
		at = (at + 1) & (names->room - 1);
	return &names->slots[at];
}

static void make_room(struct rlg_names *names, size_t room)
{
	struct slot *old = names->slots;
	size_t old_room = names->room;

	names->slots = rlg_arena_alloc(names->arena, room * sizeof(*names->slots));
	names->room = room;
	for (size_t i = 0; i < old_room; i++)
		if (old[i].name != NULL)
			*slot_for(names, old[i].name) = old[i];
}

struct rlg_names *rlg_names_new(struct rlg_arena *arena)
{
	struct rlg_names *names = rlg_arena_alloc(arena, sizeof(*names));

	names->arena = arena;
	make_room(names, FIRST_ROOM);
	return names;
}

size_t rlg_names_find(const struct rlg_names *names, const char *name)
{
	const struct slot *slot = slot_for(names, name);

	return slot->name == NULL ? RLG_NAMES_NONE : slot->number;
}

void rlg_names_add(struct rlg_names *names, const char *name, size_t number)
{
	if (2 * (names->count + 1) > names->room)
		make_room(names, 2 * names->room);
	*slot_for(names, name) = (struct slot){name, number};
	names->count++;
}
