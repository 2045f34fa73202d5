/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which run a job belongs to, of which only Slurm's own facts are known: by what a group's records say about it. */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "tool/record/job_places.h"
#include "tool/record/mentions.h"

#define S RLG_SECOND_US

static struct rlg_arena *arena;

static int set_up(void **state)
{
	arena = rlg_arena_new();
	if (scratch_set_up(state) != 0)
		return -1;
	make_folders(in_scratch(".runledger/runs"));
	return 0;
}

static int tear_down(void **state)
{
	rlg_arena_free(arena);
	return scratch_tear_down(state);
}

/* A record in the run's file, by seconds and members. */
static void note(const char *run, double time, const char *name, const char *members)
{
	static unsigned id;
	char line[1000];

	make_folders(in_scratch(".runledger/runs/%s", run));
	snprintf(line, sizeof(line), "{\"timestamp\":%.6f,\"name\":\"%s\",\"context\":{\"v\":1,\"id\":\"%032x\",\"run\":\"%s\",\"phase\":\"p\"%s%s}}\n",
		 time, name, ++id, run, members[0] == '\0' ? "" : ",", members);
	int fd = open(in_scratch(".runledger/runs/%s/host1.jsonl", run), O_WRONLY | O_APPEND | O_CREAT, 0644);
	assert_int_equal(write(fd, line, strlen(line)), strlen(line));
	close(fd);
}

static struct rlg_job_traits job(int64_t job_id, int64_t submit_s)
{
	return (struct rlg_job_traits){.cluster = "c", .job_id = job_id, .array_job_id = -1, .array_task_id = -1, .het_job_id = -1,
				       .submit_us = submit_s * S, .job_name = "x", .folder = "/f"};
}

static const struct rlg_mention *find(const struct rlg_job_traits *traits)
{
	return rlg_mentions_of_job(rlg_mentions_read(arena, scratch), traits);
}

static void is_in_run(struct rlg_job_traits traits, const char *run)
{
	const struct rlg_mention *found = find(&traits);
	const char *got = found == NULL ? "none" : found->run;

	if (strcmp(got, run) != 0)
		fail_msg("job %lld is in %s, not %s", (long long)traits.job_id, got, run);
}

#define SUBMISSION(sid) "\"sid\":\"" sid "\",\"job_name\":\"x\",\"cwd\":\"/f\""

static void nobody_knows_a_job_that_was_never_mentioned(void **state)
{
	(void)state;
	is_in_run(job(5, 1000), "none");
	note("a", 1000, "start", "\"job_id\":6,\"cluster\":\"c\",\"step\":\"batch\"");
	is_in_run(job(5, 1000), "none");
}

static void a_start_or_a_numbered_submission_tells(void **state)
{
	(void)state;
	note("a", 1000, "start", "\"job_id\":5,\"cluster\":\"c\",\"step\":\"batch\"");
	note("b", 1000, "submit", SUBMISSION("s6") ",\"job_id\":6,\"cluster\":\"c\"");
	is_in_run(job(5, 999), "a");
	is_in_run(job(6, 999), "b");
}

static void the_same_number_on_another_cluster_is_another_job(void **state)
{
	(void)state;
	note("a", 1000, "start", "\"job_id\":5,\"cluster\":\"other\",\"step\":\"batch\"");
	is_in_run(job(5, 999), "none");
	note("b", 1001, "start", "\"job_id\":5,\"step\":\"batch\"");
	is_in_run(job(5, 999), "b");
}

static void a_number_that_was_used_before_is_another_job(void **state)
{
	(void)state;
	note("old", 1000, "start", "\"job_id\":5,\"cluster\":\"c\",\"step\":\"batch\"");
	note("old", 1100, "finish", "\"job_id\":5,\"cluster\":\"c\",\"state\":\"COMPLETED\",\"final\":true");
	is_in_run(job(5, 900000), "none");
	note("new", 900001, "start", "\"job_id\":5,\"cluster\":\"c\",\"step\":\"batch\"");
	is_in_run(job(5, 900000), "new");
	/* Told so late that the number is another job's already. */
	is_in_run(job(5, 999), "old");
}

