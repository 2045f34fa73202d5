/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headings and pipe tables, as tolerant as the people who write them need. */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/arena_state.h"
#include "tool/base/bytes.h"
#include "tool/base/md_table.h"

#include <string.h>

/* Everything in one text: headings as `LINE H2 title`, rows as `LINE cell|cell`. */
static const char *read_all(struct rlg_arena *arena, const char *text)
{
	struct rlg_md_doc doc;
	struct rlg_bytes out;

	rlg_md_parse(arena, text, &doc);
	rlg_bytes_init(&out, arena);
	for (size_t i = 0; i < doc.n_items; i++) {
		const struct rlg_md_item *item = &doc.items[i];

		if (item->table == NULL)
			rlg_bytes_addf(&out, "%zu H%u %s\n", item->line, item->level, item->title);
		for (size_t row = 0; item->table != NULL && row <= item->table->n_rows; row++) {
			const struct rlg_md_row *cells = row == 0 ? &item->table->header : &item->table->rows[row - 1];

			rlg_bytes_addf(&out, "%zu ", cells->line);
			for (size_t cell = 0; cell < cells->n_cells; cell++)
				rlg_bytes_addf(&out, "%s%s", cell > 0 ? "|" : "", cells->cells[cell]);
			rlg_bytes_add(&out, "\n");
		}
	}
	return out.data;
}

static void assert_plain(struct rlg_arena *arena, const char *words, const char *plain)
{
	assert_string_equal(rlg_md_plain(arena, words, strlen(words)), plain);
}

static void marks_are_taken_off_cells(void **state)
{
	assert_plain(*state, "  **`1B_rank4`** ", "1B_rank4");
	assert_plain(*state, "_1B_rank4_", "1B_rank4");
	assert_plain(*state, "1B_rank4", "1B_rank4");
	assert_plain(*state, "***a***", "a");
	assert_plain(*state, "~~gone~~", "gone");
	assert_plain(*state, "[name](path/to (x)", "name");
	assert_plain(*state, "[**name**][ref] more", "name more");
	assert_plain(*state, "a[^12]", "a");
	assert_plain(*state, "[x] a", "[x] a");
	assert_plain(*state, "a <!-- b --> c", "a  c");
	assert_plain(*state, "a \\| b\\_c \\x", "a | b_c \\x");
	assert_plain(*state, "`a\\_b \\| **c**`", "a\\_b | **c**");
	assert_plain(*state, "\xc2\xa0x\xc2\xa0", "x");
	assert_plain(*state, "", "");
	assert_plain(*state, "**", "");
	assert_plain(*state, "[", "[");
	assert_plain(*state, "<!-- open", "");
}

static void tables_with_and_without_outer_pipes(void **state)
{
	assert_string_equal(read_all(*state, "| a | b |\n|---|:-:|\n| 1 | 2 |\n"), "1 a|b\n3 1|2\n");
	assert_string_equal(read_all(*state, "a|b\n-|-\n1|2\n|3|4\n5|6|\n\n7|8\n"), "1 a|b\n3 1|2\n4 3|4\n5 5|6\n");
	assert_string_equal(read_all(*state, "# | b\n--|--\n1 | 2"), "1 #|b\n3 1|2\n");
	assert_string_equal(read_all(*state, "|a|\n|b|\n"), "1 a\n2 b\n");
	assert_string_equal(read_all(*state, "| a | |\n|-|-|\n|| 2 |\n"), "1 a|\n3 |2\n");
}

static void escaped_pipes_part_no_cells(void **state)
{
	assert_string_equal(read_all(*state, "|a|b|\n|-|-|\n|x\\|y|`p\\|q`|\n"), "1 a|b\n3 x|y|p|q\n");
	assert_string_equal(read_all(*state, "|a|b|\n|-|-|\n|x|y\\"), "1 a|b\n3 x|y\\\n");
}

