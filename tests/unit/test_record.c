/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records: written, and read again; and lines that are none.
 *
 * `--records` prints records of every kind that the plugins write, for tests/format/schema.t to hold against the schema.
 */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "lib/record.h"
#include "lib/record_read.h"

#include <limits.h>

#define NOW_US (INT64_C(1771426845) * RLG_SECOND_US + 123456)
#define ID "0123456789abcdef0123456789abcdef"

static struct rlg_record_writer writer;
static char storage[RLG_RECORD_MAX + 1];

static void begin(void)
{
	rlg_record_begin(&writer, storage, sizeof(storage), NOW_US, "start", ID);
}

static struct rlg_record end_and_read(void)
{
	struct rlg_record record;
	struct rlg_err err = {""};
	ssize_t length = rlg_record_end(&writer);

	assert_in_range(length, 10, RLG_RECORD_MAX);
	assert_int_equal(strlen(storage), length);
	assert_ptr_equal(strchr(storage, '\n'), storage + length - 1);
	if (rlg_record_parse(storage, (size_t)length, &record, &err) != 0)
		fail_msg("%s: %s", err.text, storage);
	return record;
}

/* ---- writing ---- */

static void the_form_is_the_documented_one(void **state)
{
	(void)state;
	begin();
	rlg_record_str(&writer, "run", "1B_rank4");
	rlg_record_str(&writer, "phase", NULL);
	rlg_record_str(&writer, "node", "");
	rlg_record_int(&writer, "job_id", 4711);
	rlg_record_int(&writer, "least", INT64_MIN);
	rlg_record_bool(&writer, "final", true);
	rlg_record_bool(&writer, "other", false);
	rlg_record_time(&writer, "start_time", 1500001);
	rlg_record_time(&writer, "end_time", 0);
	rlg_record_json(&writer, "git", "{\"commit\":\"ab\"}");
	ssize_t length = rlg_record_end(&writer);
	assert_int_equal(length, strlen(storage));
	assert_string_equal(storage,
			    "{\"timestamp\":1771426845.123456,\"name\":\"start\",\"context\":{\"v\":1,\"id\":\"" ID "\","
			    "\"run\":\"1B_rank4\",\"job_id\":4711,\"least\":-9223372036854775808,\"final\":true,\"other\":false,"
			    "\"start_time\":1.500001,\"git\":{\"commit\":\"ab\"}}}\n");
}

static void odd_texts_come_back(void **state)
{
	static const char *const texts[] = {"a\"b\\c/d", "tab\there\nand\rthere", "\x01\x1f\x7f", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80",
					    " ", "{}", "\\u0041", "null", "\xe2\x80\xa8"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		begin();
		rlg_record_str(&writer, "run", texts[i]);
		rlg_record_str(&writer, texts[i], "as a key");
		struct rlg_record record = end_and_read();
		assert_string_equal(record.run, texts[i]);
		assert_string_equal(rlg_record_get_str(&record, texts[i]), "as a key");
		rlg_record_done(&record);
	}
	begin();
	rlg_record_str(&writer, "run", "x\xff\xc0y");
	struct rlg_record record = end_and_read();
	assert_string_equal(record.run, "x\xef\xbf\xbd\xef\xbf\xbdy");
	rlg_record_done(&record);
	assert_null(record.body);
}

static void moments_come_back_to_the_microsecond(void **state)
{
	static const int64_t moments[] = {1, 999999, 1000000, NOW_US, INT64_C(253402300799) * RLG_SECOND_US};

	(void)state;
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		rlg_record_begin(&writer, storage, sizeof(storage), moments[i], "x", ID);
		rlg_record_time(&writer, "t", moments[i]);
		struct rlg_record record = end_and_read();
		assert_int_equal(record.time_us, moments[i]);
		assert_int_equal(rlg_record_get_time(&record, "t"), moments[i]);
		rlg_record_done(&record);
	}
}

static void what_does_not_fit_is_left_out_whole_and_counted(void **state)
{
	char value[5000];
	int64_t left_out = 0;

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	begin();
	rlg_record_str(&writer, "run", "r1");
	rlg_record_str(&writer, "cwd", value);
	rlg_record_int(&writer, "job_id", 5);
	rlg_record_json(&writer, "huge", value);
	rlg_record_str(&writer, value, "key");
	rlg_record_str(&writer, "phase", "p");
	struct rlg_record record = end_and_read();
	assert_string_equal(record.run, "r1");
	assert_int_equal(record.job_id, 5);
	assert_string_equal(record.phase, "p");
	assert_null(rlg_record_get_str(&record, "cwd"));
	assert_true(rlg_record_get_int(&record, "left_out", &left_out));
	assert_int_equal(left_out, 3);
	rlg_record_done(&record);

	begin();
	rlg_record_str(&writer, "run", "r1");
	record = end_and_read();
	assert_false(rlg_record_get_int(&record, "left_out", &left_out));
	rlg_record_done(&record);
}

