/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From records to the model: see fold.h.
 *
 * Every choice here depends on what the records say, never on the order in which they came: events are sorted first,
 * and each id counts once.
 */
#include "tool/model/fold.h"

#include "tool/model/attempts.h"
#include "tool/model/event.h"
#include "tool/model/failure.h"
#include "tool/base/names.h"
#include "tool/model/progress.h"
#include "tool/model/usage.h"

#include <stdlib.h>
#include <string.h>

/* A run while its records are gathered. */
struct gathered {
	const char *name;
	const char *type;
	bool planned;
	bool control;
	size_t plan_rank; /* its place in the plan; runs from elsewhere come behind, by name */
	struct rlg_event *events;
	size_t n_events, room;
	struct rlg_progress_records *progress; /* NULL: none */
};

#define NO_RANK ((size_t)-1)

struct rlg_fold {
	struct rlg_arena *arena;
	struct rlg_model *model;
	struct rlg_names *names;
	struct gathered *runs;
	size_t n_runs, room;
	size_t n_planned;
};

struct rlg_fold *rlg_fold_new(struct rlg_arena *arena, const char *group_path, const char *run_group,
			      const char *const *phases, size_t n_phases)
{
	struct rlg_fold *fold = rlg_arena_alloc(arena, sizeof(*fold));

	fold->arena = arena;
	fold->names = rlg_names_new(arena);
	fold->model = rlg_arena_alloc(arena, sizeof(*fold->model));
	*fold->model = (struct rlg_model){
		.arena = arena, .group_path = group_path, .run_group = run_group, .phases = phases, .n_phases = n_phases};
	return fold;
}

/* Room for one more of an array that grows. */
#define GROW(fold, array, count, room)                                                                       \
	do {                                                                                                 \
		if ((count) == (room)) {                                                                     \
			(room) = (room) == 0 ? 4 : 2 * (room);                                               \
			(array) = rlg_arena_grow((fold)->arena, (array), (count), (room), sizeof(*(array))); \
		}                                                                                            \
	} while (0)

static struct gathered *run_called(struct rlg_fold *fold, const char *name)
{
	size_t at = rlg_names_find(fold->names, name);

	if (at != RLG_NAMES_NONE)
		return &fold->runs[at];
	GROW(fold, fold->runs, fold->n_runs, fold->room);
	struct gathered *run = &fold->runs[fold->n_runs];
	*run = (struct gathered){.name = rlg_arena_strdup(fold->arena, name), .plan_rank = NO_RANK};
	rlg_names_add(fold->names, run->name, fold->n_runs++);
	return run;
}

void rlg_fold_plan_run(struct rlg_fold *fold, const char *name, const char *type, bool control)
{
	struct gathered *run = run_called(fold, name);

	if (!run->planned)
		run->plan_rank = fold->n_planned++;
	run->planned = true;
	if (run->type == NULL)
		run->type = rlg_arena_strdup(fold->arena, type);
	run->control = run->control || control;
}

void rlg_fold_add(struct rlg_fold *fold, const char *name, const struct rlg_record *record)
{
	struct gathered *run = run_called(fold, name);

	fold->model->records++;
	if (strcmp(record->name, "progress") == 0) {
		if (run->progress == NULL)
			run->progress = rlg_progress_records_new(fold->arena);
		rlg_progress_add(run->progress, record);
		return;
	}
	GROW(fold, run->events, run->n_events, run->room);
	run->events[run->n_events++] = rlg_event_from_record(fold->arena, record);
}

static int compare_events(const void *left, const void *right)
{
	return rlg_event_compare(left, right);
}

/* Sorts, and keeps one of each id; of those without an id, one of each that says the same. */
static void sort_events(struct gathered *run, struct rlg_arena *arena)
{
	struct rlg_names *seen = rlg_names_new(arena);
	size_t kept = 0;

	if (run->n_events > 1)
		qsort(run->events, run->n_events, sizeof(*run->events), compare_events);
	for (size_t i = 0; i < run->n_events; i++) {
		const char *id = run->events[i].id;
		if (id != NULL ? rlg_names_find(seen, id) != RLG_NAMES_NONE
			       : kept > 0 && compare_events(&run->events[kept - 1], &run->events[i]) == 0)
			continue;
		if (id != NULL)
			rlg_names_add(seen, id, i);
		run->events[kept++] = run->events[i];
	}
	run->n_events = kept;
}

