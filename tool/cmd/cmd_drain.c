/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runledger drain: deliver what waits in the spool. */
#include "lib/clock.h"
#include "lib/process.h"
#include "lib/text.h"
#include "tool/cmd/command.h"
#include "tool/drain/drain.h"
#include "tool/drain/node.h"
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

/* What the node's spool sees of a new entry: its writer touches it. */
#define NODE_NEWS (IN_ATTRIB | IN_CREATE | IN_ONLYDIR)

/* The two spools of this host, of which one may be missing. */
struct spools {
	struct rlg_options *options;
	struct rlg_siteconf site;
	const char *path; /* slurmctld's */
	struct rlg_drain *drain; /* NULL: it is not here */
	bool has_node;
	struct rlg_drain_report report;
	struct rlg_node_report node;
};

static int say_reports(const struct spools *spools)
{
	const struct rlg_drain_report *report = &spools->report;
	const struct rlg_node_report *node = &spools->node;

	if (spools->drain != NULL)
		printf("%u delivered, %u not tracked, %u held, %u bad\n", report->delivered, report->untracked, report->held,
		       report->bad);
	if (spools->has_node)
		printf("node: %u delivered, %u not tracked, %u waiting, %u dropped\n", node->delivered, node->untracked,
		       node->waiting, node->dropped);
	return report->bad + node->dropped > 0 ? RLG_EXIT_DAMAGED : RLG_EXIT_OK;
}

static int drain_node(struct spools *spools, bool by_itself, struct rlg_err *err)
{
	spools->node = (struct rlg_node_report){.waiting = 0};
	return spools->has_node ? rlg_drain_node(&spools->site, by_itself, &spools->node, err) : 0;
}

static int drain_once(struct spools *spools)
{
	struct rlg_err err = {""};

	if (spools->drain != NULL && rlg_drain_pass(spools->drain, true, &spools->report, &err) != 0)
		return rlg_failure(spools->options, "%s", err.text);
	if (drain_node(spools, rlg_option_given(spools->options, "by-itself"), &err) != 0)
		return rlg_failure(spools->options, "%s", err.text);
	return say_reports(spools);
}

