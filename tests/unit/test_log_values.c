/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a job tells or prints, as values; and the record that they make. */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/fold_again.h"
#include "tool/record/log_values.h"

#include "lib/clock.h"
#include "lib/record_read.h"

#include <inttypes.h>

static struct rlg_log_values values;

/* "step=1 loss=0.5" as the record has it, without its beginning and end. */
static const char *written(char storage[RLG_RECORD_MAX + 1])
{
	static const char id[] = "0123456789abcdef0123456789abcdef";
	struct rlg_record_writer writer;
	struct rlg_record record;
	struct rlg_err err;

	rlg_record_begin(&writer, storage, RLG_RECORD_MAX + 1, RLG_SECOND_US, "progress", id);
	rlg_log_values_write(&values, &writer);
	ssize_t length = rlg_record_end(&writer);
	assert_in_range(length, 1, RLG_RECORD_MAX);
	if (rlg_record_parse(storage, (size_t)length, &record, &err) != 0)
		fail_msg("%s: %s", err.text, storage);
	rlg_record_done(&record);
	storage[length - 3] = '\0'; /* }}\n */
	return strstr(storage, id) + sizeof(id);
}

static void lines_are_values_or_prose(void **state)
{
	static const struct {
		const char *line;
		const char *expected; /* NULL: prose */
	} cases[] = {
		{"step=1", ",\"step\":1"},
		{"step=2400 train_loss=0.0850", ",\"step\":2400,\"train_loss\":0.0850"},
		{"  a=1,b=2; c=3 | d=4\t\r", ",\"a\":1,\"b\":2,\"c\":3,\"d\":4"},
		{"a=1 a=2", ",\"a\":2"},
		{"eval/acc@5=0.93 lr-min=1e-05 x.y=+1 z%=-.5", ",\"eval/acc@5\":0.93,\"lr-min\":1e-05,\"x.y\":\"+1\",\"z%\":\"-.5\""},
		{"loss=nan stage=warmup", ",\"loss\":\"nan\",\"stage\":\"warmup\""},
		{"na\xc3\xafve=1", ",\"na\xc3\xafve\":1"},
		{"step=1 ok=True bad=FALSE", ",\"step\":1,\"ok\":true,\"bad\":false"},
		{"host=n1 step=1 run=7", ",\"step\":1,\"values\":{\"host\":\"n1\",\"run\":7}"},
		{"OMP=4 MKL=2", ",\"OMP\":4,\"MKL\":2"},
		{"{\"step\":1,\"t\":\"a\\nb\"}", ",\"step\":1,\"t\":\"a\\nb\""},
		{"{'loss': 2.5, 'learning_rate': 5e-05, 'epoch': 0.1}", ",\"loss\":2.5,\"learning_rate\":5e-05,\"epoch\":0.1"},
		{"{\"a\":1,\"b\":{\"c\":2},\"d\":[3],\"e\":null}", ",\"a\":1"},
		{"{\"a\\u0041\":1}", ",\"aA\":1"},
		{"{\"a\":NaN,\"b\":-Infinity,\"c\":007}", ",\"a\":\"NaN\",\"b\":\"-Infinity\",\"c\":\"007\""},
		{"", NULL}, {"   ", NULL}, {"step", NULL}, {"step=", NULL}, {"=1", NULL}, {"step =1", NULL}, {"Epoch 1: loss=1", NULL},
		{"loss=1 and so on", NULL}, {"a=b=1", NULL}, {"stage=warmup", NULL}, {"HOME=1", NULL}, {"PASS_2=1", NULL},
		{"1=1", NULL}, {"--lr=1e-4", NULL}, {"/bin/x=1", NULL}, {"2026-01-01T00:00:00=1", NULL}, {"a=1 \033[0m", NULL},
		{"a=1\033", NULL}, {"a=1\030", NULL}, {"{}", NULL}, {"{\"a\":\"b\"}", NULL}, {"{\"a\":true}", NULL}, {"{\"a\":1", NULL},
		{"{\"a\":1} tail", NULL}, {"[1]", NULL}, {"{\"a\":\"1\"", NULL}, {"http://x/?step=1", NULL},
	};
	char storage[RLG_RECORD_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t length = strlen(cases[i].line);
		char *copy = malloc(length + 1); /* so that a look behind the end is seen */
		memcpy(copy, cases[i].line, length);
		values.n = values.left_out = 0;
		bool good = rlg_log_take_line(&values, copy, length);
		free(copy);
		if (good != (cases[i].expected != NULL))
			fail_msg("`%s` is %s", cases[i].line, good ? "no prose" : "prose");
		if (good && strcmp(written(storage), cases[i].expected) != 0)
			fail_msg("`%s` is %s", cases[i].line, written(storage));
		if (!good)
			assert_int_equal(values.n, 0);
	}
}

