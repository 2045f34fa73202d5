/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of changes to a text: see text_edit.h. */
#include "tool/base/text_edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 16

void rlg_text_edits_init(struct rlg_text_edits *edits, struct rlg_arena *arena)
{
	*edits = (struct rlg_text_edits){.arena = arena};
}

void rlg_text_edits_add(struct rlg_text_edits *edits, size_t offset, size_t length, const char *words)
{
	if (edits->count == edits->room) {
		edits->room = edits->room == 0 ? FIRST_ROOM : edits->room * 2;
		edits->list = rlg_arena_grow(edits->arena, edits->list, edits->count, edits->room, sizeof(*edits->list));
	}
	edits->list[edits->count] =
		(struct rlg_text_edit){.offset = offset, .length = length, .words = words, .rank = edits->count};
	edits->count++;
}

/* qsort() is not stable, hence the rank. */
static int compare(const void *one, const void *other)
{
	const struct rlg_text_edit *a = one, *b = other;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return a->rank < b->rank ? -1 : a->rank > b->rank;
}

/* *out_added: how many bytes the edits' words have. */
static int check(const struct rlg_text_edits *edits, size_t length, size_t *out_added)
{
	size_t done = 0;

	*out_added = 0;
	for (size_t i = 0; i < edits->count; i++) {
		const struct rlg_text_edit *edit = &edits->list[i];

		if (edit->offset < done || edit->offset > length || edit->length > length - edit->offset)
			return -EINVAL;
		done = edit->offset + edit->length;
		*out_added += strlen(edit->words);
	}
	return 0;
}

int rlg_text_edits_apply(struct rlg_text_edits *edits, const char *text, size_t length, struct rlg_bytes *out)
{
	size_t done = 0, added;

	if (edits->count > 1)
		qsort(edits->list, edits->count, sizeof(*edits->list), compare);
	if (check(edits, length, &added) < 0)
		return -EINVAL;
	rlg_bytes_reserve(out, length + added);
	for (size_t i = 0; i < edits->count; i++) {
		const struct rlg_text_edit *edit = &edits->list[i];

		rlg_bytes_add_n(out, text + done, edit->offset - done);
		rlg_bytes_add(out, edit->words);
		done = edit->offset + edit->length;
	}
	rlg_bytes_add_n(out, text + done, length - done);
	return 0;
}
