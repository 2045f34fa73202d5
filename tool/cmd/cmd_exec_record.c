/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of one `runledger exec`: see cmd_exec_record.h.
 *
 * Each is made by a process that touches no path, and put into its file by a child of that one; so where the file system
 * hangs, or the group cannot be opened, the record waits in the node's spool.
 */
#include "tool/cmd/cmd_exec_record.h"

#include "lib/clock.h"
#include "lib/process.h"
#include "lib/statusfile.h"
#include "lib/text.h"
#include "lib/watched.h"
#include "tool/cmd/cmd_exec_place.h"
#include "tool/cmd/cmd_record_job.h"
#include "tool/record/job_here.h"
#include "tool/record/site_here.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Execs of one job say its submission once a day: a job id that comes back after that is another job's. */
#define SAME_SUBMISSION_US (INT64_C(86400) * RLG_SECOND_US)

/* Facts that the job's environment knows, and what they are called in a record. */
static const struct {
	const char *variable;
	const char *member;
} texts[] = {
	{"SLURM_CLUSTER_NAME", "cluster"},    {"SLURM_JOB_NODELIST", "nodes"},  {"SLURMD_NODENAME", "node"},
	{"SLURM_JOB_PARTITION", "partition"}, {"SLURM_JOB_ACCOUNT", "account"}, {"SLURM_JOB_QOS", "qos"},
};
static const struct {
	const char *variable;
	const char *member;
} numbers[] = {
	{"SLURM_JOB_NUM_NODES", "nnodes"},
	{"SLURM_ARRAY_JOB_ID", "array_job_id"},
	{"SLURM_ARRAY_TASK_ID", "array_task_id"},
	{"SLURM_RESTART_COUNT", "attempt"},
	{"SLURM_JOB_START_TIME", "start_time"}, /* since 23.02 */
};

void rlg_exec_init(struct rlg_exec *out_exec, struct rlg_options *options)
{
	static struct rlg_exec_findings private;

	*out_exec = (struct rlg_exec){
		.options = options, .argv = options->words, .argc = (size_t)options->n_words, .begin_us = rlg_clock_now_us()};
	out_exec->job_id = rlg_job_here();
	if (getcwd(out_exec->folder, sizeof(out_exec->folder)) == NULL || out_exec->folder[0] != '/')
		out_exec->folder[0] = '\0';
	rlg_record_new_id(out_exec->id);
	rlg_record_new_id(out_exec->start_id);
	rlg_record_new_id(out_exec->finish_id);
	void *shared = mmap(NULL, sizeof(private), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* Without it the finish looks for the run anew, and nothing is said. */
	out_exec->findings = shared == MAP_FAILED ? &private : shared;
}

void rlg_exec_complain(const struct rlg_exec *exec, const char *words)
{
	struct rlg_exec_findings *findings = exec->findings;

	if (words[0] == '\0' || __atomic_exchange_n(&findings->complained, true, __ATOMIC_ACQ_REL))
		return;
	snprintf(findings->complaint, sizeof(findings->complaint), "%s", words);
	__atomic_store_n(&findings->said, true, __ATOMIC_RELEASE);
}

const char *rlg_exec_complaint(const struct rlg_exec *exec)
{
	return __atomic_load_n(&exec->findings->said, __ATOMIC_ACQUIRE) ? exec->findings->complaint : NULL;
}

bool rlg_exec_is_recorded(const struct rlg_exec *exec)
{
	return __atomic_load_n(&exec->findings->appended, __ATOMIC_ACQUIRE) == 2;
}

/* ---- what to say ---- */

/* The plugin's, where the job was submitted through it; else one that all execs of this try of the job come to. */
static bool find_sid(const struct rlg_exec *exec, char out_sid[RLG_ID_MAX])
{
	const char *told = rlg_job_environment("SLURM_SPANK_RUNLEDGER_SID");
	const char *parts[] = {"exec", rlg_job_environment("SLURM_CLUSTER_NAME"), rlg_job_environment("SLURM_JOB_ID"),
			       rlg_job_environment("SLURM_RESTART_COUNT"), rlg_job_environment("SLURM_JOB_START_TIME")};

	if (told != NULL && strlen(told) == RLG_ID_MAX - 1 && strspn(told, "0123456789abcdef") == RLG_ID_MAX - 1)
		return rlg_copy(out_sid, RLG_ID_MAX, told);
	rlg_draft_id(out_sid, parts, sizeof(parts) / sizeof(parts[0]), 0);
	return false;
}

static void add_job(cJSON *facts, const struct rlg_exec *exec, const char *sid)
{
	char host[RLG_HOST_MAX];

	rlg_facts_number(facts, "job_id", exec->job_id);
	rlg_facts_text(facts, "sid", sid);
	rlg_facts_text(facts, "cluster", rlg_job_environment("SLURM_CLUSTER_NAME"));
	rlg_statusfile_host(host);
	rlg_facts_text(facts, "host", host);
}

static void add_number(cJSON *facts, const char *variable, const char *member)
{
	long long number;

	if (rlg_parse_int(rlg_job_environment(variable), 0, INT64_MAX, &number))
		rlg_facts_number(facts, member, number);
}

/* In batch scripts Slurm does not say where they run before 23.11; a job of one node leaves no choice. */
static void add_only_node(cJSON *facts)
{
	const char *nodes = rlg_job_environment("SLURM_JOB_NODELIST");

	if (!cJSON_HasObjectItem(facts, "node") && nodes != NULL && strpbrk(nodes, "[,") == NULL)
		rlg_facts_text(facts, "node", nodes);
}

static void add_environment(cJSON *facts)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		rlg_facts_text(facts, texts[i].member, rlg_job_environment(texts[i].variable));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		add_number(facts, numbers[i].variable, numbers[i].member);
	add_only_node(facts);
}

