/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of one JSON object as they were written: a number keeps its figures ("0.0850"), which a tree of doubles
 * forgets.  Also reads what Python prints for a dictionary: single quotes, None, True, False, nan.
 */
#ifndef RLG_JSON_MEMBERS_H
#define RLG_JSON_MEMBERS_H

#include "tool/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum rlg_json_kind {
	RLG_JSON_TEXT,
	RLG_JSON_NUMBER, /* or NaN, Infinity, inf, with a sign: figures, as far as the job is concerned */
	RLG_JSON_TRUTH, /* true, false, True, False */
	RLG_JSON_NULL, /* null, None */
	RLG_JSON_NESTED /* an object, array or tuple */
};

/* One member; nothing in it ends with a NUL. */
struct rlg_json_member {
	const char *key; /* between its quotes, as written */
	size_t key_length;
	enum rlg_json_kind kind;
	const char *value; /* as written; a text without its quotes */
	size_t value_length;
};

/* Called for each member in the order of the text, twice for one that is there twice.  False stops. */
typedef bool rlg_json_member_fn(void *context, const struct rlg_json_member *member);

/*
 * Tells the members of the object that `text` is, blanks around it allowed.  False for anything else; members in front
 * of a mistake have been told by then.  Nested ones are stepped over, however deep.
 */
bool rlg_json_members(const char *text, size_t length, rlg_json_member_fn *tell, void *context);

/* The text between quotes that was written like that: its escapes taken out.  NULs in it become blanks. */
char *rlg_json_unescape(struct rlg_arena *arena, const char *raw, size_t length);

/* Is this a number as JSON has it?  (Not 007, .5, +1, nan.) */
bool rlg_json_is_number(const char *text, size_t length);

#endif
