/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A test whose state is an arena of its own. */
#ifndef RLG_TEST_ARENA_STATE_H
#define RLG_TEST_ARENA_STATE_H

#include "tool/base/arena.h"

#include <stdlib.h>
#include <time.h>

static inline int arena_set_up(void **state)
{
	*state = rlg_arena_new();
	return 0;
}

/* With the clock on the wall at UTC. */
static inline int utc_arena_set_up(void **state)
{
	setenv("TZ", "UTC0", 1);
	tzset();
	return arena_set_up(state);
}

static inline int arena_tear_down(void **state)
{
	rlg_arena_free(*state);
	return 0;
}

#endif
