/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a record: see record_read.h. */
#include "lib/record_read.h"

#include "lib/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a record was read into: either a tree, or a copy of its line with the places of its members. */
struct rlg_record_body {
	cJSON *root; /* NULL: none yet, or only the context was made one */
	cJSON *context; /* NULL: look at the members */
	struct rlg_layouts *layouts; /* of a reader, who keeps it; NULL: it is the record's own */
	struct rlg_scan scan;
	char text[]; /* with its padding; none beside a tree */
};

/* ---- trees ---- */

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *text_of(const cJSON *item)
{
	return cJSON_IsString(item) ? item->valuestring : NULL;
}

static int64_t moment_of(const cJSON *item)
{
	return cJSON_IsNumber(item) ? rlg_double_moment(item->valuedouble) : 0;
}

static bool whole_number(const cJSON *item, int64_t *out_value)
{
	return cJSON_IsNumber(item) && rlg_double_whole(item->valuedouble, out_value);
}

static const char *why_no_record(const struct rlg_record *record, const cJSON *root, const cJSON *context)
{
	int64_t version = 0;

	if (!cJSON_IsObject(root))
		return "it is not a JSON object";
	if (record->time_us == 0)
		return "`timestamp` is missing or no moment";
	if (record->name == NULL || record->name[0] == '\0')
		return "`name` is missing or no text";
	if (!cJSON_IsObject(context))
		return "`context` is missing or no object";
	if (whole_number(member(context, "v"), &version) && version > RLG_RECORD_VERSION)
		return "its version (`v`) is newer than this program";
	return NULL;
}

/* cJSON stops at the end of the first value: two torn records on one line would be one. */
static bool is_blank(const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strchr(" \t\r\n", bytes[i]) == NULL || bytes[i] == '\0')
			return false;
	return true;
}

int rlg_record_parse_tree(const char *line, size_t length, struct rlg_record *out_record, struct rlg_err *err)
{
	struct rlg_record record = {.line = line, .length = length, .job_id = -1};
	const char *why = "it is not JSON", *end = line;
	cJSON *root = cJSON_ParseWithLengthOpts(line, length, &end, false), *context = NULL;

	if (root != NULL && !is_blank(end, length - (size_t)(end - line))) {
		why = "something stands behind the JSON";
	} else if (root != NULL) {
		record.time_us = moment_of(member(root, "timestamp"));
		record.name = text_of(member(root, "name"));
		record.word = record.name == NULL ? RLG_WORD_NONE : rlg_record_word(record.name, strlen(record.name));
		context = cJSON_GetObjectItemCaseSensitive(root, "context");
		why = why_no_record(&record, root, context);
	}
	if (why == NULL && (record.body = calloc(1, sizeof(*record.body))) == NULL)
		why = "there is no memory to read it";
	if (why != NULL) {
		cJSON_Delete(root);
		return rlg_fail(err, -EBADMSG, "not a record: %s", why);
	}
	record.body->root = root;
	record.body->context = context;
	record.id = text_of(member(context, "id"));
	record.cluster = text_of(member(context, "cluster"));
	record.sid = text_of(member(context, "sid"));
	record.run = text_of(member(context, "run"));
	record.phase = text_of(member(context, "phase"));
	whole_number(member(context, "job_id"), &record.job_id);
	*out_record = record;
	return 0;
}

/* ---- the writer's own layout ---- */

static bool is_called(const char *text, const struct rlg_member *item, const char *key, size_t length)
{
	return item->key_length == length && memcmp(text + item->key_at, key, length) == 0;
}

static const struct rlg_member *find(const struct rlg_record_body *body, const char *key)
{
	size_t length = strlen(key);

	for (size_t i = 0; i < body->scan.count; i += 1 + body->scan.members[i].inside)
		if (is_called(body->text, &body->scan.members[i], key, length))
			return &body->scan.members[i];
	return NULL;
}

static const char *text_at(const struct rlg_record_body *body, const struct rlg_member *item)
{
	return item != NULL && item->kind == RLG_MEMBER_TEXT ? body->text + item->value_at : NULL;
}

