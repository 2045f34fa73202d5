/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of tool/tracker/run_log_timeline.c: files that people have edited, by hand and at random.  --update as in
 * test_run_logs.c.
 */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/arena_state.h"
#include "tests/unit/dice.h"
#include "tests/unit/golden.h"
#include "tool/tracker/run_log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PATH "run_logs/arx5_multitask/timeline.md"

static struct rlg_rl_entry entries[] = {
	{"2026-03-10_a.md", "Tuesday, Mar 10th", "2026-03-10_a.md"},  {"2026-03-12_c.md", "Thursday, Mar 12th", "2026-03-12_c.md"},
	{"2026-03-13_d.md", "Friday, Mar 13th", "2026-03-13_d.md"},   {"2026-03-11_b.md", "Wednesday, Mar 11th", "2026-03-11_b.md"},
	{"2026-03-14_e.md", "Saturday, Mar 14th", "2026-03-14_e.md"},
};

/* The first three are known from before; two come when all five are there, in the order of their days. */
static const struct rlg_rl_folder few = {.name = "arx5_multitask", .entries = entries, .n = 3};
static struct rlg_rl_entry in_order[5];
static const struct rlg_rl_folder all = {.name = "arx5_multitask", .entries = in_order, .n = 5};

static int set_up(void **state)
{
	memcpy(in_order, (struct rlg_rl_entry[]){entries[0], entries[3], entries[1], entries[2], entries[4]}, sizeof(in_order));
	return arena_set_up(state);
}

/* The file anew, or the sentence why not; `kept` is brought up to date. */
static const char *refresh(struct rlg_arena *arena, const struct rlg_rl_folder *folder, const char *text, struct rlg_kept *kept)
{
	struct rlg_err err = {""};
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	if (rlg_rl_timeline_render(folder, arena, PATH, text, kept, &out, &err) != 0)
		return rlg_arena_printf(arena, "%s\n", err.text);
	return out.data;
}

static void a_new_timeline_is_called_as_its_folder(void **state)
{
	struct rlg_kept *kept = rlg_kept_read(*state, NULL);

	assert_string_equal(refresh(*state, &few, NULL, kept), "# ARX5 Multitask Timeline\n\n"
			    "1. `2026-03-10_a.md` \xe2\x80\x94 Tuesday, Mar 10th\n"
			    "2. `2026-03-12_c.md` \xe2\x80\x94 Thursday, Mar 12th\n"
			    "3. `2026-03-13_d.md` \xe2\x80\x94 Friday, Mar 13th\n");
}

/* All of the line but the number that it begins with. */
static const char *behind_number(const char *line)
{
	line += strspn(line, " \t");
	return line + strspn(line, "0123456789");
}

static void nothing_is_lost(const char *name, const char *before, const char *after)
{
	for (const char *line = before; *line != '\0'; line += strcspn(line, "\n") + (strchr(line, '\n') != NULL)) {
		const char *words = behind_number(line), *found = after;
		size_t length = strcspn(words, "\r\n");
		while (*found != '\0' && (strncmp(behind_number(found), words, length) != 0 ||
					  strchr("\r\n", behind_number(found)[length]) == NULL))
			found += strcspn(found, "\n") + (strchr(found, '\n') != NULL);
		if (*found == '\0' && length > 0)
			fail_msg("%s: this line is not there, or not in its place:\n%.*s\nin:\n%s", name, (int)length, words, after);
		after = found + strcspn(found, "\n") + (strchr(found, '\n') != NULL);
	}
}

static void check_hand_edit(void *context, const char *name)
{
	struct rlg_arena *arena = context;
	const char *stem = rlg_arena_strndup(arena, name, strlen(name) - strlen(".before.md"));
	const char *before = golden_read(arena, golden_path(arena, "timeline/%s", name));
	struct rlg_kept *kept = rlg_kept_read(arena, NULL);

	assert_non_null(before);
	refresh(arena, &few, NULL, kept);
	bool fails = strncmp(name, "error_", 6) == 0, is_empty = before[0] == '\0';
	if (!fails && !is_empty)
		assert_string_equal(refresh(arena, &few, before, kept), before);
	const char *after = refresh(arena, &all, before, kept);
	golden_expect(arena, golden_path(arena, "timeline/%s.after.md", stem), after);
	if (fails)
		return;
	nothing_is_lost(name, before, after);
	if (strcmp(refresh(arena, &all, after, kept), after) != 0)
		fail_msg("%s: a second refresh changes it:\n%s", name, refresh(arena, &all, after, kept));
}

