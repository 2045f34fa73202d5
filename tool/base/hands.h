/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work in pieces that have nothing to do with each other, done by as many threads as there are processors for it, and told
 * of in its order: what comes out is the same, whoever did which piece.
 *
 * The threads live no longer than the call, so that a process that forks or becomes somebody else has only one.
 */
#ifndef RLG_HANDS_H
#define RLG_HANDS_H

#include <stddef.h>

/* More would wait for the one who is told, and each has memory of its own. */
#define RLG_HANDS_MOST 4

/* No piece is begun that is so many behind the first that was not told of: what was done of them needs room. */
#define RLG_HANDS_AHEAD 16

struct rlg_hands_work {
	void *context;
	/* Does a piece, in whatever thread; of those with the same `hand`, below RLG_HANDS_MOST, one after the other. */
	void (*work)(void *context, size_t piece, size_t hand);
	/* Told of each piece once it is done, in their order, in the caller's thread.  Anything but 0 stops. */
	int (*tell)(void *context, size_t piece);
};

/* How many hands there should be for so many pieces: at least 1, which is the caller alone. */
size_t rlg_hands_for(size_t pieces);

/* From now on so many, whatever there are processors and pieces; 0: as before.  For tests. */
void rlg_hands_set(size_t hands);

/* Does all pieces; 0, or what `tell` said.  No piece is at work then.  Threads that cannot be had are done without. */
int rlg_hands_do(const struct rlg_hands_work *work, size_t pieces, size_t hands);

#endif
