/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sleeping until there is news in a run group: a record that was appended, a status file or a run that came or went.
 *
 * On a file system of this machine the sleep is in inotify(7), and costs nothing.  On a network file system, which wakes
 * nobody, and where inotify can take no more watches, the status files' sizes are looked at instead.  The scheduler is
 * never asked.
 *
 * Whoever follows first opens this, and looks at the group then: what happens in between wakes the first wait.
 */
#ifndef RLG_FOLLOW_H
#define RLG_FOLLOW_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

/* News wait for more news, until there is none for so long: a burst is one look. */
#define RLG_FOLLOW_QUIET_MS 100

/* But no longer than this since the first of them: a change is told within a second, whatever else happens. */
#define RLG_FOLLOW_MOST_MS 600

/* Between two looks at sizes; and longer where such a look takes long, so that it is a twentieth of the time at most. */
#define RLG_FOLLOW_LOOK_MS 1000
#define RLG_FOLLOW_LOOK_MOST_MS 30000

struct rlg_follow;

enum rlg_follow_end {
	RLG_FOLLOW_NEWS, /* look again */
	RLG_FOLLOW_DEADLINE,
	RLG_FOLLOW_OTHER, /* `other_fd` can be read */
	RLG_FOLLOW_GONE, /* there is no such group any more */
	RLG_FOLLOW_NO_READER /* nobody can read our standard output any more */
};

/* How to learn of news on a file system of this kind (statfs(2)'s f_type): must the sizes be looked at? */
bool rlg_follow_must_look(unsigned long kind);

/*
 * Begins to follow the group at the absolute path `group`; `look` makes it look at sizes wherever it is.  Returns 0, or
 * a negative errno with a sentence: -ENOENT where there is no group.  The caller ends with rlg_follow_close().
 */
int rlg_follow_open(const char *group, bool look, struct rlg_follow **out_follow, struct rlg_err *err);
void rlg_follow_close(struct rlg_follow *follow);

/*
 * Sleeps until there is news, or until `deadline_ms` (lib/clock.h, monotonic; -1: none), or until `other_fd` (-1: none)
 * can be read.  News that came since the last call, or since the opening, count; a burst of it may pass the deadline.
 */
enum rlg_follow_end rlg_follow_wait(struct rlg_follow *follow, int64_t deadline_ms, int other_fd);

/*
 * Why sizes are looked at, as a sentence that lives as long as `follow`; NULL: they are not, or it has been said.  Ask after
 * opening and after each wait.
 */
const char *rlg_follow_complaint(struct rlg_follow *follow);

#endif
