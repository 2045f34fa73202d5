/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody waits for: see target.h. */
#include "tool/follow/target.h"

#include "lib/text.h"
#include "tool/base/names.h"
#include "tool/show/summary.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

/* 12 or 12_3, as Slurm writes them. */
static bool read_job(struct rlg_arena *arena, const char *word, struct rlg_target *target)
{
	const char *mark = strchr(word, '_');
	const char *job = mark == NULL ? word : rlg_arena_strndup(arena, word, (size_t)(mark - word));
	long long id, task = -1;

	if (!rlg_parse_int(job, 1, LLONG_MAX, &id) || (mark != NULL && !rlg_parse_int(mark + 1, 0, LLONG_MAX, &task)))
		return false;
	target->job_id = id;
	target->task_id = task;
	return true;
}

static bool is_of(const struct rlg_target *target, const struct rlg_attempt *attempt)
{
	if (target->task_id >= 0)
		return attempt->array_job_id == target->job_id && attempt->array_task_id == target->task_id;
	return attempt->job_id == target->job_id || attempt->array_job_id == target->job_id ||
	       (attempt->het_job_id > 0 && attempt->het_job_id == target->job_id);
}

/* Calls for every attempt of the group; stops at the first true. */
typedef bool attempt_fn(void *context, const struct rlg_run *run, const struct rlg_phase *phase,
			const struct rlg_attempt *attempt);

static bool each_attempt(const struct rlg_model *model, attempt_fn *tell, void *context)
{
	for (size_t i = 0; i < model->n_runs; i++)
		for (size_t j = 0; j < model->runs[i].n_phases; j++) {
			const struct rlg_phase *phase = &model->runs[i].phases[j];
			for (size_t k = 0; k < phase->n_attempts; k++)
				if (tell(context, &model->runs[i], phase, &phase->attempts[k]))
					return true;
		}
	return false;
}

/* Slurm tells a submission's id only where there is the cli_filter plugin, or else when the job starts. */
static bool may_be_it(void *context, const struct rlg_run *run, const struct rlg_phase *phase,
		      const struct rlg_attempt *attempt)
{
	return is_of(context, attempt) || (attempt->job_id < 0 && !attempt->ended);
}

enum rlg_target_problem rlg_target_read(struct rlg_arena *arena, const struct rlg_model *model, const char *word,
					struct rlg_target *out_target)
{
	const char *slash = strchr(word, '/');
	const char *run = slash == NULL ? word : rlg_arena_strndup(arena, word, (size_t)(slash - word));
	const struct rlg_run *found = rlg_model_run(model, run);

	*out_target = (struct rlg_target){.word = word, .job_id = -1, .task_id = -1};
	if (found == NULL && slash == NULL && read_job(arena, word, out_target))
		return each_attempt(model, may_be_it, out_target) ? RLG_TARGET_OK : RLG_TARGET_NO_JOB;
	out_target->run = run;
	out_target->phase = slash == NULL ? NULL : slash + 1;
	if (found == NULL)
		return RLG_TARGET_NO_RUN;
	return slash == NULL || rlg_run_phase(found, slash + 1) != NULL ? RLG_TARGET_OK : RLG_TARGET_NO_PHASE;
}

/* The attempts at one job: of each of its parts the last one counts, and of these the one that has most to say. */
struct job {
	struct rlg_arena *arena;
	const struct rlg_target *target;
	const struct rlg_run *run;
	const struct rlg_phase *phase;
	struct rlg_names *parts;
	const struct rlg_attempt **last; /* of each part */
	size_t n_parts, room;
};

static bool take_attempt(void *context, const struct rlg_run *run, const struct rlg_phase *phase,
			 const struct rlg_attempt *attempt)
{
	struct job *job = context;

	if (!is_of(job->target, attempt))
		return false;
	job->run = run;
	job->phase = phase;
	const char *part = rlg_arena_printf(job->arena, "%" PRId64 "_%" PRId64, attempt->job_id, attempt->array_task_id);
	size_t at = rlg_names_find(job->parts, part);
	if (at == RLG_NAMES_NONE) {
		if (job->n_parts == job->room) {
			job->room = job->room > 0 ? 2 * job->room : 16;
			job->last = rlg_arena_grow(job->arena, job->last, job->n_parts, job->room, sizeof(*job->last));
		}
		at = job->n_parts++;
		rlg_names_add(job->parts, part, at);
	}
	job->last[at] = attempt; /* NOLINT(clang-analyzer-core.NullDereference): what is found was added */
	return false;
}

