/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Delivering what waits of one user's: see node_user.h. */
#include "tool/drain/node_user.h"

#include "lib/clock.h"
#include "lib/node_drops.h"
#include "lib/node_folder.h"
#include "lib/node_spool.h"
#include "lib/text.h"
#include "tool/base/arena.h"
#include "tool/drain/node_entry.h"
#include "tool/group/refresh.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

/* A place where so many failed in a row is out of reach, whatever is wrong with single records. */
#define MOST_FAILURES 3

/* After the first failure by-itself deliveries wait for so long, then twice that, and so on. */
#define FIRST_PAUSE_US (10 * RLG_SECOND_US)
#define MOST_DOUBLINGS 6

#define DAY_US (86400 * RLG_SECOND_US)

/* What is hidden that long was left by somebody who died while writing it. */
#define HIDDEN_US DAY_US

/* An entry, and what has to be in reach for it. */
struct waiting {
	const char *name, *place;
};

struct work {
	const struct rlg_node_pass *pass;
	struct rlg_node_report *report;
	struct rlg_arena *arena;
	struct rlg_node_entry *entry;
	int folder_fd;
	struct waiting *list;
	size_t count, room;
	const char **touched; /* groups that got a record */
	size_t n_touched, touched_room;
};

static void sign_of_life(const struct work *work, bool entries_done)
{
	if (work->pass->alive != NULL)
		work->pass->alive(work->pass->context, work->report, entries_done);
}

/* ---- what there is ---- */

/* Kept for its owner to look at, until it is too old; counts as theirs. */
static void put_aside(struct work *work, const char *name)
{
	char aside[RLG_NODE_NAME_MAX * 4];

	snprintf(aside, sizeof(aside), ".bad-%.200s", name);
	if (renameat(work->folder_fd, name, work->folder_fd, aside) == 0)
		work->report->dropped++;
}

static void add_waiting(struct work *work, const char *name, const char *place)
{
	if (work->count == work->room) {
		size_t room = work->room == 0 ? 64 : 2 * work->room;
		work->list = rlg_arena_grow(work->arena, work->list, work->count, room, sizeof(*work->list));
		work->room = room;
	}
	work->list[work->count++] =
		(struct waiting){rlg_arena_strdup(work->arena, name), rlg_arena_strdup(work->arena, place)};
}

static void forget_if_old(int folder_fd, const char *name)
{
	struct stat facts;

	if (strncmp(name, ".try-", 5) != 0 && strcmp(name, ".dropped") != 0 &&
	    fstatat(folder_fd, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
	    facts.st_mtim.tv_sec * RLG_SECOND_US < rlg_clock_now_us() - HIDDEN_US)
		unlinkat(folder_fd, name, 0);
}

static bool take_name(void *context, int folder_fd, const char *name)
{
	struct work *work = context;

	if (name[0] == '.')
		forget_if_old(folder_fd, name);
	else if (rlg_node_spool_is_entry(name)) {
		int code = rlg_node_entry_read(folder_fd, name, work->entry);
		if (code == -EBADMSG)
			put_aside(work, name);
		if (code != 0)
			return true;
		add_waiting(work, name, rlg_node_entry_place(work->entry));
		rlg_node_entry_done(work->entry);
	}
	return true;
}

/* By place, then in the order in which they were made. */
static int compare_waiting(const void *left, const void *right)
{
	const struct waiting *a = left, *b = right;
	int order = strcmp(a->place, b->place);

	return order != 0 ? order : strcmp(a->name, b->name);
}

/* ---- whose turn it is ---- */

static void name_mark(const char *place, char out_name[RLG_NODE_NAME_MAX])
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (const char *at = place; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
	snprintf(out_name, RLG_NODE_NAME_MAX, ".try-%016" PRIx64, hash);
}

/* The mark's size is how often it was in vain, its time when the last was. */
static bool failed_lately(const struct rlg_node_pass *pass, const struct stat *mark)
{
	int64_t tried_us = mark->st_mtim.tv_sec * RLG_SECOND_US + mark->st_mtim.tv_nsec / 1000;
	off_t doublings = mark->st_size > MOST_DOUBLINGS ? MOST_DOUBLINGS : mark->st_size - 1;

	if (mark->st_size == 0)
		return false;
	return tried_us >= pass->begun_us ||
	       (pass->by_itself && rlg_clock_now_us() - tried_us < FIRST_PAUSE_US << doublings);
}

/* A locked mark, counted up as if it were in vain; -1: not our turn. */
static int begin_try(const struct work *work, const char *mark)
{
	struct stat facts;
	int fd = openat(work->folder_fd, mark, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &facts) == 0 && facts.st_nlink == 1 && S_ISREG(facts.st_mode) &&
	    !failed_lately(work->pass, &facts)) {
		if (facts.st_size > MOST_DOUBLINGS || write(fd, "x", 1) != 1)
			futimens(fd, NULL);
		return fd;
	}
	close(fd);
	return -1;
}

