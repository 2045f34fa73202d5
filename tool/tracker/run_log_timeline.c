/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline.md, the numbered list of the run logs in one folder: see run_log.h. */
#include "tool/tracker/run_log.h"

#include "tool/base/names.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define DASH "\xe2\x80\x94"

/* "arx5" and "1b" are names, "rank64" is a word. */
#define SHORT_NAME 4

/* "arx5_multitask" becomes "ARX5 Multitask". */
static const char *title_case(struct rlg_arena *arena, const char *name)
{
	char *title = rlg_arena_strdup(arena, name);

	for (char *at = title; *at != '\0';) {
		size_t length = strcspn(at, "_- ");
		bool all = length <= SHORT_NAME && strcspn(at, "0123456789") < length;
		for (size_t i = 0; i < length; i++)
			if (i == 0 || all)
				at[i] = (char)toupper((unsigned char)at[i]);
		at += length;
		if (*at != '\0')
			*at++ = ' ';
	}
	return title;
}

static const char *key_of(struct rlg_arena *arena, const struct rlg_rl_entry *entry)
{
	return rlg_arena_printf(arena, "entry/%s", entry->file);
}

static const char *words_of(struct rlg_arena *arena, const struct rlg_rl_entry *entry)
{
	if (entry->human == NULL)
		return rlg_rl_code(arena, entry->file);
	return rlg_arena_printf(arena, "%s " DASH " %s", rlg_rl_code(arena, entry->file), entry->human);
}

/* A line of the list: one that names a run log. */
struct item {
	size_t line;
	const char *file; /* the name in it */
	long number; /* -1: a bullet */
};

struct timeline {
	struct rlg_arena *arena;
	struct rlg_md_lines lines;
	struct item *items;
	size_t n, room;
	struct rlg_names *files; /* that are named, there or in a table */
};

/* `a name.md`: in backticks there may be blanks. */
static const char *file_in_code(struct rlg_arena *arena, const char *text)
{
	const char *open = strchr(text, '`'), *close = open != NULL ? strchr(open + 1, '`') : NULL;

	if (close == NULL || close - open < 5 || strncmp(close - 3, ".md", 3) != 0)
		return NULL;
	return rlg_arena_strndup(arena, open + 1, (size_t)(close - open - 1));
}

/* The first word in the line that ends with .md, also of a link or without backticks. */
static const char *file_in(struct rlg_arena *arena, const char *text)
{
	static const char ends[] = " \t`()[]<>|,;*\"'";
	const char *in_code = file_in_code(arena, text);

	if (in_code != NULL)
		return in_code;

	for (const char *at = text + strspn(text, ends); *at != '\0'; at += strspn(at, ends)) {
		size_t length = strcspn(at, ends);
		if (length > 3 && strncmp(at + length - 3, ".md", 3) == 0) {
			const char *slash = memrchr(at, '/', length);
			const char *name = slash != NULL ? slash + 1 : at;
			return rlg_arena_strndup(arena, name, (size_t)(at + length - name));
		}
		at += length;
	}
	return NULL;
}

static void add_item(struct timeline *timeline, const struct item *item)
{
	if (timeline->n == timeline->room) {
		timeline->room = timeline->room == 0 ? 16 : 2 * timeline->room;
		timeline->items = rlg_arena_grow(timeline->arena, timeline->items, timeline->n, timeline->room, sizeof(*item));
	}
	timeline->items[timeline->n++] = *item;
}

static size_t indent_of(const struct rlg_md_lines *lines, size_t line)
{
	return strspn(lines->text + lines->list[line].offset, " \t");
}

/* Items of the list stand as its first one does; what is further in belongs to one of them. */
static bool is_further_in(const struct timeline *timeline, size_t line)
{
	return timeline->n > 0 && indent_of(&timeline->lines, line) > indent_of(&timeline->lines, timeline->items[0].line);
}

