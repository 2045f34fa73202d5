/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes to a JSON text, laid out as the text around them is: see json_doc.h. */
#include "tool/base/json_doc.h"

#include <errno.h>
#include <string.h>

#define BLANKS " \t\r\n"

/* Where a document shows no other: as Python's json.dump(indent=2). */
#define USUAL_STEP "  "
#define USUAL_COLON ": "
#define USUAL_COMMA ", "

/* How a value is laid out. */
struct layout {
	struct rlg_arena *arena;
	const char *newline; /* NULL: all in one line */
	const char *step; /* of indentation */
	const char *colon, *comma; /* with the blanks behind them; `comma` in one line only */
};

/* ---- what the document looks like ---- */

static const char *bytes_between(const struct rlg_json_doc *doc, size_t start, size_t end)
{
	return rlg_arena_strndup(doc->arena, doc->text + start, end - start);
}

static bool has_newline(const char *words)
{
	return strchr(words, '\n') != NULL;
}

/* The blanks in front of the line's first character. */
static const char *indentation_at(const struct rlg_json_doc *doc, size_t offset)
{
	while (offset > 0 && doc->text[offset - 1] != '\n')
		offset--;
	return rlg_arena_strndup(doc->arena, doc->text + offset, strspn(doc->text + offset, " \t"));
}

static const struct rlg_json_node *last_child(const struct rlg_json_node *container, const struct rlg_json_node **out_before)
{
	const struct rlg_json_node *last = NULL, *before = NULL;

	for (const struct rlg_json_node *child = container->first; child != NULL;
	     child = container->kind == RLG_JSON_OBJECT ? child->next->next : child->next) {
		before = last;
		last = child;
	}
	*out_before = before;
	return last;
}

static size_t end_of(const struct rlg_json_node *container, const struct rlg_json_node *child)
{
	return container->kind == RLG_JSON_OBJECT ? child->next->end : child->end;
}

/* What stands behind the opening bracket: blanks, as far as there are any. */
static const char *behind_bracket(const struct rlg_json_doc *doc, const struct rlg_json_node *container)
{
	size_t start = container->start + 1;

	return bytes_between(doc, start, start + strspn(doc->text + start, BLANKS));
}

/* Does each child have its own line?  One without children is as what holds it is. */
static bool has_lines(const struct rlg_json_doc *doc, const struct rlg_json_node *container)
{
	const struct rlg_json_node *before, *last;

	while (container->count == 0 && container->up != NULL)
		container = container->up;
	if (container->count == 0)
		return true;
	last = last_child(container, &before);
	size_t start = before != NULL ? end_of(container, before) : container->start + 1;
	return has_newline(bytes_between(doc, start, last->start));
}

/* The first step in the document. */
static const char *step_of(const struct rlg_json_doc *doc)
{
	for (const struct rlg_json_node *node = doc->root; node != NULL; node = node->first) {
		if (node->first == NULL || !has_newline(behind_bracket(doc, node)))
			continue;
		const char *outer = indentation_at(doc, node->start), *inner = indentation_at(doc, node->first->start);
		if (strncmp(inner, outer, strlen(outer)) == 0 && inner[strlen(outer)] != '\0')
			return inner + strlen(outer);
	}
	return USUAL_STEP;
}

/* The colon of this object with its blanks; NULL where it shows none that could be taken over. */
static const char *own_colon(const struct rlg_json_doc *doc, const struct rlg_json_node *node)
{
	const struct rlg_json_node *before;

	if (node->kind != RLG_JSON_OBJECT || node->count == 0)
		return NULL;
	const struct rlg_json_node *key = last_child(node, &before);
	const char *colon = bytes_between(doc, key->end, key->next->start);
	return has_newline(colon) ? NULL : colon;
}

/* As the nearest object that holds `node` has it, else as one further up or in the document's first branch. */
static const char *colon_of(const struct rlg_json_doc *doc, const struct rlg_json_node *node)
{
	const char *colon = NULL;

	for (; node != NULL && colon == NULL; node = node->up)
		colon = own_colon(doc, node);
	for (node = doc->root; node != NULL && colon == NULL; node = node->first)
		colon = own_colon(doc, node);
	return colon != NULL ? colon : USUAL_COLON;
}

