/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The snapshot makes no difference: whatever happens to status files, settings, trackers and the snapshot itself, the
 * model and all trackers are those of a group that is read from its records alone.
 *
 * RLG_TEST_SEED sets the seed, RLG_TEST_STEPS how much happens.
 */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "lib/layout.h"
#include "tests/unit/fold_again.h"
#include "tool/group/group.h"
#include "tool/group/news.h"
#include "tool/group/refresh.h"

#define DEFAULT_STEPS 150
#define N_RUNS 5
#define N_HOSTS 2
#define N_JOBS 6

static const char snapshot_name[] = "g/" RLG_DIR "/" RLG_SNAPSHOT_FILE;

static const char config[] = "phases: [finetune, eval]\n"
			     "trackers:\n"
			     "  runs_status: on\n"
			     "  experiments: on\n"
			     "  training_log: on\n";

static const char other_config[] = "phases: [finetune, eval, more]\n"
				   "trackers:\n"
				   "  runs_status: on\n"
				   "  experiments: on\n";

/* What needs no more of the runs that did not change than their names. */
static const char brief_config[] = "phases: [finetune, eval]\n"
				   "trackers:\n"
				   "  runs_status: on\n";

static const char *const configs[] = {config, other_config, brief_config};
#define N_CONFIGS (sizeof(configs) / sizeof(configs[0]))

static const char *run_name(size_t number)
{
	static const char *const names[N_RUNS] = {"r0", "r1", "a run", "r\xc3\xa9", "zz"};

	return names[number];
}

static const char *file_of(size_t run, size_t host)
{
	static char path[256];

	snprintf(path, sizeof(path), "g/" RLG_DIR "/" RLG_RUNS_DIR "/%s/host%zu" RLG_STATUS_SUFFIX, run_name(run), host);
	return in_scratch("%s", path);
}

static const char *folder_of(size_t run)
{
	static char path[256];

	snprintf(path, sizeof(path), "g/" RLG_DIR "/" RLG_RUNS_DIR "/%s", run_name(run));
	return in_scratch("%s", path);
}

/* ---- what happens ---- */

static void make_line(char *line, size_t size, size_t run)
{
	static const char *const events[] = {
		"\"submit\",\"context\":{\"sid\":\"s%zu\",\"user\":\"ann\",\"script\":\"t.sh\",\"matched_by\":\"job-name\"",
		"\"start\",\"context\":{\"sid\":\"s%zu\",\"nodes\":\"n1\",\"start_time\":1700000100",
		"\"finish\",\"context\":{\"sid\":\"s%zu\",\"state\":\"COMPLETED\",\"final\":true,\"exit_code\":0,\"source\":\"epilog\"",
		"\"finish\",\"context\":{\"sid\":\"s%zu\",\"state\":\"TIMEOUT\",\"final\":true,\"source\":\"jobcomp\"",
		"\"progress\",\"context\":{\"sid\":\"s%zu\",\"step\":7,\"train_loss\":0.5",
		"\"note\",\"context\":{\"text\":\"word %zu\",\"verdict\":\"keep\"",
		"\"task-failed\",\"context\":{\"step\":\"%zu\",\"rank\":1,\"exit_code\":3,\"node\":\"n1\"",
		"\"sync\",\"context\":{\"sid\":\"s%zu\",\"status\":\"ok\"",
		"\"action\",\"context\":{\"sid\":\"s%zu\",\"action\":\"CACHE_BUILT\",\"subject\":\"x\"",
	};
	size_t job = dice(N_JOBS), event = dice(sizeof(events) / sizeof(events[0]));
	char body[256];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(body, sizeof(body), events[event], job);
#pragma GCC diagnostic pop
	snprintf(line, size,
		 "{\"timestamp\":%zu.5,\"name\":%s,\"v\":1,\"id\":\"%08zx%08zx%08zx%08zx\",\"run\":\"%s\",\"phase\":\"%s\","
		 "\"job_id\":%zu,\"cluster\":\"c\",\"submit_time\":1700000000}}\n",
		 1700000000 + dice(5000), body, dice(1 << 30), dice(1 << 30), dice(1 << 30), dice(1 << 30), run_name(run),
		 dice(3) > 0 ? "finetune" : "eval", 100 + job);
}

