/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What attempts used: from records in any order, any number of times, to figures and words.
 *
 * The shuffles print their seed; RLG_TEST_SEED sets it, RLG_TEST_SHUFFLES how often each story is told anew.
 */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "tests/unit/fold_again.h"
#include "tests/unit/hand_model.h"
#include "tests/unit/story.h"
#include "tool/show/event_words.h"
#include "tool/show/report.h"
#include "tool/model/usage.h"
#include "tool/show/usage_words.h"

#include <inttypes.h>

#define JOB "\"cluster\":\"c\",\"job_id\":5"
#define START(t) {t, "start", JOB ",\"step\":\"batch\""}
#define FINISH(t, from, to, more) \
	{t, "finish", JOB ",\"final\":true,\"state\":\"COMPLETED\",\"source\":\"epilog\",\"start_time\":" #from ",\"end_time\":" #to \
	 ",\"submit_time\":900" more}
#define REQUEUE(t, from, to, submit) \
	{t, "finish", JOB ",\"final\":false,\"state\":\"PREEMPTED\",\"source\":\"jobcomp\",\"start_time\":" #from ",\"end_time\":" #to \
	 ",\"submit_time\":" #submit}
#define AGAIN(t, from, to, submit) \
	{t, "finish", JOB ",\"final\":true,\"state\":\"COMPLETED\",\"source\":\"jobcomp\",\"start_time\":" #from ",\"end_time\":" #to \
	 ",\"submit_time\":" #submit}
#define USAGE(t, step, node, cpu, more) \
	{t, "usage", JOB ",\"step\":\"" step "\",\"node\":\"" node "\",\"tasks\":1,\"cpu_s\":" #cpu more}
#define PEAK(bytes) ",\"peak_memory_bytes\":" #bytes
#define CACHE(bytes) ",\"page_cache_bytes\":" #bytes
#define LARGEST(bytes) ",\"max_rss_bytes\":" #bytes
#define EXEC(t, id, cpu, bytes) \
	{t, "finish", JOB ",\"exec\":\"" id "\",\"final\":true,\"state\":\"COMPLETED\",\"source\":\"exec\",\"end_time\":" #t \
	 ",\"user_cpu_s\":" #cpu ",\"system_cpu_s\":0.5,\"max_rss_bytes\":" #bytes}

/* Of each attempt CPU time in microseconds, peak memory, CPUs, memory a node and wall time; efficiencies in hundredths. */
static const struct story stories[] = {
	{"a batch job", {START(1000), USAGE(1099, "batch", "n1", 174.5, PEAK(1000000)), FINISH(1101, 1000, 1100, ",\"ncpus\":2,\"time_limit\":400,\"tres\":\"cpu=2,mem=4M,node=1,billing=2\"")},
	 "174500000 1000000 2 4194304 100000000 87 24 25"},
	{"steps and nodes are added up, and the node that had most tells the memory",
	 {START(1000), USAGE(1050, "0", "n1", 10, PEAK(500)), USAGE(1050, "0", "n2", 20, PEAK(900)), USAGE(1090, "1", "n1", 5.25, PEAK(600)),
	  USAGE(1099, "batch", "n1", 0.75, PEAK(100)), FINISH(1101, 1000, 1100, ",\"ncpus\":4,\"tres\":\"cpu=4,mem=2G,node=2\"")},
	 "36000000 900 4 1073741824 100000000 9 0 -1"},
	{"a step of a node counts once, however often it is told",
	 {START(1000), USAGE(1050, "0", "n1", 10, PEAK(500)), USAGE(1050, "0", "n1", 10, PEAK(500)), USAGE(1051, "0", "n1", 9, PEAK(700)),
	  FINISH(1101, 1000, 1100, "")},
	 "10000000 700 -1 -1 100000000 -1 -1 -1"},
	{"steps and nodes whose names run together are two",
	 {START(1000), USAGE(1050, "a b", "c", 10, ""), USAGE(1050, "a", "b c", 10, ""), FINISH(1101, 1000, 1100, "")},
	 "20000000 -1 -1 -1 100000000 -1 -1 -1"},
	{"page cache that can be given back is not used, but what a process had is",
	 {START(1000), USAGE(1050, "0", "n1", 1, PEAK(1000) CACHE(400) LARGEST(300)), FINISH(1101, 1000, 1100, "")},
	 "1000000 600 -1 -1 100000000 -1 -1 -1"},
	{"even where the cache is large now",
	 {START(1000), USAGE(1050, "0", "n1", 1, PEAK(1000) CACHE(900) LARGEST(300)), FINISH(1101, 1000, 1100, "")},
	 "1000000 300 -1 -1 100000000 -1 -1 -1"},
	{"a process cannot have had more than there was",
	 {START(1000), USAGE(1050, "0", "n1", 1, PEAK(1000) LARGEST(3000)), FINISH(1101, 1000, 1100, "")},
	 "1000000 1000 -1 -1 100000000 -1 -1 -1"},
	{"without a cgroup each task had what the largest process had",
	 {START(1000), {1050, "usage", JOB ",\"step\":\"0\",\"node\":\"n1\",\"tasks\":3,\"cpu_s\":1" LARGEST(300)}, FINISH(1101, 1000, 1100, "")},
	 "1000000 900 -1 -1 100000000 -1 -1 -1"},
	{"each attempt of a requeued job has its own, though the next one has begun when a step's end is told",
	 {START(1000), USAGE(1050.9, "batch", "n1", 10, ",\"elapsed_s\":50"), REQUEUE(1051, 1000, 1050, 900), START(1050.2),
	  USAGE(1090, "batch", "n1", 30, ",\"elapsed_s\":39"), AGAIN(1101, 1050, 1100, 1050)},
	 "10000000 -1 -1 -1 50000000 -1 -1 -1; 30000000 -1 -1 -1 50000000 -1 -1 -1"},
	{"execs count where no step told", {START(1000), EXEC(1040, "e1", 9.5, 700), EXEC(1080, "e2", 3.5, 300), FINISH(1101, 1000, 1100, "")},
	 "14000000 700 -1 -1 100000000 -1 -1 -1"},
	{"and are part of their step where one did",
	 {START(1000), EXEC(1040, "e1", 9.5, 700), USAGE(1099, "batch", "n1", 12, PEAK(800)), FINISH(1101, 1000, 1100, "")},
	 "12000000 800 -1 -1 100000000 -1 -1 -1"},
	{"a job that runs has no time to compare with",
	 {START(1000), USAGE(1050, "0", "n1", 10, PEAK(500))}, "10000000 500 -1 -1 -1 -1 -1 -1"},
	{"one of less than a second neither", {START(1000), USAGE(1000.5, "0", "n1", 0.5, ""), FINISH(1001, 1000, 1000, ",\"ncpus\":1")},
	 "500000 -1 1 -1 0 -1 -1 -1"},
	{"another job of that number is another job",
	 {START(1000), FINISH(1101, 1000, 1100, ""), USAGE(99999999, "0", "n1", 10, "")}, "-1 -1 -1 -1 100000000 -1 -1 -1"},
	{"what is missing or wrong is not known",
	 {START(1000), {1050, "usage", JOB ",\"tasks\":-1,\"cpu_s\":\"x\",\"peak_memory_bytes\":-5,\"max_rss_bytes\":{}"},
	  FINISH(1101, 1000, 1100, ",\"ncpus\":0,\"tres\":\"mem=\"")},
	 "-1 -1 -1 -1 100000000 -1 -1 -1"},
	{"what is too much is the most there is",
	 {START(1000), {1050, "usage", JOB ",\"step\":\"0\",\"tasks\":9007199254740991,\"cpu_s\":1" LARGEST(9007199254740991)},
	  FINISH(1101, 1000, 1100, "")},
	 "1000000 9223372036854775807 -1 -1 100000000 -1 -1 -1"},
	{"usage alone makes no attempt", {USAGE(1050, "0", "n1", 10, "")}, ""},
};

#define N_STORIES (sizeof(stories) / sizeof(stories[0]))

static const char *const phases[] = {"finetune"};

static const struct rlg_phase *fold_story(struct rlg_arena *arena, const struct story *story, const size_t *order, size_t n)
{
	struct rlg_fold *fold = rlg_fold_new(arena, "/scratch/g", "g", phases, 1);

	tell(fold, story, order, n);
	return rlg_run_phase(rlg_model_run(rlg_fold_finish(fold), "r1"), "finetune");
}

static int hundredths(double efficiency)
{
	return efficiency < 0 ? -1 : (int)(100 * efficiency + 0.5);
}

static const char *shown(struct rlg_arena *arena, const struct rlg_usage *usage)
{
	return rlg_arena_printf(arena, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %d %d %d", usage->cpu_us,
				usage->peak_memory, usage->n_cpus, usage->memory_limit, usage->wall_us,
				hundredths(usage->cpu_efficiency), hundredths(usage->memory_efficiency),
				hundredths(usage->time_efficiency));
}

static void check_story(const struct story *story, const size_t *order, size_t n)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const struct rlg_phase *phase = fold_story(arena, story, order, n);
	struct rlg_bytes text;

	rlg_bytes_init(&text, arena);
	for (size_t i = 0; i < phase->n_attempts; i++)
		rlg_bytes_addf(&text, "%s%s", i > 0 ? "; " : "", shown(arena, &phase->attempts[i].usage));
	if (strcmp(text.data, story->expected) != 0)
		fail_msg("%s: it is %s, not %s", story->claim, text.data, story->expected);
}

static void usage_is_the_same_in_whatever_order_it_is_told(void **state)
{
	uint64_t seed = environment_number("RLG_TEST_SEED", (uint64_t)scratch_now_ms() | 1);
	size_t shuffles = environment_number("RLG_TEST_SHUFFLES", 100);

	(void)state;
	print_message("# RLG_TEST_SEED=%" PRIu64 "\n", seed);
	dice_state = seed;
	for (size_t i = 0; i < N_STORIES; i++) {
		size_t order[2 * MOST_RECORDS + 1], n = count_records(&stories[i]);
		for (size_t j = 0; j < n; j++)
			order[j] = j;
		check_story(&stories[i], order, n);
		for (size_t j = 0; j < shuffles; j++)
			check_story(&stories[i], order, shuffle(order, n));
	}
}

static void usage_is_no_news_of_the_phase(void **state)
{
	static const size_t order[] = {0, 1, 2};
	static const struct story story = {"", {START(1000), FINISH(1060, 1000, 1050, ""), USAGE(1070, "0", "n1", 1, "")}, NULL};
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const struct rlg_phase *without = fold_story(arena, &story, order, 2), *with = fold_story(arena, &story, order, 3);

	(void)state;
	assert_int_equal(with->deciding->usage.cpu_us, 1000000);
	assert_int_equal(with->word_us, without->word_us);
	assert_int_equal(with->deciding->word_us, without->deciding->word_us);
}

/* Folds a job of so many steps, and tells how much CPU time that took. */
static int64_t fold_steps(int n_steps)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_fold *fold = rlg_fold_new(arena, "/scratch/g", "g", phases, 1);
	struct timespec before, after;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	for (int i = 0; i <= n_steps; i++) {
		const char *line = i == 0 ? "{\"timestamp\":1000,\"name\":\"start\",\"context\":{\"v\":1," JOB ",\"step\":\"batch\"}}"
					  : rlg_arena_printf(arena, "{\"timestamp\":1001,\"name\":\"usage\",\"context\":{\"v\":1," JOB
								    ",\"step\":\"%d\",\"node\":\"n1\",\"cpu_s\":1}}", i);
		struct rlg_record record;
		assert_int_equal(rlg_record_parse(line, strlen(line), &record, NULL), 0);
		rlg_fold_add(fold, "r1", &record);
		rlg_record_done(&record);
	}
	const struct rlg_phase *phase = rlg_run_phase(rlg_model_run(rlg_fold_finish(fold), "r1"), "finetune");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	assert_int_equal(phase->attempts[0].usage.cpu_us, n_steps * RLG_SECOND_US);
	return (after.tv_sec - before.tv_sec) * RLG_SECOND_US + (after.tv_nsec - before.tv_nsec) / 1000;
}

/* Four times as many take about four times as long, where each looked at all others they would take sixteen times. */
static void a_job_of_many_steps_takes_no_longer_for_each(void **state)
{
	int64_t few_us = fold_steps(4000), many_us = fold_steps(16000);

	(void)state;
	if (many_us > 10 * few_us)
		fail_msg("4000 steps take %" PRId64 " us, 16000 take %" PRId64 " us", few_us, many_us);
}

static void memory_a_node_is_read_out_of_tres(void **state)
{
	static const struct {
		const char *tres;
		int64_t bytes;
	} table[] = {
		{"cpu=4,mem=4G,node=1,billing=4", INT64_C(4) << 30}, {"cpu=4,mem=4G,node=2", INT64_C(2) << 30},
		{"cpu=1,mem=1000M,node=1", 1000 << 20}, {"mem=512", 512 << 20}, {"mem=512K", 512 << 10}, {"mem=1T", INT64_C(1) << 40},
		{"mem=7.50G,node=1", (INT64_C(15) << 30) / 2}, {"mem=0.5G", 1 << 29}, {"node=2,mem=300M", 150 << 20},
		{NULL, -1}, {"", -1}, {"cpu=4", -1}, {"mem=", -1}, {"mem=-4G", -1}, {"mem=0", -1}, {"mem=4X", -1}, {"mem=4GB,x", INT64_C(4) << 30},
		{"mem=4G,node=0", -1}, {"mem=4G,node=x", -1}, {"gres/mem=4G", -1}, {"mem=99999999999999999999999999P", -1}, {"mem=999999999999P", -1},
		{"mem=4..5G", -1}, {"mem=nan", -1}, {"mem=inf", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (rlg_usage_node_memory(table[i].tres) != table[i].bytes)
			fail_msg("%s is %" PRId64, table[i].tres, rlg_usage_node_memory(table[i].tres));
}

/* ---- words ---- */

static struct rlg_attempt ended_attempt(struct rlg_usage usage, int64_t time_limit_s, const char *slurm_state)
{
	return (struct rlg_attempt){.ended = true, .time_limit_s = time_limit_s, .slurm_state = slurm_state, .usage = usage};
}

static void the_words_are_those_of_seff(void **state)
{
	static const struct {
		struct rlg_usage usage;
		int64_t time_limit_s;
		const char *slurm_state;
		const char *line, *wall_time, *cpu, *memory; /* NULL: none */
	} table[] = {
		{{INT64_C(2826000000), INT64_C(1288490189), 4, INT64_C(4) << 30, 812000000, 0.87, 0.3, 0.1128}, 7200, "COMPLETED",
		 "CPU 87 % of 4, memory 1.2 of 4.0 GiB (30 %), 13m 32s of 2h 0m", "Wall time: 00:13:32 of 02:00:00 (11%)",
		 "CPU efficiency: 87% of 4 CPUs (00:47:06)", "Memory: 1.2 of 4.0 GiB a node (30%)"},
		{{1500000, 300 << 20, 1, 600 << 20, 3000000, 0.5, 0.5, -1}, -1, "FAILED", "CPU 50 % of 1, memory 300 of 600 MiB (50 %)",
		 "Wall time: 00:00:03", "CPU efficiency: 50% of 1 CPU (00:00:01)", "Memory: 300 of 600 MiB a node (50%)"},
		{{INT64_C(90061000000), INT64_C(3) << 30, -1, -1, INT64_C(90061000000), -1, -1, 1.0007}, 90000, "TIMEOUT",
		 "CPU 1d 1h, memory 3.0 GiB, 1d 1h of 1d 1h", "Wall time: 1-01:01:01 of 1-01:00:00 (100%) **EXCEEDED**",
		 "CPU time: 1-01:01:01", "Memory: 3.0 GiB"},
		{{-1, 100 << 20, -1, 100 << 20, 60000000, -1, 1, 0.5}, 120, "OUT_OF_MEMORY", "memory 100 of 100 MiB (100 %), 1m 0s of 2m 0s",
		 "Wall time: 00:01:00 of 00:02:00 (50%)", NULL, "Memory: 100 of 100 MiB a node (100%) **EXCEEDED**"},
		{{-1, 120 << 20, -1, 100 << 20, -1, -1, 1.2, -1}, 120, "FAILED", "memory 120 of 100 MiB (120 %)", NULL, NULL,
		 "Memory: 120 of 100 MiB a node (120%) **EXCEEDED**"},
		{{-1, -1, 4, 1 << 20, -1, -1, -1, -1}, 120, "FAILED", NULL, NULL, NULL, NULL},
		{{0}, 0, NULL, NULL, NULL, NULL, NULL}, /* as a test's own models have it */
	};
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rlg_attempt attempt = ended_attempt(table[i].usage, table[i].time_limit_s, table[i].slurm_state);
		struct rlg_usage_words words = rlg_usage_words(arena, &attempt);
		const char *pairs[][2] = {{rlg_usage_line(arena, &attempt), table[i].line},
					  {words.wall_time, table[i].wall_time},
					  {words.cpu, table[i].cpu},
					  {words.memory, table[i].memory}};
		for (size_t j = 0; j < 4; j++)
			if (strcmp(pairs[j][0] != NULL ? pairs[j][0] : "(none)", pairs[j][1] != NULL ? pairs[j][1] : "(none)") != 0)
				fail_msg("%zu: it is\n%s\nnot\n%s", i, pairs[j][0], pairs[j][1]);
		attempt.ended = false;
		assert_null(rlg_usage_line(arena, &attempt));
	}
}

static void an_event_is_a_sentence(void **state)
{
	static const struct {
		const char *members, *words;
	} table[] = {
		{"\"step\":\"batch\",\"node\":\"n1\",\"cpu_s\":200.5,\"elapsed_s\":243.1,\"peak_memory_bytes\":1288490189,\"max_rss_bytes\":5",
		 "job 5: the batch script on n1 used 3m 20s of CPU and 1.2 GiB in 4m 3s"},
		{"\"step\":\"3\",\"node\":\"n2\",\"max_rss_bytes\":104857600,\"elapsed_s\":2", "job 5: step 3 on n2 used 100 MiB in 2s"},
		{"\"step\":\"3\",\"cpu_s\":2", "job 5: step 3 used 2s of CPU"},
	};
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	enum rlg_colour colour;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *line = rlg_arena_printf(arena, "{\"timestamp\":1,\"name\":\"usage\",\"context\":{\"v\":1,\"job_id\":5,%s}}",
						    table[i].members);
		struct rlg_record record;
		assert_int_equal(rlg_record_parse(line, strlen(line), &record, NULL), 0);
		assert_string_equal(rlg_event_words(arena, &record, &colour), table[i].words);
		rlg_record_done(&record);
	}
}

/* ---- reports ---- */

static const struct rlg_usage some_usage = {.cpu_us = 2826000000, .peak_memory = 1288490189, .n_cpus = 4, .memory_limit = INT64_C(4) << 30,
					    .wall_us = 812000000, .cpu_efficiency = 0.87, .memory_efficiency = 0.3, .time_efficiency = 0.1128};

static const char *report(struct rlg_arena *arena, rlg_report_fn *form, const struct rlg_model *model)
{
	static const struct rlg_actions no_actions;
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	form(model, &no_actions, &out);
	return out.data;
}

static void the_report_has_a_table_of_what_was_used(void **state)
{
	static struct hand_model hand;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();

	(void)state;
	hand_model_init(&hand);
	hand.model.arena = arena;
	assert_null(strstr(report(arena, rlg_report_markdown, &hand.model), "Resource Usage"));
	hand.attempts[0][0].usage = some_usage;
	hand.attempts[0][0].time_limit_s = 7200;
	hand.attempts[0][1].usage = some_usage; /* it runs */
	hand.attempts[2][0].usage = (struct rlg_usage){.cpu_us = 3000000};
	const char *text = report(arena, rlg_report_markdown, &hand.model);
	const char *table = strstr(text, "\n### Resource Usage\n");
	assert_non_null(table);
	assert_string_equal(table, "\n### Resource Usage\n"
				   "| Run Name | Phase | Job | CPU | Memory a Node | Wall Time |\n"
				   "|----------|-------|-----|-----|---------------|-----------|\n"
				   "| 1B_rank4 | Finetune | 1234567 | 87 % of 4 | 1.2 of 4.0 GiB (30 %) | 13m 32s of 2h 0m (11 %) |\n"
				   "| 3B_rank4 | Finetune | 1234560 | 3s | - | - |\n");
}

static void csv_is_a_line_a_phase(void **state)
{
	static struct hand_model hand;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();

	(void)state;
	hand_model_init(&hand);
	hand.attempts[0][0].usage = some_usage;
	hand.attempts[0][0].time_limit_s = 7200;
	hand.attempts[0][0].nodes = "n[1-2,4]";
	hand.phases[0][0].output = "say \"x\"\n";
	hand.runs[1].name = "=HYPERLINK(1)";
	const char *text = report(arena, rlg_report_csv, &hand.model);
	static const char *const parts[] = {
		"run,phase,status,job_id,slurm_state,submit_time,start_time,end_time,nodes,output,elapsed_s,time_limit_s,time_efficiency,"
		"ncpus,cpu_s,cpu_efficiency,memory_limit_bytes,peak_memory_bytes,memory_efficiency\r\n",
		"\r\n1B_rank4,finetune,completed,1234567,COMPLETED,2025-10-19T18:15:00Z,2025-10-19T18:16:28Z,2025-10-19T18:30:00Z,"
		"\"n[1-2,4]\",\"say \"\"x\"\"\n\",812,7200,0.1128,4,2826.000000,0.8700,4294967296,1288490189,0.3000\r\n",
		"\r\n'=HYPERLINK(1),finetune,running,1234569,RUNNING,",
		"\r\n3B_rank64,eval,pending,,,,,,,,,,,,,,,,\r\n",
	};
	assert_int_equal(strncmp(text, parts[0], strlen(parts[0])), 0);
	for (size_t i = 1; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(text, parts[i]) == NULL)
			fail_msg("%s is not in\n%s", parts[i], text);
	size_t lines = 0;
	for (const char *at = text; (at = strstr(at, "\r\n")) != NULL; at += 2)
		lines++;
	assert_int_equal(lines, 1 + HAND_RUNS * HAND_PHASES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usage_is_the_same_in_whatever_order_it_is_told),
		cmocka_unit_test(usage_is_no_news_of_the_phase),
		cmocka_unit_test(a_job_of_many_steps_takes_no_longer_for_each),
		cmocka_unit_test(memory_a_node_is_read_out_of_tres),
		cmocka_unit_test(the_words_are_those_of_seff),
		cmocka_unit_test(an_event_is_a_sentence),
		cmocka_unit_test(the_report_has_a_table_of_what_was_used),
		cmocka_unit_test(csv_is_a_line_a_phase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
