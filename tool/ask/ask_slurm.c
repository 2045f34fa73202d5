/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runledger-ask JOBID: asks slurmctld for one job, once, and prints what it said as a `finish` record.
 * runledger-ask UID FROM TO NAME: the same for the one job of that name which that user submitted between two moments.
 * runledger-ask --cluster: prints the cluster's name, as slurmctld has it.
 * Exit status 0; 3: slurmctld knows no such job; 1: slurmctld could not be asked.
 *
 * The only program of ours that links libslurm.  One REQUEST_JOB_INFO_SINGLE; SHOW_LOCAL keeps libslurm from a second
 * request about federations.  Whoever starts it bounds its time: libslurm may wait for MessageTimeout and longer.
 */
#include "lib/clock.h"
#include "lib/record.h"
#include "lib/statusfile.h"
#include "lib/text.h"

#include <errno.h>
#include <limits.h>
#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>
#include <slurm/slurm_version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_SUCH_JOB 3

/* What slurmctld makes of no limit at all as soon as a job runs. */
#define YEAR_MINUTES (365 * 24 * 60)

static const char *const states[] = {
	[JOB_PENDING] = "PENDING",     [JOB_RUNNING] = "RUNNING",     [JOB_SUSPENDED] = "SUSPENDED",
	[JOB_COMPLETE] = "COMPLETED",  [JOB_CANCELLED] = "CANCELLED", [JOB_FAILED] = "FAILED",
	[JOB_TIMEOUT] = "TIMEOUT",     [JOB_NODE_FAIL] = "NODE_FAIL", [JOB_PREEMPTED] = "PREEMPTED",
	[JOB_BOOT_FAIL] = "BOOT_FAIL", [JOB_DEADLINE] = "DEADLINE",   [JOB_OOM] = "OUT_OF_MEMORY",
};
_Static_assert(sizeof(states) / sizeof(states[0]) == JOB_END, "every state of this Slurm has a word");

/* A job that is to run again is pending while it still gives back the nodes of the attempt that has just ended. */
static bool was_requeued(const slurm_job_info_t *job)
{
	return (job->job_state & JOB_STATE_BASE) == JOB_PENDING && (job->job_state & JOB_COMPLETING);
}

/* A preemption of this attempt, not of one before it: each requeue counts as a submission. */
static bool was_preempted(const slurm_job_info_t *job)
{
	return job->preempt_time > 0 && job->preempt_time >= job->submit_time;
}

static const char *state_word(const slurm_job_info_t *job)
{
	uint32_t base = job->job_state & JOB_STATE_BASE;

	if (was_requeued(job))
		return was_preempted(job) ? "PREEMPTED" : "REQUEUED";
	return base < JOB_END ? states[base] : "UNKNOWN";
}

static bool has_ended(const slurm_job_info_t *job)
{
	uint32_t base = job->job_state & JOB_STATE_BASE;

	return base > JOB_SUSPENDED && base < JOB_END;
}

/* A job of scrontab's goes back to the queue after each run, until it is taken away: that takes the flag from it. */
static bool is_final(const slurm_job_info_t *job)
{
	return has_ended(job) && !(job->bitflags & CRON_JOB);
}

/* What else the job is a part of. */
static void add_parts(struct rlg_record_writer *writer, const slurm_job_info_t *job)
{
	if (job->array_job_id != 0)
		rlg_record_int(writer, "array_job_id", job->array_job_id);
	/* The tasks that wait have one record together, without a number. */
	if (job->array_job_id != 0 && job->array_task_id != NO_VAL)
		rlg_record_int(writer, "array_task_id", job->array_task_id);
	if (job->het_job_id != 0 && job->het_job_id != NO_VAL) {
		rlg_record_int(writer, "het_job_id", job->het_job_id);
		rlg_record_int(writer, "het_job_offset", job->het_job_offset);
	}
}

static void add_limit(struct rlg_record_writer *writer, const slurm_job_info_t *job)
{
	if (job->time_limit != INFINITE && job->time_limit != NO_VAL && job->time_limit < YEAR_MINUTES)
		rlg_record_int(writer, "time_limit", (int64_t)job->time_limit * 60);
}

/*
 * Whatever such a job has as its start: the moment of its end, or when it might have started.  One that gives back its nodes
 * ran, and has none left as long as EpilogSlurmctld takes (seen with 22.05).
 */
static bool never_ran(const slurm_job_info_t *job)
{
	return has_ended(job) && !(job->job_state & JOB_COMPLETING) && (job->nodes == NULL || job->nodes[0] == '\0');
}

