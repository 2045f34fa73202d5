/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A user's own folder in the node's spool (node_spool.h), found and made by that user's own processes.
 *
 * The spool is open to everybody, as /tmp is, so nothing in it is believed by its name: a folder is ours if it is a folder,
 * not a link, of our user, and closed to all others.  Nothing here allocates.
 */
#ifndef RLG_NODE_FOLDER_H
#define RLG_NODE_FOLDER_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* "u4294967294.HEX", with room. */
#define RLG_NODE_NAME_MAX 64

/*
 * Opens the spool itself.  Refused, with -EPERM, where somebody could put their own in place of our folder: others may write
 * and there is no sticky bit, or it is of a user who is neither root nor we.  Returns a descriptor, or a negative errno with
 * a sentence.
 */
int rlg_node_open(const char *spool, struct rlg_err *err);

/*
 * Opens this process's user's folder: uUID, or where somebody else sits on that name uUID.RANDOM.  It is made (mode 0700)
 * if `make`.  Returns a descriptor; -ENOENT where there is none; or another negative errno with a sentence.
 */
int rlg_node_folder_open(int spool_fd, bool make, struct rlg_err *err);

/* Is this the name of a folder of some user's, and whose? */
bool rlg_node_folder_owner(const char *name, uid_t *out_uid);

/* Calls `each` for every name in a folder but . and .., until it returns false.  Returns 0 or a negative errno. */
typedef bool rlg_node_name_fn(void *context, int folder_fd, const char *name);
int rlg_node_each_name(int folder_fd, rlg_node_name_fn *each, void *context);

/* How many users have a folder there: names with the right owner behind them. */
unsigned rlg_node_users(int spool_fd);

#endif
