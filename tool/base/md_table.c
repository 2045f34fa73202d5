/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headings and pipe tables out of Markdown: see md_table.h. */
#include "tool/base/md_table.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Six #, and three backticks or tildes for a fence, by CommonMark. */
#define HEADING_LEVEL_MAX 6
#define FENCE_LEAST 3

/* A longer cell holds no name; it is cut, as looking for the ends of its brackets costs the square of its length. */
#define PLAIN_MAX 16384

#define COMMENT_OPENS "<!--"
#define COMMENT_ENDS "-->"

/* A line without its break, its comments blanked out. */
struct line {
	char *at;
	size_t length;
	size_t offset; /* in the text */
	bool fenced; /* a fence, or between two */
};

struct reading {
	struct rlg_arena *arena;
	struct line *lines;
	size_t n_lines;
	struct rlg_md_doc *doc;
	size_t room;
};

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\r';
}

/* Of a blank at `at`: its bytes, 0 for none.  Word processors leave no-break spaces behind. */
static size_t blank_length(const char *at, size_t left)
{
	if (left > 0 && is_blank(*at))
		return 1;
	return left >= 2 && memcmp(at, "\xc2\xa0", 2) == 0 ? 2 : 0;
}

static void trim(const char **at, size_t *length)
{
	size_t blank;

	while ((blank = blank_length(*at, *length)) > 0) {
		*at += blank;
		*length -= blank;
	}
	while (*length > 0) {
		if (is_blank((*at)[*length - 1]))
			*length -= 1;
		else if (*length >= 2 && memcmp(*at + *length - 2, "\xc2\xa0", 2) == 0)
			*length -= 2;
		else
			return;
	}
}

/* ---- plain text ---- */

/* What may stand around a whole cell. */
static const char *const wrappers[] = {"***", "**", "__", "~~", "*", "_"};

static bool unwrap(const char **at, size_t *length)
{
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
		size_t width = strlen(wrappers[i]);

		if (*length <= 2 * width || memcmp(*at, wrappers[i], width) != 0 ||
		    memcmp(*at + *length - width, wrappers[i], width) != 0)
			continue;
		*at += width;
		*length -= 2 * width;
		trim(at, length);
		return true;
	}
	return false;
}

/* The end of a link's target behind `]`: (url) or [reference]; `at` itself if there is none. */
static const char *skip_target(const char *at, const char *end)
{
	static const char pairs[] = "()[]";
	const char *pair = at < end ? memchr(pairs, *at, sizeof(pairs) - 1) : NULL;

	if (pair == NULL || (pair - pairs) % 2 != 0)
		return at;
	const char *closed = memchr(at, pair[1], (size_t)(end - at));
	return closed != NULL ? closed + 1 : at;
}

/*
 * What `[` at `at` begins.  Returns behind it, with the text that shows in *out_text and *out_length; NULL if it is
 * only a bracket.
 */
static const char *read_link(const char *at, const char *end, const char **out_text, size_t *out_length)
{
	const char *closed = memchr(at, ']', (size_t)(end - at));

	if (closed == NULL)
		return NULL;
	*out_text = at + 1;
	*out_length = (size_t)(closed - at - 1);
	if (*out_length > 0 && at[1] == '^') {
		*out_length = 0;
		return closed + 1;
	}
	const char *behind = skip_target(closed + 1, end);
	return behind != closed + 1 ? behind : NULL;
}

/* The comment that begins at `at`: its bytes, 0 for none. */
static size_t comment_length(const char *at, const char *end)
{
	size_t left = (size_t)(end - at);

	if (left < strlen(COMMENT_OPENS) || memcmp(at, COMMENT_OPENS, strlen(COMMENT_OPENS)) != 0)
		return 0;
	const char *closed = memmem(at, left, COMMENT_ENDS, strlen(COMMENT_ENDS));
	return closed != NULL ? (size_t)(closed - at) + strlen(COMMENT_ENDS) : left;
}

