/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking away what refreshes left that were killed: see sweep.h. */
#include "tool/group/sweep.h"

#include "lib/layout.h"
#include "tool/base/inside.h"
#include "tool/base/leftovers.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

/* A tracker with a file a run may have each in a folder of its own: the rest waits for a kill that hits it. */
#define MOST_FOLDERS 1000

#define TRACKERS RLG_DIR "/" RLG_TRACKERS_DIR

struct rlg_sweep rlg_sweep_begin(struct rlg_group *group)
{
	return (struct rlg_sweep){.group = group, .done = rlg_names_new(group->arena)};
}

/* `folder` is relative to the group; it lives as long as that. */
static void sweep_folder(struct rlg_sweep *sweep, const char *folder)
{
	if (sweep->n_done >= MOST_FOLDERS || rlg_names_find(sweep->done, folder) != RLG_NAMES_NONE)
		return;
	rlg_names_add(sweep->done, folder, sweep->n_done++);
	int fd = rlg_inside_open_folder(sweep->group->path, folder);
	if (fd < 0)
		return;
	rlg_leftovers_sweep(fd, rlg_leftover_is_temporary, geteuid());
	close(fd);
}

/* A tracker with many files keeps its copies in a folder of its own. */
static void sweep_copies(struct rlg_sweep *sweep)
{
	int fd = rlg_inside_open_folder(sweep->group->path, TRACKERS);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		size_t length = strlen(entry->d_name);
		if (length > 2 && entry->d_name[0] != '.' && strcmp(entry->d_name + length - 2, ".d") == 0)
			sweep_folder(sweep, rlg_arena_printf(sweep->group->arena, TRACKERS "/%s", entry->d_name));
	}
	if (folder != NULL)
		closedir(folder);
	else if (fd >= 0)
		close(fd);
}

void rlg_sweep_own(struct rlg_sweep *sweep)
{
	sweep_folder(sweep, RLG_DIR);
	sweep_folder(sweep, TRACKERS);
	sweep_copies(sweep);
}

void rlg_sweep_places(struct rlg_sweep *sweep, const struct rlg_tracker_places *places)
{
	for (size_t i = 0; i < places->n && sweep->n_done < MOST_FOLDERS; i++) {
		const char *path = places->list[i].path, *slash = strrchr(path, '/');
		if (path[0] == '/')
			continue;
		sweep_folder(sweep, slash == NULL ? "." : rlg_arena_strndup(sweep->group->arena, path, (size_t)(slash - path)));
	}
}