static void no_record_is_over_the_limit(void **state)
{
	char value[5000];
	size_t longest = 0;

	(void)state;
	memset(value, 'x', sizeof(value));
	/* Whatever the length, the record is whole, and within 4096 bytes. */
	for (size_t length = 3800; length < 4100; length++) {
		value[length] = '\0';
		begin();
		rlg_record_str(&writer, "cwd", value);
		rlg_record_str(&writer, "more", "m");
		rlg_record_int(&writer, "number", INT64_MIN);
		rlg_record_bool(&writer, "final", false);
		rlg_record_time(&writer, "t", NOW_US);
		struct rlg_record record = end_and_read();
		int64_t left_out = 0;
		rlg_record_get_int(&record, "left_out", &left_out);
		unsigned there = 0;
		for (const cJSON *item = rlg_record_tree(&record)->child; item != NULL; item = item->next)
			there += strcmp(item->string, "left_out") != 0;
		assert_int_equal(there + left_out, 7); /* v, id and five more */
		const char *cwd = rlg_record_get_str(&record, "cwd");
		assert_true(cwd == NULL || strlen(cwd) == length);
		if (strlen(storage) > longest)
			longest = strlen(storage);
		rlg_record_done(&record);
		value[length] = 'x';
	}
	/* And the room is used. */
	assert_in_range(longest, RLG_RECORD_MAX - 64, RLG_RECORD_MAX);
}

static void a_beginning_that_does_not_fit_is_no_record(void **state)
{
	char name[5000], small[64];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	rlg_record_begin(&writer, storage, sizeof(storage), NOW_US, name, ID);
	assert_int_equal(rlg_record_end(&writer), -EMSGSIZE);
	/* Members behind it do not make it one. */
	rlg_record_begin(&writer, storage, sizeof(storage), NOW_US, name, ID);
	rlg_record_str(&writer, "run", "r1");
	assert_int_equal(rlg_record_end(&writer), -EMSGSIZE);
	rlg_record_begin(&writer, small, sizeof(small), NOW_US, "x", ID);
	rlg_record_int(&writer, "job_id", 1);
	rlg_record_time(&writer, "t", NOW_US);
	assert_int_equal(rlg_record_end(&writer), -EMSGSIZE);
	rlg_record_begin(&writer, storage, sizeof(storage), NOW_US, "x", name);
	rlg_record_bool(&writer, "b", true);
	assert_int_equal(rlg_record_end(&writer), -EMSGSIZE);
}

static void ids_are_128_bits_and_fresh(void **state)
{
	char ids[200][RLG_ID_MAX];

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		rlg_record_new_id(ids[i]);
		assert_int_equal(strspn(ids[i], "0123456789abcdef"), 32);
		assert_int_equal(strlen(ids[i]), 32);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ids[i], ids[j]);
	}
}

/* ---- reading ---- */

static int parse(const char *line, struct rlg_record *record)
{
	struct rlg_err err = {""};
	int code = rlg_record_parse(line, strlen(line), record, &err);

	if ((code != 0) != (err.text[0] != '\0'))
		fail_msg("returned %d with the sentence '%s' for %s", code, err.text, line);
	return code;
}

