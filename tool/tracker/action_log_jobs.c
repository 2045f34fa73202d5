/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an action log says of each job: see action_log.h. */
#include "tool/tracker/action_log.h"

#include "lib/clock.h"
#include "tool/base/names.h"
#include "tool/show/summary.h"
#include "tool/show/usage_words.h"
#include "tool/base/when.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The arrow between two states. */
#define ARROW "\xe2\x86\x92"

/* How far apart two submissions are that a script spaced on purpose, as its user's words have it: "5-second stagger". */
#define STAGGER_MIN_US (RLG_SECOND_US * 9 / 10)
#define STAGGER_MAX_US (RLG_SECOND_US * 15)

/* What is past a limit, as rlg_usage_words() marks it. */
#define EXCEEDED "**EXCEEDED**"

/* How often a job's GPUs are told of while it runs. */
#define GPU_EVERY_S 300

/* ---- submissions ---- */

struct submission {
	const struct rlg_al_unit *unit;
	const struct rlg_attempt *attempt;
	int64_t time_us;
};

struct submissions {
	struct submission *list;
	size_t n, room;
};

/* An array and a heterogeneous job are submitted as one. */
static int64_t submitted_id(const struct rlg_attempt *attempt)
{
	if (attempt->array_job_id >= 0)
		return attempt->array_job_id;
	return attempt->het_job_id > 0 ? attempt->het_job_id : attempt->job_id;
}

static const char *id_text(struct rlg_arena *arena, int64_t id)
{
	return id < 0 ? NULL : rlg_arena_printf(arena, "%" PRId64, id);
}

static int64_t submitted_us(const struct rlg_attempt *attempt)
{
	return attempt->submit_us > 0 ? attempt->submit_us : attempt->start_us;
}

/* Back in the queue is no submission of a person's. */
static bool is_requeue(const struct rlg_al_unit *unit, size_t at)
{
	const struct rlg_attempt *attempt = unit->attempts[at];

	for (size_t i = at; i-- > 0;) {
		const struct rlg_attempt *before = unit->attempts[i];
		if (submitted_id(before) != submitted_id(attempt))
			continue;
		/* Other tasks of the array; else the same job, which had not ended for good. */
		return before->job_id != attempt->job_id || !before->final;
	}
	return false;
}

static void gather(struct rlg_al *al, struct submissions *submissions)
{
	for (size_t u = 0; u < al->n_units; u++)
		for (size_t i = 0; i < al->units[u].n_attempts; i++) {
			const struct rlg_attempt *attempt = al->units[u].attempts[i];
			/* A submission is told with its job's id, or not yet. */
			if (submitted_id(attempt) < 0 || submitted_us(attempt) == 0 || is_requeue(&al->units[u], i))
				continue;
			if (submissions->n == submissions->room) {
				submissions->room = submissions->room == 0 ? 16 : 2 * submissions->room;
				submissions->list = rlg_arena_grow(al->arena, submissions->list, submissions->n,
								   submissions->room, sizeof(*submissions->list));
			}
			submissions->list[submissions->n++] =
				(struct submission){&al->units[u], attempt, submitted_us(attempt)};
		}
}

static int compare_submissions(const void *left, const void *right)
{
	const struct submission *a = left, *b = right;

	if (a->time_us != b->time_us)
		return a->time_us < b->time_us ? -1 : 1;
	int order = strcmp(a->unit->subject, b->unit->subject);
	return order != 0 ? order : submitted_id(a->attempt) < submitted_id(b->attempt) ? -1 : 1;
}

/* "sbatch finetune.slurm": the program and the script; the whole line where it has no script. */
static const char *command_words(struct rlg_arena *arena, const struct rlg_submission *submission)
{
	const char *command = submission->command;
	size_t length = command == NULL ? 0 : strcspn(command, " ");
	const char *slash = command == NULL ? NULL : memrchr(command, '/', length);
	const char *script = submission->script == NULL ? NULL : strrchr(submission->script, '/');

	script = script == NULL ? submission->script : script + 1;
	if (script == NULL)
		return command;
	if (command == NULL)
		return rlg_arena_printf(arena, "sbatch %s", script);
	const char *program = slash == NULL ? command : slash + 1;
	return rlg_arena_printf(arena, "%.*s %s", (int)(command + length - program), program, script);
}

