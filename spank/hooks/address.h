/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a job's records go.  Found once, at submission; carried to the node and to the epilog by SPANK's job-control
 * environment, which Slurm keeps over requeues, restarts of slurmctld and --export=NONE.
 *
 * The user can forge it: so it is only ever used as that user.
 */
#ifndef RLG_ADDRESS_H
#define RLG_ADDRESS_H

#include "lib/layout.h"
#include "lib/record.h"
#include "spank/hooks/host.h"

struct rlg_address {
	char sid[RLG_ID_MAX]; /* the submission's id; "" when it is not known */
	char group[RLG_PATH_MAX];
	char run[RLG_NAME_MAX + 1]; /* may hold {array_task}: then only the tool can say which run it is */
	char phase[RLG_NAME_MAX + 1];
};

/* Is there a run to write to, as it stands? */
bool rlg_address_is_exact(const struct rlg_address *address);

/* Takes the address out of the environment; `prefix` is "SLURM_SPANK_" or "SPANK_".  False: there is no (whole) one. */
bool rlg_address_get(struct rlg_address *out_address, const struct rlg_host *host, const char *prefix);

/* Hands the address to the job.  A host that refuses makes it false. */
bool rlg_address_set(const struct rlg_address *address, const struct rlg_host *host);

/* A job submitted from within a tracked job must not inherit its address. */
void rlg_address_unset(const struct rlg_host *host);

/*
 * In slurmstepd, before the tasks: puts the address into the job's own environment as one variable, RUNLEDGER_ADDRESS,
 *     JOB_ID/SID/RUN/PHASE/absolute path of the group
 * (sid and phase may be empty; no name holds a slash), so that what the job says of itself needs no look-ups.  It is no
 * request: who inherits it by a submission has another job id.  Without an address such an inherited one is taken out.
 */
void rlg_address_publish(const struct rlg_host *host);

/* Reads the tool's answer, lines of group=, run= and phase=; the sid stays.  False: the job is not tracked. */
bool rlg_address_parse(struct rlg_address *address, char *answer);

#endif
