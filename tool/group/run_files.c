/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status files of one run: see run_files.h. */
#include "tool/group/run_files.h"

#include "lib/lines.h"
#include "tool/base/sum64.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that was replaced, or copied back, by another of the same number and a greater length ends otherwise there. */
#define TAIL_BYTES 64

/* ---- packed ---- */

#define FILE_MEMBER(member, kind) {offsetof(struct rlg_read_file, member), RLG_PACKED_##kind, 0}

static const struct rlg_packed_member members[] = {
	FILE_MEMBER(name, TEXT),       FILE_MEMBER(inode, INT), FILE_MEMBER(position, INT), FILE_MEMBER(size, INT),
	FILE_MEMBER(modified_ns, INT), FILE_MEMBER(tail, INT),	FILE_MEMBER(damaged, INT),
};
#define N_MEMBERS (sizeof(members) / sizeof(members[0]))
_Static_assert(sizeof(struct rlg_read_file) == 8 * N_MEMBERS, "all of it");

void rlg_read_files_pack(const struct rlg_read_files *files, struct rlg_bytes *to)
{
	static const struct rlg_read_file nothing;

	rlg_pack_number(to, files->unreadable);
	rlg_pack_number(to, files->n);
	for (size_t i = 0; i < files->n; i++)
		rlg_pack_struct(to, &files->list[i], &nothing, members, N_MEMBERS);
}

void rlg_read_files_unpack(struct rlg_arena *arena, struct rlg_unpack *from, struct rlg_read_files *out_files)
{
	out_files->unreadable = rlg_unpack_number(from);
	out_files->n = rlg_unpack_count(from, 1);
	out_files->list = rlg_arena_alloc(arena, (out_files->n + 1) * sizeof(*out_files->list));
	for (size_t i = 0; i < out_files->n; i++) {
		rlg_unpack_struct(from, &out_files->list[i], members, N_MEMBERS);
		from->bad = from->bad || out_files->list[i].name == NULL;
	}
}

void rlg_read_files_copy(struct rlg_arena *arena, const struct rlg_read_files *from, struct rlg_read_files *out_files)
{
	*out_files = *from;
	out_files->list = rlg_arena_grow(arena, from->list, from->n, from->n + 1, sizeof(*from->list));
	for (size_t i = 0; i < from->n; i++)
		out_files->list[i].name = rlg_arena_strdup(arena, from->list[i].name);
}

uint64_t rlg_read_files_damaged(const struct rlg_read_files *files)
{
	uint64_t damaged = files->unreadable;

	for (size_t i = 0; i < files->n; i++)
		damaged += files->list[i].damaged;
	return damaged;
}

/* ---- looking ---- */

static const struct rlg_read_file *file_called(const struct rlg_read_files *files, const char *name)
{
	for (size_t i = 0; i < files->n; i++)
		if (strcmp(files->list[i].name, name) == 0)
			return &files->list[i];
	return NULL;
}

static int64_t modified_ns(const struct stat *file)
{
	return (int64_t)file->st_mtim.tv_sec * 1000000000 + file->st_mtim.tv_nsec;
}

/* A file that cannot be read is told by the reading that comes. */
static uint64_t tail_of(int fd, uint64_t position)
{
	size_t count = position < TAIL_BYTES ? (size_t)position : TAIL_BYTES;
	char bytes[TAIL_BYTES];

	if (pread(fd, bytes, count, (off_t)(position - count)) != (ssize_t)count)
		return 0;
	return rlg_sum64(0, bytes, count);
}

static enum rlg_run_news look_at(int fd, const struct rlg_read_file *before)
{
	struct stat file;

	if (fstat(fd, &file) != 0 || (uint64_t)file.st_ino != before->inode || (uint64_t)file.st_size < before->size)
		return RLG_RUN_ANEW;
	if ((uint64_t)file.st_size == before->size)
		return modified_ns(&file) == before->modified_ns ? RLG_RUN_AS_BEFORE : RLG_RUN_ANEW;
	return tail_of(fd, before->position) == before->tail ? RLG_RUN_MORE : RLG_RUN_ANEW;
}

