/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Emptying the node's spool: see node.h. */
#include "tool/drain/node.h"

#include "lib/clock.h"
#include "lib/node_folder.h"
#include "lib/process.h"
#include "lib/statusfile.h"
#include "tool/base/arena.h"
#include "tool/base/exit.h"
#include "tool/base/printable.h"
#include "tool/record/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Users at a time. */
#define MOST_CHILDREN 16

/* So many groups of one user's may hang; the others of theirs wait for the next pass. */
#define MOST_ROUNDS 32

/* For a refresh of what was delivered, which is not cut short: it is left alone then. */
#define REFRESH_MS 30000

/* What a child tells after each entry. */
struct word {
	struct rlg_node_report report; /* of its round, so far */
	bool entries_done;
};

/* Whose part it is; the folder's group counts for a user whom this host does not know. */
struct owner {
	uid_t uid;
	gid_t gid;
};

struct child {
	pid_t pid; /* 0: this place is free */
	struct owner owner;
	int words;
	int64_t heard_ms;
	unsigned rounds;
	struct word last;
};

struct draining {
	struct rlg_node_pass pass;
	struct rlg_node_report *report;
	struct rlg_arena *arena;
	struct owner *users;
	size_t n_users, room, next;
	struct child children[MOST_CHILDREN];
	size_t running;
};

static void complain(const char *sentence)
{
	fputs("runledger drain: ", stderr);
	rlg_printable_put(stderr, sentence); /* it names paths of users */
	fputc('\n', stderr);
}

static void tell(void *context, const struct rlg_node_report *report, bool entries_done)
{
	const int *fd = context;
	const struct word word = {.report = *report, .entries_done = entries_done};

	/* Should nobody listen any more, what was begun is still to be done. */
	while (write(*fd, &word, sizeof(word)) < 0 && errno == EINTR)
		;
}

static int become(const struct owner *owner, struct rlg_err *err)
{
	if (geteuid() != 0)
		return 0;
	return rlg_identity_become(owner->uid, owner->gid, NULL, false, err);
}

/* In a child. */
static int be_user(const struct rlg_node_pass *pass, const struct owner *owner, int words)
{
	struct rlg_node_pass own = *pass;
	struct rlg_node_report report = {.delivered = 0};
	struct rlg_err err = {""};

	rlg_process_hide();
	rlg_process_limit(RLG_LIMIT_CPU_SECONDS, RLG_LIMIT_WALL_SECONDS, RLG_LIMIT_MEMORY_BYTES);
	own.alive = tell;
	own.context = &words;
	own.complain = complain;
	int code = become(owner, &err);
	if (code == 0)
		code = rlg_node_user_deliver(&own, &report, &err);
	if (code != 0)
		complain(err.text);
	return code == 0 ? RLG_EXIT_OK : RLG_EXIT_FAILED;
}

static int start(struct draining *draining, struct child *child, struct rlg_err *err)
{
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC) != 0)
		return rlg_fail_errno(err, -errno, "cannot make a pipe");
	fflush(NULL);
	child->pid = fork();
	if (child->pid == 0) {
		close(pipe_fds[0]);
		signal(SIGPIPE, SIG_IGN);
		_exit(be_user(&draining->pass, &child->owner, pipe_fds[1]));
	}
	close(pipe_fds[1]);
	if (child->pid < 0) {
		child->pid = 0;
		close(pipe_fds[0]);
		return rlg_fail_errno(err, -EAGAIN, "cannot start a process");
	}
	child->words = pipe_fds[0];
	child->heard_ms = rlg_clock_monotonic_ms();
	child->last = (struct word){.entries_done = false};
	draining->running++;
	return 0;
}

static void end(struct draining *draining, struct child *child)
{
	struct rlg_node_report *all = draining->report;
	const struct rlg_node_report *told = &child->last.report;

	close(child->words);
	child->pid = 0;
	draining->running--;
	all->delivered += told->delivered;
	all->untracked += told->untracked;
	all->dropped += told->dropped;
	all->waiting += told->waiting;
}

