/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The action logs: what a story comes to, word for word, and that people may do with the files what they like.
 *
 * tests/golden/action_log holds a story in two parts (first.jsonl, rest.jsonl) with its plan, and the logs that it comes
 * to.  Each hand/NAME.log is what became of a log by hand after the first part: training ones begin with t, evaluation
 * ones with e; hand/NAME.after is what the rest must make of it.  With `--update` the logs and the .after files are
 * written anew; look at them before they are committed.
 *
 * The property test prints its seed; RLG_TEST_SEED sets it, RLG_TEST_SHUFFLES how many files are edited at random.
 */
#include "tests/unit/arena_state.h"
#include "tests/unit/golden.h"
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "tests/unit/fold_again.h"
#include "tool/model/fold.h"
#include "tool/tracker/action_log.h"

#include <ctype.h>

#define DEFAULT_EDITS 1000
#define LEAST_HAND_FILES 25

/* ---- the story ---- */

static char *read_golden(struct rlg_arena *arena, const char *name)
{
	return golden_read(arena, golden_path(arena, "action_log/%s", name));
}

static void add_records(struct rlg_arena *arena, struct rlg_fold *fold, const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		struct rlg_record record;
		struct rlg_err err = {""};
		if (rlg_record_parse(text, length, &record, &err) != 0)
			fail_msg("%s: %.*s", err.text, (int)length, text);
		rlg_fold_add(fold, record.run, &record);
		rlg_record_done(&record);
		text += length + (text[length] == '\n');
	}
}

/* What a log is rendered from. */
struct scene {
	struct rlg_arena *arena;
	struct rlg_config config;
	struct rlg_plan plan;
	struct rlg_model *model;
};

static struct scene scene_of(struct rlg_arena *arena, const char *plan, const char *records)
{
	static const char *const phases[] = {"finetune", "eval"};
	struct scene scene = {.arena = arena};
	struct rlg_fold *fold = rlg_fold_new(arena, "/path/to/experiment", "experiment", phases, 2);

	rlg_config_default(arena, &scene.config);
	if (plan != NULL)
		assert_int_equal(rlg_plan_parse_markdown(arena, "runs_plan.md", plan, &scene.plan, NULL), 0);
	for (size_t i = 0; i < scene.plan.n_runs; i++)
		rlg_fold_plan_run(fold, scene.plan.runs[i].name, scene.plan.runs[i].type, scene.plan.runs[i].control);
	add_records(arena, fold, records);
	scene.model = rlg_fold_finish(fold);
	return scene;
}

/* The checkpoints as they lie there: all but epoch_1 of the third run. */
static void give_checkpoints(struct scene *scene)
{
	static const char *const both[] = {"epoch_0", "epoch_1"};

	for (size_t r = 0; r < scene->model->n_runs; r++) {
		struct rlg_run *run = &scene->model->runs[r];
		struct rlg_findings *found = &run->phases[0].findings;
		bool misses = strcmp(run->name, "r32_lr1e-5") == 0;
		if (run->phases[0].status != RLG_STATUS_COMPLETED)
			continue;
		*found = (struct rlg_findings){.present = both, .n_present = misses ? 1 : 2, .missing = both + 1,
					       .n_missing = misses, .checkpoints = "/scratch/ck-out-x"};
	}
}

/* The story as far as its first part, or all of it. */
static struct scene story(struct rlg_arena *arena, bool whole)
{
	const char *records = rlg_arena_printf(arena, "%s%s", read_golden(arena, "first.jsonl"),
					       whole ? read_golden(arena, "rest.jsonl") : "");
	struct scene scene = scene_of(arena, read_golden(arena, "plan.md"), records);

	give_checkpoints(&scene);
	return scene;
}

/* The log as it is then, and what is remembered of it. */
struct rendered {
	const char *text, *memory;
};

