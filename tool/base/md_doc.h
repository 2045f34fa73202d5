/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Markdown file as a person edits it, by lines with their places: sections, `- key: value` lines, list items.  For those
 * who change a few bytes of it (text_edit.h) and leave all others alone.
 *
 * What stands in fenced code blocks and HTML comments is no heading and no key.  LF and CRLF, tabs, and bytes that are no
 * UTF-8 are all taken as they are.
 */
#ifndef RLG_MD_DOC_H
#define RLG_MD_DOC_H

#include "lib/err.h"
#include "tool/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct rlg_md_line {
	size_t offset, length; /* without its break */
	size_t next; /* where the line after it begins */
	unsigned level; /* of a heading, 1 to 6; 0: none */
	bool hidden; /* code or comment */
};

struct rlg_md_lines {
	struct rlg_arena *arena;
	const char *text;
	size_t length;
	struct rlg_md_line *list;
	size_t n;
	const char *eol; /* how its lines end: "\n" or "\r\n" */
};

/* The lines [first, end) below a heading, up to the next one of its level or above. */
struct rlg_md_part {
	size_t heading; /* its line */
	size_t first, end;
	const char *title; /* plain text */
};

/* `- key: value`; also without the dash, in bold, in backticks, indented. */
struct rlg_md_key {
	const char *name; /* in lower case, `_` and `-` as blanks */
	size_t offset, length; /* of the value, without blanks around it; a length of 0 stands behind the colon */
	bool needs_blank; /* the value is empty, and there is no blank behind the colon */
};

/*
 * Splits `text`, which must live as long as the result.  -EINVAL with "PATH:LINE: what to do" for a file of which nobody can
 * tell what its sections are: a code block or comment that is not closed, or the marks of a merge that git could not make.
 */
int rlg_md_lines_read(struct rlg_arena *arena, const char *path, const char *text, struct rlg_md_lines *out_lines,
		      struct rlg_err *err);

/* The line's text, in the arena. */
const char *rlg_md_line_text(const struct rlg_md_lines *lines, size_t line);

bool rlg_md_line_is_blank(const struct rlg_md_lines *lines, size_t line);

/* The part below the first heading at or behind line `from`; false: there is none. */
bool rlg_md_part_next(const struct rlg_md_lines *lines, size_t from, struct rlg_md_part *out_part);

/* Behind the last line of the part that is not blank; its first line, if all are. */
size_t rlg_md_part_content_end(const struct rlg_md_lines *lines, const struct rlg_md_part *part);

/* Reads the line as a key with its value; false: it is none. */
bool rlg_md_key_read(const struct rlg_md_lines *lines, size_t line, struct rlg_md_key *out_key);

/*
 * Where the text of a list item begins, behind its blanks and its bullet or number, relative to the text; false: no item.
 * out_number is that of `1.` and `1)`, -1 for a bullet; it may be NULL.
 */
bool rlg_md_item(const struct rlg_md_lines *lines, size_t line, size_t *out_offset, long *out_number);

#endif
