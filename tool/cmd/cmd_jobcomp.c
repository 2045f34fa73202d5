/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runledger jobcomp: what slurmctld runs at the end of every job, as SlurmUser.
 *
 * slurmctld waits for it, one job after the other.  So it leaves one entry in the spool and does nothing else; what takes
 * longer is up to `runledger drain`.
 */
#include "lib/clock.h"
#include "lib/process.h"
#include "lib/record.h"
#include "lib/spool.h"
#include "tool/cmd/command.h"
#include "tool/record/completion.h"
#include "tool/cmd/site_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* Whoever runs us shows nobody our stderr; a person at a terminal wants to see it. */
static void complain(const char *sentence)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "runledger jobcomp: %s\n", sentence);
	else
		syslog(LOG_DAEMON | LOG_WARNING, "runledger: %s", sentence);
}

static bool leave_entry(struct rlg_options *options, const struct rlg_siteconf *site)
{
	char storage[RLG_RECORD_MAX + 1];
	struct rlg_err err = {""};
	ssize_t length = rlg_option_given(options, "epilog") ? rlg_completion_from_epilog(storage, sizeof(storage), &err)
							    : rlg_completion_from_jobcomp(storage, sizeof(storage), &err);

	if (length > 0)
		length = rlg_spool_put(rlg_site_options_spool(options, site), storage, (size_t)length, &err);
	if (length < 0)
		complain(err.text);
	return length >= 0;
}

/* The site's former script, in our place: with the environment that we were given, and its own exit status. */
static bool become_next(struct rlg_options *options, const struct rlg_siteconf *site)
{
	const char *next = rlg_option_value(options, "then");
	struct rlg_err err = {""};

	if (next == NULL)
		next = site->jobcomp_then;
	if (next[0] == '\0')
		return true;
	char *const argv[] = {(char *)next, NULL};
	execv(next, argv);
	rlg_fail_errno(&err, -errno, "cannot run %s", next);
	complain(err.text);
	return false;
}

static int run(struct rlg_options *options)
{
	struct rlg_siteconf site;
	struct rlg_err err = {""};

	if (options->n_words > 0)
		return rlg_usage_error(options, "it takes no arguments, as slurmctld gives none");
	if (rlg_site_options_read(options, &site, &err) != 0)
		complain(err.text);
	bool left = leave_entry(options, &site);
	return become_next(options, &site) && left ? RLG_EXIT_OK : RLG_EXIT_FAILED;
}

static const struct rlg_option options_table[] = {
	RLG_OPTION_CONF,
	{"epilog", 0, NULL, "run as EpilogSlurmctld, where JobCompType is taken; sees less"},
	{"spool", 0, "DIR", "leave the entry there, instead of where runledger.conf says"},
	{"then", 0, "PROGRAM", "then become this program: the site's former jobcomp script"},
	{NULL, 0, NULL, NULL},
};

static const struct rlg_example examples[] = {
	{"JobCompLoc=/usr/libexec/runledger/runledger-jobcomp", "in slurm.conf, with JobCompType=jobcomp/script"},
	{NULL, NULL},
};

const struct rlg_command rlg_cmd_jobcomp = {
	.name = "jobcomp",
	.summary = "leave the end of a job in the spool; what slurmctld runs",
	.description = "For slurmctld, as JobCompType=jobcomp/script. Takes the end of a job from its environment and leaves "
		       "one entry in the spool, in a few milliseconds; `runledger drain` puts it into the job's status "
		       "file. So also what no node sees is recorded: jobs that were cancelled while they waited, or whose "
		       "node died.\n\n"
		       "JobCompLoc takes no arguments: name the link runledger-jobcomp, or a script that calls this. With "
		       "--epilog it may be EpilogSlurmctld instead, which is not told how a job ended (so drain asks "
		       "slurmctld), and does not run at all for a job that never ran.",
	.options = options_table,
	.examples = examples,
	.for_admins = true,
	.run = run,
};
