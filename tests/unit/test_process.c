/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs and children that hang, shout, ignore signals or keep things open; and becoming another user for good. */
#include "tests/unit/scratch.h"

#include "lib/process.h"

#include <grp.h>
#include <linux/keyctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

static char out[200], errors[200];
static struct rlg_output output;
static struct rlg_err err;
static const char *const plain_environment[] = {"PATH=/usr/bin:/bin", "ONLY=this", NULL};

static int set_up(void **state)
{
	output = (struct rlg_output){out, sizeof(out), errors, sizeof(errors)};
	memset(out, '#', sizeof(out));
	memset(errors, '#', sizeof(errors));
	err.text[0] = '\0';
	return scratch_set_up(state);
}

static int run_with(const char *script, const char *input, size_t length, int timeout_ms)
{
	const char *argv[] = {"sh", "-c", script, "first", "second", NULL};
	struct rlg_program program = {
		.path = "/bin/sh", .argv = argv, .envp = plain_environment, .input = input, .input_length = length};

	return rlg_process_run(&program, timeout_ms, &output, &err);
}

static int run(const char *script)
{
	return run_with(script, NULL, 0, 20000);
}

static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
}

/* ---- run ---- */

static void status_and_words_come_back(void **state)
{
	(void)state;
	assert_int_equal(run("echo out; echo err >&2; exit 7"), 7);
	assert_string_equal(out, "out\n");
	assert_string_equal(errors, "err\n");
	assert_string_equal(err.text, "");
	assert_int_equal(run("true"), 0);
	assert_string_equal(out, "");
	assert_string_equal(errors, "");
	assert_int_equal(run("exit 255"), 255);
	assert_int_equal(run("exit 127"), 127);
	assert_int_equal(run("kill -9 $$"), 128 + SIGKILL);
	assert_int_equal(run("kill -TERM $$"), 128 + SIGTERM);
}

