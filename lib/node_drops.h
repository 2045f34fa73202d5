/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many records of a user's the node's spool could not keep.
 */
#ifndef RLG_NODE_DROPS_H
#define RLG_NODE_DROPS_H

#include <stdbool.h>
#include <stdint.h>

struct rlg_node_drops {
	uint64_t count;
	int64_t last_us; /* 0: never */
};

/* Makes the counter, so that it can count when the disk is full.  In vain is no failure. */
void rlg_node_drops_prepare(int folder_fd);

/* Counts `more` drops.  Returns whether this is the first in a day, which is to be told. */
bool rlg_node_drops_add(int folder_fd, uint64_t more);

/* What was counted; zeros where nothing was. */
void rlg_node_drops_read(int folder_fd, struct rlg_node_drops *out_drops);

#endif
