/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dated lines in Status: each thing that happened once, whatever people did to the lines. See run_log.h. */
#include "tool/tracker/run_log.h"

#include "tool/base/names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define MINUTES_PER_DAY INT64_C(1440)

/* How far a person's own line about the same thing may be off: by the clock; with a `~`. */
#define NEAR_MINUTES 2
#define ROUGHLY_MINUTES 60

/* A word further on in a line is not what the line is about. */
#define ABOUT_MAX ((size_t)48)

/* A line that begins with a date. */
struct stamped {
	size_t line;
	size_t text; /* where the date begins, in the file */
	size_t length; /* from there to the end of the line */
	int64_t minute; /* as the clock on the wall counts them */
	bool has_time, roughly;
	bool is_ours; /* just as the machine wrote it */
	bool is_known; /* the memory has it: it stands for that event, and for no other that reads the same */
};

struct status {
	struct rlg_rl_update *update;
	struct stamped *list;
	size_t n, room;
	struct rlg_names *texts; /* of the lines, to their places in the list */
	size_t *known; /* of each of the run's events: the line that the memory has for it, or RLG_NAMES_NONE */
	const struct rlg_rl_part *part;
	bool newest_first;
};

/* ---- what is there ---- */

/* Reads "2026-03-11 15:00", also "~14:30" or with a T; false: there is no date. */
static bool read_stamp(const char *text, struct stamped *out)
{
	struct tm day = {.tm_hour = 0};
	int length = 0, hour = 0, minute = 0;

	if (sscanf(text, "%4d-%2d-%2d%n", &day.tm_year, &day.tm_mon, &day.tm_mday, &length) != 3 || length != 10)
		return false;
	day.tm_year -= 1900;
	day.tm_mon--;
	text += length;
	text += *text == 'T';
	text += strspn(text, " \t,*`");
	out->roughly = *text == '~';
	text += out->roughly;
	out->has_time = isdigit((unsigned char)*text) && sscanf(text, "%2d:%2d", &hour, &minute) == 2;
	if (!out->has_time)
		hour = minute = 0;
	out->minute = (int64_t)timegm(&day) / 60 + hour * 60 + minute;
	return true;
}

static void read_line(struct status *status, size_t line)
{
	const struct rlg_md_lines *lines = &status->update->doc->lines;
	const struct rlg_md_line *at = &lines->list[line];
	struct stamped found = {.line = line, .text = at->offset};

	if (at->hidden || at->level > 0)
		return;
	if (!rlg_md_item(lines, line, &found.text, NULL))
		while (found.text < at->offset + at->length && isblank((unsigned char)lines->text[found.text]))
			found.text++;
	found.length = at->offset + at->length - found.text;
	while (found.length > 0 && isblank((unsigned char)lines->text[found.text + found.length - 1]))
		found.length--;
	const char *text = rlg_arena_strndup(lines->arena, lines->text + found.text, found.length);
	size_t marks = strspn(text, "*`~[(");
	if (!read_stamp(text + marks, &found))
		return;
	found.roughly = found.roughly || memchr(text, '~', marks) != NULL;
	if (status->n == status->room) {
		status->room = status->room == 0 ? 16 : 2 * status->room;
		status->list = rlg_arena_grow(lines->arena, status->list, status->n, status->room, sizeof(found));
	}
	if (rlg_names_find(status->texts, text) == RLG_NAMES_NONE)
		rlg_names_add(status->texts, text, status->n);
	status->list[status->n++] = found;
}

static void read_lines(struct status *status, const struct rlg_rl_part *part)
{
	status->n = 0;
	status->texts = rlg_names_new(status->update->run->arena);
	for (size_t line = part->part.first; line < part->part.end; line++)
		read_line(status, line);
}

/* Status by its title, else the section with dated lines that tells most: people call it Log, or Progress. */
static const struct rlg_rl_part *find_part(struct status *status)
{
	const struct rlg_rl_doc *doc = status->update->doc;
	const struct rlg_rl_part *part = rlg_rl_doc_part(doc, "status"), *best = NULL;
	size_t most = 0;

	for (size_t i = 0; part == NULL && i < doc->n_parts; i++) {
		const struct rlg_rl_part *other = &doc->parts[i];
		if (doc->lines.list[other->part.heading].level < 2 || other->job != NULL || other->has_fields)
			continue;
		read_lines(status, other);
		if (status->n > most) {
			most = status->n;
			best = other;
		}
	}
	return part != NULL ? part : best;
}

static size_t line_with(const struct status *status, const char *text)
{
	return text != NULL ? rlg_names_find(status->texts, text) : RLG_NAMES_NONE;
}

static const char *kept_line(const struct status *status, const struct rlg_rl_event *event)
{
	const char *line = rlg_kept_get(status->update->kept, event->key);

	return line == NULL && event->early_key != NULL ? rlg_kept_get(status->update->kept, event->early_key) : line;
}

