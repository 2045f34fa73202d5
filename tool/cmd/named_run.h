/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run, and maybe the phase of it, that a person names: RUN or RUN/PHASE.
 */
#ifndef RLG_NAMED_RUN_H
#define RLG_NAMED_RUN_H

#include "tool/model/model.h"
#include "tool/cmd/options.h"

/*
 * The run of that name, with the phase in *out_phase (NULL: none was named).  Returns NULL after a sentence on stderr, with
 * the nearest names, if there is none.
 */
const struct rlg_run *rlg_named_run(const struct rlg_options *options, const struct rlg_model *model, const char *words,
				    const struct rlg_phase **out_phase);

/* Says that there is no such run, and which are near.  Returns RLG_EXIT_FAILED. */
int rlg_unknown_run(const struct rlg_options *options, const struct rlg_model *model, const char *name);

#endif
