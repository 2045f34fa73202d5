/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Are the spools there, closed to those who have no business in them, and emptied? */
#include "tool/doctor/doctor.h"

#include "lib/clock.h"
#include "lib/node_drops.h"
#include "lib/node_folder.h"
#include "lib/node_spool.h"
#include "lib/spool.h"
#include "tool/doctor/slurm_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define NODE "node spool"
#define SLURMCTLD "slurmctld's spool"

/* Whoever empties a spool comes by at least so often. */
#define LATE_US (3600 * RLG_SECOND_US)

#define LEAST_FREE_PERCENT 5

#define MAKE_NODE_SPOOL "let systemd-tmpfiles make it, with our tmpfiles.d/runledger.conf: root's, with mode 1777"

/* ---- runledger.conf ---- */

void rlg_doctor_look_at_conf(struct rlg_doctor *doctor)
{
	struct rlg_err err = {""};

	if (rlg_siteconf_read(doctor->conf_path, &doctor->site, &err) != 0)
		rlg_doctor_say(doctor, RLG_HEALTH_FAIL, "runledger.conf", "mend it; until then the default counts instead", "%s", err.text);
	else if (access(doctor->conf_path, F_OK) != 0)
		rlg_doctor_say(doctor, RLG_HEALTH_OK, "runledger.conf", NULL, "%s is not there, so the defaults count", doctor->conf_path);
	else
		rlg_doctor_say(doctor, RLG_HEALTH_OK, "runledger.conf", NULL, "%s can be used", doctor->conf_path);
}

/* ---- the node's ---- */

/* All that can be seen of it; of others' folders only root sees more than the name. */
struct node_look {
	struct rlg_doctor *doctor;
	unsigned users, strangers;
	size_t entries, bytes;
	struct rlg_node_drops drops; /* of all */
	int64_t oldest_us; /* 0: none */
	char stranger[RLG_NODE_NAME_MAX];
};

