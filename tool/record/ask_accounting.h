/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking Slurm's accounting (slurmdbd) about one job, by sacct(1), whose columns are the same in every version, and which
 * shows a user what that user may see.
 */
#ifndef RLG_ASK_ACCOUNTING_H
#define RLG_ASK_ACCOUNTING_H

#include "lib/err.h"
#include "tool/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One attempt, as accounting knows it.  Moments are 0, and texts NULL, where it does not. */
struct rlg_accounted {
	int64_t job_id, array_job_id, array_task_id; /* -1: none */
	const char *state; /* Slurm's word alone: CANCELLED, not `CANCELLED by 1001` */
	int exit_code, signal;
	int64_t submit_us, start_us, end_us;
	const char *nodes;
	const char *user, *job_name;
};

struct rlg_accounting_question {
	int64_t job_id; /* -1: not known; then by user and name, and only what has ended */
	const char *user, *job_name;
	int64_t from_us; /* nothing that ended before */
};

/*
 * All attempts that fit, as many as sacct shows.  -ENOENT: there is no accounting here (no sacct, or it is turned off);
 * -ETIMEDOUT; or -EIO with what sacct said.
 */
int rlg_ask_accounting(struct rlg_arena *arena, const struct rlg_accounting_question *question, int timeout_ms,
		       struct rlg_accounted **out_attempts, size_t *out_count, struct rlg_err *err);

#endif
