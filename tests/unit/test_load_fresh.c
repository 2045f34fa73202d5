/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A group that several hands read comes to the same as one that is read by one: its model, what was damaged, what the
 * snapshot keeps of it.  `make check-threads` looks at the same under the thread sanitizer.  Prints its seed.
 */
#include "tests/unit/scratch.h"

#include "lib/layout.h"
#include "lib/record.h"
#include "tests/unit/fold_again.h"
#include "tool/base/hands.h"
#include "tool/group/group.h"
#include "tool/group/load.h"

#define N_RUNS 150
#define N_HOSTS 3

/* Any event of a few jobs, in a file of any host; some twice, some as no writer of ours would have them. */
static size_t any_line(char line[1024], size_t run)
{
	static const char *const names[] = {"submit", "start", "finish", "progress", "progress", "note", "usage", "task-failed", "edit"};
	const char *name = names[dice(sizeof(names) / sizeof(names[0]))], *blank = dice(10) == 0 ? " " : "";
	size_t job = 1000 * run + dice(4), id = dice(10) == 0 ? dice(20) : dice(UINT32_MAX);

	if (dice(40) == 0)
		return (size_t)snprintf(line, 1024, "garbage %zu%s", id, dice(2) ? "\n" : "\n\n");
	return (size_t)snprintf(line, 1024,
				"{\"timestamp\":%zu.%06zu,%s\"name\":\"%s\",\"context\":{\"v\":1,\"id\":\"%032zx\",\"job_id\":%zu,"
				"\"run\":\"x\",\"phase\":\"%s\",\"sid\":\"s%zu\",\"step\":\"batch\",\"state\":\"%s\",\"final\":%s,"
				"\"start_time\":%zu,\"train_loss\":0.%zu,\"text\":\"%s\",\"git\":{\"commit\":\"c%zu\"}}}\n",
				1771000000 + dice(1000), dice(1000000), blank, name, id, job, dice(2) ? "finetune" : "eval",
				job, dice(2) ? "COMPLETED" : "FAILED", dice(2) ? "true" : "false", 1771000000 + dice(1000),
				dice(10000), dice(8) ? "a word" : "a \\\"word\\\"", dice(3));
}

static void make_file(size_t run, size_t host)
{
	char line[1024];
	FILE *file = fopen(in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR "/r%zu/h%zu" RLG_STATUS_SUFFIX, run, host), "w");

	assert_non_null(file);
	for (size_t left = dice(30); left > 0; left--) {
		size_t length = any_line(line, run);
		for (size_t times = 1 + (dice(10) == 0); times > 0; times--)
			assert_int_equal(fwrite(line, 1, length, file), length);
	}
	if (dice(10) == 0)
		fputs("{\"timestamp\":1771", file);
	assert_int_equal(fclose(file), 0);
}

static int make_group(void **state)
{
	if (scratch_set_up(state) != 0)
		return -1;
	dice_begin();
	make_folders(in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR));
	write_text(in_scratch("g/" RLG_DIR "/config.yaml"), "phases: [finetune, eval]\n");
	for (size_t run = 0; run < N_RUNS; run++) {
		make_folder(in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR "/r%zu", run), 0755);
		for (size_t host = 0; host < N_HOSTS; host++)
			make_file(run, host);
	}
	/* Neither of them can be read. */
	make_folder(in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR "/r7/folder" RLG_STATUS_SUFFIX), 0755);
	write_text(in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR "/no_run"), "x");
	return 0;
}

/* What the group comes to, as a text to be freed; the snapshot is written anew, or read. */
static char *load_group(size_t hands, bool anew, struct rlg_load_work *out_work)
{
	const struct rlg_load_news all = {.disk = true};
	struct rlg_group group;
	struct rlg_model *model;
	struct rlg_err err = {""};
	char *text;

	if (anew)
		unlink(in_scratch("g/" RLG_DIR "/" RLG_SNAPSHOT_FILE));
	rlg_hands_set(hands);
	if (rlg_group_open(in_scratch("g"), &group, &err) != 0)
		fail_msg("%s", err.text);
	struct rlg_load *load = rlg_load_begin(&group, true);
	if (rlg_load_model(load, &all, &model, &err) != 0)
		fail_msg("%s", err.text);
	*out_work = rlg_load_work(load);
	rlg_load_commit(load);
	assert_true(asprintf(&text, "records %llu, damaged %llu, runs %zu, unread %d\n%s", (unsigned long long)model->records,
			     (unsigned long long)model->damaged, model->n_runs, model->unread, render(group.arena, model)) > 0);
	rlg_load_end(load);
	rlg_group_close(&group);
	rlg_hands_set(0);
	return text;
}

static void several_hands_come_to_the_same_as_one(void **state)
{
	struct rlg_load_work work, again;
	char *one = load_group(1, true, &work);

	assert_true(work.records > N_RUNS && work.runs == N_RUNS + 1); /* no_run is looked at, too */
	assert_null(strstr(one, "damaged 0,"));
	for (size_t hands = 2; hands <= RLG_HANDS_MOST; hands++) {
		char *several = load_group(hands, true, &again);
		assert_string_equal(several, one);
		assert_int_equal(again.records, work.records);
		assert_int_equal(again.runs, work.runs);
		free(several);
	}
	free(one);
}

static void what_they_read_is_in_the_snapshot(void **state)
{
	struct rlg_load_work work;
	char *read = load_group(RLG_HANDS_MOST, true, &work);
	char *kept = load_group(RLG_HANDS_MOST, false, &work);

	assert_string_equal(kept, read);
	assert_int_equal(work.records, 0);
	free(kept);
	free(read);
}

static void a_run_that_is_new_is_read_beside_those_that_are_known(void **state)
{
	struct rlg_load_work work;

	free(load_group(RLG_HANDS_MOST, true, &work));
	write_text(in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR "/r3/late" RLG_STATUS_SUFFIX),
		   "{\"timestamp\":1771009999,\"name\":\"note\",\"context\":{\"id\":\"late\",\"text\":\"more\"}}\n");
	make_folder(in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR "/a_new_one"), 0755);
	write_text(in_scratch("g/" RLG_DIR "/" RLG_RUNS_DIR "/a_new_one/h" RLG_STATUS_SUFFIX),
		   "{\"timestamp\":1771009999,\"name\":\"note\",\"context\":{\"id\":\"new\",\"text\":\"new\"}}\n");
	char *more = load_group(RLG_HANDS_MOST, false, &work);
	assert_int_equal(work.records, 2);
	char *anew = load_group(1, true, &work);
	assert_string_equal(more, anew);
	assert_non_null(strstr(anew, "a_new_one"));
	free(more);
	free(anew);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_hands_come_to_the_same_as_one),
		cmocka_unit_test(what_they_read_is_in_the_snapshot),
		cmocka_unit_test(a_run_that_is_new_is_read_beside_those_that_are_known),
	};

	return cmocka_run_group_tests(tests, make_group, scratch_tear_down);
}