static bool is_text(const struct status *status, size_t at, const char *text)
{
	const struct stamped *line = &status->list[at];

	return line->length == strlen(text) &&
	       memcmp(status->update->doc->lines.text + line->text, text, line->length) == 0;
}

/* Two jobs can start in one minute on one node: the first line with that text that stands for none yet. */
static size_t unknown_line_with(const struct status *status, const char *text)
{
	size_t at = line_with(status, text);

	while (at < status->n && (status->list[at].is_known || !is_text(status, at, text)))
		at++;
	return at < status->n ? at : RLG_NAMES_NONE;
}

/* Lines of the machine's say what they say, and stand for nothing else. */
static void mark_ours(struct status *status)
{
	const struct rlg_rl_run *run = status->update->run;

	for (size_t i = 0; i < run->n_events; i++) {
		const char *kept = kept_line(status, &run->events[i]);
		size_t at = kept != NULL ? unknown_line_with(status, kept) : RLG_NAMES_NONE;
		status->known[i] = at;
		if (at != RLG_NAMES_NONE)
			status->list[at].is_ours = status->list[at].is_known = true;
	}
	for (size_t i = 0; i < run->n_events; i++) {
		size_t at = unknown_line_with(status, run->events[i].line);
		if (at != RLG_NAMES_NONE)
			status->list[at].is_ours = true; /* NOLINT(clang-analyzer-core.NullDereference): `at` is below n */
	}
}

/* ---- has it been said? ---- */

/* What people write for each of our words; the first of a row is ours. */
static const char *const words_for[][10] = {
	{"submitted", "resubmitted", "queued", "pending"},
	{"running", "started", "starts", "start"},
	{"requeued", "preempted", "requeue"},
	{"completed", "complete", "finished", "done", "succeeded"},
	{"failed", "crashed", "timeout", "timed", "cancelled", "canceled", "died", "oom", "killed", "error"},
};

static bool has_word(const char *text, size_t length, const char *word)
{
	size_t word_length = strlen(word);

	for (size_t at = 0; at + word_length <= length; at++)
		if (strncasecmp(text + at, word, word_length) == 0 && (at == 0 || !isalnum((unsigned char)text[at - 1])) &&
		    (at + word_length == length || !isalnum((unsigned char)text[at + word_length])))
			return true;
	return false;
}

static bool is_about(const char *text, size_t length, const char *word)
{
	length = length < ABOUT_MAX ? length : ABOUT_MAX;
	for (size_t i = 0; i < sizeof(words_for) / sizeof(words_for[0]); i++) {
		if (strcmp(words_for[i][0], word) != 0)
			continue;
		for (size_t w = 0; w < 10 && words_for[i][w] != NULL; w++)
			if (has_word(text, length, words_for[i][w]))
				return true;
	}
	return false;
}

static bool is_near(const struct stamped *line, int64_t minute)
{
	int64_t apart = line->minute > minute ? line->minute - minute : minute - line->minute;

	if (!line->has_time)
		return line->minute / MINUTES_PER_DAY == minute / MINUTES_PER_DAY;
	return apart <= (line->roughly ? ROUGHLY_MINUTES : NEAR_MINUTES);
}

static int64_t minute_of(const struct rlg_rl_event *event)
{
	struct stamped stamp = {.line = 0};

	return read_stamp(event->line, &stamp) ? stamp.minute : 0;
}

/* A person has written it down before the machine could. */
static bool is_said_by_person(const struct status *status, const struct rlg_rl_event *event)
{
	const char *file = status->update->doc->lines.text;
	int64_t minute = minute_of(event);

	for (size_t i = 0; i < status->n; i++) {
		const struct stamped *line = &status->list[i];
		if (line->is_ours || !is_near(line, minute) || !is_about(file + line->text, line->length, event->word))
			continue;
		if (event->evidence == NULL || has_word(file + line->text, line->length, event->evidence))
			return true;
	}
	return false;
}

/* ---- new lines ---- */

static size_t indent_of(const struct rlg_md_lines *lines, size_t line)
{
	const char *at = lines->text + lines->list[line].offset;

	return strspn(at, " \t");
}

/* Behind the item and what belongs to it: sentences that go on, and what is indented below it. */
static size_t behind_item(const struct status *status, size_t line)
{
	const struct rlg_md_lines *lines = &status->update->doc->lines;
	size_t indent = indent_of(lines, line), at = line + 1, text;

	while (at < status->part->part.end && !rlg_md_line_is_blank(lines, at) && lines->list[at].level == 0 &&
	       (indent_of(lines, at) > indent || !rlg_md_item(lines, at, &text, NULL)))
		at++;
	return at;
}

