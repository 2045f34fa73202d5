/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which program is fit to be started, and whom a record's process becomes. */
#include "tests/unit/scratch.h"

#include "lib/trusted.h"
#include "tool/record/identity.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static struct rlg_err err;

static int look(const char *path)
{
	err.text[0] = '\0';
	int code = rlg_trusted_program(path, &err);
	if ((code != 0) != (err.text[0] != '\0'))
		fail_msg("%s: returned %d with the sentence '%s'", path, code, err.text);
	return code;
}

static void make_program(const char *folder, const char *name, mode_t folder_mode, mode_t mode)
{
	char path[SCRATCH_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	mkdir(in_scratch("%s", folder), 0755);
	write_text(in_scratch("%s", path), "#!/bin/sh\n");
	assert_int_equal(chmod(in_scratch("%s", path), mode), 0);
	assert_int_equal(chmod(in_scratch("%s", folder), folder_mode), 0);
}

static void ours_and_roots_is_trusted(void **state)
{
	(void)state;
	make_program("good", "tool", 0755, 0755);
	if (look(in_scratch("good/tool")) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(look("/bin/sh"), 0); /* a link in a linked folder, on most machines */
	assert_int_equal(symlink("good/tool", in_scratch("link")), 0);
	assert_int_equal(symlink(in_scratch("link"), in_scratch("good/again")), 0);
	if (look(in_scratch("good/again")) != 0)
		fail_msg("%s", err.text);
}

static void what_others_may_write_is_not(void **state)
{
	static const struct {
		mode_t folder, program;
		bool bad;
	} modes[] = {{0755, 0757, true}, {0757, 0755, true}, {01777, 0755, false}, {0755, 0755, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		make_program("mode", "tool", modes[i].folder, modes[i].program);
		/* A sticky folder is fine only if it is root's. */
		bool bad = modes[i].bad || (modes[i].folder == 01777 && geteuid() != 0);
		assert_int_equal(look(in_scratch("mode/tool")), bad ? -EPERM : 0);
		if (bad)
			assert_non_null(strstr(err.text, "is not started"));
	}
	make_program("mode", "tool", 0757, 0755);
	assert_int_equal(symlink("mode/tool", in_scratch("through")), 0);
	assert_int_equal(look(in_scratch("through")), -EPERM);
	assert_non_null(strstr(err.text, "/mode "));
}

static void what_belongs_to_others_is_not(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make_program("his", "tool", 0755, 0755);
	assert_int_equal(chown(in_scratch("his/tool"), 12345, 0), 0);
	assert_int_equal(look(in_scratch("his/tool")), -EPERM);
	assert_non_null(strstr(err.text, "uid 12345"));
	assert_int_equal(chown(in_scratch("his/tool"), 0, 0), 0);
	assert_int_equal(look(in_scratch("his/tool")), 0);
	assert_int_equal(chown(in_scratch("his"), 12345, 0), 0);
	assert_int_equal(look(in_scratch("his/tool")), -EPERM);
	assert_int_equal(chown(in_scratch("his"), 0, 0), 0);
	/* A group other than root's, on the file and on its folder. */
	assert_int_equal(chown(in_scratch("his/tool"), 0, 12345), 0);
	assert_int_equal(chmod(in_scratch("his/tool"), 0775), 0);
	assert_int_equal(look(in_scratch("his/tool")), -EPERM);
	assert_int_equal(chown(in_scratch("his/tool"), 0, 0), 0);
	assert_int_equal(look(in_scratch("his/tool")), 0);
	/* A link of his that leads to a program of ours may lead elsewhere tomorrow. */
	make_program("good", "tool", 0755, 0755);
	unlink(in_scratch("his/link"));
	assert_int_equal(symlink("../good/tool", in_scratch("his/link")), 0);
	assert_int_equal(look(in_scratch("his/link")), 0);
	assert_int_equal(lchown(in_scratch("his/link"), 12345, 0), 0);
	assert_int_equal(look(in_scratch("his/link")), -EPERM);
}

static void what_is_no_program_is_told(void **state)
{
	(void)state;
	assert_int_equal(look("tool"), -EINVAL);
	assert_int_equal(look("/"), -EINVAL);
	assert_int_equal(look(scratch), -EINVAL);
	assert_int_equal(look(in_scratch("missing")), -ENOENT);
	assert_int_equal(symlink("loop", in_scratch("loop")), 0);
	assert_int_equal(look(in_scratch("loop")), -ELOOP);
}

/* ---- whom we become ---- */

/* In a child that has become somebody: 0 if it has no group and no right of root's. */
static int look_around(void)
{
	gid_t groups[256];
	int count = getgroups(256, groups);
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];

	if (getuid() == 0 || geteuid() == 0 || getgid() == 0 || count < 0)
		return 1;
	for (int i = 0; i < count; i++)
		if (groups[i] == 0)
			return 2;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || status == NULL)
		return 3;
	while (fgets(line, sizeof(line), status) != NULL)
		if ((strncmp(line, "CapInh:", 7) == 0 || strncmp(line, "CapPrm:", 7) == 0 || strncmp(line, "CapEff:", 7) == 0 ||
		     strncmp(line, "CapAmb:", 7) == 0) &&
		    strspn(line + 7, "\t 0\n") != strlen(line + 7))
			return 4;
	fclose(status);
	return 0;
}

static int become(uid_t uid, int64_t gid, const char *user, bool by_root)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(rlg_identity_become(uid, gid, user, by_root, NULL) != 0 ? 77 : look_around());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A spool's entry may name any three; what comes out is one person, with what is theirs. */
static void a_user_gets_no_group_of_somebody_elses(void **state)
{
	const struct passwd *nobody = getpwnam("nobody");

	(void)state;
	if (geteuid() != 0 || nobody == NULL || nobody->pw_uid == 0)
		skip();
	uid_t uid = nobody->pw_uid;
	assert_int_equal(become(uid, 0, "root", false), 0);
	assert_int_equal(become(uid, 0, NULL, false), 0);
	assert_int_equal(become(uid, -1, "root", true), 0);
	assert_int_equal(become(uid, nobody->pw_gid, "nobody", false), 0);
	/* Whom this host does not know. */
	assert_int_equal(become(54321, 54321, "root", false), 0);
	assert_int_equal(become(54321, 0, "root", false), 77);
	assert_int_equal(become(54321, 42, NULL, false), 77);
	assert_int_equal(become(54321, -1, "nobody", false), 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ours_and_roots_is_trusted),
		cmocka_unit_test(what_others_may_write_is_not),
		cmocka_unit_test(what_belongs_to_others_is_not),
		cmocka_unit_test(what_is_no_program_is_told),
		cmocka_unit_test(a_user_gets_no_group_of_somebody_elses),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
