/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of a record in the writer's own layout: see record_scan.h.
 *
 * What is accepted here must mean the same to cJSON, to the bit: where that is not plain, this refuses, and cJSON is asked.
 */
#include "lib/record_scan.h"

#include "lib/clock.h"
#include "lib/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

_Static_assert(RLG_RECORD_MAX <= UINT16_MAX, "places must fit");
_Static_assert(RLG_MEMBERS_MAX <= UINT8_MAX, "`inside` must fit");

/* A moment past the year 9999 is damage, and would overflow elsewhere. */
#define LATEST_SECOND 253402300799.0

/* cJSON takes 63 bytes of a number; nobody writes half as many. */
#define FIGURES_MAX 31

/* Every whole number of so many figures is below 2^53, and so the same as a double. */
#define EXACT_FIGURES 15

/*
 * Below this (in 2041) a double keeps a moment to less than half a microsecond, multiplied by 10^6 and rounded twice, so
 * that llround() comes back to the very figures; past it only the same arithmetic gives the same result.
 */
#define EXACT_MOMENT_US (INT64_C(1) << 51)

/* ---- figures ---- */

int64_t rlg_double_moment(double value)
{
	if (!(value > 0) || value > LATEST_SECOND)
		return 0;
	return (int64_t)llround(value * 1e6);
}

bool rlg_double_whole(double value, int64_t *out_value)
{
	/* Beyond 2^53 a double no longer holds every whole number. */
	if (fabs(value) > 9007199254740992.0 || value != floor(value))
		return false;
	*out_value = (int64_t)value;
	return true;
}

double rlg_figures_double(const char *figures, size_t length)
{
	char copy[FIGURES_MAX + 1];

	if (length > FIGURES_MAX)
		length = FIGURES_MAX;
	memcpy(copy, figures, length);
	copy[length] = '\0';
	return strtod(copy, NULL);
}

static bool is_figure(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Figures alone, at most EXACT_FIGURES; returns how many there are. */
static size_t take_figures(const char *figures, size_t length, int64_t *out_value)
{
	size_t count = 0;
	int64_t value = 0;

	for (; count < length && count < EXACT_FIGURES && is_figure(figures[count]); count++)
		value = 10 * value + (figures[count] - '0');
	*out_value = value;
	return count;
}

bool rlg_figures_whole(const char *figures, size_t length, int64_t *out_value)
{
	int64_t value;
	size_t minus = length > 0 && figures[0] == '-';

	if (minus + take_figures(figures + minus, length - minus, &value) != length)
		return rlg_double_whole(rlg_figures_double(figures, length), out_value);
	*out_value = minus ? -value : value;
	return true;
}

int64_t rlg_figures_moment(const char *figures, size_t length)
{
	static const int64_t unit_us[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
	int64_t seconds, fraction = 0;
	size_t at = take_figures(figures, length, &seconds), decimals = 0;

	if (at > 0 && at + 1 < length && figures[at] == '.') {
		decimals = take_figures(figures + at + 1, length - at - 1, &fraction);
		at += 1 + decimals;
	}
	if (at != length || decimals > 6 || seconds >= EXACT_MOMENT_US / RLG_SECOND_US)
		return rlg_double_moment(rlg_figures_double(figures, length));
	return seconds * RLG_SECOND_US + fraction * unit_us[decimals];
}

/* ---- text ---- */

/* Which of the bytes from `at` on end a text: a quote, a backslash or a control character.  The padding is one, too. */
#if defined(__SSE2__)
#define STEP 16

static inline unsigned find_ends(const char *at)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
	__m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
	__m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(controls, _mm_or_si128(quotes, slashes)));
}
#else
#define STEP 1

static inline unsigned find_ends(const char *at)
{
	return (unsigned char)*at < 0x20 || *at == '"' || *at == '\\';
}
#endif
_Static_assert(RLG_SCAN_PADDING >= STEP, "a step from the last byte stays in the padding");

static inline char *text_end(char *at)
{
	unsigned ends;

	while ((ends = find_ends(at)) == 0)
		at += STEP;
	return at + __builtin_ctz(ends);
}

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
_Static_assert(RLG_SCAN_PADDING >= sizeof("{\"timestamp\":"), "the longest word that is taken");

/* Behind its first quote.  A NUL goes over the last one. */
static inline bool take_text(struct scanner *scanner, uint16_t *out_at, uint16_t *out_length)
{
	char *end = text_end(scanner->at);

	if (*end != '"')
		return false;
	*out_at = (uint16_t)(scanner->at - scanner->text);
	*out_length = (uint16_t)(end - scanner->at);
	*end = '\0';
	scanner->at = end + 1;
	return true;
}

static inline bool skip_figures(char **at)
{
	char *begin = *at;

	while (is_figure(**at))
		(*at)++;
	return *at > begin;
}

/* A number as RFC 8259 has it. */
static bool take_number(struct scanner *scanner, uint16_t *out_at, uint16_t *out_length)
{
	char *begin = scanner->at, *at = begin;

	at += *at == '-';
	if (*at == '0')
		at++;
	else if (!skip_figures(&at))
		return false;
	if (*at == '.' && (at++, !skip_figures(&at)))
		return false;
	if (*at == 'e' || *at == 'E') {
		at++;
		at += *at == '+' || *at == '-';
		if (!skip_figures(&at))
			return false;
	}
	*out_at = (uint16_t)(begin - scanner->text);
	*out_length = (uint16_t)(at - begin);
	scanner->at = at;
	return at - begin <= FIGURES_MAX;
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
	member->value_at = (uint16_t)(scanner->at - scanner->text);
	member->value_length = 0;
	if (TAKE(scanner, "{")) {
		member->kind = RLG_MEMBER_OBJECT;
		return true;
	}
	member->kind = RLG_MEMBER_NUMBER;
	if (is_figure(*scanner->at) || *scanner->at == '-')
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

/* Up to the closing brace.  An object in the context may have members, but none of them is an object again. */
static bool take_members(struct scanner *scanner, bool is_inside)
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
		if (member->kind != RLG_MEMBER_OBJECT)
			continue;
		if (is_inside || !take_members(scanner, true))
			return false;
		member->inside = (uint8_t)(scan->count - first);
	} while (TAKE(scanner, ","));
	return TAKE(scanner, "}");
}

bool rlg_record_scan(char *text, size_t length, struct rlg_scan *out_scan)
{
	struct scanner scanner = {.text = text, .at = text, .scan = out_scan};
	uint16_t moment_at, moment_length;

	out_scan->count = 0;
	if (length > RLG_RECORD_MAX || !TAKE(&scanner, "{\"timestamp\":") || !take_number(&scanner, &moment_at, &moment_length) ||
	    !TAKE(&scanner, ",\"name\":\"") || !take_text(&scanner, &out_scan->name_at, &out_scan->name_length) ||
	    !TAKE(&scanner, ",\"context\":{") || !take_members(&scanner, false) || !TAKE(&scanner, "}"))
		return false;
	TAKE(&scanner, "\n");
	out_scan->time_us = rlg_figures_moment(text + moment_at, moment_length);
	return scanner.at == text + length && out_scan->time_us > 0 && out_scan->name_length > 0;
}
