/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `runledger events`: what happened, in order; and what happens. */
#include "tool/cmd/commands.h"
#include "tool/cmd/damage.h"
#include "tool/show/event_words.h"
#include "tool/follow/follow.h"
#include "tool/group/group.h"
#include "tool/base/names.h"
#include "tool/base/table.h"
#include "tool/base/when.h"

#include "lib/clock.h"
#include "lib/layout.h"
#include "lib/lines.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One record as it stands in its file. */
struct line {
	int64_t time_us;
	const char *id; /* NULL: it has none, and is like no other */
	const char *run;
	const char *text; /* the bytes of the line */
	size_t length;
};

/* What has been shown by a look before: ids, and whole lines of records that have none. */
struct shown {
	struct rlg_arena *arena;
	struct rlg_names *names;
};

struct events {
	struct rlg_arena *arena;
	bool one_run; /* so its name need not be shown */
	int64_t since_us;
	struct line *lines;
	size_t n, room;
	struct rlg_damage damage;
};

static void keep_line(struct events *events, const struct line *line)
{
	if (events->n == events->room) {
		events->room = events->room > 0 ? 2 * events->room : 256;
		events->lines = rlg_arena_grow(events->arena, events->lines, events->n, events->room,
					       sizeof(events->lines[0]));
	}
	events->lines[events->n++] = *line;
}

/* A rlg_line_fn. */
static int take_line(void *context, const char *run, const char *file, const char *text, size_t length)
{
	struct events *events = context;
	struct rlg_record record;
	struct line line;

	if (rlg_record_parse(text, length, &record, NULL) < 0) {
		events->damage.no_record++;
		return 0;
	}
	line.time_us = record.time_us;
	line.id = rlg_arena_strdup(events->arena, record.id);
	line.run = events->n > 0 && strcmp(events->lines[events->n - 1].run, run) == 0
			   ? events->lines[events->n - 1].run
			   : rlg_arena_strdup(events->arena, run);
	line.text = rlg_arena_strndup(events->arena, text, length);
	line.length = length;
	keep_line(events, &line);
	rlg_record_done(&record);
	return 0;
}

static int compare_moments(const struct line *left, const struct line *right)
{
	return (left->time_us > right->time_us) - (left->time_us < right->time_us);
}

static int compare_bytes(const struct line *left, const struct line *right)
{
	size_t shorter = left->length < right->length ? left->length : right->length;
	int order = memcmp(left->text, right->text, shorter);

	return order != 0 ? order : (left->length > right->length) - (left->length < right->length);
}

/* By id, those without one first; of one id the earliest first.  The bytes come last, so that no order is by file. */
static int compare_ids(const void *left_line, const void *right_line)
{
	const struct line *left = left_line, *right = right_line;
	int order = strcmp(left->id != NULL ? left->id : "", right->id != NULL ? right->id : "");

	order = order != 0 ? order : compare_moments(left, right);
	return order != 0 ? order : compare_bytes(left, right);
}

static int compare_times(const void *left_line, const void *right_line)
{
	int order = compare_moments(left_line, right_line);

	return order != 0 ? order : compare_ids(left_line, right_line);
}

/* Leaves each id once, in order of time.  --since is looked at after that: the earliest of an id is what counts. */
static void put_in_order(struct events *events)
{
	struct line *lines = events->lines;
	size_t kept = 0;

	if (events->n == 0)
		return;
	qsort(lines, events->n, sizeof(lines[0]), compare_ids);
	for (size_t i = 0; i < events->n; i++) {
		const char *last = kept > 0 ? lines[kept - 1].id : NULL;

		if (lines[i].id == NULL || last == NULL || strcmp(lines[i].id, last) != 0)
			lines[kept++] = lines[i];
	}
	events->n = kept;
	qsort(lines, events->n, sizeof(lines[0]), compare_times);
}

/* How often each text has come in this look. */
struct turns {
	struct rlg_names *texts;
	size_t *counts;
	size_t n, room;
};

static size_t next_turn(struct events *events, struct turns *turns, const char *text)
{
	size_t at = rlg_names_find(turns->texts, text);

	if (at != RLG_NAMES_NONE)
		return ++turns->counts[at];
	if (turns->n == turns->room) {
		turns->room = turns->room > 0 ? 2 * turns->room : 64;
		turns->counts = rlg_arena_grow(events->arena, turns->counts, turns->n, turns->room, sizeof(*turns->counts));
	}
	rlg_names_add(turns->texts, text, turns->n);
	return turns->counts[turns->n++] = 1;
}

/*
 * What a record is remembered by.  One without an id is like no other, but comes again when all is read anew: of lines that
 * are the same the second is new if it is the second of its look, too.
 */
