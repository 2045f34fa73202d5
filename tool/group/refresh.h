/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bringing a group's trackers up to date, one refresher at a time.
 */
#ifndef RLG_REFRESH_H
#define RLG_REFRESH_H

#include "lib/err.h"
#include "tool/group/group.h"

#include <stdbool.h>

struct rlg_refresh_report {
	bool left_to_other; /* somebody else is refreshing and will see our news */
	unsigned trackers_written;
	unsigned trackers_unchanged;
	unsigned edits; /* of people's, now in the records */
	uint64_t damaged;
	uint64_t runs_read; /* whose status files had something new */
	uint64_t records_read;
};

enum rlg_refresh_wait {
	RLG_REFRESH_LEAVE, /* a busy group is left to the one who is at it (by-itself refreshes) */
	RLG_REFRESH_WAIT /* wait for our turn, up to 10 s (a person's refresh) */
};

/*
 * Refreshes all trackers that the group's config names: all status files are looked at, and all that lies on disk.  A tracker that cannot be read or rendered is left alone; the
 * others are still done, and the first such error comes back.
 */
int rlg_refresh(struct rlg_group *group, enum rlg_refresh_wait wait, struct rlg_refresh_report *out_report,
		struct rlg_err *err);

/*
 * The same for the runs that have news (news.h) alone, whoever left word of it: only their files are looked at, and only
 * what lies on disk of them.  Nothing to do is fine.
 */
int rlg_refresh_news(struct rlg_group *group, enum rlg_refresh_wait wait, struct rlg_refresh_report *out_report,
		     struct rlg_err *err);

/* A person's refresh that believes no snapshot. */
int rlg_refresh_rebuild(struct rlg_group *group, struct rlg_refresh_report *out_report, struct rlg_err *err);

/* How long ago a group was refreshed last; INT64_MAX: never. */
int64_t rlg_refresh_age_us(const char *group_path);

#endif
