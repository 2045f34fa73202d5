/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runledger drain: deliver what waits in the spool. */
#include "lib/clock.h"
#include "tool/cmd/command.h"
#include "tool/drain/drain.h"
#include "tool/cmd/site_options.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Ends come in crowds: what comes within this time is delivered together, and costs one refresh. */
#define CROWD_MS 20

/* What the spool sees of its own end, or of the end of `new`. */
#define TAKEN_AWAY (IN_DELETE | IN_MOVED_FROM | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

/* How often what is held is tried again. */
#define RETRY_MS 60000

static int say_report(const struct rlg_drain_report *report)
{
	printf("%u delivered, %u not tracked, %u held, %u bad\n", report->delivered, report->untracked, report->held,
	       report->bad);
	return report->bad > 0 ? RLG_EXIT_DAMAGED : RLG_EXIT_OK;
}

static int drain_once(struct rlg_options *options, struct rlg_drain *drain)
{
	struct rlg_drain_report report = {.delivered = 0};
	struct rlg_err err = {""};

	if (rlg_drain_pass(drain, true, &report, &err) != 0)
		return rlg_failure(options, "%s", err.text);
	return say_report(&report);
}

/* Reads off all events; what they say stands in the folder. */
static void read_off(int inotify_fd)
{
	char events[16384];

	while (read(inotify_fd, events, sizeof(events)) > 0)
		;
}

/* Sleeps until something is new, or until `wait_ms` (-1: as long as it takes) have passed.  False: in vain. */
static bool wait_for_news(int inotify_fd, int wait_ms)
{
	struct pollfd news = {.fd = inotify_fd, .events = POLLIN};

	if (poll(&news, 1, wait_ms) <= 0)
		return false;
	poll(NULL, 0, CROWD_MS);
	read_off(inotify_fd);
	return true;
}

static int follow(struct rlg_options *options, struct rlg_drain *drain, const char *spool)
{
	int inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct rlg_drain_report report = {.delivered = 0};
	struct rlg_err err = {""};
	int64_t tried_ms = rlg_clock_monotonic_ms();
	bool with_held = true;

	if (inotify_fd < 0 || inotify_add_watch(inotify_fd, rlg_drain_watched(drain), IN_MOVED_TO | IN_ONLYDIR) < 0 ||
	    inotify_add_watch(inotify_fd, spool, TAKEN_AWAY | IN_ONLYDIR) < 0) {
		rlg_fail_errno(&err, -errno, "cannot watch %s", rlg_drain_watched(drain));
		return rlg_failure(options, "%s", err.text);
	}
	/* The watch comes first, so that nothing falls between it and the first look. */
	while (rlg_drain_is_there(drain)) {
		if (rlg_drain_pass(drain, with_held, &report, &err) != 0)
			rlg_warning(options, "%s", err.text);
		if (with_held)
			tried_ms = rlg_clock_monotonic_ms();
		int64_t left_ms = tried_ms + RETRY_MS - rlg_clock_monotonic_ms();
		wait_for_news(inotify_fd, report.held == 0 ? -1 : left_ms < 0 ? 0 : (int)left_ms);
		with_held = report.held > 0 && rlg_clock_monotonic_ms() - tried_ms >= RETRY_MS;
	}
	return rlg_failure(options, "%s is gone, or is another folder now; start again", rlg_drain_watched(drain));
}

static int run(struct rlg_options *options)
{
	bool follows = rlg_option_given(options, "follow");
	struct rlg_drain *drain;
	struct rlg_siteconf site;
	struct rlg_err err = {""};
	int result;

	if (options->n_words > 0)
		return rlg_usage_error(options, "it takes no arguments; --spool names another spool");
	if (rlg_site_options_read(options, &site, &err) != 0)
		rlg_warning(options, "%s", err.text);
	const char *spool = rlg_site_options_spool(options, &site);
	if (rlg_drain_open(spool, &site, &drain, &err) != 0)
		result = rlg_failure(options, "%s", err.text);
	else
		result = follows ? follow(options, drain, spool) : drain_once(options, drain);
	rlg_drain_close(drain);
	return result;
}

static const struct rlg_option options_table[] = {
	RLG_OPTION_CONF,
	{"follow", 'f', NULL, "go on: sleep until something new comes, and deliver it at once"},
	{"spool", 0, "DIR", "the spool, instead of where runledger.conf says"},
	{NULL, 0, NULL, NULL},
};

static const struct rlg_example examples[] = {
	{"runledger drain", "deliver what is there, say how much, and end"},
	{"runledger drain --follow", "as a service"},
	{NULL, NULL},
};

const struct rlg_command rlg_cmd_drain = {
	.name = "drain",
	.summary = "deliver the records that wait in the spool",
	.description = "Puts each record that slurmctld left in the spool (see `runledger jobcomp`) into the status file of its "
		       "job's run, as that job's user, and refreshes the trackers. Root delivers everybody's, anybody else "
		       "their own.\n\n"
		       "What cannot be delivered (a file system that is away) is held and tried again; nothing is lost by "
		       "running it twice, or by killing it. It polls nothing: with --follow it sleeps until there is "
		       "something new, as the systemd units that come with it do.",
	.options = options_table,
	.examples = examples,
	.for_admins = true,
	.run = run,
};