static void fences_and_comments_hide_tables(void **state)
{
	assert_string_equal(read_all(*state, "```\n|a|\n|-|\n# x\n```\n# y\n"), "6 H1 y\n");
	assert_string_equal(read_all(*state, "~~~~\n# x\n~~~\n# x\n~~~~~\n# y\n"), "6 H1 y\n");
	assert_string_equal(read_all(*state, "``` not ``` a fence\n# y\n"), "2 H1 y\n");
	assert_string_equal(read_all(*state, "```\n``` no end\n# x\n```\n# y\n"), "5 H1 y\n");
	assert_string_equal(read_all(*state, "```c\n# never closed\n"), "");
	assert_string_equal(read_all(*state, "<!-- # a\n|a|\n|-|\n--># b\n# c<!-- d -->\n"), "4 H1 b\n5 H1 c\n");
	assert_string_equal(read_all(*state, "<!-- ```\n-->\n# a\n```\n<!--\n```\n# b\n"), "3 H1 a\n7 H1 b\n");
}

static void headings_of_both_kinds(void **state)
{
	assert_string_equal(read_all(*state, "# a #\n##  b ##\n####### c\n#d\nTitle\n===\nSub\n---\n\n---\n#\n"),
			    "1 H1 a\n2 H2 b\n5 H1 Title\n7 H2 Sub\n11 H1 \n");
}

static void line_ends_of_every_kind(void **state)
{
	assert_string_equal(read_all(*state, "\xef\xbb\xbf# a\r\n|x|\r\n|-|\r\n|\t1\t|\r\n\r\n# b\r# c"),
			    "1 H1 a\n2 x\n4 1\n6 H1 b\n7 H1 c\n");
}

static void columns_are_found_by_any_of_their_names(void **state)
{
	static const char *const names[] = {"run name", "name", NULL};
	struct rlg_md_doc doc;

	rlg_md_parse(*state, "|Name|#|**RUN_name**|\n|-|-|-|\n|x|1|y|\n|z|\n", &doc);
	const struct rlg_md_table *table = doc.items[0].table;
	size_t column = rlg_md_column(table, names);
	assert_int_equal(column, 2);
	assert_string_equal(rlg_md_cell(&table->rows[0], column), "y");
	assert_string_equal(rlg_md_cell(&table->rows[1], column), "");
	assert_string_equal(rlg_md_cell(&table->rows[1], RLG_MD_NO_COLUMN), "");
	assert_int_equal(rlg_md_column(table, names + 2), RLG_MD_NO_COLUMN);
}

static void a_section_ends_with_its_level(void **state)
{
	struct rlg_md_doc doc;

	rlg_md_parse(*state, "# a\n## b\n### c\n|x|\n|-|\n## d\n# e\n", &doc);
	assert_int_equal(doc.n_items, 6);
	assert_int_equal(rlg_md_section_end(&doc, 0), 5);
	assert_int_equal(rlg_md_section_end(&doc, 1), 4);
	assert_int_equal(rlg_md_section_end(&doc, 5), 6);
}

static void spans_find_the_cells_in_the_text(void **state)
{
	const char *text = "\xef\xbb\xbfprose\r\n\r\n  | run | `b` |\r\n  |---|---|\r\n  | x \\| y |  | long |\r\n\r\nend";
	const char *const cells[] = {" x \\| y ", "  ", " long "};
	struct rlg_md_doc doc;

	rlg_md_parse(*state, text, &doc);
	assert_int_equal(doc.n_items, 1);
	const struct rlg_md_table *table = doc.items[0].table;
	const struct rlg_md_row *row = &table->rows[0];
	assert_int_equal(row->n_cells, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(row->spans[i].length, strlen(cells[i]));
		assert_memory_equal(text + row->spans[i].offset, cells[i], strlen(cells[i]));
	}
	assert_memory_equal(text + table->header.whole.offset, "  | run |", 9);
	assert_memory_equal(text + table->end, "\r\n\r\nend", 8);
}

/* Brackets that never close are looked for once each: in a cell without a limit that is a minute's work. */
static void a_hostile_cell_takes_no_time(void **state)
{
	size_t length = 8 << 20;
	char *text = rlg_arena_alloc(*state, length + 1);

	memset(text, '[', length);
	assert_true(strlen(rlg_md_plain(*state, text, length)) < 100000);
	memset(text, '*', length);
	rlg_md_plain(*state, text, length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(marks_are_taken_off_cells, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(tables_with_and_without_outer_pipes, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(escaped_pipes_part_no_cells, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(fences_and_comments_hide_tables, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(headings_of_both_kinds, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(line_ends_of_every_kind, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(columns_are_found_by_any_of_their_names, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_section_ends_with_its_level, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(spans_find_the_cells_in_the_text, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_hostile_cell_takes_no_time, arena_set_up, arena_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