static const char *name_of(struct events *events, struct turns *turns, const struct line *line)
{
	if (line->id != NULL)
		return rlg_arena_printf(events->arena, "id/%s", line->id);
	const char *text = rlg_arena_printf(events->arena, "%s/%.*s", line->run, (int)line->length, line->text);
	return rlg_arena_printf(events->arena, "%zu/%s", next_turn(events, turns, text), text);
}

/* Leaves those that were not shown yet, and remembers them. */
static void leave_new(struct events *events, struct shown *shown)
{
	struct turns turns = {.texts = rlg_names_new(events->arena)};
	size_t kept = 0;

	for (size_t i = 0; i < events->n; i++) {
		const char *name = name_of(events, &turns, &events->lines[i]);
		if (rlg_names_find(shown->names, name) != RLG_NAMES_NONE)
			continue;
		rlg_names_add(shown->names, rlg_arena_strdup(shown->arena, name), 0);
		events->lines[kept++] = events->lines[i];
	}
	events->n = kept;
}

static void print_json(const struct events *events)
{
	for (size_t i = 0; i < events->n; i++) {
		const struct line *line = &events->lines[i];

		if (line->time_us < events->since_us)
			continue;
		fwrite(line->text, 1, line->length, stdout);
		fputc('\n', stdout);
	}
}

static void add_row(const struct events *events, struct rlg_table *table, const struct line *line)
{
	char time[RLG_TIME_TEXT_MAX];
	struct rlg_record record;
	enum rlg_colour colour;
	const char *words, *where = line->run;

	if (rlg_record_parse(line->text, line->length, &record, NULL) < 0)
		return;
	words = rlg_event_words(events->arena, &record, &colour);
	if (events->one_run)
		where = rlg_arena_strdup(events->arena, record.phase);
	else if (record.phase != NULL)
		where = rlg_arena_printf(events->arena, "%s/%s", line->run, record.phase);
	rlg_table_add(table, RLG_COLOUR_DIM, rlg_clock_local(line->time_us, time));
	rlg_table_add(table, RLG_COLOUR_PLAIN, where);
	rlg_table_add(table, colour, record.name);
	rlg_table_add(table, RLG_COLOUR_PLAIN, words);
	rlg_record_done(&record);
}

static void print_table(const struct events *events, bool no_color)
{
	static const struct rlg_column columns[] = {
		{.title = ""},
		{.title = "", .flexible = true, .least = 10},
		{.title = ""},
		{.title = "", .flexible = true, .wraps = true, .least = 20},
	};
	struct rlg_terminal terminal;
	struct rlg_table table;

	rlg_terminal_look(&terminal, STDOUT_FILENO, no_color);
	rlg_table_init(&table, events->arena, &terminal, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < events->n; i++)
		if (events->lines[i].time_us >= events->since_us)
			add_row(events, &table, &events->lines[i]);
	rlg_table_print(&table, stdout);
}

struct offer {
	struct rlg_arena *arena;
	struct rlg_nearest nearest;
};

/* A rlg_run_fn; the name is lent for the call. */
static int offer_run(void *context, const char *run)
{
	struct offer *offer = context;

	rlg_nearest_offer(&offer->nearest, rlg_arena_strdup(offer->arena, run));
	return 0;
}

/* A run without records: planned, and then all is well, or none at all. */
static int no_records(const struct rlg_options *options, const struct rlg_group *group, const char *run)
{
	struct offer offer = {.arena = group->arena, .nearest.word = run};

	for (size_t i = 0; i < group->plan.n_runs; i++) {
		if (strcmp(group->plan.runs[i].name, run) == 0) {
			rlg_warning(options, "nothing has happened to %s yet", run);
			return RLG_EXIT_OK;
		}
		rlg_nearest_offer(&offer.nearest, group->plan.runs[i].name);
	}
	rlg_lines_each_run(group->path, offer_run, &offer, NULL);
	return rlg_unknown_name(options, &offer.nearest, "run", group->path);
}

static void print(const struct rlg_options *options, const struct events *events)
{
	if (rlg_option_given(options, "json"))
		print_json(events);
	else
		print_table(events, rlg_option_given(options, "no-color"));
}

static int show(const struct rlg_options *options, const struct rlg_group *group, const char *run, int64_t since_us,
		struct shown *shown)
{
	struct events events = {.arena = group->arena, .one_run = run != NULL, .since_us = since_us};
	struct rlg_err err;
	int code;

	code = rlg_lines_each(group->path, run, take_line, &events, &events.damage, &err);
	if (code < 0)
		return rlg_failure(options, "%s", err.text);
	if (run != NULL && events.n == 0 && rlg_damage_total(&events.damage) == 0)
		return no_records(options, group, run);
	put_in_order(&events);
	if (shown != NULL)
		leave_new(&events, shown);
	print(options, &events);
	return rlg_damage_exit(options, rlg_damage_total(&events.damage), group->path);
}

