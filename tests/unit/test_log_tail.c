/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which lines at the end of a job's log look like an error, whatever else stands there. */
#include "tests/unit/scratch.h"

#include "tool/follow/log_tail.h"

static struct rlg_arena *arena;

static int set_up(void **state)
{
	arena = rlg_arena_new();
	return scratch_set_up(state);
}

static int tear_down(void **state)
{
	rlg_arena_free(arena);
	return scratch_tear_down(state);
}

/* The lines that are found in a log of that text, "|" between them. */
static const char *found_in_bytes(const char *bytes, size_t count, size_t most)
{
	static char found[4096];
	const char *const *lines;

	write_bytes(in_scratch("log"), bytes, count, 0644);
	size_t n = rlg_log_tail_errors(arena, in_scratch("log"), most, &lines);
	found[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		strcat(found, i > 0 ? "|" : "");
		strcat(found, lines[i]);
	}
	return found;
}

static const char *found_in(const char *text, size_t most)
{
	return found_in_bytes(text, strlen(text), most);
}

static void what_says_why_goes_before_what_says_that(void **state)
{
	assert_string_equal(found_in("step 1\nTraceback (most recent call last):\n  File \"train.py\", line 3, in <module>\n"
				     "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB\n"
				     "srun: error: n1: task 0: Exited with exit code 1\n", 3),
			    "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB");
	assert_string_equal(found_in("ok\nTraceback (most recent call last):\nsrun: error: n1: task 0: Exited with exit code 1\n", 3),
			    "Traceback (most recent call last):|srun: error: n1: task 0: Exited with exit code 1");
	assert_string_equal(found_in("KeyError: 3\n", 3), "KeyError: 3");
	assert_string_equal(found_in("slurmstepd-n1: error: *** JOB 12 ON n1 CANCELLED AT 2026-03-11 DUE TO TIME LIMIT ***\n", 3),
			    "slurmstepd-n1: error: *** JOB 12 ON n1 CANCELLED AT 2026-03-11 DUE TO TIME LIMIT ***");
}

static void results_are_no_errors(void **state)
{
	assert_string_equal(found_in("mean error: 0.05\nval_Error = -.3\nErrors: 0\nFAILED: 0\nkilled 0 of 3\nERROR 12\n", 3), "");
	assert_string_equal(found_in("loss 0.3\nall done\n", 3), "");
	assert_string_equal(found_in("", 3), "");
}

static void the_last_ones_count_each_text_once(void **state)
{
	assert_string_equal(found_in("Error: a\nError: b\nError: c\nError: a\nError: c\n", 3), "Error: b|Error: a|Error: c");
	assert_string_equal(found_in("Error: a\nError: b\nError: c\n", 2), "Error: b|Error: c");
	assert_string_equal(found_in("Error: a\n", 0), "");
	assert_string_equal(found_in("Error: it ends without a newline", 1), "Error: it ends without a newline");
}

static void colours_and_progress_bars_are_taken_off(void **state)
{
	assert_string_equal(found_in(" 10%\r 20%\r\x1b[1;31mValueError\x1b[0m: bad rank\r\n", 3), "ValueError: bad rank");
	assert_string_equal(found_in("\x1b[31", 3), "");
	assert_string_equal(found_in_bytes("x\0Error: behind a NUL\0y\n", 24, 3), "Error: behind a NUL");
}

static void only_the_end_of_a_huge_log_is_read(void **state)
{
	size_t size = 3 * RLG_LOG_TAIL_BYTES;
	char *text = malloc(size + 1);

	memset(text, 'x', size);
	text[size] = '\0';
	memcpy(text, "Error: long ago\n", 16);
	memcpy(text + size - 12, "\nError: new\n", 12);
	assert_string_equal(found_in(text, 3), "Error: new");

	/* One line of three times that much: what is left of it is cut. */
	text[size - 12] = 'x';
	memcpy(text + size - RLG_LOG_TAIL_BYTES, "Error: \xc3\xa4", 9);
	const char *found = found_in(text, 3);
	assert_in_range(strlen(found), RLG_LOG_TAIL_LINE_MAX, RLG_LOG_TAIL_LINE_MAX + 6);
	assert_string_equal(found + strlen(found) - 3, "...");
	free(text);
}

static void what_is_no_file_has_no_lines(void **state)
{
	const char *const *lines;

	assert_return_code(mkfifo(in_scratch("fifo"), 0600), errno);
	assert_int_equal(rlg_log_tail_errors(arena, in_scratch("fifo"), 3, &lines), 0);
	assert_int_equal(rlg_log_tail_errors(arena, scratch, 3, &lines), 0);
	assert_int_equal(rlg_log_tail_errors(arena, in_scratch("missing"), 3, &lines), 0);
	assert_int_equal(rlg_log_tail_errors(arena, "relative", 3, &lines), 0);
	assert_int_equal(rlg_log_tail_errors(arena, NULL, 3, &lines), 0);
	assert_int_equal(rlg_log_tail_errors(arena, "/dev/null", 3, &lines), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_says_why_goes_before_what_says_that),
		cmocka_unit_test(results_are_no_errors),
		cmocka_unit_test(the_last_ones_count_each_text_once),
		cmocka_unit_test(colours_and_progress_bars_are_taken_off),
		cmocka_unit_test(only_the_end_of_a_huge_log_is_read),
		cmocka_unit_test(what_is_no_file_has_no_lines),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