static struct rendered render_one(const struct scene *scene, bool training, const char *text, const char *memory)
{
	const struct rlg_tracker *tracker = training ? &rlg_tracker_training_log : &rlg_tracker_evaluation_log;
	struct rlg_bytes out, remember;
	struct rlg_err err = {""};

	rlg_bytes_init(&out, scene->arena);
	rlg_bytes_init(&remember, scene->arena);
	struct rlg_tracker_view view = {.arena = scene->arena, .model = scene->model, .group_path = "/path/to/experiment",
					.config = &scene->config, .plan = &scene->plan, .memory = memory,
					.remember = &remember};
	struct rlg_tracker_place place = {.path = tracker->default_path};
	assert_int_equal(tracker->render(&view, &place, "/path/to/experiment/x.log", text, NULL, &out, &err), 0);
	return (struct rendered){out.data, remember.data};
}

static void expect_golden(struct rlg_arena *arena, const char *name, const char *text)
{
	golden_expect(arena, golden_path(arena, "action_log/%s", name), text);
}

static void a_story_comes_to_its_logs(void **state)
{
	struct scene first = story(*state, false), all = story(*state, true);

	expect_golden(*state, "training.first.log", render_one(&first, true, NULL, NULL).text);
	expect_golden(*state, "training.log", render_one(&all, true, NULL, NULL).text);
	expect_golden(*state, "evaluation.first.log", render_one(&first, false, NULL, NULL).text);
	expect_golden(*state, "evaluation.log", render_one(&all, false, NULL, NULL).text);
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
		n++;
	return n;
}

static void a_log_only_grows(void **state)
{
	struct scene first = story(*state, false), all = story(*state, true);

	for (int training = 0; training < 2; training++) {
		struct rendered before = render_one(&first, training, NULL, NULL);
		struct rendered after = render_one(&all, training, before.text, before.memory);
		assert_int_equal(strncmp(after.text, before.text, strlen(before.text)), 0);
		/* Nothing twice, whether what was written is remembered or not. */
		assert_string_equal(render_one(&all, training, after.text, after.memory).text, after.text);
		assert_string_equal(render_one(&all, training, after.text, after.memory).memory, after.memory);
		assert_string_equal(render_one(&all, training, after.text, NULL).text, after.text);
		/* All that one refresh would have written is there, in some order. */
		const char *at_once = render_one(&all, training, NULL, NULL).text;
		assert_int_equal(count(after.text, "\n["), count(at_once, "\n["));
	}
}

/* Record by record, as they come, in any order: each entry once. */
static void records_in_any_order_are_said_once(void **state)
{
	const char *text = rlg_arena_printf(*state, "%s%s", read_golden(*state, "first.jsonl"), read_golden(*state, "rest.jsonl"));
	const char *lines[256];
	size_t order[513], n = 0;

	for (const char *at = text; *at != '\0'; at += strcspn(at, "\n") + 1)
		lines[n++] = rlg_arena_strndup(*state, at, strcspn(at, "\n") + 1);
	dice_state = environment_number("RLG_TEST_SEED", (uint64_t)time(NULL) | 1);
	printf("# seed %llu\n", (unsigned long long)dice_state);
	for (int round = 0; round < 5; round++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		struct rendered log[2] = {{NULL, NULL}, {NULL, NULL}};
		struct rlg_bytes told;
		rlg_bytes_init(&told, arena);
		size_t turns = shuffle(order, n);
		for (size_t i = 0; i < turns; i++) {
			rlg_bytes_add(&told, lines[order[i]]);
			if (i % 5 != 0 && i + 1 < turns)
				continue;
			struct scene scene = scene_of(arena, read_golden(arena, "plan.md"), told.data);
			give_checkpoints(&scene);
			for (int training = 0; training < 2; training++)
				log[training] = render_one(&scene, training, log[training].text, log[training].memory);
		}
		assert_int_equal(count(log[1].text, "] SUBMIT_JOB: "), 6);
		assert_int_equal(count(log[0].text, "] SUBMIT_EVAL: "), 14);
		assert_int_equal(count(log[0].text, "RUNNING \xe2\x86\x92 COMPLETED"), 14);
		assert_int_equal(count(log[1].text, "RUNNING \xe2\x86\x92 COMPLETED"), 4);
		assert_int_equal(count(log[1].text, "RUNNING \xe2\x86\x92 PENDING"), 1);
		assert_int_equal(count(log[1].text, "] DISCOVER_EXPERIMENT"), 1);
		assert_int_equal(count(log[0].text, "] CACHE_BUILT"), 2);
		/* Usage that comes after the end is told then, once. */
		assert_int_equal(count(log[1].text, "CPU efficiency: "), 5);
	}
}

