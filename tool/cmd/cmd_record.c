/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runledger record: what the plugins call.  Takes a draft of a record on standard input, adds what it can find out, puts
 * it into the right status file and refreshes the trackers.
 *
 * Started by root (the epilog's plugin) it becomes the user before it touches a path of the user's.
 */
#include "lib/node_spool.h"
#include "lib/process.h"
#include "lib/text.h"
#include "lib/watched.h"
#include "tool/cmd/cmd_record_job.h"
#include "tool/record/identity.h"
#include "tool/cmd/site_options.h"
#include "tool/cmd/take_along.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int become_user(const struct rlg_record_job *job, struct rlg_err *err)
{
	long long uid, gid;

	if (geteuid() != 0 || rlg_record_given(job, "uid") == NULL)
		return 0;
	if (!rlg_parse_int(rlg_record_given(job, "uid"), 0, UINT32_MAX - 1, &uid) ||
	    !rlg_parse_int(rlg_record_given(job, "gid"), 0, UINT32_MAX - 1, &gid))
		return rlg_fail(err, -EINVAL, "--uid and --gid must be numbers");
	return rlg_identity_become((uid_t)uid, gid, rlg_record_given(job, "user"), true, err);
}

struct delivering {
	struct rlg_record_job *job;
	int result;
};

static void placed(void *context, struct rlg_group *group)
{
	struct delivering *delivering = context;
	struct rlg_record_job *job = delivering->job;

	rlg_watched_tell(&job->tell_fd, 0);
	/* A job may have thousands of steps that tell what they used: its end refreshes the trackers. */
	if (strcmp(job->draft.name, "usage") != 0)
		delivering->result = rlg_record_refresh(job, group);
}

static int deliver(struct rlg_record_job *job)
{
	struct delivering delivering = {.job = job, .result = RLG_EXIT_OK};
	struct rlg_err err = {""};
	int code = rlg_record_place(job, placed, &delivering, &err);
	bool untracked = code == -ENOENT && err.text[0] == '\0';
	bool is_watched = job->tell_fd >= 0;

	if (code == 0 || untracked) {
		rlg_watched_tell(&job->tell_fd, 0);
		return delivering.result;
	}
	rlg_watched_tell(&job->tell_fd, code);
	/* Into a log goes what is lost; what is not waits in the spool. */
	if (!job->quiet || !is_watched || !rlg_node_spool_takes(code))
		rlg_record_complain(job, "%s", err.text);
	return RLG_EXIT_FAILED;
}

static int deliver_watched(void *context, int tell_fd)
{
	struct rlg_record_job *job = context;

	job->tell_fd = tell_fd;
	if (rlg_option_given(job->options, "detach"))
		rlg_record_go_behind(job); /* an alarm is not inherited */
	int result = deliver(job);
	fflush(NULL);
	return result;
}

static int watch_delivery(struct rlg_record_job *job)
{
	struct rlg_err err = {""};

	if (become_user(job, &err) != 0) {
		rlg_record_complain(job, "%s", err.text);
		return RLG_EXIT_FAILED;
	}
	return rlg_record_watch(job, deliver_watched, job->site.spool_after_ms);
}

static int deliver_later(void *context)
{
	struct rlg_record_job *job = context;

	rlg_record_go_behind(job);
	int result = watch_delivery(job);
	rlg_take_along(&job->site);
	return result;
}

int rlg_record_and_deliver(struct rlg_record_job *job)
{
	struct rlg_err err = {""};
	long long tell_fd;

	if (rlg_parse_int(rlg_record_given(job, "tell-fd"), 3, 65535, &tell_fd))
		return deliver_watched(job, (int)tell_fd);
	if (!rlg_option_given(job->options, "detach"))
		return watch_delivery(job);
	if (rlg_process_detach(NULL, deliver_later, job, &err) == 0)
		return RLG_EXIT_OK;
	rlg_record_complain(job, "%s", err.text);
	return RLG_EXIT_FAILED;
}

static const struct {
	const char *event;
	int (*record)(struct rlg_record_job *job);
} events[] = {
	{"submit", rlg_record_submit},
	{"reject", rlg_record_reject},
	{"start", rlg_record_and_deliver},
	{"task-failed", rlg_record_and_deliver},
	{"usage", rlg_record_and_deliver},
	{"finish", rlg_record_finish},
};

static int record_event(struct rlg_record_job *job, const char *event)
{
	struct rlg_err err = {""};

	if (rlg_record_given(job, "lost") != NULL) {
		rlg_record_complain(job, "a `%s` is lost: %s", event, rlg_record_given(job, "lost"));
		return RLG_EXIT_OK;
	}
	if (rlg_site_options_read(job->options, &job->site, &err) != 0 &&
	    !rlg_option_given(job->options, "answer"))
		rlg_record_complain(job, "%s", err.text); /* the admin's mistake, and no news for whoever submits */
	if (rlg_draft_read(STDIN_FILENO, &job->draft, &err) != 0)
		return rlg_failure(job->options, "%s", err.text);
	if (strcmp(job->draft.name, event) != 0) {
		int code = rlg_usage_error(job->options, "the record on standard input is a `%s`, not a `%s`",
					   job->draft.name, event);
		rlg_record_done(&job->draft);
		return code;
	}
	/* The same one wherever it goes: it may stand in its file in spite of an error. */
	if (job->draft.id == NULL) {
		rlg_record_new_id(job->new_id);
		job->draft.id = job->new_id;
	}
	job->group = rlg_record_given(job, "group");
	job->run = rlg_record_given(job, "run");
	job->phase = rlg_record_given(job, "phase");
	job->facts = cJSON_CreateObject();
	int code = RLG_EXIT_FAILED;
	for (size_t i = 0; job->facts != NULL && i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(events[i].event, event) == 0)
			code = events[i].record(job);
	cJSON_Delete(job->facts);
	rlg_record_done(&job->draft);
	return code;
}

static int run(struct rlg_options *options)
{
	struct rlg_record_job job = {.options = options, .quiet = rlg_option_given(options, "quiet"), .tell_fd = -1};

	rlg_process_hide();
	if (options->n_words != 1)
		return rlg_usage_error(options, "say which event it is: submit, reject, start, task-failed, usage or finish");
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(events[i].event, options->words[0]) == 0)
			return record_event(&job, options->words[0]);
	return rlg_usage_error(options, "there is no event '%s'; there are submit, reject, start, task-failed, usage and finish",
			       options->words[0]);
}

