/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run log's text by its parts, and which of them is which job's: see run_log.h. */
#include "tool/tracker/run_log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A block is about one job, and perhaps the one before. */
#define IDS_MAX 16

/* A smaller number in the middle of a sentence is any number. */
#define LEAST_ID_IN_PROSE 1000

size_t rlg_rl_numbers(const char *text, size_t length, int64_t *out_numbers, size_t most)
{
	size_t count = 0;

	for (size_t at = 0; at < length && count < most;) {
		size_t digits = 0;
		char before = at > 0 ? text[at - 1] : ' ';
		while (at + digits < length && isdigit((unsigned char)text[at + digits]))
			digits++;
		if (digits == 0) {
			at++;
			continue;
		}
		bool is_whole = !isalnum((unsigned char)before) && strchr("_-/.", before) == NULL && digits <= 18 &&
				(at + digits == length || !isalpha((unsigned char)text[at + digits]));
		if (is_whole)
			out_numbers[count++] = strtoll(text + at, NULL, 10);
		at += digits;
	}
	return count;
}

/* Of a text in backticks what is in them; they may be missing, as some editors take them off. */
static size_t strip_backticks(const char **value)
{
	size_t length = strlen(*value);

	while (length > 1 && (*value)[0] == '`' && (*value)[length - 1] == '`') {
		*value += 1;
		length -= 2;
	}
	return length;
}

/* `pending`, or the seed's "pending - run wandb sync ..." */
static bool is_pending(const char *value, size_t length)
{
	static const char pending[] = "pending";
	size_t word = strlen(pending);

	if (length < word || strncasecmp(value, pending, word) != 0)
		return false;
	return length == word || (length > word + 1 && value[word] == ' ' && strchr("-\xe2", value[word + 1]) != NULL);
}

bool rlg_rl_is_placeholder(const char *value, const char *placeholder)
{
	size_t length = strip_backticks(&value), placeholder_length = placeholder != NULL ? strip_backticks(&placeholder) : 0;

	if (length == 0 || is_pending(value, length))
		return true;
	if (placeholder != NULL && length == placeholder_length && memcmp(value, placeholder, length) == 0)
		return true;
	/* One pair of <>, but no <https://...>; a person may have filled in the one beside another. */
	return length >= 2 && value[0] == '<' && memchr(value, '>', length) == value + length - 1 &&
	       memmem(value, length, "://", 3) == NULL;
}

/* ---- parts ---- */

static bool begins_word(const char *title, const char *word)
{
	for (const char *at = strstr(title, word); at != NULL; at = strstr(at + 1, word))
		if (at == title || !isalnum((unsigned char)at[-1]))
			return true;
	return false;
}

