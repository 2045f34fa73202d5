/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking Slurm's accounting: see ask_accounting.h. */
#include "tool/record/ask_accounting.h"

#include "lib/clock.h"
#include "lib/process.h"
#include "lib/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A job with a thousand requeues; more is cut, at a line. */
#define ANSWER_MOST 262144

/* The name comes last, as it may hold anything. */
#define COLUMNS "JobIDRaw,JobID,State,ExitCode,Submit,Start,End,NodeList,User,JobName"
enum column { JOB_RAW, JOB, STATE, EXIT, SUBMIT, START, END, NODES, USER, NAME, N_COLUMNS };

/* Every state that a job can end in, as sacct abbreviates them. */
#define ENDS "BF,CA,CD,DL,F,NF,OOM,PR,RQ,RV,TO"

#define PROGRAM "sacct"

/* As a shell would find it. */
static bool find_program(char out_path[PATH_MAX])
{
	const char *folders = getenv("PATH");

	for (const char *at = folders == NULL ? "/usr/bin" : folders; *at != '\0';) {
		size_t length = strcspn(at, ":");
		if (length > 0 && at[0] == '/' &&
		    snprintf(out_path, PATH_MAX, "%.*s/" PROGRAM, (int)length, at) < PATH_MAX && access(out_path, X_OK) == 0)
			return true;
		at += length + (at[length] == ':');
	}
	return false;
}

static int64_t moment(const char *words)
{
	long long seconds;

	return rlg_parse_int(words, 1, INT64_MAX / RLG_SECOND_US, &seconds) ? seconds * RLG_SECOND_US : 0;
}

static int64_t number(const char *words)
{
	long long value;

	return rlg_parse_int(words, 0, INT64_MAX, &value) ? value : -1;
}

/* "12_3", of task 3 of array 12. */
static void read_array(const char *words, struct rlg_accounted *accounted)
{
	long long array_job_id, task;
	int used = 0;

	accounted->array_job_id = accounted->array_task_id = -1;
	if (sscanf(words, "%lld_%lld%n", &array_job_id, &task, &used) != 2 || words[used] != '\0')
		return;
	accounted->array_job_id = array_job_id;
	accounted->array_task_id = task;
}

static bool read_line(struct rlg_arena *arena, char *line, struct rlg_accounted *out)
{
	char *columns[N_COLUMNS];

	for (int i = 0; i < N_COLUMNS; i++) {
		columns[i] = line;
		if (i == N_COLUMNS - 1)
			break;
		char *bar = strchr(line, '|');
		if (bar == NULL)
			return false;
		*bar = '\0';
		line = bar + 1;
	}
	*out = (struct rlg_accounted){.job_id = number(columns[JOB_RAW]),
				      .submit_us = moment(columns[SUBMIT]),
				      .start_us = moment(columns[START]),
				      .end_us = moment(columns[END])};
	read_array(columns[JOB], out);
	columns[STATE][strcspn(columns[STATE], " ")] = '\0';
	out->state = rlg_arena_strdup(arena, columns[STATE]);
	out->user = rlg_arena_strdup(arena, columns[USER]);
	out->job_name = rlg_arena_strdup(arena, columns[NAME]);
	if (strcmp(columns[NODES], "None assigned") != 0 && columns[NODES][0] != '\0')
		out->nodes = rlg_arena_strdup(arena, columns[NODES]);
	return sscanf(columns[EXIT], "%d:%d", &out->exit_code, &out->signal) == 2 && out->job_id > 0;
}

static size_t read_lines(struct rlg_arena *arena, char *answer, struct rlg_accounted **out_attempts)
{
	size_t most = 1, count = 0;

	for (const char *at = answer; *at != '\0'; at++)
		most += *at == '\n';
	*out_attempts = rlg_arena_alloc(arena, most * sizeof(**out_attempts));
	for (char *line = answer, *next; (next = strchr(line, '\n')) != NULL; line = next) {
		*next++ = '\0';
		if (read_line(arena, line, &(*out_attempts)[count]))
			count++;
	}
	return count;
}

static const char *local_day(struct rlg_arena *arena, int64_t moment_us)
{
	char text[RLG_TIME_TEXT_MAX];
	char *copy = rlg_arena_strdup(arena, rlg_clock_local(moment_us, text));

	if (strlen(copy) > 10)
		copy[10] = 'T'; /* sacct's own form */
	return copy;
}

/* The environment, but for how sacct is to write a moment. */
static const char *const *environment(struct rlg_arena *arena)
{
	size_t count = 0, kept = 0;

	while (environ[count] != NULL)
		count++;
	const char **with = rlg_arena_alloc(arena, (count + 2) * sizeof(*with));
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], "SLURM_TIME_FORMAT=", 18) != 0 && strncmp(environ[i], "SACCT_", 6) != 0)
			with[kept++] = environ[i];
	with[kept] = "SLURM_TIME_FORMAT=%s";
	return with;
}

static int failed(char *words, struct rlg_err *err)
{
	rlg_first_line(words);
	if (strstr(words, "storage is disabled") != NULL)
		return rlg_fail(err, -ENOENT, "this cluster keeps no accounting");
	return rlg_fail(err, -EIO, "Slurm's accounting did not answer: %s", words[0] != '\0' ? words : "no reason was given");
}

int rlg_ask_accounting(struct rlg_arena *arena, const struct rlg_accounting_question *question, int timeout_ms,
		       struct rlg_accounted **out_attempts, size_t *out_count, struct rlg_err *err)
{
	/* The caller's arena may be asked for a thousand jobs. */
	RLG_ARENA struct rlg_arena *mine = rlg_arena_new();
	char path[PATH_MAX], words[512];
	char *answer = rlg_arena_alloc(mine, ANSWER_MOST);
	struct rlg_output output = {answer, ANSWER_MOST, words, sizeof(words)};
	static const char format[] = "--format=" COLUMNS;
	const char *argv[20] = {PROGRAM, "-D", "-X", "-P", "-n", format,
				rlg_arena_printf(arena, "--starttime=%s", local_day(arena, question->from_us))};
	size_t count = 7;

	*out_count = 0;
	if (!find_program(path))
		return rlg_fail(err, -ENOENT, "there is no sacct here, so accounting cannot be asked");
	if (question->job_id >= 0) {
		argv[count++] = rlg_arena_printf(arena, "--jobs=%lld", (long long)question->job_id);
	} else {
		argv[count++] = rlg_arena_printf(arena, "--user=%s", question->user);
		argv[count++] = rlg_arena_printf(arena, "--name=%s", question->job_name);
		/* By a name sacct shows a job that was never free to start (held) only by the state that it ended in. */
		argv[count++] = "--state=" ENDS;
		argv[count++] = "--endtime=now";
	}
	struct rlg_program program = {.path = path, .argv = argv, .envp = environment(arena)};
	int code = rlg_process_run(&program, timeout_ms, &output, err);
	if (code < 0)
		return code;
	if (code != 0)
		return failed(words, err);
	*out_count = read_lines(arena, answer, out_attempts);
	return 0;
}