static const struct rlg_option options_table[] = {
	RLG_OPTION_CONF,
	{"group", 0, "DIR", "the run group, from the job's address or from --run-group"},
	{"run", 0, "RUN[/PHASE]", "the run, from the job's address or from --run"},
	{"phase", 0, "PHASE", "the phase, from the job's address"},
	{"client", 0, "PID", "submit: the sbatch, salloc or srun whose command line is to be read"},
	{"answer", 0, NULL, "submit: print the job's address: lines of group=, run= and phase="},
	{"uid", 0, "UID", "the job's user, to become before a path is touched; for root only"},
	{"gid", 0, "GID", "the job's group"},
	{"user", 0, "NAME", "the job's user by name, for the supplementary groups"},
	{"ask-ms", 0, "MILLISECONDS", "finish, reject: ask slurmctld how the job ended, for so long at most"},
	{"within-ms", 0, "MILLISECONDS", "submit: leave the record in the node's spool after so long"},
	{"lost", 0, "WORDS", "only put a word into the log that a record is lost, and why"},
	{"tell-fd", 0, "NUMBER", "an open descriptor on which the plugin's own process hears how it went"},
	{"detach", 0, NULL, "let the caller go on as soon as slurmctld has answered"},
	{"quiet", 0, NULL, "complain to syslog instead of standard error"},
	{NULL, 0, NULL, NULL},
};

static const struct rlg_example examples[] = {
	{"runledger record --group=. --run=1B_rank4 --phase=eval start <draft.json", "record a start by hand"},
	{NULL, NULL},
};

const struct rlg_command rlg_cmd_record = {
	.name = "record",
	.arguments = "EVENT",
	.summary = "put one record into a run's status file; what the plugins call",
	.description = "Takes a draft of a record (see runledger-record(5)) on standard input, adds what can be found out, "
		       "appends it to the status file of the run that the job belongs to, and refreshes the group's "
		       "trackers. EVENT is submit, reject, start, task-failed, usage or finish.\n\n"
		       "Nobody has to call it by hand. A job that is in no run group is let be: that is no failure. What cannot be "
		       "put into its status file now, or not in time, waits in the node's spool for `runledger drain`.",
	.options = options_table,
	.examples = examples,
	.for_admins = true,
	.run = run,
};
