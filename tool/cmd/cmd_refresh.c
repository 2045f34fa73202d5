/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runledger refresh: bring the trackers of a group up to date now. */
#include "lib/process.h"
#include "tool/cmd/command.h"
#include "tool/cmd/damage.h"
#include "tool/group/news.h"
#include "tool/group/refresh.h"

#include <inttypes.h>
#include <stdio.h>
#include <syslog.h>

static void say_as_json(const struct rlg_refresh_report *report)
{
	printf("{\"version\":1, \"trackers_written\":%u, \"trackers_unchanged\":%u, \"edits\":%u, \"runs_read\":%" PRIu64
	       ", \"records_read\":%" PRIu64 ", \"damaged\":%" PRIu64 ", \"left_to_other\":%s}\n",
	       report->trackers_written, report->trackers_unchanged, report->edits, report->runs_read,
	       report->records_read, report->damaged, report->left_to_other ? "true" : "false");
}

/* Told by a plugin: nobody reads our stderr, and a busy group is left to the one who is at it. */
static int refresh_by_itself(const struct rlg_options *options, struct rlg_group *group)
{
	struct rlg_refresh_report report;
	struct rlg_err err = {""};

	rlg_process_hide();
	int code = rlg_news_leave(group->path, rlg_option_value(options, "run"), &err);
	if (code == 0)
		code = rlg_refresh_news(group, RLG_REFRESH_LEAVE, &report, &err);
	if (code == 0 && rlg_option_given(options, "json"))
		say_as_json(&report);
	if (code == 0)
		return RLG_EXIT_OK;
	syslog(LOG_DAEMON | LOG_WARNING, "runledger: %s", err.text);
	return RLG_EXIT_FAILED;
}

static void say_what_was_done(const struct rlg_refresh_report *report)
{
	printf("%u tracker%s written, %u unchanged", report->trackers_written, report->trackers_written == 1 ? "" : "s",
	       report->trackers_unchanged);
	if (report->edits > 0)
		printf("; %u edit%s by hand kept", report->edits, report->edits == 1 ? "" : "s");
	puts("");
}

static int refresh_for_person(struct rlg_options *options, struct rlg_group *group)
{
	struct rlg_refresh_report report;
	struct rlg_err err = {""};

	if (group->plan_problem.text[0] != '\0')
		rlg_warning(options, "%s", group->plan_problem.text);
	int code = rlg_option_given(options, "rebuild") ? rlg_refresh_rebuild(group, &report, &err)
							: rlg_refresh(group, RLG_REFRESH_WAIT, &report, &err);
	if (code != 0)
		return rlg_failure(options, "%s", err.text);
	if (report.left_to_other)
		return rlg_failure(options, "another refresh of %s has been going on for 10 s; try again", group->path);
	if (rlg_option_given(options, "json"))
		say_as_json(&report);
	else
		say_what_was_done(&report);
	return rlg_damage_exit(options, report.damaged, group->path);
}

static int run(struct rlg_options *options)
{
	struct rlg_group group;
	struct rlg_err err = {""};
	const char *where;
	int result;

	if (!rlg_group_word(options, &where, &result))
		return result;
	if (rlg_group_open(where, &group, &err) != 0)
		result = rlg_failure(options, "%s", err.text);
	else if (rlg_option_given(options, "by-itself"))
		result = refresh_by_itself(options, &group);
	else
		result = refresh_for_person(options, &group);
	rlg_group_close(&group);
	return result;
}

static const struct rlg_option options_table[] = {
	{"by-itself", 0, NULL, "as the plugins call it: leave a busy group to the one who is at it, and complain to syslog"},
	{"run", 'r', "RUN", "with --by-itself: only this run has news, and those that others left word of"},
	{"rebuild", 0, NULL, "read all records anew, whatever the group's snapshot says"},
	{"json", 0, NULL, "print one JSON object, for programs"},
	{NULL, 0, NULL, NULL},
};

static const struct rlg_example examples[] = {
	{"runledger refresh", "the group that this folder lies in"},
	{"runledger refresh /scratch/me/cap_8L", "that group"},
	{NULL, NULL},
};

const struct rlg_command rlg_cmd_refresh = {
	.name = "refresh",
	.arguments = "[GROUP]",
	.summary = "bring the trackers up to date now",
	.description = "Reads what is new in the group's records and writes its trackers anew where something has changed. That "
		       "happens by itself whenever a job is submitted, starts or ends, and then only the runs with news are "
		       "looked at; by hand it is useful after an edit, and looks at all records' files and at what all runs "
		       "have left on disk.\n\n"
		       "What people wrote in a tracker stays. A tracker that does not parse is left alone and named.",
	.options = options_table,
	.examples = examples,
	.run = run,
};
