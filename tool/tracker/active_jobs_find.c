/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The jobs of a group, from the attempts at its runs: see active_jobs.h. */
#include "tool/tracker/active_jobs.h"

#include "lib/clock.h"
#include "tool/model/attempts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Entries have whole minutes, of whichever time zone; numbers come round after weeks at the earliest. */
#define SLACK_US (24 * 3600 * RLG_SECOND_US)

/* An attempt, with where it stands in the model. */
struct mention {
	const struct rlg_attempt *attempt;
	const char *run, *phase;
	int64_t id; /* of the job that it belongs to */
	size_t place;
};

struct mentions {
	struct rlg_arena *arena;
	struct mention *list;
	size_t n, room;
};

static bool same(const char *one, const char *other)
{
	return one != NULL && other != NULL && strcmp(one, other) == 0;
}

static bool may_be_same(const char *one, const char *other)
{
	return one == NULL || other == NULL || strcmp(one, other) == 0;
}

/* ---- all attempts, job by job ---- */

static void mention(struct mentions *mentions, const char *run, const char *phase, const struct rlg_attempt *attempt)
{
	int64_t id = attempt->array_job_id >= 0 ? attempt->array_job_id
		     : attempt->het_job_id >= 0 ? attempt->het_job_id
						: attempt->job_id;

	if (id < 0)
		return;
	if (mentions->n == mentions->room) {
		mentions->room = mentions->room == 0 ? 16 : 2 * mentions->room;
		mentions->list = rlg_arena_grow(mentions->arena, mentions->list, mentions->n, mentions->room,
						sizeof(*mentions->list));
	}
	mentions->list[mentions->n] = (struct mention){attempt, run, phase, id, mentions->n};
	mentions->n++;
}

static void mention_all(struct mentions *mentions, const struct rlg_model *model)
{
	for (size_t r = 0; model != NULL && r < model->n_runs; r++)
		for (size_t p = 0; p < model->runs[r].n_phases; p++) {
			const struct rlg_phase *phase = &model->runs[r].phases[p];
			for (size_t a = 0; a < phase->n_attempts; a++)
				mention(mentions, model->runs[r].name, phase->name, &phase->attempts[a]);
		}
}

static int by_number(int64_t one, int64_t other)
{
	return one < other ? -1 : one > other;
}

/* Runs are in any order, so a number that came round may stand in front of the older job: time tells. */
static int compare_jobs(const void *left, const void *right)
{
	const struct mention *a = left, *b = right;
	const char *a_cluster = a->attempt->cluster, *b_cluster = b->attempt->cluster;
	int order = by_number(a->id, b->id);

	if (order == 0)
		order = strcmp(a_cluster == NULL ? "" : a_cluster, b_cluster == NULL ? "" : b_cluster);
	if (order == 0)
		order = by_number(rlg_attempt_order(a->attempt), rlg_attempt_order(b->attempt));
	if (order == 0)
		order = by_number(a->attempt->submit_us, b->attempt->submit_us);
	return order != 0 ? order : by_number((int64_t)a->place, (int64_t)b->place);
}

/* Each task or component by itself, its attempts in the order of time as before. */
static int compare_parts(const void *left, const void *right)
{
	const struct mention *a = left, *b = right;
	int order = by_number(a->attempt->job_id, b->attempt->job_id);

	return order != 0 ? order : by_number((int64_t)a->place, (int64_t)b->place);
}

/* ---- one job ---- */

static bool is_over(const struct rlg_attempt *attempt)
{
	return attempt->ended && attempt->final;
}

/* What a job shows of its parts: one that runs, else one that waits, else one that failed. */
static int weight_of(const struct rlg_attempt *attempt)
{
	static const int weights[RLG_STATUS_COUNT] = {
		[RLG_STATUS_RUNNING] = 3, [RLG_STATUS_SUBMITTED] = 2, [RLG_STATUS_FAILED] = 1};

	return is_over(attempt) ? 0 : weights[attempt->status];
}

static int64_t begin_of(const struct rlg_attempt *attempt)
{
	return attempt->submit_us > 0 ? attempt->submit_us : attempt->start_us;
}

static void take_mention(struct rlg_active_job *job, const struct mention *mention)
{
	const struct rlg_attempt *attempt = mention->attempt;
	int64_t begin_us = begin_of(attempt);

	job->attempts[job->n_attempts++] = attempt;
	job->newest = attempt;
	job->run = mention->run;
	job->phase = mention->phase;
	if (job->cluster == NULL)
		job->cluster = attempt->cluster;
	if (attempt->submission.session != NULL)
		job->session = attempt->submission.session;
	if (begin_us > 0 && (job->from_us == 0 || begin_us < job->from_us))
		job->from_us = begin_us;
	if (attempt->end_us > job->until_us)
		job->until_us = attempt->end_us;
}

