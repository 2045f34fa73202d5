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

/* Makes room for so many more bytes at once: an arena keeps what a text has grown out of. */
void rlg_bytes_reserve(struct rlg_bytes *bytes, size_t count);

void rlg_bytes_add(struct rlg_bytes *bytes, const char *words);
void rlg_bytes_add_n(struct rlg_bytes *bytes, const char *data, size_t count);
void rlg_bytes_addf(struct rlg_bytes *bytes, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds all of `from`, without a copy where `bytes` is empty: both then share the room, and `from` is not to be used again. */
void rlg_bytes_take(struct rlg_bytes *bytes, struct rlg_bytes *from);

/* A JSON string with its quotes, as rlg_text_add_json(); `null` for NULL. */
void rlg_bytes_add_json(struct rlg_bytes *bytes, const char *words);

#endif