/* The line before which this belongs, and the neighbour whose bullet it takes (RLG_NAMES_NONE: none). */
static size_t place_of(const struct status *status, int64_t minute, size_t *out_neighbour)
{
	size_t neighbour = RLG_NAMES_NONE;

	if (status->n == 0)
		return RLG_NAMES_NONE;
	for (size_t i = 0; i < status->n; i++) {
		if (!status->newest_first && status->list[i].minute <= minute)
			neighbour = i;
		if (status->newest_first && status->list[i].minute <= minute) {
			*out_neighbour = i;
			return status->list[i].line;
		}
	}
	if (status->newest_first)
		neighbour = status->n - 1;
	*out_neighbour = neighbour == RLG_NAMES_NONE ? 0 : neighbour;
	return neighbour == RLG_NAMES_NONE ? status->list[0].line : behind_item(status, status->list[neighbour].line);
}

/* "- ", or as the neighbour begins where that is a bullet. */
static const char *bullet_of(const struct status *status, size_t neighbour)
{
	const struct rlg_md_lines *lines = &status->update->doc->lines;
	size_t text;
	long number;

	if (neighbour == RLG_NAMES_NONE || !rlg_md_item(lines, status->list[neighbour].line, &text, &number) || number >= 0)
		return "- ";
	size_t begin = lines->list[status->list[neighbour].line].offset;
	return rlg_arena_strndup(lines->arena, lines->text + begin, text - begin);
}

static void add_line(struct status *status, const struct rlg_rl_event *event)
{
	const struct rlg_md_lines *lines = &status->update->doc->lines;
	size_t neighbour = RLG_NAMES_NONE;
	size_t line = place_of(status, minute_of(event), &neighbour);

	if (line == RLG_NAMES_NONE) {
		line = status->part->own_end;
		while (line > status->part->part.first && rlg_md_line_is_blank(lines, line - 1))
			line--;
	}
	rlg_rl_insert(status->update, line,
		      rlg_arena_printf(lines->arena, "%s%s\n", bullet_of(status, neighbour), event->line));
}

/* The records know better by now, and nobody has touched the line. */
static void mend_line(struct status *status, const struct rlg_rl_event *event, const char *kept)
{
	size_t at = status->known[event - status->update->run->events];

	if (strcmp(kept, event->line) != 0 && at != RLG_NAMES_NONE)
		rlg_text_edits_add(status->update->edits, status->list[at].text, status->list[at].length, event->line);
}

/* True: a line is to be added for it. */
static bool is_news(struct status *status, const struct rlg_rl_event *event)
{
	const char *kept = kept_line(status, event);

	if (kept != NULL && status->part != NULL)
		mend_line(status, event, kept);
	if (kept != NULL)
		return false;
	if (status->part == NULL)
		return true;
	size_t at = unknown_line_with(status, event->line);
	if (at != RLG_NAMES_NONE)
		status->list[at].is_known = true;
	return at == RLG_NAMES_NONE && !is_said_by_person(status, event);
}

static void add_section(struct status *status)
{
	const struct rlg_rl_run *run = status->update->run;
	struct rlg_bytes words;

	rlg_bytes_init(&words, run->arena);
	for (size_t i = 0; i < run->n_events; i++)
		if (is_news(status, &run->events[i]))
			rlg_bytes_addf(&words, "%s- %s\n", words.length == 0 ? "## Status\n" : "", run->events[i].line);
	if (words.length > 0)
		rlg_rl_insert_section(status->update, rlg_rl_behind_blocks(status->update->doc), words.data);
}

static void learn(struct status *status)
{
	const struct rlg_rl_run *run = status->update->run;

	for (size_t i = 0; i < run->n_events; i++) {
		const struct rlg_rl_event *event = &run->events[i];
		/* A line that a person reworded stays known by what the machine had written. */
		if (kept_line(status, event) == NULL || line_with(status, event->line) != RLG_NAMES_NONE)
			rlg_kept_set(status->update->kept, event->key, event->line);
	}
}

static struct status read_status(struct rlg_rl_update *update)
{
	struct status status = {.update = update, .texts = rlg_names_new(update->run->arena)};

	status.part = find_part(&status);
	status.n = 0;
	if (status.part == NULL)
		return status;
	read_lines(&status, status.part);
	status.known = rlg_arena_alloc(update->run->arena, (update->run->n_events + 1) * sizeof(*status.known));
	mark_ours(&status);
	status.newest_first = status.n > 1 && status.list[0].minute > status.list[status.n - 1].minute;
	return status;
}

void rlg_rl_update_status(struct rlg_rl_update *update)
{
	struct status status = read_status(update);
	size_t n = update->run->n_events;

	if (update->edits == NULL) {
		learn(&status);
		return;
	}
	for (size_t i = 0; i < n && status.part != NULL; i++) {
		const struct rlg_rl_event *event = &update->run->events[status.newest_first ? n - 1 - i : i];
		if (is_news(&status, event))
			add_line(&status, event);
	}
}

void rlg_rl_add_status(struct rlg_rl_update *update)
{
	struct status status = read_status(update);

	if (update->edits != NULL && status.part == NULL)
		add_section(&status);
}
