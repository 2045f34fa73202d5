/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which group a folder lies in, whose .runledger is to be trusted, and which names may be a run's. */
#include "tests/unit/scratch.h"

#include "lib/layout.h"
#include "lib/text.h"

#include <grp.h>
#include <sys/mount.h>

static char group[RLG_PATH_MAX];

static int discover(const char *start)
{
	struct rlg_err err = {""};

	strcpy(group, "untouched?");
	int code = rlg_group_discover(start, group, &err);
	if ((code != 0) != (err.text[0] != '\0'))
		fail_msg("returned %d with the sentence '%s'", code, err.text);
	return code;
}

static void assert_in_group(const char *start, const char *expected)
{
	int code = discover(start);

	if (code != 0 || strcmp(group, expected) != 0)
		fail_msg("%s: %d, '%s' instead of '%s'", start, code, group, expected);
}

static void the_nearest_group_above_is_found(void **state)
{
	(void)state;
	make_folders(in_scratch("g/.runledger"));
	make_folders(in_scratch("g/a/b/c"));
	assert_in_group(in_scratch("g/a/b/c"), in_scratch("g"));
	assert_in_group(in_scratch("g"), in_scratch("g"));
	make_folders(in_scratch("g/a/.runledger"));
	assert_in_group(in_scratch("g/a/b/c"), in_scratch("g/a"));
	make_folders(in_scratch("no/b"));
	assert_int_equal(discover(in_scratch("no/b")), -ENOENT);
	assert_int_equal(discover("/"), -ENOENT);
}

static void only_a_folder_marks_a_group(void **state)
{
	(void)state;
	make_folders(in_scratch("file/x"));
	write_text(in_scratch("file/.runledger"), "");
	assert_int_equal(discover(in_scratch("file/x")), -ENOENT);
	make_folders(in_scratch("real/.runledger"));
	make_folders(in_scratch("linked/x"));
	assert_return_code(symlink(in_scratch("real/.runledger"), in_scratch("linked/.runledger")), errno);
	assert_int_equal(discover(in_scratch("linked/x")), -ENOENT);
}

static void odd_starts_are_refused(void **state)
{
	char path[RLG_PATH_MAX + 10];

	(void)state;
	assert_int_equal(discover("relative"), -EINVAL);
	assert_int_equal(discover(""), -EINVAL);
	assert_int_equal(discover(in_scratch("nowhere")), -ENOENT);
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	path[0] = '/';
	assert_int_equal(discover(path), -ENAMETOOLONG);
	assert_string_equal(group, "");
}

static void a_deep_folder_is_no_trouble(void **state)
{
	char path[RLG_PATH_MAX];

	(void)state;
	make_folders(in_scratch("g/.runledger"));
	size_t used = (size_t)snprintf(path, sizeof(path), "%s", in_scratch("g"));
	while (used + 12 < sizeof(path) - 100)
		used += (size_t)snprintf(path + used, sizeof(path) - used, "/deep-deeper");
	make_folders(path);
	assert_in_group(path, in_scratch("g"));
}

static void discover_as_scratch_user(void *context)
{
	const char *start = context;
	gid_t shared = 64300;
	int expected = start[0] == '+' ? 0 : -ENOENT;

	CHILD_ASSERT(setgroups(1, &shared) == 0);
	child_becomes_scratch_user();
	CHILD_ASSERT(rlg_group_discover(start + 1, group, NULL) == expected);
}

/* Says whether SCRATCH_UID, who is in the group 64300, may trust a .runledger of this owner and mode. */
static void check_trust(uid_t uid, gid_t gid, mode_t mode, bool trusted)
{
	char start[SCRATCH_PATH_MAX];

	assert_return_code(chown(in_scratch("g/.runledger"), uid, gid), errno);
	assert_return_code(chmod(in_scratch("g/.runledger"), mode), errno);
	snprintf(start, sizeof(start), "%c%s", trusted ? '+' : '-', in_scratch("g/x"));
	in_child(discover_as_scratch_user, start);
}

