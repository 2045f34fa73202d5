/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which commit a checkout stands at, from git's own files. */
#include "tests/unit/scratch.h"

#include "tool/record/git_head.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define OTHER "fedcba9876543210fedcba9876543210fedcba98"

static struct rlg_arena *arena;
static struct rlg_git_head head;

static int set_up(void **state)
{
	arena = rlg_arena_new();
	if (scratch_set_up(state) != 0)
		return -1;
	make_folders(in_scratch("r/.git/refs/heads/topic"));
	make_folders(in_scratch("r/a/b"));
	write_text(in_scratch("r/.git/HEAD"), "ref: refs/heads/main\n");
	write_text(in_scratch("r/.git/refs/heads/main"), COMMIT "\n");
	return 0;
}

static int tear_down(void **state)
{
	rlg_arena_free(arena);
	return scratch_tear_down(state);
}

static void assert_head(const char *folder, const char *commit, const char *branch)
{
	bool found = rlg_git_head_read(arena, folder, &head);

	assert_int_equal(found, commit != NULL);
	if (!found)
		return;
	assert_string_equal(head.commit, commit);
	assert_int_equal(head.branch != NULL, branch != NULL);
	if (branch != NULL)
		assert_string_equal(head.branch, branch);
}

static void a_branch_and_its_commit(void **state)
{
	(void)state;
	assert_head(in_scratch("r"), COMMIT, "main");
	assert_head(in_scratch("r/a/b"), COMMIT, "main");
	write_text(in_scratch("r/.git/HEAD"), "ref: refs/heads/topic/x\n");
	write_text(in_scratch("r/.git/refs/heads/topic/x"), OTHER "\n");
	assert_head(in_scratch("r"), OTHER, "topic/x");
	write_text(in_scratch("r/.git/HEAD"), COMMIT "\n");
	assert_head(in_scratch("r"), COMMIT, NULL);
}

static void a_packed_branch(void **state)
{
	(void)state;
	unlink(in_scratch("r/.git/refs/heads/main"));
	assert_head(in_scratch("r"), NULL, NULL);
	write_text(in_scratch("r/.git/packed-refs"), "# pack-refs with: peeled\n" OTHER " refs/heads/mainly\n^" OTHER "\n" COMMIT
						     " refs/heads/main\n" OTHER " refs/tags/main\n");
	assert_head(in_scratch("r"), COMMIT, "main");
	write_text(in_scratch("r/.git/refs/heads/main"), OTHER "\n"); /* a loose one is newer */
	assert_head(in_scratch("r"), OTHER, "main");
}

static void a_worktree(void **state)
{
	char text[SCRATCH_PATH_MAX];

	(void)state;
	make_folders(in_scratch("r/.git/worktrees/w"));
	make_folders(in_scratch("w/sub"));
	snprintf(text, sizeof(text), "gitdir: %s\n", in_scratch("r/.git/worktrees/w"));
	write_text(in_scratch("w/.git"), text);
	write_text(in_scratch("r/.git/worktrees/w/HEAD"), "ref: refs/heads/topic/w\n");
	write_text(in_scratch("r/.git/worktrees/w/commondir"), "../..\n");
	write_text(in_scratch("r/.git/refs/heads/topic/w"), OTHER "\n");
	assert_head(in_scratch("w/sub"), OTHER, "topic/w");
	write_text(in_scratch("w/.git"), "gitdir: ../r/.git/worktrees/w\n"); /* as a submodule's */
	assert_head(in_scratch("w"), OTHER, "topic/w");
}

static void what_cannot_be_told(void **state)
{
	static const char *const heads[] = {"", "\n", "garbage\n", "ref: \n", "ref: refs/heads/none\n", "ref: ../../../etc/passwd\n",
					    "0123456789abcdef\n", COMMIT "00\n", "ref: refs/heads\n", "0123456789ABCDEF0123456789abcdef01234567\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		write_text(in_scratch("r/.git/HEAD"), heads[i]);
		if (rlg_git_head_read(arena, in_scratch("r"), &head))
			fail_msg("'%s' is %s", heads[i], head.commit);
	}
	unlink(in_scratch("r/.git/HEAD"));
	assert_head(in_scratch("r"), NULL, NULL);
	assert_return_code(mkfifo(in_scratch("r/.git/HEAD"), 0644), errno);
	assert_head(in_scratch("r"), NULL, NULL); /* and nobody waits */
	make_folders(in_scratch("none"));
	assert_head(in_scratch("none"), NULL, NULL);
	assert_head(in_scratch("nowhere"), NULL, NULL);
	make_folders(in_scratch("bad"));
	write_text(in_scratch("bad/.git"), "gitdir: /nowhere/x\n");
	assert_head(in_scratch("bad"), NULL, NULL);
	write_text(in_scratch("bad/.git"), "rubbish\n");
	assert_head(in_scratch("bad"), NULL, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_branch_and_its_commit),
		TEST(a_packed_branch),
		TEST(a_worktree),
		TEST(what_cannot_be_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
