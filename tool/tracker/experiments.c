/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tracker experiments.md, a table that compares runs: see experiments.h. */
#include "tool/tracker/experiments.h"

#include "tool/base/text_edit.h"
#include "tool/tracker/tracker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct rendering {
	struct rlg_arena *arena;
	const struct rlg_model *model;
	const char *text;
	const char *eol;
	struct rlg_exp_doc doc;
	struct rlg_exp_memory *memory;
	struct rlg_text_edits edits;
};

/* ---- cells that are there ---- */

static void trim(const char *text, struct rlg_md_span *span)
{
	while (span->length > 0 && strchr(" \t\r", text[span->offset]) != NULL) {
		span->offset++;
		span->length--;
	}
	while (span->length > 0 && strchr(" \t\r", text[span->offset + span->length - 1]) != NULL)
		span->length--;
}

/* Characters, near enough to what an editor lines up by. */
static size_t width_of(const char *words, size_t length)
{
	size_t width = 0;

	for (size_t i = 0; i < length; i++)
		width += ((unsigned char)words[i] & 0xc0) != 0x80;
	return width;
}

/* " value ", and as wide as `width` where it fits. */
static const char *padded(struct rlg_arena *arena, const char *value, size_t width)
{
	size_t own = width_of(value, strlen(value)) + 2;

	return rlg_arena_printf(arena, " %s %*s", value, own < width ? (int)(width - own) : 0, "");
}

static void fill_cell(struct rendering *rendering, const struct rlg_exp_table *table, const struct rlg_md_span *whole,
		      const char *value)
{
	size_t width = width_of(rendering->text + whole->offset, whole->length);

	rlg_text_edits_add(&rendering->edits, whole->offset, whole->length,
			   padded(rendering->arena, value, table->aligned ? width : 0));
}

/* One cell that stands there. */
static void update_cell(struct rendering *rendering, const struct rlg_run *run, const struct rlg_exp_row *row, size_t column)
{
	const char *heading = row->table->headings[column];
	struct rlg_md_span inner = row->md->spans[column];

	trim(rendering->text, &inner);
	const char *now = rlg_arena_strndup(rendering->arena, rendering->text + inner.offset, inner.length);
	const char *written = rlg_exp_memory_get(rendering->memory, run->name, heading);
	bool is_ours = written != NULL && strcmp(written, now) == 0;
	if (!is_ours && !rlg_exp_is_placeholder(rendering->arena, now)) {
		rlg_exp_memory_set(rendering->memory, run->name, heading, NULL); /* a person's, from now on */
		return;
	}
	const char *value = rlg_exp_value(rendering->arena, run, row->table->columns[column], heading);
	if (value == NULL || strcmp(value, now) == 0)
		return;
	fill_cell(rendering, row->table, &row->md->spans[column], value);
	rlg_exp_memory_set(rendering->memory, run->name, heading, value);
}

/* A row that is shorter than its table gets longer only where there is something to say. */
static void add_missing_cells(struct rendering *rendering, const struct rlg_run *run, const struct rlg_exp_row *row)
{
	struct rlg_bytes cells, blank;

	rlg_bytes_init(&cells, rendering->arena);
	rlg_bytes_init(&blank, rendering->arena);
	for (size_t c = row->md->n_cells; c < row->table->md->header.n_cells; c++) {
		const char *heading = row->table->headings[c];
		const char *value = heading == NULL ? NULL
						    : rlg_exp_value(rendering->arena, run, row->table->columns[c], heading);
		rlg_bytes_addf(&blank, row->md->closed ? " %s |" : " | %s", value != NULL ? value : "");
		if (value == NULL)
			continue;
		rlg_bytes_add(&cells, blank.data);
		rlg_bytes_init(&blank, rendering->arena);
		rlg_exp_memory_set(rendering->memory, run->name, heading, value);
	}
	if (cells.length > 0)
		rlg_text_edits_add(&rendering->edits, row->md->end, 0, cells.data);
}