/* Without a group nobody may look into a script either. */
static void add_command(cJSON *context, const struct rlg_exec *exec, struct rlg_record_job *job, const struct rlg_group *group)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const char *folder = exec->folder[0] == '\0' ? "/" : exec->folder;

	rlg_client_line_read(arena, exec->argv, exec->argc, rlg_job_environment, group == NULL ? NULL : folder, &job->line);
	rlg_facts_text(context, "cwd", exec->folder);
	rlg_facts_text(context, "command", job->line.command);
}

/* The command is last in a record, as it may be long: what does not fit is left out. */
static int append(const struct rlg_exec *exec, struct rlg_record_job *job, const struct rlg_group *group,
		  const struct rlg_resolution *to, struct rlg_err *err)
{
	bool ends = strcmp(job->draft.name, "finish") == 0;
	cJSON *context = cJSON_CreateObject();

	/* The same one wherever it goes: it may stand in its file in spite of an error. */
	if (job->draft.id == NULL)
		job->draft.id = ends ? exec->finish_id : exec->start_id;
	if (!ends)
		add_command(context, exec, job, group);
	job->draft.context = context;
	int code = group == NULL ? job->why : rlg_record_append(job, group, to, err);
	if (code != 0)
		code = rlg_exec_spool(exec, job, group, to, code, err);
	job->draft.context = NULL;
	cJSON_Delete(context);
	return code;
}