/* It hangs in a group, which the next round leaves alone. */
static void give_up(struct draining *draining, struct child *child)
{
	bool entries_done = child->last.entries_done;

	if (!entries_done) {
		kill(child->pid, SIGKILL);
		/* What it did not come to is told by the next round. */
		child->last.report.waiting = 0;
	}
	waitpid(child->pid, NULL, WNOHANG);
	end(draining, child);
	if (!entries_done && ++child->rounds < MOST_ROUNDS)
		start(draining, child, NULL);
}

static int patience_ms(const struct draining *draining, const struct child *child)
{
	return child->last.entries_done ? REFRESH_MS : draining->pass.site->spool_after_ms + RLG_APPEND_TURN_MS / 10;
}

static void hear(struct draining *draining, struct child *child)
{
	struct word word;
	ssize_t got = read(child->words, &word, sizeof(word));

	if (got < 0 && errno == EINTR)
		return;
	if (got == (ssize_t)sizeof(word)) {
		child->last = word;
		child->heard_ms = rlg_clock_monotonic_ms();
		return;
	}
	waitpid(child->pid, NULL, 0);
	end(draining, child);
}

static void listen_once(struct draining *draining)
{
	struct pollfd fds[MOST_CHILDREN];
	int64_t now_ms = rlg_clock_monotonic_ms(), least_ms = REFRESH_MS;

	for (size_t i = 0; i < MOST_CHILDREN; i++) {
		const struct child *child = &draining->children[i];
		int64_t left_ms = child->heard_ms + patience_ms(draining, child) - now_ms;
		fds[i] = (struct pollfd){.fd = child->pid > 0 ? child->words : -1, .events = POLLIN};
		if (child->pid > 0 && left_ms < least_ms)
			least_ms = left_ms;
	}
	if (poll(fds, MOST_CHILDREN, least_ms < 0 ? 0 : (int)least_ms) < 0)
		return;
	now_ms = rlg_clock_monotonic_ms();
	for (size_t i = 0; i < MOST_CHILDREN; i++) {
		struct child *child = &draining->children[i];
		if (child->pid > 0 && fds[i].revents != 0)
			hear(draining, child);
		else if (child->pid > 0 && now_ms - child->heard_ms >= patience_ms(draining, child))
			give_up(draining, child);
	}
}

static void add_user(struct draining *draining, uid_t uid, gid_t gid)
{
	for (size_t i = 0; i < draining->n_users; i++)
		if (draining->users[i].uid == uid)
			return;
	if (draining->n_users == draining->room) {
		size_t room = draining->room == 0 ? 64 : 2 * draining->room;
		draining->users = rlg_arena_grow(draining->arena, draining->users, draining->n_users, room,
						 sizeof(*draining->users));
		draining->room = room;
	}
	draining->users[draining->n_users++] = (struct owner){uid, gid};
}

/* Names alone prove nothing: the folder must be of the user whom its name says.  What is in it only they will read. */
static bool take_folder(void *context, int spool_fd, const char *name)
{
	struct stat facts;
	uid_t uid;

	if (rlg_node_folder_owner(name, &uid) && fstatat(spool_fd, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(facts.st_mode) && facts.st_uid == uid && (geteuid() == 0 || geteuid() == uid))
		add_user(context, uid, facts.st_gid);
	return true;
}

static struct child *free_place(struct draining *draining)
{
	for (size_t i = 0; i < MOST_CHILDREN; i++)
		if (draining->children[i].pid == 0)
			return &draining->children[i];
	return NULL;
}

int rlg_drain_node(const struct rlg_siteconf *site, bool by_itself, struct rlg_node_report *report, struct rlg_err *err)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct draining draining = {
		.pass = {.site = site, .by_itself = by_itself, .begun_us = rlg_clock_now_us()}, .report = report, .arena = arena};
	int spool_fd = rlg_node_open(site->node_spool, err);
	int code = 0;

	if (spool_fd < 0)
		return access(site->node_spool, F_OK) != 0 && errno == ENOENT ? 0 : spool_fd;
	rlg_node_each_name(spool_fd, take_folder, &draining);
	close(spool_fd);
	while (draining.running > 0 || (draining.next < draining.n_users && code == 0)) {
		struct child *place = draining.next < draining.n_users && code == 0 ? free_place(&draining) : NULL;
		if (place == NULL) {
			listen_once(&draining);
			continue;
		}
		*place = (struct child){.owner = draining.users[draining.next++]};
		code = start(&draining, place, err);
	}
	return code;
}
