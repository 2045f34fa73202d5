/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a run group may lead us: see reach.h. */
#include "tool/base/reach.h"

#include "tool/base/atomic_file.h"
#include "tool/base/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool rlg_reach_leaves(const char *path)
{
	const char *at = path;

	do {
		at += *at == '/';
		if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
			return true;
	} while ((at = strchr(at, '/')) != NULL);
	return path[0] == '/';
}

static const char *whole(struct rlg_arena *arena, const struct rlg_reach *reach, const char *path)
{
	return path[0] == '/' ? path : rlg_arena_printf(arena, "%s/%s", reach->group_path, path);
}

static int check_leaving(const struct rlg_reach *reach, const char *full, struct rlg_err *err)
{
	return reach->config_is_ours ? 0
				     : rlg_fail(err, -EPERM,
						"%s: a tracker outside of the group needs a config.yaml that is yours and that nobody "
						"else may write",
						full);
}

/* Whoever may write in the group may have moved a closed file of ours to where it would be read, and shown around. */
static bool is_closed_to_others(const struct rlg_reach *reach, const struct stat *file)
{
	return reach->is_shared && file->st_uid == geteuid() && !(file->st_mode & (S_IRGRP | S_IROTH));
}

int rlg_reach_read(struct rlg_arena *arena, const struct rlg_reach *reach, const char *path, size_t most, char **out_text,
		   size_t *out_length, struct stat *out_stat, struct rlg_err *err)
{
	const char *full = whole(arena, reach, path);
	struct stat file;
	int code;

	*out_text = NULL;
	if (rlg_reach_leaves(path)) {
		code = check_leaving(reach, full, err);
		return code != 0 ? code : rlg_file_read(arena, full, most, out_text, out_length, out_stat, err);
	}
	code = rlg_file_read_in(arena, reach->group_path, path, most, out_text, out_length, &file, err);
	if (code != 0 || *out_text == NULL)
		return code;
	if (is_closed_to_others(reach, &file)) {
		*out_text = NULL;
		return rlg_fail(err, -EACCES,
				"%s is closed to the others, who write in this group, too: it is not used; to share it, use chmod g+r",
				full);
	}
	if (out_stat != NULL)
		*out_stat = file;
	return 0;
}

int rlg_reach_replace(struct rlg_arena *arena, const struct rlg_reach *reach, const char *path, mode_t most_open,
		      const char *text, size_t length, const struct stat *known, struct rlg_err *err)
{
	const char *full = whole(arena, reach, path);

	if (!rlg_reach_leaves(path))
		return rlg_file_replace_in(reach->group_path, path, most_open, text, length, known, err);
	int code = check_leaving(reach, full, err);
	if (code != 0)
		return code;
	const char *slash = strrchr(full, '/');
	rlg_folders_make(rlg_arena_strndup(arena, full, (size_t)(slash - full)));
	return rlg_file_replace(full, text, length, known, err);
}

int rlg_reach_rename(const struct rlg_reach *reach, const char *from, const char *to)
{
	const char *slash = strrchr(to, '/');
	struct rlg_inside where;
	int code = rlg_inside_find(reach->group_path, from, false, &where);

	if (code != 0)
		return code;
	code = renameat(where.folder, where.name, where.folder, slash == NULL ? to : slash + 1) != 0 ? -errno : 0;
	close(where.folder);
	return code;
}

int rlg_reach_remove(const struct rlg_reach *reach, const char *path)
{
	struct rlg_inside where;
	int code = rlg_inside_find(reach->group_path, path, false, &where);

	if (code != 0)
		return code == -ENOENT ? 0 : code;
	code = unlinkat(where.folder, where.name, 0) == 0 || errno == ENOENT ? 0 : -errno;
	close(where.folder);
	return code;
}

DIR *rlg_reach_list(struct rlg_arena *arena, const struct rlg_reach *reach, const char *path)
{
	bool leaves = rlg_reach_leaves(path);
	int fd;

	if (leaves && check_leaving(reach, path, NULL) != 0)
		return NULL;
	if (leaves)
		fd = open(whole(arena, reach, path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else
		fd = rlg_inside_open_folder(reach->group_path, path);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	if (fd >= 0 && entries == NULL)
		close(fd);
	return entries;
}
