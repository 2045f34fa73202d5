/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which row of experiments.md is about which run: see experiments.h. */
#include "tool/tracker/experiments.h"

#include "lib/clock.h"
#include "tool/base/names.h"

#include <ctype.h>
#include <string.h>

#define DAY_US (INT64_C(86400) * RLG_SECOND_US)
#define DATE_LENGTH 10

/* How sure it is that a row is about a run; the surest row of all counts, the first of equals. */
enum fit {
	FIT_NONE,
	FIT_NEIGHBOUR_DAY, /* RUN_DATE, a day off: another time zone, or typed after midnight */
	FIT_LATER_DAY,	   /* the day of a later attempt */
	FIT_EXACT	   /* the run's name, or RUN_DATE with the day of its first submission */
};

struct finding {
	struct rlg_arena *arena;
	const struct rlg_model *model;
	struct rlg_names *runs;
	struct rlg_exp_doc *doc;
	enum fit *fits; /* of the row found so far, for each run */
};

/* ---- names ---- */

/* 2026-03-11 at `at`. */
static bool is_date(const char *at)
{
	static const char form[] = "dddd-dd-dd";

	for (size_t i = 0; i < DATE_LENGTH; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)at[i]) : at[i] != form[i])
			return false;
	return !isdigit((unsigned char)at[DATE_LENGTH]);
}

static bool is_seam(char character)
{
	return character != '\0' && strchr("_- .", character) != NULL;
}

/* Parts RUN_DATE and DATE_RUN (the name of a run log) into the two. */
static bool part_date(struct rlg_arena *arena, const char *name, const char **out_run, const char **out_date)
{
	size_t length = strlen(name);

	if (length <= DATE_LENGTH + 1)
		return false;
	const char *tail = name + length - DATE_LENGTH;
	if (is_date(tail) && is_seam(tail[-1])) {
		*out_run = rlg_arena_strndup(arena, name, length - DATE_LENGTH - 1);
		*out_date = tail;
		return true;
	}
	if (is_date(name) && is_seam(name[DATE_LENGTH])) {
		*out_run = name + DATE_LENGTH + 1;
		*out_date = rlg_arena_strndup(arena, name, DATE_LENGTH);
		return true;
	}
	return false;
}

/* Without a folder and an .md: people name the run log. */
static const char *bare_name(struct rlg_arena *arena, const char *cell)
{
	const char *slash = strrchr(cell, '/');
	const char *name = slash != NULL ? slash + 1 : cell;
	size_t length = strlen(name);

	return length > 3 && strcmp(name + length - 3, ".md") == 0 ? rlg_arena_strndup(arena, name, length - 3) : name;
}

static bool is_day_of(int64_t moment_us, const char *date)
{
	char text[RLG_TIME_TEXT_MAX];

	return moment_us > 0 && strncmp(rlg_clock_local(moment_us, text), date, DATE_LENGTH) == 0;
}

static enum fit fit_of_moment(int64_t moment_us, const char *date, enum fit same_day)
{
	if (is_day_of(moment_us, date))
		return same_day;
	return is_day_of(moment_us - DAY_US, date) || is_day_of(moment_us + DAY_US, date) ? FIT_NEIGHBOUR_DAY : FIT_NONE;
}

/* A name with the day of something else is another experiment's. */
static enum fit fit_of_date(const struct rlg_run *run, const char *date)
{
	enum fit best = fit_of_moment(rlg_exp_begun_us(run), date, FIT_EXACT);

	for (size_t p = 0; p < run->n_phases; p++)
		for (size_t a = 0; a < run->phases[p].n_attempts; a++) {
			enum fit fit = fit_of_moment(run->phases[p].attempts[a].submit_us, date, FIT_LATER_DAY);
			best = fit > best ? fit : best;
		}
	return best;
}

static size_t run_called(const struct finding *finding, const char *name)
{
	return rlg_names_find(finding->runs, name);
}

/* The run that this cell names, or RLG_NAMES_NONE. */
static size_t find_run(const struct finding *finding, const char *cell, enum fit *out_fit)
{
	const char *name = bare_name(finding->arena, cell), *run, *date;
	size_t at = run_called(finding, cell);

	*out_fit = FIT_EXACT;
	if (at == RLG_NAMES_NONE)
		at = run_called(finding, name);
	if (at != RLG_NAMES_NONE || !part_date(finding->arena, name, &run, &date))
		return at;
	at = run_called(finding, run);
	if (at != RLG_NAMES_NONE)
		*out_fit = fit_of_date(&finding->model->runs[at], date);
	return *out_fit != FIT_NONE ? at : RLG_NAMES_NONE;
}

