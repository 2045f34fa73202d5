/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting another program without being hurt by it: see process.h. */
#include "lib/process.h"

#include "lib/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* After its end a killed child is looked for this often, a millisecond apart, so that no zombie stays behind. */
#define REAP_ROUNDS 50

/* Where close_range(2) is missing (Linux before 5.9) and the limit is huge. */
#define MOST_DESCRIPTORS 65536

struct pipes {
	int in[2], out[2], errors[2];
	int failure[2]; /* the errno of a program that could not be started; nothing if it was */
};

/* Where a child keeps its end of `failure`, the one descriptor beside 0, 1 and 2; closed by execve(2). */
#define FAILURE_FD 3

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
		pair[i] = -1;
	}
}

static void close_pipes(struct pipes *pipes)
{
	close_pair(pipes->in);
	close_pair(pipes->out);
	close_pair(pipes->errors);
	close_pair(pipes->failure);
}

static int open_pipes(struct pipes *pipes, const struct rlg_program *program)
{
	*pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
	if (program->input_length > RLG_INPUT_MAX)
		return -EMSGSIZE;
	if (pipe2(pipes->in, O_CLOEXEC) != 0 || pipe2(pipes->out, O_CLOEXEC) != 0 ||
	    pipe2(pipes->errors, O_CLOEXEC) != 0 || pipe2(pipes->failure, O_CLOEXEC) != 0)
		return -errno;
	/* Before the child exists: the pipe has room for it, and there is a reader, so neither waiting nor SIGPIPE. */
	if (program->input != NULL &&
	    write(pipes->in[1], program->input, program->input_length) != (ssize_t)program->input_length)
		return -EIO;
	close(pipes->in[1]);
	pipes->in[1] = -1;
	return 0;
}

void rlg_process_close_from(int first)
{
	struct rlimit limit;

#ifdef SYS_close_range
	if (syscall(SYS_close_range, (unsigned)first, ~0U, 0) == 0)
		return;
#endif
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > MOST_DESCRIPTORS)
		limit.rlim_cur = MOST_DESCRIPTORS;
	for (int fd = first; fd < (int)limit.rlim_cur; fd++)
		close(fd);
}

void rlg_process_limit(unsigned cpu_seconds, unsigned wall_seconds, size_t memory_bytes)
{
	struct rlimit cpu = {cpu_seconds, cpu_seconds};
	struct rlimit memory = {memory_bytes, memory_bytes};
	struct rlimit core = {0, 0};

	setrlimit(RLIMIT_CPU, &cpu);
#ifdef __SANITIZE_ADDRESS__
	memory.rlim_cur = memory.rlim_max = RLIM_INFINITY; /* its shadow alone takes terabytes */
#endif
	setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CORE, &core);
	alarm(wall_seconds); /* outlives execve(2) */
}