static bool is_about_jobs(const char *lower)
{
	static const char *const words[] = {"job", "resum", "resub", "requeue", "submission", "attempt"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (begins_word(lower, words[i]))
			return true;
	return false;
}

/* Blocks for jobs, and nothing else, have these. */
static bool is_job_key(const char *name)
{
	const struct rlg_rl_field *field = rlg_rl_field_called(rlg_rl_job_fields, name);

	return field != NULL && strcmp(field->name, "script") != 0 && strcmp(field->name, "runtime") != 0;
}

static void read_own_lines(struct rlg_rl_doc *doc, struct rlg_rl_part *part)
{
	const struct rlg_rl_field *id_field = rlg_rl_field_called(rlg_rl_job_fields, "execution id");
	struct rlg_md_key key;

	part->own_end = part->part.first;
	while (part->own_end < part->part.end && doc->lines.list[part->own_end].level == 0)
		part->own_end++;
	for (size_t line = part->part.first; line < part->own_end; line++) {
		if (!rlg_md_key_read(&doc->lines, line, &key))
			continue;
		part->has_fields = part->has_fields || is_job_key(key.name);
		if (part->ids != NULL || rlg_rl_field_called(rlg_rl_job_fields, key.name) != id_field)
			continue;
		const char *value = rlg_arena_strndup(doc->lines.arena, doc->lines.text + key.offset, key.length);
		part->id_is_open = part->id_is_open || rlg_rl_is_placeholder(value, id_field->placeholder);
		part->ids = rlg_arena_alloc(doc->lines.arena, IDS_MAX * sizeof(*part->ids));
		part->n_ids = rlg_rl_numbers(value, key.length, part->ids, IDS_MAX);
		if (part->id_is_open)
			part->n_ids = 0; /* "VM 1 of 2" in a placeholder is no id */
	}
}

static char *in_lower_case(struct rlg_arena *arena, const char *text)
{
	char *lower = rlg_arena_strdup(arena, text);

	for (char *at = lower; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	return lower;
}

int rlg_rl_doc_read(struct rlg_arena *arena, const char *path, const char *text, struct rlg_rl_doc *out_doc,
		    struct rlg_err *err)
{
	struct rlg_md_part part;
	size_t room = 0;

	*out_doc = (struct rlg_rl_doc){.path = path};
	int code = rlg_md_lines_read(arena, path, text, &out_doc->lines, err);
	if (code != 0)
		return code;
	for (size_t from = 0; rlg_md_part_next(&out_doc->lines, from, &part); from = part.first) {
		if (out_doc->n_parts == room) {
			room = room == 0 ? 16 : 2 * room;
			out_doc->parts = rlg_arena_grow(arena, out_doc->parts, out_doc->n_parts, room,
							sizeof(*out_doc->parts));
		}
		struct rlg_rl_part *to = &out_doc->parts[out_doc->n_parts++];
		*to = (struct rlg_rl_part){.part = part, .lower = in_lower_case(arena, part.title)};
		/* The file's own title tells of the run. */
		to->about_jobs = out_doc->lines.list[part.heading].level > 1 && is_about_jobs(to->lower);
		read_own_lines(out_doc, to);
	}
	return 0;
}

const struct rlg_rl_part *rlg_rl_doc_part(const struct rlg_rl_doc *doc, const char *word)
{
	for (size_t i = 0; i < doc->n_parts; i++)
		if (doc->lines.list[doc->parts[i].part.heading].level > 1 &&
		    strncmp(doc->parts[i].lower, word, strlen(word)) == 0)
			return &doc->parts[i];
	return NULL;
}

/* ---- which block is whose ---- */

static bool has_number(const int64_t *numbers, size_t n, int64_t number)
{
	for (size_t i = 0; i < n; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

static bool text_has_number(const char *text, size_t length, int64_t number)
{
	int64_t numbers[IDS_MAX];

	return has_number(numbers, rlg_rl_numbers(text, length, numbers, IDS_MAX), number);
}

static bool key_has(const struct rlg_rl_doc *doc, const struct rlg_rl_part *part, const struct rlg_rl_job *job,
		    const struct rlg_kept *kept)
{
	return has_number(part->ids, part->n_ids, job->number);
}

static bool heading_has(const struct rlg_rl_doc *doc, const struct rlg_rl_part *part, const struct rlg_rl_job *job,
		        const struct rlg_kept *kept)
{
	return part->n_ids == 0 && (part->about_jobs || part->has_fields) &&
	       text_has_number(part->lower, strlen(part->lower), job->number);
}

static bool lines_have(const struct rlg_rl_doc *doc, const struct rlg_rl_part *part, const struct rlg_rl_job *job,
		       const struct rlg_kept *kept)
{
	if (part->n_ids > 0 || !part->about_jobs || job->number < LEAST_ID_IN_PROSE)
		return false;
	for (size_t line = part->part.first; line < part->own_end; line++)
		if (text_has_number(doc->lines.text + doc->lines.list[line].offset, doc->lines.list[line].length, job->number))
			return true;
	return false;
}

static bool text_is_there(const struct rlg_rl_doc *doc, const struct rlg_rl_part *part, const char *text)
{
	size_t begin = doc->lines.list[part->part.heading].offset;
	size_t end = part->own_end < doc->lines.n ? doc->lines.list[part->own_end].offset : doc->lines.length;

	return text != NULL && memmem(doc->lines.text + begin, end - begin, text, strlen(text)) != NULL;
}

/*
 * Jobs without an id, and blocks that were made before there was one: by the moment of the submission, as it is known now,
 * or as it was written then.
 */
static bool moment_is_there(const struct rlg_rl_doc *doc, const struct rlg_rl_part *part, const struct rlg_rl_job *job,
			    const struct rlg_kept *kept)
{
	static const char *const fields[] = {"submitted/start", "submitted", "start"};
	struct rlg_arena *arena = doc->lines.arena;
	const char *keys[] = {rlg_rl_block_key(arena, job, job->key), rlg_rl_block_key(arena, job, job->early_key)};

	if (part->n_ids > 0 || !(part->about_jobs || part->has_fields))
		return false;
	if (text_is_there(doc, part, rlg_rl_iso(arena, job->submit_us)) ||
	    text_is_there(doc, part, rlg_rl_iso(arena, job->start_us)))
		return true;
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
		for (size_t f = 0; keys[k] != NULL && f < sizeof(fields) / sizeof(fields[0]); f++)
			if (text_is_there(doc, part, rlg_kept_get(kept, rlg_arena_printf(arena, "%s/%s", keys[k], fields[f]))))
				return true;
	return false;
}

typedef bool match_fn(const struct rlg_rl_doc *doc, const struct rlg_rl_part *part, const struct rlg_rl_job *job,
		      const struct rlg_kept *kept);

/* From the surest to the least sure; an id that anything is said of goes before all that has none. */
static const struct {
	match_fn *fits;
	bool by_number;
} matches[] = {{key_has, true}, {heading_has, true}, {lines_have, true}, {moment_is_there, false}};

static bool is_matched(const struct rlg_rl_doc *doc, const struct rlg_rl_job *job)
{
	for (size_t i = 0; i < doc->n_parts; i++)
		if (doc->parts[i].job == job)
			return true;
	return false;
}

static void match_by(struct rlg_rl_doc *doc, const struct rlg_rl_run *run, const struct rlg_kept *kept, size_t how)
{
	for (size_t j = 0; j < run->n_jobs; j++) {
		const struct rlg_rl_job *job = &run->jobs[j];
		if ((matches[how].by_number && job->number < 0) || is_matched(doc, job))
			continue;
		for (size_t i = 0; i < doc->n_parts && !is_matched(doc, job); i++)
			if (doc->parts[i].job == NULL && doc->lines.list[doc->parts[i].part.heading].level > 1 &&
			    matches[how].fits(doc, &doc->parts[i], job, kept))
				doc->parts[i].job = job;
	}
}

/* A block that nobody has filled in yet is the first job's that has none, and never had one. */
static void match_open(struct rlg_rl_doc *doc, const struct rlg_rl_run *run, const struct rlg_kept *kept)
{
	size_t j = 0;

	for (size_t i = 0; i < doc->n_parts; i++) {
		struct rlg_rl_part *part = &doc->parts[i];
		if (part->job != NULL || !part->about_jobs || !part->id_is_open)
			continue;
		while (j < run->n_jobs && (is_matched(doc, &run->jobs[j]) || rlg_rl_had_block(run->arena, kept, &run->jobs[j])))
			j++;
		if (j < run->n_jobs)
			part->job = &run->jobs[j];
	}
}

const char *rlg_rl_block_key(struct rlg_arena *arena, const struct rlg_rl_job *job, const char *key)
{
	return key != NULL ? rlg_arena_printf(arena, "block/%s/%s", job->phase, key) : NULL;
}

bool rlg_rl_had_block(struct rlg_arena *arena, const struct rlg_kept *kept, const struct rlg_rl_job *job)
{
	const char *early = rlg_rl_block_key(arena, job, job->early_key);

	return rlg_kept_get(kept, rlg_rl_block_key(arena, job, job->key)) != NULL ||
	       (early != NULL && rlg_kept_get(kept, early) != NULL);
}

void rlg_rl_doc_match(struct rlg_rl_doc *doc, const struct rlg_rl_run *run, const struct rlg_kept *kept)
{
	for (size_t how = 0; how < sizeof(matches) / sizeof(matches[0]); how++)
		match_by(doc, run, kept, how);
	match_open(doc, run, kept);
}
