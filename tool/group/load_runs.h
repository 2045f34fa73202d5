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
	uint64_t rank; /* its place in the plan, from 1; 0: it is not in it */
	enum rlg_status status; /* as the model has it, as far as it does; so are word_us and planned */
	int64_t word_us;
	uint64_t records, damaged;
	/*
	 * Packed; their length, which is always known, is 0 where there are no records, or nobody looked.  They stand in the
	 * snapshot one behind the other, with `rest`, until somebody asks for them.
	 */
	const char *folded, *found;
	size_t folded_length, found_length;
	struct rlg_bulk packed;
	bool away; /* nobody has: folded, found and rest are not to be looked at */
	bool repacked; /* not in the snapshot like this */
	bool lost; /* what was there is not what was packed, and nobody has read its files since */
	const char *rest; /* files and chunks, packed, as long as nobody asked for them */
	size_t rest_length;
	struct rlg_read_files files;
	struct rlg_known_chunk *chunks; /* the first is the largest */
	size_t n_chunks;
	uint64_t bulk_bytes; /* of all chunks */
	size_t slot; /* its number in the snapshot; RLG_NO_SLOT: it has none yet */
	uint64_t told_before; /* as `told` was in the model before */
	unsigned seen_in, read_in, told_in, shown_in; /* looks, tellings and models of this load */
	bool planned; /* as the model has it */
	bool gone;
	bool changed; /* since the model before */
	bool dirty; /* what is always known is not in the snapshot like this */
};

#define RLG_NO_SLOT ((size_t)-1)

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
	struct rlg_names *names; /* of the first n_named runs */
	size_t n_named;
	unsigned looks_by_name; /* before there were names */
	size_t n_slots;
	struct rlg_known_run **brief; /* the runs of the brief model, which was loaded last */
	bool any_planned; /* of its runs */
	size_t unknown_planned; /* runs of the model that are planned, and not among these */
	struct rlg_known_stamp *stamps;
	size_t n_stamps, stamps_room;
	struct rlg_names *stamp_names;
	uint64_t sequence, kept_sequence, moved_at, settings, old_settings;
	struct rlg_load_work work;
	unsigned looks, tellings, models;
	bool write;
	bool whole; /* all that was there is known */
	int unread; /* the errno of what could not be read just now, in this look; 0: all was */
	bool told_changed, moved; /* since the model before */
};

/* The run of that name; NULL where there is none, unless it is to be made. */
struct rlg_known_run *rlg_known_run(struct rlg_load *load, const char *name, bool make);

/* A new one, with nothing set; and room for so many more. */
struct rlg_known_run *rlg_known_run_new(struct rlg_load *load);
void rlg_known_runs_reserve(struct rlg_load *load, size_t count);

/*
 * Brings its packed bytes from the snapshot, if they are not here yet.  False: they are lost, and it is as if its files had
 * never been read.
 */
bool rlg_known_run_fetch(struct rlg_load *load, struct rlg_known_run *run);

/* The same for all runs, at once; false: some are lost. */
bool rlg_known_runs_fetch(struct rlg_load *load);

/* Fetches it, and unpacks its files and chunks. */
void rlg_known_run_open(struct rlg_load *load, struct rlg_known_run *run);

/* Is it in the model? */
bool rlg_known_run_is_shown(const struct rlg_known_run *run);

/* The runs that are in the model, in its order: in the plan's, then as trackers name them, then by name. */
struct rlg_known_run **rlg_known_runs_in_order(struct rlg_load *load, size_t *out_n);

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

/* ---- load_model.c ---- */

/* The model, whole; looks at the disk for all runs, or for those that were read.  False: some packed bytes are lost. */
bool rlg_load_fold(struct rlg_load *load, bool all_disk, struct rlg_model **out_model);

/* A brief one.  False, with nothing done: there can be none now. */
bool rlg_load_brief(struct rlg_load *load, struct rlg_model **out_model);

/* ---- load_packed.c ---- */

/* Into the snapshot: its packed bytes, which have to be here; then what is always known of it, behind what `to` holds. */
void rlg_known_run_keep(struct rlg_load *load, struct rlg_known_run *run);
void rlg_known_run_pack(struct rlg_load *load, struct rlg_known_run *run, struct rlg_bytes *to);

/* And back: all of a frame. */
bool rlg_known_runs_unpack(struct rlg_load *load, struct rlg_unpack *from);

/* Its chunks, to a snapshot that is written anew; its packed bytes have to be here, and kept behind that. */
void rlg_known_run_move(struct rlg_load *load, struct rlg_known_run *run);

void rlg_known_stamp_add(struct rlg_load *load, struct rlg_known_stamp *stamp);
bool rlg_known_stamp_unpack(struct rlg_load *load, struct rlg_unpack *from);

#endif
