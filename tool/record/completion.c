/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a job as slurmctld tells it: see completion.h. */
#include "tool/record/completion.h"

#include "lib/clock.h"
#include "lib/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Slurm's NO_VAL and INFINITE, as of an array's task that is none. */
#define NO_VALUE (UINT32_MAX - 1)
#define NO_END UINT32_MAX

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* jobcomp/script writes a limit of "partition's default, infinite" as eight thousand years. */
#define MOST_LIMIT_S ((int64_t)10 * 366 * DAY)

/* Longer ones are no exit codes and no parts of a limit, and three of these still make a number. */
#define MOST_FIGURES 9

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' || strcmp(value, "(null)") == 0 ? NULL : value;
}

static bool number(const char *name, long long least, int64_t *out_value)
{
	const char *value = environment(name);
	long long parsed;

	if (value == NULL || !rlg_parse_int(value, least, INT64_MAX / RLG_SECOND_US, &parsed))
		return false;
	if (parsed == NO_VALUE || parsed == NO_END)
		return false;
	*out_value = parsed;
	return true;
}

struct fact {
	const char *variable;
	const char *member;
};

static void add_texts(struct rlg_record_writer *writer, const struct fact *facts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		rlg_record_str(writer, facts[i].member, environment(facts[i].variable));
}

/* Zero is no value: of an array's id, or a moment. */
static void add_numbers(struct rlg_record_writer *writer, const struct fact *facts, size_t count, long long least)
{
	int64_t value;

	for (size_t i = 0; i < count; i++)
		if (number(facts[i].variable, least, &value))
			rlg_record_int(writer, facts[i].member, value);
}

/* Figures alone, without a sign; takes them off `at`. */
static bool take_figures(const char **at, int64_t *out_value)
{
	size_t count = strspn(*at, "0123456789");

	if (count == 0 || count > MOST_FIGURES)
		return false;
	*out_value = 0;
	for (; count > 0; count--)
		*out_value = *out_value * 10 + (*(*at)++ - '0');
	return true;
}

static bool take_sign(const char **at, char sign)
{
	bool is_there = **at == sign;

	*at += is_there;
	return is_there;
}

