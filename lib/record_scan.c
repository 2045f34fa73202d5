/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of a record in the writer's own layout: see record_scan.h.
 *
 * What is accepted here must mean the same to cJSON, to the bit: where that is not plain, this refuses, and cJSON is asked.
 */
#include "lib/record_scan.h"

#include "lib/record.h"
#include "lib/record_bytes.h"
#include "lib/record_layouts.h"

#include <string.h>

_Static_assert(RLG_RECORD_MAX <= UINT16_MAX, "places must fit");
_Static_assert(RLG_MEMBERS_MAX < UINT8_MAX, "`inside` and `at` must fit");
_Static_assert(RLG_SCAN_PADDING >= RLG_BYTES_STEP, "a step from the last byte stays in the padding");

struct scanner {
	char *text, *at;
	struct rlg_scan *scan;
};

static inline bool take_word(struct scanner *scanner, const char *word, size_t length)
{
	if (memcmp(scanner->at, word, length) != 0)
		return false;
	scanner->at += length;
	return true;
}

/* No word has a NUL in it, so that none reaches past the padding. */
#define TAKE(scanner, word) take_word((scanner), (word), sizeof(word) - 1)
_Static_assert(RLG_SCAN_PADDING >= sizeof(RLG_LAYOUT_BEGIN), "the longest word that is taken");

static uint16_t place_of(const struct scanner *scanner, const char *at)
{
	return (uint16_t)(at - scanner->text);
}

/* Behind its first quote. */
static inline bool take_text(struct scanner *scanner, uint16_t *out_at, uint16_t *out_length)
{
	char *end = rlg_bytes_text_end(scanner->at);

	if (*end != '"')
		return false;
	*out_at = place_of(scanner, scanner->at);
	*out_length = (uint16_t)(end - scanner->at);
	scanner->at = end + 1;
	return true;
}

static bool take_number(struct scanner *scanner, uint16_t *out_at, uint16_t *out_length)
{
	char *end = rlg_bytes_number_end(scanner->at);

	if (end == NULL)
		return false;
	*out_at = place_of(scanner, scanner->at);
	*out_length = (uint16_t)(end - scanner->at);
	scanner->at = end;
	return true;
}

static bool take_value(struct scanner *scanner, struct rlg_member *member)
{
	static const struct {
		const char *word;
		uint8_t length, kind;
	} words[] = {{"true", 4, RLG_MEMBER_TRUE}, {"false", 5, RLG_MEMBER_FALSE}, {"null", 4, RLG_MEMBER_NULL}};

	member->inside = 0;
	if (TAKE(scanner, "\"")) {
		member->kind = RLG_MEMBER_TEXT;
		return take_text(scanner, &member->value_at, &member->value_length);
	}
	member->value_at = place_of(scanner, scanner->at);
	member->value_length = 0;
	if (TAKE(scanner, "{")) {
		member->kind = RLG_MEMBER_OBJECT;
		return true;
	}
	member->kind = RLG_MEMBER_NUMBER;
	if ((*scanner->at >= '0' && *scanner->at <= '9') || *scanner->at == '-')
		return take_number(scanner, &member->value_at, &member->value_length);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!take_word(scanner, words[i].word, words[i].length))
			continue;
		member->kind = words[i].kind;
		member->value_length = words[i].length;
		return true;
	}
	return false;
}

/* Whose word it is, by the object's first members of each word. */
static void name_member(const struct scanner *scanner, struct rlg_member *member, uint8_t *first_of_word)
{
	member->word = (uint8_t)rlg_record_word(scanner->text + member->key_at, member->key_length);
	member->is_again = first_of_word[member->word] != 0;
	if (member->word != RLG_WORD_NONE && !member->is_again)
		first_of_word[member->word] = (uint8_t)(member - scanner->scan->members + 1);
}

/* Up to the closing brace.  An object in the context may have members, but none of them is an object again. */
static bool take_members(struct scanner *scanner, uint8_t *first_of_word, bool is_inside)
{
	struct rlg_scan *scan = scanner->scan;

	if (TAKE(scanner, "}"))
		return true;
	do {
		if (scan->count == RLG_MEMBERS_MAX || !TAKE(scanner, "\""))
			return false;
		struct rlg_member *member = &scan->members[scan->count++];
		uint16_t first = scan->count;
		if (!take_text(scanner, &member->key_at, &member->key_length) || !TAKE(scanner, ":") ||
		    !take_value(scanner, member))
			return false;
		name_member(scanner, member, first_of_word);
		if (member->kind != RLG_MEMBER_OBJECT)
			continue;
		uint8_t inner[RLG_WORDS] = {0};
		if (is_inside || !take_members(scanner, inner, true))
			return false;
		member->inside = (uint8_t)(scan->count - first);
	} while (TAKE(scanner, ","));
	return TAKE(scanner, "}");
}

void rlg_scan_end_texts(char *text, const struct rlg_scan *scan)
{
	text[scan->name_at + scan->name_length] = '\0';
	for (size_t i = 0; i < scan->count; i++) {
		const struct rlg_member *member = &scan->members[i];
		text[member->key_at + member->key_length] = '\0';
		if (member->kind == RLG_MEMBER_TEXT)
			text[member->value_at + member->value_length] = '\0';
	}
}

static bool find_members(char *text, size_t length, struct rlg_scan *out_scan)
{
	struct scanner scanner = {.text = text, .at = text, .scan = out_scan};
	uint16_t moment_at, moment_length;

	out_scan->count = 0;
	memset(out_scan->at, 0, sizeof(out_scan->at));
	if (length > RLG_RECORD_MAX || !TAKE(&scanner, RLG_LAYOUT_BEGIN) || !take_number(&scanner, &moment_at, &moment_length) ||
	    !TAKE(&scanner, RLG_LAYOUT_NAME) || !take_text(&scanner, &out_scan->name_at, &out_scan->name_length) ||
	    !TAKE(&scanner, RLG_LAYOUT_CONTEXT) || !take_members(&scanner, out_scan->at, false) || !TAKE(&scanner, "}"))
		return false;
	TAKE(&scanner, "\n");
	out_scan->name = (uint8_t)rlg_record_word(text + out_scan->name_at, out_scan->name_length);
	out_scan->time_us = rlg_figures_moment(text + moment_at, moment_length);
	return scanner.at == text + length && out_scan->time_us > 0 && out_scan->name_length > 0;
}

bool rlg_record_scan(char *text, size_t length, struct rlg_scan *out_scan)
{
	if (!find_members(text, length, out_scan))
		return false;
	rlg_scan_end_texts(text, out_scan);
	return true;
}

bool rlg_record_scan_like(struct rlg_layouts *layouts, char *text, size_t length, struct rlg_scan *out_scan)
{
	if (!rlg_layouts_find(layouts, text, length, out_scan)) {
		if (!find_members(text, length, out_scan))
			return false;
		rlg_layouts_learn(layouts, text, length, out_scan);
	}
	rlg_scan_end_texts(text, out_scan);
	return true;
}
