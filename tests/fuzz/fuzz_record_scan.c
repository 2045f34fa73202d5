/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One record, read without a tree and with one: nobody can tell the difference. */
#include "tests/fuzz/fuzz.h"

#include "lib/record.h"
#include "lib/record_read.h"

static bool same(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static void compare_member(const struct rlg_record *one, const struct rlg_record *other, const char *key)
{
	int64_t number = -7, other_number = -7;

	FUZZ_MUST(rlg_record_has(one, key) && rlg_record_has(other, key), "`%s` is there for one alone", key);
	FUZZ_MUST(same(rlg_record_get_str(one, key), rlg_record_get_str(other, key)), "the text of `%s`", key);
	FUZZ_MUST(rlg_record_get_int(one, key, &number) == rlg_record_get_int(other, key, &other_number) && number == other_number,
		  "the number of `%s`: %lld and %lld", key, (long long)number, (long long)other_number);
	FUZZ_MUST(rlg_record_get_time(one, key) == rlg_record_get_time(other, key), "the moment of `%s`", key);
	FUZZ_MUST(rlg_record_get_bool(one, key, true) == rlg_record_get_bool(other, key, true), "the truth of `%s`", key);
	FUZZ_MUST(same(rlg_record_get_inner_str(one, key, "commit"), rlg_record_get_inner_str(other, key, "commit")), "inside of `%s`",
		  key);
}

static void compare(const struct rlg_record *one, const struct rlg_record *other)
{
	FUZZ_MUST(one->time_us == other->time_us, "the moments %lld and %lld", (long long)one->time_us, (long long)other->time_us);
	FUZZ_MUST(one->job_id == other->job_id, "the jobs %lld and %lld", (long long)one->job_id, (long long)other->job_id);
	FUZZ_MUST(same(one->name, other->name) && same(one->id, other->id) && same(one->cluster, other->cluster) &&
		  same(one->sid, other->sid) && same(one->run, other->run) && same(one->phase, other->phase), "the texts");
	for (const cJSON *item = rlg_record_tree(other)->child; item != NULL; item = item->next)
		compare_member(one, other, item->string);
	/* As texts: with two members of one name, cJSON_Compare() holds a tree for another than its twin. */
	char *words = cJSON_PrintUnformatted(rlg_record_tree(one)), *tree_words = cJSON_PrintUnformatted(rlg_record_tree(other));
	FUZZ_MUST(same(words, tree_words), "the trees %s and %s", words, tree_words);
	cJSON_free(words);
	cJSON_free(tree_words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rlg_record record, tree;
	struct rlg_err err = {""}, tree_err = {""};

	/* What reads lines tells no longer ones, and none with NULs (lines.h). */
	if (size > RLG_RECORD_MAX || fuzz_has_nul(data, size))
		return 0;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const char *line = rlg_arena_copy(arena, (const char *)data, size);
	int code = rlg_record_parse(line, size, &record, &err);
	int tree_code = rlg_record_parse_tree(line, size, &tree, &tree_err);
	FUZZ_MUST(code == tree_code && strcmp(err.text, tree_err.text) == 0, "%d (%s) and %d (%s)", code, err.text, tree_code,
		  tree_err.text);
	if (code != 0)
		return 0;
	compare(&record, &tree);
	rlg_record_done(&record);
	rlg_record_done(&tree);
	return 0;
}
