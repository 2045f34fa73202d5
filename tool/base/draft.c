/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record on its way: see draft.h. */
#include "tool/base/draft.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int rlg_draft_read(int fd, struct rlg_record *out_draft, struct rlg_err *err)
{
	char line[RLG_RECORD_MAX + 1];
	size_t length = 0;
	ssize_t got;

	do {
		got = read(fd, line + length, sizeof(line) - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return rlg_fail_errno(err, -errno, "cannot read the record from standard input");
		length += (size_t)got;
		if (length > RLG_RECORD_MAX)
			return rlg_fail(err, -EMSGSIZE, "the record on standard input is longer than %d bytes",
					RLG_RECORD_MAX);
	} while (got != 0);
	return rlg_record_parse(line, length, out_draft, err);
}

static bool is_written_by_begin(const char *key)
{
	return strcmp(key, "v") == 0 || strcmp(key, "id") == 0;
}

static void add_member(struct rlg_record_writer *writer, const cJSON *item)
{
	char *json = cJSON_PrintUnformatted(item);

	if (json != NULL)
		rlg_record_json(writer, item->string, json);
	cJSON_free(json);
}

void rlg_draft_id(char out_id[RLG_ID_MAX], const char *const *parts, size_t count, int64_t time_us)
{
	uint64_t hash[2] = {UINT64_C(14695981039346656037), UINT64_C(0x9ae16a3b2f90404f) ^ (uint64_t)time_us};

	for (size_t i = 0; i < count; i++)
		for (const char *at = parts[i] == NULL ? "\1" : parts[i];; at++) {
			hash[0] = (hash[0] ^ (unsigned char)*at) * UINT64_C(1099511628211);
			hash[1] = (hash[1] ^ (unsigned char)*at) * UINT64_C(0x100000001b3) + hash[0];
			if (*at == '\0')
				break;
		}
	snprintf(out_id, RLG_ID_MAX, "%016" PRIx64 "%016" PRIx64, hash[0], hash[1]);
}

ssize_t rlg_draft_write(const struct rlg_record *draft, const cJSON *facts, char *storage, size_t size)
{
	struct rlg_record_writer writer;
	char id[RLG_ID_MAX];
	const cJSON *item, *context = draft->context != NULL ? draft->context : rlg_record_tree(draft);

	if (draft->id == NULL)
		rlg_record_new_id(id);
	rlg_record_begin(&writer, storage, size, draft->time_us, draft->name, draft->id == NULL ? id : draft->id);
	cJSON_ArrayForEach(item, facts) add_member(&writer, item);
	cJSON_ArrayForEach(item, context) if (item->string != NULL && !is_written_by_begin(item->string) &&
					      !cJSON_HasObjectItem(facts, item->string))
		add_member(&writer, item);
	return rlg_record_end(&writer);
}

static void put(cJSON *facts, const char *key, cJSON *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(facts, key);
	cJSON_AddItemToObject(facts, key, value);
}

void rlg_facts_text(cJSON *facts, const char *key, const char *value)
{
	if (value != NULL && value[0] != '\0')
		put(facts, key, cJSON_CreateString(value));
}

void rlg_facts_number(cJSON *facts, const char *key, int64_t value)
{
	put(facts, key, cJSON_CreateNumber((double)value));
}

void rlg_facts_truth(cJSON *facts, const char *key, bool value)
{
	put(facts, key, cJSON_CreateBool(value));
}

void rlg_facts_seconds(cJSON *facts, const char *key, int64_t value_us)
{
	char figures[48];

	snprintf(figures, sizeof(figures), "%" PRId64 ".%06" PRId64, value_us / 1000000, value_us % 1000000);
	put(facts, key, cJSON_CreateRaw(figures));
}

void rlg_facts_take(cJSON *facts, const cJSON *from)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, from) if (item->string != NULL && !is_written_by_begin(item->string))
		put(facts, item->string, cJSON_Duplicate(item, true));
}