const char *rlg_exp_row_name(struct rlg_arena *arena, const struct rlg_run *run, const struct rlg_exp_table *table)
{
	const char *name = run->name, *bare, *date;
	char text[RLG_TIME_TEXT_MAX];

	if ((table == NULL || table->dated) && !part_date(arena, name, &bare, &date) && rlg_exp_begun_us(run) > 0)
		name = rlg_arena_printf(arena, "%s_%.*s", name, DATE_LENGTH, rlg_clock_local(rlg_exp_begun_us(run), text));
	/* A name may hold what parts cells. */
	struct rlg_bytes cell;
	rlg_bytes_init(&cell, arena);
	for (; *name != '\0'; name++)
		rlg_bytes_addf(&cell, strchr("|\\`", *name) != NULL ? "\\%c" : "%c", *name);
	return table != NULL && table->quoted && strchr(run->name, '`') == NULL ? rlg_arena_printf(arena, "`%s`", cell.data)
										: cell.data;
}

/* ---- tables ---- */

static size_t shown_width(const char *text, const struct rlg_md_span *span)
{
	size_t width = 0;

	for (size_t i = 0; i < span->length; i++)
		width += ((unsigned char)text[span->offset + i] & 0xc0) != 0x80;
	return width;
}

static bool is_aligned(const struct rlg_md_table *md, const char *text)
{
	for (size_t r = 0; r < md->n_rows; r++) {
		if (md->rows[r].n_cells != md->header.n_cells)
			return false;
		for (size_t c = 0; c < md->header.n_cells; c++)
			if (shown_width(text, &md->rows[r].spans[c]) != shown_width(text, &md->header.spans[c]))
				return false;
	}
	return md->n_rows > 0;
}

static void look_at_names(struct rlg_arena *arena, struct rlg_exp_table *table, const char *text)
{
	const struct rlg_md_table *md = table->md;
	const char *run, *date;
	size_t named = 0;

	for (size_t r = 0; r < md->n_rows; r++) {
		const char *cell = rlg_md_cell(&md->rows[r], table->run_column);
		if (cell[0] == '\0')
			continue;
		const struct rlg_md_span *span = &md->rows[r].spans[table->run_column];
		named++;
		table->dated = table->dated || part_date(arena, bare_name(arena, cell), &run, &date);
		table->quoted = memchr(text + span->offset, '`', span->length) != NULL; /* as the last row does */
	}
	table->dated = table->dated || named == 0;
}

static bool read_columns(struct rlg_arena *arena, struct rlg_exp_table *table)
{
	const struct rlg_md_row *header = &table->md->header;

	table->run_column = RLG_MD_NO_COLUMN;
	table->columns = rlg_arena_alloc(arena, (header->n_cells + 1) * sizeof(*table->columns));
	table->headings = rlg_arena_alloc(arena, (header->n_cells + 1) * sizeof(*table->headings));
	for (size_t c = 0; c < header->n_cells; c++) {
		const char *heading = rlg_exp_heading(arena, header->cells[c]);
		bool twice = heading[0] == '\0';

		for (size_t i = 0; i < c && !twice; i++)
			twice = table->headings[i] != NULL && strcmp(table->headings[i], heading) == 0;
		table->headings[c] = twice ? NULL : heading;
		table->columns[c] = rlg_exp_column_of(heading);
		if (table->columns[c] == RLG_EXP_RUN && table->run_column == RLG_MD_NO_COLUMN)
			table->run_column = c;
	}
	return table->run_column != RLG_MD_NO_COLUMN && header->n_cells > 1;
}

static void take_row(struct finding *finding, const struct rlg_exp_table *table, const struct rlg_md_row *row)
{
	enum fit fit;
	size_t run = find_run(finding, rlg_md_cell(row, table->run_column), &fit);

	if (run == RLG_NAMES_NONE || fit <= finding->fits[run])
		return;
	finding->fits[run] = fit;
	finding->doc->rows[run] = (struct rlg_exp_row){.table = table, .md = row};
}

void rlg_exp_doc_read(struct rlg_arena *arena, const struct rlg_model *model, const char *text, struct rlg_exp_doc *out_doc)
{
	struct finding finding = {.arena = arena, .model = model, .runs = rlg_names_new(arena), .doc = out_doc};
	struct rlg_md_doc md;

	for (size_t i = 0; i < model->n_runs; i++)
		rlg_names_add(finding.runs, model->runs[i].name, i);
	rlg_md_parse(arena, text, &md);
	*out_doc = (struct rlg_exp_doc){.tables = rlg_arena_alloc(arena, (md.n_items + 1) * sizeof(*out_doc->tables)),
					.rows = rlg_arena_alloc(arena, (model->n_runs + 1) * sizeof(*out_doc->rows))};
	finding.fits = rlg_arena_alloc(arena, (model->n_runs + 1) * sizeof(*finding.fits));
	for (size_t i = 0; i < md.n_items; i++) {
		struct rlg_exp_table *table = &out_doc->tables[out_doc->n_tables];
		*table = (struct rlg_exp_table){.md = md.items[i].table};
		if (table->md == NULL || !read_columns(arena, table))
			continue;
		out_doc->n_tables++;
		table->aligned = is_aligned(table->md, text);
		look_at_names(arena, table, text);
		for (size_t r = 0; r < table->md->n_rows; r++)
			take_row(&finding, table, &table->md->rows[r]);
	}
}