static void lines_that_are_no_record(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"garbage",
		"{}",
		"[]",
		"null",
		"1771426845",
		"\"text\"",
		"{\"timestamp\":1",
		"{\"timestamp\":1,\"name\":\"x\",\"context\":{}",
		"{\"name\":\"x\",\"context\":{}}",
		"{\"timestamp\":1,\"context\":{}}",
		"{\"timestamp\":1,\"name\":\"x\"}",
		"{\"timestamp\":\"1\",\"name\":\"x\",\"context\":{}}",
		"{\"timestamp\":null,\"name\":\"x\",\"context\":{}}",
		"{\"timestamp\":0,\"name\":\"x\",\"context\":{}}",
		"{\"timestamp\":-5,\"name\":\"x\",\"context\":{}}",
		"{\"timestamp\":1e300,\"name\":\"x\",\"context\":{}}",
		"{\"timestamp\":1e999,\"name\":\"x\",\"context\":{}}",
		"{\"timestamp\":1,\"name\":7,\"context\":{}}",
		"{\"timestamp\":1,\"name\":\"\",\"context\":{}}",
		"{\"timestamp\":1,\"name\":\"x\",\"context\":[]}",
		"{\"timestamp\":1,\"name\":\"x\",\"context\":null}",
		"{\"timestamp\":1,\"name\":\"x\",\"context\":{\"v\":2}}",
		"{\"timestamp\":1,\"name\":\"x\",\"context\":{\"v\":1e15}}",
		"[{\"timestamp\":1,\"name\":\"x\",\"context\":{}}]",
		/* two on one line: which of them? */
		"{\"timestamp\":1,\"name\":\"x\",\"context\":{}}{\"timestamp\":1,\"name\":\"y\",\"context\":{}}",
		"{\"timestamp\":1,\"name\":\"x\",\"context\":{}}garbage",
		"{\"timestamp\":1,\"name\":\"x\",\"context\":{}},",
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct rlg_record record = {.job_id = 7};
		if (parse(lines[i], &record) == -EBADMSG) {
			assert_int_equal(record.job_id, 7); /* outputs are untouched */
			continue;
		}
		print_message("# taken for a record: %s\n", lines[i]);
		rlg_record_done(&record);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void lines_that_are_records(void **state)
{
	static const char *const lines[] = {
		"{\"timestamp\":1,\"name\":\"x\",\"context\":{}}",
		"{\"timestamp\":1,\"name\":\"x\",\"context\":{}}\n",
		"{\"timestamp\":1,\"name\":\"x\",\"context\":{}}\r\n",
		" { \"timestamp\" : 1.5 , \"name\":\"x\", \"context\":{ \"v\" : 1 } } ",
		"{\"context\":{\"unknown\":[1,{\"a\":null}]},\"name\":\"never heard\",\"timestamp\":1e9,\"more\":7}",
		"{\"timestamp\":1,\"name\":\"x\",\"context\":{\"v\":\"2\"}}", /* of a wrong type: not known */
		"{\"timestamp\":1,\"name\":\"x\",\"context\":{\"v\":1.5}}",
		"{\"timestamp\":1,\"name\":\"x\",\"context\":{\"v\":0}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct rlg_record record;
		if (parse(lines[i], &record) != 0)
			fail_msg("no record: %s", lines[i]);
		rlg_record_done(&record);
	}
}

static void members_of_a_wrong_type_are_not_known(void **state)
{
	struct rlg_record record;
	int64_t number = 42;

	(void)state;
	assert_int_equal(parse("{\"timestamp\":1,\"name\":\"x\",\"context\":{\"v\":1,\"id\":7,\"run\":null,\"phase\":[],\"sid\":{},"
			       "\"cluster\":true,\"job_id\":\"5\",\"t\":\"1\",\"f\":1.5,\"b\":1,\"big\":1e300,\"neg\":-3,\"nan\":1e999,"
			       "\"edge\":9007199254740992,\"over\":9007199254740994}}", &record), 0);
	assert_null(record.id);
	assert_null(record.run);
	assert_null(record.phase);
	assert_null(record.sid);
	assert_null(record.cluster);
	assert_int_equal(record.job_id, -1);
	assert_null(rlg_record_get_str(&record, "b"));
	assert_null(rlg_record_get_str(&record, "missing"));
	assert_int_equal(rlg_record_get_time(&record, "t"), 0);
	assert_int_equal(rlg_record_get_time(&record, "big"), 0);
	assert_int_equal(rlg_record_get_time(&record, "neg"), 0);
	assert_int_equal(rlg_record_get_time(&record, "nan"), 0);
	assert_false(rlg_record_get_int(&record, "f", &number));
	assert_false(rlg_record_get_int(&record, "big", &number));
	assert_false(rlg_record_get_int(&record, "nan", &number));
	assert_false(rlg_record_get_int(&record, "over", &number));
	assert_false(rlg_record_get_int(&record, "t", &number));
	assert_int_equal(number, 42);
	assert_true(rlg_record_get_int(&record, "edge", &number));
	assert_int_equal(number, INT64_C(9007199254740992));
	assert_true(rlg_record_get_int(&record, "neg", &number));
	assert_int_equal(number, -3);
	assert_true(rlg_record_get_bool(&record, "b", true));
	assert_false(rlg_record_get_bool(&record, "b", false));
	rlg_record_done(&record);
}

static void member_names_are_exact(void **state)
{
	struct rlg_record record;

	(void)state;
	assert_int_equal(parse("{\"Timestamp\":1,\"NAME\":\"x\",\"Context\":{}}", &record), -EBADMSG);
	assert_int_equal(parse("{\"timestamp\":1,\"name\":\"x\",\"context\":{\"RUN\":\"a\",\"run\":\"b\"}}", &record), 0);
	assert_string_equal(record.run, "b");
	rlg_record_done(&record);
}

static void the_same_key_twice_is_one_answer(void **state)
{
	struct rlg_record record;

	(void)state;
	assert_int_equal(parse("{\"timestamp\":1,\"timestamp\":2,\"name\":\"x\",\"context\":{\"run\":\"a\",\"run\":\"b\"}}", &record), 0);
	assert_true(record.time_us == RLG_SECOND_US || record.time_us == 2 * RLG_SECOND_US);
	assert_ptr_equal(record.run, rlg_record_get_str(&record, "run"));
	rlg_record_done(&record);
}

static void deep_nesting_is_no_record_and_no_crash(void **state)
{
	static char line[RLG_RECORD_MAX];
	struct rlg_record record;

	(void)state;
	for (int brackets = 0; brackets < 2; brackets++) {
		strcpy(line, "{\"timestamp\":1,\"name\":\"x\",\"context\":{\"a\":");
		size_t used = strlen(line);
		memset(line + used, brackets ? '[' : '{', sizeof(line) - used - 1);
		line[sizeof(line) - 1] = '\0';
		assert_int_equal(parse(line, &record), -EBADMSG);
	}
	int depth = 500;
	size_t used = (size_t)sprintf(line, "{\"timestamp\":1,\"name\":\"x\",\"context\":{\"a\":");
	memset(line + used, '[', (size_t)depth);
	memset(line + used + depth, ']', (size_t)depth);
	strcpy(line + used + 2 * depth, "}}");
	assert_int_equal(parse(line, &record), 0);
	rlg_record_done(&record);
}

static void only_the_length_counts(void **state)
{
	/* No NUL behind it, and more bytes that are not ours. */
	char *line = malloc(42);
	struct rlg_record record;

	(void)state;
	assert_non_null(line);
	memcpy(line, "{\"timestamp\":1,\"name\":\"x\",\"context\":{}}\nX", 42);
	assert_int_equal(rlg_record_parse(line, 40, &record, NULL), 0);
	rlg_record_done(&record);
	for (size_t length = 0; length < 39; length++)
		assert_int_equal(rlg_record_parse(line, length, &record, NULL), -EBADMSG);
	free(line);
}

/* ---- for the schema ---- */

static void print_record(const char *name, void (*fill)(void))
{
	char id[RLG_ID_MAX];

	rlg_record_new_id(id);
	rlg_record_begin(&writer, storage, sizeof(storage), NOW_US, name, id);
	rlg_record_str(&writer, "run", "1B \"rank4\"\t\xff\xc3\xbc");
	rlg_record_str(&writer, "sid", ID);
	rlg_record_str(&writer, "cluster", "c1");
	fill();
	if (rlg_record_end(&writer) > 0)
		fputs(storage, stdout);
}

static void fill_submit(void)
{
	char folder[6000];

	memset(folder, 'f', sizeof(folder) - 1);
	folder[sizeof(folder) - 1] = '\0';
	rlg_record_int(&writer, "job_id", INT_MAX);
	rlg_record_str(&writer, "cwd", folder);
	rlg_record_json(&writer, "git", "{\"commit\":\"0123456789012345678901234567890123456789\",\"branch\":\"main\"}");
}

static void fill_reject(void)
{
	rlg_record_int(&writer, "exit_code", 1);
}

static void fill_start(void)
{
	rlg_record_int(&writer, "job_id", 1);
	rlg_record_str(&writer, "step", "batch");
	rlg_record_str(&writer, "node", "");
	rlg_record_int(&writer, "attempt", 0);
}

static void fill_finish(void)
{
	rlg_record_int(&writer, "job_id", 1);
	rlg_record_str(&writer, "state", "OUT_OF_MEMORY");
	rlg_record_str(&writer, "source", "epilog");
	rlg_record_bool(&writer, "final", true);
	rlg_record_time(&writer, "start_time", 1);
	rlg_record_time(&writer, "end_time", 0);
}

static void fill_unknown(void)
{
	rlg_record_json(&writer, "deep", "{\"a\":[1,null]}");
}

static int print_records(void)
{
	print_record("submit", fill_submit);
	print_record("reject", fill_reject);
	print_record("start", fill_start);
	print_record("finish", fill_finish);
	print_record("something-new", fill_unknown);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form_is_the_documented_one),
		cmocka_unit_test(odd_texts_come_back),
		cmocka_unit_test(moments_come_back_to_the_microsecond),
		cmocka_unit_test(what_does_not_fit_is_left_out_whole_and_counted),
		cmocka_unit_test(no_record_is_over_the_limit),
		cmocka_unit_test(a_beginning_that_does_not_fit_is_no_record),
		cmocka_unit_test(ids_are_128_bits_and_fresh),
		cmocka_unit_test(lines_that_are_no_record),
		cmocka_unit_test(lines_that_are_records),
		cmocka_unit_test(members_of_a_wrong_type_are_not_known),
		cmocka_unit_test(member_names_are_exact),
		cmocka_unit_test(the_same_key_twice_is_one_answer),
		cmocka_unit_test(deep_nesting_is_no_record_and_no_crash),
		cmocka_unit_test(only_the_length_counts),
	};

	if (argc > 1 && strcmp(argv[1], "--records") == 0)
		return print_records();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
