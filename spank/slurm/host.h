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

#endif
