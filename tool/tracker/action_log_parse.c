/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in an action log: see action_log.h. */
#include "tool/tracker/action_log.h"

#include "tool/plan/evaluation.h"
#include "tool/base/names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- moments ---- */

static bool take_number(const char **at, int digits, long *out_value)
{
	*out_value = 0;
	for (int i = 0; i < digits; i++) {
		if (!isdigit((unsigned char)**at))
			return false;
		*out_value = *out_value * 10 + (*(*at)++ - '0');
	}
	return true;
}

static bool take_one_of(const char **at, const char *which)
{
	if (**at == '\0' || strchr(which, **at) == NULL)
		return false;
	(*at)++;
	return true;
}

/* Moves on behind it. */
static int64_t take_when(const char **at)
{
	long year, month, day, hour, minute, second = 0;

	if (!take_number(at, 4, &year) || !take_one_of(at, "-/") || !take_number(at, 2, &month) || !take_one_of(at, "-/") ||
	    !take_number(at, 2, &day) || !take_one_of(at, " T") || !take_number(at, 2, &hour) || !take_one_of(at, ":") ||
	    !take_number(at, 2, &minute))
		return INT64_MIN;
	if (**at == ':') {
		(*at)++;
		if (!take_number(at, 2, &second))
			return INT64_MIN;
	}
	/* Days of a calendar where all months have 31 days: moments are only compared, mostly near ones. */
	return ((((int64_t)year * 12 + month) * 31 + day) * 24 + hour) * 3600 + minute * 60 + second;
}

int64_t rlg_al_when(const char *words)
{
	return take_when(&words);
}

/* ---- subjects ---- */

static const char *trimmed(struct rlg_arena *arena, const char *words, size_t length, const char *marks)
{
	while (length > 0 && strchr(marks, words[length - 1]) != NULL)
		length--;
	while (length > 0 && strchr(marks, *words) != NULL) {
		words++;
		length--;
	}
	return rlg_arena_strndup(arena, words, length);
}

const char *rlg_al_subject_key(struct rlg_arena *arena, const char *subject)
{
	const char *plain = subject == NULL ? "" : trimmed(arena, subject, strlen(subject), " \t\r*`_");
	struct rlg_evaluation_name name = rlg_evaluation_parse(arena, plain);

	return rlg_evaluation_subject(arena, &name);
}

/* ---- lines ---- */

/* Some editors begin a file with it. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* What people put before a line: a quote, a list, a heading, bold. */
#define LINE_MARKS " \t>-*#`+"

/* "[2025-11-11 11:00:05] SUBMIT_JOB: r8"; false for any other line. */
static bool take_headline(struct rlg_arena *arena, const char *line, size_t length, struct rlg_al_found *out_found)
{
	const char *words = trimmed(arena, line, length, " \t\r");
	const char *at = words + strspn(words, LINE_MARKS);

	if (*at++ != '[')
		return false;
	at += strspn(at, " ");
	int64_t when = take_when(&at);
	const char *bracket = when == INT64_MIN ? NULL : strchr(at, ']');
	if (bracket == NULL)
		return false;
	at = bracket + 1;
	at += strspn(at, " \t*`:-");
	size_t action = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	if (action == 0 || !isupper((unsigned char)*at))
		return false;
	const char *rest = at + action;
	rest += strspn(rest, " \t*`");
	if (*rest != ':' && *rest != '\0')
		return false;
	*out_found = (struct rlg_al_found){.when = when, .headline = words, .action = rlg_arena_strndup(arena, at, action)};
	out_found->subject = rlg_al_subject_key(arena, *rest == ':' ? rest + 1 : rest);
	return true;
}

/* "Job ID: 1234567", "Job ID 1234567_3", "job_id=12": the figures. */
static const char *job_in(struct rlg_arena *arena, const char *line)
{
	static const char *const keys[] = {"job id", "job_id", "jobid", "job-id"};

	for (const char *at = line; *at != '\0'; at++)
		for (size_t i = 0; i < COUNT(keys); i++) {
			if (strncasecmp(at, keys[i], strlen(keys[i])) != 0)
				continue;
			const char *figures = at + strlen(keys[i]);
			figures += strspn(figures, " \t:=#*`\"'");
			size_t length = strspn(figures, "0123456789_");
			if (length > 0 && isdigit((unsigned char)*figures))
				return rlg_arena_strndup(arena, figures, length);
		}
	return NULL;
}

static const char *state_at(struct rlg_arena *arena, const char *words)
{
	words += strspn(words, " \t:*`");
	size_t length = 0;
	while (isalpha((unsigned char)words[length]) || words[length] == '_')
		length++;
	if (length == 0)
		return NULL;
	char *state = rlg_arena_strndup(arena, words, length);
	for (char *at = state; *at != '\0'; at++)
		*at = (char)toupper((unsigned char)*at);
	return state;
}

/* "PENDING -> RUNNING" with any arrow, or "Current: RUNNING": where it went. */
static const char *state_in(struct rlg_arena *arena, const char *line)
{
	static const char *const before[] = {"\xe2\x86\x92" /* U+2192, the arrow of the logs */, "->", "=>", "Current:"};

	for (size_t i = 0; i < COUNT(before); i++) {
		const char *at = strstr(line, before[i]);
		const char *state = at == NULL ? NULL : state_at(arena, at + strlen(before[i]));
		if (state != NULL)
			return state;
	}
	return NULL;
}

/* ---- entries ---- */

static const char *key_of(struct rlg_arena *arena, const char *action, const char *subject)
{
	return rlg_arena_printf(arena, "%s\n%s", action, subject);
}

