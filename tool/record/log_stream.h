/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `runledger log -`: what a job prints, on its way to wherever it goes, with its values told to the records.
 *
 * The job comes first: this process does nothing but hand on.  A child of its own finds out where the records go, reads
 * the lines, and appends; when it is slow, stuck or dead the job's output goes on, and values are lost.
 */
#ifndef RLG_LOG_STREAM_H
#define RLG_LOG_STREAM_H

#include "tool/record/job_here.h"

struct rlg_log_stream {
	struct rlg_job_wishes wishes;
	bool tee; /* copy standard input to standard output, byte for byte and at once */
	bool quiet; /* say nothing of what we could not do */
};

/*
 * Reads standard input to its end.  Returns an exit status: failed only if the copy could not be written.  Where nobody
 * reads the copy any more it ends by SIGPIPE, as any other program would in its place.
 */
int rlg_log_stream_run(const struct rlg_log_stream *stream);

#endif