static struct rlg_phase *phase_called(struct rlg_fold *fold, struct rlg_run *run, const char *name, size_t *room)
{
	struct rlg_phase *phase = rlg_run_phase(run, name);

	if (phase != NULL)
		return phase;
	GROW(fold, run->phases, run->n_phases, *room);
	phase = &run->phases[run->n_phases++];
	*phase = (struct rlg_phase){.name = name};
	return phase;
}

/* The group's own phases come first, in their order; they are made first. Others follow by name. */
static int compare_phases(const void *left, const void *right)
{
	return strcmp(((const struct rlg_phase *)left)->name, ((const struct rlg_phase *)right)->name);
}

struct phases_told {
	struct rlg_fold *fold;
	struct rlg_run *run;
	size_t *room;
};

static void add_phase_told(void *context, const char *phase)
{
	struct phases_told *told = context;

	phase_called(told->fold, told->run, phase, told->room);
}

static void add_phases(struct rlg_fold *fold, struct rlg_run *run, const struct gathered *from,
		       const struct rlg_phased_attempt *attempts, size_t n_attempts)
{
	size_t room = 0;

	for (size_t i = 0; i < fold->model->n_phases; i++)
		phase_called(fold, run, fold->model->phases[i], &room);
	for (size_t i = 0; i < n_attempts; i++)
		if (attempts[i].phase != NULL)
			phase_called(fold, run, attempts[i].phase, &room);
	for (size_t i = 0; i < from->n_events; i++)
		if (from->events[i].kind == RLG_EVENT_EDIT && from->events[i].phase != NULL)
			phase_called(fold, run, from->events[i].phase, &room);
	if (from->progress != NULL)
		rlg_progress_each_phase(from->progress, add_phase_told, &(struct phases_told){fold, run, &room});
	qsort(run->phases + fold->model->n_phases, run->n_phases - fold->model->n_phases, sizeof(*run->phases),
	      compare_phases);
}

/* The newest attempt decides; but one that runs says more than one that waits behind it. */
static const struct rlg_attempt *decide_job(const struct rlg_phase *phase)
{
	const struct rlg_attempt *found = NULL;

	for (size_t i = 0; i < phase->n_attempts; i++) {
		const struct rlg_attempt *attempt = &phase->attempts[i];
		bool waits = attempt->status == RLG_STATUS_SUBMITTED;
		if (found == NULL || !waits || found->status != RLG_STATUS_RUNNING)
			found = attempt;
	}
	return found;
}

/* What a part of a job has to say beside the others: that it goes on, or that it failed. */
static const int weight_of_part[RLG_STATUS_COUNT] = {
	[RLG_STATUS_FAILED] = 1, [RLG_STATUS_SUBMITTED] = 2, [RLG_STATUS_RUNNING] = 3};

/* Tasks of one array, and components of one heterogeneous job, are submitted and looked at together. */
static bool are_parts_of_one(const struct rlg_attempt *left, const struct rlg_attempt *right)
{
	if (left->array_job_id >= 0 || right->array_job_id >= 0)
		return left->array_job_id == right->array_job_id;
	return left->het_job_id >= 0 && left->het_job_id == right->het_job_id;
}

/* A part by its own name: a requeued one has several attempts. */
static const char *part_key(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	return rlg_arena_printf(arena, "%lld",
				(long long)(attempt->array_job_id >= 0 ? attempt->array_task_id : attempt->job_id));
}

/* The parts of a job are one attempt at the phase together: it has failed if one of them has, at its last try. */
static const struct rlg_attempt *decide_parts(struct rlg_arena *arena, const struct rlg_phase *phase,
					      const struct rlg_attempt *newest)
{
	struct rlg_names *seen = rlg_names_new(arena);
	const struct rlg_attempt *found = newest;

	for (size_t i = phase->n_attempts; i-- > 0;) {
		const struct rlg_attempt *attempt = &phase->attempts[i];
		if (!are_parts_of_one(attempt, newest))
			continue;
		const char *key = part_key(arena, attempt);
		if (rlg_names_find(seen, key) != RLG_NAMES_NONE)
			continue;
		rlg_names_add(seen, key, i);
		if (weight_of_part[attempt->status] > weight_of_part[found->status])
			found = attempt;
	}
	return found;
}

