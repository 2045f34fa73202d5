/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The groups that a user asked for from elsewhere: remembered once, the newest of many, nothing by halves. */
#include "tests/unit/scratch.h"

#include "tool/record/my_groups.h"

#include <pwd.h>

#define FILE_NAME "home/.local/state/runledger/groups"

static struct rlg_arena *arena;
static struct passwd user;

/* The user's home is the test's, whoever runs it. */
struct passwd *getpwuid(uid_t uid)
{
	user.pw_uid = uid;
	user.pw_dir = (char *)in_scratch("home");
	return &user;
}

static int set_up(void **state)
{
	arena = rlg_arena_new();
	if (scratch_set_up(state) != 0)
		return -1;
	make_folder(in_scratch("home"), 0755);
	return 0;
}

static int tear_down(void **state)
{
	rlg_arena_free(arena);
	return scratch_tear_down(state);
}

static void remembers(const char *wanted)
{
	const char *const *paths;
	size_t count = rlg_my_groups(arena, &paths);
	char found[1024] = "";

	for (size_t i = 0; i < count; i++) {
		strcat(found, i == 0 ? "" : " ");
		strcat(found, paths[i]);
	}
	assert_string_equal(found, wanted);
}

static void a_path_is_remembered_once_the_newest_last(void **state)
{
	struct stat facts;

	(void)state;
	remembers("");
	rlg_my_groups_remember("/a");
	rlg_my_groups_remember("/b c");
	rlg_my_groups_remember("/a");
	remembers("/a /b c");
	assert_string_equal(text_of_file(in_scratch(FILE_NAME)), "/a\n/b c\n");
	assert_return_code(stat(in_scratch(FILE_NAME), &facts), errno);
	assert_int_equal(facts.st_mode & 077, 0);
	assert_int_equal(count_names(in_scratch("home/.local/state/runledger")), 1);
}

static void what_is_no_path_of_a_group_is_stepped_over(void **state)
{
	(void)state;
	make_folders(in_scratch("home/.local/state/runledger"));
	write_text(in_scratch(FILE_NAME), "/a\nb\n\n/cut/sho");
	remembers("/a");
	rlg_my_groups_remember("/two\n/lines");
	remembers("/a");
	rlg_my_groups_remember("/d");
	assert_string_equal(text_of_file(in_scratch(FILE_NAME)), "/a\n/d\n");
}

static void of_many_the_newest_stay(void **state)
{
	char path[64], newest[64];
	const char *const *paths;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		snprintf(path, sizeof(path), "/groups/of-a-user-with-a-great-many/%08d", i);
		if (i == 1990)
			strcpy(newest, path);
		rlg_my_groups_remember(path);
	}
	size_t count = rlg_my_groups(arena, &paths);
	assert_in_range(count, 1000, 1999);
	assert_string_equal(paths[count - 1], path);
	assert_string_equal(paths[count - 10], newest);
	assert_true(strlen(text_of_file(in_scratch(FILE_NAME))) <= 65536);
}

/* It is a help: what stands in its way stays as it is, and nobody waits. */
static void what_cannot_be_remembered_is_let_go(void **state)
{
	(void)state;
	write_text(in_scratch("home/.local"), "a file");
	rlg_my_groups_remember("/a");
	remembers("");
	assert_string_equal(text_of_file(in_scratch("home/.local")), "a file");
	assert_return_code(unlink(in_scratch("home/.local")), errno);
	make_folders(in_scratch("home/.local/state/runledger"));
	assert_return_code(mkfifo(in_scratch(FILE_NAME), 0600), errno);
	rlg_my_groups_remember("/a");
	remembers("");
	assert_return_code(unlink(in_scratch(FILE_NAME)), errno);
	write_bytes(in_scratch(FILE_NAME), "/a\0\n", 4, 0600);
	rlg_my_groups_remember("/b");
	remembers("");
	assert_return_code(truncate(in_scratch(FILE_NAME), 100L << 30), errno);
	rlg_my_groups_remember("/b");
	remembers("");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_path_is_remembered_once_the_newest_last),
		TEST(what_is_no_path_of_a_group_is_stepped_over),
		TEST(of_many_the_newest_stay),
		TEST(what_cannot_be_remembered_is_let_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
