/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of tests/golden, for tests that hold what comes out against what was written down.  A test that is started with
 * `--update` writes them anew; look at the difference before you keep it.
 *
 * The functions are inline so that each test uses those it needs.
 */
#ifndef RLG_TESTS_GOLDEN_H
#define RLG_TESTS_GOLDEN_H

#include "tests/unit/cmocka_any.h"
#include "tool/base/bytes.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool update_goldens;

/* In main(): was the test started with `--update`? */
static inline void golden_begin(int argc, char **argv)
{
	update_goldens = argc > 1 && strcmp(argv[1], "--update") == 0;
}

/* A path below tests/golden, wherever the test was started: make says where the sources are. */
__attribute__((format(printf, 2, 3))) static inline const char *golden_path(struct rlg_arena *arena, const char *format, ...)
{
	const char *top = getenv("top_srcdir") != NULL ? getenv("top_srcdir") : getenv("srcdir");
	char name[1024];
	va_list args;

	va_start(args, format);
	assert_true(vsnprintf(name, sizeof(name), format, args) < (int)sizeof(name));
	va_end(args);
	return rlg_arena_printf(arena, "%s/tests/golden/%s", top != NULL ? top : ".", name);
}

/* The whole file; NULL if there is none. */
static inline char *golden_read(struct rlg_arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct rlg_bytes bytes;
	char chunk[4096];
	size_t got;

	if (file == NULL)
		return NULL;
	rlg_bytes_init(&bytes, arena);
	rlg_bytes_add(&bytes, "");
	while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		rlg_bytes_add_n(&bytes, chunk, got);
	fclose(file);
	return bytes.data;
}

static inline void golden_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* Ends the test where the text is not that of the file; with `--update` it is written there first. */
static inline void golden_expect(struct rlg_arena *arena, const char *path, const char *text)
{
	if (update_goldens)
		golden_write(path, text);
	const char *expected = golden_read(arena, path);
	if (expected == NULL || strcmp(text, expected) != 0)
		fail_msg("this should be in %s, but is not:\n%s", path, text);
}

/* Is it a case: a folder, or with an `ending` a file whose name ends so? */
static inline bool golden_is_case(const char *path, const char *name, const char *ending)
{
	struct stat facts;
	size_t length = strlen(name), tail = ending == NULL ? 0 : strlen(ending);

	if (name[0] == '.' || stat(path, &facts) != 0)
		return false;
	return ending == NULL ? S_ISDIR(facts.st_mode)
			      : length > tail && strcmp(name + length - tail, ending) == 0 && S_ISREG(facts.st_mode);
}

/* Calls `check` for each case in a folder below tests/golden, by name; ends the test where there are less than `least`. */
static inline void golden_each(struct rlg_arena *arena, const char *folder, const char *ending, int least,
			       void (*check)(void *context, const char *name), void *context)
{
	struct dirent **entries;
	int count = scandir(golden_path(arena, "%s", folder), &entries, NULL, alphasort), cases = 0;

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		if (golden_is_case(golden_path(arena, "%s/%s", folder, name), name, ending)) {
			check(context, name);
			cases++;
		}
		free(entries[i]);
	}
	assert_true(cases >= least);
	free(entries);
}

#endif