static const char *newline_of(const struct rlg_json_doc *doc)
{
	const char *newline = strchr(doc->text, '\n');

	return newline != NULL && newline > doc->text && newline[-1] == '\r' ? "\r\n" : "\n";
}

/* The layout of what is to stand in `container` (NULL: the document itself). */
static struct layout layout_in(const struct rlg_json_doc *doc, const struct rlg_json_node *container)
{
	const char *colon = colon_of(doc, container);
	bool lines = container != NULL ? has_lines(doc, container) : has_newline(doc->text);

	return (struct layout){.arena = doc->arena,
			       .newline = lines ? newline_of(doc) : NULL,
			       .step = step_of(doc),
			       .colon = colon,
			       .comma = strcmp(colon, ":") == 0 ? "," : USUAL_COMMA};
}

/* ---- a value in that layout ---- */

/* In one line nothing is indented (and that line may be the whole document: it is not looked through for each value). */
static const char *indentation_in(const struct rlg_json_doc *doc, const struct layout *layout, size_t offset)
{
	return layout->newline != NULL ? indentation_at(doc, offset) : "";
}

static void add_break(struct rlg_bytes *out, const struct layout *layout, const char *indentation)
{
	if (layout->newline != NULL)
		rlg_bytes_addf(out, "%s%s", layout->newline, indentation);
}

static void add_value(struct rlg_bytes *out, const struct layout *layout, const struct rlg_json_doc *value,
		      const struct rlg_json_node *node, const char *indentation)
{
	bool object = node->kind == RLG_JSON_OBJECT;
	const char *inner = rlg_arena_printf(layout->arena, "%s%s", indentation, layout->step);

	if (node->count == 0) {
		const char *words = object ? "{}" : node->kind == RLG_JSON_ARRAY ? "[]" : NULL;

		rlg_bytes_add(out, words != NULL ? words : bytes_between(value, node->start, node->end));
		return;
	}
	rlg_bytes_add(out, object ? "{" : "[");
	for (const struct rlg_json_node *child = node->first; child != NULL; child = child->next) {
		if (child != node->first)
			rlg_bytes_add(out, layout->newline != NULL ? "," : layout->comma);
		add_break(out, layout, inner);
		if (object) {
			rlg_bytes_addf(out, "%s%s", bytes_between(value, child->start, child->end), layout->colon);
			child = child->next;
		}
		add_value(out, layout, value, child, inner);
	}
	add_break(out, layout, indentation);
	rlg_bytes_add(out, object ? "}" : "]");
}

/* Adds `text`, any JSON, whose first line stands in a line of that indentation.  Returns 0 or -EINVAL. */
static int add_text(struct rlg_bytes *out, const struct layout *layout, const char *text, const char *indentation)
{
	struct rlg_json_doc value;

	if (rlg_json_parse(layout->arena, "", text, strlen(text), &value, NULL) < 0)
		return -EINVAL;
	add_value(out, layout, &value, value.root, indentation);
	return 0;
}

static int add_new(struct rlg_bytes *out, const struct layout *layout, const struct rlg_json_node *container,
		   const struct rlg_json_new *added, const char *indentation)
{
	if (container->kind == RLG_JSON_OBJECT) {
		rlg_bytes_add_json(out, added->key);
		rlg_bytes_add(out, layout->colon);
	}
	return add_text(out, layout, added->value, indentation);
}

/* ---- setting ---- */

int rlg_json_set(const struct rlg_json_doc *doc, struct rlg_text_edits *edits, const struct rlg_json_node *node,
		 const char *value)
{
	struct layout layout = layout_in(doc, node->up);
	struct rlg_bytes words;

	rlg_bytes_init(&words, doc->arena);
	if (add_text(&words, &layout, value, indentation_in(doc, &layout, node->start)) < 0)
		return -EINVAL;
	rlg_text_edits_add(edits, node->start, node->end - node->start, words.data);
	return 0;
}

/* ---- adding and taking out ---- */

