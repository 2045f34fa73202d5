/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records read without a tree are read as cJSON would: every recorded line, every event with members of every kind, and
 * both with mistakes in them.  Prints its seed; RLG_TEST_SEED sets it, RLG_TEST_SHUFFLES how many lines there are.
 */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "lib/record.h"
#include "tests/unit/dice.h"
#include "tests/unit/record_both_ways.h"

#include <glob.h>

#define DEFAULT_LINES 100000

static struct rlg_record_body *reader;
static char **recorded;
static size_t n_recorded;
static uint64_t n_own, n_trees;

static void compare(const char *line, size_t length)
{
	bool own;
	const char *why = record_both_ways(dice(8) == 0 ? NULL : reader, line, length, &own);

	if (why != NULL)
		fail_msg("they differ in %s:\n%.*s", why, (int)length, line);
	n_own += own;
	n_trees += !own;
}

static void must_be_own(const char *line, bool wanted)
{
	bool own;
	const char *why = record_both_ways(reader, line, strlen(line), &own);

	if (why != NULL || own != wanted)
		fail_msg("%s: %s", why != NULL ? why : own ? "read without a tree" : "read with a tree", line);
}

/* ---- lines ---- */

static void read_recording(const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;

	assert_non_null(file);
	while (getline(&line, &room, file) > 0) {
		recorded = realloc(recorded, (n_recorded + 1) * sizeof(*recorded));
		assert_non_null(recorded);
		line[strcspn(line, "\n")] = '\0';
		recorded[n_recorded++] = strdup(line);
	}
	free(line);
	fclose(file);
}

static int read_recordings(void **state)
{
	const char *top = getenv("top_srcdir");
	char pattern[4096];
	glob_t found;

	dice_begin();
	reader = rlg_record_reader_new();
	snprintf(pattern, sizeof(pattern), "%s/tests/golden/recordings/*/*.jsonl", top == NULL ? "." : top);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		read_recording(found.gl_pathv[i]);
	globfree(&found);
	return n_recorded < 100;
}

static int forget_recordings(void **state)
{
	for (size_t i = 0; i < n_recorded; i++)
		free(recorded[i]);
	free(recorded);
	rlg_record_reader_free(reader);
	return 0;
}

static const char *const names[] = {"submit", "reject",	    "start",  "task-failed", "usage",	 "finish", "state",	"edit",
				    "action", "note",	    "output", "sync",	     "progress", "x",	   "never heard"};

/* Every member that the schema has, and some that it has not. */
static const char *const keys[] = {
	"v", "id", "left_out", "sid", "cluster", "job_id", "array_job_id", "array_task_id", "het_job_id", "het_job_offset",
	"run", "phase", "matched_by", "user", "uid", "host", "cwd", "script", "job_name", "command", "agent", "session",
	"array", "git", "exit_code", "signal", "wait_status", "attempt", "restarts", "restarts_then", "step", "exec",
	"elapsed_s", "user_cpu_s", "system_cpu_s", "max_rss_bytes", "cpu_s", "cpu_source", "peak_memory_bytes",
	"page_cache_bytes", "memory_source", "node", "rank", "oom", "failed", "tasks", "nodes", "nnodes", "ncpus",
	"partition", "account", "qos", "tres", "time_limit", "stdout", "state", "final", "never_ran", "reason", "source",
	"asked", "submit_time", "start_time", "end_time", "tracker", "field", "value", "old_value", "text", "verdict",
	"wandb", "description", "status", "action", "subject", "details", "result", "path", "values", "train_loss", "lr",
	"git.commit", "", "Run", "\xc3\xbc", "step\"s", "tab\there", "no such"};

static const char *const texts[] = {"1B_rank4", "finetune", "a \"word\"", "back\\slash", "line\nfeed", "\x7f", "\xc3\xa4\xf0\x9f\x98\x80",
				    "\xff\xfe", " ", "a text that is a little longer than sixteen bytes", "1", "true", "null"};