/* One step of the plain text: what it writes goes to *to; returns behind what it read. */
static const char *plain_step(const char *at, const char *end, bool *in_code, char **to)
{
	size_t comment = comment_length(at, end), length;
	const char *text, *behind;

	if (*at == '`') {
		*in_code = !*in_code;
		return at + 1;
	}
	if (*at == '\\' && at + 1 < end && ispunct((unsigned char)at[1]) && (!*in_code || at[1] == '|')) {
		*(*to)++ = at[1];
		return at + 2;
	}
	if (!*in_code && comment > 0)
		return at + comment;
	if (!*in_code && end - at >= 2 && (memcmp(at, "**", 2) == 0 || memcmp(at, "~~", 2) == 0))
		return at + 2;
	if (!*in_code && *at == '[' && (behind = read_link(at, end, &text, &length)) != NULL) {
		for (const char *next = text; next < text + length;)
			next = plain_step(next, text + length, in_code, to);
		return behind;
	}
	*(*to)++ = *at;
	return at + 1;
}

char *rlg_md_plain(struct rlg_arena *arena, const char *words, size_t length)
{
	char *buffer = rlg_arena_alloc(arena, length + 1), *to = buffer;
	const char *at = words, *result = buffer;
	bool in_code = false;

	trim(&at, &length);
	length = length < PLAIN_MAX ? length : PLAIN_MAX;
	while (unwrap(&at, &length))
		;
	for (const char *end = at + length; at < end;)
		at = plain_step(at, end, &in_code, &to);
	length = (size_t)(to - buffer);
	trim(&result, &length);
	return rlg_arena_strndup(arena, result, length);
}

/* ---- lines ---- */

/* Overwrites comments with blanks, so that a `|` within one parts no cells; *in_comment goes on to the next line. */
static void blank_comments(struct line *line, bool *in_comment)
{
	char *at = line->at, *end = line->at + line->length;

	while (at < end) {
		size_t left = (size_t)(end - at);
		char *from = *in_comment ? at : memmem(at, left, COMMENT_OPENS, strlen(COMMENT_OPENS));

		if (from == NULL)
			return;
		char *closed = memmem(from, (size_t)(end - from), COMMENT_ENDS, strlen(COMMENT_ENDS));
		at = closed != NULL ? closed + strlen(COMMENT_ENDS) : end;
		memset(from, ' ', (size_t)(at - from));
		*in_comment = closed == NULL;
	}
}

struct fence {
	char character; /* '\0': none is open */
	size_t width;
};

/* Whether the line is a run of at least FENCE_LEAST backticks or tildes, and what stands behind them. */
static bool is_fence(const struct line *line, struct fence *out_fence, const char **out_rest, size_t *out_length)
{
	const char *at = line->at;
	size_t length = line->length, width = 0;

	trim(&at, &length);
	while (width < length && at[width] == at[0])
		width++;
	if (width < FENCE_LEAST || (at[0] != '`' && at[0] != '~'))
		return false;
	*out_fence = (struct fence){.character = at[0], .width = width};
	*out_rest = at + width;
	*out_length = length - width;
	return true;
}

static void note_fence(struct line *line, struct fence *open)
{
	struct fence fence;
	const char *rest;
	size_t length;

	line->fenced = open->character != '\0';
	if (!is_fence(line, &fence, &rest, &length))
		return;
	if (open->character == '\0') {
		/* ```code``` within one line is no fence. */
		if (fence.character == '`' && memchr(rest, '`', length) != NULL)
			return;
		*open = fence;
		line->fenced = true;
	} else if (fence.character == open->character && fence.width >= open->width && length == 0) {
		open->character = '\0';
	}
}

static void add_line(struct reading *reading, size_t *room, const char *at, size_t length, size_t offset)
{
	if (reading->n_lines == *room) {
		*room = *room == 0 ? 64 : *room * 2;
		reading->lines = rlg_arena_grow(reading->arena, reading->lines, reading->n_lines, *room,
						sizeof(*reading->lines));
	}
	reading->lines[reading->n_lines++] =
		(struct line){.at = rlg_arena_strndup(reading->arena, at, length), .length = length, .offset = offset};
}