static void forget_signals(void)
{
	struct sigaction plain = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &plain, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * slurmstepd lends its effective identity to the job's user now and then, in one thread for all: its extern step does so
 * while our exit hook runs (seen with 24.11).  What we start for root must not begin as half a user.
 */
static void take_root_back(void)
{
	if (getuid() != 0 || geteuid() == 0)
		return;
	if (syscall(SYS_setresuid, 0, 0, 0) != 0 || syscall(SYS_setresgid, 0, 0, 0) != 0 ||
	    syscall(SYS_setgroups, 0, NULL) != 0)
		_exit(127);
}

/* A process of its own: no terminal, no folder held, nothing inherited but what is asked for. */
static void start_afresh(void)
{
	take_root_back();
	setsid();
	forget_signals();
	if (chdir("/") != 0)
		_exit(127);
}

static void put_at(int fd, int wanted)
{
	if (dup2(fd, wanted) < 0)
		_exit(127);
}

/* Moves a descriptor out of the way of 0, 1 and 2, where a daemon without them may have got it. */
static int above_standard(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (moved < 0)
		_exit(127);
	return moved;
}

static void run_child(const struct rlg_program *program, struct pipes *pipes)
{
	int in = above_standard(pipes->in[0]);
	int out = above_standard(pipes->out[1]);
	int errors = above_standard(pipes->errors[1]);
	int failure = above_standard(pipes->failure[1]);

	start_afresh();
	put_at(in, 0);
	put_at(out, 1);
	put_at(errors, 2);
	if (failure != FAILURE_FD && dup3(failure, FAILURE_FD, O_CLOEXEC) < 0)
		_exit(127);
	rlg_process_close_from(FAILURE_FD + 1);
	execve(program->path, (char *const *)program->argv, (char *const *)program->envp);
	int why = errno;
	_exit(write(FAILURE_FD, &why, sizeof(why)) < 0 ? 126 : 127);
}

int rlg_process_become(const struct rlg_program *program)
{
	int in[2];

	if (program->input != NULL) {
		if (program->input_length > RLG_INPUT_MAX)
			return -EMSGSIZE;
		if (pipe2(in, O_CLOEXEC) != 0)
			return -errno;
		if (write(in[1], program->input, program->input_length) != (ssize_t)program->input_length ||
		    dup2(in[0], 0) < 0)
			return -EIO;
	}
	execve(program->path, (char *const *)program->argv, (char *const *)program->envp);
	return -errno;
}

/* Where a program's words are gathered; what does not fit is read and thrown away, so that nobody blocks on us. */
struct gatherer {
	char *text;
	size_t size;
	size_t length;
};

/* Reads what there is.  Returns whether there may be more. */
static bool gather(int fd, struct gatherer *into)
{
	char bytes[1024];
	ssize_t got = read(fd, bytes, sizeof(bytes));

	if (got < 0)
		return errno == EINTR || errno == EAGAIN;
	if (got == 0)
		return false;
	size_t room = into->size > 0 ? into->size - 1 - into->length : 0;
	size_t take = (size_t)got < room ? (size_t)got : room;
	if (into->size > 0) {
		memcpy(into->text + into->length, bytes, take);
		into->length += take;
		into->text[into->length] = '\0';
	}
	return true;
}

/* Until all ends are closed; -ETIMEDOUT when that takes too long, or why the program could not be started. */
static int gather_all(const struct pipes *pipes, const struct rlg_output *output, int64_t deadline_ms)
{
	char failure[sizeof(int) + 1];
	struct gatherer to[3] = {{output->out, output->out_size, 0},
				 {output->errors, output->errors_size, 0},
				 {failure, sizeof(failure), 0}};
	struct pollfd ends[3] = {{.fd = pipes->out[0], .events = POLLIN},
				 {.fd = pipes->errors[0], .events = POLLIN},
				 {.fd = pipes->failure[0], .events = POLLIN}};
	int why;

	while (ends[0].fd >= 0 || ends[1].fd >= 0 || ends[2].fd >= 0) {
		int64_t left = deadline_ms - rlg_clock_monotonic_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		int ready = poll(ends, 3, (int)left);
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready <= 0)
			continue; /* `revents` says nothing then, and a read could wait for ever */
		for (int i = 0; i < 3; i++)
			if (ends[i].fd >= 0 && ends[i].revents != 0 && !gather(ends[i].fd, &to[i]))
				ends[i].fd = -1;
	}
	if (to[2].length != sizeof(why))
		return 0;
	memcpy(&why, failure, sizeof(why));
	return -why;
}

/* Until the child ends, or for a millisecond where the kernel has no such descriptor (Linux before 5.3). */
static void nap(int pidfd, int64_t left_ms)
{
	struct timespec millisecond = {.tv_nsec = 1000000};
	struct pollfd end = {.fd = pidfd, .events = POLLIN};

	if (pidfd >= 0)
		poll(&end, 1, (int)left_ms);
	else
		nanosleep(&millisecond, NULL);
}

static int open_pidfd(pid_t child)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, child, 0);
#else
	return -1;
#endif
}

/* The exit status in shell's terms; -ECHILD if somebody else has reaped it; -EAGAIN while it still runs. */
static int try_to_reap(pid_t child)
{
	int status;
	pid_t got = waitpid(child, &status, WNOHANG);

	if (got == child)
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return got < 0 && errno != EINTR ? -errno : -EAGAIN;
}

/* The same; -ETIMEDOUT while it still runs. */
static int reap(pid_t child, int64_t deadline_ms)
{
	int code = try_to_reap(child);
	int pidfd = code == -EAGAIN ? open_pidfd(child) : -1;

	while (code == -EAGAIN) {
		int64_t left_ms = deadline_ms - rlg_clock_monotonic_ms();
		if (left_ms > 0)
			nap(pidfd, left_ms);
		code = try_to_reap(child);
		if (left_ms <= 0 && code == -EAGAIN)
			code = -ETIMEDOUT;
	}
	if (pidfd >= 0)
		close(pidfd);
	return code;
}

static void kill_session(pid_t leader)
{
	kill(-leader, SIGKILL);
	kill(leader, SIGKILL);
	/* One in the depths of a hung mount cannot die yet; it is left to init. */
	reap(leader, rlg_clock_monotonic_ms() + REAP_ROUNDS);
}

int rlg_process_run(const struct rlg_program *program, int timeout_ms, const struct rlg_output *output,
		    struct rlg_err *err)
{
	int64_t deadline_ms = rlg_clock_monotonic_ms() + timeout_ms;
	struct pipes pipes;

	if (output->out_size > 0)
		output->out[0] = '\0';
	if (output->errors_size > 0)
		output->errors[0] = '\0';
	int code = open_pipes(&pipes, program);
	pid_t child = code == 0 ? fork() : -1;
	if (code == 0 && child < 0)
		code = -errno;
	if (code != 0) {
		close_pipes(&pipes);
		return rlg_fail_errno(err, code, "cannot start %s", program->path);
	}
	if (child == 0)
		run_child(program, &pipes);
	close(pipes.in[0]);
	close(pipes.out[1]);
	close(pipes.errors[1]);
	close(pipes.failure[1]);
	pipes.in[0] = pipes.out[1] = pipes.errors[1] = pipes.failure[1] = -1;