/* ---- a person's hand ---- */

static bool ends_in(const char *name, const char *suffix)
{
	size_t length = strlen(name), width = strlen(suffix);

	return length > width && strcmp(name + length - width, suffix) == 0;
}

/* What a refresh appends to a log that nobody touched. */
static const char *news(struct rlg_arena *arena, bool training)
{
	struct scene first = story(arena, false), all = story(arena, true);
	struct rendered before = render_one(&first, training, NULL, NULL);

	return render_one(&all, training, before.text, before.memory).text + strlen(before.text);
}

static const char *without_cr(struct rlg_arena *arena, const char *text)
{
	char *copy = rlg_arena_strdup(arena, text), *to = copy;

	for (const char *at = text; *at != '\0'; at++)
		if (*at != '\r')
			*to++ = *at;
	*to = '\0';
	return copy;
}

static const char *skip_newlines(const char *text)
{
	return text + strspn(text, "\r\n");
}

/* A text that a person made of the log after the first part: nothing is touched, and only what is news is appended. */
static const char *check_edited(struct rlg_arena *arena, const char *name, bool training, const char *before)
{
	struct scene first = story(arena, false), all = story(arena, true);
	const char *memory = render_one(&first, training, NULL, NULL).memory;
	struct rendered same = render_one(&first, training, before, memory);

	if (strcmp(same.text, before) != 0)
		fail_msg("%s: a refresh without news changes it:\n%s", name, same.text + strlen(before));
	struct rendered after = render_one(&all, training, before, same.memory);
	if (strncmp(after.text, before, strlen(before)) != 0)
		fail_msg("%s: what stood there was changed:\n%s", name, after.text);
	const char *added = skip_newlines(without_cr(arena, after.text + strlen(before)));
	const char *expected = skip_newlines(news(arena, training));
	size_t alike = 0;
	while (added[alike] == expected[alike] && added[alike] != '\0')
		alike++;
	if (added[alike] != expected[alike])
		fail_msg("%s: more or less than the news was added: \n%.200s\nand not\n%.200s\nto\n%s", name, added + alike,
			 expected + alike, before);
	if (strcmp(render_one(&all, training, after.text, after.memory).text, after.text) != 0)
		fail_msg("%s: a second refresh changes it", name);
	return after.text;
}

/* Where nothing is remembered, as when a group is made of a folder that has its log, an entry is known by what it says. */
static void check_without_memory(struct rlg_arena *arena, const char *name, const char *before)
{
	static const char *const takes_away[] = {"removed", "emptied", "only_headlines"};
	struct scene first = story(arena, false);

	for (size_t i = 0; i < sizeof(takes_away) / sizeof(takes_away[0]); i++)
		if (strstr(name, takes_away[i]) != NULL)
			return;
	const char *after = render_one(&first, name[0] == 't', before, NULL).text;
	if (strcmp(after, before) != 0)
		fail_msg("%s: what stands there is not recognised:\n%s", name, after + strlen(before));
}

static void check_hand_file(void *context, const char *name)
{
	struct rlg_arena *arena = context;
	const char *before = read_golden(arena, rlg_arena_printf(arena, "hand/%s", name));
	const char *after = check_edited(arena, name, name[0] == 't', before);

	check_without_memory(arena, name, before);
	expect_golden(arena, rlg_arena_printf(arena, "hand/%.*s.after", (int)(strlen(name) - 4), name), after);
}

