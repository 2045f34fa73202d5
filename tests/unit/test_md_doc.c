/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tool/base/md_doc.c and of tool/tracker/kept.c: what a file that people edit is made of, and what is remembered of it. */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/arena_state.h"
#include "tool/tracker/kept.h"
#include "tool/base/md_doc.h"

#include <string.h>

static struct rlg_md_lines read_lines(struct rlg_arena *arena, const char *text)
{
	struct rlg_md_lines lines;

	assert_int_equal(rlg_md_lines_read(arena, "x.md", text, &lines, NULL), 0);
	return lines;
}

static void every_byte_is_in_one_line(void **state)
{
	static const char *const texts[] = {"", "\n", "a", "a\nb\n", "a\r\n\r\nb", "\xef\xbb\xbf# a\n", "\xff\xfe\n\n\n"};

	for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
		struct rlg_md_lines lines = read_lines(*state, texts[t]);
		size_t at = strncmp(texts[t], "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
		for (size_t i = 0; i < lines.n; i++) {
			assert_int_equal(lines.list[i].offset, at);
			at = lines.list[i].next;
		}
		assert_int_equal(at, lines.length);
	}
	assert_string_equal(read_lines(*state, "a\r\nb\n").eol, "\r\n");
	assert_string_equal(read_lines(*state, "a\nb\r\n").eol, "\n");
}

/* The titles of all parts with their lines, "title 1-3". */
static const char *parts(struct rlg_arena *arena, const char *text)
{
	struct rlg_md_lines lines = read_lines(arena, text);
	struct rlg_md_part part;
	struct rlg_bytes bytes;

	rlg_bytes_init(&bytes, arena);
	for (size_t from = 0; rlg_md_part_next(&lines, from, &part); from = part.first)
		rlg_bytes_addf(&bytes, "%s %zu-%zu;", part.title, part.first, part.end);
	return bytes.data;
}

static void parts_end_at_a_heading_of_their_level(void **state)
{
	assert_string_equal(parts(*state, "a\n# T\nx\n## A\ny\n### B\n## C ##\n"), "T 2-7;A 4-6;B 6-6;C 7-7;");
	assert_string_equal(parts(*state, "# **T `x`**\n#no\n    # code\n####### seven\n#\n"), "T x 1-4; 5-5;");
}

static void code_and_comments_have_no_headings(void **state)
{
	assert_string_equal(parts(*state, "# T\n```\n# a\n~~~\n```\n# B\n"), "T 1-5;B 6-6;");
	assert_string_equal(parts(*state, "~~~~\n# a\n~~~\n# b\n~~~~~\n# C\n"), "C 6-6;");
	assert_string_equal(parts(*state, "``` x ``` y\n# A\n"), "A 2-2;");
	assert_string_equal(parts(*state, "<!--\n# a\n-->\n# B <!-- c -->\n# D\n"), "B 4-4;D 5-5;");
	assert_string_equal(parts(*state, "see <!-- this\n# A\n"), "A 2-2;");
}

static void what_nobody_can_tell_apart_is_an_error(void **state)
{
	static const struct {
		const char *text, *sentence;
	} cases[] = {
		{"a\n```\nb\n", "x.md:2: the code block that begins here is not closed"},
		{"a\n\n<!-- b\n", "x.md:3: the comment that begins here is not closed"},
		{"a\n<<<<<<< HEAD\nb\n", "x.md:2: here are the marks of a merge"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rlg_md_lines lines;
		struct rlg_err err = {""};
		assert_true(rlg_md_lines_read(*state, "x.md", cases[i].text, &lines, &err) < 0);
		assert_non_null(strstr(err.text, cases[i].sentence));
	}
}

static void keys_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *line, *name, *value; /* a name of NULL: it is no key */
	} cases[] = {
		{"- runtime: `x`", "runtime", "`x`"},
		{"  *\tStart_Human :\t a b \t", "start human", "a b"},
		{"- **execution_id**: 12", "execution id", "12"},
		{"- **execution-id:** 12", "execution id", "12"},
		{"- `node`: n1", "node", "n1"},
		{"1. end: 5", "end", "5"},
		{"job_id: 7", "job id", "7"},
		{"- end:", "end", ""},
		{"- end: ", "end", ""},
		{"- link: https://x.y/z", "link", "https://x.y/z"},
		{"- https://x.y/z", NULL, NULL},
		{"- 2026-03-11 15:00 up", NULL, NULL},
		{"- : x", NULL, NULL},
		{"# a: b", NULL, NULL},
		{"This is a whole sentence, and a long one at that: so", NULL, NULL},
		{"", NULL, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rlg_md_lines lines = read_lines(*state, rlg_arena_printf(*state, "x\n%s\n", cases[i].line));
		struct rlg_md_key key;
		bool is_key = rlg_md_key_read(&lines, 1, &key);
		assert_int_equal(is_key, cases[i].name != NULL);
		if (!is_key)
			continue;
		assert_string_equal(key.name, cases[i].name);
		assert_string_equal(rlg_arena_strndup(*state, lines.text + key.offset, key.length), cases[i].value);
		assert_int_equal(key.needs_blank, strcmp(cases[i].line, "- end:") == 0);
	}
}

static void a_memory_comes_back_as_it_was(void **state)
{
	struct rlg_kept *kept = rlg_kept_read(*state, NULL);
	struct rlg_bytes text, again;

	rlg_kept_set(kept, "a\tb\\", "1\n2\\n\t\r");
	rlg_kept_set(kept, "", "");
	rlg_kept_set(kept, "c", "old");
	rlg_kept_set(kept, "c", "new");
	rlg_bytes_init(&text, *state);
	rlg_bytes_init(&again, *state);
	rlg_kept_write(kept, &text);
	kept = rlg_kept_read(*state, text.data);
	assert_string_equal(rlg_kept_get(kept, "a\tb\\"), "1\n2\\n\t\r");
	assert_string_equal(rlg_kept_get(kept, ""), "");
	assert_string_equal(rlg_kept_get(kept, "c"), "new");
	assert_null(rlg_kept_get(kept, "d"));
	rlg_kept_write(kept, &again);
	assert_string_equal(again.data, text.data);
	assert_null(rlg_kept_get(rlg_kept_read(*state, "a\tb\n"), "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_byte_is_in_one_line, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(parts_end_at_a_heading_of_their_level, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(code_and_comments_have_no_headings, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(what_nobody_can_tell_apart_is_an_error, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(keys_are_read_as_people_write_them, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_memory_comes_back_as_it_was, arena_set_up, arena_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
