/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event `submit`: see cmd_record_job.h. */
#include "lib/node_spool.h"
#include "lib/process.h"
#include "lib/text.h"
#include "lib/watched.h"
#include "tool/record/git_head.h"
#include "tool/cmd/cmd_record_job.h"
#include "tool/cmd/take_along.h"
#include "tool/record/my_groups.h"
#include "tool/tracker/registry.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So many while the client waits, a hundredth of a second; more are told behind its back. */
#define MOST_RUNS_AT_ONCE 100

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

/* What the client's own command line says. */
static void read_client(struct rlg_record_job *job, struct rlg_arena *arena, bool with_script)
{
	const char *pid_text = rlg_record_given(job, "client");
	char **argv = NULL;
	long long pid;
	ssize_t count = 0;

	if (rlg_parse_int(pid_text, 1, INT32_MAX, &pid))
		count = rlg_client_argv(arena, (pid_t)pid, &argv);
	const char *folder = rlg_record_get_str(&job->draft, "cwd");
	job->about.client_folder = folder == NULL ? "/" : folder;
	rlg_client_line_read(arena, argv, count < 0 ? 0 : (size_t)count, environment,
			     with_script ? job->about.client_folder : NULL, &job->line);
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

static void add_submit_facts(struct rlg_record_job *job, struct rlg_arena *arena, bool with_git)
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
	if (with_git)
		rlg_record_add_git(job->facts, arena, job->about.folder);
	rlg_facts_text(job->facts, "command", job->line.command);
}

/* A submission on its way into the group; also behind the client's back. */
struct submission {
	struct rlg_record_job *job;
	struct rlg_group group;
	struct rlg_resolution to;
	struct rlg_err *err;
};

static bool has_a_run_a_task(const struct submission *submission)
{
	return strchr(submission->to.run, '{') != NULL;
}

/* An array with a run a task is every run's submission. */
static int append_for_tasks(struct submission *submission)
{
	return rlg_record_append_tasks(submission->job, &submission->group, &submission->to, submission->job->line.array,
				       submission->err);
}

static bool is_long(const struct submission *submission)
{
	const char *array = submission->job->line.array;

	return has_a_run_a_task(submission) && array != NULL &&
	       rlg_array_tasks(array, RLG_ARRAY_RUNS_MAX, NULL, NULL) > MOST_RUNS_AT_ONCE;
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
	int result = rlg_record_refresh(submission->job, &submission->group);
	rlg_take_along(&submission->job->site);
	return result;
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
	add_submit_facts(job, arena, true);
	int code = append_now(submission);
	/* The job has its address all the same. */
	if (rlg_node_spool_takes(code) &&
	    rlg_record_spool(job, submission->group.path, submission->to.run, submission->to.phase, code) == 0)
		code = 0;
	if (code != 0)
		return code;
	rlg_watched_tell(&job->tell_fd, 0);
	print_answer(submission);
	return rlg_process_detach(NULL, go_on_behind, submission, submission->err);
}

/* In the child that may hang. */
static int submit(void *context, int tell_fd)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_record_job *job = context;
	struct rlg_err err = {""};
	struct submission submission = {.job = job, .err = &err};

	job->tell_fd = tell_fd;
	read_client(job, arena, true);
	int code = job->line.test_only ? 0 : rlg_resolve_group(&job->about, &job->site, &submission.group, &err);
	if (code == 0 && !job->line.test_only)
		code = record(&submission, arena);
	rlg_group_close(&submission.group);
	/* Whatever it was, it could be told: whoever submits knows. */
	rlg_watched_tell(&job->tell_fd, 0);
	/* Not tracked, and nobody asked for it, is no failure. */
	if (code == 0 || err.text[0] == '\0')
		return RLG_EXIT_OK;
	bool asked_in_vain = code == -ENOENT && job->about.asked_group != NULL;
	rlg_record_complain(job, "%s%s", err.text, asked_in_vain ? "; this job is not tracked" : "");
	return RLG_EXIT_FAILED;
}

/* Nobody could look: what can be told without a look, so that whoever delivers it can find the run. */
static void add_what_is_known(struct rlg_record_job *job, struct rlg_arena *arena)
{
	const char *script, *slash;

	read_client(job, arena, false);
	script = job->line.script;
	slash = script == NULL ? NULL : strrchr(script, '/');
	if (script != NULL && strcmp(job->line.job_name, slash == NULL ? script : slash + 1) == 0)
		job->line.job_name = NULL; /* the script may say another */
	add_submit_facts(job, arena, false);
	if (job->about.asked_group != NULL && job->about.asked_group[0] != '/')
		job->about.asked_group = rlg_arena_printf(arena, "%s/%s", job->about.client_folder, job->about.asked_group);
}

/* Where both were asked for there is nothing to find: the job's node is told, so that its start and end need no look. */
static void print_asked(const struct rlg_record_job *job)
{
	const char *group = job->about.asked_group, *run = job->about.asked_run;
	size_t length = run == NULL ? 0 : strcspn(run, "/");

	if (!rlg_option_given(job->options, "answer") || group == NULL || run == NULL ||
	    strchr(group, '\n') != NULL || !rlg_resolve_asked_ok(run))
		return;
	printf("group=%s\nrun=%.*s\nphase=%s\n", group, (int)length, run, run[length] == '/' ? run + length + 1 : "");
}

int rlg_record_submit(struct rlg_record_job *job)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	long long within_ms = job->site.spool_after_ms;
	pid_t child;

	rlg_parse_int(rlg_record_given(job, "within-ms"), 1, RLG_TIMEOUT_MOST_MS, &within_ms);
	read_asked(job);
	fflush(NULL);
	int why = rlg_watched(submit, job, (int)within_ms, &child);
	if (why == 0)
		return rlg_watched_reap(child) == 0 ? RLG_EXIT_OK : RLG_EXIT_FAILED;
	add_what_is_known(job, arena);
	if (job->line.test_only)
		return RLG_EXIT_OK;
	if (why == -ETIMEDOUT)
		rlg_record_complain(job, "the file system of this job's folder does not answer");
	else
		rlg_record_complain(job, "this submission could not be recorded: %s",
				    why == -ECHILD ? "a process of ours was ended" : strerror(-why));
	if (rlg_record_spool(job, job->about.asked_group, job->about.asked_run, NULL, why) != 0)
		return RLG_EXIT_FAILED;
	print_asked(job);
	return RLG_EXIT_OK;
}
