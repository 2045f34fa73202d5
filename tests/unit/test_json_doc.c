/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON that people and scripts write, changed without touching the rest.  The last tests do it at random:
 * RLG_TEST_SEED sets where they begin, RLG_TEST_SHUFFLES how many there are.
 */
#include "tests/unit/cmocka_any.h"
#include "tool/base/json_doc.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct rlg_arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = rlg_arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rlg_arena_free(arena);
	return 0;
}

static struct rlg_json_doc parse(const char *text)
{
	struct rlg_json_doc doc;
	struct rlg_err err = {""};

	if (rlg_json_parse(arena, "f.json", text, strlen(text), &doc, &err) != 0)
		fail_msg("%s\n%s", err.text, text);
	return doc;
}

static const char *refusal(const char *text)
{
	struct rlg_json_doc doc;
	struct rlg_err err = {""};

	assert_true(rlg_json_parse(arena, "f.json", text, strlen(text), &doc, &err) < 0);
	return rlg_arena_strdup(arena, err.text);
}

static const char *apply(const struct rlg_json_doc *doc, struct rlg_text_edits *edits)
{
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	assert_int_equal(rlg_text_edits_apply(edits, doc->text, doc->length, &out), 0);
	return out.data;
}

/* ---- reading ---- */

static void each_kind_is_read_with_its_place(void **state)
{
	static const char text[] = "\xef\xbb\xbf{\r\n \"a\" : [1, -2.5e+3, true, null, NaN, \"x\\u00e9\\n\"],\r\n \"b\":{}\r\n}\r\n";
	struct rlg_json_doc doc = parse(text);
	const struct rlg_json_node *list = rlg_json_get(doc.root, "a"), *node = list->first;

	(void)state;
	assert_int_equal(list->count, 6);
	assert_int_equal(list->line, 2);
	assert_string_equal(node->value, "1");
	assert_string_equal(node->next->value, "-2.5e+3");
	assert_true(rlg_json_is(node->next->next, RLG_JSON_BOOL));
	assert_true(rlg_json_is(node->next->next->next, RLG_JSON_NULL));
	node = node->next->next->next->next;
	assert_true(rlg_json_is(node, RLG_JSON_NUMBER));
	assert_string_equal(node->next->value, "x\xc3\xa9\n");
	assert_memory_equal(text + node->next->start, "\"x\\u00e9\\n\"", node->next->end - node->next->start);
	assert_int_equal(text[list->end - 1], ']');
	assert_int_equal(rlg_json_get(doc.root, "b")->line, 3);
	assert_ptr_equal(rlg_json_get(doc.root, "b")->up, doc.root);
	assert_null(rlg_json_get(doc.root, "c"));
	assert_null(rlg_json_get(list, "a"));
	assert_null(rlg_json_get(NULL, "a"));
}

static void escapes_become_utf8(void **state)
{
	struct rlg_json_doc doc = parse("{\"\\u0041\": \"\\ud83d\\ude00 \\ud83d \\udc00x \\u0000 \\\\ \\\" \\/ \\b\\f\\r\\t \\u20ac\"}");

	(void)state;
	assert_string_equal(rlg_json_get_text(doc.root, "A"),
			    "\xf0\x9f\x98\x80 \xef\xbf\xbd \xef\xbf\xbdx \xef\xbf\xbd \\ \" / \b\f\r\t \xe2\x82\xac");
}

static void a_path_leads_through_objects(void **state)
{
	struct rlg_json_doc doc = parse("{\"r\": {\"s\": {\"id\": \"1\"}, \"l\": [1]}}");

	(void)state;
	assert_string_equal(rlg_json_at(doc.root, "r.s.id")->value, "1");
	assert_null(rlg_json_at(doc.root, "r.l.id"));
	assert_null(rlg_json_at(doc.root, "r.s.id.x"));
	assert_null(rlg_json_at(doc.root, "x"));
}

