/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of Slurm jobs: lists as people keep them, and random ones.
 *
 * Each NAME.md of tests/golden/slurm_job_list/hand is a list before two runs are added, NAME.after is what becomes of it;
 * `--update` writes that anew.  RLG_TEST_SEED sets where the random lists begin, RLG_TEST_SHUFFLES how many there are.
 */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/golden.h"
#include "tool/tracker/job_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct rlg_arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = rlg_arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rlg_arena_free(arena);
	return 0;
}

static const struct {
	const char *run_id, *line;
} runs[] = {
	{"20260218T160045Z", "- 2026-02-18 | job_id=4187 | iteration_id=iter1 | run_id=20260218T160045Z | status=submitted"},
	{"20260219T080000Z", "- 2026-02-19 | job_id=4200 | iteration_id=iter1 | run_id=20260219T080000Z | status=submitted"},
};

/* The runs that the list does not have are added. */
static const char *refreshed(const char *text)
{
	const char *lines[COUNT(runs)];
	struct rlg_bytes out;
	size_t count = 0;

	for (size_t i = 0; i < COUNT(runs); i++)
		if (!rlg_job_list_has(text, runs[i].run_id))
			lines[count++] = runs[i].line;
	rlg_bytes_init(&out, arena);
	rlg_bytes_add(&out, "");
	rlg_job_list_add(text, lines, count, &out);
	return out.data;
}

/* `after` is `before` with whole lines put in, and nothing else. */
static void check_only_added(const char *what, const char *before, const char *after)
{
	const char *old = before;

	for (const char *at = after; *at != '\0';) {
		size_t length = strcspn(at, "\n");
		size_t old_length = strcspn(old, "\n");

		if (length == old_length && memcmp(at, old, length) == 0) {
			old += old_length + (old[old_length] == '\n');
		} else {
			size_t kept = length > 0 && at[length - 1] == '\r' ? length - 1 : length;
			const char *line = rlg_arena_strndup(arena, at, kept);
			bool ours = kept == 0;

			for (size_t i = 0; i < COUNT(runs); i++)
				ours = ours || strcmp(line, runs[i].line) == 0;
			/* The last line of a file without a newline gets one, with the file's own line ends. */
			if (kept == old_length && memcmp(line, old, kept) == 0 && old[old_length] == '\0')
				old += old_length;
			else if (!ours)
				fail_msg("%s: this line is not what was there: %s", what, line);
		}
		at += length + (at[length] == '\n');
	}
	if (*old != '\0')
		fail_msg("%s: this got lost: %s", what, old);
}

static void check_list(const char *what, const char *before, const char *after)
{
	if (strcmp(refreshed(after), after) != 0)
		fail_msg("%s: refreshed again, it changes", what);
	check_only_added(what, before, after);
	for (size_t i = 0; i < COUNT(runs); i++) {
		assert_true(rlg_job_list_has(after, runs[i].run_id));
		if (!rlg_job_list_has(before, runs[i].run_id))
			assert_true(rlg_job_list_find(after, runs[i].line) > 0);
	}
}

/* ---- golden files ---- */

static void check_case(void *context, const char *name)
{
	const char *before = golden_read(arena, golden_path(arena, "slurm_job_list/hand/%s", name));

	(void)context;
	assert_non_null(before);
	const char *after = refreshed(before);
	golden_expect(arena, golden_path(arena, "slurm_job_list/hand/%.*s.after", (int)(strlen(name) - 3), name), after);
	check_list(name, before, after);
}

static void hand_kept_lists_only_grow(void **state)
{
	(void)state;
	golden_each(arena, "slurm_job_list/hand", ".md", 25, check_case, NULL);
}

static void a_new_list_has_a_heading(void **state)
{
	(void)state;
	assert_string_equal(refreshed(NULL), rlg_arena_printf(arena, "# SLURM Job Ledger\n\n%s\n%s\n", runs[0].line, runs[1].line));
}

/* ---- questions ---- */