/* For a user's own process that may have no children: it takes the risk to hang itself. */
static int drain_alone(struct spools *spools)
{
	const struct rlg_node_pass pass = {.site = &spools->site, .by_itself = true, .begun_us = rlg_clock_now_us()};
	struct rlg_err err = {""};

	rlg_process_hide();
	return rlg_node_user_deliver(&pass, &spools->node, &err) == 0 ? RLG_EXIT_OK : RLG_EXIT_FAILED;
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

static int watch_spools(int inotify_fd, const struct spools *spools, struct rlg_err *err)
{
	if (spools->drain != NULL &&
	    (inotify_add_watch(inotify_fd, rlg_drain_watched(spools->drain), IN_MOVED_TO | IN_ONLYDIR) < 0 ||
	     inotify_add_watch(inotify_fd, spools->path, TAKEN_AWAY | IN_ONLYDIR) < 0))
		return rlg_fail_errno(err, -errno, "cannot watch %s", rlg_drain_watched(spools->drain));
	if (spools->has_node && inotify_add_watch(inotify_fd, spools->site.node_spool, NODE_NEWS) < 0)
		return rlg_fail_errno(err, -errno, "cannot watch %s", spools->site.node_spool);
	return 0;
}

static void pass_once(struct spools *spools, bool with_held)
{
	struct rlg_err err = {""};

	if (spools->drain != NULL && rlg_drain_pass(spools->drain, with_held, &spools->report, &err) != 0)
		rlg_warning(spools->options, "%s", err.text);
	if (drain_node(spools, true, &err) != 0)
		rlg_warning(spools->options, "%s", err.text);
}

static int follow(struct spools *spools)
{
	int inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct rlg_err err = {""};
	int64_t tried_ms = rlg_clock_monotonic_ms();
	bool with_held = true;

	if (inotify_fd < 0 || watch_spools(inotify_fd, spools, &err) != 0)
		return rlg_failure(spools->options, "%s", err.text[0] == '\0' ? "cannot watch anything" : err.text);
	/* The watch comes first, so that nothing falls between it and the first look. */
	while (spools->drain == NULL || rlg_drain_is_there(spools->drain)) {
		pass_once(spools, with_held);
		if (with_held)
			tried_ms = rlg_clock_monotonic_ms();
		bool held = spools->report.held > 0 || spools->node.waiting > 0;
		int64_t left_ms = tried_ms + RETRY_MS - rlg_clock_monotonic_ms();
		wait_for_news(inotify_fd, !held ? -1 : left_ms < 0 ? 0 : (int)left_ms);
		with_held = held && rlg_clock_monotonic_ms() - tried_ms >= RETRY_MS;
	}
	return rlg_failure(spools->options, "%s is gone, or is another folder now; start again",
			   rlg_drain_watched(spools->drain));
}

/* On a compute node there is no slurmctld, and its spool is not for everybody: that is no failure if nobody asked for it. */
static int open_slurmctld(struct spools *spools, struct rlg_err *err)
{
	int code = rlg_drain_open(spools->path, &spools->site, &spools->drain, err);

	if (code == 0)
		return 0;
	rlg_drain_close(spools->drain);
	spools->drain = NULL;
	bool may_be_away = code == -ENOENT || (code == -EACCES && geteuid() != 0);
	return spools->has_node && may_be_away && !rlg_option_given(spools->options, "spool") ? 0 : code;
}

static int run(struct rlg_options *options)
{
	static struct spools spools;
	struct rlg_err err = {""};
	int result;

	if (options->n_words > 0)
		return rlg_usage_error(options, "it takes no arguments; --spool names another spool");
	spools.options = options;
	bool alone = rlg_option_given(options, "by-itself") && geteuid() != 0;
	if (rlg_site_options_read(options, &spools.site, &err) != 0 && !alone)
		rlg_warning(options, "%s", err.text);
	const char *node_spool = rlg_option_value(options, "node-spool");
	if (node_spool != NULL && !rlg_copy(spools.site.node_spool, sizeof(spools.site.node_spool), node_spool))
		return rlg_usage_error(options, "--node-spool: the path is too long");
	if (alone)
		return drain_alone(&spools);
	spools.has_node = access(spools.site.node_spool, F_OK) == 0;
	spools.path = rlg_site_options_spool(options, &spools.site);
	if (open_slurmctld(&spools, &err) != 0)
		result = rlg_failure(options, "%s", err.text);
	else
		result = rlg_option_given(options, "follow") ? follow(&spools) : drain_once(&spools);
	rlg_drain_close(spools.drain);
	return result;
}

static const struct rlg_option options_table[] = {
	RLG_OPTION_CONF,
	{"follow", 'f', NULL, "go on: sleep until something new comes, and deliver it at once"},
	{"by-itself", 0, NULL, "no person asked: leave alone for a while what could not be delivered a moment ago"},
	{"spool", 0, "DIR", "slurmctld's spool, instead of where runledger.conf says"},
	{"node-spool", 0, "DIR", "the node's spool, instead of where runledger.conf says"},
	{NULL, 0, NULL, NULL},
};

static const struct rlg_example examples[] = {
	{"runledger drain", "deliver what is there, say how much, and end"},
	{"runledger drain --follow", "as a service"},
	{NULL, NULL},
};

const struct rlg_command rlg_cmd_drain = {
	.name = "drain",
	.summary = "deliver the records that wait in the spools",
	.description = "There are two spools. slurmctld's (see `runledger jobcomp`) holds what slurmctld told of jobs. The node's "
		       "holds what somebody on this node could not put into a status file: its disk was full, its file system "
		       "away or not answering. Each record goes into the status file where it belongs, as its user, and the "
		       "trackers are refreshed. Root delivers everybody's, anybody else their own.\n\n"
		       "What cannot be delivered is kept and tried again; a group that does not answer holds up only what waits "
		       "for it. Nothing is lost by running it twice, or by killing it. It polls nothing: with --follow it sleeps "
		       "until there is something new, as the systemd units that come with it do.",
	.options = options_table,
	.examples = examples,
	.for_admins = true,
	.run = run,
};
