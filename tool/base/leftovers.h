/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Temporary files of processes that were killed over them: nobody reads them, and nobody else would remove them.
 */
#ifndef RLG_LEFTOVERS_H
#define RLG_LEFTOVERS_H

#include <stdbool.h>
#include <sys/types.h>

/* No process of ours writes one file for so long, whatever the clocks of two hosts say. */
#define RLG_LEFTOVER_S 86400

/* Is this the name of a temporary file that atomic_file.c, snapshot.c or refresh_lock.c makes? */
bool rlg_leftover_is_temporary(const char *name);

/* Or that of an entry of a spool (lib/spool.h) which was never made whole? */
bool rlg_leftover_is_hidden_entry(const char *name);

/*
 * Removes what is called so in the folder, if it is a regular file of that user's, has no other name, and was not touched for
 * RLG_LEFTOVER_S.  Whatever fails is left for the next time.
 */
void rlg_leftovers_sweep(int folder_fd, bool (*is_one)(const char *name), uid_t owner);

#endif
