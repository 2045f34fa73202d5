/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading status files: every whole line of every status file of a run, whatever else stands there.
 *
 * A status file is never trusted: a torn tail, garbage, a line of a gigabyte, NULs, a fifo or a link in its place are
 * stepped over and counted.  Memory is bounded by one buffer.
 */
#ifndef RLG_LINES_H
#define RLG_LINES_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

/* What was stepped over. */
struct rlg_damage {
	uint64_t torn; /* last lines without a newline: somebody died, or is writing right now */
	uint64_t too_long; /* lines past RLG_RECORD_MAX */
	uint64_t nuls; /* lines with NULs in them; what follows leading ones, however many, is still read */
	uint64_t no_record; /* lines that are no record; counted by whoever parses */
	uint64_t files; /* files that cannot be read, or are no regular files */
	int unread; /* the errno of one of these that may be read another time (EIO, ESTALE, ...): what is told lacks it */
};

/* All of it but torn tails, which are usually a record that is just being written. */
uint64_t rlg_damage_total(const struct rlg_damage *damage);

/* One line without its newline.  Returns 0 to go on, anything else to stop. */
typedef int rlg_line_fn(void *context, const char *run, const char *file, const char *line, size_t length);

/*
 * Tells every line of the status files of `run` (NULL: of every run, in the order of their names), file by file in the
 * order of their names.  A group or a run without status files is no error.  Returns 0, what `tell` returned if that was
 * not 0, or a negative errno when the folder itself cannot be read.
 */
int rlg_lines_each(const char *group, const char *run, rlg_line_fn *tell, void *context, struct rlg_damage *damage,
		   struct rlg_err *err);

/* The same for one open file, from where its offset stands; that stands behind the last whole line then. */
int rlg_lines_each_in_file(int fd, const char *run, const char *file, rlg_line_fn *tell, void *context,
			   struct rlg_damage *damage);

/* Told of each status file of one run, opened for reading; not of what is no regular file, which is damage. */
typedef int rlg_status_file_fn(void *context, const char *file, int fd);
int rlg_lines_each_file(const char *group, const char *run, rlg_status_file_fn *tell, void *context,
			struct rlg_damage *damage, struct rlg_err *err);

/* Told of each run's name; for whoever only wants to know which runs have records. */
typedef int rlg_run_fn(void *context, const char *run);
int rlg_lines_each_run(const char *group, rlg_run_fn *tell, void *context, struct rlg_err *err);

#endif
