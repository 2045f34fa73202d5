/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text that grows, for renderers.  The memory belongs to an arena.
 */
#ifndef RLG_BYTES_H
#define RLG_BYTES_H

#include "tool/base/arena.h"

#include <stddef.h>

/* `data` is always NUL-terminated (and "" when empty); `length` leaves the NUL out. */
struct rlg_bytes {
	struct rlg_arena *arena;
	char *data;
	size_t length;
	size_t room;
};

void rlg_bytes_init(struct rlg_bytes *bytes, struct rlg_arena *arena);
void rlg_bytes_add(struct rlg_bytes *bytes, const char *words);
void rlg_bytes_add_n(struct rlg_bytes *bytes, const char *data, size_t count);
void rlg_bytes_addf(struct rlg_bytes *bytes, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A JSON string with its quotes, as rlg_text_add_json(); `null` for NULL. */
void rlg_bytes_add_json(struct rlg_bytes *bytes, const char *words);

#endif
