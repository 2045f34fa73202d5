/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A person who edits runs_status.yaml at random, with the words that people put there.
 */
#ifndef RLG_TEST_YAML_PERSON_H
#define RLG_TEST_YAML_PERSON_H

#include "tests/unit/dice.h"
#include "tool/base/arena.h"

#include <string.h>

/* What people put between the lines: some of it is YAML, some of it is not any more. */
static const char *const insertions[] = {
	"# a word of mine\n",
	"\n",
	"    note: \"waiting for André\"\n",
	"    priority: 3   # high\n",
	"    tags: [a, b, {c: d}]\n",
	"    log: |\n      line one\n      finetune_status: completed\n",
	"owner: Zoë\n",
	"  extra_run:\n    finetune_status: skipped\n",
	"    eval_status: on hold\n",
	"      \n",
	"\tx: tab\n",
	"    finetune_comment: 'it''s fine'\n",
};

static const struct {
	const char *from, *to;
} replacements[] = {
	{"null", "~"},	       {"null", ""},	      {"\"123", "'123"},	 {"completed", "\"completed\""},
	{"running", "failed"}, {"pending", "skipped"}, {": pending", ":   pending # ?"}, {"1234568", "77"},
	{"    ", "      "},    {"\n", "\r\n"},	      {"runs:", "runs :"},	 {"  3B_rank4:", "  '3B_rank4':"},
};

/* The n-th place where `from` stands, counted round; NULL: nowhere. */
static inline char *occurrence(char *text, const char *from, size_t nth)
{
	size_t count = 0;

	for (char *at = strstr(text, from); at != NULL; at = strstr(at + 1, from))
		count++;
	if (count == 0)
		return NULL;
	char *at = strstr(text, from);
	for (nth %= count; nth > 0; nth--)
		at = strstr(at + 1, from);
	return at;
}

static inline char *line_at(char *text, size_t random)
{
	char *at = occurrence(text, "\n", random);

	return at == NULL ? text : at + 1;
}

static inline char *spliced(struct rlg_arena *arena, const char *text, const char *at, size_t gone, const char *words)
{
	return rlg_arena_printf(arena, "%.*s%s%s", (int)(at - text), text, words, at + gone);
}

static inline char *edited(struct rlg_arena *arena, char *text)
{
	size_t kind = dice(10), random = dice(1000);
	char *at = line_at(text, random);
	size_t line = strcspn(at, "\n");

	if (kind < 5)
		return spliced(arena, text, at, 0, insertions[dice(sizeof(insertions) / sizeof(insertions[0]))]);
	if (kind == 5) /* a line goes */
		return spliced(arena, text, at, line + (at[line] == '\n'), "");
	if (kind == 6 && at[line] == '\n') /* a line comes twice */
		return spliced(arena, text, at, 0, rlg_arena_strndup(arena, at, line + 1));
	size_t which = dice(sizeof(replacements) / sizeof(replacements[0]));
	at = occurrence(text, replacements[which].from, random);
	return at == NULL ? text : spliced(arena, text, at, strlen(replacements[which].from), replacements[which].to);
}

#endif
