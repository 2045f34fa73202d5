/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Progress records, gathered, in order, and packed: see progress.h. */
#include "tool/model/progress_records.h"

#include "lib/record.h"
#include "tool/base/in_order.h"
#include "tool/base/json_members.h"

#include <string.h>

struct rlg_progress_records *rlg_progress_records_new(struct rlg_arena *arena)
{
	struct rlg_progress_records *records = rlg_arena_alloc(arena, sizeof(*records));

	*records = (struct rlg_progress_records){.arena = arena, .texts = rlg_names_new(arena)};
	rlg_bytes_init(&records->values, arena);
	return records;
}

/* `last` is what the record before had in its place: hardly ever another. */
static const char *intern(struct rlg_progress_records *records, const char *text, const char *last)
{
	if (text == NULL || (last != NULL && strcmp(text, last) == 0))
		return text == NULL ? NULL : last;
	size_t at = rlg_names_find(records->texts, text);
	if (at != RLG_NAMES_NONE)
		return records->by_number[at];
	if (records->n_texts == records->texts_room) {
		records->texts_room = records->texts_room == 0 ? 16 : 2 * records->texts_room;
		records->by_number = rlg_arena_grow(records->arena, records->by_number, records->n_texts,
						    records->texts_room, sizeof(*records->by_number));
	}
	const char *copy = rlg_arena_strdup(records->arena, text);
	rlg_names_add(records->texts, copy, records->n_texts);
	records->by_number[records->n_texts++] = copy;
	return copy;
}

static const bool own_words[RLG_WORDS] = {
	[RLG_WORD_V] = true,	   [RLG_WORD_ID] = true,	 [RLG_WORD_SID] = true,
	[RLG_WORD_RUN] = true,	   [RLG_WORD_UID] = true,	 [RLG_WORD_EXEC] = true,
	[RLG_WORD_HOST] = true,	   [RLG_WORD_NODE] = true,	 [RLG_WORD_USER] = true,
	[RLG_WORD_PHASE] = true,   [RLG_WORD_JOB_ID] = true,	 [RLG_WORD_VALUES] = true,
	[RLG_WORD_CLUSTER] = true, [RLG_WORD_LEFT_OUT] = true,	 [RLG_WORD_HET_JOB_ID] = true,
	[RLG_WORD_ARRAY_JOB_ID] = true, [RLG_WORD_ARRAY_TASK_ID] = true,
};

bool rlg_progress_is_own(const char *name, size_t length)
{
	return own_words[rlg_record_word(name, length)];
}

/* ---- of a record in the writer's own layout ---- */

/* Has no escapes, and behind each key and each text there is a NUL already. */
static bool is_plain_value(const struct rlg_member *member)
{
	return member->kind != RLG_MEMBER_OBJECT && member->kind != RLG_MEMBER_NULL && member->key_length > 0;
}

/* Names and texts are short: they are copied in steps of this, and what is copied too much is written over. */
#define STEP 16
_Static_assert(STEP <= RLG_SCAN_PADDING, "so much may be read behind a record");

/* With a NUL behind it. */
static char *put(char *to, const char *from, size_t length)
{
	for (size_t done = 0; done < length; done += STEP)
		memcpy(to + done, from + done, STEP);
	to[length] = '\0';
	return to + length + 1;
}

static char *put_plain(char *to, const char *text, const struct rlg_member *member)
{
	if (!is_plain_value(member))
		return to;
	to = put(to, text + member->key_at, member->key_length);
	return put(to, text + member->value_at, member->value_length);
}

static char *put_all_plain(char *to, const char *text, const struct rlg_member *members, size_t count)
{
	for (size_t i = 0; i < count; i += 1 + members[i].inside) {
		if (members[i].kind == RLG_MEMBER_OBJECT && members[i].word == RLG_WORD_VALUES)
			for (size_t inner = 1; inner <= members[i].inside; inner++)
				to = put_plain(to, text, &members[i + inner]);
		else if (!own_words[members[i].word])
			to = put_plain(to, text, &members[i]);
	}
	return to;
}

