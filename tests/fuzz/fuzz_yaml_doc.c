/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any YAML; and any text as a value of it, which is read back as what it was. */
#include "tests/fuzz/fuzz.h"
#include "tool/base/yaml_doc.h"
#include "tool/base/yaml_text.h"

#include <errno.h>

/* Longer ones YAML does not take for a key; names of runs and phases are a fifth of it. */
#define KEY_MAX 1000

static void is_inside(const struct rlg_yaml_doc *doc, const struct rlg_yaml_node *node)
{
	for (; node != NULL; node = node->next) {
		FUZZ_MUST(node->start <= node->end && node->end <= doc->length, "beside the text");
		is_inside(doc, node->first);
	}
}

static void write(struct rlg_arena *arena, const char *text, enum rlg_yaml_style style)
{
	const char *wanted = rlg_yaml_clean(arena, text);
	struct rlg_yaml_doc doc;
	struct rlg_err err = {""};
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	rlg_bytes_add(&out, "a: {");
	rlg_yaml_add(&out, text, style);
	rlg_bytes_add(&out, ": ");
	rlg_yaml_add(&out, text, style);
	rlg_bytes_add(&out, "}\n");
	FUZZ_MUST(strchr(out.data, '\n') == out.data + out.length - 1, "not one line: %s", out.data);
	int code = rlg_yaml_parse(arena, "FILE", out.data, out.length, &doc, &err);
	if (code == -EINVAL && out.length > 2 * KEY_MAX)
		return;
	FUZZ_MUST(code == 0, "%s: %s", err.text, out.data);
	const struct rlg_yaml_node *pair = rlg_yaml_get(doc.root, "a")->first;
	FUZZ_MUST(pair != NULL && strcmp(pair->value, wanted) == 0 && strcmp(pair->next->value, wanted) == 0, "`%s` became %s", wanted,
		  out.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const char *text = rlg_arena_copy(arena, (const char *)data, size);
	struct rlg_yaml_doc doc;
	struct rlg_err err = {""};

	if (rlg_yaml_parse(arena, "FILE", text, size, &doc, &err) == 0)
		is_inside(&doc, doc.root);
	else
		FUZZ_MUST(strncmp(err.text, "FILE", 4) == 0, "the sentence is `%s`", err.text);
	if (!fuzz_has_nul(data, size)) {
		const char *words = fuzz_text(arena, data, size);
		write(arena, words, RLG_YAML_PLAIN);
		write(arena, words, RLG_YAML_SINGLE);
		write(arena, words, RLG_YAML_DOUBLE);
	}
	return 0;
}
