/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What jobs tell of themselves, and people of runs, as the model has it: in whatever order it was told, and how often.
 *
 * The property test prints its seed; RLG_TEST_SEED sets it, RLG_TEST_SHUFFLES how often each story is told anew.
 */
#include "tests/unit/cmocka_any.h"
#include "lib/clock.h"
#include "tests/unit/fold_again.h"
#include "tool/model/fold.h"
#include "tool/base/json_members.h"
#include "tool/model/progress.h"

#include <inttypes.h>
#include <time.h>

#define MOST_RECORDS 8
#define DEFAULT_SHUFFLES 50

/* One record: its moment in seconds, its name, its members but for v and id (its place in the story). */
struct told {
	double time;
	const char *name;
	const char *members;
};

/* What run r1 with the phases finetune and eval comes to, as show_run() has it. */
struct story {
	const char *claim;
	struct told records[MOST_RECORDS];
	const char *expected;
};

#define START(t, job) {t, "start", "\"cluster\":\"c\",\"phase\":\"finetune\",\"step\":\"batch\",\"job_id\":" #job}
#define REQUEUE(t, job, from, to) \
	{t, "finish", "\"cluster\":\"c\",\"phase\":\"finetune\",\"job_id\":" #job \
	 ",\"source\":\"epilog\",\"final\":false,\"state\":\"PREEMPTED\",\"start_time\":" #from ",\"end_time\":" #to}
#define FINISH(t, job, from, to) \
	{t, "finish", "\"cluster\":\"c\",\"phase\":\"finetune\",\"job_id\":" #job \
	 ",\"source\":\"epilog\",\"final\":true,\"state\":\"COMPLETED\",\"start_time\":" #from ",\"end_time\":" #to}
#define LOG(t, job, values) {t, "progress", "\"cluster\":\"c\",\"phase\":\"finetune\",\"job_id\":" #job values}
#define NOTE(t, members) {t, "note", members}
#define SYNC(t, members) {t, "sync", members}

#define HOUR 3600

static const struct story stories[] = {
	{"a job's values", {START(1000, 5), LOG(1010, 5, ",\"step\":10,\"train_loss\":0.850"), LOG(1020, 5, ",\"step\":20,\"train_loss\":0.0850"),
	  LOG(1030, 5, ",\"step\":30,\"train_loss\":0.1")},
	 "5: 3 step 30 [train_loss 0.850 0.1 low 0.0850 high 0.850 best 0.0850] @1010 step 10, train_loss 0.850\n"
	 "finetune: 3 step 30 [train_loss 0.850 0.1 low 0.0850 high 0.850 best 0.0850] @1010 step 10, train_loss 0.850\n"},
	{"what is better high", {START(1000, 5), LOG(1010, 5, ",\"acc\":1"), LOG(1011, 5, ",\"acc\":3"), LOG(1012, 5, ",\"acc\":2")},
	 "5: 3 [acc 1 2 low 1 high 3 best 3] @1010 acc 1\nfinetune: 3 [acc 1 2 low 1 high 3 best 3] @1010 acc 1\n"},
	{"a requeued job's progress goes to the attempt that told it",
	 {START(1000, 5), LOG(1010, 5, ",\"step\":1"), REQUEUE(1100, 5, 1000, 1100), START(1200, 5), LOG(1210, 5, ",\"step\":2")},
	 "5: 1 step 1 @1010 step 1\n5: 1 step 2 @1210 step 2\nfinetune: 2 step 2 @1010 step 1\n"},
	{"a job id that came back is another job's",
	 {START(1000, 5), FINISH(1100, 5, 1000, 1100), START(100000, 5), LOG(1050, 5, ",\"a\":1"), LOG(100001, 5, ",\"a\":2")},
	 "5: 1 [a 1 1 low 1 high 1 best 1] @1050 a 1\n5: 1 [a 2 2 low 2 high 2 best 2] @100001 a 2\n"
	 "finetune: 2 [a 1 2 low 1 high 2 best 2] @1050 a 1 @100001 a 2\n"},
	{"the end that came late is still the job's", {START(1000, 5), LOG(1101, 5, ",\"a\":1"), FINISH(1102, 5, 1000, 1100)},
	 "5: 1 [a 1 1 low 1 high 1 best 1] @1101 a 1\nfinetune: 1 [a 1 1 low 1 high 1 best 1] @1101 a 1\n"},
	{"a job that nobody knows tells the phase alone", {LOG(1010, 9, ",\"step\":7")}, "finetune: 1 step 7 @1010 step 7\n"},
	{"no job and no phase is the first phase's", {{1010, "progress", "\"step\":7"}}, "finetune: 1 step 7 @1010 step 7\n"},
	{"another phase", {{1010, "progress", "\"phase\":\"eval\",\"step\":7"}}, "eval: 1 step 7 @1010 step 7\n"},
	{"a phase that only progress names", {{1010, "progress", "\"phase\":\"probe\",\"step\":7"}}, "probe: 1 step 7 @1010 step 7\n"},
	{"texts are first and last only", {LOG(1010, 5, ",\"lr\":\"warm\",\"ok\":true"), LOG(1020, 5, ",\"lr\":\"decay\",\"ok\":false")},
	 "finetune: 2 [lr warm decay text] [ok true false text] @1010 lr warm, ok true\n"},
	{"one text among numbers makes it a text", {LOG(1010, 5, ",\"a\":1"), LOG(1020, 5, ",\"a\":\"x\""), LOG(1030, 5, ",\"a\":3")},
	 "finetune: 3 [a 1 3 text] @1010 a 1\n"},
	{"a loss that is lost is no best", {LOG(1010, 5, ",\"loss\":0.5"), LOG(1020, 5, ",\"loss\":\"nan\""), LOG(1030, 5, ",\"loss\":\"-Infinity\"")},
	 "finetune: 3 [loss 0.5 -Infinity low 0.5 high 0.5 best 0.5] @1010 loss 0.5\n"},
	{"figures that JSON has not are numbers", {LOG(1010, 5, ",\"a\":\"+.5\""), LOG(1020, 5, ",\"a\":\"1_000\""), LOG(1030, 5, ",\"b\":\"007.\"")},
	 "finetune: 3 [a +.5 1_000 text] [b 007. 007. low 007. high 007. best 007.] @1010 a +.5\n"},
	{"the better word of progress is the step",
	 {LOG(1010, 5, ",\"epoch\":1,\"global_step\":100,\"loss\":2"), LOG(1020, 5, ",\"iteration\":7,\"epoch\":1.5")},
	 "finetune: 2 step 100 epoch 1.5 [loss 2 2 low 2 high 2 best 2] @1010 step 100, loss 2\n"},
	{"an epoch alone", {LOG(1010, 5, ",\"loss\":2,\"epoch\":1")}, "finetune: 1 epoch 1 [loss 2 2 low 2 high 2 best 2] @1010 epoch 1, loss 2\n"},
	{"the first record, then the last of each later hour",
	 {LOG(HOUR + 10, 5, ",\"step\":1"), LOG(HOUR + 20, 5, ",\"step\":2"), LOG(2 * HOUR + 1, 5, ",\"step\":3"),
	  LOG(2 * HOUR + 3599, 5, ",\"step\":4"), LOG(9 * HOUR + 5, 5, ",\"step\":5")},
	 "finetune: 5 step 5 @3610 step 1 @10799 step 4 @32405 step 5\n"},
	{"names that are the record's own stand in values",
	 {LOG(1010, 5, ",\"host\":\"n1\",\"uid\":7,\"values\":{\"host\":\"mine\",\"v\":3},\"a\":1")},
	 "finetune: 1 [host mine mine text] [v 3 3 low 3 high 3 best 3] [a 1 1 low 1 high 1 best 1] @1010 host mine, v 3, a 1\n"},
	{"escapes, and what could end a line", {LOG(1010, 5, ",\"a\\u00e9\":\"x\\ny\\\"\\u0000z\\ud83d\\ude00\"")},
	 "finetune: 1 [a\xc3\xa9 x\ny\" z\xf0\x9f\x98\x80 x\ny\" z\xf0\x9f\x98\x80 text] @1010 a\xc3\xa9 x y\" z\xf0\x9f\x98\x80\n"},
	{"nothing that is nested, empty or null", {LOG(1010, 5, ",\"a\":{\"b\":[1,{}]},\"c\":[[]],\"d\":null,\"\":1")}, "finetune: 1 @1010 \n"},
	{"numbers beyond all figures", {LOG(1010, 5, ",\"a\":1e999"), LOG(1011, 5, ",\"a\":12345678901234567890123456789")},
	 "finetune: 2 [a 1e999 12345678901234567890123456789 low 12345678901234567890123456789 high 12345678901234567890123456789"
	 " best 12345678901234567890123456789] @1010 a 1e999\n"},
	{"the newest word wins",
	 {NOTE(1, "\"text\":\"good\",\"user\":\"ann\",\"verdict\":\"keep\""), NOTE(2, "\"verdict\":\"discard\",\"wandb\":\"https://w/1\""),
	  NOTE(3, "\"text\":\"bad\",\"phase\":\"eval\",\"description\":\"rank 4\""), NOTE(4, "\"wandb\":\"\"")},
	 "note 1 ann: good\nnote 3 (none)/eval: bad\nverdict discard\ndescription rank 4\n"},
	{"a sync of the run, then of a phase", {SYNC(1, "\"status\":\"pending\""), SYNC(2, "\"status\":\"ok\",\"phase\":\"eval\"")},
	 "finetune: sync pending 1\neval: sync ok 2\n"},
	{"an output that a person told", {{5, "output", "\"path\":\"/a\""}, {6, "output", "\"path\":\"/b\",\"phase\":\"eval\""}},
	 "finetune: output /a\neval: output /b\n"},
	{"an output is the person's until there is news", {{5, "output", "\"path\":\"/a\""}, START(1000, 5)}, ""},
};
#define N_STORIES (sizeof(stories) / sizeof(stories[0]))

static size_t count_records(const struct story *story)
{
	size_t count = 0;

	while (count < MOST_RECORDS && story->records[count].name != NULL)
		count++;
	return count;
}

static void add_record(struct rlg_fold *fold, const struct story *story, size_t number, bool with_id)
{
	const struct told *told = &story->records[number];
	struct rlg_record record;
	struct rlg_err err;
	char line[2048], id[32] = "";

	if (with_id)
		snprintf(id, sizeof(id), "\"id\":\"%zu\",", number);
	snprintf(line, sizeof(line), "{\"timestamp\":%.6f,\"name\":\"%s\",\"context\":{\"v\":1,%s%s}}\n", told->time, told->name, id,
		 told->members);
	if (rlg_record_parse(line, strlen(line), &record, &err) != 0)
		fail_msg("%s: %s", err.text, line);
	rlg_fold_add(fold, "r1", &record);
	rlg_record_done(&record);
}

static void show_progress(struct rlg_bytes *to, const char *title, const struct rlg_progress *progress)
{
	if (progress->records == 0)
		return;
	rlg_bytes_addf(to, "%s: %" PRIu64, title, progress->records);
	if (progress->last_step != NULL)
		rlg_bytes_addf(to, " step %s", progress->last_step);
	if (progress->last_epoch != NULL)
		rlg_bytes_addf(to, " epoch %s", progress->last_epoch);
	for (size_t i = 0; i < progress->n_metrics; i++) {
		const struct rlg_metric *metric = &progress->metrics[i];
		rlg_bytes_addf(to, " [%s %s %s", metric->name, metric->first, metric->last);
		if (metric->is_number)
			rlg_bytes_addf(to, " low %s high %s best %s]", metric->lowest, metric->highest, metric->best);
		else
			rlg_bytes_add(to, " text]");
	}
	for (size_t i = 0; i < progress->n_points; i++)
		rlg_bytes_addf(to, " @%" PRId64 " %s", progress->points[i].time_us / RLG_SECOND_US, progress->points[i].words);
	rlg_bytes_add(to, "\n");
}

static const char *show_run(struct rlg_arena *arena, const struct rlg_run *run)
{
	struct rlg_bytes to;

	rlg_bytes_init(&to, arena);
	for (size_t p = 0; p < run->n_phases; p++) {
		const struct rlg_phase *phase = &run->phases[p];
		for (size_t i = 0; i < phase->n_attempts; i++)
			show_progress(&to, rlg_arena_printf(arena, "%" PRId64, phase->attempts[i].job_id), &phase->attempts[i].progress);
		show_progress(&to, phase->name, &phase->progress);
		if (phase->sync != NULL)
			rlg_bytes_addf(&to, "%s: sync %s %" PRId64 "\n", phase->name, phase->sync, phase->sync_us / RLG_SECOND_US);
		if (phase->output != NULL)
			rlg_bytes_addf(&to, "%s: output %s\n", phase->name, phase->output);
	}
	for (size_t i = 0; i < run->n_notes; i++) {
		const struct rlg_note *note = &run->notes[i];
		rlg_bytes_addf(&to, "note %" PRId64 " %s%s%s: %s\n", note->time_us / RLG_SECOND_US, note->user == NULL ? "(none)" : note->user,
			       note->phase == NULL ? "" : "/", note->phase == NULL ? "" : note->phase, note->text);
	}
	if (run->verdict != NULL)
		rlg_bytes_addf(&to, "verdict %s\n", run->verdict);
	if (run->wandb != NULL)
		rlg_bytes_addf(&to, "wandb %s\n", run->wandb);
	if (run->description != NULL)
		rlg_bytes_addf(&to, "description %s\n", run->description);
	return to.data;
}

static const char *fold_story(struct rlg_arena *arena, const struct story *story, const size_t *order, size_t n, bool with_ids)
{
	static const char *const phases[] = {"finetune", "eval"};
	struct rlg_fold *fold = rlg_fold_new(arena, "/scratch/g", "g", phases, 2);

	for (size_t i = 0; i < n; i++)
		add_record(fold, story, order == NULL ? i : order[i], with_ids);
	return show_run(arena, rlg_model_run(rlg_fold_finish(fold), "r1"));
}

static void each_story_comes_to_its_progress(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < N_STORIES; i++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		const char *shown = fold_story(arena, &stories[i], NULL, count_records(&stories[i]), true);
		if (strcmp(shown, stories[i].expected) == 0)
			continue;
		print_message("# %s: is\n%s# not\n%s", stories[i].claim, shown, stories[i].expected);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void order_and_duplicates_make_no_difference(void **state)
{
	uint64_t seed = environment_number("RLG_TEST_SEED", (uint64_t)rlg_clock_now_us());
	uint64_t shuffles = environment_number("RLG_TEST_SHUFFLES", DEFAULT_SHUFFLES);

	(void)state;
	print_message("# RLG_TEST_SEED=%" PRIu64 "\n", seed);
	dice_state = seed | 1;
	for (size_t i = 0; i < N_STORIES * shuffles; i++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		const struct story *story = &stories[i % N_STORIES];
		size_t order[2 * MOST_RECORDS + 1] = {0}, count = shuffle(order, count_records(story));
		const char *shown = fold_story(arena, story, order, count, dice(2) == 0);
		if (strcmp(shown, story->expected) != 0)
			fail_msg("%s: is\n%snot\n%s", story->claim, shown, story->expected);
	}
}

/* ---- much, and hostile ---- */

static struct rlg_fold *fold_many(struct rlg_arena *arena, size_t count)
{
	static const char *const phases[] = {"finetune"};
	struct rlg_fold *fold = rlg_fold_new(arena, "/scratch/g", "g", phases, 1);
	struct rlg_record record;
	char line[512];

	for (size_t i = 0; i < count; i++) {
		int length = snprintf(line, sizeof(line),
				      "{\"timestamp\":%zu.25,\"name\":\"progress\",\"context\":{\"v\":1,\"id\":\"%032zx\",\"job_id\":%zu,"
				      "\"cluster\":\"c\",\"step\":%zu,\"loss\":%zu.5}}\n",
				      1000000 + i, i, 1 + i % 50, i, count - i);
		assert_int_equal(rlg_record_parse(line, (size_t)length, &record, NULL), 0);
		rlg_fold_add(fold, "r1", &record);
		rlg_record_done(&record);
	}
	return fold;
}

static double seconds_to_fold(size_t count)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	clock_t begin = clock();
	const struct rlg_model *model = rlg_fold_finish(fold_many(arena, count));
	const struct rlg_progress *progress = &model->runs[0].phases[0].progress;

	assert_int_equal(progress->records, count);
	assert_string_equal(progress->last_step, rlg_arena_printf(arena, "%zu", count - 1));
	assert_string_equal(progress->metrics[0].best, "1.5");
	/* One an hour, and the first. */
	assert_in_range(progress->n_points, count / 3600, count / 3600 + 2);
	return (double)(clock() - begin) / CLOCKS_PER_SEC;
}

static void eight_times_the_records_take_about_eight_times_as_long(void **state)
{
	double few = seconds_to_fold(25000), many = seconds_to_fold(200000);

	(void)state;
	print_message("# 25,000 records: %.3f s, 200,000: %.3f s\n", few, many);
	assert_true(many < 40 * few + 0.5);
}

static void a_job_that_makes_up_names_fills_nothing(void **state)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	static const char *const phases[] = {"finetune"};
	struct rlg_fold *fold = rlg_fold_new(arena, "/scratch/g", "g", phases, 1);
	struct rlg_record record;
	char line[512];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		int length = snprintf(line, sizeof(line), "{\"timestamp\":%d,\"name\":\"progress\",\"context\":{\"v\":1,\"made_up_%d\":1}}\n",
				      1000 + i, i);
		assert_int_equal(rlg_record_parse(line, (size_t)length, &record, NULL), 0);
		rlg_fold_add(fold, "r1", &record);
		rlg_record_done(&record);
	}
	const struct rlg_progress *progress = &rlg_fold_finish(fold)->runs[0].phases[0].progress;
	assert_int_equal(progress->records, 5000);
	assert_int_equal(progress->n_metrics, 128);
	assert_string_equal(progress->metrics[127].name, "made_up_127");
}

