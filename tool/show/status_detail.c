/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `runledger status --run RUN` for people, all about a run: see status.h. */
#include "tool/show/failure_words.h"
#include "tool/show/marks.h"
#include "tool/base/printable.h"
#include "tool/model/progress.h"
#include "tool/show/status.h"
#include "tool/base/table.h"
#include "tool/show/usage_words.h"
#include "tool/base/when.h"

#include "lib/clock.h"

#include <inttypes.h>
#include <string.h>

#define TITLE_WIDTH 12

/* A job may tell as many as it likes; so many still are a page. */
#define MOST_METRICS 24

static const char *moment(const struct rlg_status_view *view, int64_t moment_us)
{
	char text[RLG_TIME_TEXT_MAX];

	return rlg_arena_strdup(view->arena, rlg_clock_local(moment_us, text));
}

/* One fact about a phase; NULL or "" if it is not known. */
typedef const char *fact_fn(const struct rlg_status_view *view, const struct rlg_phase *phase);

static const char *fact_job(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	return phase->job_id;
}

static const char *fact_state(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	struct rlg_attempt said;

	if (phase->deciding == NULL)
		return NULL;
	said = *phase->deciding;
	said.failure = NULL; /* that a node said */
	return rlg_summary_cause(view->arena, &said);
}

static const char *fact_failure(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	struct rlg_bytes words;

	if (phase->deciding == NULL || phase->deciding->failure == NULL)
		return NULL;
	rlg_bytes_init(&words, view->arena);
	rlg_failure_add_who_in_step(&words, phase->deciding->failure);
	rlg_failure_add_how(&words, ": ", phase->deciding->failure);
	return words.data;
}

static const char *fact_time(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	return phase->status == RLG_STATUS_RUNNING ? rlg_status_time(view, phase) : NULL;
}

static const char *fact_nodes(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	return phase->deciding != NULL ? phase->deciding->nodes : NULL;
}

static const char *fact_submitted(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	return phase->deciding != NULL ? moment(view, phase->deciding->submit_us) : NULL;
}

static const char *fact_started(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	return phase->deciding != NULL ? moment(view, phase->deciding->start_us) : NULL;
}

static const char *fact_ended(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	return phase->deciding != NULL ? moment(view, phase->deciding->end_us) : NULL;
}

static const char *fact_used(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	return phase->deciding != NULL ? rlg_usage_line(view->arena, phase->deciding) : NULL;
}

static const char *fact_log(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	return phase->deciding != NULL ? phase->deciding->stdout_path : NULL;
}

static const char *fact_output(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	return phase->output;
}

static const char *fact_sync(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	return phase->sync;
}

static const char *fact_progress(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	const char *how_far = rlg_progress_how_far(view->arena, &phase->progress);

	if (phase->progress.records == 0)
		return NULL;
	return rlg_arena_printf(view->arena, "%s%s%s", how_far == NULL ? "" : how_far, how_far == NULL ? "" : ", ",
				moment(view, phase->progress.last_us));
}

static const struct {
	const char *title;
	fact_fn *tell;
} facts[] = {
	{"job", fact_job},	   {"Slurm says", fact_state},	   {"failed first", fact_failure},
	{"running for", fact_time}, {"nodes", fact_nodes},	   {"submitted", fact_submitted},
	{"started", fact_started},  {"ended", fact_ended},	   {"used", fact_used},	   {"log", fact_log},
	{"output", fact_output},    {"artifacts", fact_sync},	   {"progress", fact_progress},
};

/* A line "  title        fact". */
static void print_fact(FILE *stream, const char *title, const char *fact)
{
	fputs("  ", stream);
	rlg_printable_put(stream, title);
	fprintf(stream, "%*s ", (int)(strlen(title) < TITLE_WIDTH ? TITLE_WIDTH - strlen(title) : 0), "");
	rlg_printable_put(stream, fact);
	fputc('\n', stream);
}

static void print_metric(const struct rlg_status_view *view, const struct rlg_metric *metric, FILE *stream)
{
	const char *best = metric->best == NULL ? "" : rlg_arena_printf(view->arena, ", %s best", metric->best);

	print_fact(stream, metric->name,
		   rlg_arena_printf(view->arena, "%s first, %s last%s", metric->first, metric->last, best));
}

static void print_metrics(const struct rlg_status_view *view, const struct rlg_progress *progress, FILE *stream)
{
	for (size_t i = 0; i < progress->n_metrics && i < MOST_METRICS; i++)
		print_metric(view, &progress->metrics[i], stream);
	if (progress->n_metrics > MOST_METRICS)
		fprintf(stream, "  and %zu more, which --json shows\n", progress->n_metrics - MOST_METRICS);
}