static void later_lines_are_laid_over_earlier_ones(void **state)
{
	char storage[RLG_RECORD_MAX + 1];

	(void)state;
	values.n = values.left_out = 0;
	assert_true(rlg_log_take_line(&values, "step=1 loss=3", 13));
	assert_false(rlg_log_take_line(&values, "step=x", 6));
	assert_true(rlg_log_take_line(&values, "acc=2 step=2", 12));
	assert_string_equal(written(storage), ",\"step\":2,\"loss\":3,\"acc\":2");
}

static void what_has_no_room_is_counted(void **state)
{
	char line[600], storage[RLG_RECORD_MAX + 1];
	struct rlg_record_writer writer;

	(void)state;
	values.n = values.left_out = 0;
	for (int i = 0; i < RLG_LOG_VALUES_MAX + 2; i++) {
		int length = snprintf(line, sizeof(line), "k%d=1", i);
		assert_true(rlg_log_take_line(&values, line, (size_t)length));
	}
	assert_int_equal(values.n, RLG_LOG_VALUES_MAX);
	assert_int_equal(values.left_out, 2);
	/* And a record of long ones leaves the last out whole. */
	values.n = 0;
	for (int i = 0; i < 20; i++) {
		int length = snprintf(line, sizeof(line), "n=1 t%d=%0500d", i, 7);
		assert_true(rlg_log_take_line(&values, line, (size_t)length));
	}
	rlg_record_begin(&writer, storage, sizeof(storage), 1, "progress", "x");
	rlg_log_values_write(&values, &writer);
	assert_in_range(writer.left_out, 10, 20);
	assert_true(rlg_record_end(&writer) > 0);
}

/* Whatever a job prints makes a record that can be read, or none. */
static void any_bytes_make_a_record_or_none(void **state)
{
	static const char pieces[][12] = {"step=1", "loss=", "=", " ", ",", "{", "}", "\"", "'", ":", "\\", "\\u00", "1e5", "nan", "a", "\xff",
					  "\xc3", "\xf0\x9f\x98\x80", "\t", "{\"a\":1", "null", "[", "values", "id", "-.5"};
	uint64_t seed = environment_number("RLG_TEST_SEED", (uint64_t)rlg_clock_now_us());
	char line[256], storage[RLG_RECORD_MAX + 1];

	(void)state;
	print_message("# RLG_TEST_SEED=%" PRIu64 "\n", seed);
	dice_state = seed | 1;
	size_t taken = 0;
	for (int round = 0; round < 50000; round++) {
		line[0] = '\0';
		for (size_t n = dice(12); n > 0; n--)
			strcat(line, pieces[dice(sizeof(pieces) / sizeof(pieces[0]))]);
		values.n = values.left_out = 0;
		if (!rlg_log_take_line(&values, line, strlen(line)))
			continue;
		written(storage);
		taken++;
	}
	assert_in_range(taken, 100, 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_values_or_prose),
		cmocka_unit_test(later_lines_are_laid_over_earlier_ones),
		cmocka_unit_test(what_has_no_room_is_counted),
		cmocka_unit_test(any_bytes_make_a_record_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