static const struct rlg_attempt *decide(struct rlg_arena *arena, const struct rlg_phase *phase)
{
	const struct rlg_attempt *newest = decide_job(phase);

	return newest == NULL || (newest->array_job_id < 0 && newest->het_job_id < 0) ? newest
										      : decide_parts(arena, phase, newest);
}

/* The job whose number a tracker shows; a requeued one is still the same. */
static const char *job_id_text(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	return attempt->job_id < 0 ? NULL : rlg_arena_printf(arena, "%lld", (long long)attempt->job_id);
}

static void place_attempts(struct rlg_fold *fold, struct rlg_phase *phase, bool is_first,
			   const struct rlg_phased_attempt *attempts, size_t n_attempts)
{
	struct rlg_attempt *mine = rlg_arena_alloc(fold->arena, n_attempts * sizeof(*mine) + 1);

	phase->attempts = mine;
	for (size_t i = 0; i < n_attempts; i++) {
		const char *name = attempts[i].phase;
		if (name == NULL ? !is_first : strcmp(name, phase->name) != 0)
			continue;
		struct rlg_attempt *attempt = &mine[phase->n_attempts++];
		*attempt = attempts[i].attempt;
		if (attempt->word_us > phase->word_us)
			phase->word_us = attempt->word_us;
		/* A job that tells of itself lives; but that is no news of where it stands. */
		if (attempt->progress.last_us > attempt->word_us)
			attempt->word_us = attempt->progress.last_us;
	}
	phase->deciding = decide(fold->arena, phase);
	phase->status = phase->deciding == NULL ? RLG_STATUS_PENDING : phase->deciding->status;
	phase->status_text = rlg_status_word(phase->status);
	phase->job_id = phase->deciding == NULL ? NULL : job_id_text(fold->arena, phase->deciding);
}

/* The path that a person told with `note` counts as if they had written it into a tracker. */
static void take_output(struct rlg_run *run, const struct rlg_event *event)
{
	struct rlg_phase *phase = event->phase != NULL ? rlg_run_phase(run, event->phase)
				  : run->n_phases > 0  ? &run->phases[0]
						       : NULL;

	if (phase == NULL || event->text == NULL || event->text[0] == '\0')
		return;
	phase->edit.output = event->text;
	phase->edit.output_us = event->time_us;
}

/* What people wrote into trackers; later edits over earlier ones. */
static void take_edits(struct rlg_run *run, const struct gathered *from)
{
	for (size_t i = 0; i < from->n_events; i++) {
		const struct rlg_event *event = &from->events[i];
		if (event->kind == RLG_EVENT_OUTPUT)
			take_output(run, event);
		struct rlg_phase *phase = event->phase == NULL ? NULL : rlg_run_phase(run, event->phase);
		if (event->kind != RLG_EVENT_EDIT || phase == NULL || event->field == NULL)
			continue;
		struct {
			const char *field;
			const char **value;
			int64_t *when;
		} fields[] = {
			{"status", &phase->edit.status, &phase->edit.status_us},
			{"job_id", &phase->edit.job_id, &phase->edit.job_id_us},
			{"output", &phase->edit.output, &phase->edit.output_us},
		};
		for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
			if (strcmp(fields[f].field, event->field) != 0)
				continue;
			*fields[f].value = event->value == NULL ? "" : event->value;
			*fields[f].when = event->time_us;
		}
	}
}