static void split_lines(struct reading *reading, const char *text)
{
	struct fence fence = {0};
	const char *begin = text;
	bool in_comment = false;
	size_t room = 0;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	while (*text != '\0') {
		size_t length = strcspn(text, "\r\n");

		add_line(reading, &room, text, length, (size_t)(text - begin));
		struct line *line = &reading->lines[reading->n_lines - 1];
		if (!in_comment)
			note_fence(line, &fence);
		if (!line->fenced)
			blank_comments(line, &in_comment);
		text += length;
		text += text[0] == '\r' && text[1] == '\n' ? 2 : *text != '\0';
	}
}

/* ---- tables ---- */

static const char *find_pipe(const char *at, const char *end)
{
	for (; at < end; at++) {
		if (*at == '\\')
			at++;
		else if (*at == '|')
			return at;
	}
	return NULL;
}

static bool has_pipe(const struct line *line)
{
	return !line->fenced && find_pipe(line->at, line->at + line->length) != NULL;
}

static bool begins_with_pipe(const struct line *line)
{
	const char *at = line->at;
	size_t length = line->length;

	trim(&at, &length);
	return !line->fenced && length > 0 && *at == '|';
}

/* Only rules: |---|:--:| and what people and editors make of it (+ at the corners, = or dashes of other lengths). */
static bool is_delimiter(const struct line *line)
{
	const char *at = line->at, *end = at + line->length;
	bool rule = false;

	while (at < end) {
		/* U+2013 and U+2014, en and em dash */
		bool dash = end - at >= 3 && (memcmp(at, "\xe2\x80\x93", 3) == 0 || memcmp(at, "\xe2\x80\x94", 3) == 0);

		if (!dash && strchr("|-:+= \t\r", *at) == NULL)
			return false;
		rule = rule || dash || *at == '-' || *at == '=';
		at += dash ? 3 : 1;
	}
	return rule && !line->fenced;
}

static size_t count_cells(const char *at, const char *end)
{
	size_t count = 1;

	while ((at = find_pipe(at, end)) != NULL) {
		count++;
		at++;
	}
	return count;
}

static struct rlg_md_row read_row(struct reading *reading, size_t number)
{
	const struct line *line = &reading->lines[number];
	struct rlg_md_row row = {.line = number + 1, .whole = {line->offset, line->length}};
	const char *at = line->at;
	size_t length = line->length;

	trim(&at, &length);
	const char *end = at + length;
	if (at < end && *at == '|')
		at++;
	size_t room = count_cells(at, end);
	struct rlg_md_span *spans = rlg_arena_alloc(reading->arena, room * sizeof(*spans));
	row.cells = rlg_arena_alloc(reading->arena, room * sizeof(*row.cells));
	row.spans = spans;
	while (at < end) {
		const char *pipe = find_pipe(at, end);
		const char *stop = pipe != NULL ? pipe : end;

		spans[row.n_cells] = (struct rlg_md_span){line->offset + (size_t)(at - line->at), (size_t)(stop - at)};
		row.cells[row.n_cells++] = rlg_md_plain(reading->arena, at, (size_t)(stop - at));
		row.closed = pipe != NULL;
		at = stop + 1;
	}
	row.end = line->offset + (size_t)(end - line->at);
	return row;
}

static struct rlg_md_item *add_item(struct reading *reading, size_t number)
{
	struct rlg_md_doc *doc = reading->doc;

	if (doc->n_items == reading->room) {
		reading->room = reading->room == 0 ? 16 : reading->room * 2;
		doc->items = rlg_arena_grow(reading->arena, doc->items, doc->n_items, reading->room,
					    sizeof(*doc->items));
	}
	doc->items[doc->n_items].line = number + 1;
	return &doc->items[doc->n_items++];
}

static bool table_begins(const struct reading *reading, size_t number)
{
	const struct line *line = &reading->lines[number];

	if (number + 1 >= reading->n_lines || !has_pipe(line) || is_delimiter(line))
		return false;
	return is_delimiter(line + 1) || (begins_with_pipe(line) && begins_with_pipe(line + 1));
}

