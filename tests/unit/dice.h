/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chance that can be repeated: a test prints its seed, and takes it from the environment.
 */
#ifndef RLG_TEST_DICE_H
#define RLG_TEST_DICE_H

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t dice_state;

/* A number below `sides`; set dice_state, which is not 0, first. */
static inline size_t dice(size_t sides)
{
	dice_state ^= dice_state >> 12;
	dice_state ^= dice_state << 25;
	dice_state ^= dice_state >> 27;
	return (size_t)((dice_state * UINT64_C(2685821657736338717)) >> 33) % sides;
}

static inline uint64_t environment_number(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? otherwise : strtoull(value, NULL, 10);
}

/* Begins with RLG_TEST_SEED, or another seed each time, and says which. */
static inline void dice_begin(void)
{
	dice_state = environment_number("RLG_TEST_SEED", (uint64_t)time(NULL)) | 1;
	printf("# RLG_TEST_SEED=%" PRIu64 "\n", dice_state);
}

#endif