static void update_row(struct rendering *rendering, const struct rlg_run *run, const struct rlg_exp_row *row)
{
	size_t n_columns = row->table->md->header.n_cells;

	rlg_exp_memory_set(rendering->memory, run->name, "", "row");
	for (size_t c = 0; c < n_columns && c < row->md->n_cells; c++)
		if (row->table->columns[c] != RLG_EXP_RUN && row->table->headings[c] != NULL)
			update_cell(rendering, run, row, c);
	add_missing_cells(rendering, run, row);
}

/* ---- rows that are new ---- */

static int compare_runs(const void *left, const void *right)
{
	const struct rlg_run *one = *(const struct rlg_run *const *)left, *other = *(const struct rlg_run *const *)right;
	int64_t one_us = rlg_exp_begun_us(one), other_us = rlg_exp_begun_us(other);

	if (one_us != other_us)
		return one_us < other_us ? -1 : 1;
	return strcmp(one->name, other->name);
}

/* Runs that began and that the file never had a row for: one that a person took out stays out. */
static const struct rlg_run **new_runs(const struct rendering *rendering, size_t *out_n)
{
	const struct rlg_model *model = rendering->model;
	const struct rlg_run **runs = rlg_arena_alloc(rendering->arena, (model->n_runs + 1) * sizeof(*runs));

	*out_n = 0;
	for (size_t i = 0; i < model->n_runs; i++)
		if (rendering->doc.rows[i].table == NULL && rlg_exp_has_begun(&model->runs[i]) &&
		    rlg_exp_memory_get(rendering->memory, model->runs[i].name, "") == NULL)
			runs[(*out_n)++] = &model->runs[i];
	if (*out_n > 1)
		qsort(runs, *out_n, sizeof(*runs), compare_runs);
	return runs;
}

static const char *new_cell(struct rendering *rendering, const struct rlg_exp_table *table, size_t column,
			    const struct rlg_run *run)
{
	const char *heading = table->headings[column], *value;

	if (column == table->run_column)
		return rlg_exp_row_name(rendering->arena, run, table);
	value = heading == NULL ? NULL : rlg_exp_first_value(rendering->arena, run, table->columns[column], heading);
	if (value == NULL)
		return "";
	rlg_exp_memory_set(rendering->memory, run->name, heading, value);
	return value;
}

static const char *new_row(struct rendering *rendering, const struct rlg_exp_table *table, const struct rlg_run *run)
{
	const struct rlg_md_row *header = &table->md->header;
	struct rlg_md_span line = header->whole;
	struct rlg_bytes row;

	trim(rendering->text, &line);
	bool opened = rendering->text[line.offset] == '|';
	rlg_bytes_init(&row, rendering->arena);
	rlg_bytes_add_n(&row, rendering->text + header->whole.offset, line.offset - header->whole.offset);
	for (size_t c = 0; c < header->n_cells; c++) {
		const char *value = new_cell(rendering, table, c, run);
		size_t width = width_of(rendering->text + header->spans[c].offset, header->spans[c].length);
		const char *cell = padded(rendering->arena, value, table->aligned ? width : 0);
		rlg_bytes_addf(&row, "%s%s", c > 0 || opened ? "|" : "", cell + (c == 0 && !opened));
	}
	rlg_bytes_add(&row, header->closed ? "|" : "");
	rlg_exp_memory_set(rendering->memory, run->name, "", "row");
	return row.data;
}

static void add_rows(struct rendering *rendering, const struct rlg_exp_table *table)
{
	struct rlg_bytes rows;
	size_t n;
	const struct rlg_run **runs = new_runs(rendering, &n);

	rlg_bytes_init(&rows, rendering->arena);
	for (size_t i = 0; i < n; i++)
		rlg_bytes_addf(&rows, "%s%s", rendering->eol, new_row(rendering, table, runs[i]));
	if (n > 0)
		rlg_text_edits_add(&rendering->edits, table->md->end, 0, rows.data);
}

/* ---- a table that is not there yet ---- */

