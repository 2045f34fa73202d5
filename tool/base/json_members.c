/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The members of one JSON object as they were written: see json_members.h. */
#include "tool/base/json_members.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

struct reader {
	const char *at, *end;
};

static bool is_one_of(char byte, const char *set)
{
	return byte != '\0' && strchr(set, byte) != NULL;
}

static void skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end && is_one_of(*reader->at, " \t\r\n"))
		reader->at++;
}

static bool take(struct reader *reader, char byte)
{
	skip_blanks(reader);
	if (reader->at == reader->end || *reader->at != byte)
		return false;
	reader->at++;
	return true;
}

/* A text in quotes of either kind. */
static bool take_text(struct reader *reader, const char **out_text, size_t *out_length)
{
	char quote;

	skip_blanks(reader);
	if (reader->at == reader->end || !is_one_of(*reader->at, "\"'"))
		return false;
	quote = *reader->at++;
	*out_text = reader->at;
	while (reader->at < reader->end && *reader->at != quote)
		reader->at += *reader->at == '\\' && reader->at + 1 < reader->end ? 2 : 1;
	if (reader->at >= reader->end)
		return false;
	*out_length = (size_t)(reader->at - *out_text);
	reader->at++;
	return true;
}

/* Counts brackets only: what is inside is nobody's here.  No recursion, so that no depth can hurt. */
static bool skip_nested(struct reader *reader)
{
	size_t depth = 0, length;
	const char *text;

	do {
		char byte = *reader->at;
		if (is_one_of(byte, "\"'")) {
			if (!take_text(reader, &text, &length))
				return false;
			continue;
		}
		if (is_one_of(byte, "{[("))
			depth++;
		else if (is_one_of(byte, "}])"))
			depth--;
		reader->at++;
	} while (depth > 0 && reader->at < reader->end);
	return depth == 0;
}

static bool is_word(const struct rlg_json_member *member, const char *word)
{
	return member->value_length == strlen(word) && strncasecmp(member->value, word, member->value_length) == 0;
}

static bool is_figures(const char *text, size_t length)
{
	size_t figures = 0;

	for (size_t i = 0; i < length; i++) {
		if (!is_one_of(text[i], "0123456789+-.eE"))
			return false;
		figures += text[i] >= '0' && text[i] <= '9';
	}
	return figures > 0;
}

/* A word or a number that stands without quotes. */
static bool classify(struct rlg_json_member *member)
{
	static const struct {
		const char *word;
		enum rlg_json_kind kind;
	} words[] = {
		{"true", RLG_JSON_TRUTH},	 {"false", RLG_JSON_TRUTH},	{"null", RLG_JSON_NULL},
		{"none", RLG_JSON_NULL},	 {"nan", RLG_JSON_NUMBER},	{"-nan", RLG_JSON_NUMBER},
		{"inf", RLG_JSON_NUMBER},	 {"-inf", RLG_JSON_NUMBER},	{"infinity", RLG_JSON_NUMBER},
		{"-infinity", RLG_JSON_NUMBER},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!is_word(member, words[i].word))
			continue;
		member->kind = words[i].kind;
		return true;
	}
	member->kind = RLG_JSON_NUMBER;
	return is_figures(member->value, member->value_length);
}

static bool take_value(struct reader *reader, struct rlg_json_member *member)
{
	skip_blanks(reader);
	member->value = reader->at;
	if (reader->at == reader->end)
		return false;
	if (is_one_of(*reader->at, "\"'")) {
		member->kind = RLG_JSON_TEXT;
		return take_text(reader, &member->value, &member->value_length);
	}
	if (is_one_of(*reader->at, "{[(")) {
		member->kind = RLG_JSON_NESTED;
		bool whole = skip_nested(reader);
		member->value_length = (size_t)(reader->at - member->value);
		return whole;
	}
	while (reader->at < reader->end && !is_one_of(*reader->at, ",}] \t\r\n"))
		reader->at++;
	member->value_length = (size_t)(reader->at - member->value);
	return classify(member);
}

static bool is_at_end(struct reader *reader)
{
	skip_blanks(reader);
	return reader->at == reader->end;
}

