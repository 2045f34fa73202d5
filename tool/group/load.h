/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a group's status files to its model: what is known of each run from the snapshot, and what came since from the
 * files.
 *
 * The model is the same whether there is a snapshot or not; without one every file is read.  A snapshot that was read is
 * only written, and only by whoever holds the refresh lock, by rlg_load_commit().
 */
#ifndef RLG_LOAD_H
#define RLG_LOAD_H

#include "tool/group/group.h"

struct rlg_load;

/* What is to be looked at. */
struct rlg_load_news {
	const char *const *runs; /* the files of these; NULL: of all */
	size_t n_runs;
	bool disk; /* what lies on disk of all runs; else of those that have news */
	bool brief; /* a brief model will do (model.h), if there can be one */
};

/* Opens the snapshot.  `write`: the caller holds the refresh lock.  Never fails; rlg_load_end() ends it. */
struct rlg_load *rlg_load_begin(struct rlg_group *group, bool write);
void rlg_load_end(struct rlg_load *load);

/*
 * The model, as far as `news` tells what to look at: once, and again whenever something was appended.  Without a
 * snapshot of any use all is looked at the first time.  Returns 0 or a negative errno.
 */
int rlg_load_model(struct rlg_load *load, const struct rlg_load_news *news, struct rlg_model **out_model,
		   struct rlg_err *err);

/*
 * Makes whole what has changed of a brief model since that sequence; it is the model that was loaded last.  False: not
 * all could be, and it has to be loaded whole.
 */
bool rlg_load_fill(struct rlg_load *load, struct rlg_model *model, uint64_t since);

/* What it took so far. */
struct rlg_load_work {
	uint64_t runs; /* whose files were read */
	uint64_t records; /* that were read */
};
struct rlg_load_work rlg_load_work(const struct rlg_load *load);

/* Puts into the snapshot what this load found out. */
void rlg_load_commit(struct rlg_load *load);

/* ---- stamps: what a tracker's file was when it was rendered last ---- */

/* Tells whether a file is still the one that was written: by its number, size and times. */
struct rlg_file_sign {
	uint64_t inode, size, modified_ns, changed_ns; /* all 0: there is none */
};

struct rlg_stamp {
	uint64_t sequence; /* of the model that it was rendered from; 0: no stamp */
	uint64_t settings; /* sum of all else that it was rendered from */
	uint64_t text; /* sum of what stands there */
	uint64_t told; /* 1: the runs that it names are known */
	struct rlg_file_sign file, base, memory;
};

/* The stamp under that key; one without a sequence where there is none. */
struct rlg_stamp rlg_load_stamp(const struct rlg_load *load, const char *key);

/* Keeps it, until commit in memory. */
void rlg_load_set_stamp(struct rlg_load *load, const char *key, const struct rlg_stamp *stamp);

/* The sum of settings and plan; and the sequence before which no stamp holds, as runs have gone or moved since. */
uint64_t rlg_load_settings(const struct rlg_load *load);
uint64_t rlg_load_moved_at(const struct rlg_load *load);

/* Are all runs of the model that was loaded last among those that trackers name, as far as they are planned? */
bool rlg_load_all_are_told(const struct rlg_load *load);

#endif
