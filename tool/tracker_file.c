/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tracker's file in its group: see tracker_file.h. */
#include "tool/tracker_file.h"

#include "lib/layout.h"
#include "tool/atomic_file.h"

#include <errno.h>
#include <string.h>

static const struct rlg_tracker *tracker_called(const char *name)
{
	for (size_t i = 0; rlg_trackers[i] != NULL; i++)
		if (strcmp(rlg_trackers[i]->name, name) == 0)
			return rlg_trackers[i];
	return NULL;
}

int rlg_tracker_file_open(struct rlg_group *group, const struct rlg_tracker_choice *choice,
			  struct rlg_tracker_file *out_file, struct rlg_err *err)
{
	*out_file = (struct rlg_tracker_file){.tracker = tracker_called(choice->tracker)};
	if (choice->path == NULL || out_file->tracker == NULL)
		return -ENOENT;
	out_file->path = rlg_group_path(group, choice->path);
	out_file->base_path = rlg_arena_printf(group->arena, "%s/" RLG_DIR "/" RLG_TRACKERS_DIR "/%s", group->path,
					       choice->tracker);
	/* A copy that cannot be read is as good as none: then only what the records cannot explain is a person's. */
	if (rlg_file_read(group->arena, out_file->base_path, RLG_TRACKER_MAX, &out_file->base, &out_file->base_length,
			  NULL, NULL) != 0)
		out_file->base = NULL;
	return rlg_file_read(group->arena, out_file->path, RLG_TRACKER_MAX, &out_file->text, &out_file->length,
			     &out_file->stat, err);
}

bool rlg_tracker_file_is_current(const struct rlg_tracker_file *file)
{
	struct stat now;

	if (stat(file->path, &now) != 0)
		return file->text == NULL && errno == ENOENT;
	return file->text != NULL && now.st_ino == file->stat.st_ino && now.st_size == file->stat.st_size &&
	       now.st_mtim.tv_sec == file->stat.st_mtim.tv_sec && now.st_mtim.tv_nsec == file->stat.st_mtim.tv_nsec;
}

static bool is_same(const char *text, size_t length, const char *other, size_t other_length)
{
	return other != NULL && length == other_length && memcmp(text, other, length) == 0;
}

int rlg_tracker_file_write(const struct rlg_tracker_file *file, const char *text, size_t length, bool *out_written,
			   struct rlg_err *err)
{
	*out_written = !is_same(text, length, file->text, file->length);
	if (*out_written) {
		int code = rlg_file_replace(file->path, text, length, err);
		if (code != 0)
			return code;
	}
	if (is_same(text, length, file->base, file->base_length))
		return 0;
	/* Afterwards: should we die in between, our own news would look like a person's edit of the same values. */
	return rlg_file_replace(file->base_path, text, length, err);
}
