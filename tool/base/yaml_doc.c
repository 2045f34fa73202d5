/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A YAML text as a tree with places: see yaml_doc.h. */
#include "tool/base/yaml_doc.h"

#include "lib/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* libyaml counts characters; every this-many-th character's byte offset is noted, and the rest counted from there. */
#define CHARS_PER_STEP 128

/* Below this a mapping is searched from end to end. */
#define INDEX_FROM 12

#define BOM "\xef\xbb\xbf"

/* One collection that is open while the events come in. */
struct level {
	struct rlg_yaml_node *node;
	struct rlg_yaml_node *last; /* its newest child */
	size_t children;
};

struct reading {
	struct rlg_arena *arena;
	const char *path;
	struct rlg_yaml_doc *doc;
	uint32_t *steps; /* byte offset of character 0, CHARS_PER_STEP, ...; NULL: ASCII only, they are the same */
	size_t n_chars;
	size_t bom; /* bytes before what libyaml sees */
	struct level levels[RLG_YAML_DEPTH_MAX];
	size_t depth;
	size_t documents;
	struct rlg_err *err;
};

static size_t char_width(const char *at)
{
	unsigned char byte = (unsigned char)*at;

	/* libyaml has checked, or will check, that it is UTF-8: the first byte is enough. */
	return byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

static bool is_ascii(const char *text, size_t length)
{
	unsigned char all = 0;

	/* To the end, whatever comes first: so the compiler can take many bytes at once. */
	for (size_t i = 0; i < length; i++)
		all |= (unsigned char)text[i];
	return all < 0x80;
}

static void note_steps(struct reading *reading)
{
	const char *text = reading->doc->text;
	size_t length = reading->doc->length, chars = 0, at = reading->bom;

	reading->doc->ascii = is_ascii(text + at, length - at);
	if (reading->doc->ascii)
		return;
	reading->steps = rlg_arena_alloc(reading->arena, (length / CHARS_PER_STEP + 2) * sizeof(*reading->steps));
	for (; at < length; at += char_width(text + at)) {
		if (chars % CHARS_PER_STEP == 0)
			reading->steps[chars / CHARS_PER_STEP] = (uint32_t)at;
		chars++;
	}
	reading->n_chars = chars;
}

/* The byte offset of libyaml's mark. */
static uint32_t byte_offset(const struct reading *reading, const yaml_mark_t *mark)
{
	size_t length = reading->doc->length, at;

	if (reading->steps == NULL) {
		at = reading->bom + mark->index;
		return (uint32_t)(at < length ? at : length);
	}
	if (mark->index >= reading->n_chars)
		return (uint32_t)length;
	at = reading->steps[mark->index / CHARS_PER_STEP];
	for (size_t i = mark->index % CHARS_PER_STEP; i > 0; i--)
		at += char_width(reading->doc->text + at);
	return (uint32_t)at;
}

static size_t line_of(const char *text, size_t offset)
{
	size_t line = 1;

	for (size_t i = 0; i < offset; i++)
		line += text[i] == '\n';
	return line;
}

static int fail_at(struct reading *reading, size_t line, int code, const char *words)
{
	rlg_fail(reading->err, code, "%s:%zu: %s", reading->path, line, words);
	return code;
}

/* ---- the tree ---- */

static int compare_keys(const void *one, const void *other)
{
	const struct rlg_yaml_node *const *a = one, *const *b = other;
	int order = strcmp((*a)->value, (*b)->value);

	/* Of two equal keys the later one is to be blamed. */
	return order != 0 ? order : (*a)->start < (*b)->start ? -1 : (*a)->start > (*b)->start;
}

static int fail_twice(struct reading *reading, const struct rlg_yaml_node *first, const struct rlg_yaml_node *second)
{
	return rlg_fail(reading->err, -EINVAL, "%s:%u: the key \"%s\" stands twice in one mapping (first in line %u)",
			reading->path, (unsigned)second->line, second->value, (unsigned)first->line);
}

static int check_few_keys(struct reading *reading, const struct rlg_yaml_node *mapping)
{
	for (const struct rlg_yaml_node *key = mapping->first; key != NULL; key = key->next->next) {
		for (const struct rlg_yaml_node *old = mapping->first; old != key; old = old->next->next) {
			if (old->kind == RLG_YAML_SCALAR && key->kind == RLG_YAML_SCALAR &&
			    strcmp(old->value, key->value) == 0)
				return fail_twice(reading, old, key);
		}
	}
	return 0;
}

static int check_many_keys(struct reading *reading, struct rlg_yaml_node *mapping)
{
	mapping->index = rlg_arena_alloc(reading->arena, mapping->count * sizeof(*mapping->index));
	for (struct rlg_yaml_node *key = mapping->first; key != NULL; key = key->next->next) {
		if (key->kind == RLG_YAML_SCALAR)
			mapping->index[mapping->n_index++] = key;
	}
	qsort(mapping->index, mapping->n_index, sizeof(*mapping->index), compare_keys);
	for (size_t i = 1; i < mapping->n_index; i++) {
		if (strcmp(mapping->index[i - 1]->value, mapping->index[i]->value) == 0)
			return fail_twice(reading, mapping->index[i - 1], mapping->index[i]);
	}
	return 0;
}

static int close_collection(struct reading *reading, const yaml_event_t *event)
{
	struct level *level = &reading->levels[--reading->depth];
	struct rlg_yaml_node *node = level->node;

	/* libyaml ends a block collection where the next thing begins, behind comments that are none of its business. */
	if (node->style == RLG_YAML_FLOW)
		node->end = byte_offset(reading, &event->end_mark);
	else if (level->last != NULL)
		node->end = level->last->end;
	if (node->kind == RLG_YAML_SEQUENCE) {
		node->count = (uint32_t)level->children;
		return 0;
	}
	node->count = (uint32_t)(level->children / 2);
	return node->count < INDEX_FROM ? check_few_keys(reading, node) : check_many_keys(reading, node);
}

static int add_node(struct reading *reading, const yaml_event_t *event, enum rlg_yaml_kind kind,
		    struct rlg_yaml_node **out_node)
{
	struct rlg_yaml_node *node = rlg_arena_alloc(reading->arena, sizeof(*node));
	struct level *level = reading->depth > 0 ? &reading->levels[reading->depth - 1] : NULL;

	if (++reading->doc->n_nodes > RLG_YAML_NODES_MAX)
		return fail_at(reading, event->start_mark.line + 1, -E2BIG, "this file holds too many values");
	node->kind = (uint8_t)kind;
	node->line = (uint32_t)event->start_mark.line + 1;
	node->start = byte_offset(reading, &event->start_mark);
	node->end = byte_offset(reading, &event->end_mark);
	if (level == NULL)
		reading->doc->root = node;
	else if (level->last == NULL)
		level->node->first = node;
	else
		level->last->next = node;
	if (level != NULL) {
		level->last = node;
		level->children++;
	}
	*out_node = node;
	return 0;
}

/* ---- the events ---- */

static const uint8_t scalar_styles[] = {
	[YAML_ANY_SCALAR_STYLE] = RLG_YAML_PLAIN,	      [YAML_PLAIN_SCALAR_STYLE] = RLG_YAML_PLAIN,
	[YAML_SINGLE_QUOTED_SCALAR_STYLE] = RLG_YAML_SINGLE,  [YAML_DOUBLE_QUOTED_SCALAR_STYLE] = RLG_YAML_DOUBLE,
	[YAML_LITERAL_SCALAR_STYLE] = RLG_YAML_BLOCK,	      [YAML_FOLDED_SCALAR_STYLE] = RLG_YAML_BLOCK,
};

static int on_scalar(struct reading *reading, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	struct rlg_yaml_node *node;
	int result = add_node(reading, event, RLG_YAML_SCALAR, &node);

	if (result < 0)
		return result;
	if (memchr(value, '\0', length) != NULL)
		return fail_at(reading, node->line, -EINVAL, "a value holds a NUL character (\\0)");
	node->style = scalar_styles[event->data.scalar.style];
	node->anchored = event->data.scalar.anchor != NULL;
	node->tagged = event->data.scalar.tag != NULL;
	node->value = rlg_arena_strndup(reading->arena, value, length);
	return 0;
}

static int on_alias(struct reading *reading, const yaml_event_t *event)
{
	struct rlg_yaml_node *node;
	int result = add_node(reading, event, RLG_YAML_ALIAS, &node);

	if (result < 0)
		return result;
	node->value = rlg_arena_strdup(reading->arena, (const char *)event->data.alias.anchor);
	return 0;
}

static int open_collection(struct reading *reading, struct rlg_yaml_node *node, bool flow, const void *anchor,
			   const void *tag)
{
	if (reading->depth == RLG_YAML_DEPTH_MAX)
		return fail_at(reading, node->line, -E2BIG, "this file is nested too deeply");
	node->style = flow ? RLG_YAML_FLOW : RLG_YAML_BLOCK;
	node->anchored = anchor != NULL;
	node->tagged = tag != NULL;
	reading->levels[reading->depth++] = (struct level){.node = node};
	return 0;
}

static int on_mapping(struct reading *reading, const yaml_event_t *event)
{
	bool flow = event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	struct rlg_yaml_node *node;
	int result = add_node(reading, event, RLG_YAML_MAPPING, &node);

	return result < 0 ? result : open_collection(reading, node, flow, event->data.mapping_start.anchor,
						     event->data.mapping_start.tag);
}

static int on_sequence(struct reading *reading, const yaml_event_t *event)
{
	bool flow = event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	struct rlg_yaml_node *node;
	int result = add_node(reading, event, RLG_YAML_SEQUENCE, &node);

	return result < 0 ? result : open_collection(reading, node, flow, event->data.sequence_start.anchor,
						     event->data.sequence_start.tag);
}

static int on_document(struct reading *reading, const yaml_event_t *event)
{
	if (++reading->documents > 1)
		return fail_at(reading, event->start_mark.line + 1, -EINVAL,
			       "a second YAML document begins here (---); one file holds one document");
	return 0;
}

static int on_nothing(struct reading *reading, const yaml_event_t *event)
{
	(void)reading;
	(void)event;
	return 0;
}

static int (*const on_event[])(struct reading *, const yaml_event_t *) = {
	[YAML_NO_EVENT] = on_nothing,		  [YAML_STREAM_START_EVENT] = on_nothing,
	[YAML_STREAM_END_EVENT] = on_nothing,	  [YAML_DOCUMENT_START_EVENT] = on_document,
	[YAML_DOCUMENT_END_EVENT] = on_nothing,	  [YAML_ALIAS_EVENT] = on_alias,
	[YAML_SCALAR_EVENT] = on_scalar,	  [YAML_SEQUENCE_START_EVENT] = on_sequence,
	[YAML_SEQUENCE_END_EVENT] = close_collection, [YAML_MAPPING_START_EVENT] = on_mapping,
	[YAML_MAPPING_END_EVENT] = close_collection,
};
_Static_assert(sizeof(on_event) / sizeof(on_event[0]) == YAML_MAPPING_END_EVENT + 1, "something for each event");

static int fail_syntax(struct reading *reading, const yaml_parser_t *parser)
{
	const char *problem = parser->problem != NULL ? parser->problem : "it cannot be read";
	size_t line = parser->problem_mark.line + 1;

	if (parser->error == YAML_MEMORY_ERROR)
		return rlg_fail(reading->err, -ENOMEM, "%s: out of memory while reading it", reading->path);
	if (parser->error == YAML_READER_ERROR)
		line = line_of(reading->doc->text, reading->bom + parser->problem_offset);
	if (parser->context != NULL)
		return rlg_fail(reading->err, -EINVAL, "%s:%zu: this is not valid YAML: %s, %s", reading->path, line,
				parser->context, problem);
	return rlg_fail(reading->err, -EINVAL, "%s:%zu: this is not valid YAML: %s", reading->path, line, problem);
}

static int read_events(struct reading *reading, yaml_parser_t *parser)
{
	yaml_event_type_t type;
	int result;

	do {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event))
			return fail_syntax(reading, parser);
		type = event.type;
		result = on_event[type](reading, &event);
		yaml_event_delete(&event);
	} while (result == 0 && type != YAML_STREAM_END_EVENT);
	return result;
}