size_t rlg_al_first(const struct rlg_al_log *log, const char *action, const char *subject)
{
	size_t at = rlg_names_find(log->first, key_of(log->arena, action, subject));

	return at == RLG_NAMES_NONE ? RLG_AL_NONE : at;
}

size_t rlg_al_first_of_job(const struct rlg_al_log *log, const char *action, const char *job)
{
	size_t at = rlg_names_find(log->first_of_job, key_of(log->arena, action, job));

	return at == RLG_NAMES_NONE ? RLG_AL_NONE : at;
}

/* Behind the first, so that it stays the first: their order among each other does not matter. */
static void chain(struct rlg_al_log *log, size_t at)
{
	struct rlg_al_found *found = &log->list[at];
	size_t first = rlg_al_first(log, found->action, found->subject);

	found->next = first == RLG_AL_NONE ? RLG_AL_NONE : log->list[first].next;
	if (first == RLG_AL_NONE)
		rlg_names_add(log->first, key_of(log->arena, found->action, found->subject), at);
	else
		log->list[first].next = at;
	found->next_of_job = RLG_AL_NONE;
	if (found->job == NULL)
		return;
	first = rlg_al_first_of_job(log, found->action, found->job);
	found->next_of_job = first == RLG_AL_NONE ? RLG_AL_NONE : log->list[first].next_of_job;
	if (first == RLG_AL_NONE)
		rlg_names_add(log->first_of_job, key_of(log->arena, found->action, found->job), at);
	else
		log->list[first].next_of_job = at;
}

void rlg_al_add(struct rlg_al_log *log, const struct rlg_al_found *found)
{
	if (log->n == log->room) {
		log->room = log->room == 0 ? 64 : 2 * log->room;
		log->list = rlg_arena_grow(log->arena, log->list, log->n, log->room, sizeof(*log->list));
	}
	log->list[log->n] = *found;
	log->list[log->n].taken = false;
	chain(log, log->n++);
}

static struct rlg_al_log empty_log(struct rlg_arena *arena)
{
	return (struct rlg_al_log){.arena = arena, .first = rlg_names_new(arena), .first_of_job = rlg_names_new(arena)};
}

/* One more line of the entry that is being read. */
static void take_line(struct rlg_arena *arena, struct rlg_al_found *found, struct rlg_bytes *block, const char *line,
		      size_t length)
{
	const char *words = trimmed(arena, line, length, "\r");

	rlg_bytes_addf(block, "%s\n", words);
	if (found->job == NULL)
		found->job = job_in(arena, words);
	if (found->to == NULL)
		found->to = state_in(arena, words);
}

/* The blank lines between two entries are neither's. */
static const char *without_blank_end(struct rlg_arena *arena, const struct rlg_bytes *block)
{
	size_t length = block->length;

	while (length > 1 && block->data[length - 1] == '\n' && block->data[length - 2] == '\n')
		length--;
	return rlg_arena_strndup(arena, block->data, length);
}

void rlg_al_parse(struct rlg_arena *arena, const char *text, struct rlg_al_log *out_log)
{
	struct rlg_al_found found = {.headline = NULL}, next;
	struct rlg_bytes block;

	*out_log = empty_log(arena);
	text += strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0 ? strlen(BYTE_ORDER_MARK) : 0;
	rlg_bytes_init(&block, arena);
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		if (take_headline(arena, text, length, &next)) {
			found.block = without_blank_end(arena, &block);
			if (found.headline != NULL)
				rlg_al_add(out_log, &found);
			found = next;
			rlg_bytes_init(&block, arena);
			rlg_bytes_addf(&block, "%s\n", found.headline);
		} else if (found.headline != NULL) {
			take_line(arena, &found, &block, text, length);
		}
		text += length + (text[length] == '\n');
	}
	found.block = without_blank_end(arena, &block);
	if (found.headline != NULL)
		rlg_al_add(out_log, &found);
}

static bool is_same(const char *was, const char *now)
{
	return was == NULL || now == NULL ? was == now : strcmp(was, now) == 0;
}

/* A person may have changed the words of an entry, and taken lines out, but not what it is about. */
static bool is_same_entry(const struct rlg_al_found *was, const struct rlg_al_found *now, bool whole)
{
	return was->when == now->when && (is_same(was->job, now->job) || (!whole && now->job == NULL)) &&
	       (is_same(was->to, now->to) || (!whole && now->to == NULL));
}

static bool take_same(const struct rlg_al_found *was, struct rlg_al_log *text, bool whole)
{
	size_t at = rlg_al_first(text, was->action, was->subject);

	while (at != RLG_AL_NONE && (text->list[at].taken || !is_same_entry(was, &text->list[at], whole)))
		at = text->list[at].next;
	if (at == RLG_AL_NONE)
		return false;
	text->list[at].taken = true;
	text->list[at].job = was->job;
	text->list[at].to = was->to;
	return true;
}

/* First those that are whole: an entry that lost its lines must not stand for its neighbour, which would be told anew. */
void rlg_al_gone(const struct rlg_al_log *memory, struct rlg_al_log *text, struct rlg_al_log *out_gone)
{
	bool *is_there = rlg_arena_alloc(memory->arena, memory->n * sizeof(*is_there));

	*out_gone = empty_log(memory->arena);
	for (size_t i = 0; i < text->n; i++)
		text->list[i].taken = false;
	for (size_t i = 0; i < memory->n; i++)
		is_there[i] = take_same(&memory->list[i], text, true);
	for (size_t i = 0; i < memory->n; i++)
		if (!is_there[i] && !take_same(&memory->list[i], text, false))
			rlg_al_add(out_gone, &memory->list[i]);
}
