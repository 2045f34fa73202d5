/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `status --json` and `watch --json` say alike of a phase: members of a JSON object, see tool/base/json_out.h.
 */
#ifndef RLG_PHASE_JSON_H
#define RLG_PHASE_JSON_H

#include "tool/base/bytes.h"
#include "tool/model/model.h"

/* The attempt that decides the phase; where there is none, one of which nothing is known. */
const struct rlg_attempt *rlg_phase_decided_by(const struct rlg_phase *phase);

/* Which phase it is, where it stands, and how, when and where its job ran. */
void rlg_out_phase(struct rlg_bytes *out, const struct rlg_phase *phase);

/* submit_time, start_time, end_time. */
void rlg_out_moments(struct rlg_bytes *out, const struct rlg_attempt *attempt);

/* Which task failed first; NULL is null. */
void rlg_out_failure(struct rlg_bytes *out, const struct rlg_failure *failure);

#endif