/* ---- delivering ---- */

static void touch(void *context, const char *group)
{
	struct work *work = context;

	for (size_t i = 0; i < work->n_touched; i++)
		if (strcmp(work->touched[i], group) == 0)
			return;
	if (work->n_touched == work->touched_room) {
		size_t room = work->touched_room == 0 ? 16 : 2 * work->touched_room;
		work->touched =
			rlg_arena_grow(work->arena, work->touched, work->n_touched, room, sizeof(*work->touched));
		work->touched_room = room;
	}
	work->touched[work->n_touched++] = rlg_arena_strdup(work->arena, group);
}

static bool is_too_old(const struct work *work)
{
	return work->entry->header.time_us < rlg_clock_now_us() - work->pass->site->spool_days * DAY_US;
}

/* A record that never could be delivered, and now is given up. */
static void give_up(struct work *work, const char *name, const char *why)
{
	if (unlinkat(work->folder_fd, name, 0) != 0)
		return;
	work->report->dropped++;
	if (rlg_node_drops_add(work->folder_fd, 1))
		syslog(LOG_DAEMON | LOG_WARNING, "runledger: a record that waited for %d days is dropped: %s",
		       work->pass->site->spool_days, why);
}

/* False: it could not be delivered. */
static bool deliver(struct work *work, const char *name)
{
	struct rlg_err err = {""};
	bool delivered = true;

	if (rlg_node_entry_read(work->folder_fd, name, work->entry) != 0)
		return true; /* somebody else's by now */
	int code = rlg_node_entry_deliver(work->entry, work->pass->site, touch, work, &err);
	if (code == 0 || (code == -ENOENT && err.text[0] == '\0')) {
		work->report->delivered += code == 0;
		work->report->untracked += code != 0;
		unlinkat(work->folder_fd, name, 0);
	} else if (is_too_old(work)) {
		give_up(work, name, err.text);
	} else {
		work->report->waiting++;
		delivered = false;
	}
	rlg_node_entry_done(work->entry);
	sign_of_life(work, false);
	return delivered;
}

/* All that waits for one place. */
static void deliver_to_place(struct work *work, const struct waiting *list, size_t count)
{
	char mark[RLG_NODE_NAME_MAX];
	unsigned failures = 0, in_a_row = 0;
	size_t at = 0;

	name_mark(list[0].place, mark);
	int lock = begin_try(work, mark);
	if (lock < 0) {
		work->report->waiting += (unsigned)count;
		return;
	}
	sign_of_life(work, false);
	for (; at < count && in_a_row < MOST_FAILURES; at++) {
		bool delivered = deliver(work, list[at].name);
		in_a_row = delivered ? 0 : in_a_row + 1;
		failures += !delivered;
	}
	work->report->waiting += (unsigned)(count - at);
	if (failures == 0)
		unlinkat(work->folder_fd, mark, 0);
	close(lock);
}

static void complain(const struct work *work, char *sentence)
{
	if (work->pass->complain != NULL) {
		work->pass->complain(sentence);
		return;
	}
	rlg_first_line(sentence); /* it names paths of users */
	syslog(LOG_DAEMON | LOG_WARNING, "runledger: %s", sentence);
}

static void refresh_touched(const struct work *work)
{
	struct rlg_refresh_report report;
	struct rlg_group group;

	for (size_t i = 0; i < work->n_touched; i++) {
		struct rlg_err err = {""};
		int code = rlg_group_open(work->touched[i], &group, &err);
		if (code == 0)
			code = rlg_refresh_news(&group, RLG_REFRESH_LEAVE, &report, &err);
		if (code != 0)
			complain(work, err.text);
		rlg_group_close(&group);
	}
}

static void deliver_all(struct work *work)
{
	rlg_node_each_name(work->folder_fd, take_name, work);
	if (work->count > 1)
		qsort(work->list, work->count, sizeof(*work->list), compare_waiting);
	for (size_t from = 0, to; from < work->count; from = to) {
		for (to = from + 1; to < work->count && strcmp(work->list[to].place, work->list[from].place) == 0;)
			to++;
		deliver_to_place(work, work->list + from, to - from);
	}
	sign_of_life(work, true);
	refresh_touched(work);
}

int rlg_node_user_deliver(const struct rlg_node_pass *pass, struct rlg_node_report *report, struct rlg_err *err)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct work work = {.pass = pass, .report = report, .arena = arena};
	int spool_fd = rlg_node_open(pass->site->node_spool, err);

	if (spool_fd < 0)
		return spool_fd == -ENOENT ? 0 : spool_fd;
	work.folder_fd = rlg_node_folder_open(spool_fd, false, err);
	close(spool_fd);
	if (work.folder_fd < 0)
		return work.folder_fd == -ENOENT ? 0 : work.folder_fd;
	work.entry = rlg_arena_alloc(arena, sizeof(*work.entry));
	deliver_all(&work);
	close(work.folder_fd);
	return 0;
}