static void what_is_no_json_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "f.json:1: this is not valid JSON: the file is empty"},
		{" \n\n", "f.json:3: this is not valid JSON: the file is empty"},
		{"{\"a\": 1,\n}", "f.json:1: this is not valid JSON: a comma stands before the closing }; take it out"},
		{"[1,\n2,\n]", "f.json:2: this is not valid JSON: a comma stands before the closing ]; take it out"},
		{"{\n// x\n}", "f.json:2: this is not valid JSON: it has no comments; take this one out"},
		{"{\"a\": 1 # x\n}", "f.json:1: this is not valid JSON: it has no comments; take this one out"},
		{"{} /* x */", "f.json:1: this is not valid JSON: it has no comments; take this one out"},
		{"{'a': 1}", "f.json:1: this is not valid JSON: strings stand in double quotes"},
		{"{a: 1}", "f.json:1: this is not valid JSON: `a` stands where a key in double quotes should"},
		{"{\"a\" 1}", "f.json:1: this is not valid JSON: `1` stands where a colon behind the key should"},
		{"{\"a\": 1\n \"b\": 2}", "f.json:2: this is not valid JSON: `\"b` stands where a comma or } should"},
		{"[1 2]", "f.json:1: this is not valid JSON: `2` stands where a comma or ] should"},
		{"{\"a\": 1}\n{}", "f.json:2: this is not valid JSON: `{` stands where the end of the file should"},
		{"{\"a\": }", "f.json:1: this is not valid JSON: `}` stands where a value should"},
		{"{\"a\": True}", "f.json:1: this is not valid JSON: `True` stands where a value should"},
		{"[01]", "f.json:1: this is not valid JSON: `01` stands where a value should"},
		{"[1.]", "f.json:1: this is not valid JSON: `1.` stands where a value should"},
		{"[.5]", "f.json:1: this is not valid JSON: `.5` stands where a value should"},
		{"[+1]", "f.json:1: this is not valid JSON: `+1` stands where a value should"},
		{"[1e]", "f.json:1: this is not valid JSON: `1e` stands where a value should"},
		{"[-]", "f.json:1: this is not valid JSON: `-` stands where a value should"},
		{"{\"a\": 1", "f.json:1: this is not valid JSON: the file ends where a comma or } should stand"},
		{"{\"a\": \"x\n\"}", "f.json:1: this is not valid JSON: this string has no closing quote in its line"},
		{"[\"x", "f.json:1: this is not valid JSON: this string has no closing quote in its line"},
		{"[\"x\\", "f.json:1: this is not valid JSON: there is no such escape in a string; a backslash is \\\\"},
		{"[\"\\x\"]", "f.json:1: this is not valid JSON: there is no such escape in a string; a backslash is \\\\"},
		{"[\"\\u12g4\"]", "f.json:1: this is not valid JSON: there is no such escape in a string; a backslash is \\\\"},
		{"[\"\t\"]",
		 "f.json:1: this is not valid JSON: a control character stands in a string; write it as an escape, like \\t"},
		{"\n[\"\xff\"]", "f.json:2: this is not valid JSON: there are bytes here that are not UTF-8"},
		{"{\"a\": 1,\n \"b\": {\"c\": 1,\n \"\\u0063\": 2}}",
		 "f.json:3: the key \"c\" stands twice in one object (first in line 2); remove one of the two"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(refusal(cases[i].text), cases[i].says);
}