static void whose_marker_counts(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make_folders(in_scratch("g/.runledger"));
	make_folders(in_scratch("g/x"));
	check_trust(SCRATCH_UID, SCRATCH_GID, 0755, true);
	check_trust(SCRATCH_UID, SCRATCH_GID, 0700, true);
	check_trust(SCRATCH_UID, 0, 0777, true); /* one's own choice */
	check_trust(0, 0, 0755, false);
	check_trust(SCRATCH_UID + 1, SCRATCH_GID, 0755, false); /* somebody else's, not shared */
	check_trust(SCRATCH_UID + 1, SCRATCH_GID, 0775, true); /* shared with one's own group */
	check_trust(SCRATCH_UID + 1, 64300, 02770, true); /* with a supplementary one */
	check_trust(SCRATCH_UID + 1, 64301, 0775, false); /* with another */
	check_trust(SCRATCH_UID + 1, 64300, 0777, false); /* with the whole world */
	check_trust(0, 64300, 0775, true);
	/* Root trusts its own alone. */
	assert_return_code(chown(in_scratch("g/.runledger"), SCRATCH_UID, 0), errno);
	assert_return_code(chmod(in_scratch("g/.runledger"), 0775), errno);
	assert_int_equal(discover(in_scratch("g/x")), -ENOENT);
	assert_return_code(chown(in_scratch("g/.runledger"), 0, 0), errno);
	assert_in_group(in_scratch("g/x"), in_scratch("g"));
}

static void a_strangers_marker_is_walked_past(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make_folders(in_scratch("g/.runledger"));
	make_folders(in_scratch("g/a/.runledger"));
	assert_return_code(chown(in_scratch("g/a/.runledger"), SCRATCH_UID, SCRATCH_GID), errno);
	assert_in_group(in_scratch("g/a"), in_scratch("g"));
}

static void the_look_stays_on_its_file_system(void **state)
{
	(void)state;
	make_folders(in_scratch("g/.runledger"));
	make_folders(in_scratch("g/mounted"));
	const char *where = in_scratch("g/mounted");
	if (geteuid() != 0 || mount("none", where, "tmpfs", 0, "size=64k") != 0)
		skip();
	int made = mkdir(in_scratch("g/mounted/x"), 0755);
	int outside = rlg_group_discover(in_scratch("g/mounted/x"), group, NULL);
	int marked = mkdir(in_scratch("g/mounted/.runledger"), 0755);
	int inside = rlg_group_discover(in_scratch("g/mounted/x"), group, NULL);
	umount(where);
	assert_int_equal(made, 0);
	assert_int_equal(marked, 0);
	assert_int_equal(outside, -ENOENT);
	assert_int_equal(inside, 0);
	assert_string_equal(group, in_scratch("g/mounted"));
}

static void names_of_runs(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} table[] = {
		{"r", true}, {"1B_rank4", true}, {"a b", true}, {"a.b", true}, {"a-b", true}, {"\xc3\xbc", true},
		{"\xf0\x9f\x98\x80", true}, {"{array_task}", true}, {"$(x);'\"", true}, {"~", true}, {"...x", false},
		{"", false}, {".", false}, {"..", false}, {".x", false}, {"-x", false}, {" x", false}, {"x ", false},
		{"a/b", false}, {"/", false}, {"a\nb", false}, {"a\tb", false}, {"a\x7f", false}, {"\x1b[31m", false},
		{"\xff", false}, {"a\xc3", false}, {"\xc0\xaf", false},
	};
	char long_name[RLG_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rlg_err err = {""};
		if (rlg_name_ok(table[i].name, &err) != table[i].good)
			fail_msg("wrong about '%s'", table[i].name);
		assert_int_equal(err.text[0] == '\0', table[i].good);
	}
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_false(rlg_name_ok(long_name, NULL));
	long_name[RLG_NAME_MAX] = '\0';
	assert_true(rlg_name_ok(long_name, NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_nearest_group_above_is_found),
		TEST(only_a_folder_marks_a_group),
		TEST(odd_starts_are_refused),
		TEST(a_deep_folder_is_no_trouble),
		TEST(whose_marker_counts),
		TEST(a_strangers_marker_is_walked_past),
		TEST(the_look_stays_on_its_file_system),
		TEST(names_of_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