/* As one at the client would have been; execs that say it again give it the same id. */
static int append_submit(const struct rlg_exec *exec, struct rlg_record_job *job, const struct rlg_group *group,
			 const struct rlg_resolution *to, struct rlg_err *err)
{
	const struct passwd *user = getpwuid(geteuid());
	char sid[RLG_ID_MAX], id[RLG_ID_MAX];

	if (find_sid(exec, sid))
		return 0;
	/* By what decides where it goes, which is known though nobody could look. */
	const char *parts[] = {"submit", sid, rlg_exec_given(exec, "run"), rlg_exec_given(exec, "run-group"),
			       rlg_exec_given(exec, "name"), exec->folder};
	rlg_draft_id(id, parts, sizeof(parts) / sizeof(parts[0]), exec->begin_us / SAME_SUBMISSION_US);
	job->draft = (struct rlg_record){.name = "submit", .id = id, .time_us = exec->begin_us};
	add_job(job->facts, exec, sid);
	rlg_facts_text(job->facts, "user", user == NULL ? NULL : user->pw_name);
	rlg_facts_number(job->facts, "uid", geteuid());
	rlg_facts_text(job->facts, "job_name", rlg_exec_job_name(exec));
	if (group != NULL)
		rlg_record_add_git(job->facts, group->arena, exec->folder[0] == '\0' ? NULL : exec->folder);
	return append(exec, job, group, to, err);
}

static int append_start(const struct rlg_exec *exec, struct rlg_record_job *job, const struct rlg_group *group,
			const struct rlg_resolution *to, struct rlg_err *err)
{
	char sid[RLG_ID_MAX];

	find_sid(exec, sid);
	job->draft = (struct rlg_record){.name = "start", .time_us = exec->begin_us};
	add_job(job->facts, exec, sid);
	rlg_facts_text(job->facts, "step", "exec");
	rlg_facts_text(job->facts, "exec", exec->id);
	rlg_facts_number(job->facts, "uid", geteuid());
	rlg_facts_text(job->facts, "job_name", rlg_exec_job_name(exec));
	add_environment(job->facts);
	return append(exec, job, group, to, err);
}

static void add_usage(cJSON *facts, const struct rlg_exec *exec)
{
	const struct rusage *usage = &exec->end.usage;

	rlg_facts_seconds(facts, "elapsed_s", exec->elapsed_us);
	rlg_facts_seconds(facts, "user_cpu_s", usage->ru_utime.tv_sec * RLG_SECOND_US + usage->ru_utime.tv_usec);
	rlg_facts_seconds(facts, "system_cpu_s", usage->ru_stime.tv_sec * RLG_SECOND_US + usage->ru_stime.tv_usec);
	rlg_facts_number(facts, "max_rss_bytes", (int64_t)usage->ru_maxrss * 1024);
}

