/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `runledger status` for people, a row a run: see status.h. */
#include "tool/show/marks.h"
#include "tool/base/printable.h"
#include "tool/show/status.h"
#include "tool/base/table.h"
#include "tool/base/when.h"

#include "lib/clock.h"

#include <string.h>

/* A name is still recognised, and a note still tells something, in so many cells. */
#define LEAST_NAME 12
#define LEAST_NOTE 12

const char *rlg_status_time(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	const struct rlg_attempt *attempt = phase->deciding;
	char text[RLG_WHEN_TEXT_MAX] = "";

	if (attempt == NULL)
		return "";
	if (phase->status == RLG_STATUS_SUBMITTED && attempt->submit_us > 0)
		return rlg_arena_printf(view->arena, "since %s",
					rlg_when_short(attempt->submit_us, view->now_us, text));
	if (phase->status == RLG_STATUS_RUNNING && attempt->start_us > 0)
		rlg_when_duration(view->now_us - attempt->start_us, text);
	else if (attempt->start_us > 0 && attempt->end_us > 0)
		rlg_when_duration(attempt->end_us - attempt->start_us, text);
	return rlg_arena_strdup(view->arena, text);
}

const char *rlg_status_shown(const struct rlg_status_view *view, const struct rlg_phase *phase)
{
	const struct rlg_mark *mark = rlg_mark(phase->status);

	return rlg_arena_printf(view->arena, "%s %s", view->terminal.ascii_marks ? mark->ascii : mark->mark,
				phase->status_text != NULL ? phase->status_text : mark->word);
}

static void add_phase_cell(const struct rlg_status_view *view, struct rlg_table *table, const struct rlg_phase *phase)
{
	if (phase == NULL)
		rlg_table_add(table, RLG_COLOUR_DIM, "-");
	else
		rlg_table_add(table, rlg_mark(phase->status)->colour, rlg_status_shown(view, phase));
}

static void add_job_and_time(const struct rlg_status_view *view, struct rlg_table *table, const struct rlg_phase *phase)
{
	rlg_table_add(table, RLG_COLOUR_PLAIN, phase != NULL ? phase->job_id : NULL);
	rlg_table_add(table, RLG_COLOUR_PLAIN, phase != NULL ? rlg_status_time(view, phase) : NULL);
}

/* A column for each phase. */
static void make_wide(const struct rlg_status_view *view, struct rlg_table *out_table, bool planned)
{
	size_t n_phases;
	const char *const *phases = rlg_summary_columns(view->arena, view->model, &n_phases);
	struct rlg_column *columns = rlg_arena_alloc(view->arena, (n_phases + 4) * sizeof(columns[0]));

	columns[0] = (struct rlg_column){.title = "Run", .flexible = true, .least = LEAST_NAME};
	for (size_t i = 0; i < n_phases; i++)
		columns[i + 1].title = rlg_summary_title(view->arena, phases[i]);
	columns[n_phases + 1].title = "Job";
	columns[n_phases + 2].title = "Time";
	columns[n_phases + 3] = (struct rlg_column){.title = "Notes", .flexible = true, .least = LEAST_NOTE};
	rlg_table_init(out_table, view->arena, &view->terminal, columns, n_phases + 4);
	for (size_t i = 0; i < view->n_runs; i++) {
		const struct rlg_run *run = view->runs[i];

		if (run->planned != planned)
			continue;
		rlg_table_add(out_table, RLG_COLOUR_PLAIN, run->name);
		for (size_t j = 0; j < n_phases; j++)
			add_phase_cell(view, out_table, rlg_run_phase(run, phases[j]));
		add_job_and_time(view, out_table, rlg_summary_phase(run));
		rlg_table_add(out_table, RLG_COLOUR_PLAIN, rlg_summary_short_note(view->arena, run));
	}
}

static void add_tall_rows(const struct rlg_status_view *view, struct rlg_table *table, const struct rlg_run *run,
			  bool with_notes)
{
	const struct rlg_phase *about = rlg_summary_phase(run);

	for (size_t i = 0; i < run->n_phases; i++) {
		const struct rlg_phase *phase = &run->phases[i];

		rlg_table_add(table, RLG_COLOUR_PLAIN, i == 0 ? run->name : NULL);
		rlg_table_add(table, RLG_COLOUR_PLAIN, phase->name);
		add_phase_cell(view, table, phase);
		add_job_and_time(view, table, phase);
		if (with_notes)
			rlg_table_add(table, RLG_COLOUR_PLAIN,
				      phase == about ? rlg_summary_short_note(view->arena, run) : NULL);
	}
}