static const char *const json[] = {
	"{\"commit\":\"9b2f\",\"branch\":\"main\"}", "{}", "[]", "[1,2]", "{\"a\":{\"b\":1}}", "{\"commit\":7,\"commit\":\"x\"}",
	"null", "0.085", "1e-4", "1E+3", "-0", "-5", "-0.0", "0.1234567", "123456789012345", "1234567890123456",
	"12345678901234567890", "9007199254740992", "9007199254740993", "1e400", "1.0", "2251799813.685247", "2251799813.685248",
	"4102444800.123457", "253402300799", "253402300800", "0.0000004", "0.0000005", "1795351143.719487", "1795351143.7194875",
	"1.5", "01", "1.", ".5", "+1", "--1", "1e", "nan", "tru", "truex", "[", "\"", "\"\\u0041\"", "\"\\ud83d\\ude00\"",
	"\"\\u0000\"", "\"\\x\"", "0.1000000000000000055511151231257827021181583404541015625", "{\"step\":1,\"x\":\"y\"}",
	"{\"a b\":true,\"n\":null}", "{\"commit\":\"9b2f\",}"};

#define ONE_OF(list) ((list)[dice(sizeof(list) / sizeof((list)[0]))])

static void add_member(struct rlg_record_writer *writer)
{
	const char *key = ONE_OF(keys);

	switch (dice(6)) {
	case 0:
		rlg_record_int(writer, key, (int64_t)dice(1u << 30) - (1 << 20));
		break;
	case 1:
		rlg_record_bool(writer, key, dice(2));
		break;
	case 2:
		rlg_record_time(writer, key, (int64_t)dice(UINT32_MAX) * 1000003);
		break;
	case 3:
		rlg_record_json(writer, key, ONE_OF(json));
		break;
	default:
		rlg_record_str(writer, key, ONE_OF(texts));
	}
}

static size_t any_record(char line[2 * RLG_RECORD_MAX])
{
	static const size_t most_members[] = {4, 16, 16, 16, RLG_MEMBERS_MAX, 2 * RLG_MEMBERS_MAX};
	struct rlg_record_writer writer;
	int64_t time_us = dice(8) == 0 ? (int64_t)dice(3) : (int64_t)dice(UINT32_MAX) * 1000003;

	rlg_record_begin(&writer, line, RLG_RECORD_MAX + 1, time_us, ONE_OF(names), "49683d478d1eed2bf6bd0444ab83a5b0");
	for (size_t left = dice(ONE_OF(most_members)); left > 0; left--)
		add_member(&writer);
	ssize_t length = rlg_record_end(&writer);
	assert_true(length > 0);
	return (size_t)length - dice(2);
}

/* One byte more, less or another; or a piece of it again somewhere else. */
static size_t mistake(char line[2 * RLG_RECORD_MAX], size_t length)
{
	static const char bytes[] = "\"\"\"\\\\{}[],:0123456789eE+-. \t\n\rtrufalsn\0\x01\x1f\x20\x7f\x80\xff/";
	size_t at = dice(length + 1), size = 1 + dice(12), from;

	switch (dice(4)) {
	case 0:
		if (at < length)
			line[at] = bytes[dice(sizeof(bytes) - 1)];
		return length;
	case 1:
		memmove(line + at + 1, line + at, length - at);
		line[at] = bytes[dice(sizeof(bytes) - 1)];
		return length + 1;
	case 2:
		size = size < length - at ? size : length - at;
		memmove(line + at, line + at + size, length - at - size);
		return length - size;
	default:
		from = dice(length + 1);
		size = size < length - from ? size : length - from;
		size = size < length - at ? size : length - at;
		memmove(line + at, line + from, size);
		return length;
	}
}

/* ---- claims ---- */

static void recorded_lines_need_no_tree(void **state)
{
	for (size_t i = 0; i < n_recorded; i++)
		must_be_own(recorded[i], true);
}

#define BEGIN "{\"timestamp\":1.5,\"name\":\"x\",\"context\":{"

