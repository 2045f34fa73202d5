/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One refresh of all trackers of a group, once its turn has come.  Inside of refresh.h: nobody else looks at it.
 */
#ifndef RLG_REFRESH_TRACKERS_H
#define RLG_REFRESH_TRACKERS_H

#include "tool/group/load.h"
#include "tool/group/refresh.h"
#include "tool/group/tracker_file.h"

struct rlg_refreshing {
	struct rlg_group *group; /* opened for this */
	struct rlg_load_news news;
	bool locked; /* nobody else is at it */
	struct rlg_refresh_report *report;
	struct rlg_err *err;
	int code; /* the first error */
	bool loaded; /* the records could be read */
	struct rlg_load *load;
	uint64_t newest; /* sequence of the newest change of any run */
	const char **edited; /* runs that got a record of an edit */
	size_t n_edited, room_edited;
};

/* Everything once, from what is on disk now. */
void rlg_refresh_trackers(struct rlg_refreshing *refreshing);

/* Keeps the first error. */
void rlg_refreshing_failed(struct rlg_refreshing *refreshing, int code, const struct rlg_err *err);

/* ---- tracker_stamp.c ---- */

/* What is known of the file at a place since it was rendered last. */
struct rlg_stamped {
	const char *key;
	struct rlg_stamp stamp;
	bool holds; /* file, copy and memory are those that were written then, from the settings that there are now */
};

struct rlg_stamped rlg_tracker_stamped(struct rlg_refreshing *refreshing, const struct rlg_tracker_choice *choice,
				       const struct rlg_tracker_place *place);

/* Puts a stamp on the file that says `text` now: it was rendered from the model. */
void rlg_tracker_stamp(struct rlg_refreshing *refreshing, const struct rlg_tracker_choice *choice,
		       const struct rlg_stamped *stamped, const struct rlg_tracker_file *file, const struct rlg_model *model,
		       const struct rlg_bytes *text, bool written);

#endif
