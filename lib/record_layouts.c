/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the records that were read last looked: see record_layouts.h.
 *
 * A layout is what stands between the values: from the end of one up to where the next begins, its key included, and all of
 * those that are not texts or numbers.  Who wrote one record so wrote others, and mostly in the same order.
 */
#include "lib/record_layouts.h"

#include "lib/record.h"
#include "lib/record_bytes.h"

#include <string.h>

/* The nine kinds of records, some of which are told in two or three ways. */
#define LAYOUTS 12

/* Of those that begin alike so many are tried: whoever makes up names as he goes would else have us try them all. */
#define MOST_TRIES 3

#define GLUE_ROOM 2048

/* What stands before a value, and what is known of the value's member. */
struct part {
	uint16_t glue_at;
	uint8_t glue_length;
	uint8_t key_offset; /* in the glue */
	uint8_t back; /* from the end of the glue to the value, which is part of it unless it is a text or a number */
	struct rlg_member like;
};

struct layout {
	uint16_t count; /* of members */
	uint8_t name_length, name;
	uint8_t next; /* the layout that came behind it last time */
	uint64_t used; /* when, in records; 0: free */
	uint8_t at[RLG_WORDS];
	struct part parts[RLG_MEMBERS_MAX + 1]; /* the last has no value */
	char glue[GLUE_ROOM]; /* each piece begins at a multiple of RLG_BYTES_STEP */
};

struct rlg_layouts {
	uint64_t now;
	uint8_t last;
	struct layout list[LAYOUTS];
};

size_t rlg_layouts_size(void)
{
	return sizeof(struct rlg_layouts);
}

/* Length is not 0. */
static inline bool is_glue(const char *at, const char *glue, size_t length)
{
	for (; length > RLG_BYTES_STEP; at += RLG_BYTES_STEP, glue += RLG_BYTES_STEP, length -= RLG_BYTES_STEP)
		if (rlg_bytes_differ(at, glue) != 0)
			return false;
	return (rlg_bytes_differ(at, glue) & ((1u << length) - 1)) == 0;
}

static inline bool take_glue(const struct layout *layout, const struct part *part, char **at)
{
	if (!is_glue(*at, layout->glue + part->glue_at, part->glue_length))
		return false;
	*at += part->glue_length;
	return true;
}

/* Where a text ends with anything but a quote, the next piece of glue does not fit. */
static inline char *value_end(uint8_t kind, char *at)
{
	if (kind == RLG_MEMBER_TEXT)
		return rlg_bytes_text_end(at);
	return kind == RLG_MEMBER_NUMBER ? rlg_bytes_number_end(at) : at;
}

/* `at` is behind the timestamp. */
static bool is_like(const struct layout *layout, char *text, char *at, const char *end, struct rlg_scan *out_scan)
{
	const struct part *part = layout->parts;
	struct rlg_member *member = out_scan->members;

	for (size_t left = layout->count; left > 0; left--, part++, member++) {
		*member = part->like;
		member->key_at = (uint16_t)(at - text + part->key_offset);
		if (!take_glue(layout, part, &at))
			return false;
		char *value = at - part->back;
		if ((at = value_end(part->like.kind, at)) == NULL)
			return false;
		member->value_at = (uint16_t)(value - text);
		if (part->back == 0)
			member->value_length = (uint16_t)(at - value);
	}
	if (!take_glue(layout, part, &at))
		return false;
	return at + (*at == '\n') == end;
}

static void take_layout(struct rlg_layouts *layouts, size_t number)
{
	layouts->list[layouts->last].next = (uint8_t)number;
	layouts->last = (uint8_t)number;
	layouts->list[number].used = ++layouts->now;
}

/* Its number; LAYOUTS: it looks like none of them. */
static size_t find_layout(struct rlg_layouts *layouts, char *text, char *at, const char *end, struct rlg_scan *out_scan)
{
	size_t expected = layouts->list[layouts->last].next, tries = 0;

	if (layouts->list[expected].used != 0 && is_like(&layouts->list[expected], text, at, end, out_scan))
		return expected;
	for (size_t i = 0; i < LAYOUTS && tries < MOST_TRIES; i++) {
		const struct layout *layout = &layouts->list[i];
		if (i == expected || layout->used == 0 || !is_glue(at, layout->glue, layout->parts[0].glue_length))
			continue;
		if (is_like(layout, text, at, end, out_scan))
			return i;
		tries++;
	}
	return LAYOUTS;
}

