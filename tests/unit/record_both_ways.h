/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line read both ways, without a tree and with one: whatever it is, all must come to the same.
 */
#ifndef RLG_TEST_RECORD_BOTH_WAYS_H
#define RLG_TEST_RECORD_BOTH_WAYS_H

#include "lib/record_read.h"
#include "tool/model/event.h"
#include "tool/model/progress.h"

#include <stdio.h>
#include <string.h>

#define DIFFERENT(...) (snprintf(both_ways_words, sizeof(both_ways_words), __VA_ARGS__), both_ways_words)

static char both_ways_words[256];

static inline bool same_words(const char *left, const char *right)
{
	return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

/* What the accessors say of one member, there or not. */
static inline const char *compare_member(const struct rlg_record *own, const struct rlg_record *tree, const char *key)
{
	int64_t left = -77, right = -77;

	if (!same_words(rlg_record_get_str(own, key), rlg_record_get_str(tree, key)))
		return DIFFERENT("the text of `%s`", key);
	if (rlg_record_get_int(own, key, &left) != rlg_record_get_int(tree, key, &right) || left != right)
		return DIFFERENT("the whole number of `%s`: %lld and %lld", key, (long long)left, (long long)right);
	left = rlg_record_get_time(own, key), right = rlg_record_get_time(tree, key);
	if (left != right)
		return DIFFERENT("the moment of `%s`: %lld and %lld", key, (long long)left, (long long)right);
	for (int otherwise = 0; otherwise < 2; otherwise++)
		if (rlg_record_get_bool(own, key, otherwise) != rlg_record_get_bool(tree, key, otherwise))
			return DIFFERENT("the truth of `%s`", key);
	if (rlg_record_has(own, key) != rlg_record_has(tree, key))
		return DIFFERENT("whether there is `%s`", key);
	return NULL;
}

static inline const char *compare_members(const struct rlg_record *own, const struct rlg_record *tree)
{
	static const char *const missing[] = {"", "no such", "timestamp", "git.commit", "Run"};
	const char *why = NULL;

	for (const cJSON *item = rlg_record_tree(tree)->child; item != NULL && why == NULL; item = item->next) {
		why = compare_member(own, tree, item->string);
		for (const cJSON *inner = item->child; inner != NULL && inner->string != NULL && why == NULL; inner = inner->next)
			if (!same_words(rlg_record_get_inner_str(own, item->string, inner->string),
					rlg_record_get_inner_str(tree, item->string, inner->string)))
				why = DIFFERENT("the text of `%s` in `%s`", inner->string, item->string);
	}
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]) && why == NULL; i++)
		why = compare_member(own, tree, missing[i]);
	return why;
}

static inline const char *compare_common(const struct rlg_record *own, const struct rlg_record *tree)
{
	const char *const texts[][3] = {{"name", own->name, tree->name},	  {"id", own->id, tree->id},
					{"cluster", own->cluster, tree->cluster}, {"sid", own->sid, tree->sid},
					{"run", own->run, tree->run},		  {"phase", own->phase, tree->phase}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!same_words(texts[i][1], texts[i][2]))
			return DIFFERENT("its %s", texts[i][0]);
	if (own->time_us != tree->time_us)
		return DIFFERENT("its moment: %lld and %lld", (long long)own->time_us, (long long)tree->time_us);
	return own->job_id != tree->job_id ? "its job id" : NULL;
}

/* What folding makes of it. */
static inline const char *compare_folded(const struct rlg_record *own, const struct rlg_record *tree)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_event left = rlg_event_from_record(arena, own), right = rlg_event_from_record(arena, tree);

	if (rlg_event_compare(&left, &right) != 0 || left.final_said != right.final_said)
		return "its event";
	if (!same_words(rlg_progress_words(arena, own), rlg_progress_words(arena, tree)))
		return DIFFERENT("its progress: %.100s and %.100s", rlg_progress_words(arena, own), rlg_progress_words(arena, tree));
	return NULL;
}

static inline const char *compare_trees(const struct rlg_record *own, const struct rlg_record *tree)
{
	char *left = cJSON_PrintUnformatted(rlg_record_tree(own)), *right = cJSON_PrintUnformatted(rlg_record_tree(tree));
	const char *why = same_words(left, right) ? NULL : "its tree";

	cJSON_free(left);
	cJSON_free(right);
	return why;
}

/* NULL where they agree, else on what they do not.  `reader` may be NULL; *out_own: was it read without a tree? */
static inline const char *record_both_ways(struct rlg_record_body *reader, const char *line, size_t length, bool *out_own)
{
	struct rlg_err own_err = {""}, tree_err = {""};
	struct rlg_record own, tree;
	const struct rlg_member *members;
	size_t count;
	int code = reader == NULL ? rlg_record_parse(line, length, &own, &own_err)
				  : rlg_record_read(reader, line, length, &own, &own_err);

	*out_own = false;
	if (code != rlg_record_parse_tree(line, length, &tree, &tree_err))
		return "whether it is a record";
	if (code != 0)
		return strcmp(own_err.text, tree_err.text) == 0 ? NULL : "what is wrong with it";
	*out_own = rlg_record_members(&own, &members, &count) != NULL;
	const char *why = compare_common(&own, &tree);
	if (why == NULL)
		why = compare_members(&own, &tree);
	if (why == NULL)
		why = compare_folded(&own, &tree);
	if (why == NULL)
		why = compare_trees(&own, &tree);
	if (why == NULL && (why = compare_members(&own, &tree)) != NULL)
		why = "its members, once it was made a tree";
	rlg_record_done(&own);
	rlg_record_done(&tree);
	return why;
}

#endif