/* The id and the values in one piece of memory, that is no longer than the text that they stand in, quotes and all. */
static void take_plain(struct rlg_progress_records *records, const struct rlg_record *record, const char *text,
		       const struct rlg_member *members, size_t count, struct rlg_progress_told *told)
{
	size_t size = record->length + STEP;
	char *room = rlg_arena_alloc(records->arena, size), *end = room;
	bool has_id = rlg_record_holds(record, record->id);

	if (has_id)
		end = put(room, record->id, strlen(record->id));
	size_t id_size = (size_t)(end - room);
	end = put_all_plain(end, text, members, count);
	told->values = room + id_size;
	told->length = (size_t)(end - room) - id_size;
	rlg_arena_trim(records->arena, room, size, (size_t)(end - room));
	told->id = has_id ? room : rlg_arena_strdup(records->arena, record->id);
}

/* ---- of any other ---- */

/* With its NUL.  Hardly any text has escapes to take out. */
static void add_bare(struct rlg_progress_records *records, const char *raw, size_t length, bool is_text)
{
	if (is_text && (memchr(raw, '\\', length) != NULL || memchr(raw, '\0', length) != NULL))
		rlg_bytes_add(&records->values, rlg_json_unescape(records->arena, raw, length));
	else
		rlg_bytes_add_n(&records->values, raw, length);
	rlg_bytes_add_n(&records->values, "", 1);
}

static void add_member(struct rlg_progress_records *records, const struct rlg_json_member *member)
{
	if (member->kind == RLG_JSON_NESTED || member->kind == RLG_JSON_NULL || member->key_length == 0)
		return;
	add_bare(records, member->key, member->key_length, true);
	add_bare(records, member->value, member->value_length, member->kind == RLG_JSON_TEXT);
}

/* Of `values`, where every name is the job's own. */
static bool take_inner(void *context, const struct rlg_json_member *member)
{
	add_member(context, member);
	return true;
}

static bool is_called(const struct rlg_json_member *member, const char *name)
{
	return member->key_length == strlen(name) && memcmp(member->key, name, member->key_length) == 0;
}

static bool take_outer(void *context, const struct rlg_json_member *member)
{
	if (is_called(member, "values") && member->kind == RLG_JSON_NESTED)
		rlg_json_members(member->value, member->value_length, take_inner, context);
	else if (!rlg_progress_is_own(member->key, member->key_length))
		add_member(context, member);
	return true;
}

static bool find_context(void *context, const struct rlg_json_member *member)
{
	if (!is_called(member, "context"))
		return true;
	rlg_json_members(member->value, member->value_length, take_outer, context);
	return false; /* of two the first counts, as everywhere */
}

static int compare_texts(const char *left, const char *right)
{
	return strcmp(left == NULL ? "" : left, right == NULL ? "" : right);
}

/* By time and id; of records without one, or with one that two have, by all they say. */
static int compare_told(const void *left, const void *right)
{
	const struct rlg_progress_told *a = left, *b = right;

	if (a->time_us != b->time_us)
		return a->time_us < b->time_us ? -1 : 1;
	int order = compare_texts(a->id, b->id);
	if (order == 0 && a->job_id != b->job_id)
		return a->job_id < b->job_id ? -1 : 1;
	if (order == 0 && a->length != b->length)
		return a->length < b->length ? -1 : 1;
	if (order == 0)
		order = memcmp(a->values, b->values, a->length);
	if (order == 0)
		order = compare_texts(a->phase, b->phase);
	if (order == 0)
		order = compare_texts(a->cluster, b->cluster);
	return order != 0 ? order : compare_texts(a->sid, b->sid);
}

static void make_room(struct rlg_progress_records *records)
{
	size_t n_fresh = records->count - records->marked;

	if (n_fresh >= RLG_PROGRESS_MANY) {
		struct rlg_progress_told *fresh = records->told + records->marked;
		records->count = records->marked + rlg_put_in_order_once(fresh, n_fresh, sizeof(*fresh), compare_told);
	}
	if (records->count <= records->room / 2 && records->room > 0)
		return;
	records->room = records->room == 0 ? 16 : 2 * records->room;
	records->told = rlg_arena_grow(records->arena, records->told, records->count, records->room, sizeof(*records->told));
}

static struct rlg_progress_told *new_told(struct rlg_progress_records *records)
{
	if (records->count == records->room)
		make_room(records);
	return &records->told[records->count++];
}

static void take_any(struct rlg_progress_records *records, const struct rlg_record *record, struct rlg_progress_told *told)
{
	records->values.length = 0;
	rlg_json_members(record->line, record->length, find_context, records);
	told->id = rlg_arena_strdup(records->arena, record->id);
	told->values = rlg_arena_copy(records->arena, records->values.data, records->values.length);
	told->length = records->values.length;
}

