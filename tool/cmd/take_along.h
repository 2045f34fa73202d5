/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking along what waits of one's own in the node's spool, for who has just reached a status file.
 */
#ifndef RLG_TAKE_ALONG_H
#define RLG_TAKE_ALONG_H

#include "lib/siteconf.h"

/*
 * Delivers what waits, if anything does, but not what failed a short while ago.  It may hang: for a process that nobody
 * waits for.
 */
void rlg_take_along(const struct rlg_siteconf *site);

/* The same behind the caller's back, which is only delayed by a look whether anything waits. */
void rlg_take_along_behind(void);

#endif
