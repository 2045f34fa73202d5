/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waking up by what happens in a run group: by inotify, and by looks at sizes. */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "tool/follow/follow.h"

#include <sched.h>
#include <sys/resource.h>

/* Nothing comes: long enough for what came before to be told, short enough to be waited for often. */
#define NOTHING_MS 30

/* News is told within a second, whatever the machine is at. */
#define PATIENCE_MS 20000

static struct rlg_follow *follow;
static const char *group;
static bool looking;

static void append(const char *run, const char *file)
{
	const char *path = in_scratch("g/.runledger/runs/%s/%s", run, file);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	assert_return_code(fd, errno);
	assert_int_equal(write(fd, "{}\n", 3), 3);
	close(fd);
}

static int set_up(void **state)
{
	if (scratch_set_up(state) != 0)
		return -1;
	make_folders(in_scratch("g/.runledger/runs/old"));
	append("old", "h.jsonl");
	group = in_scratch("g");
	assert_int_equal(rlg_follow_open(group, looking, &follow, NULL), 0);
	return 0;
}

static int tear_down(void **state)
{
	rlg_follow_close(follow);
	return scratch_tear_down(state);
}

static enum rlg_follow_end wait_ms(int64_t ms)
{
	return rlg_follow_wait(follow, rlg_clock_monotonic_ms() + ms, -1);
}

static void assert_news(void)
{
	assert_int_equal(wait_ms(PATIENCE_MS), RLG_FOLLOW_NEWS);
	/* Sizes are looked at every second only. */
	assert_int_equal(wait_ms(looking ? RLG_FOLLOW_LOOK_MS + NOTHING_MS : NOTHING_MS), RLG_FOLLOW_DEADLINE);
}

static void every_kind_of_news_wakes_once(void **state)
{
	assert_int_equal(wait_ms(NOTHING_MS), RLG_FOLLOW_DEADLINE);
	append("old", "h.jsonl");
	assert_news();
	append("old", "other.jsonl");
	assert_news();
	make_folder(in_scratch("g/.runledger/runs/new"), 0755);
	append("new", "h.jsonl");
	assert_news();
	append("new", "h.jsonl");
	assert_news();
	assert_return_code(rename(in_scratch("g/.runledger/runs/old/h.jsonl"), in_scratch("g/.runledger/runs/old/i.jsonl")), errno);
	assert_news();
	assert_return_code(unlink(in_scratch("g/.runledger/runs/old/i.jsonl")), errno);
	assert_news();
}

static void what_is_no_status_file_wakes_nobody(void **state)
{
	write_text(in_scratch("g/.runledger/dirty"), "x");
	write_text(in_scratch("g/.runledger/runs/old/tmp.1"), "x");
	write_text(in_scratch("g/runs_status.yaml"), "x");
	assert_return_code(mkfifo(in_scratch("g/.runledger/fifo"), 0600), errno);
	assert_int_equal(wait_ms(looking ? RLG_FOLLOW_LOOK_MS + NOTHING_MS : 2 * NOTHING_MS), RLG_FOLLOW_DEADLINE);
}

static void runs_may_come_and_go_and_come_again(void **state)
{
	char command[1024];

	snprintf(command, sizeof(command), "rm -r '%s/.runledger/runs'", group);
	assert_int_equal(system(command), 0);
	assert_news();
	make_folders(in_scratch("g/.runledger/runs/again"));
	append("again", "h.jsonl");
	assert_news();
	append("again", "h.jsonl");
	assert_news();
}

static void a_group_that_goes_is_the_end(void **state)
{
	assert_return_code(rename(group, in_scratch("elsewhere")), errno);
	assert_int_equal(wait_ms(PATIENCE_MS), RLG_FOLLOW_GONE);
}

static void a_group_that_is_removed_is_the_end(void **state)
{
	char command[1024];

	snprintf(command, sizeof(command), "rm -r '%s/.runledger'", group);
	assert_int_equal(system(command), 0);
	assert_int_equal(wait_ms(PATIENCE_MS), RLG_FOLLOW_GONE);
}

static void another_descriptor_ends_the_wait(void **state)
{
	int ends[2];

	assert_return_code(pipe(ends), errno);
	assert_int_equal(rlg_follow_wait(follow, rlg_clock_monotonic_ms() + NOTHING_MS, ends[0]), RLG_FOLLOW_DEADLINE);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(rlg_follow_wait(follow, -1, ends[0]), RLG_FOLLOW_OTHER);
	close(ends[0]);
	close(ends[1]);
}

