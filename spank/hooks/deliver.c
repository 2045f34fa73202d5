/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Getting a record into its status file: see deliver.h. */
#include "spank/hooks/deliver.h"

#include "lib/node_spool.h"
#include "lib/statusfile.h"
#include "lib/watched.h"
#include "spank/hooks/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nobody waits for this answer, but it is given in milliseconds or not at all. */
#define ASK_MS 10000

/* What the watcher takes beside waiting: to leave the record in the spool, on a local disk. */
#define WATCHER_SECONDS 60

const char *const rlg_clean_environment[] = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", NULL};

static int become_tool(const struct rlg_delivery *delivery, const char *const *argv, bool with_record)
{
	struct rlg_program tool = {.path = delivery->settings->helper, .argv = argv, .envp = delivery->envp};

	if (tool.path[0] == '\0')
		return 127; /* one that is not to be trusted: see settings.h */
	if (with_record) {
		tool.input = delivery->line;
		tool.input_length = delivery->length;
	}
	rlg_process_become(&tool);
	return 127;
}

static int refresh(const struct rlg_delivery *delivery)
{
	const char *argv[] = {"runledger", "refresh", "--by-itself", "--run", delivery->address->run,
			      "--",	   delivery->address->group, NULL};

	return become_tool(delivery, argv, false);
}

/* It tells our watcher by itself; the descriptor is open in it for that. */
static int let_tool_record(const struct rlg_delivery *delivery, int tell_fd)
{
	const struct rlg_address *address = delivery->address;
	char tell[16], ask[16];

	snprintf(tell, sizeof(tell), "%d", tell_fd);
	snprintf(ask, sizeof(ask), "%d", delivery->let_tool_ask ? ASK_MS : 0);
	const char *argv[] = {"runledger", "record",
			"--conf",    delivery->settings->conf_path,
			"--group",   address->group,
			"--run",     address->run,
			"--phase",   address->phase,
			"--tell-fd", tell,
			"--quiet",   delivery->event,
			delivery->let_tool_ask ? "--ask-ms" : NULL,
			ask,         NULL};

	fcntl(tell_fd, F_SETFD, 0);
	return become_tool(delivery, argv, true);
}

static int append(const struct rlg_delivery *delivery)
{
	struct rlg_append append = {.group = delivery->address->group,
				    .run = delivery->address->run,
				    .line = delivery->line,
				    .length = delivery->length,
				    .timeout_ms = RLG_APPEND_TURN_MS};

	rlg_group_take_umask(append.group);
	return rlg_statusfile_append(&append, NULL);
}

/* 1: it may be tracked; 0: it is not; a negative errno: that cannot be told now. */
static int look_for_group(const struct rlg_delivery *delivery)
{
	char group[RLG_PATH_MAX];
	struct stat folder;

	if (delivery->address->group[0] != '\0' || delivery->settings->site.track_all)
		return 1;
	if (delivery->work_folder == NULL)
		return 0;
	if (rlg_group_discover(delivery->work_folder, group, NULL) == 0)
		return 1;
	/* A folder that is gone was no group's that anybody had told of. */
	return stat(delivery->work_folder, &folder) == 0 || errno == ENOENT ? 0 : -errno;
}

/* In the child that may hang. */
static int work(void *context, int tell_fd)
{
	const struct rlg_delivery *delivery = context;

	/* The alarm is the tool's, too, should it have to help. */
	rlg_process_limit(RLG_LIMIT_CPU_SECONDS,
			  delivery->leaves_trackers ? RLG_LIMIT_WALL_STEP_SECONDS : RLG_LIMIT_WALL_SECONDS,
			  RLG_LIMIT_MEMORY_BYTES);
	/* Outside of the job's cgroups a user's process must not be one that they can make more of. */
	if (delivery->identity != NULL)
		rlg_process_forbid_children();
	bool exact = rlg_address_is_exact(delivery->address) && !delivery->let_tool_ask;
	int code = exact ? append(delivery) : look_for_group(delivery);
	if (!exact && code > 0)
		return let_tool_record(delivery, tell_fd);
	rlg_watched_tell(&tell_fd, code);
	return exact && code == 0 && !delivery->leaves_trackers ? refresh(delivery) : 0;
}

/* A plugin writes no log of its own. */
static int let_tool_say(const struct rlg_delivery *delivery, int why, const struct rlg_err *err)
{
	struct rlg_err words;
	const char *argv[] = {"runledger", "record", "--quiet", "--lost", words.text, delivery->event, NULL};

	rlg_fail(&words, why, "%s (%s)", err->text, strerror(-why));
	return become_tool(delivery, argv, false);
}

static int spool(const struct rlg_delivery *delivery, int why)
{
	const struct rlg_spooled entry = {.event = delivery->event,
					  .group = delivery->address->group,
					  .run = delivery->address->run,
					  .phase = delivery->address->phase,
					  .line = delivery->line,
					  .length = delivery->length,
					  .why = why};
	struct rlg_err err = {""};

	if (!rlg_node_spool_takes(why))
		rlg_fail(&err, why, "a record cannot be kept");
	else if (rlg_node_spool_put(&delivery->settings->site, &entry, &err) == 0)
		return 0;
	return err.text[0] == '\0' ? 0 : let_tool_say(delivery, why, &err);
}

/* What waits for a status file to be in reach again is taken along by whoever has just reached one. */
static int take_along(const struct rlg_delivery *delivery)
{
	const char *argv[] = {"runledger", "drain", "--by-itself", "--conf", delivery->settings->conf_path, NULL};

	return rlg_node_spool_waits(&delivery->settings->site) ? become_tool(delivery, argv, false) : 0;
}

/* Touches no path of the user's, so it is there when the time is over. */
static int watch(void *context)
{
	const struct rlg_delivery *delivery = context;
	int within_ms = delivery->settings->site.spool_after_ms + (delivery->let_tool_ask ? ASK_MS : 0);
	pid_t child;

	rlg_process_limit(RLG_LIMIT_CPU_SECONDS, (unsigned)within_ms / 1000 + WATCHER_SECONDS, RLG_LIMIT_MEMORY_BYTES);
	if (delivery->identity != NULL && rlg_process_become_user(delivery->identity, NULL) != 0)
		return 1;
	int code = rlg_watched(work, context, within_ms, &child);
	if (delivery->identity != NULL)
		rlg_process_forbid_children();
	if (code == 0)
		return take_along(delivery);
	return spool(delivery, code);
}

int rlg_deliver(const struct rlg_delivery *delivery, struct rlg_err *err)
{
	/* Before the caller goes on, so that a job of a moment finds its cgroups empty. */
	void (*first)(void) = delivery->identity != NULL ? rlg_cgroup_leave_job : NULL;

	return rlg_process_detach(first, watch, (void *)delivery, err);
}
