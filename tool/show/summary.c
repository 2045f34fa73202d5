/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words about a group and its runs: see summary.h; next actions are in summary_actions.c. */
#include "tool/show/summary.h"

#include "lib/clock.h"
#include "tool/base/bytes.h"
#include "tool/show/failure_words.h"
#include "tool/show/marks.h"
#include "tool/model/progress.h"
#include "tool/base/when.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

/* As many names as one still reads in a line. */
#define NAMES_MOST 4

/* What has been reached first, then what is in the works. */
static const enum rlg_status line_order[] = {
	RLG_STATUS_RUNNING, RLG_STATUS_SUBMITTED, RLG_STATUS_FAILED, RLG_STATUS_PENDING, RLG_STATUS_SKIPPED,
};

static void add_completed_names(struct rlg_bytes *bytes, const struct rlg_model *model)
{
	const char *before = " (";

	for (size_t i = 0; i < model->n_runs; i++) {
		if (rlg_run_status(&model->runs[i]) != RLG_STATUS_COMPLETED)
			continue;
		rlg_bytes_addf(bytes, "%s%s", before, model->runs[i].name);
		before = ", ";
	}
	rlg_bytes_add(bytes, ")");
}

const char *rlg_summary_line(struct rlg_arena *arena, const struct rlg_model *model)
{
	size_t completed = model->counts[RLG_STATUS_COMPLETED];
	struct rlg_bytes bytes;

	if (model->n_runs == 0)
		return "no runs yet";
	rlg_bytes_init(&bytes, arena);
	rlg_bytes_addf(&bytes, "%zu of %zu completed", completed, model->n_runs);
	if (completed > 0 && completed <= NAMES_MOST)
		add_completed_names(&bytes, model);
	for (size_t i = 0; i < sizeof(line_order) / sizeof(line_order[0]); i++)
		if (model->counts[line_order[i]] > 0)
			rlg_bytes_addf(&bytes, ", %zu %s", model->counts[line_order[i]], rlg_mark(line_order[i])->word);
	return bytes.data;
}

const char *rlg_summary_title(struct rlg_arena *arena, const char *phase)
{
	char *title = rlg_arena_strdup(arena, phase);

	if (phase[0] != '\0' && strspn(phase, "abcdefghijklmnopqrstuvwxyz") == strlen(phase))
		title[0] -= 'a' - 'A';
	return title;
}

struct columns {
	struct rlg_arena *arena;
	const char **names;
	size_t n, room;
};

static void add_column(struct columns *columns, const char *name)
{
	for (size_t i = 0; i < columns->n; i++)
		if (strcmp(columns->names[i], name) == 0)
			return;
	if (columns->n == columns->room) {
		columns->room = columns->room > 0 ? 2 * columns->room : 8;
		columns->names = rlg_arena_grow(columns->arena, columns->names, columns->n, columns->room,
						sizeof(columns->names[0]));
	}
	columns->names[columns->n++] = name;
}

const char *const *rlg_summary_columns(struct rlg_arena *arena, const struct rlg_model *model, size_t *out_n)
{
	struct columns columns = {.arena = arena};

	for (size_t i = 0; i < model->n_phases; i++)
		add_column(&columns, model->phases[i]);
	for (size_t i = 0; i < model->n_runs; i++)
		for (size_t j = 0; j < model->runs[i].n_phases; j++)
			add_column(&columns, model->runs[i].phases[j].name);
	*out_n = columns.n;
	return columns.names;
}

const struct rlg_phase *rlg_summary_phase(const struct rlg_run *run)
{
	enum rlg_status status = rlg_run_status(run);
	const struct rlg_phase *last_done = NULL;

	for (size_t i = 0; i < run->n_phases; i++) {
		const struct rlg_phase *phase = &run->phases[i];

		if (phase->status == status && status != RLG_STATUS_COMPLETED && status != RLG_STATUS_PENDING)
			return phase;
		if (phase->status == RLG_STATUS_COMPLETED)
			last_done = phase;
	}
	return last_done != NULL || run->n_phases == 0 ? last_done : &run->phases[0];
}

