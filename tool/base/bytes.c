/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text that grows: see bytes.h. */
#include "tool/base/bytes.h"

#include "lib/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The first room taken; it doubles from there. */
#define FIRST_ROOM 256

static char empty[1] = "";

void rlg_bytes_init(struct rlg_bytes *bytes, struct rlg_arena *arena)
{
	*bytes = (struct rlg_bytes){.arena = arena, .data = empty};
}

/* Makes room for `count` more bytes and the NUL. */
static void make_room(struct rlg_bytes *bytes, size_t count)
{
	size_t needed = bytes->length + count + 1;
	size_t room = bytes->room == 0 ? FIRST_ROOM : bytes->room;

	if (needed <= bytes->room)
		return;
	while (room < needed)
		room = room > SIZE_MAX / 2 ? needed : room * 2;
	bytes->data = rlg_arena_grow(bytes->arena, bytes->data, bytes->length, room, 1);
	bytes->room = room;
}

void rlg_bytes_reserve(struct rlg_bytes *bytes, size_t count)
{
	size_t needed = bytes->length + count + 1;

	if (needed <= bytes->room)
		return;
	char *room = rlg_arena_alloc_full(bytes->arena, needed);
	if (bytes->length > 0)
		memcpy(room, bytes->data, bytes->length);
	bytes->data = room;
	bytes->room = needed;
}

void rlg_bytes_take(struct rlg_bytes *bytes, struct rlg_bytes *from)
{
	if (bytes->length == 0 && bytes->arena == from->arena)
		*bytes = *from;
	else
		rlg_bytes_add_n(bytes, from->data, from->length);
	rlg_bytes_init(from, from->arena);
}

void rlg_bytes_add_n(struct rlg_bytes *bytes, const char *data, size_t count)
{
	if (count == 0)
		return;
	make_room(bytes, count);
	memcpy(bytes->data + bytes->length, data, count);
	bytes->length += count;
	bytes->data[bytes->length] = '\0';
}

void rlg_bytes_add(struct rlg_bytes *bytes, const char *words)
{
	rlg_bytes_add_n(bytes, words, strlen(words));
}

void rlg_bytes_addf(struct rlg_bytes *bytes, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length > 0) {
		make_room(bytes, (size_t)length);
		vsnprintf(bytes->data + bytes->length, (size_t)length + 1, format, again);
		bytes->length += (size_t)length;
	}
	va_end(again);
}

void rlg_bytes_add_json(struct rlg_bytes *bytes, const char *words)
{
	struct rlg_text text;

	if (words == NULL) {
		rlg_bytes_add(bytes, "null");
		return;
	}
	/* Six bytes at most for one (\u001f), two quotes, and what rlg_text keeps for its NUL. */
	make_room(bytes, strlen(words) * 6 + 3);
	rlg_text_init(&text, bytes->data + bytes->length, bytes->room - bytes->length);
	rlg_text_add_json(&text, words);
	bytes->length += text.length;
}