static void hand_edited_timelines_only_get_what_is_new(void **state)
{
	golden_each(*state, "timeline", ".before.md", 25, check_hand_edit, *state);
}

/* ---- edits at random ---- */

#define ROUNDS 3000
#define REFRESHES 4
#define MOST_EDITS 3
#define DASH "\xe2\x80\x94"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct rlg_rl_entry logs[] = {
	{"2026-02-28_x.md", "Saturday, Feb 28th", "2026-02-28_x.md"}, {"2026-03-10_a.md", "Tuesday, Mar 10th", "2026-03-10_a.md"},
	{"2026-03-10_b.md", "Tuesday, Mar 10th", "2026-03-10_b.md"},  {"2026-03-11_c.md", "Wednesday, Mar 11th", "2026-03-11_c.md"},
	{"2026-03-12_d.md", "Thursday, Mar 12th", "2026-03-12_d.md"}, {"2026-03-13_e.md", "Friday, Mar 13th", "2026-03-13_e.md"},
	{"late.md", NULL, "2026-03-13_late.md"},			      {"2026-03-14_f.md", "Saturday, Mar 14th", "2026-03-14_f.md"},
};

/* What a person writes as a line, where `%s` is one of the logs. */
static const char *const sentences[] = {
	"", "   ", "A remark, not a list: 3 of 4.", "## March", "<!-- nothing -->", "| log | day |", "|---|---|", "| `%s` | Tuesday |",
	"- `%s`", "* %s", "7. `%s` " DASH " a day of mine", "1) [%s](%s)", "   - a note on it, %s", "> 2. `%s`", "    1. `%s`", "```",
	"1. not a log", "2026-03-10_a.md", "Zo\xc3\xab: `%s` went \xf0\x9f\x94\xa5", "\t3. `%s`", "---", "===", "0. `%s`", "-", "1.",
};

static const struct {
	const char *from, *to;
} replacements[] = {
	{"\n", "\r\n"}, {DASH, "-"},   {"`", ""},	{"1. ", "1) "}, {"2. ", "- "},	 {"3", "4"},	{"\n", "\n\n"}, {"\n", ""},
	{". ", ".\t"},	 {"Mar", "M\xc3\xa4r"}, {" ", "  "}, {"1", "10"},	{"`", "[x]("}, {".md", ""}, {"2026", "2025"}, {"\n", "\n  "},
	{"# ", "#"},	 {"2. ", "1. "}, {"Timeline", "<!-- T"}, {"_", "\\_"},
};

static const char *splice(struct rlg_arena *arena, const char *text, size_t at, size_t gone, const char *words)
{
	return rlg_arena_printf(arena, "%.*s%s%s", (int)at, text, words, text + at + gone);
}

/* Where the n-th line begins, and how long it is with its end. */
static size_t line_at(const char *text, size_t nth, size_t *out_length)
{
	size_t at = 0;

	for (;; nth--) {
		*out_length = strcspn(text + at, "\n");
		*out_length += text[at + *out_length] == '\n';
		if (nth == 0 || text[at + *out_length] == '\0')
			return at;
		at += *out_length;
	}
}

static const char *edit_line(struct rlg_arena *arena, const char *text)
{
	size_t length, other_length, at = line_at(text, dice(12), &length), to = line_at(text, dice(12), &other_length);
	const char *line = rlg_arena_strndup(arena, text + at, length);
	const char *log = logs[dice(COUNT(logs))].file;

	switch (dice(4)) {
	case 0: /* away */
		return splice(arena, text, at, length, "");
	case 1: /* there too */
		return splice(arena, text, to, 0, line);
	case 2: /* elsewhere */
		text = splice(arena, text, at, length, "");
		return splice(arena, text, line_at(text, dice(12), &other_length), 0, line);
	default:
		line = sentences[dice(COUNT(sentences))];
		for (const char *mark = strstr(line, "%s"); mark != NULL; mark = strstr(line, "%s"))
			line = splice(arena, line, (size_t)(mark - line), 2, log);
		return splice(arena, text, at, 0, rlg_arena_printf(arena, "%s\n", line));
	}
}

