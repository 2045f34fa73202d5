/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns on a screen: see table.h. */
#include "tool/base/table.h"

#include "tool/base/bytes.h"
#include "tool/base/printable.h"

#include <assert.h>
#include <string.h>

#define GAP 2

void rlg_table_init(struct rlg_table *table, struct rlg_arena *arena, const struct rlg_terminal *terminal,
		    const struct rlg_column *columns, size_t n_columns)
{
	*table = (struct rlg_table){
		.arena = arena,
		.terminal = terminal,
		.columns = columns,
		.n_columns = n_columns,
	};
}

size_t rlg_text_width(const struct rlg_terminal *terminal, const char *text)
{
	char shown[RLG_SHOWN_MAX];
	size_t width = 0;

	while (*text != '\0')
		width += rlg_printable_next(&text, terminal->ascii_text, shown);
	return width;
}

static struct rlg_cell make_cell(const struct rlg_table *table, enum rlg_colour colour, const char *text)
{
	struct rlg_cell cell = {.colour = colour};
	char shown[RLG_SHOWN_MAX];
	struct rlg_bytes bytes;

	rlg_bytes_init(&bytes, table->arena);
	while (text != NULL && *text != '\0') {
		cell.width += rlg_printable_next(&text, table->terminal->ascii_text, shown);
		rlg_bytes_add(&bytes, shown);
	}
	cell.shown = bytes.data != NULL ? bytes.data : "";
	return cell;
}

void rlg_table_add(struct rlg_table *table, enum rlg_colour colour, const char *text)
{
	if (table->n_cells == table->room) {
		table->room = table->room > 0 ? 2 * table->room : 16 * table->n_columns;
		table->cells = rlg_arena_grow(table->arena, table->cells, table->n_cells, table->room,
					      sizeof(table->cells[0]));
	}
	table->cells[table->n_cells++] = make_cell(table, colour, text);
}

/* The widths that the columns would like to have; 0 for those that are left out. */
static size_t *wanted_widths(const struct rlg_table *table)
{
	size_t *widths = rlg_arena_alloc(table->arena, table->n_columns * sizeof(widths[0]));

	for (size_t i = 0; i < table->n_columns; i++)
		widths[i] = rlg_text_width(table->terminal, table->columns[i].title);
	for (size_t i = 0; i < table->n_cells && table->n_columns > 0; i++)
		if (widths[i % table->n_columns] < table->cells[i].width)
			widths[i % table->n_columns] = table->cells[i].width;
	return widths;
}

static size_t total_width(const struct rlg_table *table, const size_t *widths)
{
	size_t total = 0;

	for (size_t i = 0; i < table->n_columns; i++)
		total += widths[i] > 0 ? widths[i] + (total > 0 ? GAP : 0) : 0;
	return total;
}

/* The column to take from: the widest flexible one that has something to give; NULL if there is none. */
static size_t *widest(const struct rlg_table *table, size_t *widths)
{
	size_t *found = NULL;

	for (size_t i = 0; i < table->n_columns; i++)
		if (table->columns[i].flexible && widths[i] > table->columns[i].least &&
		    (found == NULL || widths[i] > *found))
			found = &widths[i];
	return found;
}

static size_t *fitting_widths(const struct rlg_table *table)
{
	size_t *widths = wanted_widths(table);
	size_t *taken;

	if (table->terminal->width == 0)
		return widths;
	while (total_width(table, widths) > table->terminal->width && (taken = widest(table, widths)) != NULL)
		(*taken)--;
	return widths;
}

bool rlg_table_fits(const struct rlg_table *table)
{
	return table->terminal->width == 0 || total_width(table, fitting_widths(table)) <= table->terminal->width;
}

/* As much of the cell as `width` holds, with an ellipsis if that is not all.  Returns the cells it takes. */
static size_t cut(const struct rlg_table *table, const struct rlg_cell *cell, size_t width, struct rlg_bytes *out)
{
	const char *ellipsis = table->terminal->ascii_marks ? "..." : "…";
	size_t ellipsis_width = rlg_text_width(table->terminal, ellipsis);
	const char *at = cell->shown;
	char shown[RLG_SHOWN_MAX];
	size_t used = 0;

	if (cell->width <= width) {
		rlg_bytes_add(out, cell->shown);
		return cell->width;
	}
	if (ellipsis_width > width)
		ellipsis = "", ellipsis_width = 0;
	while (*at != '\0') {
		size_t more = rlg_printable_next(&at, table->terminal->ascii_text, shown);

		if (used + more + ellipsis_width > width)
			break;
		rlg_bytes_add(out, shown);
		used += more;
	}
	rlg_bytes_add(out, ellipsis);
	return used + ellipsis_width;
}

