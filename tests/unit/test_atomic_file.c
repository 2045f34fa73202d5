/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files: read with a limit, replaced in one step, left alone when that fails. */
#include "tests/unit/scratch.h"

#include "tool/base/atomic_file.h"

#include <sys/resource.h>

static struct rlg_arena *arena;

static int set_up(void **state)
{
	arena = rlg_arena_new();
	return scratch_set_up(state);
}

static int tear_down(void **state)
{
	rlg_arena_free(arena);
	return scratch_tear_down(state);
}

static int replace(const char *path, const char *text)
{
	struct rlg_err err = {""};
	int code = rlg_file_replace(path, text, strlen(text), NULL, &err);

	if ((code != 0) != (err.text[0] != '\0'))
		fail_msg("returned %d with the sentence '%s'", code, err.text);
	return code;
}

static int read_file(const char *path, size_t most, char **out_text, size_t *out_length)
{
	struct rlg_err err = {""};
	int code = rlg_file_read(arena, path, most, out_text, out_length, NULL, &err);

	if ((code != 0) != (err.text[0] != '\0'))
		fail_msg("returned %d with the sentence '%s'", code, err.text);
	return code;
}

static void a_file_is_read_whole(void **state)
{
	char *text = NULL;
	size_t length = 0;

	(void)state;
	write_text(in_scratch("f"), "12345\n");
	assert_int_equal(read_file(in_scratch("f"), 6, &text, &length), 0);
	assert_string_equal(text, "12345\n");
	assert_int_equal(length, 6);
	assert_int_equal(read_file(in_scratch("f"), 5, &text, &length), -EFBIG);
	write_text(in_scratch("f"), "");
	assert_int_equal(read_file(in_scratch("f"), 5, &text, &length), 0);
	assert_string_equal(text, "");
	assert_int_equal(read_file(in_scratch("none"), 5, &text, NULL), 0);
	assert_null(text);
}

static void what_is_no_text_is_refused(void **state)
{
	char *text = NULL;

	(void)state;
	write_bytes(in_scratch("nul"), "a\0b", 3, 0644);
	assert_int_equal(read_file(in_scratch("nul"), 99, &text, NULL), -EINVAL);
	assert_return_code(mkfifo(in_scratch("fifo"), 0644), errno);
	assert_int_equal(read_file(in_scratch("fifo"), 99, &text, NULL), -EINVAL);
	assert_int_equal(read_file("/dev/zero", 99, &text, NULL), -EINVAL);
	assert_int_equal(read_file(scratch, 99, &text, NULL), -EINVAL);
}

static void a_file_is_replaced_and_keeps_its_mode(void **state)
{
	struct stat facts;
	static const mode_t modes[] = {0600, 0640, 0664, 0444, 0755};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_bytes(in_scratch("f"), "old", 3, modes[i]);
		assert_int_equal(replace(in_scratch("f"), "new"), 0);
		assert_string_equal(text_of_file(in_scratch("f")), "new");
		assert_return_code(stat(in_scratch("f"), &facts), errno);
		assert_int_equal(facts.st_mode & 07777, modes[i]);
		assert_int_equal(count_names(scratch), 1);
		unlink(in_scratch("f"));
	}
	mode_t mask = umask(027);
	assert_int_equal(replace(in_scratch("f"), "made"), 0);
	umask(mask);
	assert_return_code(stat(in_scratch("f"), &facts), errno);
	assert_int_equal(facts.st_mode & 07777, 0640);
}

static void a_link_is_followed_and_stays(void **state)
{
	struct stat facts;

	(void)state;
	make_folder(in_scratch("there"), 0755);
	make_folder(in_scratch("here"), 0755);
	write_bytes(in_scratch("there/f"), "old", 3, 0640);
	assert_return_code(symlink("../there/f", in_scratch("here/f")), errno);
	assert_int_equal(replace(in_scratch("here/f"), "new"), 0);
	assert_return_code(lstat(in_scratch("here/f"), &facts), errno);
	assert_true(S_ISLNK(facts.st_mode));
	assert_string_equal(text_of_file(in_scratch("there/f")), "new");
	assert_return_code(stat(in_scratch("there/f"), &facts), errno);
	assert_int_equal(facts.st_mode & 07777, 0640);
	assert_int_equal(count_names(in_scratch("here")) + count_names(in_scratch("there")), 2);
}

static void a_strangers_link_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_text(in_scratch("victim"), "old");
	assert_return_code(symlink(in_scratch("victim"), in_scratch("f")), errno);
	assert_return_code(lchown(in_scratch("f"), SCRATCH_UID, SCRATCH_GID), errno);
	assert_int_equal(replace(in_scratch("f"), "new"), -ELOOP);
	assert_string_equal(text_of_file(in_scratch("victim")), "old");
}

static void what_somebody_else_wrote_meanwhile_is_kept(void **state)
{
	struct stat known;
	char *text;

	(void)state;
	write_text(in_scratch("f"), "read");
	assert_int_equal(rlg_file_read(arena, in_scratch("f"), 99, &text, NULL, &known, NULL), 0);
	assert_int_equal(rlg_file_replace(in_scratch("f"), "new", 3, &known, NULL), 0);
	assert_int_equal(rlg_file_replace(in_scratch("f"), "newer", 5, &known, NULL), -EAGAIN);
	assert_string_equal(text_of_file(in_scratch("f")), "new");
	assert_int_equal(rlg_file_read(arena, in_scratch("gone"), 99, &text, NULL, &known, NULL), 0);
	write_text(in_scratch("gone"), "somebody's");
	assert_int_equal(rlg_file_replace(in_scratch("gone"), "ours", 4, &known, NULL), -EAGAIN);
	assert_string_equal(text_of_file(in_scratch("gone")), "somebody's");
	assert_int_equal(count_names(scratch), 2);
}

static void replace_without_room(void *context)
{
	struct rlimit limit = {10, 10};

	(void)context;
	CHILD_ASSERT(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &limit) == 0);
	CHILD_ASSERT(rlg_file_replace(in_scratch("f"), "twenty bytes of text", 20, NULL, NULL) < 0);
}

static void replace_in_a_closed_folder(void *context)
{
	(void)context;
	child_becomes_scratch_user();
	CHILD_ASSERT(rlg_file_replace(in_scratch("f"), "new", 3, NULL, NULL) == -EACCES);
}

static void a_failure_leaves_the_old_file_and_nothing_else(void **state)
{
	(void)state;
	write_text(in_scratch("f"), "old");
	in_child(replace_without_room, NULL);
	assert_string_equal(text_of_file(in_scratch("f")), "old");
	if (geteuid() == 0)
		in_child(replace_in_a_closed_folder, NULL);
	assert_string_equal(text_of_file(in_scratch("f")), "old");
	assert_int_equal(count_names(scratch), 1);
	make_folder(in_scratch("folder"), 0755);
	assert_true(replace(in_scratch("folder"), "new") < 0);
	assert_true(replace(in_scratch("nowhere/f"), "new") < 0);
	assert_int_equal(count_names(scratch), 2);
	assert_int_equal(count_names(in_scratch("folder")), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_read_whole),
		TEST(what_is_no_text_is_refused),
		TEST(a_file_is_replaced_and_keeps_its_mode),
		TEST(a_link_is_followed_and_stays),
		TEST(a_strangers_link_is_refused),
		TEST(what_somebody_else_wrote_meanwhile_is_kept),
		TEST(a_failure_leaves_the_old_file_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
