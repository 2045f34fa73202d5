/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML text as a light tree that knows where each thing stands in the text, so that one value can be changed and all
 * the rest stay byte for byte.  libyaml does the parsing.
 *
 * Aliases stay aliases: nothing is ever expanded, so a "YAML bomb" is a small tree.  Everything belongs to an arena.
 */
#ifndef RLG_YAML_DOC_H
#define RLG_YAML_DOC_H

#include "lib/err.h"
#include "tool/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A tracker of 100,000 runs has 25 MB and 1.6 million nodes; ten times that is a mistake, not a tracker. */
#define RLG_YAML_TEXT_MAX ((size_t)256 * 1024 * 1024)
#define RLG_YAML_NODES_MAX ((size_t)16 * 1000 * 1000)

/* No tracker, plan or configuration goes deeper than 6. */
#define RLG_YAML_DEPTH_MAX 64

enum rlg_yaml_kind { RLG_YAML_SCALAR, RLG_YAML_MAPPING, RLG_YAML_SEQUENCE, RLG_YAML_ALIAS };

enum rlg_yaml_style {
	RLG_YAML_PLAIN,  /* scalars */
	RLG_YAML_SINGLE, /* 'quoted' */
	RLG_YAML_DOUBLE, /* "quoted" */
	RLG_YAML_BLOCK,  /* | and > scalars; collections without brackets */
	RLG_YAML_FLOW,   /* {} and [] */
};

struct rlg_yaml_node {
	uint8_t kind, style;
	bool anchored, tagged; /* &name, !tag */
	uint32_t line; /* from 1 */

	/*
	 * The bytes in the text: from its anchor or tag if it has one, else its quote or first character, to just behind
	 * its last.  An empty value (`key:`) has start == end.  A block scalar ends at the start of the line behind it, a
	 * block collection with its last member.
	 */
	uint32_t start, end;

	uint32_t count; /* mapping: pairs; sequence: members */
	const char *value; /* scalar: its text with quotes and escapes undone; alias: the name; NULL otherwise */
	struct rlg_yaml_node *first; /* mapping: key, value, key, value, ...; sequence: the members */
	struct rlg_yaml_node *next;  /* the sibling */
	struct rlg_yaml_node **index; /* large mappings: the scalar keys, sorted; NULL otherwise */
	uint32_t n_index;
	uint32_t mark; /* for the caller; 0 at first */
};

struct rlg_yaml_doc {
	const char *text; /* the caller's */
	size_t length;
	struct rlg_yaml_node *root; /* NULL: nothing in it but comments and blanks */
	size_t n_nodes;
	bool ascii; /* it holds nothing else */
};

/*
 * Parses `length` bytes of `text`, which must live as long as the document.  Returns 0, or a negative errno with a
 * sentence "PATH:LINE: ...": -EINVAL for no YAML, two keys of one name in a mapping, a second document, a NUL; -E2BIG
 * for more than the limits above.
 */
int rlg_yaml_parse(struct rlg_arena *arena, const char *path, const char *text, size_t length,
		   struct rlg_yaml_doc *out_doc, struct rlg_err *err);

/* The key node of that name; its value is the key's `next`.  NULL if `mapping` is NULL, no mapping, or has none. */
struct rlg_yaml_node *rlg_yaml_key(const struct rlg_yaml_node *mapping, const char *name);

/* The value of that key, or NULL. */
struct rlg_yaml_node *rlg_yaml_get(const struct rlg_yaml_node *mapping, const char *name);

/* The text of a scalar value of that key; NULL if there is none or it is null. */
const char *rlg_yaml_get_text(const struct rlg_yaml_node *mapping, const char *name);

/* Whether it is a null: NULL, or a plain scalar without a tag that reads ``, `~`, `null`, `Null` or `NULL`. */
bool rlg_yaml_is_null(const struct rlg_yaml_node *node);

static inline bool rlg_yaml_is_mapping(const struct rlg_yaml_node *node)
{
	return node != NULL && node->kind == RLG_YAML_MAPPING;
}

#endif
