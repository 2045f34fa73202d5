/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of changes to a text, applied in one pass: what is not named in it stays byte for byte.
 */
#ifndef RLG_TEXT_EDIT_H
#define RLG_TEXT_EDIT_H

#include "tool/base/arena.h"
#include "tool/base/bytes.h"

#include <stddef.h>

/* `length` bytes at `offset` become `words` (which belong to the caller and must live as long as the list). */
struct rlg_text_edit {
	size_t offset, length;
	const char *words;
	size_t rank; /* of two edits at one place, the one added first comes first */
};

struct rlg_text_edits {
	struct rlg_arena *arena;
	struct rlg_text_edit *list;
	size_t count, room;
};

void rlg_text_edits_init(struct rlg_text_edits *edits, struct rlg_arena *arena);

/* In any order of offsets.  A length of 0 inserts. */
void rlg_text_edits_add(struct rlg_text_edits *edits, size_t offset, size_t length, const char *words);

/*
 * Adds the text of `length` bytes, with all the edits made, to `out`.  Returns 0, or -EINVAL with `out` untouched if two
 * edits overlap or one reaches past the end.  Sorts the list.
 */
int rlg_text_edits_apply(struct rlg_text_edits *edits, const char *text, size_t length, struct rlg_bytes *out);

#endif