bool rlg_summary_has_plan(const struct rlg_model *model)
{
	for (size_t i = 0; i < model->n_runs; i++)
		if (model->runs[i].planned)
			return true;
	return false;
}

/* Reasons that say no more than the state beside them. */
static bool says_nothing(const char *reason)
{
	static const char *const empty[] = {
		"None", "NonZeroExitCode", "TimeLimit", "OutOfMemory", "Resources", "Priority",
	};

	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		if (strcmp(reason, empty[i]) == 0)
			return true;
	return false;
}

/* The job's own exit code and signal, `before` the first of them.  False: there are none. */
static bool add_status(struct rlg_bytes *bytes, const struct rlg_attempt *attempt, const char *before)
{
	if (attempt->exit_code > 0) {
		rlg_bytes_addf(bytes, "%sexit code %" PRId64, before, attempt->exit_code);
		before = ", ";
	}
	if (attempt->signal > 0) {
		rlg_bytes_add(bytes, before);
		rlg_words_add_signal(bytes, attempt->signal);
	}
	return attempt->exit_code > 0 || attempt->signal > 0;
}

/*
 * Does the job's own status say no more than what is said of the task?  srun ends with the highest status of all tasks,
 * which is that of those it ended then, 128 + their signal; and for memory srun makes 1, Slurm a signal 125.
 */
static bool adds_nothing(const struct rlg_attempt *attempt, const struct rlg_failure *failure)
{
	int64_t code = attempt->exit_code;

	if (failure->oom == 1 || (attempt->slurm_state != NULL && strcmp(attempt->slurm_state, "OUT_OF_MEMORY") == 0))
		return true;
	if (attempt->signal > 0)
		return attempt->signal == failure->signal;
	return code <= 0 || code == failure->exit_code || code == 128 + SIGTERM || code == 128 + SIGKILL ||
	       (failure->signal > 0 && code == 128 + failure->signal);
}

static void add_failure(struct rlg_bytes *bytes, const struct rlg_attempt *attempt, const char *before)
{
	rlg_bytes_add(bytes, before);
	rlg_failure_add_cause(bytes, attempt->failure, attempt->slurm_state);
	if (!adds_nothing(attempt, attempt->failure))
		add_status(bytes, attempt, "; job ");
}

static void add_cause(struct rlg_bytes *bytes, const struct rlg_attempt *attempt, bool with_time)
{
	bool has_time = with_time && attempt->start_us > 0 && attempt->end_us >= attempt->start_us;
	const char *before = has_time ? ": " : ", ";
	char duration[RLG_WHEN_TEXT_MAX];

	rlg_bytes_add(bytes, attempt->slurm_state != NULL ? attempt->slurm_state : "UNKNOWN");
	if (has_time)
		rlg_bytes_addf(bytes, " after %s", rlg_when_duration(attempt->end_us - attempt->start_us, duration));
	if (attempt->ended && attempt->failure != NULL) {
		add_failure(bytes, attempt, before);
		before = ", ";
	} else if (add_status(bytes, attempt, before)) {
		before = ", ";
	}
	if (attempt->reason != NULL && attempt->reason[0] != '\0' && !says_nothing(attempt->reason))
		rlg_bytes_addf(bytes, "%s%s", before, attempt->reason);
}

const char *rlg_summary_cause(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	struct rlg_bytes bytes;

	rlg_bytes_init(&bytes, arena);
	add_cause(&bytes, attempt, true);
	return bytes.data;
}

