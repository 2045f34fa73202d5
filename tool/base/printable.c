/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Harmless text: see printable.h. */
#include "tool/base/printable.h"

#include "lib/text.h"

#include <stdint.h>
#include <string.h>
#include <wchar.h>

/*
 * Characters beyond ASCII that steer a terminal or the eye: C1 controls, line and paragraph separators, and the bidi
 * marks of "Trojan Source" (CVE-2021-42574).
 */
static const struct {
	uint32_t first, last;
} steering[] = {
	{0x80, 0x9f}, {0x61c, 0x61c}, {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff},
};

static bool steers(uint32_t code)
{
	for (size_t i = 0; i < sizeof(steering) / sizeof(steering[0]); i++)
		if (code >= steering[i].first && code <= steering[i].last)
			return true;
	return false;
}

static uint32_t decode(const char *bytes, size_t length)
{
	uint32_t code = (unsigned char)bytes[0];

	if (length > 1)
		code &= 0xffu >> (length + 1);
	for (size_t i = 1; i < length; i++)
		code = code << 6 | ((unsigned char)bytes[i] & 0x3f);
	return code;
}

static size_t show_control(unsigned char byte, char out_shown[RLG_SHOWN_MAX])
{
	static const char letters[] = "abtnvfr"; /* from BEL, 7, on */

	if (byte >= '\a' && byte <= '\r')
		return (size_t)snprintf(out_shown, RLG_SHOWN_MAX, "\\%c", letters[byte - '\a']);
	return (size_t)snprintf(out_shown, RLG_SHOWN_MAX, "\\x%02x", byte);
}

size_t rlg_printable_next(const char **text, bool ascii, char out_shown[RLG_SHOWN_MAX])
{
	const char *at = *text;
	/* A NUL is a valid character of UTF-8, but no continuation: strnlen() keeps us inside the text. */
	size_t length = rlg_utf8_length(at, strnlen(at, 4));

	*text += length == 0 ? 1 : length;
	if (length == 0)
		return (size_t)snprintf(out_shown, RLG_SHOWN_MAX, "\\x%02x", (unsigned char)*at);

	uint32_t code = decode(at, length);
	if (code < ' ' || code == 0x7f)
		return show_control((unsigned char)code, out_shown);
	if (steers(code))
		return (size_t)snprintf(out_shown, RLG_SHOWN_MAX, "\\u%04x", code);
	if (ascii && length > 1)
		return (size_t)snprintf(out_shown, RLG_SHOWN_MAX, "?");
	memcpy(out_shown, at, length);
	out_shown[length] = '\0';
	/* A character that this libc does not know (-1) is most likely an ordinary one of a newer Unicode. */
	int cells = wcwidth((wchar_t)code);
	return cells < 0 ? 1 : (size_t)cells;
}

void rlg_printable_put(FILE *stream, const char *text)
{
	char shown[RLG_SHOWN_MAX];

	while (*text != '\0') {
		rlg_printable_next(&text, false, shown);
		fputs(shown, stream);
	}
}