static void depth_and_nul_are_bounded(void **state)
{
	char deep[2 * RLG_JSON_DEPTH_MAX + 8] = "";
	struct rlg_json_doc doc;
	struct rlg_err err = {""};

	(void)state;
	memset(deep, '[', RLG_JSON_DEPTH_MAX);
	memset(deep + RLG_JSON_DEPTH_MAX, ']', RLG_JSON_DEPTH_MAX);
	parse(deep);
	memset(deep, '[', RLG_JSON_DEPTH_MAX + 1);
	assert_string_equal(refusal(deep), "f.json:1: this file is nested too deeply");
	assert_int_equal(rlg_json_parse(arena, "f.json", "[1\0]", 4, &doc, &err), -EINVAL);
	assert_string_equal(err.text, "f.json:1: this is not valid JSON: there is a NUL byte in this file");
	assert_int_equal(rlg_json_parse(arena, "f.json", "", RLG_JSON_TEXT_MAX + 1, &doc, &err), -E2BIG);
}

/* ---- changing ---- */

static const char *set(const char *text, const char *path, const char *value)
{
	struct rlg_json_doc doc = parse(text);
	struct rlg_text_edits edits;

	rlg_text_edits_init(&edits, arena);
	assert_int_equal(rlg_json_set(&doc, &edits, rlg_json_at(doc.root, path), value), 0);
	return apply(&doc, &edits);
}

/* `path` "": the root. */
static const char *add(const char *text, const char *path, const char *key, const char *value)
{
	struct rlg_json_doc doc = parse(text);
	const struct rlg_json_new added = {key, value};
	struct rlg_text_edits edits;

	rlg_text_edits_init(&edits, arena);
	assert_int_equal(rlg_json_update(&doc, &edits, *path == '\0' ? doc.root : rlg_json_at(doc.root, path), &added, 1), 0);
	return apply(&doc, &edits);
}

static void a_set_value_takes_only_its_own_bytes(void **state)
{
	(void)state;
	assert_string_equal(set("{ \"a\" :\t1 ,\r\n\"b\":\"\\u0041\"}\r\n", "a", "\"x\""),
			    "{ \"a\" :\t\"x\" ,\r\n\"b\":\"\\u0041\"}\r\n");
	assert_string_equal(set("{\n\t\"a\": null,\n\t\"b\": 2\n}", "a", "{\"x\":[1,2],\"y\":{}}"),
			    "{\n\t\"a\": {\n\t\t\"x\": [\n\t\t\t1,\n\t\t\t2\n\t\t],\n\t\t\"y\": {}\n\t},\n\t\"b\": 2\n}");
	assert_string_equal(set("{\"a\":1,\"b\":2}", "b", "{ \"x\" : [ 1, 2 ] }"), "{\"a\":1,\"b\":{\"x\":[1,2]}}");
}

static void a_new_member_looks_like_its_siblings(void **state)
{
	(void)state;
	assert_string_equal(add("{\n  \"a\": 1\n}\n", "", "b", "2"), "{\n  \"a\": 1,\n  \"b\": 2\n}\n");
	assert_string_equal(add("{\n    \"a\": 1,\n    \"b\": {}\n}\n", "b", "c", "\"x\""),
			    "{\n    \"a\": 1,\n    \"b\": {\n        \"c\": \"x\"\n    }\n}\n");
	assert_string_equal(add("{\r\n\t\"a\": 1\r\n}", "", "b", "{\"c\":1}"),
			    "{\r\n\t\"a\": 1,\r\n\t\"b\": {\r\n\t\t\"c\": 1\r\n\t}\r\n}");
	assert_string_equal(add("{\"a\":1}", "", "b", "[1,2]"), "{\"a\":1,\"b\":[1,2]}");
	assert_string_equal(add("{\"a\": 1}", "", "b", "[1,2]"), "{\"a\": 1, \"b\": [1, 2]}");
	assert_string_equal(add("{ \"a\": 1 }", "", "b", "2"), "{ \"a\": 1, \"b\": 2 }");
	assert_string_equal(add("{\n  \"s\": {\"a\" : 1,  \"b\" : 2}\n}", "s", "c", "3"),
			    "{\n  \"s\": {\"a\" : 1,  \"b\" : 2,  \"c\" : 3}\n}");
	assert_string_equal(add("{\n  \"a\": 1\n  , \"b\": 2\n}", "", "c", "3"),
			    "{\n  \"a\": 1\n  , \"b\": 2\n  , \"c\": 3\n}");
	assert_string_equal(add("{\n  \"a\": 1,\n\n  \"b\": 2\n}", "", "c", "3"),
			    "{\n  \"a\": 1,\n\n  \"b\": 2,\n  \"c\": 3\n}");
	assert_string_equal(add("{}", "", "a", "1"), "{\n  \"a\": 1\n}");
	assert_string_equal(add("{\n}\n", "", "a", "1"), "{\n  \"a\": 1\n}\n");
	assert_string_equal(add("{\"s\":{}}", "s", "a\"\n", "1"), "{\"s\":{\"a\\\"\\n\":1}}");
	assert_string_equal(add("{\n\"a\": 1,\n\"s\": [ ]\n}", "s", NULL, "{\"b\": 1}"),
			    "{\n\"a\": 1,\n\"s\": [\n  {\n    \"b\": 1\n  }\n]\n}");
}