static void a_program_that_cannot_start_is_told(void **state)
{
	const char *argv[] = {"x", NULL};
	struct rlg_program program = {.path = "/nowhere/x", .argv = argv, .envp = plain_environment};

	(void)state;
	assert_int_equal(rlg_process_run(&program, 5000, &output, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nowhere/x"));
	assert_non_null(strstr(err.text, "No such file"));
	program.path = scratch; /* a folder */
	assert_int_equal(rlg_process_run(&program, 5000, &output, NULL), -EACCES);
	write_text(in_scratch("garbage"), "\x7f""ELF");
	assert_return_code(chmod(in_scratch("garbage"), 0755), errno);
	program.path = in_scratch("garbage");
	assert_int_equal(rlg_process_run(&program, 5000, &output, NULL), -ENOEXEC);
	assert_no_children();
}

static void input_of_every_length_arrives(void **state)
{
	static char input[RLG_INPUT_MAX + 1];

	(void)state;
	memset(input, 'i', sizeof(input));
	assert_int_equal(run_with("wc -c", input, RLG_INPUT_MAX, 20000), 0);
	assert_int_equal(atoi(out), RLG_INPUT_MAX);
	assert_int_equal(run_with("wc -c", NULL, 0, 20000), 0);
	assert_int_equal(atoi(out), 0);
	assert_int_equal(run_with("wc -c", "", 0, 20000), 0);
	assert_int_equal(atoi(out), 0);
	assert_int_equal(run_with("wc -c", input, RLG_INPUT_MAX + 1, 20000), -EMSGSIZE);
	/* A program that does not read it does no harm. */
	assert_int_equal(run_with("exit 3", input, RLG_INPUT_MAX, 20000), 3);
	assert_int_equal(run_with("exec <&-; sleep 0.1; exit 4", input, RLG_INPUT_MAX, 20000), 4);
}

static void words_are_cut_and_nobody_blocks(void **state)
{
	(void)state;
	assert_int_equal(run("head -c 1000000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero | tr '\\0' y >&2; exit 5"), 5);
	assert_int_equal(strlen(out), sizeof(out) - 1);
	assert_int_equal(strspn(out, "x"), sizeof(out) - 1);
	assert_int_equal(strspn(errors, "y"), sizeof(errors) - 1);
	/* A size of 1 holds the NUL; of 0 nothing at all. */
	output = (struct rlg_output){out, 1, NULL, 0};
	assert_int_equal(run("echo words; echo words >&2; exit 6"), 6);
	assert_string_equal(out, "");
}

static void a_late_program_is_ended(void **state)
{
	static const char *const scripts[] = {
		"echo begun; exec sleep 20",
		"trap '' TERM HUP INT PIPE; echo begun; sleep 20; sleep 20",
		"echo begun; exec >&- 2>&-; exec sleep 20", /* closes its output, and goes on */
		"echo begun; sleep 20 & exit 0", /* has ended, but somebody keeps its output open */
		"echo begun; while :; do echo x; done",
	};

	(void)state;
	adopt_orphans(true);
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		int64_t begun_ms = scratch_now_ms();
		int code = run_with(scripts[i], NULL, 0, 200);
		int64_t took_ms = scratch_now_ms() - begun_ms;
		if (code != -ETIMEDOUT)
			fail_msg("%s: returned %d", scripts[i], code);
		assert_in_range(took_ms, 190, 3000);
		assert_non_null(strstr(err.text, "200 ms"));
		assert_memory_equal(out, "begun", 5);
		/* All of it is dead: whatever was orphaned ends now, not in 20 s. */
		begun_ms = scratch_now_ms();
		settle();
		assert_true(scratch_now_ms() - begun_ms < 3000);
	}
	adopt_orphans(false);
}

static void no_time_is_no_hang(void **state)
{
	(void)state;
	int64_t begun_ms = scratch_now_ms();
	assert_int_equal(run_with("sleep 20", NULL, 0, 0), -ETIMEDOUT);
	assert_int_equal(run_with("sleep 20", NULL, 0, -5), -ETIMEDOUT);
	assert_true(scratch_now_ms() - begun_ms < 3000);
	assert_no_children();
}

static void do_nothing(int number)
{
	(void)number;
}

static void signals_of_the_host_do_not_disturb(void **state)
{
	struct sigaction action = {.sa_handler = do_nothing}, before;
	struct itimerval often = {{0, 3000}, {0, 3000}}, never = {{0, 0}, {0, 0}};

	(void)state;
	assert_return_code(sigaction(SIGALRM, &action, &before), errno);
	assert_return_code(setitimer(ITIMER_REAL, &often, NULL), errno);
	int code = run("echo a; sleep 0.1; echo b; sleep 0.1; exit 9");
	int late = run_with("echo a; sleep 20", NULL, 0, 200);
	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_IGN); /* one that is still on its way, as under valgrind, is gone with this */
	sigaction(SIGALRM, &before, NULL);
	assert_int_equal(code, 9);
	assert_int_equal(late, -ETIMEDOUT);
}

