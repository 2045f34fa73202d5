/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tracker's file in its group: the text that stands there, and the text that the tool wrote last.
 */
#ifndef RLG_TRACKER_FILE_H
#define RLG_TRACKER_FILE_H

#include "lib/err.h"
#include "tool/group/group.h"
#include "tool/group/load.h"
#include "tool/tracker/tracker.h"

#include <sys/stat.h>

/* A tracker larger than this is no tracker. */
#define RLG_TRACKER_MAX ((size_t)256 << 20)

struct rlg_tracker_file {
	struct rlg_arena *arena; /* the group's; holds all of this */
	const struct rlg_reach *reach; /* the group's */
	const char *path; /* absolute */
	const char *place; /* the same, as its tracker named it */
	const char *base_place; /* where the copy of what we wrote last is kept, in the group */
	char *text; /* NULL: there is no file */
	size_t length;
	struct stat stat; /* of the text that was read; all zero where there is no file */
	char *base; /* what the tool wrote last; NULL: not known */
	size_t base_length;
	char *memory; /* what its tracker asked to be remembered; NULL: nothing */
	bool base_is_next, memory_is_next; /* whoever wrote it died before it was in its place */
};

/* What a tracker of this group sees; `model` may be NULL. */
struct rlg_tracker_view rlg_tracker_view(const struct rlg_group *group, const struct rlg_tracker_choice *choice,
					 const struct rlg_model *model);

/* The files that this choice keeps, in the group's arena.  A tracker that is off keeps none. */
struct rlg_tracker_places {
	struct rlg_tracker_place *list;
	size_t n, room;
};
int rlg_tracker_places(struct rlg_group *group, const struct rlg_tracker_choice *choice, const struct rlg_model *model,
		       struct rlg_tracker_places *out_places, struct rlg_err *err);

/*
 * Reads the file at this place into the group's arena.  What cannot be read is an error with the file's name.  So is a
 * path that others could have laid, by a link or an entry of a shared config.yaml, to a file outside of the group: -ELOOP,
 * -EPERM, -EACCES as rlg_reach_read().
 */
int rlg_tracker_file_open(struct rlg_group *group, const struct rlg_tracker_choice *choice,
			  const struct rlg_tracker_place *place, struct rlg_tracker_file *out_file, struct rlg_err *err);

/* The same where file and copy are those that were written as `*written_sum` (NULL: not known) was the sum of the text. */
int rlg_tracker_file_open_stamped(struct rlg_group *group, const struct rlg_tracker_choice *choice,
				  const struct rlg_tracker_place *place, const uint64_t *written_sum,
				  struct rlg_tracker_file *out_file, struct rlg_err *err);

/* What tells a tracker's file, its copy and its memory from others, without reading them. */
struct rlg_tracker_signs {
	struct rlg_file_sign file, base, memory;
};
void rlg_tracker_signs(const struct rlg_group *group, const struct rlg_tracker_choice *choice,
		       const struct rlg_tracker_place *place, struct rlg_tracker_signs *out_signs);
struct rlg_tracker_signs rlg_tracker_file_signs(const struct rlg_tracker_file *file);

/* What a stamp of this place is kept under. */
const char *rlg_tracker_stamp_key(const struct rlg_group *group, const struct rlg_tracker_choice *choice,
				  const struct rlg_tracker_place *place);

/*
 * Is it known from its stamp which runs the trackers name?  Only where one tracker tells any, in one file, and that is the
 * one that was written last.
 */
bool rlg_tracker_runs_are_known(struct rlg_group *group, const struct rlg_load *load);

/*
 * Tells the runs that the files of all trackers name; a file that does not parse is passed over.  Returns 0, or the errno
 * of one that cannot be read just now.
 */
int rlg_tracker_runs(struct rlg_group *group, rlg_tracker_run_fn *tell, void *context);

/* Is the file on disk still the one that was read? */
bool rlg_tracker_file_is_current(const struct rlg_tracker_file *file);

/*
 * Puts `text` into the file, remembers it as ours, and keeps what its tracker wants to know the next time; writes nothing
 * that is there already.  All of it or none, also for whoever comes when we have died half-way.  -EAGAIN, and nothing
 * written, when somebody saved the file since it was read.
 */
int rlg_tracker_file_write(const struct rlg_tracker_file *file, const struct rlg_bytes *text, const struct rlg_bytes *memory,
			   bool *out_written, struct rlg_err *err);

#endif
