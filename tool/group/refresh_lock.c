/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One refresher of a group at a time: see refresh_lock.h. */
#include "tool/group/refresh_lock.h"

#include "lib/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY_MS 5

/* A name beside the stand-in that nobody else has.  False: it would be too long. */
static bool name_beside(const struct rlg_refresh_lock *lock, char out_path[PATH_MAX])
{
	uint64_t dice = 0;

	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) < 0)
		dice = (uint64_t)getpid();
	return snprintf(out_path, PATH_MAX, "%s.%016" PRIx64 ".tmp", lock->stand_in, dice) < PATH_MAX;
}

/* The server's clock, not ours: it tells the time of what others touched.  0: not to be had. */
static time_t server_time(const char *beside)
{
	struct stat now = {.st_mtim.tv_sec = 0};
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return 0;
	if (fstat(fd, &now) != 0)
		now.st_mtim.tv_sec = 0;
	close(fd);
	unlink(beside);
	return now.st_mtim.tv_sec;
}

static bool is_same_file(const struct stat *left, const struct stat *right)
{
	return left->st_dev == right->st_dev && left->st_ino == right->st_ino;
}

/*
 * Moves aside what a dead refresher left.  Two who see that at once: the slower one has moved what is the quicker one's
 * by now, and puts it back.
 */
static void take_away_dead(const struct rlg_refresh_lock *lock)
{
	struct stat seen, moved;
	char aside[PATH_MAX];

	if (!name_beside(lock, aside) || lstat(lock->stand_in, &seen) != 0)
		return;
	time_t now_s = server_time(aside);
	if (now_s == 0 || now_s - seen.st_mtim.tv_sec < RLG_REFRESH_DEAD_S)
		return;
	if (rename(lock->stand_in, aside) != 0)
		return;
	if (lstat(aside, &moved) == 0 && !is_same_file(&seen, &moved) && link(aside, lock->stand_in) != 0)
		errno = 0; /* a third has it */
	unlink(aside);
}

/* 0 or -errno */
static int make_stand_in(struct rlg_refresh_lock *lock)
{
	int fd = open(lock->stand_in, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);

	if (fd < 0)
		return -errno;
	close(fd);
	lock->by_name = true;
	return 0;
}

/* 0: ours; -EAGAIN: somebody else's.  Where no file can be made either it is ours too: a rename is still whole. */
static int try_once(struct rlg_refresh_lock *lock, bool is_first)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	int result;

	lock->by_name = lock->locked = false;
	do
		result = fcntl(lock->fd, F_OFD_SETLK, &whole);
	while (result != 0 && errno == EINTR);
	if (result == 0) {
		lock->locked = true;
		return 0;
	}
	if (errno == EAGAIN || errno == EACCES)
		return -EAGAIN;
	int code = make_stand_in(lock);
	if (code == -EEXIST && is_first) {
		take_away_dead(lock);
		code = make_stand_in(lock);
	}
	return code == -EEXIST ? -EAGAIN : 0;
}

int rlg_refresh_lock_take(struct rlg_refresh_lock *lock, int64_t wait_ms)
{
	int64_t deadline_ms = rlg_clock_monotonic_ms() + wait_ms;
	struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
	int code = try_once(lock, true);

	for (; code != 0; code = try_once(lock, false)) {
		if (rlg_clock_monotonic_ms() >= deadline_ms)
			return -EAGAIN;
		nanosleep(&pause, NULL);
	}
	return 0;
}

void rlg_refresh_lock_touch(const struct rlg_refresh_lock *lock)
{
	if (lock->by_name && utimensat(AT_FDCWD, lock->stand_in, NULL, AT_SYMLINK_NOFOLLOW) != 0)
		errno = 0;
}

void rlg_refresh_lock_drop(struct rlg_refresh_lock *lock)
{
	struct flock whole = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	if (lock->by_name)
		unlink(lock->stand_in);
	else if (lock->locked)
		fcntl(lock->fd, F_OFD_SETLK, &whole);
	lock->by_name = lock->locked = false;
}
