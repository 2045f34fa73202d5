/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of one run, gathered for the fold: their events and their progress, each once, whatever order they came in;
 * packed, so that the fold can go on another day.
 */
#ifndef RLG_GATHERED_H
#define RLG_GATHERED_H

#include "tool/base/pack.h"
#include "tool/model/event.h"
#include "tool/model/progress.h"

struct rlg_gathered {
	struct rlg_arena *arena;
	struct rlg_event *events;
	size_t n_events, room;
	size_t marked; /* this many stand before the last mark, and keep their places */
	struct rlg_progress_records *progress;
	uint64_t records; /* that were added, duplicates included */
};

/* Nothing yet.  All of it belongs to the arena. */
void rlg_gathered_init(struct rlg_gathered *gathered, struct rlg_arena *arena);

/*
 * Takes one record; copies what it needs.  A file may hold each of its records a thousand times: from this many on, those
 * that are wholly the same are dropped before more room is taken, so that memory is for what differs.
 */
#define RLG_GATHERED_MANY 1024
void rlg_gathered_add(struct rlg_gathered *gathered, const struct rlg_record *record);

/* By rlg_event_compare(), each id once; of those without an id, one of each that says the same. */
void rlg_gathered_sort(struct rlg_gathered *gathered);

/* How many events and progress records there are, to say later from where on to pack; before they are sorted.
 * These stay where they are; of what comes behind them the same ones are dropped. */
struct rlg_gathered_mark {
	size_t events, progress;
};
struct rlg_gathered_mark rlg_gathered_mark(struct rlg_gathered *gathered);

/* What came behind the mark.  Sorting moves things about: do it before. */
void rlg_gathered_pack(const struct rlg_gathered *gathered, struct rlg_gathered_mark from, struct rlg_bytes *to);

/* Adds what was packed, as if it had come by rlg_gathered_add(), and counts none of it; the bytes must outlive the
 * gathered.  False: they are not what was packed. */
bool rlg_gathered_unpack(struct rlg_gathered *gathered, const void *bytes, size_t count);

#endif