static bool whole_at(const struct rlg_record_body *body, const struct rlg_member *item, int64_t *out_value)
{
	return item != NULL && item->kind == RLG_MEMBER_NUMBER &&
	       rlg_figures_whole(body->text + item->value_at, item->value_length, out_value);
}

/* The first of that name, or NULL. */
static const struct rlg_member *first_of(const struct rlg_record_body *body, enum rlg_word word)
{
	size_t at = body->scan.at[word];

	return at == 0 ? NULL : &body->scan.members[at - 1];
}

/* The members that every record may have.  False: a version that only why_no_record() has words for. */
static bool take_common(const struct rlg_record_body *body, struct rlg_record *record)
{
	int64_t version = 0;

	record->id = text_at(body, first_of(body, RLG_WORD_ID));
	record->cluster = text_at(body, first_of(body, RLG_WORD_CLUSTER));
	record->sid = text_at(body, first_of(body, RLG_WORD_SID));
	record->run = text_at(body, first_of(body, RLG_WORD_RUN));
	record->phase = text_at(body, first_of(body, RLG_WORD_PHASE));
	whole_at(body, first_of(body, RLG_WORD_JOB_ID), &record->job_id);
	whole_at(body, first_of(body, RLG_WORD_V), &version);
	return version <= RLG_RECORD_VERSION;
}

static bool scan(struct rlg_record_body *body, size_t length)
{
	return body->layouts == NULL ? rlg_record_scan(body->text, length, &body->scan)
				     : rlg_record_scan_like(body->layouts, body->text, length, &body->scan);
}

/* Into a body that has room for it.  False: it is for the tree, whatever it is. */
static bool read_own(struct rlg_record_body *body, const char *line, size_t length, struct rlg_record *out_record)
{
	struct rlg_record record = {.line = line, .length = length, .body = body, .job_id = -1};

	memcpy(body->text, line, length);
	memset(body->text + length, 0, RLG_SCAN_PADDING);
	body->root = body->context = NULL;
	if (!scan(body, length) || !take_common(body, &record))
		return false;
	record.time_us = body->scan.time_us;
	record.word = body->scan.name;
	record.name = body->text + body->scan.name_at;
	*out_record = record;
	return true;
}

int rlg_record_parse(const char *line, size_t length, struct rlg_record *out_record, struct rlg_err *err)
{
	struct rlg_record_body *body =
		length > RLG_RECORD_MAX ? NULL : malloc(sizeof(*body) + length + RLG_SCAN_PADDING);

	if (body != NULL) {
		body->layouts = NULL;
		if (read_own(body, line, length, out_record))
			return 0;
		free(body);
	}
	return rlg_record_parse_tree(line, length, out_record, err);
}

struct rlg_record_body *rlg_record_reader_new(void)
{
	struct rlg_record_body *reader = calloc(1, sizeof(*reader) + RLG_RECORD_MAX + RLG_SCAN_PADDING);

	if (reader == NULL || (reader->layouts = calloc(1, rlg_layouts_size())) != NULL)
		return reader;
	free(reader);
	return NULL;
}

void rlg_record_reader_free(struct rlg_record_body *reader)
{
	if (reader != NULL)
		free(reader->layouts);
	free(reader);
}

int rlg_record_read(struct rlg_record_body *reader, const char *line, size_t length, struct rlg_record *out_record,
		    struct rlg_err *err)
{
	if (reader != NULL && length <= RLG_RECORD_MAX && read_own(reader, line, length, out_record))
		return 0;
	return rlg_record_parse_tree(line, length, out_record, err);
}

static cJSON *value_as_tree(const struct rlg_record_body *body, const struct rlg_member *item);

static cJSON *members_as_tree(const struct rlg_record_body *body, const struct rlg_member *members, size_t count)
{
	cJSON *object = cJSON_CreateObject();

	for (size_t i = 0; i < count; i += 1 + members[i].inside)
		cJSON_AddItemToObject(object, body->text + members[i].key_at, value_as_tree(body, &members[i]));
	return object;
}