bool rlg_layouts_find(struct rlg_layouts *layouts, char *text, size_t length, struct rlg_scan *out_scan)
{
	static const char begin[RLG_BYTES_STEP + sizeof(RLG_LAYOUT_BEGIN)] = RLG_LAYOUT_BEGIN;
	char *moment = text + sizeof(RLG_LAYOUT_BEGIN) - 1, *behind;

	if (length > RLG_RECORD_MAX || !is_glue(text, begin, sizeof(RLG_LAYOUT_BEGIN) - 1) ||
	    (behind = rlg_bytes_number_end(moment)) == NULL)
		return false;
	size_t number = find_layout(layouts, text, behind, text + length, out_scan);
	if (number == LAYOUTS)
		return false;
	take_layout(layouts, number);
	const struct layout *layout = &layouts->list[number];
	out_scan->count = layout->count;
	out_scan->name = layout->name;
	out_scan->name_at = (uint16_t)(behind - text + sizeof(RLG_LAYOUT_NAME) - 1);
	out_scan->name_length = layout->name_length;
	memcpy(out_scan->at, layout->at, sizeof(out_scan->at));
	out_scan->time_us = rlg_figures_moment(moment, (size_t)(behind - moment));
	return out_scan->time_us > 0;
}

/* ---- learning ---- */

static size_t oldest(const struct rlg_layouts *layouts)
{
	size_t found = 0;

	for (size_t i = 1; i < LAYOUTS; i++)
		if (layouts->list[i].used < layouts->list[found].used)
			found = i;
	return found;
}

/* False: there is no room. */
static bool keep_glue(struct layout *layout, size_t *inout_room, struct part *part, const char *glue, size_t length)
{
	size_t begin = *inout_room, end = begin + (length + RLG_BYTES_STEP - 1) / RLG_BYTES_STEP * RLG_BYTES_STEP;

	if (length > UINT8_MAX || end > sizeof(layout->glue))
		return false;
	memcpy(layout->glue + begin, glue, length);
	part->glue_at = (uint16_t)begin;
	part->glue_length = (uint8_t)length;
	*inout_room = end;
	return true;
}

static bool keep_parts(struct layout *layout, const char *text, const char *at, const char *end, const struct rlg_scan *scan)
{
	size_t room = 0;

	for (size_t i = 0; i < scan->count; i++) {
		const struct rlg_member *member = &scan->members[i];
		struct part *part = &layout->parts[i];
		const char *value = text + member->value_at;
		bool is_open = member->kind == RLG_MEMBER_TEXT || member->kind == RLG_MEMBER_NUMBER;
		part->like = *member;
		part->back = is_open ? 0 : member->kind == RLG_MEMBER_OBJECT ? 1 : (uint8_t)member->value_length;
		if (!keep_glue(layout, &room, part, at, (size_t)(value + part->back - at)))
			return false;
		part->key_offset = (uint8_t)(text + member->key_at - at);
		at = is_open ? value + member->value_length : value + part->back;
	}
	return keep_glue(layout, &room, &layout->parts[scan->count], at, (size_t)(end - at));
}

void rlg_layouts_learn(struct rlg_layouts *layouts, const char *text, size_t length, const struct rlg_scan *scan)
{
	const char *begin = text + scan->name_at - (sizeof(RLG_LAYOUT_NAME) - 1), *end = text + length;
	size_t number = oldest(layouts);
	struct layout *layout = &layouts->list[number];

	*layout = (struct layout){.count = scan->count, .name = scan->name, .name_length = (uint8_t)scan->name_length};
	memcpy(layout->at, scan->at, sizeof(layout->at));
	/* A name that is longer stands in a piece of glue that is too long. */
	if (keep_parts(layout, text, begin, end - (end[-1] == '\n'), scan))
		take_layout(layouts, number);
}
