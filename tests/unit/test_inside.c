/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files in a folder that others may write, too. */
#include "tests/unit/scratch.h"

#include "tool/base/arena.h"
#include "tool/base/atomic_file.h"
#include "tool/base/inside.h"
#include "tool/base/reach.h"

#define OTHER 12345

static struct rlg_arena *arena;

/* What stands in the file, or the error in words. */
static const char *text_at(const char *path)
{
	char *text;
	int code = rlg_file_read_in(arena, in_scratch("group"), path, 1000, &text, NULL, NULL, NULL);

	return code != 0 ? rlg_arena_printf(arena, "error %d", -code) : text == NULL ? "nothing" : text;
}

static const char *error(int number)
{
	return rlg_arena_printf(arena, "error %d", number);
}

static int write_at(const char *path, const char *text)
{
	return rlg_file_replace_in(in_scratch("group"), path, 0777, text, strlen(text), NULL, NULL);
}

static void make_link(const char *target, const char *path, uid_t owner)
{
	unlink(in_scratch("%s", path));
	assert_return_code(symlink(target, in_scratch("%s", path)), errno);
	assert_return_code(lchown(in_scratch("%s", path), owner, owner), errno);
}

static int set_up(void **state)
{
	if (geteuid() == 0 && scratch_set_up(state) == 0) {
		make_folders(in_scratch("group/folder"));
		make_folders(in_scratch("private"));
		write_text(in_scratch("private/file"), "private");
		write_text(in_scratch("group/folder/file"), "shared");
	}
	arena = rlg_arena_new();
	return 0;
}

static int tear_down(void **state)
{
	rlg_arena_free(arena);
	return geteuid() == 0 ? scratch_tear_down(state) : 0;
}

static void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

static void a_link_is_followed_only_if_it_is_ours(void **state)
{
	static const char *const ways[] = {"link", "folder/../link", "./link", "deep/file", "round/deep/file"};

	(void)state;
	need_root();
	for (int ours = 1; ours >= 0; ours--) {
		make_link(in_scratch("private/file"), "group/link", ours ? 0 : OTHER);
		make_link("../private", "group/deep", ours ? 0 : OTHER);
		make_link(".", "group/round", ours ? 0 : OTHER);
		for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
			assert_string_equal(text_at(ways[i]), ours ? "private" : error(ELOOP));
	}
	assert_int_equal(write_at("link", "x"), -ELOOP);
	assert_int_equal(write_at("deep/file", "x"), -ELOOP);
	assert_int_equal(write_at("deep/new/file", "x"), -ELOOP);
	assert_string_equal(text_of_file(in_scratch("private/file")), "private");
	assert_int_equal(count_names(in_scratch("private")), 1);
	make_link("link", "group/link", 0);
	assert_string_equal(text_at("link"), error(ELOOP));
}

/* Through a link of ours the file behind it is written, and the link stays. */
static void a_link_of_ours_is_written_through(void **state)
{
	struct stat file;

	(void)state;
	need_root();
	make_link("../private/file", "group/link", 0);
	assert_int_equal(write_at("link", "new"), 0);
	assert_string_equal(text_of_file(in_scratch("private/file")), "new");
	assert_return_code(lstat(in_scratch("group/link"), &file), errno);
	assert_true(S_ISLNK(file.st_mode));
	assert_int_equal(write_at("made/on/the/way", "x"), 0);
	assert_string_equal(text_at("made/on/the/way"), "x");
	assert_int_equal(write_at(".runledger/trackers/x", "x"), -ENOENT);
	assert_false(exists(in_scratch("group/.runledger")));
	assert_string_equal(text_at("folder/file/below"), error(ENOTDIR));
	assert_string_equal(text_at("folder/none"), "nothing");
	assert_string_equal(text_at("none/none"), "nothing");
}

static void only_a_regular_file_is_opened(void **state)
{
	static const char *const names[] = {"fifo", "device", "folder", "."};

	(void)state;
	need_root();
	assert_return_code(mkfifo(in_scratch("group/fifo"), 0666), errno);
	if (mknod(in_scratch("group/device"), S_IFCHR | 0666, 1 << 8 | 5) != 0)
		skip();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(text_at(names[i]), error(EINVAL));
}

static void no_descriptor_is_left(void **state)
{
	int before;

	(void)state;
	need_root();
	before = count_descriptors();
	make_link(in_scratch("private"), "group/theirs", OTHER);
	make_link(in_scratch("private"), "group/ours", 0);
	for (int i = 0; i < 3; i++) {
		static const char *const ways[] = {"theirs/file", "ours/file", "folder/file", "fifo", "none/x", "folder/file/x", ""};
		for (size_t k = 0; k < sizeof(ways) / sizeof(ways[0]); k++)
			text_at(ways[k]);
		write_at("theirs/file", "x");
		write_at("folder/file", "x");
	}
	assert_int_equal(count_descriptors(), before);
}

static const char *reached(const struct rlg_reach *reach, const char *path)
{
	char *text;
	int code = rlg_reach_read(arena, reach, path, 1000, &text, NULL, NULL, NULL);

	return code != 0 ? error(-code) : text == NULL ? "nothing" : text;
}

static void only_our_own_settings_lead_out_of_a_group(void **state)
{
	static const char *const out[] = {"../private/file", "folder/../../private/file", "/etc/hostname"};
	struct rlg_reach reach = {.group_path = rlg_arena_strdup(arena, in_scratch("group"))};

	(void)state;
	need_root();
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
		assert_true(rlg_reach_leaves(out[i]));
		reach.config_is_ours = false;
		assert_string_equal(reached(&reach, out[i]), error(EPERM));
		reach.config_is_ours = true;
		assert_string_not_equal(reached(&reach, out[i]), error(EPERM));
	}
	assert_false(rlg_reach_leaves("a..b/..c/d.."));
}

static void a_closed_file_of_ours_is_not_shown_around(void **state)
{
	struct rlg_reach reach = {.group_path = rlg_arena_strdup(arena, in_scratch("group")), .is_shared = true};

	(void)state;
	need_root();
	write_text(in_scratch("group/closed"), "closed");
	assert_return_code(chmod(in_scratch("group/closed"), 0600), errno);
	assert_string_equal(reached(&reach, "closed"), error(EACCES));
	reach.is_shared = false;
	assert_string_equal(reached(&reach, "closed"), "closed");
	reach.is_shared = true;
	assert_return_code(chmod(in_scratch("group/closed"), 0640), errno);
	assert_string_equal(reached(&reach, "closed"), "closed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_is_followed_only_if_it_is_ours),
		cmocka_unit_test(a_link_of_ours_is_written_through),
		cmocka_unit_test(only_a_regular_file_is_opened),
		cmocka_unit_test(no_descriptor_is_left),
		cmocka_unit_test(only_our_own_settings_lead_out_of_a_group),
		cmocka_unit_test(a_closed_file_of_ours_is_not_shown_around),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
