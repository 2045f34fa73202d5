/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slurm as a host of our hooks: the only place, with the plugins' entry points, that knows <slurm/spank.h>.
 */
#ifndef RLG_SLURM_HOST_H
#define RLG_SLURM_HOST_H

#include "spank/hooks/host.h"

#include <slurm/spank.h>

/* A host over the handle of one hook; good until that hook returns. */
struct rlg_host rlg_slurm_host(spank_t spank);

/*
 * PrologFlags=RunInJob: prolog and epilog are the extern step's, and Slurm never calls a SPANK plugin's (read in the source
 * of 24.05 to 25.11, seen with 24.11 and 26.05).  False where Slurm knows no such thing.
 */
bool rlg_slurm_runs_in_job(void);

#endif
