/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any JSON, with one value set, one taken out and one added: what comes of it is JSON again, and says just that. */
#include "tests/fuzz/fuzz.h"
#include "tool/base/json_doc.h"

static void is_inside(const struct rlg_json_doc *doc, const struct rlg_json_node *node)
{
	for (; node != NULL; node = node->next) {
		FUZZ_MUST(node->start < node->end && node->end <= doc->length, "beside the text");
		FUZZ_MUST(node->up == NULL || (node->start >= node->up->start && node->end <= node->up->end), "outside of what holds it");
		is_inside(doc, node->first);
	}
}

static void parse_again(struct rlg_arena *arena, const struct rlg_json_doc *doc, struct rlg_text_edits *edits,
			struct rlg_json_doc *out_doc)
{
	struct rlg_err err = {""};
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	FUZZ_MUST(rlg_text_edits_apply(edits, doc->text, doc->length, &out) == 0, "edits that overlap");
	FUZZ_MUST(rlg_json_parse(arena, "FILE", out.data, out.length, out_doc, &err) == 0, "%s:\n%s", err.text, out.data);
}

static void change(struct rlg_arena *arena, const struct rlg_json_doc *doc)
{
	static const char value[] = "{\"a\": [1, {\"b\": null}]}";
	struct rlg_json_new added = {"a new\\u0001 \"one\"", value};
	struct rlg_json_doc wanted, changed;
	struct rlg_text_edits edits;

	FUZZ_MUST(rlg_json_parse(arena, "VALUE", value, strlen(value), &wanted, NULL) == 0, "the value");
	rlg_text_edits_init(&edits, arena);
	if (doc->root->first == NULL || rlg_json_get(doc->root, added.key) != NULL)
		return;
	struct rlg_json_node *first = doc->root->first;
	if (rlg_json_is(doc->root, RLG_JSON_OBJECT)) {
		FUZZ_MUST(rlg_json_set(doc, &edits, first->next, value) == 0, "it cannot be set");
		parse_again(arena, doc, &edits, &changed);
		FUZZ_MUST(rlg_json_same(rlg_json_get(changed.root, first->value), wanted.root), "another value than was set");
	}
	rlg_text_edits_init(&edits, arena);
	first->removed = true;
	FUZZ_MUST(rlg_json_update(doc, &edits, doc->root, &added, 1) == 0, "it cannot be changed");
	parse_again(arena, doc, &edits, &changed);
	FUZZ_MUST(changed.root->count == doc->root->count, "one too many or too few");
	if (rlg_json_is(doc->root, RLG_JSON_OBJECT))
		FUZZ_MUST(rlg_json_same(rlg_json_get(changed.root, added.key), wanted.root), "another value than was added");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const char *text = rlg_arena_copy(arena, (const char *)data, size);
	struct rlg_json_doc doc;
	struct rlg_err err = {""};

	if (rlg_json_parse(arena, "FILE", text, size, &doc, &err) != 0) {
		FUZZ_MUST(strncmp(err.text, "FILE:", 5) == 0, "the sentence is `%s`", err.text);
		return 0;
	}
	is_inside(&doc, doc.root);
	FUZZ_MUST(rlg_json_same(doc.root, doc.root), "not the same as itself");
	if (rlg_json_is(doc.root, RLG_JSON_OBJECT) || rlg_json_is(doc.root, RLG_JSON_ARRAY))
		change(arena, &doc);
	return 0;
}
