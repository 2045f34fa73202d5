/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tracker's file in its group: see tracker_file.h. */
#include "tool/group/tracker_file.h"

#include "lib/layout.h"
#include "tool/base/sum64.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_same(const char *text, size_t length, const char *other, size_t other_length)
{
	return text != NULL && other != NULL && length == other_length && memcmp(text, other, length) == 0;
}

static const char *next_base(const struct rlg_tracker_file *file)
{
	return rlg_arena_printf(file->arena, "%s.next", file->base_place);
}

static const char *memory_place(const struct rlg_tracker_file *file)
{
	return rlg_arena_printf(file->arena, "%s.memory", file->base_place);
}

static const char *next_memory(const struct rlg_tracker_file *file)
{
	return rlg_arena_printf(file->arena, "%s.memory.next", file->base_place);
}

/*
 * What is ours beside the tracker.  One that can never be read is as good as none: then only what the records cannot
 * explain is a person's.  But where it can be the next time, our own news would look like a person's now, and be theirs for
 * good; and where somebody else laid a link, they are told of it, before anything is written.
 */
static int read_ours(const struct rlg_tracker_file *file, const char *place, char **out_text, size_t *out_length,
		     struct rlg_err *err)
{
	int code = rlg_reach_read(file->arena, file->reach, place, RLG_TRACKER_MAX, out_text, out_length, NULL, err);

	if (code != 0)
		*out_text = NULL;
	return code == -ELOOP || (code < 0 && rlg_errno_may_pass(-code)) ? code : 0;
}

static int read_base(struct rlg_tracker_file *file, struct rlg_err *err)
{
	char *next;
	size_t length;
	int code = read_ours(file, file->base_place, &file->base, &file->base_length, err);

	if (code == 0)
		code = read_ours(file, next_base(file), &next, &length, err);
	if (code != 0 || is_same(file->text, file->length, file->base, file->base_length))
		return code;
	/* Somebody died between the tracker and its copy: what stands there is ours all the same. */
	if (is_same(file->text, file->length, next, length)) {
		file->base = next;
		file->base_length = length;
		file->base_is_next = true;
	}
	return 0;
}

/* Without the file it was about, a memory is of something else. */
static int read_memory(struct rlg_tracker_file *file, struct rlg_err *err)
{
	size_t length;
	char *next = NULL;
	int code = read_ours(file, memory_place(file), &file->memory, &length, err);

	if (code == 0)
		code = read_ours(file, next_memory(file), &next, &length, err);
	if (file->base_is_next && next != NULL) {
		file->memory = next;
		file->memory_is_next = true;
	}
	if (file->text == NULL)
		file->memory = NULL;
	return code;
}

struct rlg_tracker_view rlg_tracker_view(const struct rlg_group *group, const struct rlg_tracker_choice *choice,
					 const struct rlg_model *model)
{
	return (struct rlg_tracker_view){.arena = group->arena,
					 .model = model,
					 .group_path = group->path,
					 .reach = &group->reach,
					 .config = &group->config,
					 .plan = &group->plan,
					 .choice = choice->path};
}

struct gathering {
	struct rlg_group *group;
	struct rlg_tracker_places *places;
};

static void gather_place(void *context, const struct rlg_tracker_place *place)
{
	struct gathering *gathering = context;
	struct rlg_tracker_places *places = gathering->places;

	if (places->n == places->room) {
		places->room = places->room == 0 ? 1 : 2 * places->room;
		places->list = rlg_arena_grow(gathering->group->arena, places->list, places->n, places->room,
					      sizeof(*places->list));
	}
	places->list[places->n++] = *place;
}

int rlg_tracker_places(struct rlg_group *group, const struct rlg_tracker_choice *choice, const struct rlg_model *model,
		       struct rlg_tracker_places *out_places, struct rlg_err *err)
{
	const struct rlg_tracker *tracker = rlg_tracker_called(choice->tracker);
	struct rlg_tracker_view view = rlg_tracker_view(group, choice, model);
	struct gathering gathering = {group, out_places};
	struct rlg_tracker_place only = {.path = choice->path};

	*out_places = (struct rlg_tracker_places){.n = 0};
	if (choice->path == NULL || tracker == NULL)
		return 0;
	if (tracker->places != NULL)
		return tracker->places(&view, gather_place, &gathering, err);
	gather_place(&gathering, &only);
	return 0;
}

/* A path as one name: what would not be unique, or too long, is told by a hash. */
static const char *as_name(struct rlg_arena *arena, const char *path)
{
	char *name = rlg_arena_alloc(arena, 3 * strlen(path) + 1), *to = name;
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (const char *from = path; *from != '\0'; from++) {
		hash = (hash ^ (unsigned char)*from) * 1099511628211u;
		if (*from == '/' || *from == '%')
			to += sprintf(to, "%%%02X", (unsigned char)*from);
		else
			*to++ = *from;
	}
	*to = '\0';
	if (to - name <= RLG_NAME_MAX)
		return name;
	return rlg_arena_printf(arena, "%.*s%%%016llx", RLG_NAME_MAX - 17, name, (unsigned long long)hash);
}