/* As a job array goes on while one of its tasks does, and has failed if one has. */
static const int weight[RLG_STATUS_COUNT] = {[RLG_STATUS_FAILED] = 1, [RLG_STATUS_SUBMITTED] = 2, [RLG_STATUS_RUNNING] = 3};

static void look_at_job(struct rlg_arena *arena, const struct rlg_model *model, const struct rlg_target *target,
			struct rlg_standing *standing)
{
	struct job job = {.arena = arena, .target = target, .parts = rlg_names_new(arena)};

	each_attempt(model, take_attempt, &job);
	if (job.n_parts == 0)
		return;
	const struct rlg_attempt *found = job.last[0];
	for (size_t i = 1; i < job.n_parts; i++)
		if (weight[job.last[i]->status] > weight[found->status])
			found = job.last[i];
	*standing = (struct rlg_standing){
		.known = true,
		.status = found->status,
		.run = job.run,
		.phase = {.name = job.phase->name,
			  .status = found->status,
			  .status_text = rlg_status_word(found->status),
			  .job_id = target->word,
			  .output = job.phase->output,
			  .progress = found->progress,
			  .attempts = job.phase->attempts,
			  .n_attempts = job.phase->n_attempts,
			  .deciding = found,
			  .word_us = found->word_us,
			  .silent_since_us = found->silent_since_us},
	};
}

void rlg_target_look(struct rlg_arena *arena, const struct rlg_model *model, const struct rlg_target *target,
		     struct rlg_standing *out_standing)
{
	*out_standing = (struct rlg_standing){.known = false};
	if (target->run == NULL) {
		look_at_job(arena, model, target, out_standing);
		return;
	}
	const struct rlg_run *run = rlg_model_run(model, target->run);
	const struct rlg_phase *phase = run == NULL ? NULL
					: target->phase != NULL ? rlg_run_phase(run, target->phase)
								: rlg_summary_phase(run);
	if (run == NULL || (phase == NULL && target->phase != NULL))
		return;
	*out_standing = (struct rlg_standing){.known = true, .run = run};
	if (phase != NULL)
		out_standing->phase = *phase;
	out_standing->status = target->phase != NULL ? phase->status : rlg_run_status(run);
}

static bool want(struct rlg_wish *wish, const char *word)
{
	enum rlg_status status;

	if (!rlg_status_parse(word, &status) || status == RLG_STATUS_PENDING)
		return false;
	return wish->wanted[status] = true;
}

bool rlg_wish_parse(const char *words, struct rlg_wish *out_wish)
{
	*out_wish = (struct rlg_wish){.done = strcmp(words, "done") == 0};
	if (out_wish->done)
		return true;
	for (;;) {
		size_t length = strcspn(words, ",");
		char word[16] = "";

		if (length < sizeof(word))
			memcpy(word, words, length);
		if (!want(out_wish, word))
			return false;
		if (words[length] == '\0')
			return true;
		words += length + 1;
	}
}

enum rlg_outcome rlg_wish_outcome(const struct rlg_wish *wish, const struct rlg_standing *standing)
{
	static const enum rlg_status way[] = {RLG_STATUS_SUBMITTED, RLG_STATUS_RUNNING, RLG_STATUS_COMPLETED};
	bool ended = standing->status == RLG_STATUS_COMPLETED || standing->status == RLG_STATUS_FAILED ||
		     standing->status == RLG_STATUS_SKIPPED;
	size_t reached = 0;

	if (!standing->known)
		return RLG_OUTCOME_WAITING;
	if (wish->done)
		return !ended ? RLG_OUTCOME_WAITING
		       : standing->status == RLG_STATUS_FAILED ? RLG_OUTCOME_OTHERWISE
							       : RLG_OUTCOME_WANTED;
	if (wish->wanted[standing->status])
		return RLG_OUTCOME_WANTED;
	for (size_t i = 0; i < sizeof(way) / sizeof(way[0]); i++)
		if (standing->status == way[i])
			reached = i;
	for (size_t i = 0; i < reached; i++)
		if (wish->wanted[way[i]])
			return RLG_OUTCOME_WANTED;
	return ended ? RLG_OUTCOME_OTHERWISE : RLG_OUTCOME_WAITING;
}
