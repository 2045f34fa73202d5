/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tool/tracker/run_log_timeline.c: files that people have edited.  --update as in test_run_logs.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/golden_file.h"
#include "tool/tracker/run_log.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define PATH "run_logs/arx5_multitask/timeline.md"

static bool update_goldens;

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
	*state = rlg_arena_new();
	memcpy(in_order, (struct rlg_rl_entry[]){entries[0], entries[3], entries[1], entries[2], entries[4]}, sizeof(in_order));
	return 0;
}

static int tear_down(void **state)
{
	rlg_arena_free(*state);
	return 0;
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

static void check_hand_edit(struct rlg_arena *arena, const char *name)
{
	const char *stem = rlg_arena_strndup(arena, name, strlen(name) - strlen(".before.md"));
	const char *before = golden_read(arena, rlg_arena_printf(arena, "timeline/%s", name));
	struct rlg_kept *kept = rlg_kept_read(arena, NULL);

	assert_non_null(before);
	refresh(arena, &few, NULL, kept);
	bool fails = strncmp(name, "error_", 6) == 0, is_empty = before[0] == '\0';
	if (!fails && !is_empty)
		assert_string_equal(refresh(arena, &few, before, kept), before);
	const char *after = refresh(arena, &all, before, kept);
	golden_is(arena, rlg_arena_printf(arena, "timeline/%s.after.md", stem), after, update_goldens);
	if (fails)
		return;
	nothing_is_lost(name, before, after);
	if (strcmp(refresh(arena, &all, after, kept), after) != 0)
		fail_msg("%s: a second refresh changes it:\n%s", name, refresh(arena, &all, after, kept));
}

static void hand_edited_timelines_only_get_what_is_new(void **state)
{
	struct dirent **found;
	int count = scandir(golden_path(*state, "timeline"), &found, NULL, alphasort), cases = 0;

	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		if (strstr(found[i]->d_name, ".before.md") != NULL) {
			check_hand_edit(*state, found[i]->d_name);
			cases++;
		}
		free(found[i]);
	}
	free(found);
	assert_true(cases >= 25);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_timeline_is_called_as_its_folder, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hand_edited_timelines_only_get_what_is_new, set_up, tear_down),
	};

	update_goldens = argc > 1 && strcmp(argv[1], "--update") == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