static const char *with_stagger(struct rlg_arena *arena, const char *words, int64_t gap_us)
{
	if (gap_us < STAGGER_MIN_US || gap_us > STAGGER_MAX_US)
		return words;
	return rlg_arena_printf(arena, "%s (%" PRId64 "-second stagger)", words,
				(gap_us + RLG_SECOND_US / 2) / RLG_SECOND_US);
}

static void want_submission(struct rlg_al *al, const struct submission *submission, int64_t gap_us)
{
	const struct rlg_submission *told = &submission->attempt->submission;
	const char *job = id_text(al->arena, submitted_id(submission->attempt));
	const char *words = command_words(al->arena, told);
	struct rlg_bytes lines;

	rlg_bytes_init(&lines, al->arena);
	if (words == NULL)
		words = submission->attempt->job_name == NULL ? "submitted" : submission->attempt->job_name;
	rlg_al_line(&lines, "Details", with_stagger(al->arena, words, gap_us));
	rlg_bytes_addf(&lines, "Result: Job ID %s\nJob ID: %s\n", job, job);
	if (told->command != NULL && strcmp(told->command, words) != 0)
		rlg_al_line(&lines, "Command", told->command);
	rlg_al_want(al, (struct rlg_al_wanted){.time_us = submission->time_us,
					       .action = al->training ? "SUBMIT_JOB" : "SUBMIT_EVAL",
					       .subject = submission->unit->subject,
					       .by = RLG_AL_JOB,
					       .rank = RLG_AL_RANK_JOB,
					       .job = job,
					       .lines = lines.data});
}

static void want_submissions(struct rlg_al *al)
{
	struct submissions submissions = {.n = 0};

	gather(al, &submissions);
	if (submissions.n > 1)
		qsort(submissions.list, submissions.n, sizeof(*submissions.list), compare_submissions);
	for (size_t i = 0; i < submissions.n; i++)
		want_submission(al, &submissions.list[i],
				i == 0 ? 0 : submissions.list[i].time_us - submissions.list[i - 1].time_us);
}

/* ---- states ---- */

static const char *job_text(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	if (attempt->array_job_id >= 0 && attempt->array_task_id >= 0)
		return rlg_arena_printf(arena, "%" PRId64 "_%" PRId64, attempt->array_job_id, attempt->array_task_id);
	return id_text(arena, attempt->job_id);
}

static void want_state(struct rlg_al *al, const struct rlg_al_unit *unit, const struct rlg_attempt *attempt,
		       struct rlg_al_wanted wanted, const char *from, const char *result, const char *more)
{
	struct rlg_bytes lines;

	rlg_bytes_init(&lines, al->arena);
	rlg_bytes_addf(&lines, "Details: %s " ARROW " %s\n", from, wanted.to);
	rlg_al_line(&lines, "Result", result);
	rlg_al_line(&lines, "Job ID", job_text(al->arena, attempt));
	rlg_bytes_add(&lines, more);
	wanted.action = "STATE_CHANGE";
	wanted.subject = unit->subject;
	wanted.by = RLG_AL_STATE;
	wanted.rank = RLG_AL_RANK_JOB;
	wanted.job = job_text(al->arena, attempt);
	wanted.lines = lines.data;
	rlg_al_want(al, wanted);
}

static const char *noun(const struct rlg_al *al)
{
	return al->training ? "Training" : "Evaluation";
}

static void want_start(struct rlg_al *al, const struct rlg_al_unit *unit, const struct rlg_attempt *attempt)
{
	char started[RLG_TIME_TEXT_MAX];
	const char *result = rlg_arena_printf(al->arena, "%s started", noun(al));

	want_state(al, unit, attempt, (struct rlg_al_wanted){.time_us = attempt->start_us, .to = "RUNNING"}, "PENDING", result,
		   rlg_arena_printf(al->arena, "Started: %s\n", rlg_clock_local(attempt->start_us, started)));
}