static void hand_edited_files_only_grow_by_what_is_news(void **state)
{
	golden_each(*state, "action_log/hand", ".log", LEAST_HAND_FILES, check_hand_file, *state);
}

/* One edit such as people and their editors make; words keep their meaning, or are gone. */
static const char *edit(struct rlg_arena *arena, const char *text)
{
	static const char *const prose[] = {"checked with Ann", "to do: look at the loss", "\xe2\x9c\x93 seen", "    ", "\t- no [2025] brackets",
					    "Result: see above", "# notes", "[not a time] SUBMIT_JOB: r8"};
	size_t length = strlen(text), at = length == 0 ? 0 : dice(length);
	const char *line = text + at;

	while (line > text && line[-1] != '\n')
		line--;
	int before = (int)(line - text);
	const char *rest = line + strcspn(line, "\n");
	rest += *rest == '\n';
	switch (dice(7)) {
	case 0: /* a line is taken out */
		return rlg_arena_printf(arena, "%.*s%s", before, text, rest);
	case 1: /* one is put in */
		return rlg_arena_printf(arena, "%.*s%s\n%s", before, text, prose[dice(8)], line);
	case 2: /* one is indented, or quoted */
		return rlg_arena_printf(arena, "%.*s%s%s", before, text, dice(2) ? "  " : "> ", line);
	case 3: /* something is said behind one */
		return rlg_arena_printf(arena, "%.*s%.*s (mine)\n%s", before, text, (int)strcspn(line, "\r\n"), line, rest);
	case 4: { /* the end is cut off */
		return rlg_arena_printf(arena, "%.*s", before, text);
	}
	case 5: { /* the first part goes behind the second */
		return rlg_arena_printf(arena, "%s%s%.*s", line, ends_in(line, "\n") ? "" : "\n", before, text);
	}
	default: { /* blank lines go */
		const char *blank = strstr(line, "\n\n");
		return blank == NULL ? text : rlg_arena_printf(arena, "%.*s%s", (int)(blank - text), text, blank + 1);
	}
	}
}

static void random_edits_are_kept_and_bring_nothing_twice(void **state)
{
	uint64_t times = environment_number("RLG_TEST_SHUFFLES", DEFAULT_EDITS);

	dice_state = environment_number("RLG_TEST_SEED", (uint64_t)time(NULL) | 1);
	printf("# seed %llu\n", (unsigned long long)dice_state);
	for (uint64_t i = 0; i < times; i++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		uint64_t seed = dice_state;
		struct scene first = story(arena, false);
		bool training = dice(4) > 0;
		const char *text = render_one(&first, training, NULL, NULL).text;
		for (size_t edits = dice(8); edits > 0; edits--)
			text = edit(arena, text);
		check_edited(arena, rlg_arena_printf(arena, "seed %llu", (unsigned long long)seed), training, text);
	}
}

/* ---- single questions ---- */

#define SUBMITTED "{\"timestamp\":1762858805,\"name\":\"submit\",\"context\":{\"v\":1,\"id\":\"1\",\"run\":\"a\",\"phase\":\"finetune\"," \
		  "\"sid\":\"s\",\"job_id\":7,\"script\":\"finetune.slurm\",\"command\":\"sbatch finetune.slurm\"}}\n"

static const char *log_of(struct rlg_arena *arena, const char *records, const char *text)
{
	struct scene scene = scene_of(arena, NULL, records);

	return render_one(&scene, true, text, NULL).text;
}