/* What came since the last look.  That is new whenever it happened: --since is for what was there before. */
static int show_new(const struct rlg_options *options, const struct rlg_group *group, const char *run,
		    struct shown *shown)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct events events = {.arena = arena, .one_run = run != NULL};
	struct rlg_err err;

	if (rlg_lines_each(group->path, run, take_line, &events, &events.damage, &err) < 0)
		return rlg_failure(options, "%s", err.text);
	put_in_order(&events);
	leave_new(&events, shown);
	print(options, &events);
	return 0;
}

static void say_why_it_looks(const struct rlg_options *options, struct rlg_follow *follow)
{
	const char *why = rlg_follow_complaint(follow);

	if (why != NULL)
		rlg_warning(options, "%s", why);
}

/* Goes on until somebody ends it.  What was shown is flushed: the reader may be a program that waits for it. */
static int follow_group(const struct rlg_options *options, const struct rlg_group *group, const char *run,
			int64_t since_us, struct rlg_follow *follow)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct shown shown = {.arena = arena, .names = rlg_names_new(arena)};
	int status = show(options, group, run, since_us, &shown);

	while (status == RLG_EXIT_OK || status == RLG_EXIT_DAMAGED) {
		enum rlg_follow_end end;
		if (fflush(stdout) != 0)
			return RLG_EXIT_FAILED; /* whoever closes it says so */
		say_why_it_looks(options, follow);
		end = rlg_follow_wait(follow, -1, -1);
		if (end == RLG_FOLLOW_GONE)
			return rlg_failure(options, "the run group %s is gone", group->path);
		if (end == RLG_FOLLOW_NO_READER) {
			raise(SIGPIPE);
			return rlg_failure(options, "nobody reads standard output any more");
		}
		status = show_new(options, group, run, &shown);
	}
	return status;
}

/* First the watch, then the look: what happens in between is news. */
static int follow(const struct rlg_options *options, const struct rlg_group *group, const char *run, int64_t since_us)
{
	struct rlg_follow *follow;
	struct rlg_err err;

	if (rlg_follow_open(group->path, false, &follow, &err) < 0)
		return rlg_failure(options, "%s", err.text);
	int status = follow_group(options, group, run, since_us, follow);
	rlg_follow_close(follow);
	return status;
}

static int run(struct rlg_options *options)
{
	const char *since = rlg_option_value(options, "since");
	const char *name = options->n_words == 1 ? options->words[0] : NULL;
	struct rlg_group group;
	int64_t since_us = 0;
	struct rlg_err err;
	int status;

	if (options->n_words > 1)
		return rlg_usage_error(options, "one run at a time, not also `%s`", options->words[1]);
	if (name != NULL && !rlg_name_ok(name, &err))
		return rlg_usage_error(options, "%s", err.text);
	if (since != NULL && rlg_when_parse(since, rlg_clock_now_us(), &since_us, &err) < 0)
		return rlg_usage_error(options, "%s", err.text);
	if (rlg_group_open(rlg_option_value(options, "group"), &group, &err) < 0)
		status = rlg_failure(options, "%s", err.text);
	else if (rlg_option_given(options, "follow"))
		status = follow(options, &group, name, since_us);
	else
		status = show(options, &group, name, since_us, NULL);
	rlg_group_close(&group);
	return status;
}

static const struct rlg_option events_options[] = {
	{"group", 'g', "DIR", "the run group, or a folder in it; without it, the current folder"},
	{"follow", 'f', NULL, "go on, and show what happens as it does"},
	{"since", '\0', "TIME",
	 "only what happened since then: 30m, 2h, 3d, today, 2026-03-11, \"2026-03-11 15:00\""},
	{"json", '\0', NULL, "print the records themselves, one a line, for programs"},
	{"no-color", '\0', NULL, "no colours, as in a pipe or with NO_COLOR set"},
	{0},
};

static const struct rlg_example events_examples[] = {
	{"runledger events 1B_rank4", "what happened to one run"},
	{"runledger events --since 2h", "what happened in the run group in the last two hours"},
	{"runledger events --follow --since 0s", "what happens from now on"},
	{"runledger events --json | jq -r 'select(.name==\"finish\") | .context.state'", "how all jobs ended"},
	{0},
};

const struct rlg_command rlg_cmd_events = {
	.name = "events",
	.arguments = "[RUN]",
	.summary = "show what happened, in order",
	.description = "Shows every record of RUN, or of all runs of the group, in order of time: each once, however often "
		       "it was written. The times shown are local. With --follow it then sleeps until there is more, and shows "
		       "that as it comes, until somebody ends it.\n\n"
		       "With --json the records come as they stand in the status files; see runledger-record(5).",
	.options = events_options,
	.examples = events_examples,
	.run = run,
};
