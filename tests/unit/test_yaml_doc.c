/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A YAML text as a tree with places: the bytes that a node names are the bytes that stand there. */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/arena_state.h"
#include "tool/base/bytes.h"
#include "tool/base/yaml_doc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct rlg_yaml_doc parse(struct rlg_arena *arena, const char *text)
{
	struct rlg_yaml_doc doc;
	struct rlg_err err = {""};
	int result = rlg_yaml_parse(arena, "x.yaml", text, strlen(text), &doc, &err);

	assert_string_equal(err.text, "");
	assert_int_equal(result, 0);
	return doc;
}

static void assert_span(const struct rlg_yaml_doc *doc, const struct rlg_yaml_node *node, const char *words)
{
	assert_non_null(node);
	assert_int_equal(node->end - node->start, strlen(words));
	assert_memory_equal(doc->text + node->start, words, strlen(words));
}

static void assert_refused(struct rlg_arena *arena, const char *text, size_t length, int code, const char *words)
{
	struct rlg_yaml_doc doc = {.length = 77};
	struct rlg_err err = {""};

	assert_int_equal(rlg_yaml_parse(arena, "x.yaml", text, length, &doc, &err), code);
	if (strstr(err.text, words) == NULL)
		fail_msg("\"%s\" does not contain \"%s\"", err.text, words);
	assert_int_equal(doc.length, 77);
}

static void a_plain_mapping(void **state)
{
	struct rlg_yaml_doc doc = parse(*state, "a: one\nb:\n  c: 'two'   # why\n  d: \"th\\tree\"\ne:\n");
	const struct rlg_yaml_node *inner = rlg_yaml_get(doc.root, "b");

	assert_int_equal(doc.root->count, 3);
	assert_string_equal(rlg_yaml_get_text(doc.root, "a"), "one");
	assert_span(&doc, rlg_yaml_get(doc.root, "a"), "one");
	assert_span(&doc, rlg_yaml_key(doc.root, "a"), "a");
	assert_span(&doc, inner, "c: 'two'   # why\n  d: \"th\\tree\"");
	assert_span(&doc, rlg_yaml_get(inner, "c"), "'two'");
	assert_int_equal(rlg_yaml_get(inner, "c")->style, RLG_YAML_SINGLE);
	assert_int_equal(rlg_yaml_get(inner, "c")->line, 3);
	assert_string_equal(rlg_yaml_get_text(inner, "d"), "th\tree");
	assert_true(rlg_yaml_is_null(rlg_yaml_get(doc.root, "e")));
	assert_null(rlg_yaml_get(doc.root, "f"));
	assert_null(rlg_yaml_get(NULL, "f"));
}

static void an_empty_value_stands_behind_its_colon(void **state)
{
	struct rlg_yaml_doc doc = parse(*state, "a:   # nothing\nb: 1\n");
	const struct rlg_yaml_node *value = rlg_yaml_get(doc.root, "a");

	assert_int_equal(value->start, 2);
	assert_int_equal(value->end, 2);
}

static void offsets_are_bytes_not_characters(void **state)
{
	struct rlg_yaml_doc doc = parse(*state, "\xef\xbb\xbf# \xc3\xa9t\xc3\xa9 \xf0\x9f\x98\x80\r\n\xc3\xa4: \xe2\x82\xac \r\n"
						"z:\t\"\xc3\xb6\"\t# \xe2\x82\xac\r\nlast: {\xc3\xbc: v}\r\n");

	assert_span(&doc, rlg_yaml_get(doc.root, "\xc3\xa4"), "\xe2\x82\xac");
	assert_span(&doc, rlg_yaml_get(doc.root, "z"), "\"\xc3\xb6\"");
	assert_span(&doc, rlg_yaml_get(doc.root, "last"), "{\xc3\xbc: v}");
	assert_span(&doc, rlg_yaml_get(rlg_yaml_get(doc.root, "last"), "\xc3\xbc"), "v");
	assert_int_equal(rlg_yaml_get(doc.root, "last")->line, 4);
}

static void offsets_hold_far_into_a_non_ascii_text(void **state)
{
	struct rlg_bytes text;
	char name[32];

	rlg_bytes_init(&text, *state);
	for (int i = 0; i < 2000; i++)
		rlg_bytes_addf(&text, "k%d: '\xe2\x82\xac%d' # \xc3\xa9\n", i, i);
	struct rlg_yaml_doc doc = parse(*state, text.data);
	for (int i = 0; i < 2000; i += 37) {
		snprintf(name, sizeof(name), "k%d", i);
		const struct rlg_yaml_node *node = rlg_yaml_get(doc.root, name);
		snprintf(name, sizeof(name), "'\xe2\x82\xac%d'", i);
		assert_span(&doc, node, name);
	}
}

