/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many records the node's spool could not keep: see node_drops.h. */
#include "lib/node_drops.h"

#include "lib/clock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME ".dropped"

/* Fixed, so that a full disk takes it: nothing but what is there already is overwritten. */
#define FORMAT "{\"dropped\":%20" PRIu64 ",\"last_us\":%20" PRId64 "}\n"
#define SIZE 96

#define DAY_US (86400 * RLG_SECOND_US)

static int open_counter(int folder_fd, int flags)
{
	int fd = openat(folder_fd, NAME, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat facts;

	if (fd >= 0 && (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void read_counter(int fd, struct rlg_node_drops *out_drops)
{
	char text[SIZE + 1];
	ssize_t got = pread(fd, text, SIZE, 0);

	*out_drops = (struct rlg_node_drops){.count = 0};
	text[got < 0 ? 0 : got] = '\0';
	if (sscanf(text, "{\"dropped\":%20" SCNu64 ",\"last_us\":%20" SCNd64 "}", &out_drops->count, &out_drops->last_us) != 2)
		*out_drops = (struct rlg_node_drops){.count = 0};
}

static bool write_counter(int fd, const struct rlg_node_drops *drops)
{
	char text[SIZE];
	int length = snprintf(text, sizeof(text), FORMAT, drops->count, drops->last_us);

	return pwrite(fd, text, (size_t)length, 0) == length;
}

void rlg_node_drops_prepare(int folder_fd)
{
	const struct rlg_node_drops none = {.count = 0};
	int fd = open_counter(folder_fd, O_WRONLY | O_CREAT | O_EXCL);

	if (fd < 0)
		return;
	write_counter(fd, &none);
	close(fd);
}

bool rlg_node_drops_add(int folder_fd, uint64_t more)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct rlg_node_drops drops;
	int fd = open_counter(folder_fd, O_RDWR | O_CREAT);
	int64_t now_us = rlg_clock_now_us();

	if (fd < 0)
		return true;
	/* Its holders do nothing else meanwhile.  Without a lock the count may be too low, never the fact. */
	fcntl(fd, F_OFD_SETLKW, &whole);
	read_counter(fd, &drops);
	bool first = drops.count == 0 || now_us - drops.last_us > DAY_US;
	drops.count += more;
	drops.last_us = now_us;
	bool counted = write_counter(fd, &drops);
	close(fd);
	return first || !counted;
}

void rlg_node_drops_read(int folder_fd, struct rlg_node_drops *out_drops)
{
	int fd = open_counter(folder_fd, O_RDONLY);

	*out_drops = (struct rlg_node_drops){.count = 0};
	if (fd < 0)
		return;
	read_counter(fd, out_drops);
	close(fd);
}