/* Of a tracker with many files each copy is called by its path, in a folder of the tracker's. */
static const char *base_of(const struct rlg_group *group, const struct rlg_tracker_choice *choice,
			   const struct rlg_tracker_place *place)
{
	const char *base = rlg_arena_printf(group->arena, RLG_DIR "/" RLG_TRACKERS_DIR "/%s", choice->tracker);

	if (rlg_tracker_called(choice->tracker)->places == NULL)
		return base;
	return rlg_arena_printf(group->arena, "%s.d/%s", base,
				as_name(group->arena, place->key != NULL ? place->key : place->path));
}

int rlg_tracker_file_open(struct rlg_group *group, const struct rlg_tracker_choice *choice,
			  const struct rlg_tracker_place *place, struct rlg_tracker_file *out_file, struct rlg_err *err)
{
	return rlg_tracker_file_open_stamped(group, choice, place, NULL, out_file, err);
}

/* A copy that is known to be the same is not read. */
static int find_base(const uint64_t *written_sum, struct rlg_tracker_file *file, struct rlg_err *err)
{
	if (written_sum == NULL || file->text == NULL || rlg_sum64(0, file->text, file->length) != *written_sum)
		return read_base(file, err);
	file->base = file->text;
	file->base_length = file->length;
	return 0;
}

int rlg_tracker_file_open_stamped(struct rlg_group *group, const struct rlg_tracker_choice *choice,
				  const struct rlg_tracker_place *place, const uint64_t *written_sum,
				  struct rlg_tracker_file *out_file, struct rlg_err *err)
{
	*out_file = (struct rlg_tracker_file){.arena = group->arena,
					      .reach = &group->reach,
					      .place = place->path,
					      .path = rlg_group_path(group, place->path),
					      .base_place = base_of(group, choice, place)};
	int code = rlg_reach_read(group->arena, &group->reach, place->path, RLG_TRACKER_MAX, &out_file->text,
				  &out_file->length, &out_file->stat, err);
	if (code == 0)
		code = find_base(written_sum, out_file, err);
	if (code == 0)
		code = read_memory(out_file, err);
	return code;
}

/* ---- signs ---- */

