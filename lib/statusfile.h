/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Appending a record to a run's status file, so that it is neither lost nor torn nor mixed with another.
 *
 * A run has one status file for each host that writes, since two hosts that append to one file lose records on NFS.
 * Writers on one host take turns by an OFD lock on byte 0; where a lock cannot be had in time the record goes to a file
 * of its own.  See runledger-record(5), "Appending".
 *
 * Must run as the user whose records they are, never as root for somebody else.  Nothing here allocates, so that it can
 * run in a forked child of slurmstepd.  It can block for as long as the file system does: only in a process that nobody
 * has to wait for.
 */
#ifndef RLG_STATUSFILE_H
#define RLG_STATUSFILE_H

#include "lib/err.h"
#include "lib/layout.h"

#include <stdbool.h>
#include <stddef.h>

/* Host names are at most 64 bytes on Linux; the rest is room for the suffixes of fresh files. */
#define RLG_HOST_MAX 65

/* How long writers of one host wait for each other, where no person waits for them. */
#define RLG_APPEND_TURN_MS 10000

struct rlg_append {
	const char *group; /* absolute path of the run group */
	const char *run;
	const char *line; /* a whole record with its newline */
	size_t length;
	int timeout_ms; /* how long to wait for our turn */
	bool durable; /* fsync on a local file system too; on a network one it is always done */
};

/*
 * Appends.  Where the host's file is somebody else's, in a shared group, this user's own is HOST.uUID.jsonl; where no
 * turn comes in time, or a link, a file with a second name or no regular file stands under it, a fresh one is
 * HOST.PID-RANDOM.jsonl.  Returns 0 once the record is as safe as asked for; otherwise a negative errno with a sentence, and the
 * record may stand in the file in part or in whole (readers know records by their id, so say it again).
 *   -ENOENT        the group has no .runledger folder, or is gone
 *   -EINVAL        a name or a line that cannot be a record's
 *   -ELOOP, -ENOTDIR  a link stands in place of one of its folders
 *   others         what the system said: ENOSPC, EDQUOT, EACCES, EROFS, EIO, ...
 */
int rlg_statusfile_append(const struct rlg_append *append, struct rlg_err *err);

/* This host's name as it stands in file names: the part before the first dot, odd characters replaced by '_'. */
void rlg_statusfile_host(char out_host[RLG_HOST_MAX]);

#endif
