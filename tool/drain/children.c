/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The children of drain: see children.h. */
#include "tool/drain/children.h"

#include "lib/clock.h"
#include "lib/process.h"
#include "tool/base/exit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Users at a time. */
#define MOST_CHILDREN 16

/* A group of a million records is read in seconds; a file system that takes longer for one record is not to be had now. */
#define SILENCE_MS 30000

/* Where a child has the pipe that it answers on, its only descriptor beside 0, 1 and 2. */
#define ANSWER_FD 3

/* A user's entries in one go. */
struct child {
	pid_t pid; /* 0: this place is free */
	int answers;
	int64_t heard_ms;
	struct rlg_drain_entry **entries;
	size_t count;
};

struct children {
	struct child places[MOST_CHILDREN];
	size_t running;
	struct rlg_arena *arena;
	struct rlg_drain_entry *entries;
	size_t count, next;
	const struct rlg_siteconf *site;
};

/* The entries from `next` on that are of one user. */
static void take_user(struct children *children, struct child *child)
{
	struct rlg_drain_entry *first = &children->entries[children->next];
	size_t most = children->count - children->next;

	child->count = 0;
	while (child->count < most && first[child->count].uid == first->uid)
		child->count++;
	child->entries = rlg_arena_alloc(children->arena, child->count * sizeof(*child->entries));
	for (size_t i = 0; i < child->count; i++)
		child->entries[i] = &first[i];
	children->next += child->count;
}

/* What root has open, the spool above all, and the answers of others are nothing for the user that a child becomes. */
static int hold_only(int answer_fd)
{
	if (answer_fd != ANSWER_FD && dup2(answer_fd, ANSWER_FD) < 0) {
		fprintf(stderr, "runledger drain: entries are left for the next time: %s\n", strerror(errno));
		_exit(RLG_EXIT_FAILED);
	}
	rlg_process_close_from(ANSWER_FD + 1);
	return ANSWER_FD;
}

static int start(struct children *children, struct child *child, struct rlg_err *err)
{
	int pipe_fds[2];

	take_user(children, child);
	if (pipe2(pipe_fds, O_CLOEXEC) != 0)
		return rlg_fail_errno(err, -errno, "cannot make a pipe");
	/* A child's output must not be ours twice. */
	fflush(NULL);
	child->pid = fork();
	if (child->pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		_exit(rlg_drain_user(child->entries, child->count, children->site, hold_only(pipe_fds[1])));
	}
	close(pipe_fds[1]);
	if (child->pid < 0) {
		child->pid = 0;
		close(pipe_fds[0]);
		return rlg_fail_errno(err, -errno, "cannot start a process");
	}
	child->answers = pipe_fds[0];
	child->heard_ms = rlg_clock_monotonic_ms();
	children->running++;
	return 0;
}

static void end(struct children *children, struct child *child, bool kill_it)
{
	if (kill_it)
		kill(child->pid, SIGKILL);
	/* One that hangs in a file system does not even die: it is left to init. */
	waitpid(child->pid, NULL, kill_it ? WNOHANG : 0);
	close(child->answers);
	child->pid = 0;
	children->running--;
}

static void hear(struct children *children, struct child *child)
{
	struct rlg_drain_answer answer;
	ssize_t got = read(child->answers, &answer, sizeof(answer));

	if (got < 0 && errno == EINTR)
		return;
	if (got != (ssize_t)sizeof(answer)) {
		end(children, child, false);
		return;
	}
	child->heard_ms = rlg_clock_monotonic_ms();
	if (answer.at < child->count && answer.drained <= RLG_DRAINED_UNTRACKED)
		child->entries[answer.at]->drained = answer.drained;
}

static int wait_ms(const struct children *children)
{
	int64_t now_ms = rlg_clock_monotonic_ms(), least_ms = SILENCE_MS;

	for (size_t i = 0; i < MOST_CHILDREN; i++) {
		const struct child *child = &children->places[i];
		if (child->pid > 0 && child->heard_ms + SILENCE_MS - now_ms < least_ms)
			least_ms = child->heard_ms + SILENCE_MS - now_ms;
	}
	return least_ms < 0 ? 0 : (int)least_ms;
}

static void listen_once(struct children *children)
{
	struct pollfd fds[MOST_CHILDREN];

	for (size_t i = 0; i < MOST_CHILDREN; i++)
		fds[i] = (struct pollfd){.fd = children->places[i].pid > 0 ? children->places[i].answers : -1,
					 .events = POLLIN};
	if (poll(fds, MOST_CHILDREN, wait_ms(children)) < 0)
		return;
	int64_t now_ms = rlg_clock_monotonic_ms();
	for (size_t i = 0; i < MOST_CHILDREN; i++) {
		struct child *child = &children->places[i];
		if (child->pid > 0 && fds[i].revents != 0)
			hear(children, child);
		else if (child->pid > 0 && now_ms - child->heard_ms >= SILENCE_MS)
			end(children, child, true);
	}
}

static struct child *free_place(struct children *children)
{
	for (size_t i = 0; i < MOST_CHILDREN; i++)
		if (children->places[i].pid == 0)
			return &children->places[i];
	return NULL;
}

int rlg_drain_children(struct rlg_arena *arena, struct rlg_drain_entry *entries, size_t count,
		       const struct rlg_siteconf *site, struct rlg_err *err)
{
	struct children children = {.arena = arena, .entries = entries, .count = count, .site = site};
	int code = 0;

	while (children.running > 0 || (children.next < count && code == 0)) {
		struct child *place = children.next < count && code == 0 ? free_place(&children) : NULL;
		if (place != NULL)
			code = start(&children, place, err);
		else
			listen_once(&children);
	}
	/* Whom we had to leave before, and who has died since. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return code;
}
