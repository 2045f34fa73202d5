/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Damaged records: see damage.h. */
#include "tool/cmd/damage.h"

#include "lib/layout.h"
#include "tool/cmd/command.h"

#include <inttypes.h>

int rlg_damage_exit(const struct rlg_options *options, uint64_t damaged, const char *group_path)
{
	if (damaged == 0)
		return RLG_EXIT_OK;
	rlg_warning(options,
		    "%" PRIu64 " damaged line%s or file%s in %s/" RLG_DIR "/" RLG_RUNS_DIR
		    " stepped over; the rest counts",
		    damaged, damaged == 1 ? "" : "s", damaged == 1 ? "" : "s", group_path);
	return RLG_EXIT_DAMAGED;
}