/* A requeue counts as a submission; then the job is cancelled while it waits. */
static void a_job_that_was_requeued_is_still_the_same(void **state)
{
	(void)state;
	note("a", 1000, "start", "\"job_id\":5,\"cluster\":\"c\",\"step\":\"batch\",\"cwd\":\"/f\"");
	note("a", 5000, "finish", "\"job_id\":5,\"cluster\":\"c\",\"state\":\"REQUEUED\",\"final\":false,\"cwd\":\"/f\"");
	is_in_run(job(5, 5000), "a");
	is_in_run(job(5, 90000), "a");
	note("a", 95000, "finish", "\"job_id\":5,\"cluster\":\"c\",\"state\":\"CANCELLED\",\"final\":true");
	is_in_run(job(5, 900000), "none");
}

static void a_job_that_still_runs_and_was_requeued_unseen_is_the_same_in_the_same_folder(void **state)
{
	struct rlg_job_traits traits = job(5, 90000);

	(void)state;
	note("a", 1000, "start", "\"job_id\":5,\"cluster\":\"c\",\"step\":\"batch\",\"cwd\":\"/f\"");
	is_in_run(traits, "a");
	traits.folder = "/elsewhere";
	is_in_run(traits, "none");
}

static void an_array_is_known_by_its_own_number_or_a_tasks(void **state)
{
	struct rlg_job_traits task = job(14, 1000), unseen = job(15, 1000), whole = job(12, 1000);

	(void)state;
	task.array_job_id = unseen.array_job_id = whole.array_job_id = 12;
	task.array_task_id = 1;
	unseen.array_task_id = 2;
	note("a", 1000, "submit", SUBMISSION("s"));
	note("a", 1001, "start", "\"job_id\":14,\"array_job_id\":12,\"array_task_id\":1,\"sid\":\"s\",\"cluster\":\"c\",\"step\":\"batch\"");
	is_in_run(task, "a");
	is_in_run(unseen, "a");
	is_in_run(whole, "a");
}

static void an_array_with_a_run_a_task_finds_the_tasks_own(void **state)
{
	struct rlg_job_traits task = job(14, 1000);

	(void)state;
	note("t0", 1000, "submit", SUBMISSION("s") ",\"array_task_id\":0");
	note("t1", 1000.1, "submit", SUBMISSION("s") ",\"array_task_id\":1");
	note("t2", 1000.2, "submit", SUBMISSION("s") ",\"array_task_id\":2");
	task.array_job_id = 12;
	for (int64_t i = 0; i < 3; i++) {
		char run[] = "t0";
		run[1] = (char)('0' + i);
		task.array_task_id = i;
		is_in_run(task, run);
	}
	/* With one task's start the others are known by the array's number, not by name and folder. */
	note("t0", 1003, "start", "\"job_id\":13,\"array_job_id\":12,\"array_task_id\":0,\"sid\":\"s\",\"cluster\":\"c\",\"step\":\"batch\"");
	task.job_name = "renamed";
	task.folder = NULL;
	task.array_task_id = 2;
	is_in_run(task, "t2");
	task.array_task_id = 3;
	is_in_run(task, "none");
}

static int tell_task(void *context, const struct rlg_mention *mention)
{
	strcat(context, mention->run);
	return strcmp(mention->run, "t1") == 0 && strstr(context, "stop") != NULL ? 9 : 0;
}