/* "Eval job 1234568", or "Eval on n1" where ids and times stand elsewhere. */
static void add_phase_job(struct rlg_bytes *bytes, const struct rlg_phase *phase, bool in_full)
{
	const struct rlg_attempt *attempt = phase->deciding;

	rlg_bytes_add(bytes, rlg_summary_title(bytes->arena, phase->name));
	if (in_full && phase->job_id != NULL)
		rlg_bytes_addf(bytes, " job %s", phase->job_id);
	if (!in_full && phase->status == RLG_STATUS_RUNNING && attempt != NULL && attempt->nodes != NULL)
		rlg_bytes_addf(bytes, " on %s", attempt->nodes);
}

/* Of the job that counts; where it came to an end, that says how far it got. */
static void add_how_far(struct rlg_bytes *bytes, const struct rlg_phase *phase)
{
	const char *words = phase->deciding == NULL || phase->status == RLG_STATUS_SUBMITTED
				    ? NULL
				    : rlg_progress_how_far(bytes->arena, &phase->deciding->progress);

	if (words != NULL)
		rlg_bytes_addf(bytes, ", %s", words);
}

static void add_phase_note(struct rlg_bytes *bytes, const struct rlg_phase *phase, bool in_full)
{
	char since[RLG_TIME_TEXT_MAX];

	add_phase_job(bytes, phase, in_full);
	if (phase->status == RLG_STATUS_FAILED && phase->deciding == NULL)
		rlg_bytes_add(bytes, ": marked as failed by hand");
	else if (phase->status == RLG_STATUS_FAILED) {
		rlg_bytes_add(bytes, ": ");
		add_cause(bytes, phase->deciding, in_full);
	} else if (phase->status == RLG_STATUS_SUBMITTED)
		rlg_bytes_add(bytes, phase->n_attempts > 1 ? " back in the queue" : " in the queue");
	add_how_far(bytes, phase);
	if (phase->silent_since_us > 0)
		rlg_bytes_addf(bytes, ", no word since %s", rlg_clock_local(phase->silent_since_us, since));
	if (phase->n_attempts > 1)
		rlg_bytes_addf(bytes, ", attempt %zu", phase->n_attempts);
}

static const struct rlg_phase *first_pending(const struct rlg_run *run)
{
	for (size_t i = 0; i < run->n_phases; i++)
		if (run->phases[i].status == RLG_STATUS_PENDING)
			return &run->phases[i];
	return NULL;
}

static void add_pending_note(struct rlg_bytes *bytes, const struct rlg_run *run)
{
	const struct rlg_phase *next = first_pending(run);

	for (size_t i = 0; next != NULL && i < run->n_phases; i++) {
		if (run->phases[i].status == RLG_STATUS_PENDING)
			continue;
		rlg_bytes_addf(bytes, "%s not submitted yet", rlg_summary_title(bytes->arena, next->name));
		return;
	}
	rlg_bytes_add(bytes, "Not started");
}

static const char *note(struct rlg_arena *arena, const struct rlg_run *run, bool in_full)
{
	enum rlg_status status = rlg_run_status(run);
	struct rlg_bytes bytes;

	rlg_bytes_init(&bytes, arena);
	if (status == RLG_STATUS_COMPLETED)
		rlg_bytes_add(&bytes, "All done!");
	else if (status == RLG_STATUS_SKIPPED)
		rlg_bytes_add(&bytes, "Skipped");
	else if (status == RLG_STATUS_PENDING)
		add_pending_note(&bytes, run);
	else
		for (size_t i = 0; i < run->n_phases; i++) {
			if (run->phases[i].status != status)
				continue;
			rlg_bytes_add(&bytes, bytes.length > 0 ? "; " : "");
			add_phase_note(&bytes, &run->phases[i], in_full);
		}
	if (run->note != NULL)
		rlg_bytes_addf(&bytes, "; %s", run->note);
	return bytes.data;
}

const char *rlg_summary_note(struct rlg_arena *arena, const struct rlg_run *run)
{
	return note(arena, run, true);
}

const char *rlg_summary_short_note(struct rlg_arena *arena, const struct rlg_run *run)
{
	return note(arena, run, false);
}