static const char *edit_words(struct rlg_arena *arena, const char *text)
{
	size_t way = dice(COUNT(replacements)), length = strlen(text);
	const char *from = replacements[way].from, *found = strstr(text + dice(length + 1), from);
	bool everywhere = dice(4) == 0;

	if (dice(8) == 0) /* the end is cut off */
		return rlg_arena_strndup(arena, text, length - (length > 0 ? dice(length < 40 ? length : 40) : 0));
	for (size_t turns = 0; found != NULL && turns < 100; turns++) {
		size_t at = (size_t)(found - text);
		text = splice(arena, text, at, strlen(from), replacements[way].to);
		found = everywhere ? strstr(text + at + strlen(replacements[way].to), from) : NULL;
	}
	return text;
}

static const char *take_line(struct rlg_arena *arena, const char **text)
{
	size_t length;

	line_at(*text, 0, &length);
	const char *line = rlg_arena_strndup(arena, *text, length);
	*text += length;
	return line;
}

/* Without its line break. */
static size_t words_in(const char *line)
{
	size_t length = strlen(line);

	while (length > 0 && strchr("\r\n", line[length - 1]) != NULL)
		length--;
	return length;
}

/* Are they the same, but for the number in front and for the break that the last line had not? */
static bool same_line(const char *before, const char *after)
{
	const char *one = behind_number(before), *other = behind_number(after);
	size_t length = words_in(one);

	if (strspn(before, " \t") != strspn(after, " \t") || (one == before) != (other == after))
		return false;
	if (length != words_in(other) || strncmp(one, other, length) != 0)
		return false;
	return strcmp(one + length, other + length) == 0 || strchr(one + length, '\n') == NULL;
}

/* Behind so many new lines a number is the old one, or counts them. */
static bool counts_on(const char *before, const char *after, size_t n_new)
{
	const char *one = before + strspn(before, " \t"), *other = after + strspn(after, " \t");
	unsigned long by = strtoul(other, NULL, 10) - strtoul(one, NULL, 10);

	if (behind_number(before) == one)
		return true;
	return by == 0 ? strspn(one, "0123456789") == strspn(other, "0123456789") : by == n_new;
}

/* The log whose new line that is, as the machine writes it; -1: of none. */
static int new_log(struct rlg_arena *arena, const char *line)
{
	const char *words = behind_number(line);
	bool is_numbered = words > line && isdigit((unsigned char)words[-1]);

	words += *words == (is_numbered ? '.' : '-');
	for (size_t i = 0; i < COUNT(logs); i++) {
		const char *end = logs[i].human == NULL ? "" : rlg_arena_printf(arena, " " DASH " %s", logs[i].human);
		const char *expected = rlg_arena_printf(arena, " `%s`%s", logs[i].file, end);
		size_t length = strlen(expected);
		if (strncmp(words, expected, length) == 0 && words[length + strspn(words + length, "\r\n")] == '\0')
			return (int)i;
	}
	return -1;
}

static bool is_blank(const char *line)
{
	return line[strspn(line, " \t\r\n")] == '\0';
}

