/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of a group's snapshot: see snapshot.h. */
#include "tool/group/snapshot.h"

#include "lib/layout.h"
#include "tool/base/bytes.h"
#include "tool/base/inside.h"
#include "tool/base/sum64.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A snapshot of another form is none; to be counted up whenever what its frames hold changes. */
#define FORM 2

/* Past this it is not worth its room: a group of that size is read from its records. */
#define MOST_BYTES ((uint64_t)4 << 30)
#define MOST_STATE ((uint64_t)512 << 20)

/* What is written at once; bulk of a million records never stands in memory together. */
#define BUFFER_BYTES ((size_t)1 << 20)

/* A snapshot grows by so much before it is worth writing anew, however small it is; and what is read of it, before it is
 * worth telling once more. */
#define LEAST_GARBAGE ((uint64_t)1 << 20)
#define LEAST_APPENDED ((uint64_t)1 << 18)

/* Bulk is read together that is no further apart than it takes to ask for it twice, up to so much. */
#define NEAR_BYTES ((uint64_t)1 << 14)
#define TOGETHER_BYTES ((uint64_t)1 << 22)

struct header {
	char magic[8];
	uint64_t order; /* of bytes in a number, and the form */
	uint64_t print;
	uint64_t state_at; /* where bulk ends for the first time */
	uint64_t whole; /* how long it was when it was written anew */
	uint64_t sum; /* of all above */
};

#define MAGIC "rlgsnap"
#define ORDER (UINT64_C(0x0102030405060700) + FORM)

struct frame {
	uint64_t length;
	uint32_t kind;
	uint32_t check; /* of the two above */
	uint64_t sum; /* of the bytes that follow */
};

struct rlg_snapshot {
	struct rlg_arena *arena;
	int folder; /* .runledger */
	const char *name; /* in it */
	char *temporary; /* being written anew, under this name; NULL: it is not */
	uint64_t print;
	bool write;
	int fd; /* what is read; -1: none */
	int to_fd; /* what is written to; -1: nothing */
	uint64_t length; /* of what is read, or written: up to where it is whole */
	uint64_t state_at; /* where reading begins; of what is written anew 0: only bulk so far */
	bool moves_state; /* what is added is all that is not bulk: it is where reading is to begin */
	uint64_t whole; /* its length when all that is not bulk was last told */
	struct rlg_bytes buffer; /* behind `length`, not written yet */
};

static const char *name_of(struct rlg_arena *arena, const char *group_path)
{
	const char *own = "";
	struct stat marker;

	if (stat(rlg_arena_printf(arena, "%s/" RLG_DIR, group_path), &marker) == 0 &&
	    (marker.st_uid != geteuid() || (marker.st_mode & (S_IWGRP | S_IWOTH)) != 0))
		own = rlg_arena_printf(arena, ".u%lu", (unsigned long)geteuid());
	return rlg_arena_printf(arena, RLG_SNAPSHOT_FILE "%s", own);
}

static struct header header_of(uint64_t print, uint64_t state_at, uint64_t whole)
{
	struct header header = {.magic = MAGIC, .order = ORDER, .print = print, .state_at = state_at, .whole = whole};

	header.sum = rlg_sum64(0, &header, offsetof(struct header, sum));
	return header;
}

static uint32_t check_of(const struct frame *frame)
{
	return (uint32_t)rlg_sum64(0, frame, offsetof(struct frame, check));
}

/* ---- reading ---- */

