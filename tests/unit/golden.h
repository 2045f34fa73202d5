/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of tests/golden, for tests that write them anew with `--update`.  The functions are inline so that each test uses
 * those it needs.
 */
#ifndef RLG_TEST_GOLDEN_H
#define RLG_TEST_GOLDEN_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tool/base/bytes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool update_goldens;

/* tests/golden/FOLDER/PATH */
static inline const char *golden_path(struct rlg_arena *arena, const char *folder, const char *path)
{
	const char *source = getenv("srcdir");

	return rlg_arena_printf(arena, "%s/tests/golden/%s/%s", source != NULL ? source : ".", folder, path);
}

/* NULL if there is no such file. */
static inline char *read_file(struct rlg_arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
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

static inline void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

#endif
