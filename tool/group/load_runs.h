/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of each run of a group, in memory and in the snapshot.  Inside of load.h: nobody else looks at it.
 */
#ifndef RLG_LOAD_RUNS_H
#define RLG_LOAD_RUNS_H

#include "tool/base/names.h"
#include "tool/base/pack.h"
#include "tool/base/sum64.h"
#include "tool/group/load.h"
#include "tool/group/run_files.h"
#include "tool/group/snapshot.h"
#include "tool/model/fold.h"

/* Records that were gathered together, in the snapshot's bulk. */
struct rlg_known_chunk {
	struct rlg_bulk bulk;
	uint64_t count; /* of records */
};

struct rlg_known_run {
	const char *name;
	uint64_t changed_at; /* sequence; 0: never yet */
	uint64_t told; /* its place among the runs that trackers name, from 1; 0: none does */
	uint64_t records, damaged;
	const char *folded, *found; /* packed; their length is 0 where there are no records, or nobody looked */
	size_t folded_length, found_length;
	const char *rest; /* files and chunks, packed, as long as nobody asked for them */
	size_t rest_length;
	struct rlg_read_files files;
	struct rlg_known_chunk *chunks; /* the first is the largest */
	size_t n_chunks;
	uint64_t bulk_bytes;
	uint64_t told_before; /* as `told` was in the model before */
	unsigned seen_in, read_in, told_in; /* looks and tellings of this load */
	bool planned; /* as the model has it */
	bool gone;
	bool changed; /* since the model before */
	bool dirty; /* not in the snapshot like this */
};

struct rlg_known_stamp {
	const char *key;
	struct rlg_stamp stamp;
	bool dirty;
};

struct rlg_load {
	struct rlg_group *group;
	struct rlg_snapshot *snapshot;
	struct rlg_arena *scratch; /* for one run at a time */
	struct rlg_record_body *reader; /* the same for its records; NULL is as good */
	struct rlg_err *err;
	struct rlg_known_run *runs;
	size_t n_runs, runs_room;
	struct rlg_names *names;
	struct rlg_known_stamp *stamps;
	size_t n_stamps, stamps_room;
	struct rlg_names *stamp_names;
	uint64_t sequence, kept_sequence, moved_at, settings, old_settings;
	struct rlg_load_work work;
	unsigned looks, tellings;
	bool write;
	bool whole; /* all that was there is known */
	int unread; /* the errno of what could not be read just now, in this look; 0: all was */
	bool told_changed, moved; /* since the model before */
};

/* The run of that name; NULL where there is none, unless it is to be made. */
struct rlg_known_run *rlg_known_run(struct rlg_load *load, const char *name, bool make);

/* Looks at its files, and folds it anew where there is something new. */
int rlg_known_run_read(struct rlg_load *load, struct rlg_known_run *run);

/* Its files have gone, and what they said with them. */
void rlg_known_run_empty(struct rlg_load *load, struct rlg_known_run *run);

/* ---- runs of which nothing is known yet ---- */

/* What the files of one came to: all that the load wants of it, in an arena of its own. */
struct rlg_fresh_run {
	struct rlg_read_files files;
	uint64_t records;
	struct rlg_bytes folded; /* packed; empty: there are no records */
	struct rlg_bytes chunk; /* its records, for the snapshot; empty: nobody writes one */
};

/* As if it had been read now, and as it would have been read. */
void rlg_known_run_take(struct rlg_load *load, struct rlg_known_run *run, const struct rlg_fresh_run *fresh);

/* For rlg_run_read(): a line into what is gathered.  A reader of NULL is as good. */
struct rlg_gathering {
	struct rlg_record_body *reader;
	struct rlg_gathered *gathered;
};
bool rlg_gather_line(void *context, const char *line, size_t length);

/* What was gathered of a run that has so many records, folded and packed behind `to`. */
void rlg_fold_gathered_run(const struct rlg_group *group, struct rlg_arena *scratch, const char *run, uint64_t records,
			   struct rlg_gathered *gathered, struct rlg_bytes *to);

/* Looks at all of them, as rlg_known_run_read(); those of which nothing is known are read by several hands (load_fresh.c). */
int rlg_known_runs_read(struct rlg_load *load, const char *const *names, size_t n_names);

/* ---- the snapshot ---- */

/* Into the snapshot, and back. */
void rlg_known_run_add(struct rlg_load *load, struct rlg_known_run *run);
bool rlg_known_run_unpack(struct rlg_load *load, struct rlg_unpack *from);

/* Its bulk, to a snapshot that is written anew. */
void rlg_known_run_move(struct rlg_load *load, struct rlg_known_run *run);

void rlg_known_stamp_add(struct rlg_load *load, struct rlg_known_stamp *stamp);
bool rlg_known_stamp_unpack(struct rlg_load *load, struct rlg_unpack *from);

#endif