static int64_t nanoseconds(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static struct rlg_file_sign sign_of(const struct stat *file)
{
	return (struct rlg_file_sign){.inode = (uint64_t)file->st_ino,
				      .size = (uint64_t)file->st_size,
				      .modified_ns = (uint64_t)nanoseconds(&file->st_mtim),
				      .changed_ns = (uint64_t)nanoseconds(&file->st_ctim)};
}

static struct rlg_file_sign sign_at(const char *path)
{
	struct stat file;

	return stat(path, &file) == 0 ? sign_of(&file) : (struct rlg_file_sign){.inode = 0};
}

static const char *path_of(const struct rlg_tracker_file *file, const char *place)
{
	return rlg_arena_printf(file->arena, "%s/%s", file->reach->group_path, place);
}

struct rlg_tracker_signs rlg_tracker_file_signs(const struct rlg_tracker_file *file)
{
	return (struct rlg_tracker_signs){sign_at(file->path), sign_at(path_of(file, file->base_place)),
					  sign_at(path_of(file, memory_place(file)))};
}

void rlg_tracker_signs(const struct rlg_group *group, const struct rlg_tracker_choice *choice,
		       const struct rlg_tracker_place *place, struct rlg_tracker_signs *out_signs)
{
	struct rlg_tracker_file file = {.arena = group->arena,
					.reach = &group->reach,
					.path = rlg_group_path(group, place->path),
					.base_place = base_of(group, choice, place)};

	*out_signs = rlg_tracker_file_signs(&file);
}

const char *rlg_tracker_stamp_key(const struct rlg_group *group, const struct rlg_tracker_choice *choice,
				  const struct rlg_tracker_place *place)
{
	return rlg_arena_printf(group->arena, "%s\n%s\n%s", choice->tracker, place->path,
				place->key == NULL ? "" : place->key);
}

bool rlg_tracker_runs_are_known(struct rlg_group *group, const struct rlg_load *load)
{
	const struct rlg_tracker_choice *telling = NULL;
	struct rlg_tracker_signs signs;

	for (size_t i = 0; i < group->config.n_trackers; i++) {
		const struct rlg_tracker_choice *choice = &group->config.trackers[i];
		const struct rlg_tracker *tracker = rlg_tracker_called(choice->tracker);
		if (choice->path == NULL || tracker == NULL || tracker->runs == NULL)
			continue;
		if (telling != NULL || tracker->places != NULL)
			return false;
		telling = choice;
	}
	if (telling == NULL)
		return false;
	struct rlg_tracker_place place = {.path = telling->path};
	struct rlg_stamp stamp = rlg_load_stamp(load, rlg_tracker_stamp_key(group, telling, &place));
	if (stamp.sequence == 0 || stamp.told == 0)
		return false;
	rlg_tracker_signs(group, telling, &place, &signs);
	return memcmp(&signs.file, &stamp.file, sizeof(signs.file)) == 0;
}

/* ---- the runs that trackers name ---- */

static int tell_runs(struct rlg_group *group, const struct rlg_tracker_choice *choice, rlg_tracker_run_fn *tell,
		     void *context)
{
	const struct rlg_tracker *tracker = rlg_tracker_called(choice->tracker);
	struct rlg_tracker_places places;
	struct rlg_tracker_file file;
	int unread = 0;

	if (tracker->runs == NULL || rlg_tracker_places(group, choice, NULL, &places, NULL) != 0)
		return 0;
	for (size_t i = 0; i < places.n; i++) {
		int code = rlg_tracker_file_open(group, choice, &places.list[i], &file, NULL);
		if (code == 0 && file.text != NULL)
			tracker->runs(group->arena, file.path, file.text, tell, context, NULL);
		if (code < 0 && rlg_errno_may_pass(-code))
			unread = -code;
	}
	return unread;
}

int rlg_tracker_runs(struct rlg_group *group, rlg_tracker_run_fn *tell, void *context)
{
	int unread = 0;

	for (size_t i = 0; i < group->config.n_trackers; i++) {
		int one = tell_runs(group, &group->config.trackers[i], tell, context);
		unread = one != 0 ? one : unread;
	}
	return unread;
}

bool rlg_tracker_file_is_current(const struct rlg_tracker_file *file)
{
	struct stat now;

	if (stat(file->path, &now) != 0)
		return file->text == NULL && errno == ENOENT;
	return file->text != NULL && now.st_ino == file->stat.st_ino && now.st_size == file->stat.st_size &&
	       now.st_mtim.tv_sec == file->stat.st_mtim.tv_sec && now.st_mtim.tv_nsec == file->stat.st_mtim.tv_nsec;
}

/* Its copy and its memory tell no more people than the file itself. */
static mode_t most_open(const struct rlg_tracker_file *file)
{
	return file->text != NULL ? file->stat.st_mode & 0777 : 0777;
}

static int put(const struct rlg_tracker_file *file, const char *from, const char *to, struct rlg_err *err)
{
	int code = rlg_reach_rename(file->reach, from, to);

	return code == 0 ? 0 : rlg_fail_errno(err, code, "cannot write %s", to);
}

/* Whoever wrote this file died before all was in its place: there must be no other next one until it is. */
static int finish_the_dead(const struct rlg_tracker_file *file, struct rlg_err *err)
{
	int code = file->memory_is_next ? put(file, next_memory(file), memory_place(file), err) : 0;

	return code == 0 && file->base_is_next ? put(file, next_base(file), file->base_place, err) : code;
}

static bool is_remembered(const struct rlg_tracker_file *file, const struct rlg_bytes *memory)
{
	const char *known = file->memory != NULL ? file->memory : "";

	return is_same(memory->data, memory->length, known, strlen(known));
}

static int write_ours(const struct rlg_tracker_file *file, const char *place, const struct rlg_bytes *text, struct rlg_err *err)
{
	return rlg_reach_replace(file->arena, file->reach, place, most_open(file), text->data, text->length, NULL, err);
}

/*
 * Before the tracker, its copy and its memory under other names: should we die in between, our own news would look like a
 * person's edit.  Behind it the memory first, as the copy's other name is what says that the memory's is to be believed.
 */
static int write_all(const struct rlg_tracker_file *file, const struct rlg_bytes *text, const struct rlg_bytes *memory,
		     struct rlg_err *err)
{
	const char *next = next_base(file), *memory_next = next_memory(file);
	bool remembered = is_remembered(file, memory);
	int code = 0;

	if (remembered && (code = rlg_reach_remove(file->reach, memory_next)) != 0)
		code = rlg_fail_errno(err, code, "cannot remove %s", memory_next);
	if (!remembered)
		code = write_ours(file, memory_next, memory, err);
	if (code == 0)
		code = write_ours(file, next, text, err);
	/* A rename that fails may have been done (a server's answer was lost): both then stay, to say whose text it is. */
	bool reached = code == 0;
	if (code == 0)
		code = rlg_reach_replace(file->arena, file->reach, file->place, 0777, text->data, text->length, &file->stat, err);
	if (code == -EAGAIN || (code != 0 && !reached)) {
		rlg_reach_remove(file->reach, next);
		rlg_reach_remove(file->reach, memory_next);
	}
	if (code == 0 && !remembered)
		code = put(file, memory_next, memory_place(file), err);
	return code == 0 ? put(file, next, file->base_place, err) : code;
}

int rlg_tracker_file_write(const struct rlg_tracker_file *file, const struct rlg_bytes *text, const struct rlg_bytes *memory,
			   bool *out_written, struct rlg_err *err)
{
	bool is_new = !is_same(text->data, text->length, file->text, file->length);
	int code = finish_the_dead(file, err);

	*out_written = false;
	if (code == 0 && is_new) {
		code = write_all(file, text, memory, err);
		*out_written = code == 0;
		return code;
	}
	if (code == 0 && !is_same(text->data, text->length, file->base, file->base_length))
		code = write_ours(file, file->base_place, text, err);
	if (code == 0 && !is_remembered(file, memory))
		code = write_ours(file, memory_place(file), memory, err);
	return code;
}
