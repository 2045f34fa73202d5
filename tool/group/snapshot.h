/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of a group's snapshot, .runledger/snapshot: frames of bytes behind one another, each with its kind, its length
 * and its sum.  What the frames hold is load.h's and stamps.h's.
 *
 * It can go at any time: whatever is wrong with it, there is none, and all is read from the records.  In a group that
 * others may write each user has one of their own, snapshot.uUID.  It is only believed if it is a regular file of the
 * caller's that nobody else may write, of this very program and on such a machine.
 *
 * Whoever holds the refresh lock appends to it; when more of it than not is garbage it is written anew, beside, and renamed.
 * Nothing here is ever synced.
 *
 *     header | bulk ... | state ... | bulk, state, ... appended later
 *
 * Bulk is not read until somebody asks for it; all that is not bulk is read at once, from where it begins.  So that this
 * stays little it is told once more, behind the rest, from time to time.
 */
#ifndef RLG_SNAPSHOT_H
#define RLG_SNAPSHOT_H

#include "lib/err.h"
#include "tool/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rlg_snapshot;

enum rlg_frame {
	RLG_FRAME_BULK = 1,
	RLG_FRAME_RUNS,
	RLG_FRAME_STAMP,
	RLG_FRAME_GROUP,
};

/* Told of each frame that is not bulk, in their order; the bytes live as long as the arena.  False: it is no use. */
typedef bool rlg_frame_fn(void *context, enum rlg_frame kind, const char *bytes, size_t count);

/*
 * Opens the snapshot of the group and tells its frames.  `print` is of all that its frames depend on beside the records.
 * Where there is none that is of any use, *out_whole is false (frames may have been told before that showed).  `write`:
 * the caller holds the refresh lock, and will add to it; without that nothing is ever written.  Never fails.
 */
struct rlg_snapshot *rlg_snapshot_open(struct rlg_arena *arena, const char *group_path, uint64_t print, bool write,
				       rlg_frame_fn *tell, void *context, bool *out_whole);

/* Ends it; what was not committed is lost.  NULL is none. */
void rlg_snapshot_close(struct rlg_snapshot *snapshot);

/* Begins one from nothing, beside the one that is there. */
void rlg_snapshot_begin_anew(struct rlg_snapshot *snapshot);

/* Is it being written anew? */
bool rlg_snapshot_is_anew(const struct rlg_snapshot *snapshot);

/* Where bulk stands: to be kept in other frames. */
struct rlg_bulk {
	uint64_t offset, length; /* a length of 0: nowhere */
};

/* Adds bulk. */
struct rlg_bulk rlg_snapshot_add_bulk(struct rlg_snapshot *snapshot, const char *bytes, size_t count);

/* The bytes, in `arena`; NULL where they are not what was added. */
const char *rlg_snapshot_bulk(struct rlg_snapshot *snapshot, struct rlg_arena *arena, struct rlg_bulk where);

/*
 * The bytes at `n` places, which ascend; those that stand near each other are read together.  out_bytes[i] is NULL where
 * they are not what was added.
 */
void rlg_snapshot_bulks(struct rlg_snapshot *snapshot, struct rlg_arena *arena, const struct rlg_bulk *where, size_t n,
			const char **out_bytes);

/* Adds a frame that is not bulk. */
void rlg_snapshot_add(struct rlg_snapshot *snapshot, enum rlg_frame kind, const char *bytes, size_t count);

/*
 * Is it time to write it anew?  `bulk`: how many bytes of bulk are still wanted.  If so: begin anew, move the bulk that is
 * wanted, add all frames.
 */
bool rlg_snapshot_is_stale(const struct rlg_snapshot *snapshot, uint64_t bulk);

/* Has so much been appended that it is time to tell all that is not bulk once more?  If so: begin, and add all frames. */
bool rlg_snapshot_is_long(const struct rlg_snapshot *snapshot);
void rlg_snapshot_begin_state(struct rlg_snapshot *snapshot);

struct rlg_bulk rlg_snapshot_move_bulk(struct rlg_snapshot *snapshot, struct rlg_bulk where);

/* All that was added is there for the next one.  Failures are silent: then it is not. */
void rlg_snapshot_commit(struct rlg_snapshot *snapshot);

/* Removes the caller's, so that the next load begins from nothing. */
void rlg_snapshot_remove(const char *group_path);

#endif