static void count_run(struct rlg_active_job *job, struct rlg_names *runs, const char *run)
{
	if (rlg_names_find(runs, run) != RLG_NAMES_NONE)
		return;
	rlg_names_add(runs, run, 0);
	job->n_runs++;
}

/* From its mentions, in the order of time, which is lost. */
static struct rlg_active_job make_job(struct rlg_arena *arena, struct mention *mentions, size_t count)
{
	struct rlg_active_job job = {.id = rlg_arena_printf(arena, "%lld", (long long)mentions[0].id)};
	struct rlg_names *runs = rlg_names_new(arena);

	job.parts = rlg_arena_alloc(arena, count * sizeof(*job.parts));
	job.attempts = rlg_arena_alloc(arena, count * sizeof(*job.attempts));
	for (size_t i = 0; i < count; i++) {
		take_mention(&job, &mentions[i]);
		mentions[i].place = i;
	}
	if (count > 1)
		qsort(mentions, count, sizeof(*mentions), compare_parts);
	for (size_t i = 0; i < count; i++) {
		const struct rlg_attempt *attempt = mentions[i].attempt;
		count_run(&job, runs, mentions[i].run);
		if (i + 1 < count && mentions[i + 1].attempt->job_id == attempt->job_id)
			continue;
		job.parts[job.n_parts++] = attempt;
		job.active = job.active || !is_over(attempt);
		if (job.shown == NULL || weight_of(attempt) > weight_of(job.shown))
			job.shown = attempt;
	}
	return job;
}

/* ---- which attempts are one job ---- */

static bool all_over(const struct mention *mentions, size_t count, int64_t *out_end_us)
{
	bool all = true;

	*out_end_us = 0;
	for (size_t i = 0; i < count; i++) {
		all = all && mentions[i].attempt->ended;
		*out_end_us = mentions[i].attempt->end_us > *out_end_us ? mentions[i].attempt->end_us : *out_end_us;
	}
	return all;
}

/* Numbers come round, and clusters have the same ones. */
static bool is_another_job(const struct mention *job, size_t count, const struct mention *next)
{
	const struct rlg_attempt *one = job[count - 1].attempt, *other = next->attempt;
	int64_t end_us;

	if (next->id != job->id || !may_be_same(one->cluster, other->cluster))
		return true;
	/* Requeued, and in each task of an array, a job keeps its submission's id. */
	if (one->het_job_id < 0 && other->het_job_id < 0 && one->sid != NULL && other->sid != NULL)
		return strcmp(one->sid, other->sid) != 0;
	return begin_of(other) > one->end_us + SLACK_US && all_over(job, count, &end_us) &&
	       begin_of(other) > end_us + SLACK_US;
}

static void add_job(struct rlg_active_jobs *jobs, struct rlg_active_job job)
{
	struct rlg_active_job *before = rlg_active_job_called(jobs, job.id);
	size_t at = jobs->n++;

	/* Slurm gave the number away again: whatever was heard of the older one, it is over. */
	if (before != NULL && may_be_same(before->cluster, job.cluster) && before->active) {
		before->active = false;
		before->until_us = job.from_us;
	}
	job.same_id = before;
	jobs->list[at] = job;
	if (before == NULL)
		rlg_names_add(jobs->ids, job.id, at);
}

/* The list of one id begins where `ids` says, and goes on as long as the id stays: it is sorted. */
struct rlg_active_job *rlg_active_job_called(const struct rlg_active_jobs *jobs, const char *id)
{
	size_t at = id == NULL ? RLG_NAMES_NONE : rlg_names_find(jobs->ids, id);

	if (at == RLG_NAMES_NONE)
		return NULL;
	while (at + 1 < jobs->n && strcmp(jobs->list[at + 1].id, id) == 0)
		at++;
	return &jobs->list[at];
}

void rlg_active_jobs_find(struct rlg_arena *arena, const struct rlg_model *model, struct rlg_active_jobs *out_jobs)
{
	struct mentions mentions = {.arena = arena};
	size_t count;

	*out_jobs = (struct rlg_active_jobs){.arena = arena, .ids = rlg_names_new(arena)};
	mention_all(&mentions, model);
	if (mentions.n == 0)
		return;
	qsort(mentions.list, mentions.n, sizeof(*mentions.list), compare_jobs);
	out_jobs->list = rlg_arena_alloc(arena, mentions.n * sizeof(*out_jobs->list));
	for (size_t at = 0; at < mentions.n; at += count) {
		struct mention *job = &mentions.list[at];
		for (count = 1; at + count < mentions.n && !is_another_job(job, count, &job[count]);)
			count++;
		add_job(out_jobs, make_job(arena, job, count));
	}
}

