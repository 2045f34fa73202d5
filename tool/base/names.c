/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a name to a number: see names.h.  Open addressing, at most half full. */
#include "tool/base/names.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

/* A group of a hundred thousand runs has two dozen tables for each of them, most of which stay all but empty. */
#define FIRST_ROOM 8

struct slot {
	const char *name; /* NULL: an id, or nothing */
	uint64_t hash; /* 0: nothing */
	int64_t id;
	size_t number;
};

struct rlg_names {
	struct rlg_arena *arena;
	struct slot *slots;
	size_t room; /* a power of two, or 0 */
	size_t count;
};

/* Both halves of the product: each bit of the input makes a difference to each bit that comes out. */
static uint64_t mix(uint64_t left, uint64_t right)
{
	unsigned __int128 product = (unsigned __int128)left * right;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#define ODD_1 UINT64_C(0xa0761d6478bd642f)
#define ODD_2 UINT64_C(0xe7037ed1a0b428db)

/*
 * A beginning of this process's own: names come from records, and whoever could choose them so that all fall into one place
 * would make us look through all of them for each.  Nobody sees the order of a table.  Of threads that need it first at once
 * one is right.
 */
static uint64_t hash_begin(void)
{
	static _Atomic uint64_t begin;
	uint64_t mine = atomic_load_explicit(&begin, memory_order_relaxed), none = 0;

	if (mine != 0)
		return mine;
	if (getrandom(&mine, sizeof(mine), GRND_NONBLOCK) != (ssize_t)sizeof(mine))
		mine = 0;
	mine |= 1;
	return atomic_compare_exchange_strong(&begin, &none, mine) ? mine : none;
}

static uint64_t hash_of_id(int64_t id)
{
	uint64_t hash = mix((uint64_t)id ^ hash_begin(), ODD_2);

	return hash == 0 ? 1 : hash;
}

/* Eight bytes at a time: ids of records have 32. */
static uint64_t hash_of_name(const char *name)
{
	size_t left = strlen(name);
	uint64_t hash = hash_begin() ^ left, word;

	for (; left >= sizeof(word); name += sizeof(word), left -= sizeof(word)) {
		memcpy(&word, name, sizeof(word));
		hash = mix(hash ^ word, ODD_1);
	}
	word = 0;
	memcpy(&word, name, left);
	hash = mix(hash ^ word, ODD_1);
	return hash == 0 ? 1 : hash;
}

static bool is_it(const struct slot *slot, const struct slot *wanted)
{
	if (slot->hash != wanted->hash)
		return false;
	if (slot->name == NULL || wanted->name == NULL)
		return slot->name == wanted->name && slot->id == wanted->id;
	return strcmp(slot->name, wanted->name) == 0;
}

static struct slot *slot_for(const struct rlg_names *names, const struct slot *wanted)
{
	size_t at = wanted->hash & (names->room - 1);

	while (names->slots[at].hash != 0 && !is_it(&names->slots[at], wanted))
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
		if (old[i].hash != 0)
			*slot_for(names, &old[i]) = old[i];
}

struct rlg_names *rlg_names_new(struct rlg_arena *arena)
{
	struct rlg_names *names = rlg_arena_alloc(arena, sizeof(*names));

	names->arena = arena;
	return names;
}

/* At most half full with so many. */
struct rlg_names *rlg_names_new_for(struct rlg_arena *arena, size_t count)
{
	struct rlg_names *names = rlg_names_new(arena);
	size_t room = FIRST_ROOM;

	while (room / 2 < count)
		room *= 2;
	make_room(names, room);
	return names;
}

static size_t find(const struct rlg_names *names, const struct slot *wanted)
{
	const struct slot *slot = names->room == 0 ? NULL : slot_for(names, wanted);

	return slot == NULL || slot->hash == 0 ? RLG_NAMES_NONE : slot->number;
}

/* Its slot, which has another number already, or has got this one now. */
static struct slot *slot_with(struct rlg_names *names, const struct slot *wanted, bool *out_was_there)
{
	if (2 * (names->count + 1) > names->room)
		make_room(names, names->room == 0 ? FIRST_ROOM : 2 * names->room);
	struct slot *slot = slot_for(names, wanted);
	*out_was_there = slot->hash != 0;
	if (*out_was_there)
		return slot;
	*slot = *wanted;
	names->count++;
	return slot;
}

static size_t put(struct rlg_names *names, const struct slot *wanted)
{
	bool was_there;
	const struct slot *slot = slot_with(names, wanted, &was_there);

	return was_there ? slot->number : RLG_NAMES_NONE;
}

size_t rlg_names_find(const struct rlg_names *names, const char *name)
{
	return find(names, &(struct slot){.name = name, .hash = hash_of_name(name)});
}

void rlg_names_add(struct rlg_names *names, const char *name, size_t number)
{
	rlg_names_put(names, name, number);
}

size_t rlg_names_put(struct rlg_names *names, const char *name, size_t number)
{
	return put(names, &(struct slot){.name = name, .hash = hash_of_name(name), .number = number});
}

size_t rlg_names_find_id(const struct rlg_names *names, int64_t id)
{
	return find(names, &(struct slot){.id = id, .hash = hash_of_id(id)});
}

void rlg_names_add_id(struct rlg_names *names, int64_t id, size_t number)
{
	put(names, &(struct slot){.id = id, .hash = hash_of_id(id), .number = number});
}

size_t rlg_names_set_id(struct rlg_names *names, int64_t id, size_t number)
{
	const struct slot wanted = {.id = id, .hash = hash_of_id(id), .number = number};
	bool was_there;
	struct slot *slot = slot_with(names, &wanted, &was_there);
	size_t before = was_there ? slot->number : RLG_NAMES_NONE;

	slot->number = number;
	return before;
}
