/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tracker's memory, `KEY<tab>WORDS` lines: see kept.h. */
#include "tool/tracker/kept.h"

#include "tool/base/names.h"

#include <string.h>

/* The first line, so that nobody takes the file for a tracker's text. */
#define FIRST_LINE "# what runledger wrote; made anew at each refresh"

struct entry {
	const char *key, *words;
};

struct rlg_kept {
	struct rlg_arena *arena;
	struct rlg_names *keys; /* their places in the list */
	struct entry *list;
	size_t n, room;
};

const char *rlg_kept_get(const struct rlg_kept *kept, const char *key)
{
	size_t at = rlg_names_find(kept->keys, key);

	return at != RLG_NAMES_NONE ? kept->list[at].words : NULL;
}

void rlg_kept_set(struct rlg_kept *kept, const char *key, const char *words)
{
	size_t at = rlg_names_find(kept->keys, key);

	if (at != RLG_NAMES_NONE) {
		kept->list[at].words = rlg_arena_strdup(kept->arena, words);
		return;
	}
	if (kept->n == kept->room) {
		kept->room = kept->room == 0 ? 16 : 2 * kept->room;
		kept->list = rlg_arena_grow(kept->arena, kept->list, kept->n, kept->room, sizeof(*kept->list));
	}
	key = rlg_arena_strdup(kept->arena, key);
	kept->list[kept->n] = (struct entry){.key = key, .words = rlg_arena_strdup(kept->arena, words)};
	rlg_names_add(kept->keys, key, kept->n++);
}

/* ---- as text ---- */

static const struct {
	char character, letter;
} escapes[] = {{'\\', '\\'}, {'\n', 'n'}, {'\t', 't'}, {'\r', 'r'}};

#define N_ESCAPES (sizeof(escapes) / sizeof(escapes[0]))

static void add_escaped(struct rlg_bytes *out, const char *words)
{
	for (; *words != '\0'; words++) {
		size_t i = 0;
		while (i < N_ESCAPES && escapes[i].character != *words)
			i++;
		if (i < N_ESCAPES)
			rlg_bytes_addf(out, "\\%c", escapes[i].letter);
		else
			rlg_bytes_add_n(out, words, 1);
	}
}

static char *unescape(struct rlg_arena *arena, const char *words, size_t length)
{
	char *text = rlg_arena_alloc(arena, length + 1), *to = text;

	for (size_t at = 0; at < length; at++) {
		size_t i = 0;
		if (words[at] == '\\' && at + 1 < length) {
			at++;
			while (i < N_ESCAPES && escapes[i].letter != words[at])
				i++;
			*to++ = i < N_ESCAPES ? escapes[i].character : words[at];
		} else {
			*to++ = words[at];
		}
	}
	return text;
}

struct rlg_kept *rlg_kept_read(struct rlg_arena *arena, const char *text)
{
	struct rlg_kept *kept = rlg_arena_alloc(arena, sizeof(*kept));

	kept->arena = arena;
	kept->keys = rlg_names_new(arena);
	if (text == NULL || strncmp(text, FIRST_LINE "\n", strlen(FIRST_LINE) + 1) != 0)
		return kept;
	for (const char *at = text + strlen(FIRST_LINE) + 1; *at != '\0';) {
		size_t length = strcspn(at, "\n");
		const char *tab = memchr(at, '\t', length);
		if (tab != NULL)
			rlg_kept_set(kept, unescape(arena, at, (size_t)(tab - at)),
				     unescape(arena, tab + 1, length - (size_t)(tab + 1 - at)));
		at += length + (at[length] == '\n');
	}
	return kept;
}

void rlg_kept_write(const struct rlg_kept *kept, struct rlg_bytes *out)
{
	rlg_bytes_add(out, FIRST_LINE "\n");
	for (size_t i = 0; i < kept->n; i++) {
		add_escaped(out, kept->list[i].key);
		rlg_bytes_add(out, "\t");
		add_escaped(out, kept->list[i].words);
		rlg_bytes_add(out, "\n");
	}
}