/* ---- entries ---- */

/* "2026-03-11 15:00", local; 0: it is something else. */
static int64_t entered_us(const char *words)
{
	struct tm parts = {.tm_isdst = -1};

	if (words == NULL || strptime(words, "%Y-%m-%d %H:%M", &parts) == NULL)
		return 0;
	time_t moment = mktime(&parts);
	return moment == (time_t)-1 ? 0 : (int64_t)moment * RLG_SECOND_US;
}

/* Another job had, or has, the same number in another year. */
static bool is_of_its_time(const struct rlg_active_job *job, int64_t entered)
{
	if (entered == 0)
		return true;
	if (job->from_us > 0 && entered < job->from_us - SLACK_US)
		return false;
	return job->active || job->until_us == 0 || entered <= job->until_us + SLACK_US;
}

/* Also where one of the two has its domain behind it. */
static bool same_host(const char *one, const char *other)
{
	size_t length = one == NULL ? 0 : strcspn(one, ".");

	if (one == NULL || other == NULL || length != strcspn(other, ".") || strncmp(one, other, length) != 0)
		return false;
	return one[length] == '\0' || other[length] == '\0' || strcmp(one, other) == 0;
}

/*
 * How well an entry fits a job; 0: not at all.  Another cluster has the same numbers; but a host that somebody wrote in
 * their own way, as ssh knows it, is believed in the session that submitted the job.
 */
static int fit_of(const struct rlg_registry_entry *entry, const struct rlg_active_job *job, const char *session)
{
	const char *owner = entry->session != NULL ? entry->session : session;
	bool there = same_host(entry->host, job->cluster) || same_host(entry->host, job->newest->submission.host);

	if (!is_of_its_time(job, entered_us(entry->submitted)))
		return 0;
	if (!there && entry->host != NULL && !same(job->session, owner))
		return 0;
	return 1 + (job->active ? 1 : 0) + (there ? 2 : 0);
}

/* Without its task or component. */
static const char *whole_id(struct rlg_arena *arena, const char *id)
{
	return id == NULL ? NULL : rlg_arena_strndup(arena, id, strcspn(id, "_+"));
}

struct rlg_active_job *rlg_active_job_of_entry(const struct rlg_active_jobs *jobs, const struct rlg_registry_entry *entry,
					       const char *session)
{
	struct rlg_active_job *job = rlg_active_job_called(jobs, whole_id(jobs->arena, entry->id)), *best = NULL;
	int best_fit = 0;

	for (; job != NULL; job = job->same_id) {
		int fit = fit_of(entry, job, session);
		if (fit > best_fit) {
			best = job;
			best_fit = fit;
		}
	}
	return best;
}

/* The task or component that the id names; NULL: none, or none that was heard of. */
static const struct rlg_attempt *part_called(const struct rlg_active_job *job, const char *id)
{
	const char *suffix = id + strcspn(id, "_+");
	char *end = NULL;
	long long number = suffix[0] == '\0' ? -1 : strtoll(suffix + 1, &end, 10);

	if (end == NULL || end == suffix + 1 || *end != '\0')
		return NULL;
	for (size_t i = 0; i < job->n_parts; i++) {
		const struct rlg_attempt *part = job->parts[i];
		bool is_it = suffix[0] == '_' ? part->array_task_id == number
					      : part->het_job_id >= 0 && part->job_id == part->het_job_id + number;
		if (is_it)
			return part;
	}
	return NULL;
}

const char *rlg_active_job_state(const struct rlg_active_jobs *jobs, const struct rlg_active_job *job, const char *id)
{
	const struct rlg_attempt *part = part_called(job, id);
	/* A task that has not begun has no number of its own yet, so nothing was heard of it. */
	bool waits = part == NULL && strchr(id, '_') != NULL && job->newest->array_job_id >= 0;

	if (!job->active || (part != NULL && is_over(part)))
		return NULL;
	part = part != NULL ? part : job->shown;
	if (waits || part->status == RLG_STATUS_SUBMITTED || part->slurm_state == NULL)
		return "PENDING";
	return rlg_registry_state(jobs->arena, part->slurm_state);
}
