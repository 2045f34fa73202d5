/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine wrote into which cell of experiments.md: lines of RUN, COLUMN and VALUE, with tabs between. */
#include "tool/tracker/experiments.h"

#include "tool/base/names.h"

#include <string.h>

struct entry {
	const char *run, *column;
	const char *value; /* NULL: forgotten */
};

struct rlg_exp_memory {
	struct rlg_arena *arena;
	struct rlg_names *names;
	struct entry *entries;
	size_t n, room;
};

/* Headings are a person's; nothing in them may part a line. */
static char *as_field(struct rlg_arena *arena, const char *words)
{
	char *field = rlg_arena_strdup(arena, words);

	for (char *at = field; *at != '\0'; at++)
		if (*at == '\t' || *at == '\n' || *at == '\r')
			*at = ' ';
	return field;
}

static size_t find(const struct rlg_exp_memory *memory, const char *run, const char *column)
{
	return rlg_names_find(memory->names, rlg_arena_printf(memory->arena, "%s\t%s", run, column));
}

const char *rlg_exp_memory_get(const struct rlg_exp_memory *memory, const char *run, const char *column)
{
	size_t at = find(memory, run, as_field(memory->arena, column));

	return at == RLG_NAMES_NONE ? NULL : memory->entries[at].value;
}

void rlg_exp_memory_set(struct rlg_exp_memory *memory, const char *run, const char *column, const char *value)
{
	struct rlg_arena *arena = memory->arena;
	const char *field = as_field(arena, column);
	size_t at = find(memory, run, field);

	if (at == RLG_NAMES_NONE && value == NULL)
		return;
	if (at == RLG_NAMES_NONE) {
		if (memory->n == memory->room) {
			memory->room = memory->room == 0 ? 16 : 2 * memory->room;
			memory->entries =
				rlg_arena_grow(arena, memory->entries, memory->n, memory->room, sizeof(*memory->entries));
		}
		at = memory->n++;
		memory->entries[at] = (struct entry){.run = rlg_arena_strdup(arena, run), .column = field};
		rlg_names_add(memory->names, rlg_arena_printf(arena, "%s\t%s", run, field), at);
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): found, or added just now */
	memory->entries[at].value = value == NULL ? NULL : as_field(arena, value);
}

struct rlg_exp_memory *rlg_exp_memory_read(struct rlg_arena *arena, const char *text)
{
	struct rlg_exp_memory *memory = rlg_arena_alloc(arena, sizeof(*memory));

	*memory = (struct rlg_exp_memory){.arena = arena, .names = rlg_names_new(arena)};
	for (const char *at = text != NULL ? text : ""; *at != '\0';) {
		size_t length = strcspn(at, "\n");
		char *run = rlg_arena_strndup(arena, at, length);
		char *column = strchr(run, '\t'), *value = column != NULL ? strchr(column + 1, '\t') : NULL;

		at += length + (at[length] == '\n');
		if (value == NULL)
			continue;
		*column = *value = '\0';
		rlg_exp_memory_set(memory, run, column + 1, value + 1);
	}
	return memory;
}

void rlg_exp_memory_write(const struct rlg_exp_memory *memory, struct rlg_bytes *out)
{
	for (size_t i = 0; i < memory->n; i++)
		if (memory->entries[i].value != NULL)
			rlg_bytes_addf(out, "%s\t%s\t%s\n", memory->entries[i].run, memory->entries[i].column,
				       memory->entries[i].value);
}
