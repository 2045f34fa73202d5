/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A failed task in words, for people.  Texts are plain, as they stand in the records.
 */
#ifndef RLG_FAILURE_WORDS_H
#define RLG_FAILURE_WORDS_H

#include "tool/base/bytes.h"
#include "tool/model/model.h"

/* Is it a batch script or a shell, a step of one task? */
bool rlg_failure_is_lone(const struct rlg_failure *failure);

/* "rank 3 on n2", "the batch script on n1", "a task": as much as is known. */
void rlg_failure_add_who(struct rlg_bytes *words, const struct rlg_failure *failure);

/* "rank 3 on n2 (step 0)": the same with its step, where that has a number. */
void rlg_failure_add_who_in_step(struct rlg_bytes *words, const struct rlg_failure *failure);

/* `before` and "exit code 1", "signal 9 (KILL), out of memory"; nothing if it is not known. */
void rlg_failure_add_how(struct rlg_bytes *words, const char *before, const struct rlg_failure *failure);

/*
 * In few words, behind the state of the attempt that it was the cause of: "rank 3 on n2, exit code 1", "exit code 1 on
 * n1" for a batch script, "rank 0 on n1, out of memory" for one that the kernel killed, "rank 0 on n1" where the state
 * says that.
 */
void rlg_failure_add_cause(struct rlg_bytes *words, const struct rlg_failure *failure, const char *state);

/* "signal 9 (KILL)" */
void rlg_words_add_signal(struct rlg_bytes *words, int64_t signal);

#endif
