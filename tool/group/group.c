/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run group at hand: see group.h. */
#include "tool/group/group.h"

#include "lib/layout.h"
#include "lib/lines.h"
#include "lib/record_read.h"
#include "lib/text.h"
#include "tool/base/atomic_file.h"
#include "tool/base/sum64.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A config.yaml is a page. */
#define CONFIG_MAX ((size_t)1 << 20)

static bool is_group(const char *folder)
{
	char marker[PATH_MAX + sizeof(RLG_DIR)];
	struct stat file;
	struct rlg_text text;

	rlg_text_init(&text, marker, sizeof(marker));
	rlg_text_addf(&text, "%s/" RLG_DIR, folder);
	return !text.full && lstat(marker, &file) == 0 && S_ISDIR(file.st_mode);
}

/* A folder that a person names is taken at their word; one that is only found above must be theirs to trust. */
static int find_group(const char *where, char out_path[RLG_PATH_MAX], struct rlg_err *err)
{
	char folder[PATH_MAX];

	if (realpath(where == NULL ? "." : where, folder) == NULL)
		return rlg_fail_errno(err, -errno, "cannot open %s", where == NULL ? "the current folder" : where);
	if (where != NULL && is_group(folder))
		return rlg_copy(out_path, RLG_PATH_MAX, folder) ? 0 : rlg_fail(err, -ENAMETOOLONG, "%s: too long", where);
	int code = rlg_group_discover(folder, out_path, err);
	if (code == 0 || rlg_errno_may_pass(-code))
		return code;
	return rlg_fail(err, -ENOENT, "%s is not in a run group; `runledger init` makes one", folder);
}

static bool others_write(const struct stat *file)
{
	return (file->st_uid != geteuid() && file->st_uid != 0) || (file->st_mode & (S_IWGRP | S_IWOTH));
}

/* Can others put something into the group, or exchange what is in it? */
static bool is_shared(const struct rlg_group *group)
{
	struct stat folder, marker;

	return stat(group->path, &folder) != 0 || others_write(&folder) ||
	       lstat(rlg_group_path(group, RLG_DIR), &marker) != 0 || others_write(&marker);
}

static int read_config(struct rlg_group *group, struct rlg_err *err)
{
	static const char path[] = RLG_DIR "/" RLG_CONFIG_FILE;
	struct stat file = {.st_uid = geteuid()};
	char *text;
	int code = rlg_file_read_in(group->arena, group->path, path, CONFIG_MAX, &text, NULL, &file, err);

	group->reach = (struct rlg_reach){.group_path = group->path,
					  .config_is_ours = !others_write(&file),
					  .is_shared = is_shared(group)};
	rlg_config_default(group->arena, &group->config);
	group->config_sum = rlg_sum64_text(group->reach.config_is_ours, code == 0 ? text : NULL);
	if (code != 0 || text == NULL)
		return code;
	return rlg_config_parse(group->arena, rlg_group_path(group, path), text, &group->config, err);
}

static void read_plan(struct rlg_group *group)
{
	struct rlg_err err = {""};

	int code = rlg_plan_read(group->arena, group->path, group->config.plan, &group->plan, &err);
	if (code == 0)
		return;
	group->unread = rlg_errno_may_pass(-code) ? -code : 0;
	group->plan = (struct rlg_plan){.source = NULL};
	group->plan_problem = err;
}

int rlg_group_open(const char *where, struct rlg_group *out_group, struct rlg_err *err)
{
	char path[RLG_PATH_MAX];

	*out_group = (struct rlg_group){.arena = rlg_arena_new()};
	int code = find_group(where, path, err);
	if (code != 0)
		return code;
	out_group->path = rlg_arena_strdup(out_group->arena, path);
	rlg_group_take_umask(path);
	code = read_config(out_group, err);
	if (code == 0)
		read_plan(out_group);
	return code;
}

void rlg_group_close(struct rlg_group *group)
{
	rlg_arena_free(group->arena);
	*group = (struct rlg_group){.arena = NULL};
}

const char *rlg_group_path(const struct rlg_group *group, const char *relative)
{
	return relative[0] == '/' ? relative : rlg_arena_printf(group->arena, "%s/%s", group->path, relative);
}

const char *rlg_group_name(const struct rlg_group *group)
{
	if (group->config.run_group != NULL)
		return group->config.run_group;
	if (group->plan.title != NULL)
		return group->plan.title;
	const char *slash = strrchr(group->path, '/');
	return slash[1] == '\0' ? group->path : slash + 1;
}
