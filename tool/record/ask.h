/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking slurmctld how one job ended.  A program of its own does it (runledger-ask), since libslurm may exit, or wait for
 * a long time, and since the tool must run where there is no Slurm.
 */
#ifndef RLG_ASK_H
#define RLG_ASK_H

#include "lib/err.h"
#include "lib/record_read.h"

/*
 * Asks within the time.  On success out_answer is a `finish` record with what slurmctld said; end it with
 * rlg_record_done().  -ESRCH: slurmctld knows no such job (any more).  -ETIMEDOUT, -ENOTSUP (built without Slurm), or -EIO with
 * what the program said.
 */
int rlg_ask(int64_t job_id, int timeout_ms, struct rlg_record *out_answer, struct rlg_err *err);

/* A job whose id is not known: by what was submitted, by whom, and when. */
struct rlg_ask_submission {
	int64_t uid;
	const char *job_name;
	int64_t from_us, to_us; /* the submission lies between them */
};

/* The same for such a job; -ESRCH as well where several are like that. */
int rlg_ask_submission(const struct rlg_ask_submission *submission, int timeout_ms, struct rlg_record *out_answer,
		       struct rlg_err *err);

/* A cluster's name is a word; slurmdbd takes no longer ones than a file's name may be. */
#define RLG_CLUSTER_MAX 256

/* The name of the cluster whose slurmctld is asked.  0, or as rlg_ask(), and out_name is as it was. */
int rlg_ask_cluster(int timeout_ms, char out_name[RLG_CLUSTER_MAX], struct rlg_err *err);

#endif
