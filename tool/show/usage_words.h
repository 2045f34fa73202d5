/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an attempt used, in words for people.
 */
#ifndef RLG_USAGE_WORDS_H
#define RLG_USAGE_WORDS_H

#include "tool/model/model.h"

/* A sentence each, NULL where nothing is known.  Past a limit it ends with " **EXCEEDED**". */
struct rlg_usage_words {
	const char *wall_time; /* "Wall time: 00:13:32 of 02:00:00 (11%)" */
	const char *cpu; /* "CPU efficiency: 87% of 4 CPUs (00:47:06)", or "CPU time: 00:47:06" */
	const char *memory; /* "Memory: 1.2 of 4.0 GiB a node (30%)", or "Memory: 1.2 GiB" */
};

/* For action logs; of an attempt that has ended.  The texts belong to the arena. */
struct rlg_usage_words rlg_usage_words(struct rlg_arena *arena, const struct rlg_attempt *attempt);

/*
 * In one line: "CPU 87 % of 4, memory 1.2 of 4.0 GiB (30 %), 13m 32s of 2h 0m"; what is not known is left out.  NULL: nothing
 * is, or the attempt has not ended.
 */
const char *rlg_usage_line(struct rlg_arena *arena, const struct rlg_attempt *attempt);

/* "1.2 of 4.0 GiB", "300 of 1000 MiB", "1.2 GiB"; "" where `used` is not known. */
const char *rlg_usage_memory(struct rlg_arena *arena, const struct rlg_usage *usage);

#endif