/* A process that appends a hundred records in a hundred runs, a few milliseconds apart. */
static void a_burst_is_few_wakings_and_nothing_of_it_is_missed(void **state)
{
	size_t wakings = 0, seen = 0;
	int64_t begin_ms = rlg_clock_monotonic_ms();
	pid_t child = fork();

	assert_return_code(child, errno);
	if (child == 0) {
		for (int i = 0; i < 100; i++) {
			if (mkdir(in_scratch("g/.runledger/runs/r%d", i), 0755) != 0)
				_exit(1);
			append(in_scratch("r%d", i) + strlen(scratch) + 1, "h.jsonl");
			scratch_sleep_ms(4);
		}
		_exit(0);
	}
	while (seen < 101 && rlg_clock_monotonic_ms() < begin_ms + PATIENCE_MS) {
		assert_int_equal(wait_ms(PATIENCE_MS), RLG_FOLLOW_NEWS);
		wakings++;
		seen = count_names(in_scratch("g/.runledger/runs"));
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(seen, 101);
	/* The burst takes half a second on an idle machine; a busy one draws it out. */
	assert_in_range(wakings, 1, 2 + (size_t)(rlg_clock_monotonic_ms() - begin_ms) / RLG_FOLLOW_QUIET_MS);
}

static void a_sleep_costs_nothing(void **state)
{
	struct rusage before, after;

	assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
	assert_int_equal(wait_ms(500), RLG_FOLLOW_DEADLINE);
	assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
	assert_in_range(after.ru_nvcsw - before.ru_nvcsw, 1, 4);
}

static void nobody_reads_any_more(void *context)
{
	int ends[2];

	CHILD_ASSERT(pipe(ends) == 0 && dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
	close(ends[1]);
	CHILD_ASSERT(wait_ms(NOTHING_MS) == RLG_FOLLOW_DEADLINE);
	close(ends[0]);
	CHILD_ASSERT(wait_ms(PATIENCE_MS) == RLG_FOLLOW_NO_READER);
}

static void an_output_that_nobody_reads_is_the_end(void **state)
{
	in_child(nobody_reads_any_more, NULL);
}

static void only_known_local_file_systems_are_watched(void **state)
{
	static const unsigned long local[] = {0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1};
	/* NFS, Lustre, GPFS, CIFS as a long of 32 and of 64 bits, FUSE, BeeGFS, CephFS, one that nobody knows */
	static const unsigned long others[] = {0x6969,	   0x0bd00bd0,	0x47504653, 0xff534d42, (unsigned long)(int)0xff534d42,
					       0x65735546, 0x19830326, 0x00c36400, 0x12345678};

	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		assert_false(rlg_follow_must_look(local[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_true(rlg_follow_must_look(others[i]));
}

static void why_sizes_are_looked_at_is_said_once(void **state)
{
	const char *said = rlg_follow_complaint(follow);

	if (!looking) {
		assert_null(said);
		return;
	}
	assert_non_null(strstr(said, "which wakes nobody; the sizes of the status files are looked at, every 1 s or so"));
	assert_null(rlg_follow_complaint(follow));
}

/* As many inotify instances as the process may have descriptors: none more. */
static void without_inotify(void *context)
{
	struct rlimit limit, none;

	CHILD_ASSERT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	rlg_follow_close(follow);
	none = (struct rlimit){0, limit.rlim_max};
	CHILD_ASSERT(setrlimit(RLIMIT_NOFILE, &none) == 0);
	CHILD_ASSERT(rlg_follow_open(group, false, &follow, NULL) == 0);
	CHILD_ASSERT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	const char *said = rlg_follow_complaint(follow);
	CHILD_ASSERT(said != NULL && strstr(said, "too many users of inotify") != NULL);
	CHILD_ASSERT(wait_ms(PATIENCE_MS) == RLG_FOLLOW_NEWS); /* it had seen nothing yet */
	append("old", "h.jsonl");
	CHILD_ASSERT(wait_ms(PATIENCE_MS) == RLG_FOLLOW_NEWS);
}

static void without_inotify_sizes_are_looked_at(void **state)
{
	in_child(without_inotify, NULL);
}

/* The kernel counts watches for each user namespace; in one of our own there can be few.  77: not allowed here. */
static int with_four_watches(void)
{
	rlg_follow_close(follow);
	if (unshare(CLONE_NEWUSER) != 0)
		return 77;
	int fd = open("/proc/sys/user/max_inotify_watches", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "4\n", 2) != 2)
		return 77;
	close(fd);
	CHILD_ASSERT(rlg_follow_open(group, false, &follow, NULL) == 0);
	CHILD_ASSERT(rlg_follow_complaint(follow) == NULL); /* group, marker, runs and one run */
	make_folder(in_scratch("g/.runledger/runs/one_too_many"), 0777);
	CHILD_ASSERT(wait_ms(PATIENCE_MS) == RLG_FOLLOW_NEWS);
	const char *said = rlg_follow_complaint(follow);
	CHILD_ASSERT(said != NULL && strstr(said, "there are no inotify watches left") != NULL);
	return 0;
}

static void where_watches_run_out_sizes_are_looked_at(void **state)
{
	int status;

	fflush(NULL);
	pid_t child = fork();
	assert_return_code(child, errno);
	if (child == 0)
		_exit(with_four_watches());
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

static void what_is_no_group_cannot_be_followed(void **state)
{
	struct rlg_follow *none;
	struct rlg_err err;

	assert_int_equal(rlg_follow_open(in_scratch("missing"), false, &none, &err), -ENOENT);
	assert_null(none);
	assert_non_null(strstr(err.text, "cannot follow the run group"));
}

static int set_up_looking(void **state)
{
	looking = true;
	return set_up(state);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define LOOKING(name) {#name "_by_sizes", name, set_up_looking, tear_down, NULL}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(every_kind_of_news_wakes_once),
		CLAIM(what_is_no_status_file_wakes_nobody),
		CLAIM(runs_may_come_and_go_and_come_again),
		CLAIM(a_group_that_goes_is_the_end),
		CLAIM(a_group_that_is_removed_is_the_end),
		CLAIM(another_descriptor_ends_the_wait),
		CLAIM(a_burst_is_few_wakings_and_nothing_of_it_is_missed),
		CLAIM(a_sleep_costs_nothing),
		CLAIM(an_output_that_nobody_reads_is_the_end),
		CLAIM(only_known_local_file_systems_are_watched),
		CLAIM(why_sizes_are_looked_at_is_said_once),
		CLAIM(without_inotify_sizes_are_looked_at),
		CLAIM(where_watches_run_out_sizes_are_looked_at),
		CLAIM(what_is_no_group_cannot_be_followed),
		LOOKING(every_kind_of_news_wakes_once),
		LOOKING(what_is_no_status_file_wakes_nobody),
		LOOKING(a_group_that_is_removed_is_the_end),
		LOOKING(why_sizes_are_looked_at_is_said_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
