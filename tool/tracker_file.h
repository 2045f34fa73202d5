/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tracker's file in its group: the text that stands there, and the text that the tool wrote last.
 */
#ifndef RLG_TRACKER_FILE_H
#define RLG_TRACKER_FILE_H

#include "lib/err.h"
#include "tool/group.h"
#include "tool/tracker/tracker.h"

#include <sys/stat.h>

/* A tracker larger than this is no tracker. */
#define RLG_TRACKER_MAX ((size_t)256 << 20)

struct rlg_tracker_file {
	const struct rlg_tracker *tracker;
	struct rlg_arena *arena; /* the group's; holds all of this */
	const char *path; /* absolute */
	const char *base_path; /* where the copy of what we wrote last is kept */
	char *text; /* NULL: there is no file */
	size_t length;
	struct stat stat; /* of the text that was read; all zero where there is no file */
	char *base; /* what the tool wrote last; NULL: not known */
	size_t base_length;
};

/*
 * Reads the file of this choice into the group's arena.  A tracker that is off gives -ENOENT.  What cannot be read is an
 * error with the file's name.  So is a path that others could have laid, by a link or an entry of a shared config.yaml, to
 * a file outside of the group: -ELOOP, -EPERM.
 */
int rlg_tracker_file_open(struct rlg_group *group, const struct rlg_tracker_choice *choice,
			  struct rlg_tracker_file *out_file, struct rlg_err *err);

/* Is the file on disk still the one that was read? */
bool rlg_tracker_file_is_current(const struct rlg_tracker_file *file);

/*
 * Puts `text` into the file and remembers it as ours; writes nothing that is there already.  -EAGAIN, and nothing
 * written, when somebody saved the file since it was read.
 */
int rlg_tracker_file_write(const struct rlg_tracker_file *file, const char *text, size_t length, bool *out_written,
			   struct rlg_err *err);

#endif