/* The seed's table, without rows, to go behind `text`. */
static const char *new_table(const struct rendering *rendering)
{
	const char *metric = rlg_exp_heading(rendering->arena, rlg_exp_main_metric(rendering->model));
	const char *eol = rendering->eol;
	struct rlg_bytes table;

	/* Names with a blank or a bar in them are no heading of ours. */
	if (strcspn(metric, "|`\\<") != strlen(metric))
		metric = "val loss";
	char *heading = rlg_arena_strdup(rendering->arena, metric);
	for (char *at = heading; *at != '\0'; at++)
		*at = *at == ' ' ? '_' : *at;
	rlg_bytes_init(&table, rendering->arena);
	if (rendering->text[0] == '\0')
		rlg_bytes_addf(&table, "# Experiments%s", eol);
	else if (rendering->text[strlen(rendering->text) - 1] != '\n')
		rlg_bytes_add(&table, eol);
	rlg_bytes_addf(&table, "%s| run | description | %s | status | notes |%s|-----|-------------|", eol, heading, eol);
	for (size_t i = 0; i < strlen(heading) + 2; i++)
		rlg_bytes_add(&table, "-");
	rlg_bytes_addf(&table, "|--------|-------|%s", eol);
	return table.data;
}

/* Where the last comment or block of code begins: what a table behind it would be lost in. */
static size_t line_of_last_opening(const char *text)
{
	static const char *const marks[] = {"```", "~~~", "<!--"};
	size_t line = 1, found = 1;

	for (const char *at = text; *at != '\0'; at++) {
		for (size_t i = 0; i < 3; i++)
			found = strncmp(at, marks[i], strlen(marks[i])) == 0 ? line : found;
		line += *at == '\n';
	}
	return found;
}

/* Reads `text` with a table behind it, if there is something for it to hold. */
static int begin_table(struct rendering *rendering, const char *path, struct rlg_err *err)
{
	size_t n;

	new_runs(rendering, &n);
	if (n == 0)
		return 0;
	const char *old = rendering->text;
	rendering->text = rlg_arena_printf(rendering->arena, "%s%s", old, new_table(rendering));
	rlg_exp_doc_read(rendering->arena, rendering->model, rendering->text, &rendering->doc);
	if (rendering->doc.n_tables == 0)
		return rlg_fail(err, -EINVAL, "%s:%zu: a comment or block of code begins here that nothing ends, so that no table "
				"can follow; close it", path, line_of_last_opening(old));
	return 0;
}

/* ---- the whole ---- */

static int render(const struct rlg_tracker_view *view, const struct rlg_tracker_place *place, const char *path,
		  const char *text, const char *base, struct rlg_bytes *out, struct rlg_err *err)
{
	struct rendering rendering = {.arena = view->arena, .model = view->model, .text = text != NULL ? text : ""};
	int code = 0;

	(void)place;
	(void)base;
	rendering.eol = strstr(rendering.text, "\r\n") != NULL ? "\r\n" : "\n";
	rendering.memory = rlg_exp_memory_read(view->arena, text != NULL ? view->memory : NULL);
	rlg_exp_doc_read(view->arena, view->model, rendering.text, &rendering.doc);
	if (rendering.doc.n_tables == 0)
		code = begin_table(&rendering, path, err);
	if (code != 0)
		return code;
	rlg_text_edits_init(&rendering.edits, view->arena);
	for (size_t i = 0; i < view->model->n_runs; i++)
		if (rendering.doc.rows[i].table != NULL)
			update_row(&rendering, &view->model->runs[i], &rendering.doc.rows[i]);
	if (rendering.doc.n_tables > 0)
		add_rows(&rendering, &rendering.doc.tables[0]);
	if (rlg_text_edits_apply(&rendering.edits, rendering.text, strlen(rendering.text), out) < 0)
		return rlg_fail(err, -EINVAL, "%s:1: this file cannot be brought up to date, as its cells overlap", path);
	if (view->remember != NULL)
		rlg_exp_memory_write(rendering.memory, view->remember);
	return 0;
}

const struct rlg_tracker rlg_tracker_experiments = {
	.name = "experiments",
	.default_path = "run_logs/experiments.md",
	.about = "a table that compares the runs: metric, keep or discard, notes",
	.render = render,
};
