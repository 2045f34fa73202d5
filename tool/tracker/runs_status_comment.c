/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The comment `# Last updated:` on top of runs_status.yaml: see runs_status.h. */
#include "tool/tracker/runs_status.h"

#include "lib/clock.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define BOM "\xef\xbb\xbf"

/* The bytes of a time or a placeholder at `at`; 0: a person wrote something else there. */
static size_t time_length(const char *at, size_t length, bool *out_unset)
{
	static const char pattern[] = "dddd-dd-dd dd:dd:dd";
	size_t i = 0;

	*out_unset = length == 0 || (length == 1 && *at == '-') || (length == 3 && memcmp(at, "...", 3) == 0);
	if (*out_unset)
		return length;
	while (i < length && (pattern[i] == 'd' ? isdigit((unsigned char)at[i]) != 0 : at[i] == pattern[i]))
		i++;
	return pattern[i] == '\0' ? i : 0;
}

/* Whether the line is the comment; then *out_value is where its value begins. */
static bool is_time_comment(const char *line, size_t length, size_t *out_value)
{
	static const char words[] = "last updated:";
	size_t at = 0;

	while (at < length && strchr("# \t", line[at]) != NULL)
		at++;
	if (length - at < strlen(words) || strncasecmp(line + at, words, strlen(words)) != 0)
		return false;
	*out_value = at + strlen(words);
	return true;
}

static void update_value(struct rlg_arena *arena, const struct rlg_model *model, const char *text, size_t at,
			 size_t length, struct rlg_text_edits *edits)
{
	bool changed = edits->count > 0, unset;
	char words[RLG_TIME_TEXT_MAX];
	size_t from = at;

	while (length > 0 && (text[at] == ' ' || text[at] == '\t')) {
		at++;
		length--;
	}
	while (length > 0 && strchr(" \t\r", text[at + length - 1]) != NULL)
		length--;
	size_t width = time_length(text + at, length, &unset);
	rlg_clock_local(model->word_us, words);
	if (words[0] == '\0' || !(unset || (changed && width > 0)))
		return;
	if (width == strlen(words) && memcmp(text + at, words, width) == 0)
		return;
	rlg_text_edits_add(edits, at, width, rlg_arena_printf(arena, "%s%s", at == from ? " " : "", words));
}

void rlg_rs_update_comment(struct rlg_arena *arena, const struct rlg_model *model, const struct rlg_yaml_doc *doc,
			   struct rlg_text_edits *edits)
{
	const char *text = doc->text;
	size_t at = strncmp(text, BOM, 3) == 0 ? 3 : 0, value;

	while (text[at] != '\0') {
		size_t length = strcspn(text + at, "\r\n"), blank = strspn(text + at, " \t");

		if (blank < length && text[at + blank] != '#')
			return;
		if (is_time_comment(text + at, length, &value)) {
			update_value(arena, model, text, at + value, length - value, edits);
			return;
		}
		at += length;
		at += text[at] != '\0';
	}
}
