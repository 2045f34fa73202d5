/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slurm's states, and what each is in a tracker.
 */
#ifndef RLG_SLURM_STATE_H
#define RLG_SLURM_STATE_H

#include "tool/model/model.h"

/* NULL for a word that we do not know, and for UNKNOWN. */
const enum rlg_status *rlg_slurm_status(const char *state);

/* Does a job in this state hold nodes? */
bool rlg_slurm_runs(const char *state);

/* Does a job in this state wait in the queue? */
bool rlg_slurm_waits(const char *state);

#endif
