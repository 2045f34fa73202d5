/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts on record what `runledger init` found.
 */
#ifndef RLG_DISCOVERY_RECORD_H
#define RLG_DISCOVERY_RECORD_H

#include "lib/err.h"
#include "tool/group/group.h"

/*
 * Puts what discovery.h tells on record, with the moment, in the records of the group's first run: for a group that keeps an action log and
 * has no such record yet.  Returns 0 or a negative errno.
 */
int rlg_discoveries_record(struct rlg_group *group, const struct rlg_model *model, struct rlg_err *err);

#endif