/* The numbers marked in the mask go from the array; `news` more come. */
static const char *update(const char *text, unsigned mask, size_t news)
{
	static const struct rlg_json_new added[] = {{NULL, "\"new\""}, {NULL, "{\"n\":2}"}};
	struct rlg_json_doc doc = parse(text);
	struct rlg_text_edits edits;
	unsigned bit = 1;

	rlg_text_edits_init(&edits, arena);
	for (struct rlg_json_node *node = doc.root->first; node != NULL; node = node->next, bit <<= 1)
		node->removed = (mask & bit) != 0;
	assert_int_equal(rlg_json_update(&doc, &edits, doc.root, added, news), 0);
	return apply(&doc, &edits);
}

static void elements_go_and_come(void **state)
{
	static const char lines[] = "[\n  1,\n  2,\n  3\n]\n";

	(void)state;
	assert_string_equal(update(lines, 0, 0), lines);
	assert_string_equal(update(lines, 1, 0), "[\n  2,\n  3\n]\n");
	assert_string_equal(update(lines, 2, 0), "[\n  1,\n  3\n]\n");
	assert_string_equal(update(lines, 4, 0), "[\n  1,\n  2\n]\n");
	assert_string_equal(update(lines, 3, 0), "[\n  3\n]\n");
	assert_string_equal(update(lines, 6, 0), "[\n  1\n]\n");
	assert_string_equal(update(lines, 5, 0), "[\n  2\n]\n");
	assert_string_equal(update(lines, 7, 0), "[]\n");
	assert_string_equal(update(lines, 4, 1), "[\n  1,\n  2,\n  \"new\"\n]\n");
	assert_string_equal(update(lines, 7, 1), "[\n  \"new\"\n]\n");
	assert_string_equal(update(lines, 0, 2), "[\n  1,\n  2,\n  3,\n  \"new\",\n  {\n    \"n\": 2\n  }\n]\n");
	assert_string_equal(update("[]", 0, 2), "[\n  \"new\",\n  {\n    \"n\": 2\n  }\n]");
	assert_string_equal(update("[1, 2]", 1, 2), "[2, \"new\", {\"n\": 2}]");
	assert_string_equal(update("[{\"a\":1},{\"a\":2}]", 2, 2), "[{\"a\":1},\"new\",{\"n\":2}]");
	/* The last one's own line stays apart from a sibling's. */
	assert_string_equal(update("[\r\n\t{\"a\": 1}\r\n]", 0, 2), "[\r\n\t{\"a\": 1},\r\n\t\"new\",\r\n\t{\r\n\t\t\"n\": 2\r\n\t}\r\n]");
}