static void the_child_knows_nothing_of_us(void **state)
{
	sigset_t all, before;
	char pid[32];
	int ends[2];

	(void)state;
	assert_return_code(chdir(scratch), errno);
	assert_return_code(pipe(ends), errno); /* without O_CLOEXEC, as hosts' are */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	signal(SIGPIPE, SIG_IGN);
	setenv("OF_THE_HOST", "x", 1);
	assert_int_equal(run("pwd; ls /proc/self/fd | tr '\\n' ' '; echo; env | sort | tr '\\n' ' '; echo; "
			     "grep -E '^Sig(Blk|Ign)' /proc/self/status; ps -o sid= -p $$ | tr -d ' '; echo $$ $0 $1"), 0);
	unsetenv("OF_THE_HOST");
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[0]);
	close(ends[1]);
	assert_memory_equal(out, "/\n0 1 2 3 \n", 11); /* 3 is ls's own look at the folder */
	assert_non_null(strstr(out, "ONLY=this"));
	assert_null(strstr(out, "OF_THE_HOST"));
	/* 32 and 33 are glibc's own; make leaves them ignored, and sigaction(2) cannot change that. */
	char *session = strstr(out, "SigIgn:\t");
	if (session == NULL || strstr(out, "SigBlk:\t0000000000000000\n") == NULL ||
	    (strtoull(session + 8, NULL, 16) & ~0x180000000ULL) != 0)
		fail_msg("signals are blocked or ignored: %s", out);
	session += 25;
	char *end = strchr(session, '\n');
	assert_non_null(end);
	*end = '\0';
	snprintf(pid, sizeof(pid), "%s first second\n", session);
	assert_string_equal(end + 1, pid);
}

static void run_without_standard_descriptors(void *context)
{
	(void)context;
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	_exit(run_with("cat; echo err >&2; exit 8", "in", 2, 20000) == 8 && strcmp(out, "in") == 0 &&
			      strcmp(errors, "err\n") == 0 ? 0 : 1);
}

static void a_host_without_standard_descriptors(void **state)
{
	(void)state;
	in_child(run_without_standard_descriptors, NULL);
}

static void nothing_is_left_after_many_runs(void **state)
{
	struct holdings before;

	(void)state;
	look_at_holdings(&before);
	for (int i = 0; i < 200; i++) {
		assert_int_equal(run("exit 1"), 1);
		if (i % 20 == 0)
			assert_int_equal(run_with("sleep 20", NULL, 0, 5), -ETIMEDOUT);
	}
	assert_nothing_changed(&before);
	assert_no_children();
}

static void run_without_descriptors(void *context)
{
	struct rlimit few;

	(void)context;
	CHILD_ASSERT(getrlimit(RLIMIT_NOFILE, &few) == 0);
	few.rlim_cur = 4; /* valgrind lets nobody touch the other one */
	CHILD_ASSERT(setrlimit(RLIMIT_NOFILE, &few) == 0);
	CHILD_ASSERT(run("true") == -EMFILE);
	CHILD_ASSERT(err.text[0] != '\0');
	CHILD_ASSERT(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD);
	CHILD_ASSERT(dup(0) == 3); /* what was opened on the way is closed again */
}

static void no_descriptors_is_told(void **state)
{
	(void)state;
	in_child(run_without_descriptors, NULL);
}

/* ---- try ---- */

static int return_context(void *context)
{
	return *(int *)context;
}

static int hang(void *context)
{
	(void)context;
	signal(SIGTERM, SIG_IGN);
	if (fork() == 0)
		sleep(20);
	sleep(20);
	return 0;
}

static int die(void *context)
{
	(void)context;
	raise(SIGKILL);
	return 0;
}

static void a_try_returns_what_its_body_did(void **state)
{
	struct holdings before;
	int number = 0;

	(void)state;
	look_at_holdings(&before);
	assert_int_equal(rlg_process_try(return_context, &number, 20000, &err), 0);
	number = 42;
	assert_int_equal(rlg_process_try(return_context, &number, 20000, &err), 42);
	assert_int_equal(rlg_process_try(die, NULL, 20000, &err), 128 + SIGKILL);
	assert_string_equal(err.text, "");
	adopt_orphans(true);
	int64_t begun_ms = scratch_now_ms();
	assert_int_equal(rlg_process_try(hang, NULL, 100, &err), -ETIMEDOUT);
	settle();
	assert_in_range(scratch_now_ms() - begun_ms, 90, 3000);
	assert_non_null(strstr(err.text, "100 ms"));
	adopt_orphans(false);
	assert_nothing_changed(&before);
}

