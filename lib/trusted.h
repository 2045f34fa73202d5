/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a program is fit to be started by root, and for users who do not know of each other.
 */
#ifndef RLG_TRUSTED_H
#define RLG_TRUSTED_H

#include "lib/err.h"

/*
 * Can nobody but root, or whom this process runs as, have put another program at `path` (absolute)?  Looked at are the
 * file, each folder above it, and each link on the way: their owner, and that neither a group (but root's) nor others may
 * write; a sticky folder of root's, like /tmp, is fine for what lies in it.  Returns 0; -EPERM, with a sentence about the
 * first thing that others could change; or another negative errno for what cannot be looked at.  Nothing is allocated.
 */
int rlg_trusted_program(const char *path, struct rlg_err *err);

#endif
