/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The spool: see spool.h. */
#include "lib/spool.h"

#include "lib/clock.h"
#include "lib/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* "1795338244123456-HEX.json"; behind a dot while it is written. */
#define NAME_SIZE 80

static int open_new(const char *spool, struct rlg_err *err)
{
	int spool_fd = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int fd, code = 0;

	if (spool_fd < 0)
		return rlg_fail_errno(err, -errno, "cannot open the spool %s; see spank_runledger(8)", spool);
	fd = openat(spool_fd, RLG_SPOOL_NEW, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	/* Of several at once the first one makes it. */
	if (fd < 0 && errno == ENOENT && (mkdirat(spool_fd, RLG_SPOOL_NEW, 0700) == 0 || errno == EEXIST))
		fd = openat(spool_fd, RLG_SPOOL_NEW, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		code = rlg_fail_errno(err, -errno, "cannot open %s/" RLG_SPOOL_NEW, spool);
	close(spool_fd);
	return code < 0 ? code : fd;
}

static int write_whole(int folder_fd, const char *name, const char *line, size_t length)
{
	int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int code = 0;

	if (fd < 0)
		return -errno;
	ssize_t written = write(fd, line, length);
	if (written < 0)
		code = -errno;
	else if ((size_t)written != length)
		code = -ENOSPC;
	if (close(fd) != 0 && code == 0)
		code = -errno;
	return code;
}

int rlg_spool_put(const char *spool, const char *line, size_t length, struct rlg_err *err)
{
	char name[NAME_SIZE], hidden[NAME_SIZE + 1], random[RLG_ID_MAX];
	int folder_fd = open_new(spool, err);

	if (folder_fd < 0)
		return folder_fd;
	rlg_record_new_id(random);
	snprintf(name, sizeof(name), "%lld-%s" RLG_SPOOL_SUFFIX, (long long)rlg_clock_now_us(), random);
	snprintf(hidden, sizeof(hidden), ".%s", name);
	int code = write_whole(folder_fd, hidden, line, length);
	if (code == 0 && renameat(folder_fd, hidden, folder_fd, name) != 0)
		code = -errno;
	if (code != 0) {
		unlinkat(folder_fd, hidden, 0);
		rlg_fail_errno(err, code, "cannot leave a record in %s/" RLG_SPOOL_NEW, spool);
	}
	close(folder_fd);
	return code;
}
