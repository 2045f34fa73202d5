/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Progress records, gathered, in order, and packed: see progress.h. */
#include "tool/model/progress_records.h"

#include "tool/base/json_members.h"

#include <stdlib.h>
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

bool rlg_progress_is_own(const char *name, size_t length)
{
	/* By length. */
	static const char *const own[][5] = {
		[1] = {"v"},
		[2] = {"id"},
		[3] = {"sid", "run", "uid"},
		[4] = {"exec", "host", "node", "user"},
		[5] = {"phase"},
		[6] = {"job_id", "values"},
		[7] = {"cluster"},
		[8] = {"left_out"},
		[10] = {"het_job_id"},
		[12] = {"array_job_id"},
		[13] = {"array_task_id"},
	};

	if (length >= sizeof(own) / sizeof(own[0]))
		return false;
	for (const char *const *at = own[length]; *at != NULL; at++)
		if (memcmp(*at, name, length) == 0)
			return true;
	return false;
}

/* Of a record in the writer's own layout, which has no escapes: each text ends with a NUL already. */
static void add_plain(struct rlg_progress_records *records, const char *text, const struct rlg_member *member)
{
	if (member->kind == RLG_MEMBER_OBJECT || member->kind == RLG_MEMBER_NULL || member->key_length == 0)
		return;
	rlg_bytes_add_n(&records->values, text + member->key_at, member->key_length + 1u);
	rlg_bytes_add_n(&records->values, text + member->value_at, member->value_length);
	rlg_bytes_add_n(&records->values, "", 1);
}

static void add_all_plain(struct rlg_progress_records *records, const char *text, const struct rlg_member *members,
			  size_t count)
{
	for (size_t i = 0; i < count; i += 1 + members[i].inside) {
		const char *name = text + members[i].key_at;
		if (members[i].kind == RLG_MEMBER_OBJECT && strcmp(name, "values") == 0)
			for (size_t inner = 1; inner <= members[i].inside; inner++)
				add_plain(records, text, &members[i + inner]);
		else if (!rlg_progress_is_own(name, members[i].key_length))
			add_plain(records, text, &members[i]);
	}
}

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

static struct rlg_progress_told *new_told(struct rlg_progress_records *records)
{
	if (records->count == records->room) {
		records->room = records->room == 0 ? 16 : 2 * records->room;
		records->told = rlg_arena_grow(records->arena, records->told, records->count, records->room,
					       sizeof(*records->told));
	}
	return &records->told[records->count++];
}

static void gather_values(struct rlg_progress_records *records, const struct rlg_record *record)
{
	const struct rlg_member *members;
	size_t count;
	const char *text = rlg_record_members(record, &members, &count);

	records->values.length = 0;
	if (text != NULL)
		add_all_plain(records, text, members, count);
	else
		rlg_json_members(record->line, record->length, find_context, records);
}

void rlg_progress_add(struct rlg_progress_records *records, const struct rlg_record *record)
{
	static const struct rlg_progress_told nothing = {.cluster = NULL};
	const struct rlg_progress_told *last = records->count > 0 ? &records->told[records->count - 1] : &nothing;
	struct rlg_progress_told told = {.time_us = record->time_us,
					 .job_id = record->job_id,
					 .id = rlg_arena_strdup(records->arena, record->id),
					 .cluster = intern(records, record->cluster, last->cluster),
					 .sid = intern(records, record->sid, last->sid),
					 .phase = intern(records, record->phase, last->phase)};

	gather_values(records, record);
	told.values = rlg_arena_copy(records->arena, records->values.data, records->values.length);
	told.length = records->values.length;
	*new_told(records) = told;
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

/* One host's file is in order already, as a rule. */
static bool is_sorted(const struct rlg_progress_records *records)
{
	for (size_t i = 1; i < records->count; i++)
		if (compare_told(&records->told[i - 1], &records->told[i]) > 0)
			return false;
	return true;
}

void rlg_progress_sort(struct rlg_progress_records *records)
{
	struct rlg_names *seen = rlg_names_new(records->arena);
	size_t kept = 0;

	if (!is_sorted(records))
		qsort(records->told, records->count, sizeof(*records->told), compare_told);
	for (size_t i = 0; i < records->count; i++) {
		const char *id = records->told[i].id;
		if (id != NULL ? rlg_names_find(seen, id) != RLG_NAMES_NONE
			       : kept > 0 && compare_told(&records->told[kept - 1], &records->told[i]) == 0)
			continue;
		if (id != NULL)
			rlg_names_add(seen, id, i);
		records->told[kept++] = records->told[i];
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

size_t rlg_progress_count(const struct rlg_progress_records *records)
{
	return records->count;
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