/* People make tables of it, too. */
static void read_item(struct timeline *timeline, size_t line)
{
	const struct rlg_md_lines *lines = &timeline->lines;
	size_t begin = lines->list[line].offset + indent_of(lines, line);
	struct item item = {.line = line, .number = -1};
	bool is_item = rlg_md_item(lines, line, &begin, &item.number);
	size_t end = lines->list[line].offset + lines->list[line].length;

	if (!is_item && (begin >= end || lines->text[begin] != '|'))
		return;
	item.file = file_in(timeline->arena, rlg_arena_strndup(timeline->arena, lines->text + begin, end - begin));
	if (item.file == NULL)
		return;
	if (is_item && !is_further_in(timeline, line))
		add_item(timeline, &item);
	if (!is_item && rlg_names_find(timeline->files, item.file) == RLG_NAMES_NONE)
		rlg_names_add(timeline->files, item.file, line);
}

static int read_timeline(struct rlg_arena *arena, const char *path, const char *text, struct timeline *out,
			 struct rlg_err *err)
{
	*out = (struct timeline){.arena = arena, .files = rlg_names_new(arena)};
	int code = rlg_md_lines_read(arena, path, text, &out->lines, err);

	for (size_t line = 0; code == 0 && line < out->lines.n; line++)
		read_item(out, line);
	for (size_t i = 0; i < out->n; i++)
		if (rlg_names_find(out->files, out->items[i].file) == RLG_NAMES_NONE)
			rlg_names_add(out->files, out->items[i].file, i);
	return code;
}

static bool is_listed(const struct timeline *timeline, const char *file)
{
	return rlg_names_find(timeline->files, file) != RLG_NAMES_NONE;
}

static bool is_newest_first(const struct timeline *timeline)
{
	return timeline->n > 1 && strcmp(timeline->items[0].file, timeline->items[timeline->n - 1].file) > 0;
}

/* The item behind which the entry goes, by the date in the names; timeline->n: before all. */
static size_t item_before(const struct timeline *timeline, const struct rlg_rl_entry *entry)
{
	bool newest_first = is_newest_first(timeline);
	size_t found = timeline->n;

	for (size_t i = 0; i < timeline->n; i++) {
		int order = strcmp(timeline->items[i].file, entry->order);
		if ((newest_first ? order > 0 : order < 0) || rlg_rl_date_prefix(timeline->items[i].file) == 0)
			found = i;
	}
	return found;
}

/* Does the list count 1, 2, 3, ...?  Then its numbers are kept so; any others are a person's. */
static bool counts_up(const struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->n; i++)
		if (timeline->items[i].number != (long)i + 1)
			return false;
	return true;
}

/* What belongs to the item below its line: what is indented, and sentences that go on. */
static size_t behind_item(const struct timeline *timeline, size_t line)
{
	const struct rlg_md_lines *lines = &timeline->lines;
	size_t text;

	for (line++; line < lines->n && !rlg_md_line_is_blank(lines, line) && lines->list[line].level == 0; line++)
		if (rlg_md_item(lines, line, &text, NULL) && !is_further_in(timeline, line))
			break;
	return line;
}

/* The new entries, each behind which item of the list; and how many new ones stand before an item. */
struct adding {
	struct timeline timeline;
	const struct rlg_rl_entry **entries;
	size_t *before; /* for each of them, item_before() */
	size_t n;
	bool counts;
};