/* ---- members as they were written ---- */

static bool show_member(void *context, const struct rlg_json_member *member)
{
	static const char kinds[] = "\"#?0{";

	rlg_bytes_addf(context, "%.*s%c%.*s;", (int)member->key_length, member->key, kinds[member->kind], (int)member->value_length,
		       member->value);
	return true;
}

static void members_are_told_as_they_were_written(void **state)
{
	static const struct {
		const char *text;
		const char *expected; /* NULL: no object */
	} cases[] = {
		{"{}", ""},
		{" { } \r\n", ""},
		{"{\"a\": 0.0850, \"b\":\"x\\\"y\", \"c\":true,\"d\":null}", "a#0.0850;b\"x\\\"y;c?true;d0null;"},
		{"{'loss': 5e-05, 'ok': True, 'no': None, 'x': nan, \"it's\": 'a\"b'}", "loss#5e-05;ok?True;no0None;x#nan;it's\"a\"b;"},
		{"{\"a\":{\"b\":[1,\"}\",2]},\"c\":(1,2),\"a\":-Infinity}", "a{{\"b\":[1,\"}\",2]};c{(1,2);a#-Infinity;"},
		{"", NULL}, {"{", NULL}, {"[1]", NULL}, {"x{}", NULL}, {"{} x", NULL}, {"{\"a\"}", NULL}, {"{\"a\":}", NULL},
		{"{\"a\":1,}", NULL}, {"{\"a\":1 \"b\":2}", NULL}, {"{\"a\":word}", NULL}, {"{\"a\":\"b}", NULL}, {"{\"a\":[1}", NULL},
		{"{a:1}", NULL}, {"{\"a\":\"\\", NULL}, {"{\"a\":[\"", NULL}, {"{\"a\":-}", NULL}, {"{\"a\":1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		struct rlg_bytes shown;
		rlg_bytes_init(&shown, arena);
		/* Memory of its own, so that valgrind and sanitizers see a look behind the end. */
		size_t length = strlen(cases[i].text);
		char *copy = malloc(length + 1);
		memcpy(copy, cases[i].text, length);
		bool good = rlg_json_members(copy, length, show_member, &shown);
		if (good != (cases[i].expected != NULL) || (good && strcmp(shown.data, cases[i].expected) != 0))
			fail_msg("%s: %s %s", cases[i].text, good ? "is" : "is no object:", shown.data);
		free(copy);
	}
}

static void a_number_is_what_json_says(void **state)
{
	static const char *const good[] = {"0", "-0", "10", "0.0850", "1e5", "1E+5", "-1.5e-07"};
	static const char *const bad[] = {"", "-", "007", ".5", "5.", "+1", "1e", "1e+", "nan", "0x10", "1_000", "1 ", "--1", "1.2.3"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!rlg_json_is_number(good[i], strlen(good[i])))
			fail_msg("%s is a number", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (rlg_json_is_number(bad[i], strlen(bad[i])))
			fail_msg("%s is no number", bad[i]);
}

static void escapes_are_taken_out(void **state)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	static const struct {
		const char *raw, *expected;
	} cases[] = {
		{"a\\nb\\t\\\\ \\/", "a\nb\t\\ /"}, {"\\u0041\\u00e9\\u20ac", "A\xc3\xa9\xe2\x82\xac"},
		{"\\ud83d\\ude00", "\xf0\x9f\x98\x80"}, {"\\ud83d!", "\xef\xbf\xbd!"}, {"\\ude00", "\xef\xbf\xbd"},
		{"\\u0000", " "}, {"\\u12", "12"}, {"\\", "\\"}, {"it\\'s", "it's"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(rlg_json_unescape(arena, cases[i].raw, strlen(cases[i].raw)), cases[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_story_comes_to_its_progress),
		cmocka_unit_test(order_and_duplicates_make_no_difference),
		cmocka_unit_test(eight_times_the_records_take_about_eight_times_as_long),
		cmocka_unit_test(a_job_that_makes_up_names_fills_nothing),
		cmocka_unit_test(members_are_told_as_they_were_written),
		cmocka_unit_test(a_number_is_what_json_says),
		cmocka_unit_test(escapes_are_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