bool rlg_json_members(const char *text, size_t length, rlg_json_member_fn *tell, void *context)
{
	struct reader reader = {text, text + length};
	struct rlg_json_member member;

	if (!take(&reader, '{'))
		return false;
	if (take(&reader, '}'))
		return is_at_end(&reader);
	do {
		if (!take_text(&reader, &member.key, &member.key_length) || !take(&reader, ':') ||
		    !take_value(&reader, &member) || !tell(context, &member))
			return false;
	} while (take(&reader, ','));
	return take(&reader, '}') && is_at_end(&reader);
}

static int figure_of(char byte)
{
	static const char figures[] = "0123456789abcdef";
	const char *found = byte == '\0' ? NULL : strchr(figures, byte >= 'A' && byte <= 'F' ? byte + 32 : byte);

	return found == NULL ? -1 : (int)(found - figures);
}

/* Four figures behind a \u; -1: they are not there. */
static int32_t code_unit(const char *raw, const char *end)
{
	int32_t unit = 0;

	for (int i = 0; i < 4; i++) {
		int figure = raw + i < end ? figure_of(raw[i]) : -1;
		if (figure < 0)
			return -1;
		unit = unit * 16 + figure;
	}
	return unit;
}

static char *add_utf8(char *to, uint32_t code)
{
	static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};
	int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;

	*to++ = (char)(more == 0 ? (code == 0 ? ' ' : code) : (leads[more] | code >> (6 * more)));
	while (more-- > 0)
		*to++ = (char)(0x80 | (code >> (6 * more) & 0x3f));
	return to;
}

/* Behind a "\u".  Half a pair is U+FFFD, as it stands for nothing. */
static const char *take_code(const char *raw, const char *end, char **to)
{
	int32_t first = code_unit(raw, end), second;

	if (first < 0)
		return raw;
	raw += 4;
	if (first < 0xd800 || first > 0xdfff) {
		*to = add_utf8(*to, (uint32_t)first);
		return raw;
	}
	second = end - raw >= 6 && raw[0] == '\\' && raw[1] == 'u' ? code_unit(raw + 2, end) : -1;
	if (first > 0xdbff || second < 0xdc00 || second > 0xdfff) {
		*to = add_utf8(*to, 0xfffd);
		return raw;
	}
	*to = add_utf8(*to, 0x10000 + (((uint32_t)first & 0x3ff) << 10 | ((uint32_t)second & 0x3ff)));
	return raw + 6;
}

char *rlg_json_unescape(struct rlg_arena *arena, const char *raw, size_t length)
{
	static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
	const char *end = raw + length;
	char *text = rlg_arena_alloc(arena, length + 1), *to = text;

	while (raw < end) {
		if (*raw != '\\' || raw + 1 == end) {
			*to++ = *raw == '\0' ? ' ' : *raw;
			raw++;
			continue;
		}
		const char *letter = is_one_of(raw[1], letters) ? strchr(letters, raw[1]) : NULL;
		raw += 2;
		if (raw[-1] == 'u')
			raw = take_code(raw, end, &to);
		else
			*to++ = letter != NULL ? meanings[letter - letters] : raw[-1] == '\0' ? ' ' : raw[-1];
	}
	*to = '\0';
	return text;
}

static size_t count_figures(const char *text, size_t length)
{
	size_t count = 0;

	while (count < length && text[count] >= '0' && text[count] <= '9')
		count++;
	return count;
}

bool rlg_json_is_number(const char *text, size_t length)
{
	size_t at = length > 0 && text[0] == '-', figures = count_figures(text + at, length - at);

	if (figures == 0 || (figures > 1 && text[at] == '0'))
		return false;
	at += figures;
	if (at < length && text[at] == '.') {
		figures = count_figures(text + at + 1, length - at - 1);
		if (figures == 0)
			return false;
		at += 1 + figures;
	}
	if (at < length && is_one_of(text[at], "eE")) {
		at++;
		at += at < length && is_one_of(text[at], "+-");
		figures = count_figures(text + at, length - at);
		if (figures == 0)
			return false;
		at += figures;
	}
	return at == length;
}