struct looking {
	const struct rlg_read_files *before;
	size_t n_known;
	enum rlg_run_news news;
};

static int look_at_file(void *context, const char *name, int fd)
{
	struct looking *looking = context;
	const struct rlg_read_file *before = file_called(looking->before, name);
	enum rlg_run_news news = before == NULL ? RLG_RUN_MORE : look_at(fd, before);

	looking->n_known += before != NULL;
	if (news > looking->news)
		looking->news = news;
	return 0;
}

enum rlg_run_news rlg_run_look(const char *group_path, const char *run, const struct rlg_read_files *before)
{
	struct looking looking = {.before = before, .news = RLG_RUN_AS_BEFORE};
	struct rlg_damage damage = {.torn = 0};

	if (rlg_lines_each_file(group_path, run, look_at_file, &looking, &damage, NULL) != 0)
		return RLG_RUN_ANEW;
	return looking.n_known < before->n || damage.files != before->unreadable ? RLG_RUN_ANEW : looking.news;
}

/* ---- reading ---- */

struct reading {
	struct rlg_arena *arena;
	const char *run;
	const struct rlg_read_files *before;
	struct rlg_read_files *files;
	size_t room;
	rlg_run_line_fn *tell;
	void *context;
	uint64_t damaged; /* in the file at hand */
	int unread;
};

static int take_line(void *context, const char *run, const char *file, const char *line, size_t length)
{
	struct reading *reading = context;

	reading->damaged += !reading->tell(reading->context, line, length);
	return 0;
}

static struct rlg_read_file *new_file(struct reading *reading)
{
	struct rlg_read_files *files = reading->files;

	if (files->n == reading->room) {
		reading->room = reading->room == 0 ? 2 : 2 * reading->room;
		files->list = rlg_arena_grow(reading->arena, files->list, files->n, reading->room, sizeof(*files->list));
	}
	return &files->list[files->n++];
}

static int read_file(void *context, const char *name, int fd)
{
	struct reading *reading = context;
	const struct rlg_read_file *before = file_called(reading->before, name);
	struct rlg_damage damage = {.torn = 0};
	struct stat file = {.st_size = 0};

	reading->damaged = 0;
	if (before != NULL)
		lseek(fd, (off_t)before->position, SEEK_SET);
	/* Before it is read: what comes meanwhile makes the file longer than it is known here, and is read again. */
	fstat(fd, &file);
	rlg_lines_each_in_file(fd, reading->run, name, take_line, reading, &damage);
	if (damage.unread != 0)
		reading->unread = damage.unread;
	uint64_t position = (uint64_t)lseek(fd, 0, SEEK_CUR);
	*new_file(reading) = (struct rlg_read_file){
		.name = rlg_arena_strdup(reading->arena, name),
		.inode = damage.files > 0 ? 0 : (uint64_t)file.st_ino, /* what could not be read is read anew */
		.position = position,
		.size = (uint64_t)file.st_size > position ? (uint64_t)file.st_size : position,
		.modified_ns = modified_ns(&file),
		.tail = tail_of(fd, position),
		.damaged = (before == NULL ? 0 : before->damaged) + reading->damaged + rlg_damage_total(&damage)};
	return 0;
}

int rlg_run_read(struct rlg_arena *arena, const char *group_path, const char *run, const struct rlg_read_files *before,
		 rlg_run_line_fn *tell, void *context, struct rlg_read_files *out_files, struct rlg_err *err)
{
	struct reading reading = {
		.arena = arena, .run = run, .before = before, .files = out_files, .tell = tell, .context = context};
	struct rlg_damage damage = {.torn = 0};

	*out_files = (struct rlg_read_files){.n = 0};
	int code = rlg_lines_each_file(group_path, run, read_file, &reading, &damage, err);
	out_files->unreadable = damage.files;
	out_files->unread = damage.unread != 0 ? damage.unread : reading.unread;
	return code;
}