static void append_text(const char *path, const char *text)
{
	FILE *stream = fopen(path, "a");

	assert_non_null(stream);
	fputs(text, stream);
	assert_int_equal(fclose(stream), 0);
}

static void append_records(size_t run)
{
	char line[1024];

	make_folders(folder_of(run));
	for (size_t left = 1 + dice(3); left > 0; left--) {
		make_line(line, sizeof(line), run);
		append_text(file_of(run, dice(N_HOSTS)), line);
	}
}

static void append_torn(size_t run)
{
	char line[1024];

	make_folders(folder_of(run));
	make_line(line, sizeof(line), run);
	line[1 + dice(strlen(line) - 2)] = '\0';
	append_text(file_of(run, dice(N_HOSTS)), line);
}

static void append_newline(size_t run)
{
	make_folders(folder_of(run));
	append_text(file_of(run, dice(N_HOSTS)), "\n");
}

static void append_garbage(size_t run)
{
	make_folders(folder_of(run));
	append_text(file_of(run, dice(N_HOSTS)), dice(2) == 0 ? "garbage\n" : "{\"name\":1}\n");
}

/* All that one host wrote, once more by the other. */
static void duplicate(size_t run)
{
	size_t host = dice(N_HOSTS), count = 0;

	if (!exists(file_of(run, host)))
		return;
	char *bytes = read_bytes(file_of(run, host), &count);
	append_text(file_of(run, (host + 1) % N_HOSTS), bytes);
	free(bytes);
}

static void truncate_file(size_t run)
{
	const char *path = file_of(run, dice(N_HOSTS));
	struct stat file;

	if (stat(path, &file) == 0)
		assert_int_equal(truncate(path, (off_t)dice((size_t)file.st_size + 1)), 0);
}

/* By another of the same name: its first half, with something behind it. */
static void replace_file(size_t run)
{
	const char *path = file_of(run, dice(N_HOSTS));
	char line[1024];
	size_t count = 0;

	if (!exists(path))
		return;
	char *bytes = read_bytes(path, &count);
	write_bytes(in_scratch("new"), bytes, count / 2, 0644);
	free(bytes);
	append_text(in_scratch("new"), "\n");
	for (int i = 0; i < 9; i++) {
		make_line(line, sizeof(line), run);
		append_text(in_scratch("new"), line);
	}
	assert_int_equal(rename(in_scratch("new"), path), 0);
}

static void remove_file(size_t run)
{
	unlink(file_of(run, dice(N_HOSTS)));
}

