/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hosts of a Slurm host list: see hostlist.h. */
#include "tool/base/hostlist.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of hosts have no more digits; also keeps them from running over. */
#define DIGITS_MAX 9

/*
 * What an expansion may write, in bytes, on its way to RLG_HOSTLIST_MAX names of a cluster's usual length.
 * "[,,][,,][,,]..." tells nobody and would never end.
 */
#define WORK_MAX ((size_t)4 << 20)

struct expansion {
	struct rlg_arena *arena;
	rlg_host_fn *tell;
	void *context;
	size_t told;
	size_t work;
};

static bool goes_on(const struct expansion *expansion)
{
	return expansion->told < RLG_HOSTLIST_MAX && expansion->work < WORK_MAX;
}

static void expand(struct expansion *expansion, const char *before, const char *rest);

static size_t digits_at(const char *at)
{
	size_t length = 0;

	while (isdigit((unsigned char)at[length]))
		length++;
	return length;
}

/* One part of what stands in brackets, "01-12" or "7": each number of it with what follows the brackets. */
static bool expand_range(struct expansion *expansion, const char *before, const char *range, const char *rest)
{
	size_t width = digits_at(range);
	const char *behind = range + width;

	if (width == 0 || width > DIGITS_MAX)
		return false;
	long first = strtol(range, NULL, 10), last = first;
	if (*behind == '-') {
		size_t last_width = digits_at(behind + 1);
		if (last_width == 0 || last_width > DIGITS_MAX)
			return false;
		last = strtol(behind + 1, NULL, 10);
		behind += 1 + last_width;
	}
	if (*behind != '\0' || last < first || last - first >= RLG_HOSTLIST_MAX)
		return false;
	for (long number = first; number <= last && goes_on(expansion); number++)
		expand(expansion, rlg_arena_printf(expansion->arena, "%s%0*ld", before, (int)width, number), rest);
	return true;
}

/* `before` is done; `rest` may hold brackets. */
static void expand(struct expansion *expansion, const char *before, const char *rest)
{
	struct rlg_arena *arena = expansion->arena;
	const char *open = strchr(rest, '['), *close = open != NULL ? strchr(open, ']') : NULL;

	expansion->work += 1 + strlen(before) + strlen(rest);
	if (close == NULL) {
		if (before[0] != '\0' || rest[0] != '\0') {
			expansion->told++;
			expansion->tell(expansion->context, rlg_arena_printf(arena, "%s%s", before, rest));
		}
		return;
	}
	const char *stem = rlg_arena_printf(arena, "%s%.*s", before, (int)(open - rest), rest);
	for (const char *at = open + 1; at < close && goes_on(expansion);) {
		size_t length = strcspn(at, ",]");
		const char *range = rlg_arena_strndup(arena, at, length);
		if (!expand_range(expansion, stem, range, close + 1))
			expand(expansion, rlg_arena_printf(arena, "%s%s", stem, range), close + 1);
		at += length + (at[length] == ',');
	}
}

size_t rlg_hostlist_each(struct rlg_arena *arena, const char *list, rlg_host_fn *tell, void *context)
{
	struct expansion expansion = {.arena = arena, .tell = tell, .context = context};

	while (*list != '\0' && goes_on(&expansion)) {
		size_t length = 0;
		bool in_brackets = false;

		for (; list[length] != '\0' && (in_brackets || list[length] != ','); length++)
			in_brackets = list[length] == '[' || (in_brackets && list[length] != ']');
		if (length > 0)
			expand(&expansion, "", rlg_arena_strndup(arena, list, length));
		list += length + (list[length] == ',');
	}
	return expansion.told;
}