static void what_is_not_written_so_needs_a_tree(void **state)
{
	static const char *const lines[] = {
		" " BEGIN "}}", BEGIN "}} ", BEGIN "} }", BEGIN "\"run\": \"a\"}}", BEGIN "\"run\":\"\\u0041\"}}",
		BEGIN "\"a\":[1]}}", BEGIN "\"a\":{\"b\":{}}}}", "{\"name\":\"x\",\"timestamp\":1,\"context\":{}}",
		"{\"timestamp\":1,\"name\":\"x\",\"context\":{},\"more\":1}",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		must_be_own(lines[i], false);
	must_be_own(BEGIN "}}", true);
	must_be_own(BEGIN "}}\n", true);
	must_be_own(BEGIN "\"a\":{\"b\":1,\"c\":\"d\"},\"e\":null}}", true);
}

static void of_two_of_a_name_the_first_counts(void **state)
{
	must_be_own(BEGIN "\"run\":\"a\",\"run\":\"b\",\"job_id\":\"x\",\"job_id\":7,\"v\":1,\"v\":9}}", true);
	must_be_own(BEGIN "\"run\":null,\"run\":\"b\",\"final\":1,\"final\":false,\"git\":1,\"git\":{\"commit\":\"c\"}}}", true);
	must_be_own(BEGIN "\"git\":{\"commit\":1,\"commit\":\"d\"},\"git.commit\":\"e\",\"text\":\"t\",\"path\":\"p\"}}", true);
	must_be_own(BEGIN "\"path\":\"p\",\"text\":\"t\"}}", true);
}

static void all_numbers_are_read_alike(void **state)
{
	char line[256];

	for (size_t i = 0; i < sizeof(json) / sizeof(json[0]); i++) {
		snprintf(line, sizeof(line), BEGIN "\"job_id\":%s,\"t\":%s}}", json[i], json[i]);
		compare(line, strlen(line));
		snprintf(line, sizeof(line), "{\"timestamp\":%s,\"name\":\"x\",\"context\":{}}", json[i]);
		compare(line, strlen(line));
	}
	for (size_t i = 0; i < 100000; i++) {
		snprintf(line, sizeof(line), BEGIN "\"job_id\":%zu%zu,\"t\":%zu.%0*zu}}", dice(1u << 20), dice(10), dice(INT32_MAX) * 2,
			 (int)(1 + dice(7)), dice(1000000));
		compare(line, strlen(line));
	}
}

static void the_longest_text_ends_with_the_line(void **state)
{
	char line[2 * RLG_RECORD_MAX];

	for (size_t more = 0; more < 40; more++) {
		size_t length = (size_t)sprintf(line, BEGIN "\"a\":\"");
		memset(line + length, 'x', RLG_RECORD_MAX);
		memcpy(line + RLG_RECORD_MAX - 20 + more, "\"}}", 4);
		compare(line, RLG_RECORD_MAX - 17 + more);
		compare(line, RLG_RECORD_MAX - 20 + more); /* and where it does not end at all */
	}
}

static void any_line_is_read_alike(void **state)
{
	char line[2 * RLG_RECORD_MAX];
	uint64_t lines = environment_number("RLG_TEST_SHUFFLES", DEFAULT_LINES);

	n_own = n_trees = 0;
	for (uint64_t i = 0; i < lines; i++) {
		size_t length;
		if (dice(3) == 0) {
			const char *from = recorded[dice(n_recorded)];
			length = strlen(from);
			memcpy(line, from, length);
		} else {
			length = any_record(line);
		}
		for (size_t mistakes = dice(4); mistakes > 0 && length > 0; mistakes--)
			length = mistake(line, length);
		compare(line, length);
	}
	/* A test that only ever went one way would say nothing. */
	assert_true(n_own > lines / 20 && n_trees > lines / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_lines_need_no_tree),
		cmocka_unit_test(what_is_not_written_so_needs_a_tree),
		cmocka_unit_test(of_two_of_a_name_the_first_counts),
		cmocka_unit_test(all_numbers_are_read_alike),
		cmocka_unit_test(the_longest_text_ends_with_the_line),
		cmocka_unit_test(any_line_is_read_alike),
	};

	return cmocka_run_group_tests(tests, read_recordings, forget_recordings);
}
