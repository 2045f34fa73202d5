/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runledger record: what the plugins call.  Takes a draft of a record on standard input, adds what it can find out, puts
 * it into the right status file and refreshes the trackers.
 *
 * Started by root (the epilog's plugin) it becomes the user before it touches a path of the user's.
 */
#include "lib/clock.h"
#include "lib/layout.h"
#include "lib/lines.h"
#include "lib/process.h"
#include "lib/record.h"
#include "lib/siteconf.h"
#include "lib/statusfile.h"
#include "lib/text.h"
#include "tool/ask.h"
#include "tool/client_line.h"
#include "tool/command.h"
#include "tool/draft.h"
#include "tool/git_head.h"
#include "tool/refresh.h"
#include "tool/resolve.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

/* Bounds for what works on a user's files and outlives its caller: see SECURITY in runledger(1). */
#define CPU_SECONDS 60
#define MEMORY_BYTES ((size_t)4 << 30)

/* A file server that is being mended is waited for, but not a mount that never answers: one a job would pile up. */
#define WALL_SECONDS 3600

/* How long writers of one host wait for each other. */
#define TURN_MS 10000

/* A submission of an array with a run a task is told to so many runs; the others say it at their start. */
#define MOST_ARRAY_RUNS 10000

/* One call of this command. */
struct job {
	struct rlg_options *options;
	struct rlg_siteconf site;
	struct rlg_record draft;
	cJSON *facts; /* what we found out */
	struct rlg_job_facts about;
	struct rlg_client_line line;
	char array_task[32];
	bool quiet; /* nobody reads our stderr: complain to syslog */
};

/* What cannot be helped is said where somebody may look. */
static void complain(const struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void complain(const struct job *job, const char *format, ...)
{
	char sentence[RLG_ERR_MAX + 64];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	if (job->quiet)
		syslog(LOG_DAEMON | LOG_WARNING, "runledger: %s", sentence);
	else
		fprintf(stderr, "runledger: %s\n", sentence);
}

/* NULL for an option that was not given, or is empty: the plugins pass all of theirs always. */
static const char *given(const struct job *job, const char *name)
{
	const char *value = rlg_option_value(job->options, name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

/* Appends the record to one run. */
static int append(const struct job *job, const struct rlg_group *group, const struct rlg_resolution *to,
		  struct rlg_err *err)
{
	char storage[RLG_RECORD_MAX + 1];

	rlg_facts_text(job->facts, "run", to->run);
	rlg_facts_text(job->facts, "phase", to->phase);
	rlg_facts_text(job->facts, "matched_by", to->matched_by);
	ssize_t length = rlg_draft_write(&job->draft, job->facts, storage, sizeof(storage));
	if (length < 0)
		return rlg_fail_errno(err, (int)length, "the record is too long");
	struct rlg_append append = {.group = group->path,
				    .run = to->run,
				    .line = storage,
				    .length = (size_t)length,
				    .timeout_ms = TURN_MS,
				    .durable = strcmp(job->draft.name, "finish") == 0};
	return rlg_statusfile_append(&append, err);
}

static int refresh(struct job *job, struct rlg_group *group)
{
	struct rlg_refresh_report report;
	struct rlg_err err = {""};

	if (rlg_refresh(group, RLG_REFRESH_LEAVE, &report, &err) == 0)
		return RLG_EXIT_OK;
	complain(job, "%s", err.text);
	return RLG_EXIT_FAILED;
}

/* ---- submit: asked by the client before the submission; the answer is the job's address ---- */

/* What the client's own command line says. */
static void read_client(struct job *job, struct rlg_arena *arena)
{
	const char *pid_text = given(job, "client");
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

static void read_asked(struct job *job)
{
	job->about.asked_run = given(job, "run");
	job->about.asked_group = given(job, "group");
	if (job->about.asked_run == NULL && (job->about.asked_run = environment("RUNLEDGER_RUN")) != NULL)
		job->about.asked_by_environment = true;
	if (job->about.asked_group == NULL)
		job->about.asked_group = environment("RUNLEDGER_GROUP");
}

static void add_git(cJSON *facts, struct rlg_arena *arena, const char *folder)
{
	struct rlg_git_head head;

	if (folder == NULL || !rlg_git_head_read(arena, folder, &head))
		return;
	cJSON *git = cJSON_AddObjectToObject(facts, "git");
	rlg_facts_text(git, "commit", head.commit);
	rlg_facts_text(git, "branch", head.branch);
}

static void add_submit_facts(struct job *job, struct rlg_arena *arena)
{
	const struct passwd *user = getpwuid(geteuid());

	rlg_facts_text(job->facts, "sid", job->draft.sid);
	rlg_facts_text(job->facts, "user", user == NULL ? NULL : user->pw_name);
	rlg_facts_number(job->facts, "uid", geteuid());
	rlg_facts_text(job->facts, "job_name", job->line.job_name);
	rlg_facts_text(job->facts, "cwd", job->about.folder);
	rlg_facts_text(job->facts, "script", job->line.script);
	rlg_facts_text(job->facts, "array", job->line.array);
	add_git(job->facts, arena, job->about.folder);
	rlg_facts_text(job->facts, "command", job->line.command);
}

/* An array with a run a task: the submission is every run's. */
struct array_submit {
	struct job *job;
	struct rlg_group *group;
	struct rlg_resolution to;
	int code;
	struct rlg_err *err;
};

static void append_for_task(void *context, long task)
{
	struct array_submit *submit = context;
	struct rlg_resolution to = submit->to;
	char figures[32];

	snprintf(figures, sizeof(figures), "%ld", task);
	to.run = rlg_resolve_array_task(submit->group->arena, to.run, figures);
	rlg_facts_number(submit->job->facts, "array_task_id", task);
	/* Each run's record is one of its own. */
	submit->job->draft.id = NULL;
	int code = append(submit->job, submit->group, &to, submit->err);
	submit->code = submit->code == 0 ? code : submit->code;
}

static int append_submit(struct job *job, struct rlg_group *group, const struct rlg_resolution *to, struct rlg_err *err)
{
	struct array_submit submit = {.job = job, .group = group, .to = *to, .err = err};

	if (strchr(to->run, '{') == NULL)
		return append(job, group, to, err);
	if (job->line.array != NULL)
		rlg_array_tasks(job->line.array, MOST_ARRAY_RUNS, append_for_task, &submit);
	return submit.code;
}

/* The plugin reads it line by line, so a name with a newline cannot be told. */
static bool print_answer(const struct rlg_group *group, const struct rlg_resolution *to)
{
	if (strchr(group->path, '\n') != NULL)
		return false;
	printf("group=%s\nrun=%s\nphase=%s\n", group->path, to->run, to->phase);
	return fflush(stdout) == 0;
}

struct refreshing {
	struct job *job;
	struct rlg_group *group;
};

static int refresh_later(void *context)
{
	struct refreshing *refreshing = context;

	refreshing->job->quiet = true;
	rlg_process_limit(CPU_SECONDS, WALL_SECONDS, MEMORY_BYTES);
	return refresh(refreshing->job, refreshing->group);
}

/*
 * A script on standard input may name the job, and so the run, in its #SBATCH lines.  It is better to say nothing yet
 * than the wrong thing: the start of the job finds its run by the name that Slurm knows.
 */
static bool run_shows_later(const struct job *job, const struct rlg_resolution *to)
{
	return job->line.script_on_stdin && strcmp(to->matched_by, RLG_MATCHED_BY_NOTHING) == 0;
}

static void warn_of_bad_name(const struct job *job, const struct rlg_resolution *to)
{
	const char *asked = job->about.asked_run;

	if (asked != NULL && !rlg_resolve_asked_ok(asked))
		complain(job, "'%s' cannot be the name of a run or a phase, so the job goes to %s/%s", asked, to->run,
			 to->phase);
}

static int record_submit(struct job *job)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_group group = {.arena = NULL};
	struct rlg_resolution to;
	struct rlg_err err = {""};
	struct refreshing refreshing = {job, &group};

	read_asked(job);
	read_client(job, arena);
	if (job->line.test_only)
		return RLG_EXIT_OK;
	int code = rlg_resolve_group(&job->about, &job->site, &group, &err);
	if (code == 0) {
		rlg_resolve_run(&group, &job->about, &to);
		warn_of_bad_name(job, &to);
		if (err.text[0] != '\0')
			complain(job, "%s; this job goes to %s, where its folder lies", err.text, group.path);
		err.text[0] = '\0';
	}
	if (code == 0 && run_shows_later(job, &to)) {
		rlg_group_close(&group);
		return RLG_EXIT_OK;
	}
	if (code == 0) {
		add_submit_facts(job, arena);
		code = append_submit(job, &group, &to, &err);
	}
	if (code == 0) {
		if (rlg_option_given(job->options, "answer"))
			print_answer(&group, &to);
		code = rlg_process_detach(refresh_later, &refreshing, &err);
	}
	if (code == -ENOENT && err.text[0] != '\0' && job->about.asked_group != NULL)
		complain(job, "%s; this job is not tracked", err.text);
	else if (code != 0 && err.text[0] != '\0')
		complain(job, "%s", err.text);
	rlg_group_close(&group);
	/* Not tracked, and nobody asked for it, is no failure. */
	return code == 0 || err.text[0] == '\0' ? RLG_EXIT_OK : RLG_EXIT_FAILED;
}

/* ---- everything else: the job has an address, or its group is looked for ---- */

static int become_user(const struct job *job, struct rlg_err *err)
{
	static gid_t groups[65536];
	int n_groups = (int)(sizeof(groups) / sizeof(groups[0]));
	const char *user = given(job, "user");
	long long uid, gid;

	if (geteuid() != 0 || given(job, "uid") == NULL)
		return 0;
	if (!rlg_parse_int(given(job, "uid"), 0, UINT32_MAX - 1, &uid) ||
	    !rlg_parse_int(given(job, "gid"), 0, UINT32_MAX - 1, &gid))
		return rlg_fail(err, -EINVAL, "--uid and --gid must be numbers");
	/* A user that this node does not know has no supplementary groups here. */
	if (user == NULL || getgrouplist(user, (gid_t)gid, groups, &n_groups) < 0)
		n_groups = 0;
	struct rlg_identity identity = {
		.uid = (uid_t)uid, .gid = (gid_t)gid, .groups = groups, .n_groups = (size_t)n_groups};
	return rlg_process_become_user(&identity, err);
}

static const char *fact_text(const struct job *job, const char *key)
{
	const cJSON *found = cJSON_GetObjectItemCaseSensitive(job->facts, key);

	return cJSON_IsString(found) ? found->valuestring : rlg_record_get_str(&job->draft, key);
}

static const char *read_array_task(struct job *job)
{
	const cJSON *found = cJSON_GetObjectItemCaseSensitive(job->facts, "array_task_id");
	int64_t task = -1;

	if (cJSON_IsNumber(found))
		task = (int64_t)found->valuedouble;
	else
		rlg_record_get_int(&job->draft, "array_task_id", &task);
	if (task < 0)
		return NULL;
	snprintf(job->array_task, sizeof(job->array_task), "%lld", (long long)task);
	return job->array_task;
}

static void read_node_facts(struct job *job)
{
	job->about.job_name = fact_text(job, "job_name");
	job->about.folder = rlg_record_get_str(&job->draft, "cwd");
	job->about.client_folder = "/";
	job->about.array_task = read_array_task(job);
}

/* By the address where there is one, else as at a submission. */
static int find_place(struct job *job, struct rlg_group *group, struct rlg_resolution *to, struct rlg_err *err)
{
	const char *address = given(job, "group");

	*group = (struct rlg_group){.arena = NULL};
	read_node_facts(job);
	if (address == NULL || given(job, "run") == NULL) {
		int code = rlg_resolve_group(&job->about, &job->site, group, err);
		if (code == 0)
			rlg_resolve_run(group, &job->about, to);
		return code;
	}
	int code = rlg_group_open(address, group, err);
	if (code != 0)
		return code;
	*to = (struct rlg_resolution){.phase = given(job, "phase")};
	to->run = rlg_resolve_array_task(group->arena, given(job, "run"), job->about.array_task);
	return 0;
}

/*
 * An array with a run a task was submitted to all of its runs; that it was accepted, or refused, is told to the same,
 * which its submission's id finds.
 */
struct submitted_runs {
	struct job *job;
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
		code = append(runs->job, runs->group, &runs->to, runs->err);
	}
	rlg_record_done(&record);
	return code;
}

static int append_to_all_runs(struct job *job, struct rlg_group *group, const struct rlg_resolution *to,
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
	struct job *job = context;
	struct rlg_group group = {.arena = NULL};
	struct rlg_resolution to;
	struct rlg_err err = {""};
	int result = RLG_EXIT_OK;

	int code = become_user(job, &err);
	if (code == 0)
		code = find_place(job, &group, &to, &err);
	if (code == 0)
		code = strchr(to.run, '{') == NULL ? append(job, &group, &to, &err)
						   : append_to_all_runs(job, &group, &to, &err);
	if (code == 0)
		result = refresh(job, &group);
	else if (err.text[0] != '\0') {
		complain(job, "%s", err.text);
		result = RLG_EXIT_FAILED;
	}
	rlg_group_close(&group);
	return result;
}

static int deliver_later(void *context)
{
	struct job *job = context;

	job->quiet = true;
	rlg_process_limit(CPU_SECONDS, WALL_SECONDS, MEMORY_BYTES);
	return deliver(job);
}

static int record_and_deliver(struct job *job)
{
	struct rlg_err err = {""};

	if (!rlg_option_given(job->options, "detach"))
		return deliver(job);
	if (rlg_process_detach(deliver_later, job, &err) == 0)
		return RLG_EXIT_OK;
	complain(job, "%s", err.text);
	return RLG_EXIT_FAILED;
}

/* An end that slurmctld did not tell is UNKNOWN; the epilog's environment knows the script's wait status at most. */
static void add_unknown_end(struct job *job)
{
	int64_t status;

	rlg_facts_text(job->facts, "state", "UNKNOWN");
	rlg_facts_text(job->facts, "reason", "slurmctld did not say how the job ended");
	if (!rlg_record_get_int(&job->draft, "wait_status", &status))
		return;
	rlg_facts_number(job->facts, "exit_code", WIFEXITED((int)status) ? WEXITSTATUS((int)status) : 0);
	rlg_facts_number(job->facts, "signal", WIFSIGNALED((int)status) ? WTERMSIG((int)status) : 0);
}

/* Asks before anything else, and while the epilog waits: afterwards the job may be running again, as another attempt. */
static int record_finish(struct job *job)
{
	struct rlg_record answer;
	struct rlg_err err = {""};
	long long ask_ms;

	if (rlg_parse_int(given(job, "ask-ms"), 1, RLG_TIMEOUT_MOST_MS, &ask_ms)) {
		if (rlg_ask(job->draft.job_id, (int)ask_ms, &answer, &err) == 0) {
			rlg_facts_take(job->facts, answer.context);
			rlg_record_done(&answer);
		} else {
			complain(job, "%s", err.text);
			add_unknown_end(job);
		}
	}
	return record_and_deliver(job);
}

static const struct {
	const char *event;
	int (*record)(struct job *job);
} events[] = {
	{"submit", record_submit},
	{"reject", record_and_deliver},
	{"start", record_and_deliver},
	{"finish", record_finish},
};

static int record_event(struct job *job, const char *event)
{
	struct rlg_err err = {""};

	if (rlg_siteconf_read(given(job, "conf") == NULL ? RLG_SITECONF_PATH : given(job, "conf"), &job->site, &err) != 0 &&
	    !rlg_option_given(job->options, "answer"))
		complain(job, "%s", err.text); /* the admin's mistake, and no news for whoever submits */
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
	struct job job = {.options = options, .quiet = rlg_option_given(options, "quiet")};

	if (options->n_words != 1)
		return rlg_usage_error(options, "say which event it is: submit, reject, start or finish");
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(events[i].event, options->words[0]) == 0)
			return record_event(&job, options->words[0]);
	return rlg_usage_error(options, "there is no event '%s'; there are submit, reject, start and finish",
			       options->words[0]);
}

static const struct rlg_option options_table[] = {
	{"conf", 0, "FILE", "the site's settings, instead of the installed runledger.conf"},
	{"group", 0, "DIR", "the run group, from the job's address or from --run-group"},
	{"run", 0, "RUN[/PHASE]", "the run, from the job's address or from --run"},
	{"phase", 0, "PHASE", "the phase, from the job's address"},
	{"client", 0, "PID", "submit: the sbatch, salloc or srun whose command line is to be read"},
	{"answer", 0, NULL, "submit: print the job's address: lines of group=, run= and phase="},
	{"uid", 0, "UID", "the job's user, to become before a path is touched; for root only"},
	{"gid", 0, "GID", "the job's group"},
	{"user", 0, "NAME", "the job's user by name, for the supplementary groups"},
	{"ask-ms", 0, "MILLISECONDS", "finish: ask slurmctld how the job ended, for so long at most"},
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
		       "trackers. EVENT is submit, reject, start or finish.\n\n"
		       "Nobody has to call it by hand. A job that is in no run group is let be: that is no failure.",
	.options = options_table,
	.examples = examples,
	.for_admins = true,
	.run = run,
};
