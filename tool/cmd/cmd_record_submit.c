/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event `submit`: see cmd_record_job.h. */
#include "lib/process.h"
#include "lib/text.h"
#include "tool/record/git_head.h"
#include "tool/cmd/cmd_record_job.h"
#include "tool/record/my_groups.h"
#include "tool/tracker/registry.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A submission of an array with a run a task is told to so many runs; the others say it at their start. */
#define MOST_ARRAY_RUNS 10000

/* So many while the client waits, a hundredth of a second; more are told behind its back. */
#define MOST_RUNS_AT_ONCE 100

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

/* What the client's own command line says. */
static void read_client(struct rlg_record_job *job, struct rlg_arena *arena)
{
	const char *pid_text = rlg_record_given(job, "client");
	char **argv = NULL;
	long long pid;
	ssize_t count = 0;

	if (rlg_parse_int(pid_text, 1, INT32_MAX, &pid))
		count = rlg_client_argv(arena, (pid_t)pid, &argv);
	const char *folder = rlg_record_get_str(&job->draft, "cwd");
	job->about.client_folder = folder == NULL ? "/" : folder;
	rlg_client_line_read(arena, argv, count < 0 ? 0 : (size_t)count, environment, job->about.client_folder, &job->line);
	job->about.job_name = job->line.job_name;
	job->about.script = job->line.script;
	job->about.folder = job->about.client_folder;
	if (job->line.chdir != NULL)
		job->about.folder = job->line.chdir[0] == '/' ? job->line.chdir
							      : rlg_arena_printf(arena, "%s/%s", job->about.client_folder,
										 job->line.chdir);
}

static void read_asked(struct rlg_record_job *job)
{
	job->about.asked_run = rlg_record_given(job, "run");
	job->about.asked_group = rlg_record_given(job, "group");
	if (job->about.asked_run == NULL && (job->about.asked_run = environment("RUNLEDGER_RUN")) != NULL)
		job->about.asked_by_environment = true;
	if (job->about.asked_group == NULL)
		job->about.asked_group = environment("RUNLEDGER_GROUP");
}

void rlg_record_add_git(cJSON *facts, struct rlg_arena *arena, const char *folder)
{
	struct rlg_git_head head;

	if (folder == NULL || !rlg_git_head_read(arena, folder, &head))
		return;
	cJSON *git = cJSON_AddObjectToObject(facts, "git");
	rlg_facts_text(git, "commit", head.commit);
	rlg_facts_text(git, "branch", head.branch);
}

/* Whose session it comes from, where it is an agent's: its registry of jobs is kept by this (active_jobs.json). */
static void add_session(cJSON *facts)
{
	struct rlg_session session;

	if (!rlg_session_here(&session))
		return;
	rlg_facts_text(facts, "agent", session.agent);
	rlg_facts_text(facts, "session", session.id);
}

static void add_submit_facts(struct rlg_record_job *job, struct rlg_arena *arena)
{
	const struct passwd *user = getpwuid(geteuid());

	rlg_facts_text(job->facts, "sid", job->draft.sid);
	rlg_facts_text(job->facts, "user", user == NULL ? NULL : user->pw_name);
	rlg_facts_number(job->facts, "uid", geteuid());
	rlg_facts_text(job->facts, "job_name", job->line.job_name);
	rlg_facts_text(job->facts, "cwd", job->about.folder);
	rlg_facts_text(job->facts, "script", job->line.script);
	rlg_facts_text(job->facts, "array", job->line.array);
	if (job->line.time_limit_s > 0)
		rlg_facts_number(job->facts, "time_limit", job->line.time_limit_s);
	add_session(job->facts);
	rlg_record_add_git(job->facts, arena, job->about.folder);
	rlg_facts_text(job->facts, "command", job->line.command);
}

/* A submission on its way into the group; also behind the client's back. */
struct submission {
	struct rlg_record_job *job;
	struct rlg_group group;
	struct rlg_resolution to;
	struct rlg_err *err;
	int code;
};

static bool has_a_run_a_task(const struct submission *submission)
{
	return strchr(submission->to.run, '{') != NULL;
}

static void append_for_task(void *context, long task)
{
	struct submission *submission = context;
	struct rlg_resolution to = submission->to;
	char figures[32];

	snprintf(figures, sizeof(figures), "%ld", task);
	to.run = rlg_resolve_array_task(submission->group.arena, to.run, figures);
	rlg_facts_number(submission->job->facts, "array_task_id", task);
	/* Each run's record is one of its own. */
	submission->job->draft.id = NULL;
	int code = rlg_record_append(submission->job, &submission->group, &to, submission->err);
	submission->code = submission->code == 0 ? code : submission->code;
}