/* Without a start_time: that is Slurm's, and tells attempts apart. */
static int append_finish(const struct rlg_exec *exec, struct rlg_record_job *job, const struct rlg_group *group,
			 const struct rlg_resolution *to, struct rlg_err *err)
{
	int status = exec->end.status;
	char sid[RLG_ID_MAX];

	find_sid(exec, sid);
	job->draft = (struct rlg_record){.name = "finish", .time_us = exec->end_us};
	add_job(job->facts, exec, sid);
	rlg_facts_text(job->facts, "exec", exec->id);
	add_environment(job->facts);
	cJSON_DeleteItemFromObjectCaseSensitive(job->facts, "start_time");
	rlg_facts_text(job->facts, "state", WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "COMPLETED" : "FAILED");
	rlg_facts_text(job->facts, "source", "exec");
	cJSON_AddTrueToObject(job->facts, "final");
	rlg_facts_number(job->facts, "exit_code", WIFEXITED(status) ? WEXITSTATUS(status) : 0);
	rlg_facts_number(job->facts, "signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	rlg_facts_seconds(job->facts, "end_time", exec->end_us);
	add_usage(job->facts, exec);
	return append(exec, job, group, to, err);
}

/* ---- how ---- */

typedef int append_fn(const struct rlg_exec *exec, struct rlg_record_job *job, const struct rlg_group *group,
		      const struct rlg_resolution *to, struct rlg_err *err);

/* A job that is cancelled gets signals for all of its processes; they are not meant for this one, which is soon done. */
static void stay(struct rlg_record_job *job)
{
	static const int survived[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(survived) / sizeof(survived[0]); i++)
		sigaddset(&set, survived[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	rlg_record_go_behind(job);
}

static int append_each(const struct rlg_exec *exec, struct rlg_record_job *job, const struct rlg_group *group,
		       const struct rlg_resolution *to, append_fn *const *appends, struct rlg_err *err)
{
	int code = 0;

	for (; *appends != NULL && code == 0; appends++) {
		job->facts = cJSON_CreateObject();
		code = job->facts == NULL ? rlg_fail(err, -ENOMEM, "there is no memory left")
					  : (*appends)(exec, job, group, to, err);
		cJSON_Delete(job->facts);
	}
	return code;
}

/* One of the two recorders at work. */
struct recording {
	const struct rlg_exec *exec;
	append_fn *const *appends;
	struct rlg_siteconf site;
};

/* They wait for when somebody can look. */
static int spool_each(const struct recording *recording, int why, struct rlg_err *err)
{
	struct rlg_record_job job = {.options = recording->exec->options, .site = recording->site, .why = why, .tell_fd = -1};

	return append_each(recording->exec, &job, NULL, NULL, recording->appends, err);
}

/* Whether the records are in their file, or in the spool: that is 0; else the first complaint tells. */
static int end(const struct rlg_exec *exec, int code, const struct rlg_err *err)
{
	if (code == 0)
		__atomic_add_fetch(&exec->findings->appended, 1, __ATOMIC_RELEASE);
	else
		rlg_exec_complain(exec, err->text);
	return code == 0 ? RLG_EXIT_OK : RLG_EXIT_FAILED;
}

/* In a child: all that touches a path. */
static int work(void *context, int tell_fd)
{
	const struct recording *recording = context;
	struct rlg_record_job job = {.options = recording->exec->options, .site = recording->site, .tell_fd = -1};
	struct rlg_group group = {.arena = NULL};
	struct rlg_resolution to;
	struct rlg_err err = {""};

	stay(&job); /* an alarm is not inherited */
	int code = rlg_exec_find_place(recording->exec, &job, &group, &to, &err);
	bool found = code == 0;
	if (found)
		code = append_each(recording->exec, &job, &group, &to, recording->appends, &err);
	else if (rlg_exec_may_be_found(recording->exec, code))
		code = spool_each(recording, code, &err);
	int result = end(recording->exec, code, &err);
	/* What is told is never what a watch itself comes to: this has been said. */
	rlg_watched_tell(&tell_fd, 0);
	if (found && code == 0)
		result = rlg_record_refresh(&job, &group);
	rlg_group_close(&group);
	return result;
}

/* `share`: how much of the time that a job's end may be held up (timeout_ms) the file system has, in eighths. */
static int record(const struct rlg_exec *exec, append_fn *const *appends, int share)
{
	struct recording recording = {.exec = exec, .appends = appends};
	struct rlg_record_job job = {.options = exec->options, .tell_fd = -1};
	struct rlg_err err = {""};
	pid_t child;

	stay(&job);
	rlg_site_here(&recording.site, NULL); /* the admin's mistakes are told elsewhere */
	if (!rlg_spool_is_here(&recording.site))
		return work(&recording, -1);
	int code = rlg_watched(work, &recording, recording.site.timeout_ms * share / 8, &child);
	if (child < 0)
		return work(&recording, -1);
	if (code == 0)
		return rlg_watched_reap(child);
	rlg_fail(&err, code, "the run group cannot be reached in time");
	return end(exec, spool_each(&recording, code, &err), &err);
}

int rlg_exec_record_start(void *context)
{
	static append_fn *const appends[] = {append_submit, append_start, NULL};

	return record(context, appends, 4);
}

/* The command waits for this one, for half of the time: some of that is left for the spool. */
int rlg_exec_record_finish(void *context)
{
	static append_fn *const appends[] = {append_finish, NULL};

	return record(context, appends, 3);
}
