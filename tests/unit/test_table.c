/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns that fit the screen, harmless text, and what a terminal is taken for. */
#include "tests/unit/cmocka_any.h"
#include "tool/base/printable.h"
#include "tool/base/table.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct rlg_terminal pipe_utf8 = {0};

static const struct rlg_column columns[] = {
	{.title = "Run", .flexible = true, .least = 6},
	{.title = "Job", .right = true},
	{.title = "Notes", .flexible = true, .least = 6},
};

/* The table of one or two rows on that screen, as text to be freed. */
static char *printed(const struct rlg_terminal *terminal, const struct rlg_column *heads, const char *const cells[],
		     size_t n_cells)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_table table;
	size_t length;
	char *text;
	FILE *stream = open_memstream(&text, &length);

	rlg_table_init(&table, arena, terminal, heads, 3);
	for (size_t i = 0; i < n_cells; i++)
		rlg_table_add(&table, RLG_COLOUR_PLAIN, cells[i]);
	rlg_table_print(&table, stream);
	fclose(stream);
	return text;
}

static void assert_printed(const struct rlg_terminal *terminal, const char *const cells[], size_t n_cells,
			   const char *expected)
{
	char *text = printed(terminal, columns, cells, n_cells);

	assert_string_equal(text, expected);
	free(text);
}

static void columns_are_as_wide_as_their_text(void **state)
{
	static const char *const cells[] = {"1B_rank4", "7", "All done!", "x", "123456", NULL};

	assert_printed(&pipe_utf8, cells, 6,
		       "Run          Job  Notes\n"
		       "1B_rank4       7  All done!\n"
		       "x         123456\n");
}

static void wide_characters_take_two_cells(void **state)
{
	static const char *const cells[] = {"実験", "1", "a", "e\xcc\x81", "2", "b"};

	assert_printed(&pipe_utf8, cells, 6,
		       "Run   Job  Notes\n"
		       "実験    1  a\n"
		       "e\xcc\x81       2  b\n");
}

static void a_screen_cuts_the_widest_flexible_column(void **state)
{
	static const char *const cells[] = {"1B_rank4", "1234567", "Finetune: OUT_OF_MEMORY"};
	const struct rlg_terminal screen = {.width = 32};

	assert_printed(&screen, cells, 3,
		       "Run           Job  Notes\n"
		       "1B_rank4  1234567  Finetune: OU…\n");
}

static void without_utf8_the_ellipsis_is_three_dots(void **state)
{
	static const char *const cells[] = {"実", "1234567", "Finetune: OUT_OF_MEMORY"};
	const struct rlg_terminal screen = {.width = 32, .ascii_marks = true, .ascii_text = true};

	assert_printed(&screen, cells, 3,
		       "Run      Job  Notes\n"
		       "?    1234567  Finetune: OUT_O...\n");
}

static void a_wide_character_is_not_cut_in_half(void **state)
{
	static const char *const cells[] = {"実験実験実験", "1", "b"};
	const struct rlg_terminal screen = {.width = 20};

	/* Eight cells are left for the name: three characters and the ellipsis are seven, a fourth would be nine. */
	assert_printed(&screen, cells, 3,
		       "Run       Job  Notes\n"
		       "実験実…     1  b\n");
}

static void a_pipe_cuts_nothing(void **state)
{
	char long_note[400];
	const char *const cells[] = {"r", "1", long_note};
	char *text;

	memset(long_note, 'n', sizeof(long_note) - 1);
	long_note[sizeof(long_note) - 1] = '\0';
	text = printed(&pipe_utf8, columns, cells, 3);
	assert_non_null(strstr(text, long_note));
	free(text);
}

static void a_table_knows_when_it_does_not_fit(void **state)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_terminal screen = {.width = 22};
	struct rlg_table table;

	rlg_table_init(&table, arena, &screen, columns, 3);
	rlg_table_add(&table, RLG_COLOUR_PLAIN, "1B_rank4");
	rlg_table_add(&table, RLG_COLOUR_PLAIN, "1234567");
	rlg_table_add(&table, RLG_COLOUR_PLAIN, "All done!");
	assert_false(rlg_table_fits(&table)); /* 6 + 2 + 7 + 2 + 6 is 23 */
	screen.width = 23;
	assert_true(rlg_table_fits(&table));
}

static void a_wrapping_column_goes_on_below_itself(void **state)
{
	static const struct rlg_column wrapping[] = {
		{.title = ""},
		{.title = ""},
		{.title = "", .flexible = true, .wraps = true, .least = 10},
	};
	static const char *const cells[] = {"12:00", "start", "started on n1, log /a/very/long/path"};
	const struct rlg_terminal screen = {.width = 28};
	char *text = printed(&screen, wrapping, cells, 3);

	assert_string_equal(text, "12:00  start  started on n1,\n"
				  "              log\n"
				  "              /a/very/long/p\n"
				  "              ath\n");
	free(text);
}

static void a_paragraph_wraps_at_words(void **state)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const struct rlg_terminal screen = {.width = 20};
	size_t length;
	char *text;
	FILE *stream = open_memstream(&text, &length);

	rlg_paragraph_print(arena, &screen, 2, "- one two three four five six", stream);
	fclose(stream);
	assert_string_equal(text, "- one two three four\n  five six\n");
	free(text);
}

