/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Becoming the user whose record it is, for good.
 */
#ifndef RLG_IDENTITY_H
#define RLG_IDENTITY_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Becomes that user, with the supplementary groups that this host knows for them; `user` (may be NULL) counts only if it
 * is a name of that uid's, and gid only if it is one of their groups here, else it is their usual one.  Of a user that this
 * host does not know there is only the gid; unless root itself says so (by_root: slurmd), -EPERM for one of the system's.
 * gid -1: not told, and -ENOENT for a user that this host does not know.  For root only; on failure the process must end.
 */
int rlg_identity_become(uid_t uid, int64_t gid, const char *user, bool by_root, struct rlg_err *err);

#endif
