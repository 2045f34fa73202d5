/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tracker's file in its group: see tracker_file.h. */
#include "tool/group/tracker_file.h"

#include "lib/layout.h"
#include "tool/base/atomic_file.h"
#include "tool/base/sum64.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool leaves_group(const char *relative)
{
	for (const char *at = relative; at != NULL; at = strchr(at, '/')) {
		at += *at == '/';
		if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
			return true;
	}
	return relative[0] == '/';
}

/*
 * A shared group is written by others, and what they put there must not lead our reading and writing to files of ours
 * elsewhere: by a path in config.yaml that is not ours alone, or by a link, the last part's or a folder's.  (Between this
 * look and the use a folder may still be exchanged; then rlg_file_replace() finds another file than the one that was read.)
 */
static int check_path(const struct rlg_group *group, const char *chosen, const char *path, struct rlg_err *err)
{
	size_t at = strlen(group->path) + 1;
	struct stat part;

	if (leaves_group(chosen))
		return group->config_is_ours ? 0
					     : rlg_fail(err, -EPERM,
							"%s: a tracker outside of the group needs a config.yaml that is yours and "
							"that nobody else may write",
							path);
	do {
		at += strcspn(path + at, "/");
		const char *so_far = rlg_arena_strndup(group->arena, path, at);
		if (lstat(so_far, &part) == 0 && S_ISLNK(part.st_mode) && part.st_uid != geteuid() && part.st_uid != 0)
			return rlg_fail(err, -ELOOP, "%s is somebody else's symbolic link, which is not followed", so_far);
	} while (path[at++] != '\0');
	return 0;
}

static bool is_same(const char *text, size_t length, const char *other, size_t other_length)
{
	return text != NULL && other != NULL && length == other_length && memcmp(text, other, length) == 0;
}

static const char *next_base(struct rlg_arena *arena, const struct rlg_tracker_file *file)
{
	return rlg_arena_printf(arena, "%s.next", file->base_path);
}

/* A copy that cannot be read is as good as none: then only what the records cannot explain is a person's. */
static void read_base(struct rlg_arena *arena, struct rlg_tracker_file *file)
{
	char *next;
	size_t length;

	if (rlg_file_read(arena, file->base_path, RLG_TRACKER_MAX, &file->base, &file->base_length, NULL, NULL) != 0)
		file->base = NULL;
	if (is_same(file->text, file->length, file->base, file->base_length))
		return;
	/* Somebody died between the tracker and its copy: what stands there is ours all the same. */
	if (rlg_file_read(arena, next_base(arena, file), RLG_TRACKER_MAX, &next, &length, NULL, NULL) == 0 &&
	    is_same(file->text, file->length, next, length)) {
		file->base = next;
		file->base_length = length;
	}
}

static const char *memory_path(const struct rlg_tracker_file *file)
{
	return rlg_arena_printf(file->arena, "%s.memory", file->base_path);
}

/* Without the file it was about, a memory is of something else; one that cannot be read is as good as none. */
static void read_memory(struct rlg_arena *arena, struct rlg_tracker_file *file)
{
	size_t length;

	if (file->text == NULL ||
	    rlg_file_read(arena, memory_path(file), RLG_TRACKER_MAX, &file->memory, &length, NULL, NULL) != 0)
		file->memory = NULL;
}