/* A person's word counts until there is newer news of the phase; `skipped` until a person takes it back. */
static void apply_edits(struct rlg_phase *phase)
{
	const struct rlg_edit *edit = &phase->edit;
	int64_t news_us = phase->word_us;

	if (edit->status != NULL && edit->status[0] != '\0' &&
	    (edit->status_us > news_us || strcmp(edit->status, "skipped") == 0)) {
		enum rlg_status status;
		phase->status_text = edit->status;
		if (rlg_status_parse(edit->status, &status))
			phase->status = status;
		if (edit->status_us > news_us)
			phase->deciding = NULL;
	}
	if (edit->job_id != NULL && edit->job_id_us > news_us)
		phase->job_id = edit->job_id[0] == '\0' ? NULL : edit->job_id;
	if (edit->output != NULL && edit->output_us > news_us)
		phase->output = edit->output[0] == '\0' ? NULL : edit->output;
	int64_t edits_us[] = {edit->status_us, edit->job_id_us, edit->output_us};
	for (size_t i = 0; i < 3; i++)
		if (edits_us[i] > phase->word_us)
			phase->word_us = edits_us[i];
}

static void take_note(struct rlg_run *run, const struct rlg_event *event)
{
	const struct {
		const char *word;
		const char **to;
	} words[] = {{event->verdict, &run->verdict}, {event->wandb, &run->wandb}, {event->description, &run->description}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].word != NULL)
			*words[i].to = words[i].word[0] == '\0' ? NULL : words[i].word;
	if (event->text == NULL)
		return;
	run->note = event->text;
	run->notes[run->n_notes++] = (struct rlg_note){
		.time_us = event->time_us, .text = event->text, .user = event->user, .phase = event->phase};
}

/* Of a phase, or of all that the run has. */
static void take_sync(struct rlg_run *run, const char *of_phase, const char *words, int64_t time_us)
{
	for (size_t i = 0; i < run->n_phases && words != NULL; i++) {
		struct rlg_phase *phase = &run->phases[i];
		if (of_phase != NULL && strcmp(of_phase, phase->name) != 0)
			continue;
		phase->sync = words;
		phase->sync_us = time_us;
	}
}

/* As good as a `sync` record: somebody wrote it into a run_manifest.json. */
static bool is_sync_edit(const struct rlg_event *event)
{
	return event->kind == RLG_EVENT_EDIT && event->field != NULL && strcmp(event->field, "sync") == 0;
}

/* Events come in order of time, so that the newest word stays. */
static void take_words(struct rlg_fold *fold, struct rlg_run *run, const struct gathered *from)
{
	size_t n_notes = 0;

	for (size_t i = 0; i < from->n_events; i++)
		n_notes += from->events[i].kind == RLG_EVENT_NOTE;
	run->notes = rlg_arena_alloc(fold->arena, n_notes * sizeof(*run->notes) + 1);
	for (size_t i = 0; i < from->n_events; i++) {
		if (from->events[i].kind == RLG_EVENT_NOTE)
			take_note(run, &from->events[i]);
		else if (from->events[i].kind == RLG_EVENT_SYNC)
			take_sync(run, from->events[i].phase, from->events[i].sync, from->events[i].time_us);
		else if (is_sync_edit(&from->events[i]))
			take_sync(run, from->events[i].phase, from->events[i].value, from->events[i].time_us);
	}
}

/* What the plan says of a base model: nothing is fine-tuned, so that phase is no gap. */
static void skip_first_phase_of_control(struct rlg_run *run)
{
	if (run->n_phases < 2 || run->phases[0].n_attempts > 0 || run->phases[0].edit.status != NULL)
		return;
	run->phases[0].status = RLG_STATUS_SKIPPED;
	run->phases[0].status_text = rlg_status_word(RLG_STATUS_SKIPPED);
}

/* Where nothing is planned nothing is out of plan. */
static bool is_known(const struct rlg_fold *fold, const struct gathered *from)
{
	bool asked = false, unknown = false;

	for (size_t i = 0; i < from->n_events; i++) {
		const char *by = from->events[i].matched_by;
		asked = asked || (by != NULL && strcmp(by, "none") != 0);
		unknown = unknown || (by != NULL && strcmp(by, "none") == 0);
	}
	return from->planned || asked || !unknown || fold->n_planned == 0;
}