/*
 * Of a job that goes back to the queue slurmctld tells as its start when that was decided (seen with 22.05 and 24.11): the
 * end of the attempt.  Its beginning is known from its start record.
 */
static void add_times(struct rlg_record_writer *writer, const slurm_job_info_t *job)
{
	rlg_record_time(writer, "submit_time", (int64_t)job->submit_time * RLG_SECOND_US);
	if (was_requeued(job)) {
		rlg_record_time(writer, "end_time", (int64_t)job->start_time * RLG_SECOND_US);
		return;
	}
	if ((job->job_state & JOB_STATE_BASE) == JOB_PENDING)
		return;
	if (never_ran(job)) {
		rlg_record_bool(writer, "never_ran", true);
		rlg_record_time(writer, "end_time", (int64_t)job->end_time * RLG_SECOND_US);
		return;
	}
	rlg_record_time(writer, "start_time", (int64_t)job->start_time * RLG_SECOND_US);
	if (has_ended(job))
		rlg_record_time(writer, "end_time", (int64_t)job->end_time * RLG_SECOND_US);
}

/*
 * Where Slurm itself ended the job its exit code is that of the state: none, as sacct has it.  How the processes took the
 * signals that followed is told to slurmctld later, and sometimes not at all.
 */
static void add_exit(struct rlg_record_writer *writer, const slurm_job_info_t *job)
{
	uint32_t base = job->job_state & JOB_STATE_BASE;
	bool by_itself = base == JOB_COMPLETE || base == JOB_FAILED || base == JOB_OOM;
	int status = by_itself ? (int)job->exit_code : 0;

	/* Slurm's mark for a job that it failed itself (a node that forgot it, a deadline): no wait status. */
	if (!by_itself && job->exit_code == 1) {
		rlg_record_int(writer, "exit_code", 1);
		rlg_record_int(writer, "signal", 0);
		return;
	}
	rlg_record_int(writer, "exit_code", WIFEXITED(status) ? WEXITSTATUS(status) : 0);
	rlg_record_int(writer, "signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

/* While nodes are given back only those that are left are told. */
static void add_nodes(struct rlg_record_writer *writer, const slurm_job_info_t *job)
{
	if (!(job->job_state & JOB_COMPLETING))
		rlg_record_str(writer, "nodes", job->nodes);
}

#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(26, 5, 0)
/* What slurmstepd makes of a pattern for a batch script, and libslurm leaves as it is; NULL for all others. */
static const char *step_pattern(char letter, const char *host)
{
	switch (letter) {
	case 'N':
		return host;
	case 'n':
	case 't':
		return "0";
	case 's':
		return "batch";
	case 'J':
		return "%j";
	default:
		return NULL;
	}
}

/* The host is the one that this runs on: the epilog that asks is that of the batch script's node. */
static void fill_in_step(struct rlg_text *path, const char *pattern)
{
	char host[RLG_HOST_MAX];
	size_t count;

	rlg_statusfile_host(host);
	for (const char *at = pattern; *at != '\0'; at += count) {
		const char *words = *at == '%' ? step_pattern(at[1], host) : NULL;
		count = *at == '%' && at[1] != '\0' ? 2 : 1;
		if (words != NULL)
			rlg_text_add(path, words);
		else
			rlg_text_add_bytes(path, at, count);
	}
}

/* With its patterns filled in; a backslash turns them all off. */
static void get_stdout(char *path, int size, slurm_job_info_t *job)
{
	char filled_in[PATH_MAX];
	struct rlg_text text;

	if (job->std_out != NULL && strchr(job->std_out, '\\') == NULL) {
		rlg_text_init(&text, filled_in, sizeof(filled_in));
		fill_in_step(&text, job->std_out);
		job->std_out = filled_in;
	}
	slurm_get_job_stdout(path, size, job);
}
#else
/* libslurm fills in all patterns itself, and knows that %N has become the node's name. */
static void get_stdout(char *path, int size, slurm_job_info_t *job)
{
	slurm_get_job_stdout(path, size, job);
}
#endif

static void add_stdout(struct rlg_record_writer *writer, slurm_job_info_t *job)
{
	char path[PATH_MAX] = "";

	get_stdout(path, sizeof(path), job);
	rlg_record_str(writer, "stdout", path);
}

static int print_job(slurm_job_info_t *job)
{
	char storage[RLG_RECORD_MAX + 1], id[RLG_ID_MAX];
	struct rlg_record_writer writer;

	rlg_record_new_id(id);
	rlg_record_begin(&writer, storage, sizeof(storage), rlg_clock_now_us(), "finish", id);
	rlg_record_int(&writer, "job_id", job->job_id);
	rlg_record_str(&writer, "state", state_word(job));
	rlg_record_bool(&writer, "final", is_final(job));
	rlg_record_str(&writer, "reason", job->state_desc);
	add_exit(&writer, job);
	add_times(&writer, job);
	add_parts(&writer, job);
	rlg_record_int(&writer, "restarts", job->restart_cnt);
	add_nodes(&writer, job);
	rlg_record_int(&writer, "ncpus", job->num_cpus);
	rlg_record_str(&writer, "job_name", job->name);
	rlg_record_str(&writer, "partition", job->partition);
	rlg_record_str(&writer, "account", job->account);
	rlg_record_str(&writer, "qos", job->qos);
	add_limit(&writer, job);
	rlg_record_str(&writer, "tres", job->tres_alloc_str);
	rlg_record_int(&writer, "uid", job->user_id);
	rlg_record_str(&writer, "user", job->user_name);
	add_stdout(&writer, job);
	rlg_record_str(&writer, "cwd", job->work_dir);
	ssize_t length = rlg_record_end(&writer);
	return length > 0 && fwrite(storage, (size_t)length, 1, stdout) == 1 && fflush(stdout) == 0 ? 0 : 1;
}

static int load_job(job_info_msg_t **out_answer, uint32_t job_id)
{
#ifdef RLG_SLURM_JOB_BY_STEP_ID
	slurm_step_id_t id = SLURM_STEP_ID_INITIALIZER;

	id.job_id = job_id;
#else
	uint32_t id = job_id;
#endif
	return slurm_load_job(out_answer, id, SHOW_ALL | SHOW_LOCAL);
}

static int no_such_job(const char *words)
{
	fprintf(stderr, "%s\n", words);
	return NO_SUCH_JOB;
}

static int ask_by_id(uint32_t job_id)
{
	job_info_msg_t *answer = NULL;

	if (load_job(&answer, job_id) != 0) {
		int code = errno;
		fprintf(stderr, "%s\n", slurm_strerror(code));
		return code == ESLURM_INVALID_JOB_ID ? NO_SUCH_JOB : 1;
	}
	/* A het job's leader and an array's id come with others: ours is the one with this very id. */
	for (uint32_t i = 0; i < answer->record_count; i++)
		if (answer->job_array[i].job_id == job_id)
			return print_job(&answer->job_array[i]);
	return no_such_job("the answer did not contain the job");
}

/* A submission of this user's between the two moments, with this name. */
static int ask_by_submission(uint32_t uid, time_t from, time_t to, const char *name)
{
	job_info_msg_t *answer = NULL;
	slurm_job_info_t *found = NULL;

	if (slurm_load_job_user(&answer, uid, SHOW_ALL | SHOW_LOCAL) != 0) {
		fprintf(stderr, "%s\n", slurm_strerror(errno));
		return 1;
	}
	for (uint32_t i = 0; i < answer->record_count; i++) {
		slurm_job_info_t *job = &answer->job_array[i];
		if (job->submit_time < from || job->submit_time > to || job->name == NULL || strcmp(job->name, name) != 0)
			continue;
		if (found != NULL && !(found->array_job_id != 0 && found->array_job_id == job->array_job_id))
			return no_such_job("several jobs of this name were submitted then");
		found = job;
	}
	return found != NULL ? print_job(found) : no_such_job("no job of this name was submitted then");
}

/* slurmctld's own word, not slurm.conf's of this machine.  The answer is not freed: not every libslurm has a function for it. */
static int print_cluster(void)
{
	slurm_conf_t *conf = NULL;

	if (slurm_load_ctl_conf(0, &conf) != 0) {
		fprintf(stderr, "%s\n", slurm_strerror(errno));
		return 1;
	}
	return puts(conf->cluster_name == NULL ? "" : conf->cluster_name) >= 0 && fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	long long first, from, to;

	if (argc == 2 && strcmp(argv[1], "--cluster") == 0) {
		slurm_init(NULL);
		return print_cluster();
	}
	if (argc == 2 && rlg_parse_int(argv[1], 1, UINT32_MAX, &first)) {
		slurm_init(NULL);
		return ask_by_id((uint32_t)first);
	}
	if (argc == 5 && rlg_parse_int(argv[1], 0, UINT32_MAX - 1, &first) && rlg_parse_int(argv[2], 0, INT64_MAX, &from) &&
	    rlg_parse_int(argv[3], 0, INT64_MAX, &to)) {
		slurm_init(NULL);
		return ask_by_submission((uint32_t)first, (time_t)from, (time_t)to, argv[4]);
	}
	fputs("usage: runledger-ask JOBID | UID FROM TO NAME | --cluster\n", stderr);
	return 2;
}
