/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaving records in the spool: whole or not at all, by many at once, with everything in the way that can be. */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "lib/record.h"
#include "lib/spool.h"

#include <sys/resource.h>

#define LINE "{\"timestamp\":1.0,\"name\":\"finish\",\"context\":{\"v\":1,\"id\":\"a\"}}\n"
#define WRITERS 16

static struct rlg_err err;

static int set_up(void **state)
{
	err.text[0] = '\0';
	if (scratch_set_up(state) != 0)
		return -1;
	return mkdir(in_scratch("spool"), 0700);
}

static int put(void)
{
	int code;

	err.text[0] = '\0';
	code = rlg_spool_put(in_scratch("spool"), LINE, strlen(LINE), &err);
	/* A failure comes with a sentence; a success leaves none. */
	if ((code != 0) != (err.text[0] != '\0'))
		fail_msg("returned %d with the sentence '%s'", code, err.text);
	return code;
}

/* Its only entry's name. */
static const char *only_name(void)
{
	static char name[300];
	DIR *folder = opendir(in_scratch("spool/new"));

	assert_non_null(folder);
	name[0] = '\0';
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			assert_string_equal(name, "");
			strcpy(name, entry->d_name);
		}
	closedir(folder);
	return name;
}

static void an_entry_is_whole_and_for_its_owner_alone(void **state)
{
	struct stat facts;

	(void)state;
	int64_t before_us = rlg_clock_now_us();
	umask(0);
	assert_int_equal(put(), 0);
	umask(022);
	const char *name = only_name();
	assert_string_equal(text_of_file(in_scratch("spool/new/%s", name)), LINE);
	assert_int_equal(stat(in_scratch("spool/new/%s", name), &facts), 0);
	assert_int_equal(facts.st_mode & 0777, 0600);
	assert_int_equal(facts.st_nlink, 1);
	assert_int_equal(stat(in_scratch("spool/new"), &facts), 0);
	assert_int_equal(facts.st_mode & 0777, 0700);
	/* Names sort by the moment, and are entries. */
	assert_in_range(strtoll(name, NULL, 10), before_us, rlg_clock_now_us());
	assert_string_equal(name + strlen(name) - strlen(RLG_SPOOL_SUFFIX), RLG_SPOOL_SUFFIX);
}

static void it_holds_nothing_afterwards(void **state)
{
	struct holdings before;

	(void)state;
	look_at_holdings(&before);
	assert_int_equal(put(), 0);
	assert_int_equal(rename(in_scratch("spool"), in_scratch("aside")), 0);
	assert_int_equal(put(), -ENOENT);
	assert_nothing_changed(&before);
}

/* EpilogSlurmctld runs for many jobs at once: `new` may be made by another one between two looks. */
static void many_at_once_lose_nothing(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		int gate[2], failed = 0;
		pid_t writers[WRITERS];
		char bit;

		assert_int_equal(pipe(gate), 0);
		for (int i = 0; i < WRITERS; i++) {
			writers[i] = fork();
			if (writers[i] == 0) {
				close(gate[1]);
				/* All wait for the gate to close, and go together. */
				while (read(gate[0], &bit, 1) < 0)
					;
				_exit(rlg_spool_put(in_scratch("spool"), LINE, strlen(LINE), NULL) != 0);
			}
		}
		close(gate[0]);
		close(gate[1]);
		for (int i = 0; i < WRITERS; i++) {
			int status = -1;
			assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
			failed += status != 0;
		}
		assert_int_equal(failed, 0);
		assert_int_equal(count_names(in_scratch("spool/new")), WRITERS);
		nftw(in_scratch("spool/new"), scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	}
}

static void a_spool_that_is_none_is_told_in_a_sentence(void **state)
{
	(void)state;
	rmdir(in_scratch("spool"));
	assert_int_equal(put(), -ENOENT);
	assert_non_null(strstr(err.text, "cannot open the spool"));
	/* It is the admin's to make: whose it is says whom to believe. */
	assert_false(exists(in_scratch("spool")));
	write_text(in_scratch("spool"), "");
	assert_int_equal(put(), -ENOTDIR);
	unlink(in_scratch("spool"));
	make_folder(in_scratch("elsewhere"), 0700);
	assert_int_equal(symlink(in_scratch("elsewhere"), in_scratch("spool")), 0);
	assert_true(put() < 0);
	assert_int_equal(count_names(in_scratch("elsewhere")), 0);
}

static void a_new_that_leads_elsewhere_is_not_followed(void **state)
{
	(void)state;
	make_folder(in_scratch("elsewhere"), 0700);
	assert_int_equal(symlink(in_scratch("elsewhere"), in_scratch("spool/new")), 0);
	assert_true(put() < 0);
	assert_non_null(strstr(err.text, "cannot open"));
	assert_int_equal(count_names(in_scratch("elsewhere")), 0);
	unlink(in_scratch("spool/new"));
	assert_int_equal(mkfifo(in_scratch("spool/new"), 0600), 0);
	assert_int_equal(put(), -ENOTDIR);
}

static void put_with_little_room(void *context)
{
	struct rlimit limit = {.rlim_cur = 10, .rlim_max = 10};

	(void)context;
	signal(SIGXFSZ, SIG_IGN);
	CHILD_ASSERT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	CHILD_ASSERT(rlg_spool_put(in_scratch("spool"), LINE, strlen(LINE), NULL) == -ENOSPC);
}

static void half_an_entry_does_not_stay(void **state)
{
	(void)state;
	in_child(put_with_little_room, NULL);
	assert_int_equal(count_names(in_scratch("spool/new")), 0);
}

static void put_as_somebody_else(void *context)
{
	(void)context;
	child_becomes_scratch_user();
	CHILD_ASSERT(rlg_spool_put(in_scratch("spool"), LINE, strlen(LINE), NULL) == -EACCES);
}

static void a_spool_is_closed_to_others(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	in_child(put_as_somebody_else, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_entry_is_whole_and_for_its_owner_alone),
		TEST(it_holds_nothing_afterwards),
		TEST(many_at_once_lose_nothing),
		TEST(a_spool_that_is_none_is_told_in_a_sentence),
		TEST(a_new_that_leads_elsewhere_is_not_followed),
		TEST(half_an_entry_does_not_stay),
		TEST(a_spool_is_closed_to_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
