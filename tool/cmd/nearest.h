/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "Did you mean ...?": the names nearest to a word that is none.
 */
#ifndef RLG_NEAREST_H
#define RLG_NEAREST_H

#include <stddef.h>

/* More would be a list to read, not a hint. */
#define RLG_NEAREST_MAX 3

/* Longer words are compared by their beginning; see RLG_NAME_MAX for the longest name. */
#define RLG_NEAREST_LENGTH_MAX 64

/* Begin with {.word = "..."}; `names` are then in order, the nearest first, as long as the offered texts live. */
struct rlg_nearest {
	const char *word;
	size_t n;
	const char *names[RLG_NEAREST_MAX];
	size_t distances[RLG_NEAREST_MAX];
};

/* Takes `name` in if it is near the word: few letters wrong for its length, or the word is a part of it. */
void rlg_nearest_offer(struct rlg_nearest *nearest, const char *name);

/* Letters to change, add, leave out or swap with their neighbour to make `one` into `other`. */
size_t rlg_edit_distance(const char *one, const char *other);

#endif
