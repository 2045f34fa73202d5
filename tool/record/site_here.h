/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The site's settings and spool, for commands that people and jobs run: where a record of theirs waits when its status file
 * is out of reach.
 */
#ifndef RLG_SITE_HERE_H
#define RLG_SITE_HERE_H

#include "lib/node_spool.h"

/*
 * Reads the site's settings: the installed runledger.conf, or the file that RUNLEDGER_CONF names.  That variable is the
 * user's own word, so nobody who works for another may ask.  As rlg_siteconf_read().
 */
int rlg_site_here(struct rlg_siteconf *out_site, struct rlg_err *err);

/* Is there a spool?  Else who is given up on has the only chance that the record is kept. */
bool rlg_spool_is_here(const struct rlg_siteconf *site);

/*
 * The record could not be appended: `why`, with a sentence in err.  Leaves it in the node's spool instead; then err says so too,
 * and 0 comes back.  Where that cannot be, `why` comes back and err stays.
 */
int rlg_spool_instead(const struct rlg_spooled *entry, struct rlg_err *err);

#endif
