/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A person's own command, run for each thing that happens: see hooks.h. */
#include "tool/follow/hooks.h"

#include "lib/clock.h"
#include "lib/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Between SIGTERM and SIGKILL. */
#define GRACE_MS 2000

struct call {
	struct call *next;
	size_t n_env;
	const char *env[]; /* the texts stand behind them */
};

struct rlg_hooks {
	const char *command;
	int64_t limit_ms;
	rlg_hooks_complain_fn *complain;
	void *context;
	int fd; /* tells of SIGCHLD */
	sigset_t mask; /* as we found it */
	struct call *first, **last;
	size_t waiting, dropped;
	pid_t pid; /* of the one that runs, and of its process group; 0: none */
	int64_t due_ms; /* when it gets the next signal */
	bool asked_to_end;
};

static void complain(const struct rlg_hooks *hooks, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void complain(const struct rlg_hooks *hooks, const char *format, ...)
{
	char sentence[256];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	hooks->complain(hooks->context, sentence);
}

struct rlg_hooks *rlg_hooks_new(const char *command, int64_t limit_ms, rlg_hooks_complain_fn *complain_fn, void *context)
{
	const struct sigaction plain = {.sa_handler = SIG_DFL};
	struct rlg_hooks *hooks = calloc(1, sizeof(*hooks));
	sigset_t ends;

	if (hooks == NULL)
		return NULL;
	*hooks = (struct rlg_hooks){
		.command = command, .limit_ms = limit_ms, .complain = complain_fn, .context = context};
	hooks->last = &hooks->first;
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	/* Where a parent left it ignored, the status of a child would be lost. */
	sigaction(SIGCHLD, &plain, NULL);
	sigprocmask(SIG_BLOCK, &ends, &hooks->mask);
	hooks->fd = signalfd(-1, &ends, SFD_NONBLOCK | SFD_CLOEXEC);
	if (hooks->fd >= 0)
		return hooks;
	free(hooks);
	return NULL;
}

void rlg_hooks_free(struct rlg_hooks *hooks)
{
	if (hooks == NULL)
		return;
	if (hooks->pid > 0)
		kill(-hooks->pid, SIGTERM);
	while (hooks->first != NULL) {
		struct call *next = hooks->first->next;
		free(hooks->first);
		hooks->first = next;
	}
	close(hooks->fd);
	free(hooks);
}

void rlg_hooks_add(struct rlg_hooks *hooks, const char *const *env)
{
	size_t n_env = 0, size = 0;

	for (; env[n_env] != NULL; n_env++)
		size += strlen(env[n_env]) + 1;
	struct call *call = hooks->waiting >= RLG_HOOKS_MOST
				    ? NULL
				    : calloc(1, sizeof(*call) + (n_env + 1) * sizeof(char *) + size);
	if (call == NULL) {
		hooks->dropped++;
		return;
	}
	char *text = (char *)&call->env[n_env + 1];
	for (size_t i = 0; i < n_env; i++) {
		call->env[i] = text;
		text = stpcpy(text, env[i]) + 1;
	}
	call->n_env = n_env;
	*hooks->last = call;
	hooks->last = &call->next;
	hooks->waiting++;
}

int rlg_hooks_fd(const struct rlg_hooks *hooks)
{
	return hooks != NULL ? hooks->fd : -1;
}

int64_t rlg_hooks_deadline_ms(const struct rlg_hooks *hooks)
{
	return hooks != NULL && hooks->pid > 0 ? hooks->due_ms : -1;
}

bool rlg_hooks_idle(const struct rlg_hooks *hooks)
{
	return hooks == NULL || (hooks->pid == 0 && hooks->first == NULL);
}

/* Is the variable `text` (NAME=VALUE) one of the call's own? */
static bool is_set_by(const struct call *call, const char *text)
{
	size_t length = strcspn(text, "=") + 1;

	for (size_t i = 0; i < call->n_env; i++)
		if (strncmp(call->env[i], text, length) == 0)
			return true;
	return false;
}

/* The texts of a call go before those that this process has. */
static char **environment_of(const struct call *call)
{
	size_t n_ours = 0, count = 0;

	while (environ != NULL && environ[n_ours] != NULL)
		n_ours++;
	char **all = calloc(n_ours + call->n_env + 1, sizeof(*all));
	if (all == NULL)
		return NULL;
	for (size_t i = 0; i < call->n_env; i++)
		all[count++] = (char *)call->env[i];
	for (size_t i = 0; i < n_ours; i++)
		if (!is_set_by(call, environ[i]))
			all[count++] = environ[i];
	return all;
}

/* In the child, which is alone in its process group. */
static void become(const struct rlg_hooks *hooks, char *const *environment, pid_t parent)
{
	char *const argv[] = {(char *)"sh", (char *)"-c", (char *)hooks->command, NULL};
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	sigprocmask(SIG_SETMASK, &hooks->mask, NULL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(126);
	rlg_process_close_from(STDERR_FILENO + 1);
	execve("/bin/sh", argv, environment);
	_exit(127);
}

static void begin(struct rlg_hooks *hooks)
{
	struct call *call = hooks->first;
	char **environment = environment_of(call);
	pid_t self = getpid();

	hooks->first = call->next;
	if (hooks->first == NULL)
		hooks->last = &hooks->first;
	hooks->waiting--;
	pid_t pid = environment == NULL ? -1 : fork();
	if (pid == 0)
		become(hooks, environment, self);
	if (pid < 0)
		complain(hooks, "cannot run the command of --exec: %s", strerror(environment == NULL ? ENOMEM : errno));
	if (pid > 0) {
		setpgid(pid, pid); /* whoever comes first: we may have to signal it at once */
		hooks->pid = pid;
		hooks->asked_to_end = false;
		hooks->due_ms = rlg_clock_monotonic_ms() + hooks->limit_ms;
	}
	free(environment);
	free(call);
}

static void say_how_it_ended(const struct rlg_hooks *hooks, int status)
{
	if (hooks->asked_to_end)
		complain(hooks, "the command of --exec took longer than %lld s and was ended",
			 (long long)(hooks->limit_ms / 1000));
	else if (WIFSIGNALED(status))
		complain(hooks, "the command of --exec was killed by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		complain(hooks, "the command of --exec ended with exit status %d", WEXITSTATUS(status));
}

static void look_after(struct rlg_hooks *hooks)
{
	int status = 0;
	pid_t got = waitpid(hooks->pid, &status, WNOHANG);

	if (got == 0 && rlg_clock_monotonic_ms() < hooks->due_ms)
		return;
	if (got == 0) {
		kill(-hooks->pid, hooks->asked_to_end ? SIGKILL : SIGTERM);
		hooks->asked_to_end = true;
		hooks->due_ms = rlg_clock_monotonic_ms() + GRACE_MS;
		return;
	}
	/* What it left behind in its group would live on beside the next one. */
	if (hooks->asked_to_end)
		kill(-hooks->pid, SIGKILL);
	hooks->pid = 0;
	if (got > 0)
		say_how_it_ended(hooks, status);
}

void rlg_hooks_attend(struct rlg_hooks *hooks)
{
	struct signalfd_siginfo signal;

	while (read(hooks->fd, &signal, sizeof(signal)) > 0)
		;
	if (hooks->pid > 0)
		look_after(hooks);
	while (hooks->pid == 0 && hooks->first != NULL)
		begin(hooks);
	if (hooks->dropped > 0 && hooks->first == NULL) {
		complain(hooks, "the command of --exec was too slow: it was not run for %zu changes", hooks->dropped);
		hooks->dropped = 0;
	}
}