static void what_is_no_value_changes_nothing(void **state)
{
	struct rlg_json_doc doc = parse("{\"a\": 1}");
	static const struct rlg_json_new added = {"b", "oops"};
	struct rlg_text_edits edits;

	(void)state;
	rlg_text_edits_init(&edits, arena);
	assert_int_equal(rlg_json_set(&doc, &edits, doc.root->first->next, "1 2"), -EINVAL);
	assert_int_equal(rlg_json_update(&doc, &edits, doc.root, &added, 1), -EINVAL);
	assert_int_equal(rlg_json_update(&doc, &edits, doc.root->first->next, &added, 1), -EINVAL);
	assert_int_equal(edits.count, 0);
}

/* ---- at random ---- */

static unsigned long seed;

static unsigned pick(unsigned below)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (unsigned)(seed >> 33) % below;
}

static unsigned rounds(void)
{
	const char *words = getenv("RLG_TEST_SHUFFLES");

	return words != NULL ? (unsigned)atoi(words) : 2000;
}

static void begin_random(void)
{
	const char *words = getenv("RLG_TEST_SEED");

	seed = words != NULL ? strtoul(words, NULL, 10) : (unsigned long)time(NULL);
	printf("# RLG_TEST_SEED=%lu\n", seed);
}

static void add_blanks(struct rlg_bytes *out)
{
	static const char *const blanks[] = {"", "", " ", "\n", "\r\n  ", "\n\t", "\n\n"};

	rlg_bytes_add(out, blanks[pick(COUNT(blanks))]);
}

static void add_random(struct rlg_bytes *out, unsigned depth)
{
	static const char *const scalars[] = {"1",    "-0.5e-7",  "true",	  "null",	 "\"\"", "\"\\u00e9\\n\"",
					      "NaN", "\"{\\\"\"", "\"\xc3\xa9,]\"", "\"\\ud83d\"", "0",  "\"a//b\""};
	unsigned kind = depth > 4 ? 0 : pick(4), count = pick(4);

	if (kind < 2) {
		rlg_bytes_add(out, scalars[pick(COUNT(scalars))]);
		return;
	}
	rlg_bytes_add(out, kind == 2 ? "{" : "[");
	add_blanks(out);
	for (unsigned i = 0; i < count; i++) {
		rlg_bytes_add(out, i > 0 ? "," : "");
		add_blanks(out);
		if (kind == 2) {
			rlg_bytes_addf(out, "\"k%u\"", i);
			add_blanks(out);
			rlg_bytes_add(out, ":");
			add_blanks(out);
		}
		add_random(out, depth + 1);
		add_blanks(out);
	}
	rlg_bytes_add(out, kind == 2 ? "}" : "]");
}

/* Any node that is no key. */
static struct rlg_json_node *random_node(struct rlg_json_node *root)
{
	struct rlg_json_node *node = root;

	while (node->count > 0 && pick(4) > 0) {
		bool object = node->kind == RLG_JSON_OBJECT;
		unsigned nth = pick(node->count);

		node = object ? node->first->next : node->first;
		for (; nth > 0; nth--)
			node = object ? node->next->next : node->next;
	}
	return node;
}

/* As the document should read afterwards, made without the editor: the tree printed without blanks. */
static void print_tree(struct rlg_bytes *out, const struct rlg_json_doc *doc, const struct rlg_json_node *node,
		       const struct rlg_json_node *changed, const char *value, const char *added)
{
	bool object = node->kind == RLG_JSON_OBJECT, first = true;

	if (node == changed && value != NULL) {
		rlg_bytes_add(out, value);
		return;
	}
	if (node->value != NULL) {
		rlg_bytes_add_n(out, doc->text + node->start, node->end - node->start);
		return;
	}
	rlg_bytes_add(out, object ? "{" : "[");
	for (const struct rlg_json_node *child = node->first; child != NULL;
	     child = object ? child->next->next : child->next) {
		if (child->removed)
			continue;
		rlg_bytes_add(out, first ? "" : ",");
		first = false;
		if (object) {
			rlg_bytes_add_n(out, doc->text + child->start, child->end - child->start);
			rlg_bytes_add(out, ":");
		}
		print_tree(out, doc, object ? child->next : child, changed, value, added);
	}
	if (node == changed)
		rlg_bytes_addf(out, "%s%s%s", first ? "" : ",", object ? "\"new\":" : "", added);
	rlg_bytes_add(out, object ? "}" : "]");
}

