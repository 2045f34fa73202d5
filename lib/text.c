/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text of bounded length: see text.h. */
#include "lib/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rlg_text_init(struct rlg_text *text, char *storage, size_t size)
{
	*text = (struct rlg_text){.data = storage, .size = size};
	storage[0] = '\0';
}

void rlg_text_add_bytes(struct rlg_text *text, const char *bytes, size_t count)
{
	if (text->full || count >= text->size - text->length) {
		text->full = true;
		return;
	}
	memcpy(text->data + text->length, bytes, count);
	text->length += count;
	text->data[text->length] = '\0';
}

void rlg_text_add(struct rlg_text *text, const char *words)
{
	rlg_text_add_bytes(text, words, strlen(words));
}

void rlg_text_addf(struct rlg_text *text, const char *format, ...)
{
	size_t room = text->size - text->length;
	va_list args;

	if (text->full)
		return;
	va_start(args, format);
	int wanted = vsnprintf(text->data + text->length, room, format, args);
	va_end(args);
	if (wanted < 0 || (size_t)wanted >= room) {
		text->data[text->length] = '\0';
		text->full = true;
		return;
	}
	text->length += (size_t)wanted;
}

/* The least code point that a sequence of this length may encode, so that over-long forms are refused. */
static const unsigned least_code_point[5] = {0, 0, 0x80, 0x800, 0x10000};

size_t rlg_utf8_length(const char *bytes, size_t count)
{
	const unsigned char *at = (const unsigned char *)bytes;
	size_t length;
	unsigned code;

	if (count == 0)
		return 0;
	if (at[0] < 0x80)
		return 1;
	if (at[0] >= 0xc2 && at[0] <= 0xdf)
		length = 2;
	else if (at[0] >= 0xe0 && at[0] <= 0xef)
		length = 3;
	else if (at[0] >= 0xf0 && at[0] <= 0xf4)
		length = 4;
	else
		return 0;
	if (count < length)
		return 0;
	code = at[0] & (0xffu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	bool surrogate = code >= 0xd800 && code <= 0xdfff;
	return code < least_code_point[length] || code > 0x10ffff || surrogate ? 0 : length;
}

/* Escapes of RFC 8259 that have a short form. */
static const char *short_escape(char character)
{
	switch (character) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\b':
		return "\\b";
	case '\f':
		return "\\f";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

/* How many bytes stand in JSON as they are, from `words` on: hardly any text has others. */
static size_t plain_length(const char *words)
{
	size_t length = 0;

	while (words[length] >= ' ' && words[length] < 0x7f && words[length] != '"' && words[length] != '\\')
		length++;
	return length;
}

void rlg_text_add_json(struct rlg_text *text, const char *words)
{
	size_t left = strlen(words);
	size_t start = text->length;

	rlg_text_add(text, "\"");
	while (left > 0) {
		size_t plain = plain_length(words);
		rlg_text_add_bytes(text, words, plain);
		words += plain;
		left -= plain;
		if (left == 0)
			break;
		size_t length = rlg_utf8_length(words, left);
		const char *escape = short_escape(*words);

		if (length == 0)
			rlg_text_add(text, "\xef\xbf\xbd");
		else if (escape != NULL)
			rlg_text_add(text, escape);
		else if (length == 1 && ((unsigned char)*words < 0x20 || *words == 0x7f))
			rlg_text_addf(text, "\\u%04x", (unsigned char)*words);
		else
			rlg_text_add_bytes(text, words, length);
		length = length == 0 ? 1 : length;
		words += length;
		left -= length;
	}
	rlg_text_add(text, "\"");
	if (text->full) {
		text->length = start;
		text->data[start] = '\0';
	}
}

bool rlg_copy(char *to, size_t size, const char *from)
{
	size_t length = strlen(from);

	if (length >= size) {
		to[0] = '\0';
		return false;
	}
	memcpy(to, from, length + 1);
	return true;
}

static bool is_utf8(const char *words)
{
	for (size_t left = strlen(words), step; left > 0; words += step, left -= step)
		if ((step = rlg_utf8_length(words, left)) == 0)
			return false;
	return true;
}

/* C0, DEL, and C1, which some terminals obey as well. */
static bool is_control(const unsigned char *at, size_t length)
{
	return length == 1 ? at[0] < 0x20 || at[0] == 0x7f : length == 2 && at[0] == 0xc2 && at[1] < 0xa0;
}

void rlg_first_line(char *words)
{
	words[strcspn(words, "\n")] = '\0';
	bool only_ascii = !is_utf8(words);
	for (size_t step; *words != '\0'; words += step) {
		step = only_ascii ? 1 : rlg_utf8_length(words, strlen(words));
		bool foreign = only_ascii && (unsigned char)*words > 0x7f;
		if (foreign || is_control((const unsigned char *)words, step))
			memset(words, '?', step);
	}
}

bool rlg_parse_int(const char *words, long long least, long long most, long long *out_value)
{
	char *end;
	long long value;

	if (words == NULL || !(*words == '-' || (*words >= '0' && *words <= '9')))
		return false;
	errno = 0;
	value = strtoll(words, &end, 10);
	if (errno != 0 || *end != '\0' || end == words || value < least || value > most)
		return false;
	*out_value = value;
	return true;
}