static void block_scalars_anchors_tags_and_aliases(void **state)
{
	struct rlg_yaml_doc doc = parse(*state, "a: &x 1\nb: *x\nc: !!str 2\nd: |\n  text\n  more\n\ne: [1, 2, {f: 3}]\n<<: {g: 1}\n");
	const struct rlg_yaml_node *list = rlg_yaml_get(doc.root, "e");

	assert_true(rlg_yaml_get(doc.root, "a")->anchored);
	assert_int_equal(rlg_yaml_get(doc.root, "b")->kind, RLG_YAML_ALIAS);
	assert_string_equal(rlg_yaml_get(doc.root, "b")->value, "x");
	assert_true(rlg_yaml_get(doc.root, "c")->tagged);
	assert_int_equal(rlg_yaml_get(doc.root, "d")->style, RLG_YAML_BLOCK);
	assert_string_equal(rlg_yaml_get_text(doc.root, "d"), "text\nmore\n");
	assert_int_equal(list->count, 3);
	assert_int_equal(list->style, RLG_YAML_FLOW);
	assert_span(&doc, list, "[1, 2, {f: 3}]");
	assert_span(&doc, list->first->next, "2");
}

static void only_plain_nulls_are_null(void **state)
{
	struct rlg_yaml_doc doc = parse(*state, "a: null\nb: ~\nc: 'null'\nd: \"\"\ne: !!str null\nf: NULL\n");

	assert_true(rlg_yaml_is_null(rlg_yaml_get(doc.root, "a")));
	assert_true(rlg_yaml_is_null(rlg_yaml_get(doc.root, "b")));
	assert_false(rlg_yaml_is_null(rlg_yaml_get(doc.root, "c")));
	assert_false(rlg_yaml_is_null(rlg_yaml_get(doc.root, "d")));
	assert_false(rlg_yaml_is_null(rlg_yaml_get(doc.root, "e")));
	assert_true(rlg_yaml_is_null(rlg_yaml_get(doc.root, "f")));
	assert_null(rlg_yaml_get_text(doc.root, "a"));
	assert_string_equal(rlg_yaml_get_text(doc.root, "d"), "");
}

static void nothing_but_comments_has_no_root(void **state)
{
	assert_null(parse(*state, "").root);
	assert_null(parse(*state, "# only\n\n  # this\n").root);
	assert_null(parse(*state, "\xef\xbb\xbf").root);
	assert_null(parse(*state, "---\n").root);
}

static void a_key_that_stands_twice_is_refused_with_its_line(void **state)
{
	struct rlg_bytes text;

	assert_refused(*state, "a: 1\nb: 2\n'a': 3\n", 17, -EINVAL, "x.yaml:3: the key \"a\" stands twice");
	rlg_bytes_init(&text, *state);
	for (int i = 0; i < 100; i++)
		rlg_bytes_addf(&text, "k%d: 1\n", i);
	rlg_bytes_add(&text, "k50: 2\n");
	assert_refused(*state, text.data, text.length, -EINVAL, "x.yaml:101: the key \"k50\" stands twice in one mapping (first in line 51)");
}

static void what_is_no_yaml_is_refused_with_its_line(void **state)
{
	assert_refused(*state, "a: 1\nb: [1\nc: 2\n", 16, -EINVAL, "x.yaml:3: this is not valid YAML");
	assert_refused(*state, "a: 1\n\tb: 2\n", 11, -EINVAL, "x.yaml:2: this is not valid YAML");
	assert_refused(*state, "a: 1\nb: \xff\n", 10, -EINVAL, "x.yaml:2: this is not valid YAML");
	assert_refused(*state, "a: 1\nb: \xe2\x82", 10, -EINVAL, "x.yaml:2: this is not valid YAML");
	assert_refused(*state, "\xff\xfe" "a\0", 4, -EINVAL, "x.yaml:1:");
	assert_refused(*state, "a: 1\n---\nb: 1\n", 14, -EINVAL, "x.yaml:2: a second YAML document");
	assert_refused(*state, "a: 1\nb\0: 1\n", 11, -EINVAL, "x.yaml:2: there is a NUL byte");
	assert_refused(*state, "a: 1\nb: \"\\0\"\n", 13, -EINVAL, "x.yaml:2: a value holds a NUL");
}

static void deep_nesting_is_refused(void **state)
{
	char text[RLG_YAML_DEPTH_MAX * 2 + 2];

	memset(text, '[', sizeof(text));
	assert_refused(*state, text, sizeof(text), -E2BIG, "x.yaml:1: this file is nested too deeply");
}

static void a_yaml_bomb_stays_small(void **state)
{
	struct rlg_bytes text;

	rlg_bytes_init(&text, *state);
	rlg_bytes_add(&text, "a0: &a0 [x, x]\n");
	for (int i = 1; i < 50; i++)
		rlg_bytes_addf(&text, "a%d: &a%d [*a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1);
	assert_true(parse(*state, text.data).n_nodes < 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_plain_mapping, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(an_empty_value_stands_behind_its_colon, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(offsets_are_bytes_not_characters, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(offsets_hold_far_into_a_non_ascii_text, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(block_scalars_anchors_tags_and_aliases, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(only_plain_nulls_are_null, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(nothing_but_comments_has_no_root, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_key_that_stands_twice_is_refused_with_its_line, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_yaml_is_refused_with_its_line, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(deep_nesting_is_refused, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_yaml_bomb_stays_small, arena_set_up, arena_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
