/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The status files of one run: how far they were read, and what stands behind that.
 */
#ifndef RLG_RUN_FILES_H
#define RLG_RUN_FILES_H

#include "lib/err.h"
#include "tool/base/pack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far one file was read, and what tells that it is still the same. */
struct rlg_read_file {
	const char *name;
	uint64_t inode;
	uint64_t position; /* behind the last whole line */
	uint64_t size; /* more than that, where the last line is torn */
	int64_t modified_ns;
	uint64_t tail; /* sum of the last bytes before the position */
	uint64_t damaged; /* lines stepped over */
};

struct rlg_read_files {
	struct rlg_read_file *list; /* in the order of their names */
	size_t n;
	uint64_t unreadable; /* files, or no files at all */
	int unread; /* the errno of one that cannot be read just now, and may be the next time; not kept */
};

void rlg_read_files_pack(const struct rlg_read_files *files, struct rlg_bytes *to);
void rlg_read_files_unpack(struct rlg_arena *arena, struct rlg_unpack *from, struct rlg_read_files *out_files);

/* All of it, in another arena. */
void rlg_read_files_copy(struct rlg_arena *arena, const struct rlg_read_files *from, struct rlg_read_files *out_files);

/* Lines that were stepped over, and files that could not be read. */
uint64_t rlg_read_files_damaged(const struct rlg_read_files *files);

enum rlg_run_news {
	RLG_RUN_AS_BEFORE,
	RLG_RUN_MORE, /* something stands behind what was read */
	RLG_RUN_ANEW, /* what was read is not what is there: a file has gone, shrunk, or is another */
};

/* Looks at the files, and says what has become of those that were read (`before` may be without any). */
enum rlg_run_news rlg_run_look(const char *group_path, const char *run, const struct rlg_read_files *before);

/* Told of each whole line.  Returns whether it is a record. */
typedef bool rlg_run_line_fn(void *context, const char *line, size_t length);

/* Reads what is behind `before`, and says how far that was.  Returns 0 or a negative errno. */
int rlg_run_read(struct rlg_arena *arena, const char *group_path, const char *run, const struct rlg_read_files *before,
		 rlg_run_line_fn *tell, void *context, struct rlg_read_files *out_files, struct rlg_err *err);

#endif
