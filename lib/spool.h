/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The spool: where a record waits until somebody can put it into its status file.  slurmctld's records come this way, as
 * SlurmUser can write into no user's folder.
 *
 *     SPOOL/new/     what nobody has looked at yet; a file an entry, one record each, made whole by a rename
 *     SPOOL/held/    what could not be delivered yet; tried again now and then
 *     SPOOL/bad/     what is no entry; for a person to look at
 *
 * `new` stays empty whenever nothing is new, so that a systemd path unit can watch it.  Entries are taken up in the order
 * of their names, which begin with the moment they were made.
 */
#ifndef RLG_SPOOL_H
#define RLG_SPOOL_H

#include "lib/err.h"

#include <stddef.h>

#define RLG_SPOOL_NEW "new"
#define RLG_SPOOL_HELD "held"
#define RLG_SPOOL_BAD "bad"

/* Entries end so; anything else in the folder is being written, or is not ours. */
#define RLG_SPOOL_SUFFIX ".json"

/*
 * Leaves one record (whole, with its newline) in the spool.  Makes SPOOL/new where it is missing, but not SPOOL itself:
 * that one's owner is the admin's word.  Does no fsync: the entry is gone after a crash of the machine, and whoever asks
 * slurmctld later (`runledger status --reconcile`) still hears it.  Returns 0 or a negative errno with a sentence.
 */
int rlg_spool_put(const char *spool, const char *line, size_t length, struct rlg_err *err);

#endif
