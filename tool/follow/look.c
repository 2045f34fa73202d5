/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at a group again and again: see look.h. */
#include "tool/follow/look.h"

#include "lib/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int gone(const char *path, struct rlg_err *err)
{
	return rlg_fail(err, -ENOENT, "the run group %s is gone", path);
}

static void mark(struct rlg_look *look)
{
	const struct rlg_silence *silence = &look->group.config.silence;
	int64_t now_us = rlg_clock_now_us();

	rlg_silence_mark(look->model, silence, now_us);
	int64_t next_us = rlg_silence_next(look->model, silence, now_us);
	/* Rounded up, or the look would come just before it. */
	look->silent_next_ms = next_us > 0 ? rlg_clock_monotonic_ms() + (next_us - now_us) / 1000 + 1 : -1;
}

/* A group above, should ours be gone, is not ours. */
static int load(const char *path, struct rlg_group *out_group, struct rlg_model **out_model, struct rlg_err *err)
{
	int code = rlg_group_open(path, out_group, err);

	if (code == 0)
		code = strcmp(out_group->path, path) == 0 ? rlg_group_load(out_group, out_model, err) : -ENOENT;
	if (code != 0)
		rlg_group_close(out_group);
	return code == -ENOENT ? gone(path, err) : code;
}

int rlg_look_open(struct rlg_look *out_look, const char *where, struct rlg_err *err)
{
	struct rlg_group group;

	*out_look = (struct rlg_look){.silent_next_ms = -1};
	int code = rlg_group_open(where, &group, err);
	if (code == 0) {
		out_look->path = strdup(group.path);
		code = out_look->path == NULL ? rlg_fail(err, -ENOMEM, "out of memory") : 0;
	}
	rlg_group_close(&group);
	if (code == 0)
		code = rlg_follow_open(out_look->path, false, &out_look->follow, err);
	return code == 0 ? rlg_look_again(out_look, err) : code;
}

void rlg_look_close(struct rlg_look *look)
{
	rlg_follow_close(look->follow);
	rlg_group_close(&look->group);
	rlg_group_close(&look->group_before);
	free((char *)look->path);
	*look = (struct rlg_look){.silent_next_ms = -1};
}

int rlg_look_again(struct rlg_look *look, struct rlg_err *err)
{
	struct rlg_group group = {.path = NULL};
	struct rlg_model *model = NULL;
	int code = load(look->path, &group, &model, err);

	if (code != 0) {
		look->silent_next_ms = -1; /* or whoever waits for it would look again at once, and again */
		return code;
	}
	rlg_group_close(&look->group_before);
	look->group_before = look->group;
	look->before = look->model;
	look->group = group;
	look->model = model;
	mark(look);
	return 0;
}
