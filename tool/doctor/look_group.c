/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is the run group at hand one that records and trackers can be written to? */
#include "tool/doctor/doctor.h"

#include "lib/fs_kind.h"
#include "lib/layout.h"
#include "tool/group/group.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#define TOPIC "run group"

static void look_at_file_system(struct rlg_doctor *doctor, const char *path)
{
	struct statfs where;

	if (statfs(path, &where) != 0)
		return;
	const char *name = rlg_fs_name((unsigned long)where.f_type);
	bool local = rlg_fs_is_local((unsigned long)where.f_type);
	name = name != NULL ? name : local ? "this machine's own" : "not known";
	rlg_doctor_say(doctor, RLG_HEALTH_OK, TOPIC, NULL, "its file system is %s%s", name,
		       local ? "" : ": watch, wait and events --follow look at sizes there, as nobody wakes them");
	if ((where.f_flags & ST_RDONLY) != 0)
		rlg_doctor_say(doctor, RLG_HEALTH_FAIL, TOPIC, "records wait in the node's spool until it is writable",
			       "it is mounted read-only here");
}

static void look_at_trackers(struct rlg_doctor *doctor, const struct rlg_group *group)
{
	unsigned kept = 0;

	for (size_t i = 0; i < group->config.n_trackers; i++)
		kept += group->config.trackers[i].path != NULL;
	if (kept == 0)
		rlg_doctor_say(doctor, RLG_HEALTH_WARN, TOPIC, "see trackers: in its config.yaml", "it keeps no tracker");
	else
		rlg_doctor_say(doctor, RLG_HEALTH_OK, TOPIC, NULL, "it keeps %u tracker%s and has %zu planned run%s", kept,
			       kept == 1 ? "" : "s", group->plan.n_runs, group->plan.n_runs == 1 ? "" : "s");
	if (group->plan_problem.text[0] != '\0')
		rlg_doctor_say(doctor, RLG_HEALTH_WARN, TOPIC, NULL, "%s", group->plan_problem.text);
}

static void look_at_rights(struct rlg_doctor *doctor, const struct rlg_group *group)
{
	static const char *const parts[] = {RLG_DIR, RLG_DIR "/" RLG_RUNS_DIR, "."};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *path = rlg_arena_printf(doctor->arena, "%s/%s", group->path, parts[i]);
		if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0 || errno == ENOENT)
			continue;
		rlg_doctor_say(doctor, i < 2 ? RLG_HEALTH_FAIL : RLG_HEALTH_WARN, TOPIC,
			       "whoever submits jobs there must be able to write there", "you cannot write in %s: %s", path, strerror(errno));
		return;
	}
	rlg_doctor_say(doctor, RLG_HEALTH_OK, TOPIC, NULL, "you can write in %s", group->path);
}

void rlg_doctor_look_at_group(struct rlg_doctor *doctor)
{
	struct rlg_group group;
	struct rlg_err err = {""};
	int code = rlg_group_open(doctor->group, &group, &err);

	if (code == 0) {
		look_at_rights(doctor, &group);
		look_at_file_system(doctor, group.path);
		look_at_trackers(doctor, &group);
	} else if (code == -ENOENT && doctor->group == NULL) {
		rlg_doctor_say(doctor, RLG_HEALTH_OK, TOPIC, NULL, "this folder is in none");
	} else {
		rlg_doctor_say(doctor, RLG_HEALTH_FAIL, TOPIC, "jobs of it are submitted, but not tracked", "%s", err.text);
	}
	rlg_group_close(&group);
}