/* States that the processes of a job have a part in; all others are Slurm's own doing. */
static bool is_by_itself(const char *state)
{
	static const char *const states[] = {"COMPLETED", "FAILED", "OUT_OF_MEMORY", "TIMEOUT"};

	for (size_t i = 0; state != NULL && i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return false;
}

/*
 * "code:signal".  Where Slurm fails a job itself it puts a 1 in the place of a wait status, which reads as a signal then;
 * sacct shows it as an exit code.
 */
static void add_exit(struct rlg_record_writer *writer, const char *variable, const char *state)
{
	const char *value = environment(variable);
	int64_t code, signal;

	if (value == NULL || !take_figures(&value, &code) || !take_sign(&value, ':') || !take_figures(&value, &signal) ||
	    *value != '\0')
		return;
	bool is_mark = code == 0 && signal == 1 && !is_by_itself(state);
	rlg_record_int(writer, "exit_code", is_mark ? 1 : code);
	rlg_record_int(writer, "signal", is_mark ? 0 : signal);
}

/* "[D-]HH:MM:SS", "MM:SS", or a word for none. */
static void add_limit(struct rlg_record_writer *writer, const char *variable)
{
	const char *value = environment(variable);
	int64_t days = 0, total = 0, part;

	if (value == NULL || !take_figures(&value, &part))
		return;
	if (take_sign(&value, '-')) {
		days = part;
		if (!take_figures(&value, &part))
			return;
	}
	total = part;
	for (int parts = 1; parts < 3 && take_sign(&value, ':'); parts++) {
		if (!take_figures(&value, &part))
			return;
		total = total * 60 + part;
	}
	total += days * DAY;
	if (*value == '\0' && total > 0 && total <= MOST_LIMIT_S)
		rlg_record_int(writer, "time_limit", total);
}

static void begin(struct rlg_record_writer *writer, char *storage, size_t size)
{
	char id[RLG_ID_MAX];

	rlg_record_new_id(id);
	rlg_record_begin(writer, storage, size, rlg_clock_now_us(), "finish", id);
}

static void add_array(struct rlg_record_writer *writer, const char *job_variable, const char *task_variable)
{
	int64_t array_job_id, task;

	if (!number(job_variable, 1, &array_job_id))
		return;
	rlg_record_int(writer, "array_job_id", array_job_id);
	/* An array that was cancelled whole while it waited has no task's number. */
	if (number(task_variable, 0, &task) && task < NO_VALUE)
		rlg_record_int(writer, "array_task_id", task);
}

/* A requeued job is pending already when its attempt is told. */
static const char *state_word(const char *job_state)
{
	return strcmp(job_state, "PENDING") == 0 ? "REQUEUED" : job_state;
}

static bool never_ran(void)
{
	int64_t nodes;

	return environment("NODES") == NULL && !(number("NODECNT", 1, &nodes));
}

/* Of a job that never ran slurmctld gives the moment of its end as its start, too. */
static void add_times(struct rlg_record_writer *writer)
{
	static const struct fact all[] = {{"SUBMIT", "submit_time"}, {"START", "start_time"}, {"END", "end_time"}};
	static const struct fact without_start[] = {{"SUBMIT", "submit_time"}, {"END", "end_time"}};

	if (never_ran()) {
		rlg_record_bool(writer, "never_ran", true);
		add_numbers(writer, without_start, 2, 1);
	} else {
		add_numbers(writer, all, 3, 1);
	}
}

/* Why it waited is of interest where nothing else happened; "None" is Slurm's word for nothing. */
static void add_reason(struct rlg_record_writer *writer)
{
	const char *reason = environment("STATEREASONPREV");

	if (never_ran() && reason != NULL && strcmp(reason, "None") != 0)
		rlg_record_str(writer, "reason", reason);
}

ssize_t rlg_completion_from_jobcomp(char *storage, size_t size, struct rlg_err *err)
{
	/* First what tells where the record belongs: what no longer fits is left out, and lists of nodes can be long. */
	static const struct fact texts[] = {{"CLUSTER", "cluster"},	{"USERNAME", "user"},	 {"WORK_DIR", "cwd"},
					    {"JOBNAME", "job_name"},	{"PARTITION", "partition"}, {"ACCOUNT", "account"},
					    {"QOS", "qos"},		{"NODES", "nodes"}};
	static const struct fact ids[] = {{"UID", "uid"}, {"GID", "gid"}};
	static const struct fact counts[] = {{"HETJOBID", "het_job_id"}, {"PROCS", "ncpus"}};
	const char *state = environment("JOBSTATE");
	struct rlg_record_writer writer;
	int64_t job_id, offset;

	if (state == NULL || !number("JOBID", 1, &job_id))
		return rlg_fail(err, -EINVAL, "JOBID and JOBSTATE are not set: this is for slurmctld to run (jobcomp/script)");
	if (strcmp(state, "RESIZING") == 0)
		return 0;
	begin(&writer, storage, size);
	rlg_record_int(&writer, "job_id", job_id);
	rlg_record_str(&writer, "source", "jobcomp");
	rlg_record_str(&writer, "state", state_word(state));
	if (strcmp(state, "PENDING") == 0)
		rlg_record_bool(&writer, "final", false);
	add_exit(&writer, "EXITCODE", state);
	add_times(&writer);
	add_array(&writer, "ARRAYJOBID", "ARRAYTASKID");
	add_numbers(&writer, ids, 2, 0);
	add_numbers(&writer, counts, 2, 1);
	if (environment("HETJOBID") != NULL && number("HETJOBID", 1, &offset) && number("HETJOBOFFSET", 0, &offset))
		rlg_record_int(&writer, "het_job_offset", offset);
	rlg_record_bool(&writer, "batch", environment("BATCH") != NULL && strcmp(environment("BATCH"), "yes") == 0);
	add_limit(&writer, "LIMIT");
	add_texts(&writer, texts, sizeof(texts) / sizeof(texts[0]));
	add_reason(&writer);
	return rlg_record_end(&writer);
}

ssize_t rlg_completion_from_epilog(char *storage, size_t size, struct rlg_err *err)
{
	static const struct fact texts[] = {
		{"SLURM_CLUSTER_NAME", "cluster"},   {"SLURM_JOB_USER", "user"},
		{"SPANK_RUNLEDGER_SID", "sid"},	     {"SPANK_RUNLEDGER_GROUP", "group"},
		{"SPANK_RUNLEDGER_RUN", "run"},	     {"SPANK_RUNLEDGER_PHASE", "phase"},
		{"SLURM_JOB_WORK_DIR", "cwd"},	     {"SLURM_JOB_NAME", "job_name"},
		{"SLURM_JOB_PARTITION", "partition"}, {"SLURM_JOB_ACCOUNT", "account"},
		{"SLURM_JOB_NODELIST", "nodes"}};
	static const struct fact ids[] = {{"SLURM_JOB_UID", "uid"}, {"SLURM_JOB_GID", "gid"}};
	static const struct fact counts[] = {{"SLURM_HET_JOB_ID", "het_job_id"}, {"SLURM_JOB_START_TIME", "start_time"}};
	static const struct fact restarts[] = {{"SLURM_JOB_RESTART_COUNT", "restarts_then"}}; /* see end_facts.h */
	struct rlg_record_writer writer;
	int64_t job_id;

	if (!number("SLURM_JOB_ID", 1, &job_id) || environment("SLURM_JOB_UID") == NULL)
		return rlg_fail(err, -EINVAL,
				"SLURM_JOB_ID and SLURM_JOB_UID are not set: this is for slurmctld to run (EpilogSlurmctld)");
	begin(&writer, storage, size);
	rlg_record_int(&writer, "job_id", job_id);
	rlg_record_str(&writer, "source", "slurmctld");
	add_exit(&writer, "SLURM_JOB_EXIT_CODE2", "FAILED");
	add_array(&writer, "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID");
	add_numbers(&writer, ids, 2, 0);
	add_numbers(&writer, counts, 2, 1);
	add_numbers(&writer, restarts, 1, 0);
	add_texts(&writer, texts, sizeof(texts) / sizeof(texts[0]));
	return rlg_record_end(&writer);
}
