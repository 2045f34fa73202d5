/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a record: see record_read.h. */
#include "lib/record_read.h"

#include "lib/clock.h"
#include "lib/record.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* A moment past the year 9999 is damage, and would overflow elsewhere. */
#define LATEST_SECOND 253402300799.0

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
	if (!cJSON_IsNumber(item) || !(item->valuedouble > 0) || item->valuedouble > LATEST_SECOND)
		return 0;
	return (int64_t)llround(item->valuedouble * 1e6);
}

static bool whole_number(const cJSON *item, int64_t *out_value)
{
	/* Beyond 2^53 a double no longer holds every whole number. */
	if (!cJSON_IsNumber(item) || fabs(item->valuedouble) > 9007199254740992.0 ||
	    item->valuedouble != floor(item->valuedouble))
		return false;
	*out_value = (int64_t)item->valuedouble;
	return true;
}

static const char *why_no_record(const struct rlg_record *record)
{
	int64_t version = 0;

	if (!cJSON_IsObject(record->root))
		return "it is not a JSON object";
	if (record->time_us == 0)
		return "`timestamp` is missing or no moment";
	if (record->name == NULL || record->name[0] == '\0')
		return "`name` is missing or no text";
	if (!cJSON_IsObject(record->context))
		return "`context` is missing or no object";
	if (whole_number(member(record->context, "v"), &version) && version > RLG_RECORD_VERSION)
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

int rlg_record_parse(const char *line, size_t length, struct rlg_record *out_record, struct rlg_err *err)
{
	struct rlg_record record = {.line = line, .length = length, .job_id = -1};
	const char *why = "it is not JSON";

	const char *end = line;
	record.root = cJSON_ParseWithLengthOpts(line, length, &end, false);
	if (record.root != NULL && !is_blank(end, length - (size_t)(end - line))) {
		why = "something stands behind the JSON";
	} else if (record.root != NULL) {
		record.time_us = moment_of(member(record.root, "timestamp"));
		record.name = text_of(member(record.root, "name"));
		record.context = member(record.root, "context");
		why = why_no_record(&record);
	}
	if (why != NULL) {
		cJSON_Delete(record.root);
		return rlg_fail(err, -EBADMSG, "not a record: %s", why);
	}
	record.id = text_of(member(record.context, "id"));
	record.cluster = text_of(member(record.context, "cluster"));
	record.sid = text_of(member(record.context, "sid"));
	record.run = text_of(member(record.context, "run"));
	record.phase = text_of(member(record.context, "phase"));
	whole_number(member(record.context, "job_id"), &record.job_id);
	*out_record = record;
	return 0;
}

void rlg_record_done(struct rlg_record *record)
{
	cJSON_Delete(record->root);
	*record = (struct rlg_record){.job_id = -1};
}

const char *rlg_record_get_str(const struct rlg_record *record, const char *key)
{
	return text_of(member(record->context, key));
}

bool rlg_record_get_int(const struct rlg_record *record, const char *key, int64_t *out_value)
{
	return whole_number(member(record->context, key), out_value);
}

int64_t rlg_record_get_time(const struct rlg_record *record, const char *key)
{
	return moment_of(member(record->context, key));
}

bool rlg_record_get_bool(const struct rlg_record *record, const char *key, bool otherwise)
{
	const cJSON *item = member(record->context, key);

	return cJSON_IsBool(item) ? cJSON_IsTrue(item) : otherwise;
}
