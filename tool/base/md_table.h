/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Headings and pipe tables out of Markdown that people write by hand.
 *
 * Tolerant on purpose: outer pipes or none, any sort of delimiter row or none where every row begins with a pipe,
 * rows longer or shorter than the header, CRLF, tabs.  What stands in fenced code blocks and HTML comments is not seen.
 */
#ifndef RLG_MD_TABLE_H
#define RLG_MD_TABLE_H

#include "tool/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* No column: rlg_md_column() found none. */
#define RLG_MD_NO_COLUMN ((size_t)-1)

/* Bytes of the text that was parsed. */
struct rlg_md_span {
	size_t offset, length;
};

struct rlg_md_row {
	size_t line; /* from 1 */
	const char **cells; /* plain text, see rlg_md_plain() */
	const struct rlg_md_span *spans; /* what stands between the pipes, with its blanks */
	size_t n_cells;
	struct rlg_md_span whole; /* the line, without its break */
	size_t end; /* behind its last cell, or the pipe that closes it: where one more cell goes */
	bool closed; /* a pipe stands behind its last cell */
};

struct rlg_md_table {
	struct rlg_md_row header;
	struct rlg_md_row *rows;
	size_t n_rows;
	size_t end; /* where its last row ends, or its header with the rule below it, before the break */
};

/* A heading or a table, whichever `table` says. */
struct rlg_md_item {
	size_t line;
	unsigned level; /* of the heading: 1 to 6; 0: a table */
	const char *title; /* the heading's plain text; NULL: a table */
	const struct rlg_md_table *table; /* NULL: a heading */
};

struct rlg_md_doc {
	struct rlg_md_item *items; /* in the order of the text */
	size_t n_items;
};

/* Never fails: what looks like neither a heading nor a table is passed over. */
void rlg_md_parse(struct rlg_arena *arena, const char *text, struct rlg_md_doc *out_doc);

/*
 * `length` bytes of Markdown as plain text: blanks around it, bold, italic, strike-through, backticks, links, footnote
 * marks, HTML comments and backslash escapes go.  An underscore within a word stays.
 */
char *rlg_md_plain(struct rlg_arena *arena, const char *words, size_t length);

/*
 * The first column of the header that is called by one of `names` (lower case, ended by NULL; an earlier name wins over
 * a later one).  Case, and `_` against a blank, make no difference.
 */
size_t rlg_md_column(const struct rlg_md_table *table, const char *const *names);

/* The cell in that column, or "" where the row is too short or `column` is RLG_MD_NO_COLUMN. */
const char *rlg_md_cell(const struct rlg_md_row *row, size_t column);

/*
 * The end of the section whose heading is items[heading]: the number of the next heading of its level or above, or
 * n_items.
 */
size_t rlg_md_section_end(const struct rlg_md_doc *doc, size_t heading);

#endif