/* libyaml makes a null out of a document that is only `---` or nothing; a text without any value has no root. */
static void drop_empty_root(struct rlg_yaml_doc *doc)
{
	const struct rlg_yaml_node *root = doc->root;

	if (root != NULL && root->start == root->end && !root->anchored && !root->tagged)
		doc->root = NULL;
}

int rlg_yaml_parse(struct rlg_arena *arena, const char *path, const char *text, size_t length,
		   struct rlg_yaml_doc *out_doc, struct rlg_err *err)
{
	struct rlg_yaml_doc doc = {.text = text, .length = length};
	struct reading reading = {.arena = arena, .path = path, .doc = &doc, .err = err};
	const char *nul = memchr(text, '\0', length);
	yaml_parser_t parser;

	if (length > RLG_YAML_TEXT_MAX)
		return rlg_fail(err, -E2BIG, "%s:1: this file is too large (%zu bytes)", path, length);
	if (nul != NULL)
		return fail_at(&reading, line_of(text, (size_t)(nul - text)), -EINVAL, "there is a NUL byte in this file");
	if (!yaml_parser_initialize(&parser))
		return rlg_fail(err, -ENOMEM, "%s: out of memory while reading it", path);
	reading.bom = length >= 3 && memcmp(text, BOM, 3) == 0 ? 3 : 0;
	note_steps(&reading);
	/* Said, not guessed: a guess at UTF-16 would make nonsense of every offset. */
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text + reading.bom, length - reading.bom);
	int result = read_events(&reading, &parser);
	yaml_parser_delete(&parser);
	if (result < 0)
		return result;
	drop_empty_root(&doc);
	*out_doc = doc;
	return 0;
}

