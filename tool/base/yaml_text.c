/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing YAML scalars: see yaml_text.h. */
#include "tool/base/yaml_text.h"

#include "lib/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Words that some YAML reads as something else than text, in any case. */
static const char *const taken_words[] = {"null", "true", "false", "yes", "no",  "on",
					  "off",  "y",	  "n",	   "nan", "inf", "infinity"};

bool rlg_yaml_plain_ok(const char *words)
{
	/* What numbers, dates and times are made of: 12, 0x1f, 1e3, 1_000, 2025-10-18. */
	static const char number_like[] = "0123456789abcdefABCDEFxXoO_.+-";
	static const char safe[] = "_/.+@%=-";

	if (!isascii(words[0]) || !(isalnum((unsigned char)words[0]) || words[0] == '_' || words[0] == '/'))
		return false;
	for (const char *at = words; *at != '\0'; at++) {
		if (!isascii(*at) || !(isalnum((unsigned char)*at) || strchr(safe, *at) != NULL))
			return false;
	}
	if (isdigit((unsigned char)words[0]) && words[strspn(words, number_like)] == '\0')
		return false;
	for (size_t i = 0; i < sizeof(taken_words) / sizeof(taken_words[0]); i++) {
		if (strcasecmp(words, taken_words[i]) == 0)
			return false;
	}
	return true;
}

static unsigned code_point(const char *at, size_t length)
{
	unsigned code = length == 1 ? (unsigned char)*at : (unsigned char)*at & (0xffu >> (length + 1));

	for (size_t i = 1; i < length; i++)
		code = code << 6 | ((unsigned char)at[i] & 0x3f);
	return code;
}

/* Whether YAML wants the character escaped: no printable one, a line break, or a byte order mark. */
static bool needs_escape(unsigned code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return true;
	return code == 0x2028 || code == 0x2029 || code == 0xfeff || code == 0xfffe || code == 0xffff;
}

static bool single_ok(const char *words)
{
	size_t left = strlen(words), length;

	for (; left > 0; words += length, left -= length) {
		length = rlg_utf8_length(words, left);
		if (length == 0 || needs_escape(code_point(words, length)))
			return false;
	}
	return true;
}

static void add_single(struct rlg_bytes *bytes, const char *words)
{
	rlg_bytes_add(bytes, "'");
	for (const char *quote; (quote = strchr(words, '\'')) != NULL; words = quote + 1) {
		rlg_bytes_add_n(bytes, words, (size_t)(quote - words));
		rlg_bytes_add(bytes, "''");
	}
	rlg_bytes_add(bytes, words);
	rlg_bytes_add(bytes, "'");
}

static void add_double(struct rlg_bytes *bytes, const char *words)
{
	size_t left = strlen(words), length;

	rlg_bytes_add(bytes, "\"");
	for (; left > 0; words += length, left -= length) {
		length = rlg_utf8_length(words, left);
		if (length == 0) {
			rlg_bytes_add(bytes, REPLACEMENT);
			length = 1;
		} else if (*words == '"' || *words == '\\') {
			rlg_bytes_addf(bytes, "\\%c", *words);
		} else if (needs_escape(code_point(words, length))) {
			rlg_bytes_addf(bytes, "\\u%04x", code_point(words, length));
		} else {
			rlg_bytes_add_n(bytes, words, length);
		}
	}
	rlg_bytes_add(bytes, "\"");
}

void rlg_yaml_add(struct rlg_bytes *bytes, const char *words, enum rlg_yaml_style style)
{
	if (words == NULL)
		rlg_bytes_add(bytes, "null");
	else if (style == RLG_YAML_PLAIN && rlg_yaml_plain_ok(words))
		rlg_bytes_add(bytes, words);
	else if (style == RLG_YAML_SINGLE && single_ok(words))
		add_single(bytes, words);
	else
		add_double(bytes, words);
}

const char *rlg_yaml_clean(struct rlg_arena *arena, const char *words)
{
	size_t left = words != NULL ? strlen(words) : 0, length;
	struct rlg_bytes clean;
	const char *at = words;

	for (; left > 0 && (length = rlg_utf8_length(at, left)) > 0; at += length)
		left -= length;
	if (left == 0)
		return words;
	rlg_bytes_init(&clean, arena);
	for (at = words, left = strlen(words); left > 0; at += length, left -= length) {
		length = rlg_utf8_length(at, left);
		rlg_bytes_add_n(&clean, length > 0 ? at : REPLACEMENT, length > 0 ? length : strlen(REPLACEMENT));
		length = length > 0 ? length : 1;
	}
	return clean.data;
}