/* A row for each phase, where so many columns have no room beside each other; notes too may have none. */
static void make_tall(const struct rlg_status_view *view, struct rlg_table *out_table, bool planned, bool with_notes)
{
	static const struct rlg_column columns[] = {
		{.title = "Run", .flexible = true, .least = LEAST_NAME},
		{.title = "Phase", .flexible = true, .least = LEAST_NAME},
		{.title = "Status"},
		{.title = "Job"},
		{.title = "Time"},
		{.title = "Notes", .flexible = true, .least = LEAST_NOTE},
	};
	size_t n_columns = sizeof(columns) / sizeof(columns[0]) - (with_notes ? 0 : 1);

	rlg_table_init(out_table, view->arena, &view->terminal, columns, n_columns);
	for (size_t i = 0; i < view->n_runs; i++)
		if (view->runs[i]->planned == planned)
			add_tall_rows(view, out_table, view->runs[i], with_notes);
}

/* The runs that are planned, or that are not; nothing if there are none. */
static bool print_runs(const struct rlg_status_view *view, FILE *stream, bool planned, const char *before)
{
	struct rlg_table table;

	make_wide(view, &table, planned);
	if (!rlg_table_fits(&table))
		make_tall(view, &table, planned, true);
	if (!rlg_table_fits(&table))
		make_tall(view, &table, planned, false);
	if (table.n_cells == 0)
		return false;
	fputc('\n', stream);
	if (before != NULL)
		rlg_paragraph_print(view->arena, &view->terminal, 0, before, stream);
	rlg_table_print(&table, stream);
	return true;
}

/* Name and counts on one line if they fit, else on one each. */
static void print_heading(const struct rlg_status_view *view, FILE *stream)
{
	const struct rlg_terminal *terminal = &view->terminal;
	const char *name = view->model->run_group, *line = rlg_summary_line(view->arena, view->model);
	size_t width = rlg_text_width(terminal, name) + 2 + rlg_text_width(terminal, line);
	bool fits = terminal->width == 0 || width <= terminal->width;

	fputs(rlg_terminal_colour(terminal, RLG_COLOUR_BOLD), stream);
	rlg_printable_put(stream, name);
	fputs(rlg_terminal_colour(terminal, RLG_COLOUR_PLAIN), stream);
	fputs(fits ? ": " : ":\n", stream);
	rlg_paragraph_print(view->arena, terminal, 0, line, stream);
}

/* "- words: command".  A command is to be copied: where it does not fit behind the words it has lines of its own. */
static void print_action(const struct rlg_status_view *view, const struct rlg_action *action, FILE *stream)
{
	const struct rlg_terminal *terminal = &view->terminal;
	const char *words = rlg_arena_printf(view->arena, "- %s%s", action->words, action->code != NULL ? ":" : "");
	const char *line = action->code == NULL ? words : rlg_arena_printf(view->arena, "%s %s", words, action->code);

	if (terminal->width == 0 || rlg_text_width(terminal, line) <= terminal->width)
		words = line;
	rlg_paragraph_print(view->arena, terminal, 2, words, stream);
	if (words == line || action->code == NULL)
		return;
	fputs("    ", stream);
	rlg_printable_put(stream, action->code);
	fputc('\n', stream);
}

static void print_actions(const struct rlg_status_view *view, FILE *stream)
{
	bool any = false;

	for (size_t i = 0; i < view->actions.n; i++) {
		const struct rlg_action *action = &view->actions.list[i];

		/* Whoever reads this is monitoring already, and the damage is told on stderr. */
		if (action->kind == RLG_ACTION_MONITOR || action->kind == RLG_ACTION_DAMAGE)
			continue;
		if (!any) {
			fputc('\n', stream);
			rlg_terminal_print(&view->terminal, stream, RLG_COLOUR_BOLD, "Next");
			fputc('\n', stream);
			any = true;
		}
		print_action(view, action, stream);
	}
}

void rlg_status_table(const struct rlg_status_view *view, FILE *stream)
{
	bool has_plan = rlg_summary_has_plan(view->model), any;

	print_heading(view, stream);
	any = print_runs(view, stream, has_plan, NULL);
	if (has_plan)
		any |= print_runs(view, stream, false,
				  "Not in the plan (to say which run is meant: `sbatch --run=RUN`)");
	if (!any && view->filtered)
		fputs("\nNo run is like that.\n", stream);
	if (!view->filtered)
		print_actions(view, stream);
}