static bool read_at(int fd, void *to, size_t count, uint64_t offset)
{
	char *at = to;

	while (count > 0) {
		ssize_t got = pread(fd, at, count, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		offset += (uint64_t)got;
		count -= (size_t)got;
	}
	return true;
}

static bool is_ours(const struct stat *file)
{
	return S_ISREG(file->st_mode) && file->st_uid == geteuid() && file->st_nlink == 1 &&
	       (file->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* What is no file is not even opened: that may be to do something. */
static int open_regular(const struct rlg_snapshot *snapshot, bool write)
{
	struct stat file;

	if (snapshot->folder < 0 || fstatat(snapshot->folder, snapshot->name, &file, AT_SYMLINK_NOFOLLOW) != 0 || !is_ours(&file))
		return -1;
	return openat(snapshot->folder, snapshot->name,
		      (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

/* Read, not mapped: what another host of an NFS cuts off is an error here, and a signal there. */
static bool read_state(struct rlg_snapshot *snapshot, const char **out_bytes, size_t *out_count)
{
	struct header header, expected;
	struct stat file;

	if (fstat(snapshot->fd, &file) != 0 || !is_ours(&file) || (uint64_t)file.st_size > MOST_BYTES ||
	    !read_at(snapshot->fd, &header, sizeof(header), 0))
		return false;
	expected = header_of(snapshot->print, header.state_at, header.whole);
	if (memcmp(&header, &expected, sizeof(header)) != 0 || header.state_at < sizeof(header) ||
	    header.state_at > header.whole || header.whole > (uint64_t)file.st_size ||
	    (uint64_t)file.st_size - header.state_at > MOST_STATE)
		return false;
	snapshot->length = (uint64_t)file.st_size;
	snapshot->state_at = header.state_at;
	snapshot->whole = header.whole;
	*out_count = snapshot->length - header.state_at;
	char *bytes = rlg_arena_alloc_full(snapshot->arena, *out_count + 1);
	*out_bytes = bytes;
	return read_at(snapshot->fd, bytes, *out_count, header.state_at);
}

/* A frame that is not all there is what somebody died over: all before it counts, and it is written anew. */
static bool tell_frames(struct rlg_snapshot *snapshot, const char *bytes, size_t count, rlg_frame_fn *tell, void *context)
{
	struct frame frame;
	size_t at = 0;

	for (; count - at >= sizeof(frame); at += sizeof(frame) + frame.length) {
		memcpy(&frame, bytes + at, sizeof(frame));
		if (frame.check != check_of(&frame))
			return false;
		if (frame.length > count - at - sizeof(frame))
			break;
		const char *inside = bytes + at + sizeof(frame);
		if (frame.kind == RLG_FRAME_BULK)
			continue;
		if (rlg_sum64(0, inside, frame.length) != frame.sum ||
		    !tell(context, (enum rlg_frame)frame.kind, inside, frame.length))
			return false;
	}
	/* The end is not ours to write behind: what comes there would be read as part of it. */
	if (at < count)
		snapshot->write = snapshot->write && ftruncate(snapshot->fd, (off_t)(snapshot->length - (count - at))) == 0;
	snapshot->length -= count - at;
	return true;
}

struct rlg_snapshot *rlg_snapshot_open(struct rlg_arena *arena, const char *group_path, uint64_t print, bool write,
				       rlg_frame_fn *tell, void *context, bool *out_whole)
{
	struct rlg_snapshot *snapshot = rlg_arena_alloc(arena, sizeof(*snapshot));
	const char *bytes;
	size_t count;

	*snapshot = (struct rlg_snapshot){.arena = arena, .write = write, .to_fd = -1};
	snapshot->print = rlg_sum64_text(rlg_sum64(print, &(uint64_t){sizeof(void *)}, sizeof(uint64_t)), PACKAGE_VERSION);
	rlg_bytes_init(&snapshot->buffer, arena);
	snapshot->folder = rlg_inside_open_folder(group_path, RLG_DIR);
	snapshot->name = name_of(arena, group_path);
	snapshot->fd = open_regular(snapshot, write);
	*out_whole = snapshot->fd >= 0 && read_state(snapshot, &bytes, &count) &&
		     tell_frames(snapshot, bytes, count, tell, context);
	if (*out_whole && write)
		snapshot->to_fd = snapshot->fd;
	return snapshot;
}

/* The bytes behind a frame's head; NULL: they are not what was added. */
static const char *inside_of_bulk(const char *bytes, uint64_t length)
{
	struct frame frame;

	memcpy(&frame, bytes, sizeof(frame));
	if (frame.check != check_of(&frame) || frame.kind != RLG_FRAME_BULK || frame.length != length ||
	    rlg_sum64(0, bytes + sizeof(frame), length) != frame.sum)
		return NULL;
	return bytes + sizeof(frame);
}

const char *rlg_snapshot_bulk(struct rlg_snapshot *snapshot, struct rlg_arena *arena, struct rlg_bulk where)
{
	const size_t head = sizeof(struct frame);
	int fd = snapshot->to_fd >= 0 ? snapshot->to_fd : snapshot->fd;

	if (fd < 0 || where.length > MOST_STATE || where.offset > snapshot->length + snapshot->buffer.length)
		return NULL;
	char *bytes = rlg_arena_alloc(arena, head + where.length);
	if (where.offset >= snapshot->length) {
		size_t at = where.offset - snapshot->length;
		if (head + where.length > snapshot->buffer.length - at)
			return NULL;
		memcpy(bytes, snapshot->buffer.data + at, head + where.length);
	} else if (!read_at(fd, bytes, head + where.length, where.offset)) {
		return NULL;
	}
	return inside_of_bulk(bytes, where.length);
}

static uint64_t end_of(struct rlg_bulk where)
{
	return where.offset + sizeof(struct frame) + where.length;
}

/* How many of them, from the first, are one read. */
static size_t count_near(const struct rlg_bulk *where, size_t n)
{
	size_t count = 1;

	while (count < n && where[count].length <= MOST_STATE && where[count].offset >= end_of(where[count - 1]) &&
	       where[count].offset - end_of(where[count - 1]) <= NEAR_BYTES &&
	       end_of(where[count]) - where[0].offset <= TOGETHER_BYTES)
		count++;
	return count;
}

void rlg_snapshot_bulks(struct rlg_snapshot *snapshot, struct rlg_arena *arena, const struct rlg_bulk *where, size_t n,
			const char **out_bytes)
{
	for (size_t done = 0, count; done < n; done += count) {
		const struct rlg_bulk *first = &where[done];
		count = count_near(first, n - done);
		uint64_t size = end_of(first[count - 1]) - first->offset;
		if (count == 1 || snapshot->fd < 0 || end_of(first[count - 1]) > snapshot->length) {
			count = 1;
			out_bytes[done] = rlg_snapshot_bulk(snapshot, arena, *first);
			continue;
		}
		char *bytes = rlg_arena_alloc(arena, size);
		bool read = read_at(snapshot->fd, bytes, size, first->offset);
		for (size_t i = 0; i < count; i++)
			out_bytes[done + i] =
				read ? inside_of_bulk(bytes + (first[i].offset - first->offset), first[i].length) : NULL;
	}
}

/* ---- writing ---- */

static void give_up(struct rlg_snapshot *snapshot)
{
	if (snapshot->temporary != NULL)
		unlinkat(snapshot->folder, snapshot->temporary, 0);
	if (snapshot->to_fd >= 0 && snapshot->to_fd != snapshot->fd)
		close(snapshot->to_fd);
	snapshot->temporary = NULL;
	snapshot->to_fd = -1;
	snapshot->write = snapshot->moves_state = false;
	snapshot->buffer.length = 0;
}

/* At the end of what is whole. */
static void flush(struct rlg_snapshot *snapshot)
{
	const char *bytes = snapshot->buffer.data;
	size_t left = snapshot->buffer.length;

	while (snapshot->to_fd >= 0 && left > 0) {
		ssize_t written = pwrite(snapshot->to_fd, bytes, left, (off_t)snapshot->length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			/* What is torn off at its end is stepped over; to a file that is full it is not worth a try again. */
			give_up(snapshot);
			return;
		}
		bytes += written;
		left -= (size_t)written;
		snapshot->length += (uint64_t)written;
	}
	snapshot->buffer.length = 0;
}

static void add_frame(struct rlg_snapshot *snapshot, enum rlg_frame kind, const char *bytes, size_t count)
{
	struct frame frame = {.length = count, .kind = kind, .sum = rlg_sum64(0, bytes, count)};

	if (snapshot->to_fd < 0)
		return;
	if (snapshot->length + snapshot->buffer.length + count > MOST_BYTES) {
		give_up(snapshot);
		return;
	}
	frame.check = check_of(&frame);
	rlg_bytes_add_n(&snapshot->buffer, (const char *)&frame, sizeof(frame));
	rlg_bytes_add_n(&snapshot->buffer, bytes, count);
	if (snapshot->buffer.length >= BUFFER_BYTES)
		flush(snapshot);
}

void rlg_snapshot_begin_anew(struct rlg_snapshot *snapshot)
{
	const struct header empty = {.order = 0};

	if (!snapshot->write)
		return;
	give_up(snapshot);
	snapshot->write = true;
	snapshot->temporary = rlg_arena_printf(snapshot->arena, ".%s.%08lx.tmp", snapshot->name, (unsigned long)getpid());
	unlinkat(snapshot->folder, snapshot->temporary, 0); /* of one who died, and had our number */
	snapshot->to_fd = openat(snapshot->folder, snapshot->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	snapshot->length = snapshot->state_at = 0;
	if (snapshot->to_fd < 0)
		give_up(snapshot);
	else
		rlg_bytes_add_n(&snapshot->buffer, (const char *)&empty, sizeof(empty));
}

bool rlg_snapshot_is_anew(const struct rlg_snapshot *snapshot)
{
	return snapshot->temporary != NULL;
}

struct rlg_bulk rlg_snapshot_add_bulk(struct rlg_snapshot *snapshot, const char *bytes, size_t count)
{
	uint64_t offset = snapshot->length + snapshot->buffer.length;

	if (snapshot->to_fd < 0 || count == 0)
		return (struct rlg_bulk){.length = 0};
	add_frame(snapshot, RLG_FRAME_BULK, bytes, count);
	return (struct rlg_bulk){offset, count};
}

void rlg_snapshot_add(struct rlg_snapshot *snapshot, enum rlg_frame kind, const char *bytes, size_t count)
{
	if (snapshot->temporary != NULL && snapshot->state_at == 0)
		snapshot->state_at = snapshot->length + snapshot->buffer.length;
	add_frame(snapshot, kind, bytes, count);
}

/* From what is read to what is written anew. */
struct rlg_bulk rlg_snapshot_move_bulk(struct rlg_snapshot *snapshot, struct rlg_bulk where)
{
	struct rlg_snapshot old = {.fd = snapshot->fd, .to_fd = -1, .length = MOST_BYTES};
	RLG_ARENA struct rlg_arena *scratch = rlg_arena_new();
	const char *bytes = where.length == 0 ? NULL : rlg_snapshot_bulk(&old, scratch, where);

	if (bytes == NULL)
		return (struct rlg_bulk){.length = 0};
	return rlg_snapshot_add_bulk(snapshot, bytes, where.length);
}

bool rlg_snapshot_is_stale(const struct rlg_snapshot *snapshot, uint64_t bulk)
{
	uint64_t length = snapshot->length + snapshot->buffer.length, state = snapshot->whole - snapshot->state_at;

	return snapshot->temporary == NULL && snapshot->to_fd >= 0 && length > 4 * LEAST_GARBAGE && length / 2 > state + bulk;
}

bool rlg_snapshot_is_long(const struct rlg_snapshot *snapshot)
{
	uint64_t appended = snapshot->length + snapshot->buffer.length - snapshot->whole;

	return snapshot->temporary == NULL && snapshot->to_fd >= 0 && appended > LEAST_APPENDED &&
	       appended > (snapshot->whole - snapshot->state_at) / 2;
}

void rlg_snapshot_begin_state(struct rlg_snapshot *snapshot)
{
	if (snapshot->temporary != NULL || snapshot->to_fd < 0)
		return;
	snapshot->state_at = snapshot->length + snapshot->buffer.length;
	snapshot->moves_state = true;
}

static bool write_header(const struct rlg_snapshot *snapshot)
{
	struct header header = header_of(snapshot->print, snapshot->state_at, snapshot->length);

	return pwrite(snapshot->to_fd, &header, sizeof(header), 0) == (ssize_t)sizeof(header);
}

/* Who reads it meanwhile reads from the old place on, or takes half a header for no snapshot. */
static void commit_state(struct rlg_snapshot *snapshot)
{
	if (!snapshot->moves_state)
		return;
	snapshot->moves_state = false;
	snapshot->whole = snapshot->length;
	if (!write_header(snapshot))
		give_up(snapshot);
}

void rlg_snapshot_commit(struct rlg_snapshot *snapshot)
{
	if (snapshot->temporary != NULL && snapshot->state_at == 0)
		snapshot->state_at = snapshot->length + snapshot->buffer.length;
	flush(snapshot);
	commit_state(snapshot);
	if (snapshot->temporary == NULL)
		return;
	if (!write_header(snapshot) ||
	    renameat(snapshot->folder, snapshot->temporary, snapshot->folder, snapshot->name) != 0) {
		give_up(snapshot);
		return;
	}
	if (snapshot->fd >= 0)
		close(snapshot->fd);
	snapshot->fd = snapshot->to_fd;
	snapshot->temporary = NULL;
	snapshot->whole = snapshot->length;
}

void rlg_snapshot_close(struct rlg_snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	give_up(snapshot);
	if (snapshot->fd >= 0)
		close(snapshot->fd);
	if (snapshot->folder >= 0)
		close(snapshot->folder);
	snapshot->fd = snapshot->folder = -1;
}

void rlg_snapshot_remove(const char *group_path)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	int folder = rlg_inside_open_folder(group_path, RLG_DIR);

	if (folder < 0)
		return;
	unlinkat(folder, name_of(arena, group_path), 0);
	close(folder);
}