/* Paths are to be copied, so here nothing is cut. */
static void print_phase(const struct rlg_status_view *view, const struct rlg_phase *phase, FILE *stream)
{
	fputc('\n', stream);
	rlg_printable_put(stream, rlg_summary_title(view->arena, phase->name));
	fputs(": ", stream);
	fputs(rlg_terminal_colour(&view->terminal, rlg_mark(phase->status)->colour), stream);
	rlg_printable_put(stream, rlg_status_shown(view, phase));
	fputs(rlg_terminal_colour(&view->terminal, RLG_COLOUR_PLAIN), stream);
	fputc('\n', stream);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		const char *fact = facts[i].tell(view, phase);

		if (fact == NULL || fact[0] == '\0')
			continue;
		print_fact(stream, facts[i].title, fact);
	}
	print_metrics(view, &phase->progress, stream);
}

static const char *attempt_job(const struct rlg_status_view *view, const struct rlg_attempt *attempt)
{
	if (attempt->array_job_id >= 0 && attempt->array_task_id >= 0)
		return rlg_arena_printf(view->arena, "%" PRId64 "_%" PRId64, attempt->array_job_id,
					attempt->array_task_id);
	return attempt->job_id >= 0 ? rlg_arena_printf(view->arena, "%" PRId64, attempt->job_id) : NULL;
}

static void add_attempt(const struct rlg_status_view *view, struct rlg_table *table, const char *phase,
			const struct rlg_attempt *attempt)
{
	rlg_table_add(table, RLG_COLOUR_PLAIN, phase);
	rlg_table_add(table, RLG_COLOUR_PLAIN, attempt_job(view, attempt));
	rlg_table_add(table, RLG_COLOUR_PLAIN, moment(view, attempt->start_us));
	rlg_table_add(table, RLG_COLOUR_PLAIN, attempt->nodes);
	rlg_table_add(table, rlg_mark(attempt->status)->colour, rlg_summary_cause(view->arena, attempt));
}

static void print_attempts(const struct rlg_status_view *view, const struct rlg_run *run, FILE *stream)
{
	static const struct rlg_column columns[] = {
		{.title = "Phase", .flexible = true, .least = 8},
		{.title = "Job"},
		{.title = "Started"},
		{.title = "Nodes", .flexible = true, .least = 8},
		{.title = "How it went", .flexible = true, .wraps = true, .least = 16},
	};
	struct rlg_table table;

	rlg_table_init(&table, view->arena, &view->terminal, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < run->n_phases; i++)
		for (size_t j = 0; j < run->phases[i].n_attempts; j++)
			add_attempt(view, &table, run->phases[i].name, &run->phases[i].attempts[j]);
	if (table.n_cells == 0)
		return;
	fputc('\n', stream);
	rlg_table_print(&table, stream);
}

static void print_words(const struct rlg_status_view *view, const struct rlg_run *run, FILE *stream)
{
	const struct {
		const char *title, *words;
	} words[] = {{"description", run->description}, {"verdict", run->verdict}, {"dashboard", run->wandb}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].words != NULL)
			print_fact(stream, words[i].title, words[i].words);
}

static void print_notes(const struct rlg_status_view *view, const struct rlg_run *run, FILE *stream)
{
	if (run->n_notes > 0)
		fputs("\nNotes\n", stream);
	for (size_t i = 0; i < run->n_notes; i++) {
		const struct rlg_note *note = &run->notes[i];
		const char *phase = note->phase == NULL ? "" : rlg_arena_printf(view->arena, " on %s", note->phase);
		fputs("  ", stream);
		rlg_printable_put(stream, rlg_arena_printf(view->arena, "%s  %s%s%s%s", moment(view, note->time_us),
							   note->user == NULL ? "" : note->user, phase,
							   note->user == NULL && phase[0] == '\0' ? "" : ": ", note->text));
		fputc('\n', stream);
	}
}

static void print_run(const struct rlg_status_view *view, const struct rlg_run *run, FILE *stream)
{
	fputs(rlg_terminal_colour(&view->terminal, RLG_COLOUR_BOLD), stream);
	rlg_printable_put(stream, run->name);
	fputs(rlg_terminal_colour(&view->terminal, RLG_COLOUR_PLAIN), stream);
	fputs(": ", stream);
	rlg_printable_put(stream, rlg_summary_note(view->arena, run));
	if (rlg_summary_has_plan(view->model) && !run->planned)
		fputs(" (not in the plan)", stream);
	fputc('\n', stream);
	print_words(view, run, stream);
	for (size_t i = 0; i < run->n_phases; i++)
		print_phase(view, &run->phases[i], stream);
	print_attempts(view, run, stream);
	print_notes(view, run, stream);
}

void rlg_status_detail(const struct rlg_status_view *view, FILE *stream)
{
	for (size_t i = 0; i < view->n_runs; i++)
		print_run(view, view->runs[i], stream);
}
