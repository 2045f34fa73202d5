/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of one `runledger exec`: see cmd_exec_record.h. */
#include "tool/cmd/cmd_exec_record.h"

#include "lib/clock.h"
#include "lib/process.h"
#include "lib/statusfile.h"
#include "lib/text.h"
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
	void *shared = mmap(NULL, sizeof(private), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* Without it the finish looks for the run anew, and nothing is said. */
	out_exec->findings = shared == MAP_FAILED ? &private : shared;
}

/* The first to complain is heard: what went wrong at the start does so again at the end. */
static void complain(const struct rlg_exec *exec, const char *words)
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

/* ---- where to ---- */

static const char *given(const struct rlg_exec *exec, const char *name)
{
	const char *value = rlg_option_value(exec->options, name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

static int find_place(const struct rlg_exec *exec, struct rlg_record_job *job, struct rlg_group *group,
		      struct rlg_resolution *to, struct rlg_err *err)
{
	struct rlg_job_wishes wishes = {given(exec, "run"), given(exec, "run-group"), given(exec, "name")};
	struct rlg_err warning;
	int code = rlg_job_find_place(&wishes, exec->folder, &job->site, &job->about, group, to, &warning, err);

	complain(exec, warning.text);
	return code;
}

/* The end goes where the start went, whatever has become of plan and rules meanwhile. */
static int find_place_again(const struct rlg_exec *exec, struct rlg_record_job *job, struct rlg_group *group,
			    struct rlg_resolution *to, struct rlg_err *err)
{
	struct rlg_exec_findings *findings = exec->findings;

	if (__atomic_load_n(&findings->found, __ATOMIC_ACQUIRE)) {
		*to = (struct rlg_resolution){.run = findings->run, .phase = findings->phase};
		return rlg_group_open(findings->group, group, err);
	}
	int code = find_place(exec, job, group, to, err);
	if (code != 0 || !rlg_copy(findings->group, sizeof(findings->group), group->path) ||
	    !rlg_copy(findings->run, sizeof(findings->run), to->run) ||
	    !rlg_copy(findings->phase, sizeof(findings->phase), to->phase == NULL ? "" : to->phase))
		return code;
	__atomic_store_n(&findings->found, true, __ATOMIC_RELEASE);
	return 0;
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

/* The words on it are the first complaint; the record counts as recorded. */
static int spool(const struct rlg_exec *exec, const struct rlg_record_job *job, const struct rlg_group *group,
		 const struct rlg_resolution *to, int why, struct rlg_err *err)
{
	char storage[RLG_RECORD_MAX + 1];
	ssize_t length = rlg_draft_write(&job->draft, job->facts, storage, sizeof(storage));
	const struct rlg_spooled entry = {.event = "",
					  .group = group->path,
					  .run = to->run,
					  .phase = to->phase,
					  .line = storage,
					  .length = length < 0 ? 0 : (size_t)length,
					  .why = why};
	int code = length < 0 ? why : rlg_spool_instead(&entry, err);

	if (code == 0)
		complain(exec, err->text);
	return code;
}

/* The command is last in a record, as it may be long: what does not fit is left out. */
static int append(const struct rlg_exec *exec, struct rlg_record_job *job, const struct rlg_group *group,
		  const struct rlg_resolution *to, struct rlg_err *err)
{
	cJSON *context = cJSON_CreateObject();

	/* The same one wherever it goes: it may stand in its file in spite of an error. */
	if (job->draft.id == NULL) {
		rlg_record_new_id(job->new_id);
		job->draft.id = job->new_id;
	}
	if (strcmp(job->draft.name, "finish") != 0) {
		rlg_client_line_read(group->arena, exec->argv, exec->argc, rlg_job_environment,
				     exec->folder[0] == '\0' ? "/" : exec->folder, &job->line);
		rlg_facts_text(context, "cwd", exec->folder);
		rlg_facts_text(context, "command", job->line.command);
	}
	job->draft.context = context;
	int code = rlg_record_append(job, group, to, err);
	if (code != 0)
		code = spool(exec, job, group, to, code, err);
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
	const char *parts[] = {"submit", sid, to->run, to->phase};
	rlg_draft_id(id, parts, sizeof(parts) / sizeof(parts[0]), exec->begin_us / SAME_SUBMISSION_US);
	job->draft = (struct rlg_record){.name = "submit", .id = id, .time_us = exec->begin_us};
	add_job(job->facts, exec, sid);
	rlg_facts_text(job->facts, "user", user == NULL ? NULL : user->pw_name);
	rlg_facts_number(job->facts, "uid", geteuid());
	rlg_facts_text(job->facts, "job_name", job->about.job_name);
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
	rlg_facts_text(job->facts, "job_name", job->about.job_name);
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

static int record(const struct rlg_exec *exec, append_fn *const *appends)
{
	struct rlg_record_job job = {.options = exec->options, .tell_fd = -1};
	struct rlg_group group = {.arena = NULL};
	struct rlg_resolution to;
	struct rlg_err err = {""};
	int result = RLG_EXIT_FAILED;

	stay(&job);
	rlg_site_here(&job.site, NULL); /* the admin's mistakes are told elsewhere */
	int code = find_place_again(exec, &job, &group, &to, &err);
	if (code == 0)
		code = append_each(exec, &job, &group, &to, appends, &err);
	if (code == 0) {
		__atomic_add_fetch(&exec->findings->appended, 1, __ATOMIC_RELEASE);
		result = rlg_record_refresh(&job, &group);
	} else {
		complain(exec, err.text);
	}
	rlg_group_close(&group);
	return result;
}

int rlg_exec_record_start(void *context)
{
	static append_fn *const appends[] = {append_submit, append_start, NULL};

	return record(context, appends);
}

int rlg_exec_record_finish(void *context)
{
	static append_fn *const appends[] = {append_finish, NULL};

	return record(context, appends);
}