static void insert_entry(const struct adding *adding, size_t at, struct rlg_text_edits *edits)
{
	const struct timeline *timeline = &adding->timeline;
	const struct rlg_md_lines *lines = &timeline->lines;
	size_t before = adding->before[at], line = lines->n;
	long number = (long)at + 1;
	struct rlg_bytes words;

	if (before < timeline->n)
		line = behind_item(timeline, timeline->items[before].line);
	else if (timeline->n > 0)
		line = timeline->items[0].line;
	if (adding->counts && before < timeline->n)
		number += timeline->items[before].number;
	else if (timeline->n > 0 && !adding->counts)
		number = timeline->items[before < timeline->n ? before : 0].number;
	size_t offset = line < lines->n ? lines->list[line].offset : lines->length;
	rlg_bytes_init(&words, timeline->arena);
	/* Only the first to be added at the end finds the last line without its break. */
	if (line == lines->n && lines->length > 0 && lines->text[lines->length - 1] != '\n' &&
	    (at == 0 || adding->before[at - 1] != before))
		rlg_bytes_add(&words, lines->eol);
	/* A list needs a blank line below a table, and looks better with one below a heading. */
	if (timeline->n == 0 && at == 0 && lines->n > 0 && !rlg_md_line_is_blank(lines, lines->n - 1))
		rlg_bytes_add(&words, lines->eol);
	if (timeline->n > 0) {
		size_t beside = timeline->items[before < timeline->n ? before : 0].line;
		rlg_bytes_addf(&words, "%.*s", (int)indent_of(lines, beside), lines->text + lines->list[beside].offset);
	}
	if (number < 0)
		rlg_bytes_add(&words, "- ");
	else
		rlg_bytes_addf(&words, "%ld. ", number);
	rlg_bytes_addf(&words, "%s%s", words_of(timeline->arena, adding->entries[at]), lines->eol);
	rlg_text_edits_add(edits, offset, 0, words.data);
}

/* The numbers of the items behind a new one. */
static void count_on(const struct adding *adding, struct rlg_text_edits *edits)
{
	const struct timeline *timeline = &adding->timeline;

	for (size_t i = 0; i < timeline->n; i++) {
		long number = timeline->items[i].number;
		size_t offset = timeline->lines.list[timeline->items[i].line].offset;
		for (size_t e = 0; e < adding->n; e++)
			number += adding->before[e] == timeline->n || adding->before[e] < i;
		if (number == timeline->items[i].number)
			continue;
		while (!isdigit((unsigned char)timeline->lines.text[offset]))
			offset++;
		size_t length = strspn(timeline->lines.text + offset, "0123456789");
		rlg_text_edits_add(edits, offset, length, rlg_arena_printf(timeline->arena, "%ld", number));
	}
}

static const char *new_text(struct rlg_arena *arena, const struct rlg_rl_folder *folder)
{
	return rlg_arena_printf(arena, "# %s Timeline\n\n", rlg_rl_plain(arena, title_case(arena, folder->name)));
}

int rlg_rl_timeline_render(const struct rlg_rl_folder *folder, struct rlg_arena *arena, const char *path,
			   const char *text, struct rlg_kept *kept, struct rlg_bytes *out, struct rlg_err *err)
{
	struct adding adding = {.n = 0};
	struct rlg_text_edits edits;

	text = text != NULL && text[strspn(text, " \t\r\n")] != '\0' ? text : new_text(arena, folder);
	int code = read_timeline(arena, path, text, &adding.timeline, err);
	if (code != 0)
		return code;
	adding.entries = rlg_arena_alloc(arena, (folder->n + 1) * sizeof(*adding.entries));
	adding.before = rlg_arena_alloc(arena, (folder->n + 1) * sizeof(*adding.before));
	adding.counts = counts_up(&adding.timeline);
	for (size_t i = 0; i < folder->n; i++) {
		size_t from = is_newest_first(&adding.timeline) ? folder->n - 1 - i : i;
		const struct rlg_rl_entry *entry = &folder->entries[from];
		/* One that a person took out of the list stays out. */
		if (is_listed(&adding.timeline, entry->file) || rlg_kept_get(kept, key_of(arena, entry)) != NULL)
			continue;
		adding.entries[adding.n] = entry;
		adding.before[adding.n++] = item_before(&adding.timeline, entry);
	}
	rlg_text_edits_init(&edits, arena);
	for (size_t i = 0; i < adding.n; i++)
		insert_entry(&adding, i, &edits);
	if (adding.counts)
		count_on(&adding, &edits);
	if (rlg_text_edits_apply(&edits, text, adding.timeline.lines.length, out) != 0)
		return rlg_fail(err, -EINVAL, "%s:1: this list cannot be brought up to date, as its items overlap", path);
	/* All are listed by now, or were; one that is missing from now on was taken out. */
	for (size_t i = 0; i < folder->n; i++)
		rlg_kept_set(kept, key_of(arena, &folder->entries[i]), "written");
	return 0;
}