/* ---- questions ---- */

static int compare_name(const void *name, const void *node)
{
	return strcmp(name, (*(const struct rlg_yaml_node *const *)node)->value);
}

struct rlg_yaml_node *rlg_yaml_key(const struct rlg_yaml_node *mapping, const char *name)
{
	if (!rlg_yaml_is_mapping(mapping))
		return NULL;
	if (mapping->index != NULL) {
		struct rlg_yaml_node **found =
			bsearch(name, mapping->index, mapping->n_index, sizeof(*mapping->index), compare_name);

		return found != NULL ? *found : NULL;
	}
	for (struct rlg_yaml_node *key = mapping->first; key != NULL; key = key->next->next) {
		if (key->kind == RLG_YAML_SCALAR && strcmp(key->value, name) == 0)
			return key;
	}
	return NULL;
}

struct rlg_yaml_node *rlg_yaml_get(const struct rlg_yaml_node *mapping, const char *name)
{
	struct rlg_yaml_node *key = rlg_yaml_key(mapping, name);

	return key != NULL ? key->next : NULL;
}

const char *rlg_yaml_get_text(const struct rlg_yaml_node *mapping, const char *name)
{
	const struct rlg_yaml_node *node = rlg_yaml_get(mapping, name);

	return node != NULL && node->kind == RLG_YAML_SCALAR && !rlg_yaml_is_null(node) ? node->value : NULL;
}

static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

bool rlg_yaml_is_null(const struct rlg_yaml_node *node)
{
	if (node == NULL)
		return true;
	if (node->kind != RLG_YAML_SCALAR || node->style != RLG_YAML_PLAIN || node->tagged)
		return false;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++) {
		if (strcmp(node->value, nulls[i]) == 0)
			return true;
	}
	return false;
}
