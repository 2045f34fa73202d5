/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runledger record: what the plugins call.  Takes a draft of a record on standard input, adds what it can find out, puts
 * it into the right status file and refreshes the trackers.
 *
 * Started by root (the epilog's plugin) it becomes the user before it touches a path of the user's.
 */
#include "lib/lines.h"
#include "lib/process.h"
#include "lib/text.h"
#include "tool/cmd/cmd_record_job.h"
#include "tool/record/identity.h"
#include "tool/cmd/site_options.h"

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

static const char *read_array_task(struct rlg_record_job *job)
{
	int64_t task = rlg_record_fact_number(job, "array_task_id");

	if (task < 0)
		return NULL;
	snprintf(job->array_task, sizeof(job->array_task), "%lld", (long long)task);
	return job->array_task;
}

static void read_node_facts(struct rlg_record_job *job)
{
	job->about.job_name = rlg_record_fact_text(job, "job_name");
	job->about.folder = rlg_record_get_str(&job->draft, "cwd");
	job->about.client_folder = "/";
	job->about.array_task = read_array_task(job);
}

/* By the address where there is one, else as at a submission. */
static int find_place(struct rlg_record_job *job, struct rlg_group *group, struct rlg_resolution *to, struct rlg_err *err)
{
	const char *address = rlg_record_given(job, "group");

	*group = (struct rlg_group){.arena = NULL};
	read_node_facts(job);
	if (address == NULL || rlg_record_given(job, "run") == NULL) {
		int code = rlg_resolve_group(&job->about, &job->site, group, err);
		if (code != 0)
			return code;
		rlg_resolve_run(group, &job->about, to);
		/* A job of scrontab's has no name on its node (22.05).  Its end has one: until then better no run than a wrong one. */
		return job->about.job_name == NULL && strcmp(to->matched_by, RLG_MATCHED_BY_NOTHING) == 0 ? -ENOENT : 0;
	}
	int code = rlg_group_open(address, group, err);
	if (code != 0)
		return code;
	*to = (struct rlg_resolution){.phase = rlg_record_given(job, "phase")};
	to->run = rlg_resolve_array_task(group->arena, rlg_record_given(job, "run"), job->about.array_task);
	return 0;
}

/*
 * An array with a run a task was submitted to all of its runs; that it was accepted, or refused, is told to the same,
 * which its submission's id finds.
 */
struct submitted_runs {
	struct rlg_record_job *job;
	struct rlg_group *group;
	struct rlg_resolution to;
	struct rlg_err *err;
};

static int append_where_submitted(void *context, const char *run, const char *file, const char *line, size_t length)
{
	struct submitted_runs *runs = context;
	struct rlg_record record;
	int64_t task;
	int code = 0;

	/* Most lines are not about it, and to parse is dearer. */
	if (memmem(line, length, runs->job->draft.sid, strlen(runs->job->draft.sid)) == NULL ||
	    rlg_record_parse(line, length, &record, NULL) != 0)
		return 0;
	if (strcmp(record.name, "submit") == 0 && record.job_id < 0 && record.sid != NULL &&
	    strcmp(record.sid, runs->job->draft.sid) == 0 && rlg_record_get_int(&record, "array_task_id", &task)) {
		runs->to.run = run;
		rlg_facts_number(runs->job->facts, "array_task_id", task);
		runs->job->draft.id = NULL; /* each run's record is one of its own */
		code = rlg_record_append(runs->job, runs->group, &runs->to, runs->err);
	}
	rlg_record_done(&record);
	return code;
}

static int append_to_all_runs(struct rlg_record_job *job, struct rlg_group *group, const struct rlg_resolution *to,
			      struct rlg_err *err)
{
	struct submitted_runs runs = {.job = job, .group = group, .to = *to, .err = err};
	struct rlg_damage damage = {.torn = 0};

	if (job->draft.sid == NULL)
		return rlg_fail(err, -EINVAL, "run %s needs the number of an array's task", to->run);
	return rlg_lines_each(group->path, NULL, append_where_submitted, &runs, &damage, err);
}

static int deliver(void *context)
{
	struct rlg_record_job *job = context;
	struct rlg_group group = {.arena = NULL};
	struct rlg_resolution to;
	struct rlg_err err = {""};
	int result = RLG_EXIT_OK;

	int code = become_user(job, &err);
	if (code == 0 && strcmp(job->draft.name, "finish") == 0 && rlg_record_given(job, "group") == NULL)
		return rlg_record_finish_anywhere(job);
	if (code == 0)
		code = find_place(job, &group, &to, &err);
	if (code == 0)
		code = strchr(to.run, '{') == NULL ? rlg_record_append(job, &group, &to, &err)
						   : append_to_all_runs(job, &group, &to, &err);
	/* A job may have thousands of steps that tell what they used: its end refreshes the trackers. */
	if (code == 0 && strcmp(job->draft.name, "usage") != 0)
		result = rlg_record_refresh(job, &group);
	else if (code != 0 && err.text[0] != '\0') {
		rlg_record_complain(job, "%s", err.text);
		result = RLG_EXIT_FAILED;
	}
	rlg_group_close(&group);
	return result;
}

static int deliver_later(void *context)
{
	struct rlg_record_job *job = context;

	rlg_record_go_behind(job);
	return deliver(job);
}

int rlg_record_and_deliver(struct rlg_record_job *job)
{
	struct rlg_err err = {""};

	if (!rlg_option_given(job->options, "detach"))
		return deliver(job);
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
	struct rlg_record_job job = {.options = options, .quiet = rlg_option_given(options, "quiet")};

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
		       "Nobody has to call it by hand. A job that is in no run group is let be: that is no failure.",
	.options = options_table,
	.examples = examples,
	.for_admins = true,
	.run = run,
};
