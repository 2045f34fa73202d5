/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emptying the node's spool: each user's part in a child that has become that user, several at a time.
 */
#ifndef RLG_DRAIN_NODE_H
#define RLG_DRAIN_NODE_H

#include "tool/drain/node_user.h"

/*
 * One pass: everybody's for root, one's own for anybody else.  A child that gives no sign of life for longer than a record
 * may take is killed, or left alone if even that does not help, and another one goes on with the user's other groups.  Adds to
 * the report.  Returns 0, also where there is no spool, or a negative errno with a sentence.
 */
int rlg_drain_node(const struct rlg_siteconf *site, bool by_itself, struct rlg_node_report *report, struct rlg_err *err);

#endif
