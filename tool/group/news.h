/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which runs have news: a mark for each, .runledger/news/RUN, made after the append and before the refresh.
 *
 * Marks are files, not lines of one: hosts that append to one file lose half of it on NFS.  A refresh takes the marks
 * (they become news/.RUN), looks at these runs, and then removes them; should it die, the next one finds what it took.
 * The mark .runledger/dirty stands for all runs.
 */
#ifndef RLG_NEWS_H
#define RLG_NEWS_H

#include "lib/err.h"
#include "tool/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* Leaves word that the run (NULL: any run) has news.  Where its own mark cannot be made, that of all is. */
int rlg_news_leave(const char *group_path, const char *run, struct rlg_err *err);

/*
 * Could this process, or the one that it was forked from, make no mark at all?  Then nobody will look for what it appended,
 * but who refreshes all.
 */
bool rlg_news_is_unmarked(void);

/* Is there news that nobody has taken? */
bool rlg_news_is_there(const char *group_path);

/* What a refresh took; it holds the lock. */
struct rlg_news {
	const char *group_path;
	bool all;
	const char **runs;
	size_t n_runs, room;
};

/* Takes the marks there are, and those of one who died over them.  Returns 0, or -ENOENT where there are none. */
int rlg_news_take(struct rlg_arena *arena, const char *group_path, struct rlg_news *out_news, struct rlg_err *err);

/* The trackers show it. */
void rlg_news_done(const struct rlg_news *news);

#endif
