/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far a run group may lead our reading and writing.
 *
 * A group may be shared: then others write its settings and its files, and who refreshes it does so with rights that they
 * have not.  All files that a group's settings, trackers and records name are read and written by way of this.
 */
#ifndef RLG_REACH_H
#define RLG_REACH_H

#include "lib/err.h"
#include "tool/base/arena.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct rlg_reach {
	const char *group_path; /* absolute */
	bool config_is_ours; /* nobody but the caller (or root) can have written config.yaml */
	bool is_shared; /* others may write in the group */
};

/* Does `path` lead out of the group by its words: absolute, or with a part ".."? */
bool rlg_reach_leaves(const char *path);

/*
 * Reads the file at `path`, relative to the group or absolute, as rlg_file_read() does.  -EPERM for a path that leaves a
 * group whose settings are not the caller's alone, -ELOOP for one below somebody else's link, -EACCES for a file of the
 * caller's that is closed to others, in a group that is not: others may have moved it there to be shown around.
 */
int rlg_reach_read(struct rlg_arena *arena, const struct rlg_reach *reach, const char *path, size_t most, char **out_text,
		   size_t *out_length, struct stat *out_stat, struct rlg_err *err);

/* Replaces it, as rlg_file_replace_in() does. */
int rlg_reach_replace(struct rlg_arena *arena, const struct rlg_reach *reach, const char *path, mode_t most_open,
		      const char *text, size_t length, const struct stat *known, struct rlg_err *err);

/* Renames a file of the group over another one in the same folder.  Returns 0 or a negative errno. */
int rlg_reach_rename(const struct rlg_reach *reach, const char *from, const char *to);

/* Removes a file of the group.  Returns 0, also where there was none, or a negative errno. */
int rlg_reach_remove(const struct rlg_reach *reach, const char *path);

/* Opens a folder, for closedir(3); NULL where there is none, or it is out of reach. */
DIR *rlg_reach_list(struct rlg_arena *arena, const struct rlg_reach *reach, const char *path);

#endif
