/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Markdown file by its lines: see md_doc.h. */
#include "tool/base/md_doc.h"

#include "tool/base/md_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* By CommonMark: at most six #, fences of three or more, indented by less than four blanks. */
#define LEVEL_MAX 6
#define FENCE_LEAST 3
#define INDENT_MAX 3

/* A longer one is a sentence with a colon in it. */
#define KEY_MAX 40

/* No list is longer, and the number fits. */
#define DIGITS_MAX 9

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\r';
}

/* ---- lines ---- */

/* What is open while lines are read. */
struct reading {
	struct rlg_md_lines *lines;
	size_t room;
	char fence; /* ` or ~ of the code block that is open; 0: none */
	size_t fence_length, fence_line;
	bool comment;
	size_t comment_line;
};

static size_t run_of(const char *at, const char *end, char character)
{
	size_t count = 0;

	while (at + count < end && at[count] == character)
		count++;
	return count;
}

static const char *skip_indent(const char *at, const char *end)
{
	const char *start = at;

	while (at < end && *at == ' ' && at - start <= INDENT_MAX)
		at++;
	return at;
}

static bool is_rest_blank(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at == end;
}

/* Opens or closes a code block; true: the line is a part of one. */
static bool read_fence(struct reading *reading, const char *at, const char *end)
{
	const char *start = skip_indent(at, end);
	char mark = start < end ? *start : '\0';
	size_t count = mark == '`' || mark == '~' ? run_of(start, end, mark) : 0;

	if (reading->fence != 0) {
		if (mark == reading->fence && count >= reading->fence_length && is_rest_blank(start + count, end))
			reading->fence = 0;
		return true;
	}
	/* Three backticks with others behind them are code within the line. */
	if (start - at > INDENT_MAX || count < FENCE_LEAST ||
	    (mark == '`' && memchr(start + count, '`', (size_t)(end - start) - count) != NULL))
		return false;
	reading->fence = mark;
	reading->fence_length = count;
	reading->fence_line = reading->lines->n + 1;
	return true;
}

/* True: the line lies in a comment.  One that begins within a line is left to that line. */
static bool read_comment(struct reading *reading, const char *at, const char *end)
{
	const char *start = skip_indent(at, end);
	bool inside = reading->comment;

	if (!inside && end - start >= 4 && memcmp(start, "<!--", 4) == 0) {
		inside = reading->comment = true;
		reading->comment_line = reading->lines->n + 1;
		at = start + 4;
	}
	if (inside && memmem(at, (size_t)(end - at), "-->", 3) != NULL)
		reading->comment = false;
	return inside;
}

static unsigned heading_level(const char *at, const char *end)
{
	const char *start = skip_indent(at, end);
	size_t count = run_of(start, end, '#');

	if (start - at > INDENT_MAX || count == 0 || count > LEVEL_MAX)
		return 0;
	return start + count == end || is_blank(start[count]) ? (unsigned)count : 0;
}

static bool is_merge_mark(const char *at, const char *end)
{
	return end - at >= 8 && (memcmp(at, "<<<<<<< ", 8) == 0 || memcmp(at, ">>>>>>> ", 8) == 0);
}

static void add_line(struct reading *reading, const char *at, const char *end, const char *next)
{
	struct rlg_md_lines *lines = reading->lines;
	struct rlg_md_line line = {.offset = (size_t)(at - lines->text), .length = (size_t)(end - at),
				   .next = (size_t)(next - lines->text)};

	line.hidden = (!reading->comment && read_fence(reading, at, end)) || read_comment(reading, at, end);
	line.level = line.hidden ? 0 : heading_level(at, end);
	if (lines->n == reading->room) {
		reading->room = reading->room == 0 ? 64 : 2 * reading->room;
		lines->list = rlg_arena_grow(lines->arena, lines->list, lines->n, reading->room, sizeof(line));
	}
	lines->list[lines->n++] = line;
}

static int check_closed(const struct reading *reading, const char *path, struct rlg_err *err)
{
	if (reading->fence != 0)
		return rlg_fail(err, -EINVAL,
				"%s:%zu: the code block that begins here is not closed, so the sections below it "
				"cannot be told; close it with a line of %c%c%c",
				path, reading->fence_line, reading->fence, reading->fence, reading->fence);
	if (reading->comment)
		return rlg_fail(err, -EINVAL, "%s:%zu: the comment that begins here is not closed; close it with -->", path,
				reading->comment_line);
	return 0;
}

int rlg_md_lines_read(struct rlg_arena *arena, const char *path, const char *text, struct rlg_md_lines *out_lines,
		      struct rlg_err *err)
{
	struct reading reading = {.lines = out_lines};
	const char *at = text, *all_end = text + strlen(text);

