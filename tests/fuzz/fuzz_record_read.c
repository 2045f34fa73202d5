/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of a status file, and others that look much like it: reading them without a tree and with one must come to the
 * same, whatever they are.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/record_both_ways.h"

#define N_OTHERS 8

/* What has a meaning in a line, and what has none. */
static const char signs[] = "0123456789azA -+.eE\"\"\\\\\\,,:{}[]\n\t\x7f\xc3\xa9un/";

static void read_it(struct rlg_record_body *reader, const char *line, size_t size)
{
	bool own;
	const char *why = record_both_ways(reader, line, size, &own);

	FUZZ_MUST(why == NULL, "they differ in %s: %.*s", why, (int)size, line);
}

/* Chance that the input decides: the same input always comes to the same. */
static uint32_t begin_chance(const uint8_t *data, size_t size)
{
	uint32_t chance = 2166136261u;

	for (size_t i = 0; i < size; i++)
		chance = (chance ^ data[i]) * 16777619u;
	return chance | 1;
}

static size_t below(uint32_t *chance, size_t most)
{
	*chance ^= *chance << 13;
	*chance ^= *chance >> 17;
	*chance ^= *chance << 5;
	return *chance % most;
}

/* A byte or two stand for others, are gone, or have come: so one value is another, as in the next record of a job. */
static size_t change(char *line, size_t size, uint32_t *chance)
{
	for (size_t changes = 1 + below(chance, 2); changes > 0 && size > 0; changes--) {
		size_t at = below(chance, size);
		char sign = signs[below(chance, sizeof(signs) - 1)];
		switch (below(chance, 4)) {
		case 0:
			memmove(line + at, line + at + 1, --size - at);
			break;
		case 1:
			memmove(line + at + 1, line + at, size++ - at);
			line[at] = sign;
			break;
		default:
			line[at] = sign;
		}
	}
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_record_body *reader = rlg_record_reader_new();
	uint32_t chance = begin_chance(data, size);

	read_it(NULL, (const char *)data, size);
	read_it(reader, (const char *)data, size);
	/* The reader knows by now how that one looked (record_layouts.h). */
	for (size_t i = 0; i < N_OTHERS; i++) {
		char *line = rlg_arena_alloc(arena, size + 2);
		memcpy(line, data, size);
		read_it(reader, line, change(line, size, &chance));
	}
	rlg_record_reader_free(reader);
	return 0;
}