static void colour_is_around_the_text_alone(void **state)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	static const struct rlg_column plain[] = {{.title = ""}, {.title = ""}};
	const struct rlg_terminal screen = {.width = 80, .colour = true};
	struct rlg_table table;
	size_t length;
	char *text;
	FILE *stream = open_memstream(&text, &length);

	rlg_table_init(&table, arena, &screen, plain, 2);
	rlg_table_add(&table, RLG_COLOUR_RED, "x");
	rlg_table_add(&table, RLG_COLOUR_PLAIN, "y");
	rlg_table_print(&table, stream);
	fclose(stream);
	assert_string_equal(text, "\x1b[31mx\x1b[0m  y\n");
	free(text);
}

static const struct {
	const char *text, *shown;
} harmful[] = {
	{"\x1b]0;pwned\a", "\\x1b]0;pwned\\a"},
	{"two\nlines\r\tand", "two\\nlines\\r\\tand"},
	{"\xc2\x9b" "31m", "\\u009b31m"}, /* CSI as one C1 control */
	{"a\xe2\x80\xae" "b", "a\\u202eb"}, /* right-to-left override */
	{"\xff\xc3", "\\xff\\xc3"},
	{"\x7f", "\\x7f"},
	{"plain, 実験 é", "plain, 実験 é"},
};

static void harmful_text_is_shown_as_it_would_be_written_in_c(void **state)
{
	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
		size_t length;
		char *text;
		FILE *stream = open_memstream(&text, &length);

		rlg_printable_put(stream, harmful[i].text);
		fclose(stream);
		assert_string_equal(text, harmful[i].shown);
		free(text);
	}
}

static void cells_are_made_harmless_and_measured_so(void **state)
{
	static const char *const cells[] = {"a\x1b[2Jb", "1", "n\n"};

	assert_printed(&pipe_utf8, cells, 3,
		       "Run        Job  Notes\n"
		       "a\\x1b[2Jb    1  n\\n\n");
}

/* A screen by default; a row says what is different. */
#define SCREEN .is_terminal = true, .term = "xterm", .codeset = "UTF-8"
#define PIPE .is_terminal = false, .term = "xterm", .codeset = "UTF-8"

static const struct {
	const char *claim;
	struct rlg_terminal_facts facts;
	struct rlg_terminal expected;
} places[] = {
	{"a screen", {SCREEN, .window_width = 120}, {120, true, false, false}},
	{"a screen that says no width", {SCREEN}, {80, true, false, false}},
	{"COLUMNS wins", {SCREEN, .window_width = 120, .columns = "100"}, {100, true, false, false}},
	{"a silly COLUMNS", {SCREEN, .columns = "-3"}, {80, true, false, false}},
	{"a pipe", {PIPE, .columns = "100", .window_width = 120}, {0, false, false, false}},
	{"a pipe without UTF-8", {.term = "xterm", .codeset = "ANSI_X3.4-1968"}, {0, false, true, false}},
	{"--no-color", {SCREEN, .no_color_option = true}, {80, false, false, false}},
	{"NO_COLOR", {SCREEN, .no_color = "1"}, {80, false, false, false}},
	{"an empty NO_COLOR", {SCREEN, .no_color = ""}, {80, true, false, false}},
	{"TERM=dumb", {.is_terminal = true, .term = "dumb", .codeset = "UTF-8"}, {80, false, false, false}},
	{"no TERM, no UTF-8", {.is_terminal = true, .codeset = "ANSI_X3.4-1968"}, {80, false, true, true}},
};

static void a_place_is_taken_for_what_it_is(void **state)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct rlg_terminal *expected = &places[i].expected;
		struct rlg_terminal got;

		rlg_terminal_decide(&got, &places[i].facts);
		if (got.width != expected->width || got.colour != expected->colour ||
		    got.ascii_marks != expected->ascii_marks || got.ascii_text != expected->ascii_text)
			fail_msg("%s: width %zu, colour %d, ASCII marks %d, ASCII text %d", places[i].claim, got.width,
				 got.colour, got.ascii_marks, got.ascii_text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_text),
		cmocka_unit_test(wide_characters_take_two_cells),
		cmocka_unit_test(a_screen_cuts_the_widest_flexible_column),
		cmocka_unit_test(without_utf8_the_ellipsis_is_three_dots),
		cmocka_unit_test(a_wide_character_is_not_cut_in_half),
		cmocka_unit_test(a_pipe_cuts_nothing),
		cmocka_unit_test(a_table_knows_when_it_does_not_fit),
		cmocka_unit_test(a_wrapping_column_goes_on_below_itself),
		cmocka_unit_test(a_paragraph_wraps_at_words),
		cmocka_unit_test(colour_is_around_the_text_alone),
		cmocka_unit_test(harmful_text_is_shown_as_it_would_be_written_in_c),
		cmocka_unit_test(cells_are_made_harmless_and_measured_so),
		cmocka_unit_test(a_place_is_taken_for_what_it_is),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL && setlocale(LC_CTYPE, "en_US.UTF-8") == NULL) {
		puts("1..0 # SKIP no UTF-8 locale here");
		return 0;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