	code = gather_all(&pipes, output, deadline_ms);
	close_pipes(&pipes);
	if (code < 0 && code != -ETIMEDOUT) {
		kill_session(child);
		return rlg_fail_errno(err, code, "cannot start %s", program->path);
	}
	if (code == 0)
		code = reap(child, deadline_ms);
	if (code == -ECHILD)
		return 0; /* a handler of our host's was faster, or it ignores SIGCHLD */
	if (code == -ETIMEDOUT) {
		kill_session(child);
		return rlg_fail(err, code, "%s took longer than %d ms and was ended", program->path, timeout_ms);
	}
	if (code < 0)
		return rlg_fail_errno(err, code, "cannot wait for %s", program->path);
	return code;
}

/* Descriptors of the host program would keep its pipes open: slurmd waits for them to close. */
static void hold_no_descriptors(void)
{
	/* First, as without a free one there is no /dev/null to be had. */
	rlg_process_close_from(0);
	for (int fd = 0; fd < 3; fd++)
		if (open("/dev/null", O_RDWR) != fd)
			_exit(127);
}

int rlg_process_begin(int (*body)(void *context), void *context, pid_t *out_child, struct rlg_err *err)
{
	pid_t child = fork();

	if (child < 0)
		return rlg_fail_errno(err, -errno, "cannot fork");
	if (child == 0) {
		start_afresh();
		/* Given up on in a hung mount it lives on, and must not keep slurmd waiting for the end of a pipe. */
		hold_no_descriptors();
		_exit(body(context));
	}
	*out_child = child;
	return 0;
}

int rlg_process_try(int (*body)(void *context), void *context, int timeout_ms, struct rlg_err *err)
{
	pid_t child = -1;
	int code = rlg_process_begin(body, context, &child, err);

	if (code != 0)
		return code;
	code = reap(child, rlg_clock_monotonic_ms() + timeout_ms);
	if (code == -ETIMEDOUT) {
		kill_session(child);
		return rlg_fail(err, code, "a look at the user's files took longer than %d ms and was ended", timeout_ms);
	}
	return code < 0 ? rlg_fail_errno(err, code, "cannot wait for a child") : code;
}

int rlg_process_detach(void (*first)(void), int (*body)(void *context), void *context, struct rlg_err *err)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return rlg_fail_errno(err, -errno, "cannot fork");
	if (child == 0) {
		start_afresh();
		if (first != NULL)
			first();
		pid_t grandchild = fork();
		if (grandchild != 0)
			_exit(grandchild < 0 ? 1 : 0);
		hold_no_descriptors();
		_exit(body(context));
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 0; /* somebody else's SIGCHLD handler was faster */
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : rlg_fail(err, -EAGAIN, "cannot fork twice");
}

void rlg_process_forbid_children(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_NPROC, &none);
}

void rlg_process_hide(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static bool is_user(const struct rlg_identity *identity)
{
	uid_t real, effective, saved;
	gid_t real_group, effective_group, saved_group;

	return getresuid(&real, &effective, &saved) == 0 &&
	       getresgid(&real_group, &effective_group, &saved_group) == 0 && real == identity->uid &&
	       effective == identity->uid && saved == identity->uid && real_group == identity->gid &&
	       effective_group == identity->gid && saved_group == identity->gid;
}

/* A daemon may hold keys (of Kerberos, of file systems) that whoever possesses its keyring may use. */
static void leave_keyring(void)
{
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
}

/* They go with root, but for a host that asked the kernel to let them stay (SECBIT_NO_SETUID_FIXUP). */
static bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) == 0;
}

int rlg_process_become_user(const struct rlg_identity *identity, struct rlg_err *err)
{
	if (identity->uid == (uid_t)-1 || identity->gid == (gid_t)-1)
		return rlg_fail(err, -EINVAL, "no user to become");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (geteuid() == 0) {
		if (identity->uid != 0)
			leave_keyring();
		/* Straight to the kernel: glibc's own would signal other threads, which a forked child has not. */
		if (syscall(SYS_setgroups, identity->n_groups, identity->groups) != 0 ||
		    syscall(SYS_setresgid, identity->gid, identity->gid, identity->gid) != 0 ||
		    syscall(SYS_setresuid, identity->uid, identity->uid, identity->uid) != 0)
			return rlg_fail_errno(err, -errno, "cannot become uid %lu", (unsigned long)identity->uid);
		if (identity->uid != 0 && !drop_capabilities())
			return rlg_fail_errno(err, -errno, "cannot drop what root may");
	}
	if (!is_user(identity))
		return rlg_fail(err, -EPERM, "could not become uid %lu", (unsigned long)identity->uid);
	if (identity->uid != 0 && (syscall(SYS_setuid, 0) == 0 || geteuid() == 0))
		return rlg_fail(err, -EPERM, "uid %lu could become root again", (unsigned long)identity->uid);
	return 0;
}