static void an_agents_own_entries_are_not_written_again(void **state)
{
	static const char *const written[] = {
		"[2025-11-11 11:00:05] SUBMIT_JOB: a\nDetails: sbatch finetune.slurm\nResult: Job ID 7\n",
		"[2025-11-11 11:00:07] SUBMIT_JOB: a\nCommand: cd a && sbatch finetune.slurm\nJob ID: 7\n",
		"- [2025-11-11 11:00] **SUBMIT_JOB**: `a`\n  Result: submitted, job_id=7\n",
		"```\n[2025-11-11T11:00:07Z] SUBMIT_JOB: a\nResult: JobID 7\n```\n",
	};

	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		const char *found = "[2025-11-11 11:00:00] DISCOVER_EXPERIMENT\n\n[2025-11-11 11:00:00] IDENTIFY_RUNS\n\n";
		const char *text = rlg_arena_printf(*state, "%s%s", found, written[i]);
		assert_string_equal(log_of(*state, SUBMITTED, text), text);
	}
	/* But another job's is another entry. */
	assert_int_equal(count(log_of(*state, SUBMITTED, "[2025-11-11 11:00:05] SUBMIT_JOB: a\nResult: Job ID 77\n"),
			       "] SUBMIT_JOB: a"), 2);
	/* And the same job under another name is the same. */
	assert_int_equal(count(log_of(*state, SUBMITTED, "[2025-11-11 11:00:05] SUBMIT_JOB: run a\nResult: Job ID 7\n"),
			       "] SUBMIT_JOB: "), 1);
}

static void a_submission_is_told_with_its_job_or_not_yet(void **state)
{
	const char *unknown = "{\"timestamp\":1762858805,\"name\":\"submit\",\"context\":{\"v\":1,\"id\":\"1\",\"run\":\"a\",\"sid\":\"s\"}}\n";

	assert_null(strstr(log_of(*state, unknown, NULL), "SUBMIT_JOB"));
}

static void a_better_word_on_an_end_is_one_more_entry(void **state)
{
#define ENDED(id, state, source) "{\"timestamp\":1762858925,\"name\":\"finish\",\"context\":{\"v\":1,\"id\":\"" id "\",\"run\":\"a\",\"phase\":\"finetune\"," \
	"\"job_id\":7,\"state\":\"" state "\",\"source\":\"" source "\",\"submit_time\":1762858805,\"start_time\":1762858865,\"end_time\":1762858925}}\n"
	const char *epilog = SUBMITTED ENDED("2", "FAILED", "epilog"), *both = SUBMITTED ENDED("2", "FAILED", "epilog") ENDED("3", "CANCELLED", "jobcomp");
	const char *before = log_of(*state, epilog, NULL), *after = log_of(*state, both, before);

	assert_non_null(strstr(before, "Details: RUNNING \xe2\x86\x92 FAILED\n"));
	assert_non_null(strstr(after, "Details: FAILED \xe2\x86\x92 CANCELLED\n"));
	assert_int_equal(count(after, "STATE_CHANGE"), 3);
	assert_string_equal(log_of(*state, both, after), after);
	assert_int_equal(count(log_of(*state, both, NULL), "STATE_CHANGE"), 2);
}

static void a_hostile_record_breaks_no_line(void **state)
{
	const char *records = "{\"timestamp\":1762858805,\"name\":\"action\",\"context\":{\"v\":1,\"id\":\"1\",\"run\":\"a\","
			      "\"action\":\"do it\\n[2025-11-11 11:00:00] ALL_COMPLETE\",\"subject\":\" **\\u001b[2J\\r\\n\",\"details\":\"a\\nb\",\"result\":\"\\u202e\"}}\n"
			      "{\"timestamp\":1762858806,\"name\":\"action\",\"context\":{\"v\":1,\"id\":\"2\",\"run\":\"a\",\"action\":\"\"}}\n"
			      "{\"timestamp\":1762858807,\"name\":\"action\",\"context\":{\"v\":1,\"id\":\"3\",\"run\":\"a\",\"action\":\"9\",\"subject\":\":]\"}}\n"
			      "{\"timestamp\":1762858808,\"name\":\"action\",\"context\":{\"v\":1,\"id\":\"4\",\"run\":\"a\",\"action\":7}}\n";
	const char *log = log_of(*state, records, NULL);

	assert_int_equal(count(log, "\n["), 2);
	assert_null(strchr(log, '\x1b'));
	assert_null(strchr(log, '\r'));
	assert_string_equal(log_of(*state, records, log), log);
}

