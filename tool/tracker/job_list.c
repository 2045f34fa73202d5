/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of Slurm jobs as a text: see job_list.h. */
#include "tool/tracker/job_list.h"

#include <ctype.h>
#include <string.h>

#define HEADING "# SLURM Job Ledger"
#define RUN_ID "run_id="
#define BLANKS " \t\r"

/* ---- lines ---- */

/* One line of a text, without its newline and the blanks around it. */
struct line {
	const char *start; /* of the line itself */
	const char *words;
	size_t length; /* of the words */
	const char *next; /* NULL: it was the last */
	bool fenced; /* in a block of code: an example */
};

static bool is_bullet(const struct line *line)
{
	return line->length > 1 && strchr("-*+", line->words[0]) != NULL && strchr(" \t", line->words[1]) != NULL;
}

/* Indented, as what belongs to the bullet above it is. */
static bool is_inner(const struct line *line)
{
	return line->length > 0 && line->words > line->start;
}

static bool is_fence(const struct line *line)
{
	return line->length >= 3 && (memcmp(line->words, "```", 3) == 0 || memcmp(line->words, "~~~", 3) == 0);
}

/* The line at `at`; `in_fence` goes along from line to line. */
static struct line line_at(const char *at, bool *in_fence)
{
	struct line line = {.start = at, .words = at + strspn(at, BLANKS)};
	const char *end = at + strcspn(at, "\n");

	line.words = line.words < end ? line.words : end;
	line.next = *end == '\n' ? end + 1 : NULL;
	while (end > line.words && strchr(BLANKS, end[-1]) != NULL)
		end--;
	line.length = (size_t)(end - line.words);
	line.fenced = *in_fence || is_fence(&line);
	if (is_fence(&line))
		*in_fence = !*in_fence;
	return line;
}

/* ---- one entry ---- */

/* Part of a line between two bars, blanks left out; *at moves behind the bar, NULL at the end. */
static const char *next_part(struct rlg_arena *arena, const char **at, const char *end)
{
	const char *begin = *at, *bar = memchr(begin, '|', (size_t)(end - begin)), *last = bar != NULL ? bar : end;

	*at = bar != NULL ? bar + 1 : NULL;
	begin += strspn(begin, BLANKS);
	while (last > begin && strchr(BLANKS, last[-1]) != NULL)
		last--;
	return rlg_arena_strndup(arena, begin, begin < last ? (size_t)(last - begin) : 0);
}

static void take_part(struct rlg_job_list_entry *entry, const char *part)
{
	const struct {
		const char *key;
		const char **to;
	} keys[] = {{"job_id=", &entry->job_id},
		    {"iteration_id=", &entry->iteration_id},
		    {RUN_ID, &entry->run_id},
		    {"status=", &entry->status}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strncmp(part, keys[i].key, strlen(keys[i].key)) == 0)
			*keys[i].to = part + strlen(keys[i].key);
}

/* A bullet with bars and a run_id. */
static bool read_entry(struct rlg_arena *arena, const struct line *line, struct rlg_job_list_entry *out_entry)
{
	struct rlg_job_list_entry entry = {.number = 0};
	const char *at = line->words + 1;

	if (!is_bullet(line))
		return false;
	entry.date = next_part(arena, &at, line->words + line->length);
	while (at != NULL)
		take_part(&entry, next_part(arena, &at, line->words + line->length));
	*out_entry = entry;
	return entry.run_id != NULL;
}

bool rlg_job_list_entry(struct rlg_arena *arena, const char *text, const char *run_id,
			struct rlg_job_list_entry *out_entry)
{
	struct rlg_job_list_entry entry;
	bool in_fence = false;
	size_t number = 0;

	for (const char *at = text; at != NULL;) {
		struct line line = line_at(at, &in_fence);

		number++;
		at = line.next;
		if (!read_entry(arena, &line, &entry) || strcmp(entry.run_id, run_id) != 0)
			continue;
		*out_entry = entry;
		out_entry->number = number;
		return true;
	}
	return false;
}

size_t rlg_job_list_find(const char *text, const char *line)
{
	bool in_fence = false;
	size_t number = 0;

	for (const char *at = text; at != NULL;) {
		struct line here = line_at(at, &in_fence);

		number++;
		at = here.next;
		if (here.length == strlen(line) && memcmp(here.words, line, here.length) == 0)
			return number;
	}
	return 0;
}

/* Would this byte go on with a name? */
static bool is_of_name(unsigned char byte)
{
	return isalnum(byte) || byte == '_' || byte == '-' || byte >= 0x80;
}

bool rlg_job_list_has(const char *text, const char *run_id)
{
	size_t length = strlen(run_id);

	for (const char *at = text; at != NULL && (at = strstr(at, RUN_ID)) != NULL; at++) {
		const char *name = at + strlen(RUN_ID), *behind = name + length;

		if ((at > text && is_of_name((unsigned char)at[-1])) || strncmp(name, run_id, length) != 0 ||
		    is_of_name((unsigned char)*behind))
			continue;
		/* A dot ends a sentence, or goes on with the name. */
		if (*behind != '.' || !is_of_name((unsigned char)behind[1]))
			return true;
	}
	return false;
}

/* ---- adding ---- */

/* Where the new lines go: behind the list's last line and what is indented below it, else behind all that is not blank. */
struct spot {
	size_t offset;
	bool behind_list; /* or behind another bullet, or at the very beginning */
	bool open; /* the line before has no newline */
};

static struct spot find_spot(struct rlg_arena *arena, const char *text)
{
	struct rlg_job_list_entry entry;
	struct spot last = {.behind_list = true}, listed = {0};
	bool in_fence = false, any = false, inside = false;

	for (const char *at = text; at != NULL;) {
		struct line line = line_at(at, &in_fence);
		const char *end = line.next != NULL ? line.next : at + strlen(at);
		struct spot here = {.offset = (size_t)(end - text), .open = line.next == NULL};

		at = line.next;
		here.behind_list = is_bullet(&line) || (inside && is_inner(&line));
		inside = (inside && is_inner(&line)) || (!line.fenced && read_entry(arena, &line, &entry));
		last = line.length > 0 ? here : last;
		listed = inside ? here : listed;
		any = any || inside;
	}
	return any ? listed : last;
}

void rlg_job_list_add(const char *text, const char *const *lines, size_t count, struct rlg_bytes *out)
{
	const char *newline = "\n", *first = text != NULL ? strchr(text, '\n') : NULL;
	struct spot spot;

	if (count == 0) {
		rlg_bytes_add(out, text != NULL ? text : "");
		return;
	}
	if (text == NULL)
		text = HEADING "\n";
	else if (first != NULL && first > text && first[-1] == '\r')
		newline = "\r\n";
	spot = find_spot(out->arena, text);
	rlg_bytes_add_n(out, text, spot.offset);
	if (spot.open)
		rlg_bytes_add(out, newline);
	if (!spot.behind_list)
		rlg_bytes_add(out, newline);
	for (size_t i = 0; i < count; i++)
		rlg_bytes_addf(out, "%s%s", lines[i], newline);
	rlg_bytes_add(out, text + spot.offset);
}