static void a_run_is_found_by_its_whole_name(void **state)
{
	static const char *const have[] = {"run_id=a", "x run_id=a | y", "run_id=a\n", "(run_id=a)", "`run_id=a`", "see run_id=a.",
					   "run_id=a, b", "run_id=ab run_id=a"};
	static const char *const have_not[] = {"", "run_id=ab", "run_id=a-b", "run_id=a_1", "run_id=a.1", "xrun_id=a", "run_id= a",
					       "run_id=", "run_id=a\xc3\xa9"};

	(void)state;
	for (size_t i = 0; i < COUNT(have); i++)
		assert_true(rlg_job_list_has(have[i], "a"));
	for (size_t i = 0; i < COUNT(have_not); i++)
		assert_false(rlg_job_list_has(have_not[i], "a"));
	assert_false(rlg_job_list_has(NULL, "a"));
}

static void a_line_is_found_but_for_blanks_around_it(void **state)
{
	(void)state;
	assert_int_equal(rlg_job_list_find("a\n  - x  \r\nb", "- x"), 2);
	assert_int_equal(rlg_job_list_find("a\n- x y\n", "- x"), 0);
	assert_int_equal(rlg_job_list_find("- x", "- x"), 1);
	assert_int_equal(rlg_job_list_find(NULL, "- x"), 0);
}

static void an_entry_says_what_its_line_says(void **state)
{
	struct rlg_job_list_entry entry;

	(void)state;
	assert_true(rlg_job_list_entry(arena, "# x\n* 2026-02-18 |status=ok|run_id=a |  x | job_id=7", "a", &entry));
	assert_int_equal(entry.number, 2);
	assert_string_equal(entry.date, "2026-02-18");
	assert_string_equal(entry.job_id, "7");
	assert_string_equal(entry.status, "ok");
	assert_null(entry.iteration_id);
	assert_false(rlg_job_list_entry(arena, "- run_id=a\n", "b", &entry));
	assert_false(rlg_job_list_entry(arena, "run_id=a | x\n", "a", &entry));
}

/* ---- at random ---- */

static unsigned long seed;

static unsigned pick(unsigned below)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (unsigned)(seed >> 33) % below;
}

static const char *random_list(void)
{
	static const char *const parts[] = {
		"# Jobs", "", "", "- 2026-02-17 | job_id=1 | iteration_id=i | run_id=r | status=failed", "```", "~~~", "prose",
		"  - note | run_id=x", "* a | run_id=20260219T080000Z | job_id=2", "\xe6\x97\xa5\xe6\x9c\xac", "| a | b |", "-", "- ", "---",
		"- 2026-02-18 | job_id=4187 | iteration_id=iter1 | run_id=20260218T160045Z | status=submitted", "\t- x", "<!--", "|||"};
	const char *newline = pick(3) == 0 ? "\r\n" : "\n";
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	rlg_bytes_add(&out, "");
	for (unsigned lines = pick(12); lines > 0; lines--)
		rlg_bytes_addf(&out, "%s%s", parts[pick(COUNT(parts))], lines > 1 || pick(3) > 0 ? newline : "");
	return out.data;
}

static void random_lists_only_grow(void **state)
{
	const char *words = getenv("RLG_TEST_SEED"), *rounds = getenv("RLG_TEST_SHUFFLES");

	(void)state;
	seed = words != NULL ? strtoul(words, NULL, 10) : (unsigned long)time(NULL);
	printf("# RLG_TEST_SEED=%lu\n", seed);
	for (int i = rounds != NULL ? atoi(rounds) : 2000; i > 0; i--) {
		const char *before = random_list();

		check_list(before, before, refreshed(before));
		rlg_arena_free(arena);
		arena = rlg_arena_new();
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hand_kept_lists_only_grow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_new_list_has_a_heading, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_run_is_found_by_its_whole_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_line_is_found_but_for_blanks_around_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_entry_says_what_its_line_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(random_lists_only_grow, set_up, tear_down),
	};

	golden_begin(argc, argv);
	return cmocka_run_group_tests_name("job_list", tests, NULL, NULL);
}