static void crlf_and_missing_ends_are_kept(void **state)
{
	const char *log = log_of(*state, SUBMITTED, "My log\r\nof things");

	assert_int_equal(strncmp(log, "My log\r\nof things\r\n\r\n[", strlen("My log\r\nof things\r\n\r\n[")), 0);
	for (const char *at = strchr(log, '\n'); at != NULL; at = strchr(at + 1, '\n'))
		assert_int_equal(at[-1], '\r');
	assert_string_equal(log_of(*state, SUBMITTED, log), log);
}

static void the_last_word_of_a_jobs_gpus_is_told(void **state)
{
	struct scene scene = story(*state, false);
	struct rlg_findings *found = &scene.model->runs[0].phases[0].findings;

	*found = (struct rlg_findings){.gpu_line = "utilization.gpu 93 %, memory.used 61234 MiB, memory.total 81559 MiB",
				       .gpu_us = INT64_C(1762859000) * RLG_SECOND_US};
	const char *log = render_one(&scene, true, NULL, NULL).text;
	assert_non_null(strstr(log, "] RESOURCE_STATUS: r8_lr1e-5\nDetails: utilization.gpu 93 %, memory.used 61234 MiB, memory.total "
				    "81559 MiB\nResult: GPU Utilization: 93% | GPU Memory: 59.8/79.6 GiB\nJob ID: 1234567\n"));
	assert_string_equal(render_one(&scene, true, log, NULL).text, log);
	/* While it runs not at each refresh. */
	found->gpu_us += 299 * RLG_SECOND_US;
	assert_string_equal(render_one(&scene, true, log, NULL).text, log);
	found->gpu_us += RLG_SECOND_US;
	log = render_one(&scene, true, log, NULL).text;
	assert_int_equal(count(log, "RESOURCE_STATUS"), 2);
	/* What was written before the job began is another's. */
	found->gpu_us = INT64_C(1762858000) * RLG_SECOND_US;
	assert_null(strstr(render_one(&scene, true, NULL, NULL).text, "RESOURCE_STATUS"));
}

static void what_a_person_removes_stays_removed(void **state)
{
	struct scene first = story(*state, false), all = story(*state, true);
	struct rendered log = render_one(&first, true, NULL, NULL);
	const char *from = strstr(log.text, "[2025-11-11 11:00:05] SUBMIT_JOB"), *to = strstr(from + 1, "\n[");
	const char *cut = rlg_arena_printf(*state, "%.*s%s", (int)(from - log.text), log.text, to + 1);

	struct rendered now = {cut, log.memory};
	for (int i = 0; i < 4; i++)
		now = render_one(i < 2 ? &first : &all, true, now.text, now.memory);
	assert_null(strstr(now.text, "[2025-11-11 11:00:05] SUBMIT_JOB"));
	/* But a log that was taken away whole is made anew. */
	assert_non_null(strstr(render_one(&all, true, NULL, now.memory).text, "[2025-11-11 11:00:05] SUBMIT_JOB"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, utc_arena_set_up, arena_tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_story_comes_to_its_logs),
		TEST(a_log_only_grows),
		TEST(records_in_any_order_are_said_once),
		TEST(hand_edited_files_only_grow_by_what_is_news),
		TEST(random_edits_are_kept_and_bring_nothing_twice),
		TEST(an_agents_own_entries_are_not_written_again),
		TEST(a_submission_is_told_with_its_job_or_not_yet),
		TEST(a_better_word_on_an_end_is_one_more_entry),
		TEST(a_hostile_record_breaks_no_line),
		TEST(crlf_and_missing_ends_are_kept),
		TEST(the_last_word_of_a_jobs_gpus_is_told),
		TEST(what_a_person_removes_stays_removed),
	};

	golden_begin(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