static cJSON *value_as_tree(const struct rlg_record_body *body, const struct rlg_member *item)
{
	const char *value = body->text + item->value_at;

	switch ((enum rlg_member_kind)item->kind) {
	case RLG_MEMBER_TEXT:
		return cJSON_CreateString(value);
	case RLG_MEMBER_NUMBER:
		return cJSON_CreateNumber(rlg_figures_double(value, item->value_length));
	case RLG_MEMBER_TRUE:
	case RLG_MEMBER_FALSE:
		return cJSON_CreateBool(item->kind == RLG_MEMBER_TRUE);
	case RLG_MEMBER_OBJECT:
		return members_as_tree(body, item + 1, item->inside);
	case RLG_MEMBER_NULL:
		break;
	}
	return cJSON_CreateNull();
}

/* ---- both ---- */

void rlg_record_done(struct rlg_record *record)
{
	struct rlg_record_body *body = record->body;

	if (body != NULL && (body->root != NULL || body->context != NULL))
		cJSON_Delete(body->root != NULL ? body->root : body->context);
	if (body != NULL && body->layouts == NULL)
		free(body);
	*record = (struct rlg_record){.job_id = -1};
}

/* NULL: there is none, look at the members. */
static const cJSON *tree_of(const struct rlg_record *record)
{
	return record->context != NULL || record->body == NULL ? record->context : record->body->context;
}

static bool has_members(const struct rlg_record *record)
{
	return record->context == NULL && record->body != NULL && record->body->context == NULL;
}

cJSON *rlg_record_tree(const struct rlg_record *record)
{
	struct rlg_record_body *body = record->body;

	if (body != NULL && body->context == NULL)
		body->context = members_as_tree(body, body->scan.members, body->scan.count);
	return body == NULL ? NULL : body->context;
}

const char *rlg_record_members(const struct rlg_record *record, const struct rlg_member **out_members, size_t *out_count)
{
	if (!has_members(record))
		return NULL;
	*out_members = record->body->scan.members;
	*out_count = record->body->scan.count;
	return record->body->text;
}

bool rlg_record_holds(const struct rlg_record *record, const char *text)
{
	return has_members(record) && (uintptr_t)text - (uintptr_t)record->body->text < record->length;
}

const char *rlg_record_get_str(const struct rlg_record *record, const char *key)
{
	if (has_members(record))
		return text_at(record->body, find(record->body, key));
	return text_of(member(tree_of(record), key));
}

bool rlg_record_get_int(const struct rlg_record *record, const char *key, int64_t *out_value)
{
	if (has_members(record))
		return whole_at(record->body, find(record->body, key), out_value);
	return whole_number(member(tree_of(record), key), out_value);
}

int64_t rlg_record_get_time(const struct rlg_record *record, const char *key)
{
	if (!has_members(record))
		return moment_of(member(tree_of(record), key));
	const struct rlg_member *item = find(record->body, key);
	if (item == NULL || item->kind != RLG_MEMBER_NUMBER)
		return 0;
	return rlg_figures_moment(record->body->text + item->value_at, item->value_length);
}

bool rlg_record_get_bool(const struct rlg_record *record, const char *key, bool otherwise)
{
	if (!has_members(record)) {
		const cJSON *item = member(tree_of(record), key);
		return cJSON_IsBool(item) ? cJSON_IsTrue(item) : otherwise;
	}
	const struct rlg_member *item = find(record->body, key);
	bool is_truth = item != NULL && (item->kind == RLG_MEMBER_TRUE || item->kind == RLG_MEMBER_FALSE);
	return is_truth ? item->kind == RLG_MEMBER_TRUE : otherwise;
}

bool rlg_record_has(const struct rlg_record *record, const char *key)
{
	return has_members(record) ? find(record->body, key) != NULL : member(tree_of(record), key) != NULL;
}

const char *rlg_record_get_inner_str(const struct rlg_record *record, const char *outer, const char *key)
{
	if (!has_members(record))
		return text_of(member(member(tree_of(record), outer), key));
	const struct rlg_member *object = find(record->body, outer);
	size_t length = strlen(key);
	for (size_t i = 1; object != NULL && i <= object->inside; i++)
		if (is_called(record->body->text, &object[i], key, length))
			return text_at(record->body, &object[i]);
	return NULL;
}