static void what_is_begun_is_not_waited_for(void **state)
{
	struct holdings before;
	int64_t begun_ms = scratch_now_ms();
	int number = 42, status;
	pid_t child = 0;

	(void)state;
	look_at_holdings(&before);
	assert_int_equal(rlg_process_begin(hang, NULL, &child, &err), 0);
	assert_in_range(scratch_now_ms() - begun_ms, 0, 3000);
	assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	while (getpgid(child) != child) /* leads a session of its own, as soon as it runs */
		scratch_sleep_ms(1);
	assert_return_code(kill(-child, SIGKILL), errno);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(rlg_process_begin(return_context, &number, &child, &err), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
	assert_string_equal(err.text, "");
	assert_nothing_changed(&before);
}

/* ---- detach ---- */

static int write_what_it_is(void *context)
{
	char path[SCRATCH_PATH_MAX], text[2048], cwd[64];

	scratch_sleep_ms(300);
	list_descriptors(text, sizeof(text));
	size_t used = strlen(text);
	snprintf(text + used, sizeof(text) - used, "cwd %s\nsession %d\ngroup %d\n", getcwd(cwd, sizeof(cwd)),
		 getsid(0) == *(pid_t *)context, getpgrp() == *(pid_t *)context);
	snprintf(path, sizeof(path), "%s/new", scratch);
	int fd = open(path, O_WRONLY | O_CREAT, 0644);
	if (fd != 3 || write(fd, text, strlen(text)) < 0)
		return 1;
	close(fd);
	return rename(path, in_scratch("seen")) == 0 ? 0 : 1;
}

static void a_detached_body_is_nobodys_child(void **state)
{
	struct holdings before;
	pid_t ours = getsid(0);
	int ends[2];
	char byte;

	(void)state;
	assert_return_code(pipe(ends), errno);
	look_at_holdings(&before);
	int64_t begun_ms = scratch_now_ms();
	assert_int_equal(rlg_process_detach(NULL, write_what_it_is, &ours, &err), 0);
	assert_true(scratch_now_ms() - begun_ms < 250);
	assert_no_children();
	assert_nothing_changed(&before);
	/* It holds no end of ours: we are the only one left. */
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	assert_true(scratch_now_ms() - begun_ms < 290);
	close(ends[0]);
	for (int i = 0; i < 1000 && !exists(in_scratch("seen")); i++)
		scratch_sleep_ms(10);
	const char *text = text_of_file(in_scratch("seen"));
	assert_non_null(text);
	assert_string_equal(text, "0=/dev/null flags=0\n1=/dev/null flags=0\n2=/dev/null flags=0\ncwd /\nsession 0\ngroup 0\n");
}

static int do_nothing_at_all(void *context)
{
	(void)context;
	return 0;
}

static void many_detached_bodies_leave_nothing(void **state)
{
	struct holdings before;

	(void)state;
	look_at_holdings(&before);
	for (int i = 0; i < 200; i++)
		assert_int_equal(rlg_process_detach(NULL, do_nothing_at_all, NULL, &err), 0);
	assert_nothing_changed(&before);
	assert_no_children();
}

/* ---- become ---- */

static void become_cat(void *context)
{
	const char *argv[] = {"sh", "-c", "cat >became; pwd >where", NULL};
	struct rlg_program program = {
		.path = "/bin/sh", .argv = argv, .envp = plain_environment, .input = "line\n", .input_length = 5};

	(void)context;
	CHILD_ASSERT(chdir(scratch) == 0);
	rlg_process_become(&program);
	_exit(1);
}

static void a_process_becomes_a_program(void **state)
{
	const char *argv[] = {"x", NULL};
	struct rlg_program program = {.path = "/nowhere/x", .argv = argv, .envp = plain_environment};

	(void)state;
	in_child(become_cat, NULL);
	assert_string_equal(text_of_file(in_scratch("became")), "line\n");
	assert_int_equal(rlg_process_become(&program), -ENOENT);
	program.input = "x";
	program.input_length = RLG_INPUT_MAX + 1;
	assert_int_equal(rlg_process_become(&program), -EMSGSIZE);
}

/* ---- become another user ---- */

static void become_scratch_user(void *context)
{
	static const gid_t mine[] = {64200, 64201};
	struct rlg_identity identity = {.uid = SCRATCH_UID, .gid = SCRATCH_GID, .groups = mine, .n_groups = *(size_t *)context};
	gid_t now[64];
	uid_t uids[3];
	gid_t gids[3];
	gid_t roots[] = {0, 4, 27};
	char status[4096];

	CHILD_ASSERT(setgroups(3, roots) == 0);
	CHILD_ASSERT(rlg_process_become_user(&identity, NULL) == 0);
	CHILD_ASSERT(getresuid(&uids[0], &uids[1], &uids[2]) == 0 && getresgid(&gids[0], &gids[1], &gids[2]) == 0);
	for (int i = 0; i < 3; i++)
		CHILD_ASSERT(uids[i] == SCRATCH_UID && gids[i] == SCRATCH_GID);
	int count = getgroups(64, now);
	CHILD_ASSERT(count == (int)identity.n_groups);
	for (int i = 0; i < count; i++)
		CHILD_ASSERT(now[i] == mine[i]);
	/* There is no way back. */
	CHILD_ASSERT(setuid(0) != 0 && seteuid(0) != 0 && setgid(0) != 0 && setresuid(0, 0, 0) != 0);
	CHILD_ASSERT(setgroups(3, roots) != 0);
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t length = read(fd, status, sizeof(status) - 1);
	CHILD_ASSERT(length > 0);
	status[length] = '\0';
	CHILD_ASSERT(strstr(status, "NoNewPrivs:\t1\n") != NULL);
	CHILD_ASSERT(strstr(status, "CapEff:\t0000000000000000\n") != NULL && strstr(status, "CapPrm:\t0000000000000000\n") != NULL);
	/* To do it again is only a look; another user is refused. */
	CHILD_ASSERT(rlg_process_become_user(&identity, NULL) == 0);
	struct rlg_err refused = {""};
	identity.uid = SCRATCH_UID + 1;
	CHILD_ASSERT(rlg_process_become_user(&identity, &refused) == -EPERM && refused.text[0] != '\0');
	identity.uid = 0;
	CHILD_ASSERT(rlg_process_become_user(&identity, NULL) == -EPERM);
}

static void root_becomes_a_user_for_good(void **state)
{
	size_t n_groups;

	(void)state;
	if (geteuid() != 0)
		skip();
	for (n_groups = 0; n_groups <= 2; n_groups++)
		in_child(become_scratch_user, &n_groups);
}

/* Whoever possesses the keyring that a key is in may read the key, whatever user they are. */
static void become_without_keys(void *context)
{
	struct rlg_identity identity = {.uid = SCRATCH_UID, .gid = SCRATCH_GID};
	char secret[8];

	(void)context;
	long key = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0
			   ? -1
			   : syscall(SYS_add_key, "user", "rlg-test", "secret", 6, KEY_SPEC_SESSION_KEYRING);
	if (key < 0)
		return; /* a container may have none */
	CHILD_ASSERT(syscall(SYS_keyctl, KEYCTL_READ, key, secret, sizeof(secret)) == 6);
	CHILD_ASSERT(rlg_process_become_user(&identity, NULL) == 0);
	CHILD_ASSERT(syscall(SYS_keyctl, KEYCTL_READ, key, secret, sizeof(secret)) < 0);
}

static void roots_keys_stay_behind(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	in_child(become_without_keys, NULL);
}

static void be_alone(void *context)
{
	struct rlg_identity identity = {.uid = SCRATCH_UID, .gid = SCRATCH_GID};

	(void)context;
	CHILD_ASSERT(rlg_process_become_user(&identity, NULL) == 0);
	rlg_process_forbid_children();
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	CHILD_ASSERT(child < 0 && errno == EAGAIN);
}

static void a_user_without_children_has_none(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	in_child(be_alone, NULL);
}

static void become_half_and_then_whole(void *context)
{
	struct rlg_identity identity = {.uid = SCRATCH_UID, .gid = SCRATCH_GID};

	(void)context;
	/* As in user_init: the effective ids are the user's already, the real and saved ones root's. */
	CHILD_ASSERT(setegid(SCRATCH_GID) == 0 && seteuid(SCRATCH_UID) == 0);
	CHILD_ASSERT(rlg_process_become_user(&identity, NULL) == -EPERM);
}

static void a_user_in_half_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	in_child(become_half_and_then_whole, NULL);
}