static bool look_at_entry(void *context, int folder_fd, const char *name)
{
	struct node_look *look = context;
	struct stat facts;

	if (fstatat(folder_fd, name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
		return true;
	look->bytes += (size_t)facts.st_size;
	if (!rlg_node_spool_is_entry(name))
		return true;
	int64_t made_us = facts.st_mtim.tv_sec * RLG_SECOND_US;
	look->entries++;
	if (look->oldest_us == 0 || made_us < look->oldest_us)
		look->oldest_us = made_us;
	return true;
}

static void look_into(struct node_look *look, int spool_fd, const char *name)
{
	struct rlg_node_drops drops;
	int fd = openat(spool_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	rlg_node_each_name(fd, look_at_entry, look);
	rlg_node_drops_read(fd, &drops);
	look->drops.count += drops.count;
	if (drops.last_us > look->drops.last_us)
		look->drops.last_us = drops.last_us;
	close(fd);
}

static bool look_at_name(void *context, int spool_fd, const char *name)
{
	struct node_look *look = context;
	struct stat facts;
	uid_t uid;

	if (!rlg_node_folder_owner(name, &uid) || fstatat(spool_fd, name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
		return true;
	if (!S_ISDIR(facts.st_mode) || facts.st_uid != uid) {
		look->strangers++;
		snprintf(look->stranger, sizeof(look->stranger), "%.40s", name);
		return true;
	}
	look->users++;
	if (geteuid() == 0 || geteuid() == uid)
		look_into(look, spool_fd, name);
	return true;
}

static void say_waiting(const struct node_look *look)
{
	int64_t age_us = look->oldest_us == 0 ? 0 : rlg_clock_now_us() - look->oldest_us;
	const char *whose = geteuid() == 0 ? "" : " of yours";

	if (look->entries == 0)
		rlg_doctor_say(look->doctor, RLG_HEALTH_OK, NODE, NULL, "no record%s waits", whose);
	else
		rlg_doctor_say(look->doctor, age_us > LATE_US ? RLG_HEALTH_WARN : RLG_HEALTH_OK, NODE,
			       age_us > LATE_US ? "see what `runledger drain` says; enable runledger-drain.timer" : NULL,
			       "%zu record%s%s wait%s, %zu kB, the oldest for %" PRId64 " min", look->entries,
			       look->entries == 1 ? "" : "s", whose, look->entries == 1 ? "s" : "", look->bytes / 1024,
			       age_us / (60 * RLG_SECOND_US));
}

static void say_room(struct rlg_doctor *doctor, int spool_fd)
{
	struct statvfs disk;

	if (fstatvfs(spool_fd, &disk) != 0 || disk.f_blocks == 0)
		return;
	unsigned percent = (unsigned)(disk.f_bavail * 100 / disk.f_blocks);
	if (percent < LEAST_FREE_PERCENT)
		rlg_doctor_say(doctor, RLG_HEALTH_WARN, NODE, "make room there, or name another folder by node_spool =",
			       "the disk of %s has %u %% left", doctor->site.node_spool, percent);
}

void rlg_doctor_look_at_node_spool(struct rlg_doctor *doctor)
{
	struct node_look look = {.doctor = doctor};
	struct rlg_err err = {""};
	int spool_fd = rlg_node_open(doctor->site.node_spool, &err);

	if (spool_fd < 0) {
		rlg_doctor_say(doctor, spool_fd == -ENOENT ? RLG_HEALTH_WARN : RLG_HEALTH_FAIL, NODE, MAKE_NODE_SPOOL,
			       "%s; records whose file is out of reach are lost", err.text);
		return;
	}
	if (faccessat(spool_fd, ".", W_OK, 0) != 0)
		rlg_doctor_say(doctor, RLG_HEALTH_FAIL, NODE, MAKE_NODE_SPOOL, "%s is not open to users", doctor->site.node_spool);
	rlg_node_each_name(spool_fd, look_at_name, &look);
	say_waiting(&look);
	if (look.drops.count > 0)
		rlg_doctor_say(doctor, RLG_HEALTH_FAIL, NODE,
			       "see why they could not be delivered; room is set by spool_entries, spool_user_mb, spool_mb", "%" PRIu64 " record%s dropped so far", look.drops.count, look.drops.count == 1 ? " was" : "s were");
	if (look.strangers > 0)
		rlg_doctor_say(doctor, RLG_HEALTH_WARN, NODE, "remove it, and ask its owner what it is for",
			       "%u name%s of users, as %s, are not theirs", look.strangers, look.strangers == 1 ? "" : "s", look.stranger);
	say_room(doctor, spool_fd);
	close(spool_fd);
}

/* ---- slurmctld's ---- */

void rlg_doctor_look_at_slurmctld(struct rlg_doctor *doctor)
{
	const char *type = rlg_slurm_conf_value(doctor->arena, doctor->slurm_conf, "JobCompType");
	const char *program = rlg_slurm_conf_value(doctor->arena, doctor->slurm_conf, "JobCompLoc");

	if (doctor->slurm_conf == NULL)
		return;
	if (type == NULL || strcasecmp(type, "jobcomp/script") != 0 || program == NULL)
		rlg_doctor_say(doctor, RLG_HEALTH_WARN, "JobCompType", "see WHAT SLURMCTLD SEES in spank_runledger(8)",
			       "it is %s, so the end of jobs that never ran, or lost their node, is not recorded",
			       type == NULL ? "not set" : type);
	else if (access(program, X_OK) != 0 && errno != EACCES)
		rlg_doctor_say(doctor, RLG_HEALTH_WARN, "JobCompType", "on slurmctld's host it must be there", "%s is not there", program);
	else
		rlg_doctor_say(doctor, RLG_HEALTH_OK, "JobCompType", NULL, "slurmctld runs %s", program);
}

struct folder_look {
	unsigned entries;
	int64_t oldest_us;
};

static bool look_at_file(void *context, int folder_fd, const char *name)
{
	struct folder_look *look = context;
	struct stat facts;

	if (name[0] != '.' && fstatat(folder_fd, name, &facts, AT_SYMLINK_NOFOLLOW) == 0) {
		int64_t made_us = facts.st_mtim.tv_sec * RLG_SECOND_US;
		look->entries++;
		look->oldest_us = look->oldest_us == 0 || made_us < look->oldest_us ? made_us : look->oldest_us;
	}
	return true;
}

static struct folder_look look_at_part(int spool_fd, const char *part)
{
	struct folder_look look = {.entries = 0};
	int fd = openat(spool_fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0) {
		rlg_node_each_name(fd, look_at_file, &look);
		close(fd);
	}
	return look;
}

static void look_at_parts(struct rlg_doctor *doctor, int spool_fd)
{
	struct folder_look fresh = look_at_part(spool_fd, RLG_SPOOL_NEW), held = look_at_part(spool_fd, RLG_SPOOL_HELD),
			   bad = look_at_part(spool_fd, RLG_SPOOL_BAD);
	bool late = fresh.entries > 0 && rlg_clock_now_us() - fresh.oldest_us > LATE_US;

	rlg_doctor_say(doctor, late ? RLG_HEALTH_FAIL : RLG_HEALTH_OK, SLURMCTLD,
		       late ? "nobody empties it: enable runledger-drain.path and runledger-drain.timer" : NULL,
		       "%u new, %u held", fresh.entries, held.entries);
	if (bad.entries > 0)
		rlg_doctor_say(doctor, RLG_HEALTH_WARN, SLURMCTLD, "look at them, then remove them",
			       "%u that are no entries lie in %s/" RLG_SPOOL_BAD, bad.entries, doctor->site.spool);
}

void rlg_doctor_look_at_drain(struct rlg_doctor *doctor)
{
	struct stat facts;
	int spool_fd = open(doctor->site.spool, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (spool_fd < 0 && errno == ENOENT)
		rlg_doctor_say(doctor, RLG_HEALTH_OK, SLURMCTLD, NULL, "%s is not on this host", doctor->site.spool);
	else if (spool_fd < 0)
		rlg_doctor_say(doctor, errno == EACCES ? RLG_HEALTH_OK : RLG_HEALTH_FAIL, SLURMCTLD, NULL, "%s is closed to you: %s",
			       doctor->site.spool, strerror(errno));
	else if (fstat(spool_fd, &facts) == 0 && (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		rlg_doctor_say(doctor, RLG_HEALTH_FAIL, SLURMCTLD, "chmod 700 it: drain refuses it as it is", "others may write in %s",
			       doctor->site.spool);
	else
		look_at_parts(doctor, spool_fd);
	if (spool_fd >= 0)
		close(spool_fd);
}