/* Returns the number of the line behind the table. */
static size_t read_table(struct reading *reading, size_t number)
{
	struct rlg_md_table *table = rlg_arena_alloc(reading->arena, sizeof(*table));
	size_t end = number + 1;

	while (end < reading->n_lines && (has_pipe(&reading->lines[end]) || is_delimiter(&reading->lines[end])))
		end++;
	add_item(reading, number)->table = table;
	table->header = read_row(reading, number);
	table->rows = rlg_arena_alloc(reading->arena, (end - number) * sizeof(*table->rows));
	for (size_t i = number + 1; i < end; i++) {
		if (!is_delimiter(&reading->lines[i]))
			table->rows[table->n_rows++] = read_row(reading, i);
	}
	const struct line *last = &reading->lines[table->n_rows > 0 ? table->rows[table->n_rows - 1].line - 1 : end - 1];
	table->end = last->offset + last->length;
	return end;
}

/* ---- headings ---- */

/* `## Title ##`; returns whether it was one. */
static bool read_heading(struct reading *reading, size_t number)
{
	const char *at = reading->lines[number].at;
	size_t length = reading->lines[number].length, level = 0;

	trim(&at, &length);
	while (level < length && at[level] == '#')
		level++;
	if (level == 0 || level > HEADING_LEVEL_MAX || (level < length && !is_blank(at[level])))
		return false;
	at += level;
	length -= level;
	trim(&at, &length);
	while (length > 0 && at[length - 1] == '#')
		length--;
	struct rlg_md_item *item = add_item(reading, number);
	item->level = (unsigned)level;
	item->title = rlg_md_plain(reading->arena, at, length);
	return true;
}

/* The level that a line of only `=` (1) or `-` (2) gives to the text above it; 0 for any other line. */
static unsigned underline_level(const struct line *line)
{
	const char *at = line->at;
	size_t length = line->length;

	trim(&at, &length);
	if (line->fenced || length < 2)
		return 0;
	for (size_t i = 0; i < length; i++) {
		if (at[i] != at[0])
			return 0;
	}
	return at[0] == '=' ? 1 : at[0] == '-' ? 2 : 0;
}

static bool read_underlined(struct reading *reading, size_t number)
{
	const char *at = reading->lines[number].at;
	size_t length = reading->lines[number].length;

	if (number + 1 >= reading->n_lines)
		return false;
	unsigned level = underline_level(&reading->lines[number + 1]);
	trim(&at, &length);
	if (level == 0 || length == 0)
		return false;
	struct rlg_md_item *item = add_item(reading, number);
	item->level = level;
	item->title = rlg_md_plain(reading->arena, at, length);
	return true;
}

void rlg_md_parse(struct rlg_arena *arena, const char *text, struct rlg_md_doc *out_doc)
{
	struct reading reading = {.arena = arena, .doc = out_doc};

	*out_doc = (struct rlg_md_doc){0};
	split_lines(&reading, text);
	for (size_t i = 0; i < reading.n_lines;) {
		/* A table first: a header without outer pipes may begin with the column `#`. */
		if (reading.lines[i].fenced)
			i++;
		else if (table_begins(&reading, i))
			i = read_table(&reading, i);
		else if (!read_heading(&reading, i) && read_underlined(&reading, i))
			i += 2;
		else
			i++;
	}
}

/* ---- questions ---- */

static bool same_title(const char *title, const char *name)
{
	while (*title != '\0' && *name != '\0') {
		char character = *title == '_' ? ' ' : (char)tolower((unsigned char)*title);

		if (character != *name)
			return false;
		/* `Run  Name` is `Run Name`. */
		while (character == ' ' && (title[1] == ' ' || title[1] == '_'))
			title++;
		title++;
		name++;
	}
	return *title == '\0' && *name == '\0';
}

size_t rlg_md_column(const struct rlg_md_table *table, const char *const *names)
{
	for (; *names != NULL; names++) {
		for (size_t i = 0; i < table->header.n_cells; i++) {
			if (same_title(table->header.cells[i], *names))
				return i;
		}
	}
	return RLG_MD_NO_COLUMN;
}

const char *rlg_md_cell(const struct rlg_md_row *row, size_t column)
{
	return column < row->n_cells ? row->cells[column] : "";
}

size_t rlg_md_section_end(const struct rlg_md_doc *doc, size_t heading)
{
	size_t end = heading + 1;

	while (end < doc->n_items && (doc->items[end].table != NULL || doc->items[end].level > doc->items[heading].level))
		end++;
	return end;
}