static void the_tasks_of_a_submission_are_told_each_once(void **state)
{
	char told[100] = "", stopped[100] = "stop";

	(void)state;
	note("t0", 1000, "submit", SUBMISSION("s") ",\"array_task_id\":0");
	note("t1", 1000, "submit", SUBMISSION("s") ",\"array_task_id\":1");
	note("t2", 1000, "submit", SUBMISSION("other") ",\"array_task_id\":2");
	note("t1", 1001, "submit", SUBMISSION("s") ",\"array_task_id\":1,\"job_id\":12");
	note("t0", 1003, "start", "\"job_id\":13,\"array_job_id\":12,\"array_task_id\":0,\"sid\":\"s\",\"cluster\":\"c\",\"step\":\"batch\"");
	const struct rlg_mentions *mentions = rlg_mentions_read(arena, scratch);
	assert_int_equal(rlg_mentions_each_task(mentions, "s", tell_task, told), 0);
	assert_string_equal(told, "t0t1");
	assert_int_equal(rlg_mentions_each_task(mentions, "s", tell_task, stopped), 9);
	assert_true(rlg_mentions_task_began(mentions, 12, 0));
	assert_false(rlg_mentions_task_began(mentions, 12, 1));
	assert_false(rlg_mentions_task_began(mentions, 11, 0));
}

static void a_part_of_a_het_job_is_its_leaders(void **state)
{
	struct rlg_job_traits part = job(25, 1000);

	(void)state;
	part.het_job_id = 24;
	note("a", 1000, "start", "\"job_id\":24,\"cluster\":\"c\",\"step\":\"batch\"");
	is_in_run(part, "a");
}

static void a_submission_without_a_number_is_found_by_name_folder_and_moment(void **state)
{
	struct rlg_job_traits traits = job(5, 1000);

	(void)state;
	note("a", 999.8, "submit", SUBMISSION("s"));
	is_in_run(traits, "a");
	traits.folder = "/elsewhere";
	is_in_run(traits, "none");
	traits = job(5, 1061);
	is_in_run(traits, "none");
	traits = job(5, 990);
	is_in_run(traits, "none");
}

static void one_that_was_renamed_while_it_waited_is_the_folders_only_one(void **state)
{
	struct rlg_job_traits traits = job(5, 1000);

	(void)state;
	traits.job_name = "renamed";
	note("a", 999.8, "submit", SUBMISSION("s"));
	is_in_run(traits, "none");
	traits.never_ran = true;
	is_in_run(traits, "a");
	note("b", 999.9, "submit", SUBMISSION("t"));
	is_in_run(traits, "none");
}

static void one_whose_own_submission_was_refused_was_not_renamed(void **state)
{
	struct rlg_job_traits traits = job(5, 1000);

	(void)state;
	traits.never_ran = true;
	note("mine", 999.7, "submit", SUBMISSION("r"));
	note("mine", 999.8, "reject", "\"sid\":\"r\",\"exit_code\":1");
	note("b", 999.9, "submit", "\"sid\":\"t\",\"job_name\":\"other\",\"cwd\":\"/f\"");
	is_in_run(traits, "none");
}

static void a_job_that_is_no_array_is_none_of_an_arrays_tasks(void **state)
{
	struct rlg_job_traits traits = job(5, 1000);

	(void)state;
	traits.job_name = "renamed";
	traits.never_ran = true;
	note("seed_1", 999.9, "submit", SUBMISSION("s") ",\"array_task_id\":1");
	is_in_run(traits, "none");
	traits.array_job_id = 5;
	traits.array_task_id = 1;
	is_in_run(traits, "seed_1");
}

static void a_refused_submission_and_one_whose_job_is_known_are_nobodys(void **state)
{
	(void)state;
	note("a", 999.8, "submit", SUBMISSION("s"));
	note("a", 999.9, "reject", "\"sid\":\"s\",\"exit_code\":1");
	is_in_run(job(5, 1000), "none");
	note("b", 999.8, "submit", SUBMISSION("t"));
	note("b", 999.9, "submit", SUBMISSION("t") ",\"job_id\":6,\"cluster\":\"c\"");
	is_in_run(job(5, 1000), "none");
	is_in_run(job(6, 1000), "b");
}

