/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Becoming the user whose record it is, for good.
 */
#ifndef RLG_IDENTITY_H
#define RLG_IDENTITY_H

#include "lib/err.h"

#include <stdint.h>
#include <sys/types.h>

/*
 * Becomes that user, with the supplementary groups that this host knows for `user` (NULL: by the uid).  gid -1: the
 * user's own group here, and a failure if this host knows none.  For root only; on failure the process must end.
 */
int rlg_identity_become(uid_t uid, int64_t gid, const char *user, struct rlg_err *err);

#endif
