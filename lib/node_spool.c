/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The node's spool: see node_spool.h. */
#include "lib/node_spool.h"

#include "lib/clock.h"
#include "lib/node_folder.h"
#include "lib/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SUFFIX ".json"

#define MEGABYTE ((size_t)1 << 20)

/* What never goes to the spool, as nothing but the record itself is to blame. */
static const int hopeless[] = {
	-EMSGSIZE, /* longer than a record may be */
	-EBADMSG, /* no record */
};

bool rlg_node_spool_takes(int code)
{
	for (size_t i = 0; i < sizeof(hopeless) / sizeof(hopeless[0]); i++)
		if (code == hopeless[i])
			return false;
	return code < 0;
}

bool rlg_node_spool_is_entry(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > strlen(SUFFIX) && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0;
}

/* What a user has in their folder; counted anew each time, as it is only where something has gone wrong already. */
struct fill {
	size_t entries, bytes;
};

static bool add_file(void *context, int folder_fd, const char *name)
{
	struct fill *fill = context;
	struct stat facts;

	if (fstatat(folder_fd, name, &facts, AT_SYMLINK_NOFOLLOW) == 0)
		fill->bytes += (size_t)facts.st_size;
	fill->entries += rlg_node_spool_is_entry(name);
	return true;
}

/* Nobody can look into others' folders, so the site's share is divided by how many there are. */
static size_t share_of_all(int spool_fd, const struct rlg_siteconf *site)
{
	unsigned users = rlg_node_users(spool_fd);

	return (size_t)site->spool_mb * MEGABYTE / (users == 0 ? 1 : users);
}

static bool has_room(int spool_fd, int folder_fd, const struct rlg_siteconf *site, size_t bytes)
{
	struct fill fill = {0, 0};

	rlg_node_each_name(folder_fd, add_file, &fill);
	bytes += fill.bytes;
	if (fill.entries >= (size_t)site->spool_entries || bytes > (size_t)site->spool_user_mb * MEGABYTE)
		return false;
	return bytes <= RLG_NODE_LEAST_BYTES || bytes <= share_of_all(spool_fd, site);
}

static ssize_t write_header(char *storage, size_t size, const struct rlg_spooled *entry, const char *id)
{
	struct rlg_record_writer writer;

	rlg_record_begin(&writer, storage, size, rlg_clock_now_us(), RLG_NODE_HEADER, id);
	rlg_record_str(&writer, "event", entry->event);
	rlg_record_int(&writer, "errno", -entry->why);
	rlg_record_str(&writer, "run", entry->run);
	rlg_record_str(&writer, "phase", entry->phase);
	rlg_record_str(&writer, "group", entry->group);
	if (entry->asked) {
		rlg_record_bool(&writer, "asked", true);
		rlg_record_str(&writer, "job_name", entry->job_name);
		rlg_record_str(&writer, "array_task", entry->array_task);
		rlg_record_str(&writer, "cwd", entry->folder);
	}
	ssize_t length = rlg_record_end(&writer);
	/* Half an address would lead elsewhere. */
	return writer.left_out > 0 ? -EMSGSIZE : length;
}

static int write_entry(int folder_fd, const char *name, const struct rlg_spooled *entry)
{
	char header[RLG_NODE_HEADER_MAX], id[RLG_ID_MAX];

	rlg_record_new_id(id);
	ssize_t length = write_header(header, sizeof(header), entry, id);
	if (length < 0)
		return (int)length;
	int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	const struct iovec lines[] = {{header, (size_t)length}, {(void *)entry->line, entry->length}};
	ssize_t written = writev(fd, lines, 2);
	int code = written == length + (ssize_t)entry->length ? 0 : written < 0 ? -errno : -ENOSPC;
	if (close(fd) != 0 && code == 0)
		code = -errno;
	return code;
}

static int put_whole(int folder_fd, const struct rlg_spooled *entry)
{
	char name[RLG_NODE_NAME_MAX], hidden[RLG_NODE_NAME_MAX + 1], random[RLG_ID_MAX];

	rlg_record_new_id(random);
	snprintf(name, sizeof(name), "%lld-%.16s" SUFFIX, (long long)rlg_clock_now_us(), random);
	snprintf(hidden, sizeof(hidden), ".%s", name);
	int code = write_entry(folder_fd, hidden, entry);
	if (code == 0 && renameat(folder_fd, hidden, folder_fd, name) != 0)
		code = -errno;
	if (code != 0)
		unlinkat(folder_fd, hidden, 0);
	return code;
}

static bool is_for_want_of_room(int code)
{
	return code == -ENOBUFS || code == -ENOSPC || code == -EDQUOT;
}

static int drop(int folder_fd, const struct rlg_siteconf *site, int code, struct rlg_err *err)
{
	const char *what = is_for_want_of_room(code) ? "is full" : "cannot be written to";

	if (rlg_node_drops_add(folder_fd, 1))
		rlg_fail_errno(err, code, "the node's spool %s %s for uid %lu, so records are dropped; see runledger doctor",
			       site->node_spool, what, (unsigned long)geteuid());
	return is_for_want_of_room(code) ? -ENOBUFS : code;
}

int rlg_node_spool_put(const struct rlg_siteconf *site, const struct rlg_spooled *entry, struct rlg_err *err)
{
	int spool_fd = rlg_node_open(site->node_spool, err);

	if (spool_fd < 0)
		return spool_fd;
	int folder_fd = rlg_node_folder_open(spool_fd, true, err);
	int code = folder_fd < 0 ? folder_fd : 0;
	if (code == 0) {
		rlg_node_drops_prepare(folder_fd);
		code = has_room(spool_fd, folder_fd, site, RLG_NODE_HEADER_MAX / 8 + entry->length) ? put_whole(folder_fd, entry)
												   : -ENOBUFS;
		if (code != 0)
			code = drop(folder_fd, site, code, err);
		close(folder_fd);
	}
	/* Wakes who watches the spool: in the user's folder nobody can. */
	if (code == 0)
		futimens(spool_fd, NULL);
	close(spool_fd);
	return code;
}

/* This user's folder; -1: there is none. */
static int open_own(const struct rlg_siteconf *site)
{
	int spool_fd = rlg_node_open(site->node_spool, NULL);

	if (spool_fd < 0)
		return -1;
	int folder_fd = rlg_node_folder_open(spool_fd, false, NULL);
	close(spool_fd);
	return folder_fd;
}

static bool stop_at_entry(void *context, int folder_fd, const char *name)
{
	bool *found = context;

	*found = rlg_node_spool_is_entry(name);
	return !*found;
}

bool rlg_node_spool_waits(const struct rlg_siteconf *site)
{
	int folder_fd = open_own(site);
	bool found = false;

	if (folder_fd < 0)
		return false;
	rlg_node_each_name(folder_fd, stop_at_entry, &found);
	close(folder_fd);
	return found;
}

static bool count_entry(void *context, int folder_fd, const char *name)
{
	struct rlg_node_own *own = context;

	own->waiting += rlg_node_spool_is_entry(name);
	return true;
}

void rlg_node_spool_look(const struct rlg_siteconf *site, struct rlg_node_own *out_own)
{
	int folder_fd = open_own(site);

	*out_own = (struct rlg_node_own){.waiting = 0};
	if (folder_fd < 0)
		return;
	rlg_node_each_name(folder_fd, count_entry, out_own);
	rlg_node_drops_read(folder_fd, &out_own->drops);
	close(folder_fd);
}
