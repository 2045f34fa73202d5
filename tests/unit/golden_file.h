/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files below tests/golden/, for tests that hold what comes out against what was written down.
 *
 * The functions are inline so that each test uses those it needs.
 */
#ifndef RLG_TESTS_GOLDEN_FILE_H
#define RLG_TESTS_GOLDEN_FILE_H

#include "tool/base/bytes.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline const char *golden_path(struct rlg_arena *arena, const char *name)
{
	const char *source = getenv("srcdir");

	return rlg_arena_printf(arena, "%s/tests/golden/%s", source != NULL ? source : ".", name);
}

/* NULL if there is no such file. */
static inline char *golden_read(struct rlg_arena *arena, const char *name)
{
	FILE *file = fopen(golden_path(arena, name), "rb");
	struct rlg_bytes bytes;
	char chunk[4096];
	size_t got;

	if (file == NULL)
		return NULL;
	rlg_bytes_init(&bytes, arena);
	while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		rlg_bytes_add_n(&bytes, chunk, got);
	fclose(file);
	return bytes.data;
}

/* Ends the test where the text is not that of the file; with `update` it is written there first. */
static inline void golden_is(struct rlg_arena *arena, const char *name, const char *text, bool update)
{
	if (update) {
		FILE *file = fopen(golden_path(arena, name), "wb");
		assert_non_null(file);
		fputs(text, file);
		assert_int_equal(fclose(file), 0);
	}
	const char *expected = golden_read(arena, name);
	if (expected == NULL || strcmp(text, expected) != 0)
		fail_msg("this should be in %s, but is not:\n%s", golden_path(arena, name), text);
}

#endif
