/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What jobs told of themselves, from `progress` records to struct rlg_progress: there may be a million of them, so each
 * keeps little, and nothing is looked for twice.
 *
 * All members of such a record that are not its own (rlg_progress_is_own()) are values, and so are those of its member
 * `values`, which holds the ones whose names clash.  Figures stay as the job wrote them.
 */
#ifndef RLG_PROGRESS_H
#define RLG_PROGRESS_H

#include "tool/base/pack.h"
#include "tool/model/attempts.h"

/* The progress records of one run. */
struct rlg_progress_records;

struct rlg_progress_records *rlg_progress_records_new(struct rlg_arena *arena);

/* Takes what it needs of one whose name is "progress".  From this many on, the same ones are dropped before more room is taken. */
#define RLG_PROGRESS_MANY 1024
void rlg_progress_add(struct rlg_progress_records *records, const struct rlg_record *record);

/* Puts them in order of time and keeps one of each id: call it when all are there. */
void rlg_progress_sort(struct rlg_progress_records *records);

/* How many there are.  They keep their numbers, and those that come behind them may be dropped where they are the same. */
size_t rlg_progress_mark(struct rlg_progress_records *records);

/* For gathered.h: those from number `first` on, and the way back; false where the bytes are not what was packed. */
void rlg_progress_pack(const struct rlg_progress_records *records, size_t first, struct rlg_bytes *to);
bool rlg_progress_unpack(struct rlg_progress_records *records, struct rlg_unpack *from);

/* Tells the phase that each names, NULLs left out and hardly any twice in a row. */
void rlg_progress_each_phase(const struct rlg_progress_records *records, void (*tell)(void *context, const char *phase),
			     void *context);

/*
 * Fills the `progress` of the attempts, and that of the phases: of their attempts together, and what told a phase alone.
 * Whoever says neither phase nor a job that is known tells of the first phase.
 */
void rlg_progress_give(const struct rlg_progress_records *records, struct rlg_phased_attempt *attempts, size_t n_attempts,
		       struct rlg_phase *phases, size_t n_phases);

/* "step 2400, train_loss 0.085": what one record tells, on one line, in the arena. */
const char *rlg_progress_words(struct rlg_arena *arena, const struct rlg_record *record);

/* Is this the name of a member that says whose record it is, or where? */
bool rlg_progress_is_own(const char *name, size_t length);

/* "step 2400", "epoch 3" or NULL: how far it is, in the arena. */
const char *rlg_progress_how_far(struct rlg_arena *arena, const struct rlg_progress *progress);

#endif
