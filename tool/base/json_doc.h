/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A JSON text as a light tree that knows where each thing stands in the text, so that one value can be changed, added or
 * removed and all the rest stay byte for byte: order, indentation, line ends, escapes, blanks, and a BOM.
 *
 * Read as Python reads it, since Python's scripts write these files: NaN, Infinity and -Infinity are numbers.  Stricter
 * in one thing: two members of one name in an object are an error, as nobody could say which of them is meant.
 *
 * A change goes through `struct rlg_text_edits`:
 *
 *     rlg_json_parse(arena, path, text, length, &doc, err);
 *     rlg_text_edits_init(&edits, arena);
 *     rlg_json_set(&doc, &edits, rlg_json_get(doc.root, "status"), "\"running\"");
 *     rlg_text_edits_apply(&edits, text, length, &out);
 *
 * Everything belongs to an arena.
 */
#ifndef RLG_JSON_DOC_H
#define RLG_JSON_DOC_H

#include "lib/err.h"
#include "tool/base/arena.h"
#include "tool/base/text_edit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A manifest has a few kilobytes, a registry of a thousand jobs 300; what is larger than this is a mistake. */
#define RLG_JSON_TEXT_MAX ((size_t)64 * 1024 * 1024)
#define RLG_JSON_NODES_MAX ((size_t)4 * 1000 * 1000)

/* No manifest goes deeper than 10; a person's own sections may. */
#define RLG_JSON_DEPTH_MAX 200

enum rlg_json_kind {
	RLG_JSON_NULL,
	RLG_JSON_BOOL,
	RLG_JSON_NUMBER,
	RLG_JSON_STRING,
	RLG_JSON_OBJECT,
	RLG_JSON_ARRAY
};

struct rlg_json_node {
	uint8_t kind;
	bool removed; /* set by the caller, on an element or on a member's key: rlg_json_update() takes it out */
	uint32_t line; /* from 1 */
	uint32_t start, end; /* its bytes in the text: from its quote, bracket or first character to just behind its last */
	uint32_t count; /* object: members; array: elements */

	/*
	 * String: its text, escapes undone, in UTF-8; what no text can hold (\u0000, half a surrogate pair) is U+FFFD
	 * there.  Number, true, false, null: as they stand in the text.  Object and array: NULL.
	 */
	const char *value;

	struct rlg_json_node *up; /* what holds it; NULL: the root */
	struct rlg_json_node *first; /* object: key, value, key, value, ...; array: the elements */
	struct rlg_json_node *next; /* the sibling; of a key: its value */
	struct rlg_json_node **index; /* object: the keys, sorted */
};

struct rlg_json_doc {
	struct rlg_arena *arena;
	const char *text; /* the caller's */
	size_t length;
	struct rlg_json_node *root;
	size_t n_nodes;
};

/*
 * Parses `length` bytes of `text`, which must live as long as the document.  Returns 0, or a negative errno with a
 * sentence "PATH:LINE: ...": -EINVAL for no JSON (nothing at all, comments, trailing commas, something behind the end,
 * bytes that are no UTF-8) and for two members of one name; -E2BIG for more than the limits above.
 */
int rlg_json_parse(struct rlg_arena *arena, const char *path, const char *text, size_t length,
		   struct rlg_json_doc *out_doc, struct rlg_err *err);

/* The key of that name; its value is the key's `next`.  NULL if `object` is NULL, no object, or has none. */
struct rlg_json_node *rlg_json_key(const struct rlg_json_node *object, const char *name);

/* The value of that member, or NULL. */
struct rlg_json_node *rlg_json_get(const struct rlg_json_node *object, const char *name);

/* The value at the end of a path of names with dots between them: "resource_request.slurm.job_id"; or NULL. */
struct rlg_json_node *rlg_json_at(const struct rlg_json_node *object, const char *path);

/* The text of a string member; NULL if there is none or it is something else. */
const char *rlg_json_get_text(const struct rlg_json_node *object, const char *name);

/* NULL is no node of any kind. */
bool rlg_json_is(const struct rlg_json_node *node, enum rlg_json_kind kind);

/* The same values: strings by their text, numbers by how they are written, objects whatever the order of their members. */
bool rlg_json_same(const struct rlg_json_node *one, const struct rlg_json_node *other);

/*
 * `node` becomes `value`: any JSON text, which is laid out as the document around it is.  Once a node, and none inside of
 * it.  Returns 0; -EINVAL, and no edit, if `value` is no JSON.
 */
int rlg_json_set(const struct rlg_json_doc *doc, struct rlg_text_edits *edits, const struct rlg_json_node *node,
		 const char *value);

/* A member or an element to be added. */
struct rlg_json_new {
	const char *key; /* as text; not looked at for an array */
	const char *value; /* any JSON text */
};

/*
 * Takes what is marked `removed` out of an object or array, and puts `count` new ones behind its last, laid out as their
 * siblings are.  Once a container; members that stay may be changed by calls of their own.  Returns 0; -EINVAL, and no
 * edit, if a value is no JSON or `container` is neither object nor array.
 */
int rlg_json_update(const struct rlg_json_doc *doc, struct rlg_text_edits *edits, const struct rlg_json_node *container,
		    const struct rlg_json_new *added, size_t count);

/* A JSON string with its quotes, as a value for the functions above; `null` for NULL. */
const char *rlg_json_text(struct rlg_arena *arena, const char *words);

#endif