void rlg_progress_add(struct rlg_progress_records *records, const struct rlg_record *record)
{
	struct rlg_progress_told *told = new_told(records);
	/* What the record before had in their place: hardly ever others. */
	const char *cluster = records->count > 1 ? told[-1].cluster : NULL, *sid = records->count > 1 ? told[-1].sid : NULL,
		   *phase = records->count > 1 ? told[-1].phase : NULL;
	const struct rlg_member *members;
	size_t count;
	const char *text = rlg_record_members(record, &members, &count);

	*told = (struct rlg_progress_told){.time_us = record->time_us,
					   .job_id = record->job_id,
					   .cluster = intern(records, record->cluster, cluster),
					   .sid = intern(records, record->sid, sid),
					   .phase = intern(records, record->phase, phase)};
	if (text != NULL)
		take_plain(records, record, text, members, count, told);
	else
		take_any(records, record, told);
}

void rlg_progress_sort(struct rlg_progress_records *records)
{
	struct rlg_names *seen = rlg_names_new_for(records->arena, records->count);
	struct rlg_progress_told *told = records->told;
	size_t kept = 0;

	rlg_put_in_order(told, records->count, sizeof(*told), compare_told);
	for (size_t i = 0; i < records->count; i++) {
		if (told[i].id != NULL ? rlg_names_put(seen, told[i].id, i) != RLG_NAMES_NONE
				       : kept > 0 && compare_told(&told[kept - 1], &told[i]) == 0)
			continue;
		if (kept != i)
			told[kept] = told[i];
		kept++;
	}
	records->count = kept;
}

void rlg_progress_each_phase(const struct rlg_progress_records *records, void (*tell)(void *context, const char *phase),
			     void *context)
{
	const char *last = NULL;

	for (size_t i = 0; i < records->count; i++) {
		const char *phase = records->told[i].phase;
		if (phase != NULL && phase != last)
			tell(context, phase);
		last = phase;
	}
}

size_t rlg_progress_mark(struct rlg_progress_records *records)
{
	return records->marked = records->count;
}

/* ---- packed ---- */

#define TOLD(member, kind) {offsetof(struct rlg_progress_told, member), RLG_PACKED_##kind, 0}

/* All of it but the id and the values. */
static const struct rlg_packed_member told_members[] = {
	TOLD(time_us, INT), TOLD(job_id, INT), TOLD(cluster, TEXT), TOLD(sid, TEXT), TOLD(phase, TEXT),
};
#define N_TOLD_MEMBERS (sizeof(told_members) / sizeof(told_members[0]))
_Static_assert(sizeof(struct rlg_progress_told) == 8 * (N_TOLD_MEMBERS + 3), "a member that is forgotten here");

void rlg_progress_pack(const struct rlg_progress_records *records, size_t first, struct rlg_bytes *to)
{
	struct rlg_progress_told nothing = {.time_us = 0};
	const struct rlg_progress_told *like = &nothing;

	rlg_pack_number(to, records->count - first);
	for (size_t i = first; i < records->count; like = &records->told[i++]) {
		const struct rlg_progress_told *told = &records->told[i];
		rlg_pack_id(to, told->id);
		rlg_pack_struct(to, told, like, told_members, N_TOLD_MEMBERS);
		rlg_pack_number(to, told->length);
		rlg_bytes_add_n(to, told->values, told->length);
	}
}

/* Names and texts by turns, each with its NUL. */
static bool are_pairs(const char *values, size_t length)
{
	size_t texts = 0;

	for (size_t i = 0; i < length; i++)
		texts += values[i] == '\0';
	return length == 0 || (values[length - 1] == '\0' && texts % 2 == 0);
}

bool rlg_progress_unpack(struct rlg_progress_records *records, struct rlg_unpack *from)
{
	struct rlg_progress_told told = {.time_us = 0};

	for (size_t left = rlg_unpack_count(from, 3); left > 0 && !from->bad; left--) {
		told.id = rlg_unpack_id(from, records->arena);
		rlg_unpack_struct(from, &told, told_members, N_TOLD_MEMBERS);
		told.length = rlg_unpack_number(from);
		told.values = rlg_unpack_bytes(from, told.length);
		if (told.values == NULL || !are_pairs(told.values, told.length))
			return false;
		*new_told(records) = told;
	}
	return !from->bad;
}
