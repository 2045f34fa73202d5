/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm's states: see slurm_state.h. */
#include "tool/model/slurm_state.h"

#include <string.h>

static const struct {
	const char *state;
	enum rlg_status status;
} words[] = {
	{"COMPLETED", RLG_STATUS_COMPLETED},   {"FAILED", RLG_STATUS_FAILED},	   {"CANCELLED", RLG_STATUS_FAILED},
	{"TIMEOUT", RLG_STATUS_FAILED},	       {"NODE_FAIL", RLG_STATUS_FAILED},   {"OUT_OF_MEMORY", RLG_STATUS_FAILED},
	{"BOOT_FAIL", RLG_STATUS_FAILED},      {"DEADLINE", RLG_STATUS_FAILED},	   {"REVOKED", RLG_STATUS_FAILED},
	{"PREEMPTED", RLG_STATUS_FAILED},      {"LAUNCH_FAILED", RLG_STATUS_FAILED}, {"RUNNING", RLG_STATUS_RUNNING},
	{"COMPLETING", RLG_STATUS_RUNNING},    {"SUSPENDED", RLG_STATUS_RUNNING},  {"CONFIGURING", RLG_STATUS_RUNNING},
	{"REQUEUED", RLG_STATUS_SUBMITTED},    {"PENDING", RLG_STATUS_SUBMITTED},
};

const enum rlg_status *rlg_slurm_status(const char *state)
{
	for (size_t i = 0; state != NULL && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].state, state) == 0)
			return &words[i].status;
	return NULL;
}

bool rlg_slurm_runs(const char *state)
{
	const enum rlg_status *status = rlg_slurm_status(state);

	return status != NULL && *status == RLG_STATUS_RUNNING;
}

bool rlg_slurm_waits(const char *state)
{
	return state != NULL && strcmp(state, "PENDING") == 0;
}
