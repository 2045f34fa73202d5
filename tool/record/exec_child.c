/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running another program as if nobody stood in between: see exec_child.h. */
#include "tool/record/exec_child.h"

#include "lib/clock.h"
#include "lib/text.h"
#include "tool/base/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The name of the one who signals a step's processes for Slurm. */
#define SLURMSTEPD "slurmstepd"

/* A dozen hierarchies of version 1, a path each. */
#define CGROUPS_MAX 16384

/*
 * Those that can be held back without harm.  Ours alone are those that tell of a mistake of this process.  A terminal
 * stops and continues us together with the program.
 */
static void fill_held(sigset_t *held)
{
	static const int not_held[] = {SIGSEGV, SIGBUS,	 SIGFPE,  SIGILL,  SIGTRAP,
				       SIGSYS,	SIGABRT, SIGTSTP, SIGTTIN, SIGTTOU};

	sigfillset(held);
	for (size_t i = 0; i < sizeof(not_held) / sizeof(not_held[0]); i++)
		sigdelset(held, not_held[i]);
}

static void hold_signals(struct rlg_exec_child *child)
{
	/* Where it is ignored, as a parent may have left it, the status of a child is lost. */
	const struct sigaction plain = {.sa_handler = SIG_DFL};
	sigset_t held;

	fill_held(&held);
	sigprocmask(SIG_BLOCK, &held, &child->mask);
	sigaction(SIGCHLD, &plain, &child->on_child);
	sigpending(&child->early);
}

void rlg_exec_become(const struct rlg_exec_child *child, char *const *argv)
{
	if (child != NULL) {
		sigaction(SIGCHLD, &child->on_child, NULL);
		sigprocmask(SIG_SETMASK, &child->mask, NULL);
	}
	execvp(argv[0], argv);
	int code = errno;
	fputs("runledger exec: cannot run ", stderr);
	rlg_printable_put(stderr, argv[0]);
	fprintf(stderr, ": %s\n", strerror(code));
	_exit(code == ENOENT ? RLG_EXEC_NOT_FOUND : RLG_EXEC_CANNOT);
}

int rlg_exec_begin(struct rlg_exec_child *out_child, char *const *argv, struct rlg_err *err)
{
	hold_signals(out_child);
	out_child->pid = fork();
	if (out_child->pid < 0)
		return rlg_fail_errno(err, -errno, "cannot fork");
	if (out_child->pid == 0)
		rlg_exec_become(out_child, argv);
	return 0;
}

/* A file of /proc as text; "" where it cannot be read. */
static void read_text(const char *path, char *out_text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	while (fd >= 0 && (got = read(fd, out_text + length, size - 1 - length)) > 0)
		length += (size_t)got;
	if (fd >= 0)
		close(fd);
	out_text[length] = '\0';
}

static bool is_slurmstepd(pid_t pid)
{
	char path[64], name[64];

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	read_text(path, name, sizeof(name));
	return strcmp(name, SLURMSTEPD "\n") == 0;
}

/*
 * Does Slurm find this step's processes by their cgroup (proctrack/cgroup)?  "4:freezer:/slurm/uid_1/job_1/step_0": in
 * version 1 nobody else uses the freezer; or "0::/system.slice/slurmstepd.scope/job_1/step_0/user/task_0".
 */
static bool is_tracked_by_cgroup(void)
{
	static char lines[CGROUPS_MAX];
	bool tracked = false;

	read_text("/proc/self/cgroup", lines, sizeof(lines));
	for (char *line = lines, *next; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		bool in_step = strstr(line, "/job_") != NULL && strstr(line, "/step_") != NULL;
		if (strstr(line, ":freezer:") != NULL)
			return in_step;
		if (strstr(line, "::") != NULL)
			tracked = in_step;
	}
	return tracked;
}

/*
 * Whom did Slurm signal?  With proctrack/cgroup its own children alone, unless the signal is SIGKILL; then the program
 * has not got what we, Slurm's task in its place, have got.  Other trackers signal all processes of the step.
 */
static bool slurm_signalled_us_alone(pid_t slurmstepd)
{
	return slurmstepd == getppid() && is_tracked_by_cgroup();
}

/*
 * A terminal (the kernel) and Slurm signal the program, too, and it is to get each once; `kill PID` of a person means the
 * program, though it names us.  One who is gone by now is no slurmstepd: that stays until its tasks have ended.
 */
static bool is_for_program(struct rlg_exec_child *child, const siginfo_t *signal)
{
	if (sigismember(&child->early, signal->si_signo) == 1) {
		sigdelset(&child->early, signal->si_signo);
		return true;
	}
	if (signal->si_code > 0 || signal->si_pid == child->pid)
		return false;
	/* From outside of this pid namespace: there is Slurm. */
	if (signal->si_pid == 0)
		return false;
	return !is_slurmstepd(signal->si_pid) || slurm_signalled_us_alone(signal->si_pid);
}

void rlg_exec_wait(struct rlg_exec_child *child, struct rlg_exec_end *out_end)
{
	sigset_t held;
	siginfo_t signal;

	fill_held(&held);
	while (wait4(child->pid, &out_end->status, WNOHANG, &out_end->usage) != child->pid) {
		if (sigwaitinfo(&held, &signal) > 0 && signal.si_signo != SIGCHLD && is_for_program(child, &signal))
			kill(child->pid, signal.si_signo);
	}
}

static bool are_gone(pid_t *children, size_t count)
{
	size_t gone = 0;

	for (size_t i = 0; i < count; i++) {
		if (children[i] > 0 && waitpid(children[i], NULL, WNOHANG) != 0)
			children[i] = 0;
		gone += children[i] <= 0;
	}
	return gone == count;
}

bool rlg_exec_wait_for(pid_t *children, size_t count, int timeout_ms)
{
	int64_t deadline_ms = rlg_clock_monotonic_ms() + timeout_ms, left;
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	while (!are_gone(children, count)) {
		left = deadline_ms - rlg_clock_monotonic_ms();
		if (left <= 0)
			return false;
		struct timespec most = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
		sigtimedwait(&ends, NULL, &most);
	}
	return true;
}

void rlg_exec_leave(int status)
{
	const struct sigaction plain = {.sa_handler = SIG_DFL};
	const struct rlimit no_core = {0, 0};
	sigset_t it;

	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	/* So Slurm, a shell and `sacct` see what they would have seen; the core is the program's own. */
	int number = WTERMSIG(status);
	setrlimit(RLIMIT_CORE, &no_core);
	sigaction(number, &plain, NULL);
	sigemptyset(&it);
	sigaddset(&it, number);
	sigprocmask(SIG_UNBLOCK, &it, NULL);
	raise(number);
	_exit(128 + number); /* the first process of a container is not killed so */
}
