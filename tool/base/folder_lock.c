/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One at a time in a folder: see folder_lock.h. */
#include "tool/base/folder_lock.h"

#include "lib/clock.h"
#include "tool/base/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY_MS 5

static int open_folder(struct rlg_arena *arena, const char *path, struct rlg_err *err)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash == NULL ? "." : rlg_arena_strndup(arena, path, (size_t)(slash - path));

	folder = folder[0] == '\0' ? "/" : folder;
	int code = rlg_folders_make(folder);
	int fd = code == 0 ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (code == 0 && fd < 0)
		code = -errno;
	return code == 0 ? fd : rlg_fail_errno(err, code, "cannot make %s", folder);
}

int rlg_folder_lock(struct rlg_arena *arena, const char *path, int64_t wait_ms, struct rlg_err *err)
{
	int64_t deadline_ms = rlg_clock_monotonic_ms() + wait_ms;
	struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
	int fd = open_folder(arena, path, err);

	/* A file system without locks has only the look before the write. */
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR)) {
		if (rlg_clock_monotonic_ms() >= deadline_ms) {
			close(fd);
			return rlg_fail(err, -EBUSY, "%s: somebody else has been at it for %" PRId64 " s; try again", path,
					wait_ms / 1000);
		}
		nanosleep(&pause, NULL);
	}
	return fd;
}