/* A word of Slurm's as it may stand in a line, and is found in it again. */
static const char *state_word(struct rlg_arena *arena, const char *state)
{
	size_t length = state == NULL ? 0 : strspn(state, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	return length == 0 ? "UNKNOWN" : rlg_arena_strndup(arena, state, length);
}

/*
 * The state that the log has for the end of this attempt, where somebody who knew better has said another since: what was
 * written stays, and the change is one more.  NULL: none.
 */
static const char *earlier_word(const struct rlg_al *al, const char *job, const char *to, int64_t end_us)
{
	char text[RLG_TIME_TEXT_MAX];
	int64_t when = rlg_al_when(rlg_clock_local(end_us, text));
	const char *found = NULL;

	if (job == NULL)
		return NULL;
	for (size_t at = rlg_al_first_of_job(al->there, "STATE_CHANGE", job); at != RLG_AL_NONE;
	     at = al->there->list[at].next_of_job) {
		const struct rlg_al_found *there = &al->there->list[at];
		if (there->to == NULL)
			continue;
		if (strcmp(there->to, to) == 0)
			return NULL;
		if (strcmp(there->to, "RUNNING") != 0 && strcmp(there->to, "PENDING") != 0 &&
		    llabs((long long)(there->when - when)) <= 2)
			found = there->to;
	}
	return found;
}

static void want_end(struct rlg_al *al, const struct rlg_al_unit *unit, const struct rlg_attempt *attempt)
{
	const char *state = state_word(al->arena, attempt->slurm_state);
	const char *to = attempt->final ? state : "PENDING";
	const char *from = attempt->start_us > 0 ? "RUNNING" : "PENDING";
	const char *earlier = earlier_word(al, job_text(al->arena, attempt), to, attempt->end_us);
	const char *cause = rlg_summary_cause(al->arena, attempt);
	char ended[RLG_TIME_TEXT_MAX], took[RLG_WHEN_TEXT_MAX];
	struct rlg_bytes more;

	rlg_bytes_init(&more, al->arena);
	if (strcmp(to, "COMPLETED") == 0)
		rlg_bytes_addf(&more, "Completed: %s\n", rlg_clock_local(attempt->end_us, ended));
	if (attempt->start_us > 0)
		rlg_bytes_addf(&more, "Elapsed: %s\n", rlg_when_duration(attempt->end_us - attempt->start_us, took));
	if (strcmp(to, "COMPLETED") == 0)
		cause = rlg_arena_printf(al->arena, "%s finished", noun(al));
	else if (!attempt->final)
		cause = rlg_arena_printf(al->arena, "Back in the queue: %s", cause);
	want_state(al, unit, attempt, (struct rlg_al_wanted){.time_us = attempt->end_us, .to = to},
		   earlier != NULL ? earlier : from, cause, more.data);
}

/* ---- metrics ---- */

/* Is, or was, there an entry for this job that says what its processors did? */
static bool has_full_metrics(const struct rlg_al_log *log, const char *job)
{
	size_t at = rlg_al_first_of_job(log, "COMPUTE_METRICS", job);

	while (at != RLG_AL_NONE && strstr(log->list[at].block, "CPU ") == NULL)
		at = log->list[at].next_of_job;
	return at != RLG_AL_NONE;
}

/* Of a job that was over within the second. */
static const char *no_time(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	int64_t limit = attempt->time_limit_s;

	if (limit <= 0)
		return "Wall time: 00:00:00";
	return rlg_arena_printf(arena, "Wall time: 00:00:00 of %02" PRId64 ":%02" PRId64 ":%02" PRId64 " (0%%)", limit / 3600,
				limit / 60 % 60, limit % 60);
}

/*
 * Usage records of other nodes may come later than the end.  Then what was told of the time alone is told again in full,
 * once.
 */
static void want_metrics(struct rlg_al *al, const struct rlg_al_unit *unit, const struct rlg_attempt *attempt)
{
	struct rlg_usage_words words = rlg_usage_words(al->arena, attempt);
	const char *job = job_text(al->arena, attempt);
	struct rlg_bytes lines;

	if (words.wall_time == NULL)
		words.wall_time = no_time(al->arena, attempt);
	bool in_full = words.cpu != NULL && job != NULL && !has_full_metrics(al->there, job) &&
		       !has_full_metrics(al->memory, job);
	rlg_bytes_init(&lines, al->arena);
	/* Slurm may end a job to the second. */
	bool timed_out = attempt->slurm_state != NULL && strcmp(attempt->slurm_state, "TIMEOUT") == 0;
	if (timed_out && words.wall_time != NULL && strstr(words.wall_time, EXCEEDED) == NULL)
		words.wall_time = rlg_arena_printf(al->arena, "%s " EXCEEDED, words.wall_time);
	rlg_al_line(&lines, "Details", words.wall_time);
	if (words.memory != NULL && words.cpu != NULL)
		rlg_al_line(&lines, "Result", rlg_arena_printf(al->arena, "%s, %s", words.memory, words.cpu));
	else
		rlg_al_line(&lines, "Result", words.memory != NULL ? words.memory
					      : words.cpu != NULL  ? words.cpu
								   : "use of processors and memory is not known");
	rlg_al_line(&lines, "Job ID", job);
	rlg_al_want(al, (struct rlg_al_wanted){.time_us = attempt->end_us,
					       .action = "COMPUTE_METRICS",
					       .subject = unit->subject,
					       .by = in_full ? RLG_AL_STATE : RLG_AL_JOB,
					       .rank = RLG_AL_RANK_JOB,
					       .job = job,
					       /* No entry goes anywhere: one in full is always written where there is none. */
					       .to = in_full ? "" : NULL,
					       .lines = lines.data});
}

/* ---- GPUs ---- */

/* "utilization.gpu 93 %, ..." -> 93; -1: no item's name begins so. */
static double item(const char *line, const char *const *names)
{
	for (const char *at = line; at != NULL; at = strstr(at, ", ")) {
		at += strncmp(at, ", ", 2) == 0 ? 2 : 0;
		for (size_t i = 0; names[i] != NULL; i++) {
			size_t length = strlen(names[i]);
			if (strncmp(at, names[i], length) == 0 && at[length] == ' ')
				return strtod(at + length, NULL);
		}
	}
	return -1;
}

static const char *gpu_words(struct rlg_arena *arena, const char *line)
{
	static const char *const busy[] = {"utilization.gpu", "gpu_util", "gpu_utilization", NULL};
	static const char *const used[] = {"memory.used", "gpu_mem_used", "mem_used", NULL};
	static const char *const total[] = {"memory.total", "gpu_mem_total", "mem_total", NULL};
	double percent = item(line, busy), mebibytes = item(line, used), of = item(line, total);

	if (percent < 0)
		return "as in gpu_metrics.csv";
	if (mebibytes < 0 || of <= 0)
		return rlg_arena_printf(arena, "GPU Utilization: %.0f%%", percent);
	return rlg_arena_printf(arena, "GPU Utilization: %.0f%% | GPU Memory: %.1f/%.1f GiB", percent, mebibytes / 1024,
				of / 1024);
}

/* Is it news, as far as the log goes?  While the job runs not at every refresh, but its last word always. */
static bool is_news(const struct rlg_al *al, const struct rlg_al_unit *unit, int64_t moment_us)
{
	char text[RLG_TIME_TEXT_MAX];
	int64_t when = rlg_al_when(rlg_clock_local(moment_us, text));
	size_t at = rlg_al_first(al->there, "RESOURCE_STATUS", rlg_al_subject_key(al->arena, unit->subject));
	int64_t every = unit->last->ended && unit->last->final ? 1 : GPU_EVERY_S;

	for (; at != RLG_AL_NONE; at = al->there->list[at].next)
		if (when < al->there->list[at].when + every)
			return false;
	return true;
}

static void want_gpus(struct rlg_al *al, const struct rlg_al_unit *unit)
{
	const struct rlg_findings *found = &unit->phase->findings;
	struct rlg_bytes lines;

	if (found->gpu_line == NULL || unit->last == NULL || unit->last != unit->phase->deciding ||
	    found->gpu_us < unit->last->start_us || !is_news(al, unit, found->gpu_us))
		return;
	rlg_bytes_init(&lines, al->arena);
	rlg_al_line(&lines, "Details", found->gpu_line);
	rlg_al_line(&lines, "Result", gpu_words(al->arena, found->gpu_line));
	rlg_al_line(&lines, "Job ID", job_text(al->arena, unit->last));
	rlg_al_want(al, (struct rlg_al_wanted){.time_us = found->gpu_us,
					       .action = "RESOURCE_STATUS",
					       .subject = unit->subject,
					       .by = RLG_AL_MOMENT,
					       .rank = RLG_AL_RANK_JOB,
					       .lines = lines.data});
}

void rlg_al_want_jobs(struct rlg_al *al)
{
	want_submissions(al);
	for (size_t u = 0; u < al->n_units; u++) {
		const struct rlg_al_unit *unit = &al->units[u];
		for (size_t i = 0; i < unit->n_attempts; i++) {
			const struct rlg_attempt *attempt = unit->attempts[i];
			if (attempt->start_us > 0)
				want_start(al, unit, attempt);
			if (attempt->ended && attempt->end_us > 0)
				want_end(al, unit, attempt);
			if (attempt->ended && attempt->final && attempt->start_us > 0)
				want_metrics(al, unit, attempt);
		}
		want_gpus(al, unit);
	}
}
