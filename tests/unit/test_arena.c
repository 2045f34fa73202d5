/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that lives and ends together: zeroed, aligned, whole at every size, and given back. */
#include "tests/unit/scratch.h"

#include "tool/base/arena.h"

#include <stdalign.h>

#define MIB ((size_t)1 << 20)

/* Around what a block holds, what has a block of its own, and what comes in large pages. */
static const size_t sizes[] = {0, 1, 65536, 65537, 262144, 262145, 2 * MIB - 1, 2 * MIB, 2 * MIB + 4096, 5 * MIB + 3, 33 * MIB};

#define N_SIZES (sizeof(sizes) / sizeof(sizes[0]))

static bool is_zero(const unsigned char *bytes, size_t count)
{
	return count == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0);
}

/* Address space of this process, in pages. */
static long pages_of_address_space(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld", &pages), 1);
	fclose(file);
	return pages;
}

static void fill_and_free(void)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	unsigned char *rooms[2 * N_SIZES];

	for (size_t i = 0; i < 2 * N_SIZES; i++) {
		size_t size = sizes[i / 2];
		rooms[i] = i % 2 == 0 ? rlg_arena_alloc(arena, size) : rlg_arena_alloc_full(arena, size);
		assert_int_equal((uintptr_t)rooms[i] % alignof(max_align_t), 0);
		assert_true(is_zero(rooms[i], size));
		memset(rooms[i], (int)i + 1, size);
	}
	/* Nobody's is in another's. */
	for (size_t i = 0; i < 2 * N_SIZES; i++)
		for (size_t at = 0; at < sizes[i / 2]; at++)
			if (rooms[i][at] != i + 1)
				fail_msg("byte %zu of %zu is another's", at, sizes[i / 2]);
}

static void memory_of_every_size_is_ones_own(void **state)
{
	(void)state;
	fill_and_free();
	fill_and_free();
}

/* The address sanitizer keeps 256 MiB of what was freed. */
static void it_is_given_back_with_what_lies_around_it(void **state)
{
	long before = pages_of_address_space();

	(void)state;
	for (int i = 0; i < 500; i++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		rlg_arena_alloc(arena, 2 * MIB + 4096);
	}
	assert_true(pages_of_address_space() - before < (long)(400 * MIB / 4096));
}

/* What goes back is zero when it is taken again, and what stays is whole. */
static void what_was_not_needed_goes_back(void **state)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	unsigned char *before = NULL;

	(void)state;
	for (size_t i = 0; i < 20000; i++) {
		size_t size = sizes[i % 5] / 16 + 100, kept = i % 100;
		unsigned char *room = rlg_arena_alloc(arena, size);
		assert_true(is_zero(room, size));
		memset(room, 0xff, size);
		rlg_arena_trim(arena, room, size, kept);
		unsigned char *next = rlg_arena_alloc(arena, 50);
		assert_true(is_zero(next, 50) && (before == NULL || *before == 0xff));
		assert_true(kept == 0 || room[kept - 1] == 0xff);
		before = kept == 0 ? NULL : room;
	}
}

static void an_emptied_arena_is_as_new(void **state)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();

	(void)state;
	for (int i = 0; i < 20; i++) {
		unsigned char *little = rlg_arena_alloc(arena, 1000), *large = rlg_arena_alloc(arena, 3 * MIB);
		assert_true(is_zero(little, 1000) && is_zero(large, 3 * MIB));
		memset(little, 0xff, 1000);
		memset(large, 0xff, 3 * MIB);
		rlg_arena_empty(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_of_every_size_is_ones_own),
		cmocka_unit_test(it_is_given_back_with_what_lies_around_it),
		cmocka_unit_test(what_was_not_needed_goes_back),
		cmocka_unit_test(an_emptied_arena_is_as_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