struct rlg_tracker_view rlg_tracker_view(const struct rlg_group *group, const struct rlg_tracker_choice *choice,
					 const struct rlg_model *model)
{
	return (struct rlg_tracker_view){.arena = group->arena,
					 .model = model,
					 .group_path = group->path,
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
static void find_base(struct rlg_arena *arena, const uint64_t *written_sum, struct rlg_tracker_file *file)
{
	if (written_sum == NULL || file->text == NULL || rlg_sum64(0, file->text, file->length) != *written_sum) {
		read_base(arena, file);
		return;
	}
	file->base = file->text;
	file->base_length = file->length;
}

int rlg_tracker_file_open_stamped(struct rlg_group *group, const struct rlg_tracker_choice *choice,
				  const struct rlg_tracker_place *place, const uint64_t *written_sum,
				  struct rlg_tracker_file *out_file, struct rlg_err *err)
{
	const char *base = base_of(group, choice, place);

	*out_file = (struct rlg_tracker_file){.arena = group->arena};
	out_file->path = rlg_group_path(group, place->path);
	out_file->base_path = rlg_group_path(group, base);
	int code = check_path(group, place->path, out_file->path, err);
	if (code == 0)
		code = check_path(group, base, out_file->base_path, err);
	if (code == 0)
		code = check_path(group, base, next_base(group->arena, out_file), err);
	if (code == 0)
		code = check_path(group, base, memory_path(out_file), err);
	if (code == 0)
		code = rlg_file_read(group->arena, out_file->path, RLG_TRACKER_MAX, &out_file->text, &out_file->length,
				     &out_file->stat, err);
	if (code == 0)
		find_base(group->arena, written_sum, out_file);
	if (code == 0)
		read_memory(group->arena, out_file);
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

/* An NFS client asks its server about a file that is opened; of a stat(2) it may tell what it heard a minute ago. */
static struct rlg_file_sign sign_at(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat file;
	bool there = fd >= 0 && fstat(fd, &file) == 0;

	if (fd >= 0)
		close(fd);
	return there ? sign_of(&file) : (struct rlg_file_sign){.inode = 0};
}

struct rlg_tracker_signs rlg_tracker_file_signs(const struct rlg_tracker_file *file)
{
	return (struct rlg_tracker_signs){sign_at(file->path), sign_at(file->base_path), sign_at(memory_path(file))};
}

void rlg_tracker_signs(const struct rlg_group *group, const struct rlg_tracker_choice *choice,
		       const struct rlg_tracker_place *place, struct rlg_tracker_signs *out_signs)
{
	struct rlg_tracker_file file = {.arena = group->arena,
					.path = rlg_group_path(group, place->path),
					.base_path = rlg_group_path(group, base_of(group, choice, place))};

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

static void tell_runs(struct rlg_group *group, const struct rlg_tracker_choice *choice, rlg_tracker_run_fn *tell,
		      void *context)
{
	const struct rlg_tracker *tracker = rlg_tracker_called(choice->tracker);
	struct rlg_tracker_places places;
	struct rlg_tracker_file file;

	if (tracker->runs == NULL || rlg_tracker_places(group, choice, NULL, &places, NULL) != 0)
		return;
	for (size_t i = 0; i < places.n; i++)
		if (rlg_tracker_file_open(group, choice, &places.list[i], &file, NULL) == 0 && file.text != NULL)
			tracker->runs(group->arena, file.path, file.text, tell, context, NULL);
}

void rlg_tracker_runs(struct rlg_group *group, rlg_tracker_run_fn *tell, void *context)
{
	for (size_t i = 0; i < group->config.n_trackers; i++)
		tell_runs(group, &group->config.trackers[i], tell, context);
}

bool rlg_tracker_file_is_current(const struct rlg_tracker_file *file)
{
	struct stat now;

	if (stat(file->path, &now) != 0)
		return file->text == NULL && errno == ENOENT;
	return file->text != NULL && now.st_ino == file->stat.st_ino && now.st_size == file->stat.st_size &&
	       now.st_mtim.tv_sec == file->stat.st_mtim.tv_sec && now.st_mtim.tv_nsec == file->stat.st_mtim.tv_nsec;
}

/* The folders of a new file and of its copy; what cannot be made shows when the file is written. */
static void make_folders(const struct rlg_tracker_file *file)
{
	const char *const paths[] = {file->path, file->base_path};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const char *slash = strrchr(paths[i], '/');
		rlg_folders_make(rlg_arena_strndup(file->arena, paths[i], (size_t)(slash - paths[i])));
	}
}

int rlg_tracker_file_write(const struct rlg_tracker_file *file, const char *text, size_t length, bool *out_written,
			   struct rlg_err *err)
{
	const char *next = next_base(file->arena, file);
	bool is_new = !is_same(text, length, file->text, file->length);

	*out_written = false;
	if (!is_new && is_same(text, length, file->base, file->base_length))
		return 0;
	make_folders(file);
	/* Before the tracker: should we die in between, our own news would look like a person's edit. */
	int code = rlg_file_replace(next, text, length, NULL, err);
	if (code == 0 && is_new)
		code = rlg_file_replace(file->path, text, length, &file->stat, err);
	if (code == 0 && rename(next, file->base_path) != 0)
		code = rlg_fail_errno(err, -errno, "cannot write %s", file->base_path);
	if (code != 0)
		unlink(next);
	*out_written = code == 0 && is_new;
	return code;
}

int rlg_tracker_file_remember(const struct rlg_tracker_file *file, const struct rlg_bytes *memory, struct rlg_err *err)
{
	size_t known = file->memory != NULL ? strlen(file->memory) : 0;

	if (is_same(memory->data, memory->length, file->memory != NULL ? file->memory : "", known))
		return 0;
	return rlg_file_replace(memory_path(file), memory->data, memory->length, NULL, err);
}
