/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which attempt of a job ran at a moment: for records that the job and its nodes make, which know their job's id and the
 * time, and not the attempt.
 */
#ifndef RLG_ATTEMPTS_AT_H
#define RLG_ATTEMPTS_AT_H

#include "tool/model/attempts.h"

/* Into attempts that stay where they are, and that the caller keeps. */
struct rlg_attempts_at;

#define RLG_NO_ATTEMPT ((size_t)-1)

struct rlg_attempts_at *rlg_attempts_at_new(struct rlg_arena *arena, const struct rlg_phased_attempt *attempts, size_t n_attempts);

/*
 * Which attempt of job `job_id` (where that is negative: of submission `sid`) was running then, or nearest to it; of two
 * the later.  A cluster of NULL may be any.  RLG_NO_ATTEMPT: none began, or none is near: job ids wrap.
 */
size_t rlg_attempts_at(const struct rlg_attempts_at *index, int64_t job_id, const char *cluster, const char *sid,
		       int64_t moment_us);

#endif