	*out_lines = (struct rlg_md_lines){.arena = arena, .text = text, .length = (size_t)(all_end - text), .eol = "\n"};
	if (strncmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	while (at < all_end) {
		const char *newline = memchr(at, '\n', (size_t)(all_end - at));
		const char *next = newline != NULL ? newline + 1 : all_end, *end = newline != NULL ? newline : all_end;
		if (end > at && end[-1] == '\r') {
			end--;
			out_lines->eol = out_lines->n == 0 ? "\r\n" : out_lines->eol;
		}
		if (is_merge_mark(at, end))
			return rlg_fail(err, -EINVAL,
					"%s:%zu: here are the marks of a merge that git left to you; resolve it first", path,
					out_lines->n + 1);
		add_line(&reading, at, end, next);
		at = next;
	}
	return check_closed(&reading, path, err);
}

const char *rlg_md_line_text(const struct rlg_md_lines *lines, size_t line)
{
	return rlg_arena_strndup(lines->arena, lines->text + lines->list[line].offset, lines->list[line].length);
}

bool rlg_md_line_is_blank(const struct rlg_md_lines *lines, size_t line)
{
	const char *at = lines->text + lines->list[line].offset;

	return is_rest_blank(at, at + lines->list[line].length);
}

/* ---- parts ---- */

static const char *title_of(const struct rlg_md_lines *lines, size_t line)
{
	const char *at = lines->text + lines->list[line].offset, *end = at + lines->list[line].length;

	at = skip_indent(at, end) + lines->list[line].level;
	while (at < end && is_blank(end[-1]))
		end--;
	/* `## Title ##` */
	const char *cut = end;
	while (cut > at && cut[-1] == '#')
		cut--;
	if (cut > at && is_blank(cut[-1]))
		end = cut;
	return rlg_md_plain(lines->arena, at, (size_t)(end - at));
}

bool rlg_md_part_next(const struct rlg_md_lines *lines, size_t from, struct rlg_md_part *out_part)
{
	size_t heading = from;

	while (heading < lines->n && lines->list[heading].level == 0)
		heading++;
	if (heading >= lines->n)
		return false;
	size_t end = heading + 1;
	while (end < lines->n && (lines->list[end].level == 0 || lines->list[end].level > lines->list[heading].level))
		end++;
	*out_part = (struct rlg_md_part){
		.heading = heading, .first = heading + 1, .end = end, .title = title_of(lines, heading)};
	return true;
}

size_t rlg_md_part_content_end(const struct rlg_md_lines *lines, const struct rlg_md_part *part)
{
	size_t end = part->end;

	while (end > part->first && rlg_md_line_is_blank(lines, end - 1))
		end--;
	return end;
}

/* ---- items and keys ---- */

/* Behind the bullet or number at `at`; `at` itself if there is none. */
static const char *skip_bullet(const char *at, const char *end, long *out_number)
{
	const char *digits = at;

	*out_number = -1;
	if (at + 1 < end && strchr("-*+", *at) != NULL && is_blank(at[1]))
		return at + 1;
	while (digits < end && digits - at < DIGITS_MAX && isdigit((unsigned char)*digits))
		digits++;
	if (digits == at || digits + 1 >= end || (*digits != '.' && *digits != ')') || !is_blank(digits[1]))
		return at;
	*out_number = strtol(at, NULL, 10);
	return digits + 1;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

bool rlg_md_item(const struct rlg_md_lines *lines, size_t line, size_t *out_offset, long *out_number)
{
	const char *start = lines->text + lines->list[line].offset, *end = start + lines->list[line].length;
	const char *at = skip_blanks(start, end);
	long number;
	const char *behind = skip_bullet(at, end, &number);

	if (behind == at || lines->list[line].hidden)
		return false;
	*out_offset = (size_t)(skip_blanks(behind, end) - lines->text);
	if (out_number != NULL)
		*out_number = number;
	return true;
}

static bool is_wrapper(char character)
{
	return character == '*' || character == '`' || character == '_';
}

/* "**Job-ID**" becomes "job id". */
static const char *key_name(struct rlg_arena *arena, const char *at, const char *end)
{
	while (at < end && is_wrapper(*at))
		at++;
	while (end > at && (is_wrapper(end[-1]) || is_blank(end[-1])))
		end--;
	char *name = rlg_arena_strndup(arena, at, (size_t)(end - at));
	for (char *to = name; *to != '\0'; to++)
		*to = *to == '_' || *to == '-' ? ' ' : (char)tolower((unsigned char)*to);
	return name;
}

bool rlg_md_key_read(const struct rlg_md_lines *lines, size_t line, struct rlg_md_key *out_key)
{
	const char *start = lines->text + lines->list[line].offset, *end = start + lines->list[line].length;
	long number;
	const char *at = skip_blanks(start, end);

	at = skip_blanks(skip_bullet(at, end, &number), end);
	const char *colon = memchr(at, ':', (size_t)(end - at));
	if (lines->list[line].hidden || lines->list[line].level > 0 || colon == NULL || colon == at || colon - at > KEY_MAX)
		return false;
	const char *value = colon + 1;
	/* `**key:** value` */
	while (value < end && is_wrapper(*value) && is_wrapper(*at) && (value + 1 == end || *value == '*'))
		value++;
	if (value < end && !is_blank(*value))
		return false;
	const char *name = key_name(lines->arena, at, colon);
	if (!isalnum((unsigned char)name[0]))
		return false;
	const char *words = skip_blanks(value, end);
	while (words < end && is_blank(end[-1]))
		end--;
	bool empty = words >= end;
	*out_key = (struct rlg_md_key){
		.name = name,
		.offset = (size_t)((empty && words > value + 1 ? value + 1 : words) - lines->text),
		.length = empty ? 0 : (size_t)(end - words),
		.needs_blank = empty && words == value,
	};
	return true;
}