/* An array with a run a task is every run's submission. */
static int append_for_tasks(struct submission *submission)
{
	if (submission->job->line.array != NULL)
		rlg_array_tasks(submission->job->line.array, MOST_ARRAY_RUNS, append_for_task, submission);
	return submission->code;
}

static bool is_long(const struct submission *submission)
{
	const char *array = submission->job->line.array;

	return has_a_run_a_task(submission) && array != NULL &&
	       rlg_array_tasks(array, MOST_ARRAY_RUNS, NULL, NULL) > MOST_RUNS_AT_ONCE;
}

/* Before the client goes on, unless it would have to wait for it. */
static int append_now(struct submission *submission)
{
	if (is_long(submission))
		return 0;
	if (has_a_run_a_task(submission))
		return append_for_tasks(submission);
	return rlg_record_append(submission->job, &submission->group, &submission->to, submission->err);
}

/* What tells the end of a job that never ran knows its folder, not what was asked for. */
static void remember_group(const struct submission *submission)
{
	const char *folder = submission->job->about.folder;
	char found[RLG_PATH_MAX];

	if (folder != NULL && rlg_group_discover(folder, found, NULL) == 0 && strcmp(found, submission->group.path) == 0)
		return;
	rlg_my_groups_remember(submission->group.path);
}

static int go_on_behind(void *context)
{
	struct submission *submission = context;
	struct rlg_err err = {""};

	rlg_record_go_behind(submission->job);
	remember_group(submission);
	submission->err = &err;
	if (is_long(submission) && append_for_tasks(submission) != 0)
		rlg_record_complain(submission->job, "%s", err.text);
	return rlg_record_refresh(submission->job, &submission->group);
}

/* The plugin reads it line by line, so a name with a newline cannot be told. */
static void print_answer(const struct submission *submission)
{
	if (!rlg_option_given(submission->job->options, "answer") || strchr(submission->group.path, '\n') != NULL)
		return;
	printf("group=%s\nrun=%s\nphase=%s\n", submission->group.path, submission->to.run, submission->to.phase);
	fflush(stdout);
}

/*
 * A script on standard input may name the job, and so its run and phase, in its #SBATCH lines.  It is better to say
 * nothing yet than the wrong thing: the start of the job finds them by the name that Slurm knows.
 */
static bool shows_later(const struct submission *submission)
{
	const struct rlg_record_job *job = submission->job;
	bool phase_asked = job->about.asked_run != NULL && strchr(job->about.asked_run, '/') != NULL;
	bool named = strcmp(job->line.job_name, job->line.program) != 0;

	return job->line.script_on_stdin && !named && !phase_asked;
}

/* What was asked for and cannot be had; `err` says it of the group. */
static void warn(const struct submission *submission)
{
	const char *asked = submission->job->about.asked_run;

	if (asked != NULL && !rlg_resolve_asked_ok(asked))
		rlg_record_complain(submission->job, "'%s' cannot be the name of a run or a phase, so the job goes to %s/%s",
				    asked, submission->to.run, submission->to.phase);
	if (submission->err->text[0] != '\0')
		rlg_record_complain(submission->job, "%s; this job goes to %s, where its folder lies", submission->err->text,
				    submission->group.path);
	submission->err->text[0] = '\0';
}

static int record(struct submission *submission, struct rlg_arena *arena)
{
	struct rlg_record_job *job = submission->job;

	rlg_resolve_run(&submission->group, &job->about, &submission->to);
	warn(submission);
	if (shows_later(submission))
		return 0;
	add_submit_facts(job, arena);
	int code = append_now(submission);
	if (code != 0)
		return code;
	print_answer(submission);
	return rlg_process_detach(NULL, go_on_behind, submission, submission->err);
}

int rlg_record_submit(struct rlg_record_job *job)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_err err = {""};
	struct submission submission = {.job = job, .err = &err};

	read_asked(job);
	read_client(job, arena);
	if (job->line.test_only)
		return RLG_EXIT_OK;
	int code = rlg_resolve_group(&job->about, &job->site, &submission.group, &err);
	if (code == 0)
		code = record(&submission, arena);
	rlg_group_close(&submission.group);
	/* Not tracked, and nobody asked for it, is no failure. */
	if (code == 0 || err.text[0] == '\0')
		return RLG_EXIT_OK;
	bool asked_in_vain = code == -ENOENT && job->about.asked_group != NULL;
	rlg_record_complain(job, "%s%s", err.text, asked_in_vain ? "; this job is not tracked" : "");
	return RLG_EXIT_FAILED;
}
