/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Getting a record into its status file: see deliver.h. */
#include "spank/hooks/deliver.h"

#include "lib/statusfile.h"
#include "spank/hooks/cgroup.h"

#include <unistd.h>

/* Nobody waits for this answer, but it is given in milliseconds or not at all. */
#define ASK_MS "10000"

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

static int let_tool_record(const struct rlg_delivery *delivery)
{
	const struct rlg_address *address = delivery->address;
	const char *argv[] = {"runledger", "record",
			"--conf",    delivery->settings->conf_path,
			"--group",   address->group,
			"--run",     address->run,
			"--phase",   address->phase,
			"--quiet",   delivery->event,
			delivery->let_tool_ask ? "--ask-ms=" ASK_MS : NULL,
			NULL};

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

static bool lies_in_a_group(const struct rlg_delivery *delivery)
{
	char group[RLG_PATH_MAX];

	return delivery->work_folder != NULL && rlg_group_discover(delivery->work_folder, group, NULL) == 0;
}

static int deliver(void *context)
{
	const struct rlg_delivery *delivery = context;

	/* The alarm is the tool's, too, should it have to help. */
	rlg_process_limit(RLG_LIMIT_CPU_SECONDS,
			  delivery->leaves_trackers ? RLG_LIMIT_WALL_STEP_SECONDS : RLG_LIMIT_WALL_SECONDS,
			  RLG_LIMIT_MEMORY_BYTES);
	if (delivery->identity != NULL) {
		if (rlg_process_become_user(delivery->identity, NULL) != 0)
			return 1;
		/* Outside of the job's cgroups a user's process must not be one that they can make more of. */
		rlg_process_forbid_children();
	}
	if (rlg_address_is_exact(delivery->address) && !delivery->let_tool_ask && append(delivery) == 0)
		return delivery->leaves_trackers ? 0 : refresh(delivery);
	if (delivery->address->group[0] == '\0' && !delivery->settings->site.track_all && !lies_in_a_group(delivery))
		return 0;
	return let_tool_record(delivery);
}

int rlg_deliver(const struct rlg_delivery *delivery, struct rlg_err *err)
{
	/* Before the caller goes on, so that a job of a moment finds its cgroups empty. */
	void (*first)(void) = delivery->identity != NULL ? rlg_cgroup_leave_job : NULL;

	return rlg_process_detach(first, deliver, (void *)delivery, err);
}
