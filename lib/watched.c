/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work that may hang: see watched.h. */
#include "lib/watched.h"

#include "lib/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

void rlg_watched_tell(int *tell_fd, int code)
{
	if (*tell_fd < 0)
		return;
	/* Nobody listens any more: then they have done what is to be done. */
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	sigaction(SIGPIPE, &ignore, &before);
	while (write(*tell_fd, &code, sizeof(code)) < 0 && errno == EINTR)
		;
	sigaction(SIGPIPE, &before, NULL);
	close(*tell_fd);
	*tell_fd = -1;
}

static int hear(int fd, int64_t deadline_ms)
{
	struct pollfd word = {.fd = fd, .events = POLLIN};
	int code;

	for (;;) {
		int64_t left_ms = deadline_ms - rlg_clock_monotonic_ms();
		int ready = poll(&word, 1, left_ms > 0 ? (int)left_ms : 0);
		if (ready == 0)
			return -ETIMEDOUT;
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready > 0)
			break;
	}
	ssize_t got = read(fd, &code, sizeof(code));
	return got == (ssize_t)sizeof(code) ? (code > 0 ? -EIO : code) : -ECHILD;
}

int rlg_watched(int (*work)(void *context, int tell_fd), void *context, int within_ms, pid_t *out_child)
{
	int64_t deadline_ms = rlg_clock_monotonic_ms() + within_ms;
	int word[2];

	*out_child = -1;
	if (pipe2(word, O_CLOEXEC) != 0)
		return -errno;
	pid_t child = fork();
	if (child == 0) {
		close(word[0]);
		_exit(work(context, word[1]));
	}
	int why = errno;
	close(word[1]);
	int code = child < 0 ? -why : hear(word[0], deadline_ms);
	close(word[0]);
	if (child > 0 && code == -ETIMEDOUT) {
		kill(child, SIGKILL);
		waitpid(child, NULL, WNOHANG);
	}
	*out_child = child;
	return code;
}

int rlg_watched_reap(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