static void remove_run(size_t run)
{
	nftw(folder_of(run), scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void leave_output(size_t run)
{
	char path[128];

	snprintf(path, sizeof(path), "g/%s/logs", run_name(run));
	make_folders(in_scratch("%s", path));
	snprintf(path, sizeof(path), "g/%s/logs/%zu.eval", run_name(run), dice(3));
	write_text(in_scratch("%s", path), "x");
}

static void change_config(size_t run)
{
	write_text(in_scratch("g/" RLG_DIR "/" RLG_CONFIG_FILE), configs[dice(N_CONFIGS)]);
}

static void change_plan(size_t run)
{
	FILE *stream = fopen(in_scratch("g/runs_plan.md"), "w");

	assert_non_null(stream);
	fprintf(stream, "# Run Plan: g\n\n## All Runs\n\n| Run Name | Type |\n|---|---|\n");
	for (size_t i = dice(N_RUNS); i < N_RUNS; i++)
		fprintf(stream, "| %s | %s |\n", run_name(i), dice(3) == 0 ? "Control" : "Fine-tuned");
	fprintf(stream, "| planned only | Fine-tuned |\n");
	assert_int_equal(fclose(stream), 0);
}

static void edit_tracker(size_t run)
{
	const char *path = in_scratch("g/runs_status.yaml");

	if (exists(path))
		append_text(path, dice(2) == 0 ? "# a person's\n" : "\n");
}

static void name_run_in_tracker(size_t run)
{
	const char *path = in_scratch("g/runs_status.yaml");

	size_t count = 0;

	if (!exists(path))
		return;
	char *text = read_bytes(path, &count);
	/* Behind `runs: {}` it would be no YAML. */
	if (memmem(text, count, "  by_hand:", 10) == NULL && memmem(text, count, "runs: {}", 8) == NULL)
		append_text(path, "  by_hand:\n    finetune_status: skipped\n");
	free(text);
}

static void remove_tracker(size_t run)
{
	unlink(in_scratch("g/runs_status.yaml"));
}

/* ---- what happens to the snapshot ---- */

static void damage_snapshot(size_t run)
{
	const char *path = in_scratch("%s", snapshot_name);
	size_t count = 0;

	if (!exists(path))
		return;
	char *bytes = read_bytes(path, &count);
	switch (dice(5)) {
	case 0: /* a bit */
		bytes[dice(count)] ^= (char)(1 << dice(8));
		break;
	case 1: /* cut off */
		count = dice(count + 1);
		break;
	case 2: /* a piece of it is what a crashed machine left: nothing */
		memset(bytes + count / 2, 0, dice(count - count / 2));
		break;
	case 3: /* garbage behind */
		count -= dice(8);
		bytes[count - 1] ^= 0x55;
		break;
	default:
		unlink(path);
		free(bytes);
		return;
	}
	write_bytes(path, bytes, count, 0600);
	free(bytes);
}

static void open_snapshot_to_all(size_t run)
{
	if (exists(in_scratch("%s", snapshot_name)))
		chmod(in_scratch("%s", snapshot_name), 0666);
}

/* What may happen, how often, and whether it is news of one run, as whoever appends leaves word of it. */
static const struct {
	void (*happen)(size_t run);
	unsigned often;
	bool is_news;
} happenings[] = {
	{append_records, 20, true}, {append_torn, 3, true},	{append_newline, 3, true}, {append_garbage, 1, true},
	{duplicate, 4, true},	    {truncate_file, 2, false},	{replace_file, 2, false},  {remove_file, 2, false},
	{remove_run, 1, false},	    {leave_output, 2, false},	{change_config, 1, false}, {change_plan, 1, false},
	{edit_tracker, 2, false},   {name_run_in_tracker, 1, false}, {remove_tracker, 1, false},
	{damage_snapshot, 4, false}, {open_snapshot_to_all, 1, false},
};

/* Returns whether a refresh of the runs with news is to show it all. */
static bool something_happens(void)
{
	size_t sum = 0, at = 0, run = dice(N_RUNS);

	for (size_t i = 0; i < sizeof(happenings) / sizeof(happenings[0]); i++)
		sum += happenings[i].often;
	for (size_t chosen = dice(sum); chosen >= happenings[at].often; at++)
		chosen -= happenings[at].often;
	happenings[at].happen(run);
	if (happenings[at].is_news)
		assert_int_equal(rlg_news_leave(in_scratch("g"), run_name(run), NULL), 0);
	return happenings[at].is_news;
}

/* Nothing but what a refresh of the runs with news is there for. */
static void some_news(void)
{
	size_t run = dice(N_RUNS);

	append_records(run);
	assert_int_equal(rlg_news_leave(in_scratch("g"), run_name(run), NULL), 0);
}

/* ---- and what comes of it ---- */

static char *load_and_render(struct rlg_arena *arena)
{
	struct rlg_group group;
	struct rlg_model *model;
	struct rlg_err err = {""};

	if (rlg_group_open(in_scratch("g"), &group, &err) != 0 || rlg_group_load(&group, &model, &err) != 0)
		fail_msg("%s", err.text);
	char *text = rlg_arena_printf(arena, "%s\n%llu records, %llu damaged\n", render(group.arena, model),
				      (unsigned long long)model->records, (unsigned long long)model->damaged);
	rlg_group_close(&group);
	return text;
}

static struct rlg_refresh_report refresh(bool news_alone, bool rebuild)
{
	struct rlg_refresh_report report;
	struct rlg_group group;
	struct rlg_err err = {""};

	if (rlg_group_open(in_scratch("g"), &group, &err) != 0)
		fail_msg("%s", err.text);
	int code = rebuild      ? rlg_refresh_rebuild(&group, &report, &err)
		   : news_alone ? rlg_refresh_news(&group, RLG_REFRESH_LEAVE, &report, &err)
				: rlg_refresh(&group, RLG_REFRESH_WAIT, &report, &err);
	if (code != 0)
		fail_msg("%s", err.text);
	rlg_group_close(&group);
	return report;
}

static void begin_group_with(const char *settings)
{
	make_folders(in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR));
	write_text(in_scratch("g/" RLG_DIR "/" RLG_CONFIG_FILE), settings);
}

static void begin_group(void)
{
	begin_group_with(config);
}

static void tell_story(bool of_news_mostly)
{
	uint64_t steps = environment_number("RLG_TEST_STEPS", DEFAULT_STEPS);

	for (uint64_t step = 0; step < steps; step++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		bool news_alone = true;
		if (of_news_mostly && dice(10) > 0)
			some_news();
		else
			for (size_t left = 1 + dice(3); left > 0; left--)
				news_alone = something_happens() && news_alone;
		refresh(news_alone, false);
		const char *with = load_and_render(arena);
		if (exists(in_scratch("%s", snapshot_name)))
			assert_int_equal(rename(in_scratch("%s", snapshot_name), in_scratch("aside")), 0);
		const char *without = load_and_render(arena);
		if (exists(in_scratch("aside")))
			assert_int_equal(rename(in_scratch("aside"), in_scratch("%s", snapshot_name)), 0);
		if (strcmp(with, without) != 0)
			fail_msg("step %llu: with a snapshot\n%s\nwithout\n%s", (unsigned long long)step, with, without);
		if (dice(of_news_mostly ? 2 : 4) > 0)
			continue;
		struct rlg_refresh_report report = refresh(false, true);
		if (report.trackers_written > 0)
			fail_msg("step %llu: a rebuild writes %u trackers", (unsigned long long)step, report.trackers_written);
	}
}

static void the_model_and_the_trackers_are_those_of_the_records_alone(void **state)
{
	(void)state;
	dice_begin();
	begin_group();
	tell_story(false);
}

/* Where only the runs with news are looked at, and no others unpacked. */
static void so_are_those_of_news_alone(void **state)
{
	(void)state;
	dice_begin();
	begin_group_with(brief_config);
	change_plan(0);
	tell_story(true);
}

static void damage_a_byte(void)
{
	const char *path = in_scratch("%s", snapshot_name);
	size_t count = 0;

	if (!exists(path))
		return;
	char *bytes = read_bytes(path, &count);
	bytes[dice(count)] ^= 0x55;
	write_bytes(path, bytes, count, 0600);
	free(bytes);
}

/* What is packed of a run is looked at when somebody asks for it, which may be many refreshes later. */
static void so_are_those_over_damage_everywhere(void **state)
{
	(void)state;
	dice_begin();
	begin_group_with(brief_config);
	for (size_t run = 0; run < N_RUNS; run++)
		append_records(run);
	refresh(false, false);
	for (int step = 0; step < 150; step++) {
		if (dice(3) == 0)
			damage_a_byte();
		some_news();
		/* With a person's word in it all of the tracker is rendered. */
		if (dice(3) == 0)
			append_text(in_scratch("g/runs_status.yaml"), "# a person's\n");
		refresh(true, false);
		if (dice(2) == 0)
			assert_int_equal(refresh(false, true).trackers_written, 0);
	}
}

/* Where its header says that reading begins: see snapshot.c. */
static uint64_t state_begins(uint64_t *out_inode)
{
	struct stat file;
	uint64_t at = 0;
	size_t count = 0;

	assert_int_equal(stat(in_scratch("%s", snapshot_name), &file), 0);
	*out_inode = (uint64_t)file.st_ino;
	char *bytes = read_bytes(in_scratch("%s", snapshot_name), &count);
	assert_true(count > 32);
	memcpy(&at, bytes + 24, sizeof(at));
	free(bytes);
	return at;
}

static char words[3001]; /* of the last long note */

static void append_long_note(size_t run)
{
	char line[3400];

	/* No two alike: what is like the one before takes no room. */
	for (size_t i = 0; i < sizeof(words) - 1; i++)
		words[i] = (char)('a' + dice(26));
	words[sizeof(words) - 1] = '\0';
	snprintf(line, sizeof(line),
		 "{\"timestamp\":%zu.5,\"name\":\"note\",\"context\":{\"v\":1,\"id\":\"%08zx%08zx%08zx%08zx\",\"run\":\"%s\","
		 "\"text\":\"%s\"}}\n",
		 1700000000 + dice(5000), dice(1 << 30), dice(1 << 30), dice(1 << 30), dice(1 << 30), run_name(run), words);
	append_text(file_of(run, 0), line);
	assert_int_equal(rlg_news_leave(in_scratch("g"), run_name(run), NULL), 0);
}

static uint64_t begin_with_records(uint64_t *out_inode)
{
	dice_begin();
	begin_group_with(brief_config);
	for (size_t run = 0; run < N_RUNS; run++)
		append_records(run);
	append_long_note(2);
	refresh(false, false);
	return state_begins(out_inode);
}

/* First reading begins further behind, then all is written anew; one record costs one record all the time. */
static void a_snapshot_that_grows_stays_of_use(void **state)
{
	uint64_t inode, old_inode, moves = 0;

	(void)state;
	uint64_t begins = begin_with_records(&old_inode);
	for (int step = 0; step < 200 && (state_begins(&inode), inode) == old_inode; step++) {
		append_long_note(1);
		struct rlg_refresh_report report = refresh(true, false);
		assert_int_equal(report.runs_read, 1);
		assert_int_equal(report.records_read, 1);
		moves += state_begins(&inode) != begins && inode == old_inode;
		begins = state_begins(&inode);
	}
	if (moves < 2 || inode == old_inode)
		fail_msg("%llu moves, inode %llu, was %llu", (unsigned long long)moves, (unsigned long long)inode, (unsigned long long)old_inode);
	append_long_note(2);
	assert_int_equal(refresh(true, false).records_read, 1);
	assert_int_equal(refresh(false, true).trackers_written, 0);
}

/* In what is fetched only when it is wanted. */
static void damage_last_note(uint64_t state_begins)
{
	const char *name = in_scratch("%s", snapshot_name);
	size_t count = 0, found = 0;
	char *bytes = read_bytes(name, &count), *at;

	for (; (at = memmem(bytes, state_begins, words, sizeof(words) - 1)) != NULL; found++)
		memset(at, '?', sizeof(words) - 1);
	assert_in_range(found, 2, 9); /* among its records, and in what they came to */
	write_bytes(name, bytes, count, 0600);
	free(bytes);
}

/* A run whose packed bytes are lost must not become one without records when they are moved. */
static void a_snapshot_that_lost_something_is_not_written_anew(void **state)
{
	uint64_t inode, old_inode;
	int step = 0;

	(void)state;
	begin_with_records(&old_inode);
	append_records(1);
	assert_int_equal(rlg_news_leave(in_scratch("g"), run_name(1), NULL), 0);
	refresh(true, false); /* in which the tracker tells its runs for the first time */
	damage_last_note(state_begins(&old_inode)); /* run 2's: nothing of what follows asks for it */
	do {
		append_long_note(1);
		refresh(true, false);
	} while (++step < 200 && exists(in_scratch("%s", snapshot_name)) && (state_begins(&inode), inode) == old_inode);
	assert_in_range(step, 2, 199);
	append_long_note(1);
	assert_int_equal(unlink(in_scratch("g/runs_status.yaml")), 0); /* so that all runs are asked for */
	refresh(true, false);
	assert_int_equal(refresh(false, true).trackers_written, 0);
}

static void one_new_record_costs_one_record(void **state)
{
	(void)state;
	dice_begin();
	begin_group();
	for (size_t run = 0; run < N_RUNS; run++)
		for (int i = 0; i < 20; i++)
			append_records(run);
	struct rlg_refresh_report report = refresh(false, false);
	assert_int_equal(report.runs_read, N_RUNS);
	assert_true(report.records_read >= 20 * N_RUNS);
	for (int i = 0; i < 20; i++) {
		char line[1024];
		make_line(line, sizeof(line), 1);
		append_text(file_of(1, 0), line);
		rlg_news_leave(in_scratch("g"), run_name(1), NULL);
		report = refresh(true, false);
		assert_int_equal(report.runs_read, 1);
		assert_int_equal(report.records_read, 1);
	}
	report = refresh(false, false);
	assert_int_equal(report.runs_read, 0);
	assert_int_equal(report.records_read, 0);
	report = refresh(false, true);
	assert_int_equal(report.runs_read, N_RUNS);
	assert_true(report.records_read > 20 * N_RUNS);
}

/* Who died over the marks had taken them; the next one finds them. */
static void news_that_somebody_died_over_is_found(void **state)
{
	char line[1024];

	(void)state;
	dice_begin();
	begin_group();
	append_records(0);
	append_records(1);
	refresh(false, false);
	make_line(line, sizeof(line), 0);
	append_text(file_of(0, 0), line);
	rlg_news_leave(in_scratch("g"), run_name(0), NULL);
	assert_int_equal(rename(in_scratch("g/" RLG_DIR "/" RLG_NEWS_DIR "/r0"), in_scratch("g/" RLG_DIR "/" RLG_NEWS_DIR "/.r0")), 0);
	make_line(line, sizeof(line), 1);
	append_text(file_of(1, 0), line);
	rlg_news_leave(in_scratch("g"), run_name(1), NULL);
	struct rlg_refresh_report report = refresh(true, false);
	assert_int_equal(report.runs_read, 2);
	assert_int_equal(report.records_read, 2);
	assert_int_equal(count_names(in_scratch("g/" RLG_DIR "/" RLG_NEWS_DIR)), 0);
}

/* The mark that older plugins leave stands for all runs. */
static void a_group_that_is_dirty_is_looked_through(void **state)
{
	char line[1024];

	(void)state;
	dice_begin();
	begin_group();
	append_records(0);
	refresh(false, false);
	make_line(line, sizeof(line), 0);
	append_text(file_of(0, 0), line);
	assert_int_equal(refresh(true, false).records_read, 0);
	write_text(in_scratch("g/" RLG_DIR "/" RLG_DIRTY_FILE), "");
	assert_int_equal(refresh(true, false).records_read, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_new_record_costs_one_record, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(news_that_somebody_died_over_is_found, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_group_that_is_dirty_is_looked_through, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(the_model_and_the_trackers_are_those_of_the_records_alone, scratch_set_up,
						scratch_tear_down),
		cmocka_unit_test_setup_teardown(so_are_those_of_news_alone, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(so_are_those_over_damage_everywhere, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_snapshot_that_grows_stays_of_use, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(a_snapshot_that_lost_something_is_not_written_anew, scratch_set_up,
						scratch_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
