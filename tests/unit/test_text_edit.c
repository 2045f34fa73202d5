/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of changes to a text, and the arena and the growing text below it. */
#include "tests/unit/cmocka_any.h"
#include "tool/base/arena.h"
#include "tool/base/bytes.h"
#include "tool/base/text_edit.h"

#include <errno.h>
#include <string.h>

struct fixture {
	struct rlg_arena *arena;
	struct rlg_text_edits edits;
	struct rlg_bytes out;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture.arena = rlg_arena_new();
	rlg_text_edits_init(&fixture.edits, fixture.arena);
	rlg_bytes_init(&fixture.out, fixture.arena);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	rlg_arena_free(((struct fixture *)*state)->arena);
	return 0;
}

static void no_edits_leave_the_text(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rlg_text_edits_apply(&f->edits, "abc", 3, &f->out), 0);
	assert_string_equal(f->out.data, "abc");
}

static void edits_may_come_in_any_order(void **state)
{
	struct fixture *f = *state;

	rlg_text_edits_add(&f->edits, 4, 3, "two");
	rlg_text_edits_add(&f->edits, 0, 3, "one");
	rlg_text_edits_add(&f->edits, 7, 0, "!");
	assert_int_equal(rlg_text_edits_apply(&f->edits, "eno owt", 7, &f->out), 0);
	assert_string_equal(f->out.data, "one two!");
}

static void insertions_at_one_place_keep_their_order(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 40; i++)
		rlg_text_edits_add(&f->edits, 1, 0, i % 2 ? "b" : "a");
	rlg_text_edits_add(&f->edits, 1, 1, "Y");
	assert_int_equal(rlg_text_edits_apply(&f->edits, "xyz", 3, &f->out), 0);
	assert_int_equal(f->out.length, 43);
	assert_memory_equal(f->out.data, "xababab", 7);
	assert_string_equal(f->out.data + 37, "ababYz");
}

static void overlapping_edits_are_refused(void **state)
{
	struct fixture *f = *state;

	rlg_text_edits_add(&f->edits, 0, 3, "x");
	rlg_text_edits_add(&f->edits, 2, 2, "y");
	assert_int_equal(rlg_text_edits_apply(&f->edits, "abcdef", 6, &f->out), -EINVAL);
	assert_int_equal(f->out.length, 0);
}

static void an_edit_past_the_end_is_refused(void **state)
{
	struct fixture *f = *state;

	rlg_text_edits_add(&f->edits, 2, SIZE_MAX, "x");
	assert_int_equal(rlg_text_edits_apply(&f->edits, "abc", 3, &f->out), -EINVAL);
	rlg_text_edits_init(&f->edits, f->arena);
	rlg_text_edits_add(&f->edits, 4, 0, "x");
	assert_int_equal(rlg_text_edits_apply(&f->edits, "abc", 3, &f->out), -EINVAL);
}

static void arena_memory_is_zeroed_and_aligned(void **state)
{
	struct fixture *f = *state;

	for (size_t size = 0; size < 300000; size = size * 3 + 1) {
		char *copy = rlg_arena_strndup(f->arena, "abc", 3);
		unsigned char *taken = rlg_arena_alloc(f->arena, size);

		assert_string_equal(copy, "abc");
		assert_int_equal((uintptr_t)taken % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(taken[i], 0);
		memset(taken, 0xff, size);
	}
}

static void arena_strings_and_arrays(void **state)
{
	struct fixture *f = *state;
	int two[2] = {1, 2};
	int *four = rlg_arena_grow(f->arena, two, 2, 4, sizeof(*two));

	assert_int_equal(four[1], 2);
	assert_int_equal(four[3], 0);
	assert_null(rlg_arena_strdup(f->arena, NULL));
	assert_null(rlg_arena_strndup(f->arena, NULL, 3));
	assert_string_equal(rlg_arena_printf(f->arena, "%s-%d", "x", 42), "x-42");
	rlg_arena_free(NULL);
}

static void bytes_grow(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(f->out.data, "");
	for (int i = 0; i < 1000; i++)
		rlg_bytes_addf(&f->out, "%03d,", i);
	assert_int_equal(f->out.length, 4000);
	assert_string_equal(f->out.data + 3992, "998,999,");
}

static void bytes_write_json_strings(void **state)
{
	struct fixture *f = *state;

	rlg_bytes_add_json(&f->out, NULL);
	rlg_bytes_add_json(&f->out, "");
	rlg_bytes_add_json(&f->out, "a\"\x01\n\xff");
	for (int i = 0; i < 100; i++)
		rlg_bytes_add_json(&f->out, "\x1f\x1f\x1f\x1f");
	assert_memory_equal(f->out.data, "null\"\"\"a\\\"\\u0001\\n\xef\xbf\xbd\"", 22);
	assert_int_equal(f->out.length, 22 + 100 * 26);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_edits_leave_the_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(edits_may_come_in_any_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(insertions_at_one_place_keep_their_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(overlapping_edits_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_edit_past_the_end_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(arena_memory_is_zeroed_and_aligned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(arena_strings_and_arrays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bytes_grow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bytes_write_json_strings, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