static void become_nobody_at_all(void *context)
{
	struct rlg_identity identity = {.uid = (uid_t)-1, .gid = SCRATCH_GID};

	(void)context;
	CHILD_ASSERT(rlg_process_become_user(&identity, NULL) == -EINVAL);
	identity = (struct rlg_identity){.uid = SCRATCH_UID, .gid = (gid_t)-1};
	CHILD_ASSERT(rlg_process_become_user(&identity, NULL) == -EINVAL);
	/* -1 means "leave it" to setresuid(2). */
	identity = (struct rlg_identity){.uid = getuid(), .gid = getgid()};
	CHILD_ASSERT(rlg_process_become_user(&identity, NULL) == 0);
}

static void nobody_is_nobody_to_become(void **state)
{
	(void)state;
	in_child(become_nobody_at_all, NULL);
}

static void limit_and_burn(void *context)
{
	struct rlimit core;
	volatile bool burning = true;

	(void)context;
	rlg_process_limit(1, 60, (size_t)1 << 46);
	CHILD_ASSERT(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
	while (burning)
		;
}

static void cpu_time_is_bounded(void **state)
{
	int status;

	(void)state;
	pid_t child = fork();
	assert_return_code(child, errno);
	if (child == 0)
		limit_and_burn(NULL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

static void close_all(void *context)
{
	(void)context;
	CHILD_ASSERT(fcntl(0, F_DUPFD, 500) >= 500);
	int kept = fcntl(0, F_DUPFD, 5);
	rlg_process_close_from(kept + 1);
	CHILD_ASSERT(fcntl(kept, F_GETFD) == 0);
	for (int fd = kept + 1; fd < 1024; fd++)
		CHILD_ASSERT(fcntl(fd, F_GETFD) == -1);
}

static void descriptors_are_closed_from_the_first_on(void **state)
{
	(void)state;
	in_child(close_all, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(status_and_words_come_back),
		TEST(a_program_that_cannot_start_is_told),
		TEST(input_of_every_length_arrives),
		TEST(words_are_cut_and_nobody_blocks),
		TEST(a_late_program_is_ended),
		TEST(no_time_is_no_hang),
		TEST(signals_of_the_host_do_not_disturb),
		TEST(the_child_knows_nothing_of_us),
		TEST(a_host_without_standard_descriptors),
		TEST(nothing_is_left_after_many_runs),
		TEST(no_descriptors_is_told),
		TEST(a_try_returns_what_its_body_did),
		TEST(what_is_begun_is_not_waited_for),
		TEST(a_detached_body_is_nobodys_child),
		TEST(many_detached_bodies_leave_nothing),
		TEST(a_process_becomes_a_program),
		TEST(root_becomes_a_user_for_good),
		TEST(roots_keys_stay_behind),
		TEST(a_user_without_children_has_none),
		TEST(a_user_in_half_is_refused),
		TEST(nobody_is_nobody_to_become),
		TEST(cpu_time_is_bounded),
		TEST(descriptors_are_closed_from_the_first_on),
	};

	/* make hands its own descriptors on. */
	rlg_process_close_from(3);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
