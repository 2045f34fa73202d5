/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tool says to whoever ran it. */
#ifndef RLG_EXIT_H
#define RLG_EXIT_H

/* Exit statuses, the same for every command. */
enum rlg_exit {
	RLG_EXIT_OK = 0,
	RLG_EXIT_FAILED = 1,
	RLG_EXIT_USAGE = 2, /* asked wrongly */
	RLG_EXIT_DAMAGED = 3, /* worked, but some input was damaged and stepped over */
	RLG_EXIT_TIMEOUT = 124 /* the time of --timeout was up; as timeout(1) says it */
};

#endif