static void fold_run(struct rlg_fold *fold, struct gathered *from, struct rlg_run *run)
{
	size_t n_attempts;

	sort_events(from, fold->arena);
	*run = (struct rlg_run){.name = from->name, .type = from->type, .planned = is_known(fold, from)};
	struct rlg_phased_attempt *attempts = rlg_attempts_find(fold->arena, from->events, from->n_events, &n_attempts);
	rlg_failures_find(fold->arena, from->events, from->n_events, attempts, n_attempts);
	rlg_usage_find(fold->arena, from->events, from->n_events, attempts, n_attempts);
	if (from->progress != NULL)
		rlg_progress_sort(from->progress);
	add_phases(fold, run, from, attempts, n_attempts);
	if (from->progress != NULL)
		rlg_progress_give(from->progress, attempts, n_attempts, run->phases, run->n_phases);
	for (size_t i = 0; i < run->n_phases; i++)
		place_attempts(fold, &run->phases[i], i == 0, attempts, n_attempts);
	take_edits(run, from);
	for (size_t i = 0; i < run->n_phases; i++) {
		apply_edits(&run->phases[i]);
		if (run->phases[i].word_us > run->word_us)
			run->word_us = run->phases[i].word_us;
	}
	/* A submission that was refused leaves no attempt; that it was is news all the same. */
	for (size_t i = 0; i < from->n_events; i++)
		if (from->events[i].kind == RLG_EVENT_REJECT && from->events[i].time_us > run->word_us)
			run->word_us = from->events[i].time_us;
	if (from->control)
		skip_first_phase_of_control(run);
	take_words(fold, run, from);
}

static int compare_words(const char *left, const char *right)
{
	return strcmp(left == NULL ? "" : left, right == NULL ? "" : right);
}

static int compare_logged(const void *left, const void *right)
{
	const struct rlg_logged *a = left, *b = right;
	const char *const words[][2] = {{a->run, b->run},	  {a->action, b->action}, {a->subject, b->subject},
					{a->details, b->details}, {a->result, b->result}, {a->phase, b->phase}};
	int order = 0;

	if (a->time_us != b->time_us)
		return a->time_us < b->time_us ? -1 : 1;
	for (size_t i = 0; order == 0 && i < sizeof(words) / sizeof(words[0]); i++)
		order = compare_words(words[i][0], words[i][1]);
	if (order == 0 && a->job_id != b->job_id)
		order = a->job_id < b->job_id ? -1 : 1;
	return order;
}

/* What the action logs are to say besides; the runs' events are sorted, and stand once each. */
static void take_logged(struct rlg_fold *fold)
{
	struct rlg_model *model = fold->model;
	size_t room = 0;

	for (size_t r = 0; r < fold->n_runs; r++)
		for (size_t i = 0; i < fold->runs[r].n_events; i++) {
			const struct rlg_event *event = &fold->runs[r].events[i];
			if (event->kind != RLG_EVENT_ACTION || event->action == NULL)
				continue;
			GROW(fold, model->logged, model->n_logged, room);
			model->logged[model->n_logged++] = (struct rlg_logged){
				.time_us = event->time_us, .run = fold->runs[r].name, .phase = event->phase,
				.job_id = event->job_id, .action = event->action, .subject = event->subject,
				.details = event->details, .result = event->result};
		}
	if (model->n_logged > 1)
		qsort(model->logged, model->n_logged, sizeof(*model->logged), compare_logged);
}

static int compare_gathered(const void *left, const void *right)
{
	const struct gathered *a = left, *b = right;

	if (a->plan_rank != b->plan_rank)
		return a->plan_rank < b->plan_rank ? -1 : 1;
	return strcmp(a->name, b->name);
}

struct rlg_model *rlg_fold_finish(struct rlg_fold *fold)
{
	struct rlg_model *model = fold->model;

	if (fold->n_runs > 1)
		qsort(fold->runs, fold->n_runs, sizeof(*fold->runs), compare_gathered);
	model->runs = rlg_arena_alloc(fold->arena, fold->n_runs * sizeof(*model->runs) + 1);
	model->n_runs = fold->n_runs;
	for (size_t i = 0; i < fold->n_runs; i++) {
		struct rlg_run *run = &model->runs[i];
		fold_run(fold, &fold->runs[i], run);
		model->counts[rlg_run_status(run)]++;
		if (run->word_us > model->word_us)
			model->word_us = run->word_us;
	}
	take_logged(fold);
	return model;
}