static void check_random_change(void)
{
	static const char *const values[] = {"7", "\"x\"", "{\"p\":[1,{\"q\":null}]}", "[]", "{}"};
	const char *value = values[pick(COUNT(values))];
	const struct rlg_json_new added = {"new", value};
	struct rlg_bytes text, expected;
	struct rlg_text_edits edits;

	rlg_bytes_init(&text, arena);
	rlg_bytes_init(&expected, arena);
	add_blanks(&text);
	add_random(&text, 0);
	add_blanks(&text);
	struct rlg_json_doc doc = parse(text.data);
	struct rlg_json_node *node = random_node(doc.root);
	bool update = node->value == NULL && pick(2) == 0;

	rlg_text_edits_init(&edits, arena);
	for (struct rlg_json_node *child = update ? node->first : NULL; child != NULL;
	     child = node->kind == RLG_JSON_OBJECT ? child->next->next : child->next)
		child->removed = pick(2) == 0;
	if (update)
		assert_int_equal(rlg_json_update(&doc, &edits, node, &added, 1), 0);
	else
		assert_int_equal(rlg_json_set(&doc, &edits, node, value), 0);
	const char *after = apply(&doc, &edits);
	print_tree(&expected, &doc, doc.root, node, update ? NULL : value, value);
	struct rlg_json_doc got = parse(after), wanted = parse(expected.data);
	if (!rlg_json_same(got.root, wanted.root))
		fail_msg("before:\n%s\nafter:\n%s\nwanted:\n%s", text.data, after, expected.data);
}

static void random_changes_change_just_that(void **state)
{
	(void)state;
	begin_random();
	for (unsigned i = 0; i < rounds(); i++) {
		check_random_change();
		rlg_arena_free(arena);
		arena = rlg_arena_new();
	}
}

/* cJSON is laxer in numbers and control characters, and knows neither NaN nor half a surrogate pair; the rest it takes. */
static void damaged_text_is_refused_or_good_for_others_too(void **state)
{
	(void)state;
	begin_random();
	for (unsigned i = 0; i < rounds(); i++) {
		struct rlg_json_doc doc;
		struct rlg_err err = {""};
		struct rlg_bytes text;

		rlg_bytes_init(&text, arena);
		add_random(&text, 0);
		for (unsigned bytes = pick(3); bytes > 0; bytes--)
			text.data[pick((unsigned)text.length)] = "{}[],:\"\\/#x0 \n\xff"[pick(15)];
		int result = rlg_json_parse(arena, "f.json", text.data, text.length, &doc, &err);
		cJSON *json = cJSON_ParseWithOpts(text.data, NULL, true);
		if (result == 0 && json == NULL && strstr(text.data, "NaN") == NULL && strstr(text.data, "\\ud") == NULL)
			fail_msg("taken, though it is no JSON:\n%s", text.data);
		if (result < 0 && strncmp(err.text, "f.json:", 7) != 0)
			fail_msg("refused with no line: %s\n%s", err.text, text.data);
		cJSON_Delete(json);
		rlg_arena_free(arena);
		arena = rlg_arena_new();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_kind_is_read_with_its_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(escapes_become_utf8, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_path_leads_through_objects, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_json_is_refused_with_its_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(depth_and_nul_are_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_set_value_takes_only_its_own_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_new_member_looks_like_its_siblings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(elements_go_and_come, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_value_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(random_changes_change_just_that, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged_text_is_refused_or_good_for_others_too, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("json_doc", tests, NULL, NULL);
}
