/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One refresher of a group at a time, on all hosts.
 *
 * By a lock of the file system on `lock`.  Where it has none, or where they do not work just now, by a file that stands there as long as
 * somebody refreshes: two refreshers at once would take each other's news for what a person changed.
 */
#ifndef RLG_REFRESH_LOCK_H
#define RLG_REFRESH_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Where a file has to serve: whoever has not touched it for so long is taken to have died.  A round is well below that. */
#define RLG_REFRESH_DEAD_S 120

struct rlg_refresh_lock {
	int fd; /* of the file `lock`; the caller's */
	const char *stand_in; /* path of the file that serves where locks are not to be had */
	bool locked; /* we hold the file system's lock */
	bool by_name; /* we hold the stand-in; neither: nobody is kept out */
};

/* Waits for `wait_ms` at most.  Returns 0: it is ours, until rlg_refresh_lock_drop(); -EAGAIN: somebody else's. */
int rlg_refresh_lock_take(struct rlg_refresh_lock *lock, int64_t wait_ms);

/* Says that we live, before each round. */
void rlg_refresh_lock_touch(const struct rlg_refresh_lock *lock);

void rlg_refresh_lock_drop(struct rlg_refresh_lock *lock);

#endif