static void several_of_one_name_in_one_second_are_each_taken_once(void **state)
{
	struct rlg_job_traits traits = job(0, 1000);
	char sids[4] = "";

	(void)state;
	note("a", 1000.1, "submit", SUBMISSION("1"));
	note("a", 1000.2, "submit", SUBMISSION("2"));
	note("a", 1000.3, "submit", SUBMISSION("3"));
	struct rlg_mentions *mentions = rlg_mentions_read(arena, scratch);
	for (traits.job_id = 5; traits.job_id < 8; traits.job_id++) {
		const struct rlg_mention *found = rlg_mentions_of_job(mentions, &traits);
		assert_non_null(found);
		assert_null(strstr(sids, found->sid));
		strcat(sids, found->sid);
		rlg_mentions_take(mentions, found, traits.job_id);
		/* And from now on it is known by its number. */
		found = rlg_mentions_of_job(mentions, &traits);
		assert_string_equal(found->sid, sids + strlen(sids) - 1);
	}
	assert_null(rlg_mentions_of_job(mentions, &traits));
}

/* sbatch --run=a x; sbatch --run=b x: whose job was cancelled in the queue?  A guess would fail the wrong run. */
static void of_two_in_one_second_for_different_runs_none_is_guessed(void **state)
{
	(void)state;
	note("a", 1000.1, "submit", SUBMISSION("1"));
	note("b", 1000.4, "submit", SUBMISSION("2"));
	is_in_run(job(5, 1000), "none");
	/* Where the other one's job is known, it is this one's. */
	note("a", 1002, "start", "\"sid\":\"1\",\"job_id\":4,\"cluster\":\"c\",\"step\":\"batch\"");
	is_in_run(job(5, 1000), "b");
	/* One that was submitted well before is told apart by the moment. */
	note("c", 960.0, "submit", SUBMISSION("3"));
	is_in_run(job(5, 1000), "b");
	is_in_run(job(5, 960), "c");
}

static void damage_is_stepped_over(void **state)
{
	(void)state;
	note("a", 1000, "start", "\"job_id\":5,\"cluster\":\"c\",\"step\":\"batch\"");
	note("a", 1000, "submit", "\"sid\":7,\"job_id\":\"five\",\"job_name\":[],\"cwd\":{}");
	note("a", 1000, "finish", "\"job_id\":-5,\"array_job_id\":1e300");
	write_text(in_scratch(".runledger/runs/a/host2.jsonl"), "garbage\n{\"name\":\n\n{}\n[1]\n");
	is_in_run(job(5, 999), "a");
	is_in_run(job(6, 5000), "none");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_knows_a_job_that_was_never_mentioned),
		TEST(a_start_or_a_numbered_submission_tells),
		TEST(the_same_number_on_another_cluster_is_another_job),
		TEST(a_number_that_was_used_before_is_another_job),
		TEST(a_job_that_was_requeued_is_still_the_same),
		TEST(a_job_that_still_runs_and_was_requeued_unseen_is_the_same_in_the_same_folder),
		TEST(an_array_is_known_by_its_own_number_or_a_tasks),
		TEST(an_array_with_a_run_a_task_finds_the_tasks_own),
		TEST(the_tasks_of_a_submission_are_told_each_once),
		TEST(a_part_of_a_het_job_is_its_leaders),
		TEST(a_submission_without_a_number_is_found_by_name_folder_and_moment),
		TEST(one_that_was_renamed_while_it_waited_is_the_folders_only_one),
		TEST(one_whose_own_submission_was_refused_was_not_renamed),
		TEST(a_job_that_is_no_array_is_none_of_an_arrays_tasks),
		TEST(a_refused_submission_and_one_whose_job_is_known_are_nobodys),
		TEST(several_of_one_name_in_one_second_are_each_taken_once),
		TEST(of_two_in_one_second_for_different_runs_none_is_guessed),
		TEST(damage_is_stepped_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
