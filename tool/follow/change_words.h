/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes in words, for people: one in a sentence, many in a few lines.
 *
 * Texts are plain, as they stand in the records: who prints them makes them harmless (printable.h).
 */
#ifndef RLG_CHANGE_WORDS_H
#define RLG_CHANGE_WORDS_H

#include "tool/base/bytes.h"
#include "tool/follow/changes.h"
#include "tool/base/terminal.h"

/* Up to so many changes get a line each; more are counted. */
#define RLG_CHANGES_EACH 4

/* As many lines of a job's log as tell why it failed, without being the log. */
#define RLG_CHANGE_LOG_LINES 3

struct rlg_change_line {
	int64_t time_us; /* of the newest news that it tells; 0: it belongs to the line before */
	enum rlg_colour colour;
	const char *words;
};

/* What is to be told; the lines belong to the arena. */
struct rlg_change_lines {
	struct rlg_change_line *list;
	size_t n;
};

/*
 * Where a phase stands: "completed, step 2400, train_loss 0.085 (job 1234567, 13m 32s)", "running on n1 (job 12)",
 * "failed: TIMEOUT after 2h 0m (job 12)", "skipped, by hand".
 */
const char *rlg_phase_words(struct rlg_arena *arena, const struct rlg_phase *phase);

/* A change: "1B_rank4/finetune: back in the queue (job 12), after NODE_FAIL after 3m 2s". */
const char *rlg_change_words(struct rlg_arena *arena, const struct rlg_change *change);

/* Why a phase failed, in Slurm's words; NULL where it has not failed, or a person says so. */
const char *rlg_change_cause(struct rlg_arena *arena, const struct rlg_phase *phase);

/* The lines of the job's own log that look like an error (log_tail.h), if the phase has failed; how many. */
size_t rlg_change_log_lines(struct rlg_arena *arena, const struct rlg_phase *phase, size_t most,
			    const char *const **out_lines);

/*
 * All of these changes: a line each while they are few, otherwise counts with a few names.  A failure is followed by the
 * end of its log; of many, each cause is told once, and the log of the first that it befell.
 */
void rlg_changes_tell(struct rlg_arena *arena, const struct rlg_change *changes, size_t n_changes,
		      struct rlg_change_lines *out_lines);

#endif