/* What is new are lines of logs that were not known, one each, and perhaps a blank line in front of them. */
static void only_new_logs_are_added(struct rlg_arena *arena, const char *before, const char *after, const bool *is_new)
{
	const char *old = before, *now = after;
	bool added[COUNT(logs)] = {false};
	size_t n_added = 0;

	while (*now != '\0') {
		const char *line = take_line(arena, &now), *ahead = old, *old_line = *old == '\0' ? NULL : take_line(arena, &ahead);
		if (old_line != NULL && same_line(old_line, line)) {
			if (!counts_on(old_line, line, n_added))
				fail_msg("this number is wrong:\n%sin:\n%s---- which was:\n%s", line, after, before);
			old = ahead;
			continue;
		}
		const char *next = now;
		if (is_blank(line) && new_log(arena, take_line(arena, &next)) >= 0)
			continue;
		int log = new_log(arena, line);
		if (log < 0 || !is_new[log] || added[log])
			fail_msg("this line is not the machine's to write:\n%sin:\n%s---- which was:\n%s", line, after, before);
		added[log] = true;
		n_added++;
	}
	if (*old != '\0')
		fail_msg("this is lost:\n%s---- in:\n%s---- which was:\n%s", old, after, before);
	for (size_t i = 0; i < COUNT(logs); i++)
		if (is_new[i] && strstr(after, logs[i].file) == NULL)
			fail_msg("%s is not there:\n%s---- which was:\n%s", logs[i].file, after, before);
}

/* False: it fails, with a sentence that names the line. */
static bool render(struct rlg_arena *arena, const bool *is_there, const char *text, struct rlg_kept *kept, const char **out_text)
{
	struct rlg_rl_entry there[COUNT(logs)];
	struct rlg_rl_folder folder = {.name = "arx5_multitask", .entries = there};
	struct rlg_err err = {""};
	struct rlg_bytes out;

	for (size_t i = 0; i < COUNT(logs); i++)
		if (is_there[i])
			there[folder.n++] = logs[i];
	rlg_bytes_init(&out, arena);
	int code = rlg_rl_timeline_render(&folder, arena, PATH, text, kept, &out, &err);
	if (code != 0)
		assert_true(strncmp(err.text, PATH ":", strlen(PATH ":")) == 0);
	*out_text = code == 0 && out.data != NULL ? out.data : "";
	return code == 0;
}

/* False: the file cannot be read as it is, and is left alone. */
static bool one_refresh(struct rlg_arena *arena, bool *is_there, struct rlg_kept *kept, const char **text)
{
	bool is_new[COUNT(logs)] = {false};
	const char *edited = *text, *after;

	for (size_t edits = 1 + dice(MOST_EDITS); edits > 0; edits--)
		edited = dice(3) > 0 ? edit_line(arena, edited) : edit_words(arena, edited);
	if (!render(arena, is_there, edited, kept, &after))
		return false;
	if (is_blank(edited))
		edited = after; /* begun again, as if there was none */
	if (strcmp(edited, after) != 0)
		fail_msg("no news, and yet another file:\n%s---- which was:\n%s", after, edited);
	for (size_t news = dice(3); news > 0; news--) {
		size_t log = dice(COUNT(logs));
		is_new[log] = is_new[log] || !is_there[log];
		is_there[log] = true;
	}
	assert_true(render(arena, is_there, edited, kept, text));
	only_new_logs_are_added(arena, edited, *text, is_new);
	assert_true(render(arena, is_there, *text, kept, &after));
	if (strcmp(*text, after) != 0)
		fail_msg("a second refresh changes it:\n%s---- which was:\n%s", after, *text);
	return true;
}

static void whatever_a_person_does_only_new_logs_are_added(void **state)
{
	size_t refreshes = 0, rounds = (size_t)environment_number("RLG_TEST_ROUNDS", ROUNDS);

	dice_begin();
	for (size_t round = 0; round < rounds; round++) {
		struct rlg_arena *arena = rlg_arena_new();
		struct rlg_kept *kept = rlg_kept_read(arena, NULL);
		bool is_there[COUNT(logs)] = {false};
		const char *text = "";
		for (size_t i = 0; i < COUNT(logs); i++)
			is_there[i] = dice(2) == 0;
		assert_true(render(arena, is_there, NULL, kept, &text));
		for (size_t i = 0; i < REFRESHES && one_refresh(arena, is_there, kept, &text); i++)
			refreshes++;
		rlg_arena_free(arena);
	}
	assert_true(refreshes > 2 * rounds); /* few files are beyond reading */
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_timeline_is_called_as_its_folder, set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(hand_edited_timelines_only_get_what_is_new, set_up, arena_tear_down),
		cmocka_unit_test(whatever_a_person_does_only_new_logs_are_added),
	};

	golden_begin(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