/* What stands between two children of this container, by the last two of them: a comma and blanks. */
static const char *separator_in(const struct rlg_json_doc *doc, const struct rlg_json_node *container,
				const struct layout *layout)
{
	const struct rlg_json_node *before, *last = last_child(container, &before);
	const char *words = before != NULL ? bytes_between(doc, end_of(container, before), last->start)
			    : layout->newline != NULL
				    ? rlg_arena_printf(doc->arena, ",%s", behind_bracket(doc, container))
				    : layout->comma;
	const char *newline = strchr(words, '\n');

	/* An empty line between two groups of members is none between any two. */
	if (newline != NULL && strchr(newline + 1, '\n') != NULL)
		return rlg_arena_printf(doc->arena, ",%s%s", layout->newline, indentation_at(doc, last->start));
	return words;
}

/* All children went, or there were none: everything between the brackets is written anew. */
static int fill(const struct rlg_json_doc *doc, struct rlg_text_edits *edits, const struct rlg_json_node *container,
		const struct rlg_json_new *added, size_t count)
{
	struct layout layout = layout_in(doc, container);
	const char *outer = indentation_in(doc, &layout, container->start);
	const char *inner = rlg_arena_printf(doc->arena, "%s%s", outer, layout.step);
	struct rlg_bytes words;

	rlg_bytes_init(&words, doc->arena);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			rlg_bytes_add(&words, layout.newline != NULL ? "," : layout.comma);
		add_break(&words, &layout, inner);
		if (add_new(&words, &layout, container, &added[i], inner) < 0)
			return -EINVAL;
	}
	if (count > 0)
		add_break(&words, &layout, outer);
	rlg_text_edits_add(edits, container->start + 1, container->end - container->start - 2, words.data);
	return 0;
}

static int append(const struct rlg_json_doc *doc, struct rlg_text_edits *edits, const struct rlg_json_node *container,
		  const struct rlg_json_node *behind, const struct rlg_json_new *added, size_t count)
{
	struct layout layout = layout_in(doc, container);
	const char *separator = separator_in(doc, container, &layout);
	const char *indentation = indentation_in(doc, &layout, behind->start);
	struct rlg_bytes words;

	if (count == 0)
		return 0;
	rlg_bytes_init(&words, doc->arena);
	for (size_t i = 0; i < count; i++) {
		rlg_bytes_add(&words, separator);
		if (add_new(&words, &layout, container, &added[i], indentation) < 0)
			return -EINVAL;
	}
	rlg_text_edits_add(edits, end_of(container, behind), 0, words.data);
	return 0;
}

/* Each row of neighbours that go, with the comma between them and what stays. */
static void take_out(struct rlg_text_edits *edits, const struct rlg_json_node *container)
{
	const struct rlg_json_node *kept = NULL, *first = NULL, *last = NULL, *next;

	for (const struct rlg_json_node *child = container->first; child != NULL; child = next) {
		next = container->kind == RLG_JSON_OBJECT ? child->next->next : child->next;
		if (child->removed) {
			first = first != NULL ? first : child;
			last = child;
		}
		if (first != NULL && (!child->removed || next == NULL)) {
			size_t start = kept != NULL ? end_of(container, kept) : first->start;
			size_t end = kept != NULL ? end_of(container, last) : child->start;
			rlg_text_edits_add(edits, start, end - start, "");
			first = NULL;
		}
		if (!child->removed)
			kept = child;
	}
}

int rlg_json_update(const struct rlg_json_doc *doc, struct rlg_text_edits *edits, const struct rlg_json_node *container,
		    const struct rlg_json_new *added, size_t count)
{
	const struct rlg_json_node *kept = NULL;
	bool removed = false;
	int result;

	if (!rlg_json_is(container, RLG_JSON_OBJECT) && !rlg_json_is(container, RLG_JSON_ARRAY))
		return -EINVAL;
	for (const struct rlg_json_node *child = container->first; child != NULL;
	     child = container->kind == RLG_JSON_OBJECT ? child->next->next : child->next) {
		removed = removed || child->removed;
		kept = child->removed ? kept : child;
	}
	if (!removed && count == 0)
		return 0;
	if (kept == NULL)
		return fill(doc, edits, container, added, count);
	/* First: at one offset, what is added has to come before what goes. */
	result = append(doc, edits, container, kept, added, count);
	if (result == 0)
		take_out(edits, container);
	return result;
}

const char *rlg_json_text(struct rlg_arena *arena, const char *words)
{
	struct rlg_bytes text;

	rlg_bytes_init(&text, arena);
	rlg_bytes_add_json(&text, words);
	return text.data;
}
