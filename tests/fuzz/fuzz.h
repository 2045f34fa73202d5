/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all fuzz targets share.  A target is a program of one file, fuzz_NAME.c, with LLVMFuzzerTestOneInput(): libFuzzer
 * drives it with inputs of its own making (`make fuzz`), replay.c with those of its corpus (`make check`).
 */
#ifndef RLG_FUZZ_H
#define RLG_FUZZ_H

#include "tool/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The names that libFuzzer knows.  Always returns 0: every input is of use. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must be so, whatever the input.  If it is not, the sentence is said, and the target ends as by a crash. */
#define FUZZ_MUST(claim, ...)                                                        \
	do {                                                                         \
		if (!(claim)) {                                                      \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim); \
			fprintf(stderr, __VA_ARGS__);                                \
			fputc('\n', stderr);                                         \
			abort();                                                     \
		}                                                                    \
	} while (0)

/* The input as the tool reads a file: with a NUL behind it.  Its end is the end of its memory. */
static inline char *fuzz_text(struct rlg_arena *arena, const uint8_t *data, size_t size)
{
	char *text = rlg_arena_alloc(arena, size + 1);

	memcpy(text, data, size);
	return text;
}

/* Is there a NUL in it?  Files with one never come to those who read texts (atomic_file.h). */
static inline bool fuzz_has_nul(const uint8_t *data, size_t size)
{
	return size > 0 && memchr(data, '\0', size) != NULL;
}

/*
 * Takes the next part off an input that is several things: up to a line of "=====", which begins the next.  NULL: there
 * is none any more.
 */
static inline char *fuzz_part(char **rest)
{
	static const char line[] = "\n=====\n";
	char *part = *rest;

	if (part == NULL)
		return NULL;
	*rest = strstr(part, line);
	if (*rest != NULL) {
		**rest = '\0';
		*rest += sizeof(line) - 1;
	}
	return part;
}

/* An unlinked file with that content, read from its beginning; ends the target if there is none to be had. */
int fuzz_file(const uint8_t *data, size_t size);

#endif
