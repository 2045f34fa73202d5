/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Columns on a screen.  On a terminal a table fits its width: the widest of the flexible columns is cut, with an
 * ellipsis, until it does.  Elsewhere nothing is cut.  Text is made harmless (printable.h).
 */
#ifndef RLG_TABLE_H
#define RLG_TABLE_H

#include "tool/base/arena.h"
#include "tool/base/terminal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct rlg_column {
	const char *title;
	bool right; /* flush right, for numbers */
	bool flexible; /* may be cut */
	bool wraps; /* goes on on the next line instead of being cut; for a flexible last column */
	size_t least; /* but not narrower than so many cells */
};

struct rlg_cell {
	const char *shown; /* as it is printed */
	size_t width; /* in cells of the screen */
	enum rlg_colour colour;
};

/* Cells lie row by row. */
struct rlg_table {
	struct rlg_arena *arena;
	const struct rlg_terminal *terminal;
	const struct rlg_column *columns;
	size_t n_columns;
	struct rlg_cell *cells;
	size_t n_cells;
	size_t room;
};

/* The arena, terminal and columns must outlive the table. */
void rlg_table_init(struct rlg_table *table, struct rlg_arena *arena, const struct rlg_terminal *terminal,
		    const struct rlg_column *columns, size_t n_columns);

/* The next cell, row by row from the left; NULL is an empty one.  The last row must be filled before printing. */
void rlg_table_add(struct rlg_table *table, enum rlg_colour colour, const char *text);

/* Does it fit the screen if the flexible columns are cut as far as they may be?  Always true where there is none. */
bool rlg_table_fits(const struct rlg_table *table);

/* Prints the titles and the rows; columns without a title and without text are left out, blanks at the end too. */
void rlg_table_print(const struct rlg_table *table, FILE *stream);

/* A text of its own in lines that fit, all but the first indented by so many cells.  Ends with a newline. */
void rlg_paragraph_print(struct rlg_arena *arena, const struct rlg_terminal *terminal, size_t indent, const char *text,
			 FILE *stream);

/* How wide `text` is on this screen, once it is harmless. */
size_t rlg_text_width(const struct rlg_terminal *terminal, const char *text);

#endif