/* Blanks are kept back in `owed` until something follows them, so that no line ends in blanks. */
static void print_cell(const struct rlg_table *table, const struct rlg_cell *cell, size_t width, bool right,
		       size_t *owed, FILE *stream)
{
	struct rlg_bytes bytes;
	size_t blanks;

	rlg_bytes_init(&bytes, table->arena);
	blanks = width - cut(table, cell, width, &bytes);
	if (right) {
		*owed += blanks;
		blanks = 0;
	}
	if (bytes.length > 0) {
		fprintf(stream, "%*s", (int)*owed, "");
		rlg_terminal_print(table->terminal, stream, cell->colour, bytes.data);
		*owed = 0;
	}
	*owed += blanks + GAP;
}

/* The beginning of the cell that fits, up to a blank where there is one; *rest is what is left, NULL if nothing is. */
static struct rlg_cell beginning_of(const struct rlg_table *table, const struct rlg_cell *cell, size_t width,
				    const char **rest)
{
	const char *at = cell->shown, *end = at, *blank = NULL;
	char shown[RLG_SHOWN_MAX];
	size_t used = 0;

	*rest = NULL;
	if (cell->width <= width)
		return *cell;
	while (*at != '\0') {
		used += rlg_printable_next(&at, table->terminal->ascii_text, shown);
		/* At least one character, so that the rest gets shorter. */
		if (used > width && end > cell->shown)
			break;
		blank = *at == ' ' ? at : blank;
		end = at;
	}
	/* A word that is longer than the line, such as a path, is broken where the line ends. */
	if (blank != NULL && blank > cell->shown)
		end = blank;
	*rest = end + strspn(end, " ");
	const char *beginning = rlg_arena_strndup(table->arena, cell->shown, (size_t)(end - cell->shown));
	return make_cell(table, cell->colour, beginning);
}

static void print_row(const struct rlg_table *table, const struct rlg_cell *cells, const size_t *widths, FILE *stream)
{
	size_t owed = 0, last = table->n_columns - 1;
	size_t indent = total_width(table, widths) - widths[last];
	const char *rest = NULL;

	for (size_t i = 0; i < table->n_columns; i++) {
		struct rlg_cell cell = cells[i];

		if (table->columns[i].wraps)
			cell = beginning_of(table, &cells[i], widths[i], &rest);
		if (widths[i] > 0)
			print_cell(table, &cell, widths[i], table->columns[i].right, &owed, stream);
	}
	fputc('\n', stream);
	while (rest != NULL && *rest != '\0') {
		struct rlg_cell left = make_cell(table, cells[last].colour, rest);
		struct rlg_cell cell = beginning_of(table, &left, widths[last], &rest);

		owed = indent;
		print_cell(table, &cell, widths[last], false, &owed, stream);
		fputc('\n', stream);
	}
}

static void print_titles(const struct rlg_table *table, const size_t *widths, FILE *stream)
{
	struct rlg_cell *titles = rlg_arena_alloc(table->arena, table->n_columns * sizeof(titles[0]));
	bool any = false;

	for (size_t i = 0; i < table->n_columns; i++) {
		titles[i] = make_cell(table, RLG_COLOUR_BOLD, table->columns[i].title);
		any |= titles[i].width > 0;
	}
	if (any)
		print_row(table, titles, widths, stream);
}

void rlg_table_print(const struct rlg_table *table, FILE *stream)
{
	size_t *widths = fitting_widths(table);

	assert(table->n_cells % table->n_columns == 0);
	print_titles(table, widths, stream);
	for (size_t i = 0; i < table->n_cells; i += table->n_columns)
		print_row(table, &table->cells[i], widths, stream);
}

void rlg_paragraph_print(struct rlg_arena *arena, const struct rlg_terminal *terminal, size_t indent, const char *text,
			 FILE *stream)
{
	const struct rlg_table table = {.arena = arena, .terminal = terminal};
	struct rlg_cell cell = make_cell(&table, RLG_COLOUR_PLAIN, text);
	size_t width = terminal->width == 0 ? cell.width : terminal->width;
	const char *rest;

	for (;;) {
		fprintf(stream, "%s\n", beginning_of(&table, &cell, width, &rest).shown);
		if (rest == NULL || *rest == '\0')
			return;
		fprintf(stream, "%*s", (int)indent, "");
		width = terminal->width - indent;
		cell = make_cell(&table, RLG_COLOUR_PLAIN, rest);
	}
}
