/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was written and is not on disk: see fault.h.  A late error and a power failure throw it away.
 *
 * By descriptor: where an error is still to be told.  By inode, in the state that all processes share: what the driver
 * cuts off when the power has gone.  Appends and whole new files are all that is known here, as the product does no more.
 */
#include "fault.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_DESCRIPTORS 256

/* A write whose error is still to be told: the size of the file without it, and the error. */
static struct {
	int64_t size;
	int number;
} pending[MOST_DESCRIPTORS];

static bool look(int fd, struct stat *out)
{
	return syscall(SYS_newfstatat, fd, "", out, AT_EMPTY_PATH) == 0 && S_ISREG(out->st_mode);
}

static bool is_known(int fd)
{
	return fd >= 0 && fd < MOST_DESCRIPTORS;
}

static void take_turn(struct fault_state *state)
{
	while (atomic_exchange(&state->turn, 1) != 0)
		syscall(SYS_sched_yield);
}

static void leave_turn(struct fault_state *state)
{
	atomic_store(&state->turn, 0);
}

static struct fault_unsynced *find(struct fault_state *state, const struct stat *file)
{
	for (int i = 0; i < FAULT_FILES; i++) {
		struct fault_unsynced *at = &state->files[i];
		if (at->used && at->device == file->st_dev && at->inode == file->st_ino)
			return at;
	}
	return NULL;
}

static void add(struct fault_state *state, const struct stat *file, int64_t safe_size)
{
	for (int i = 0; i < FAULT_FILES; i++) {
		if (state->files[i].used)
			continue;
		state->files[i] = (struct fault_unsynced){
			.device = file->st_dev, .inode = file->st_ino, .safe_size = safe_size, .used = 1};
		return;
	}
}

int64_t unsynced_before_write(int fd)
{
	struct stat file;

	return fault_state() != NULL && look(fd, &file) ? (int64_t)file.st_size : -1;
}

void unsynced_after_write(int fd, int64_t safe_size, struct fault fault)
{
	struct fault_state *state = fault_state();
	struct stat file;

	if (state == NULL || safe_size < 0 || !look(fd, &file))
		return;
	take_turn(state);
	if (find(state, &file) == NULL)
		add(state, &file, safe_size);
	leave_turn(state);
	if (fault.what == FAULT_LATE && is_known(fd)) {
		pending[fd].size = safe_size;
		pending[fd].number = fault.number;
	}
}

void unsynced_is_safe(int fd)
{
	struct fault_state *state = fault_state();
	struct stat file;

	if (state == NULL || !look(fd, &file))
		return;
	take_turn(state);
	struct fault_unsynced *found = find(state, &file);
	if (found != NULL)
		found->used = 0;
	leave_turn(state);
}

void unsynced_throw_away(int fd)
{
	struct fault_state *state = fault_state();
	struct stat file;

	if (state == NULL || !look(fd, &file))
		return;
	take_turn(state);
	struct fault_unsynced *found = find(state, &file);
	if (found != NULL) {
		syscall(SYS_ftruncate, fd, found->safe_size);
		found->used = 0;
	}
	leave_turn(state);
}

static int take_pending(int fd)
{
	if (!is_known(fd) || pending[fd].number == 0)
		return 0;
	int number = pending[fd].number;
	syscall(SYS_ftruncate, fd, pending[fd].size);
	pending[fd].number = 0;
	return number;
}

int unsynced_late_error(int fd)
{
	return take_pending(fd);
}

void unsynced_swallow(int fd)
{
	(void)take_pending(fd);
}

void unsynced_forget(int fd)
{
	if (is_known(fd))
		pending[fd].number = 0;
}
