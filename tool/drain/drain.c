/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Emptying the spool: see drain.h. */
#include "tool/drain/drain.h"

#include "lib/clock.h"
#include "lib/record.h"
#include "lib/spool.h"
#include "tool/base/leftovers.h"
#include "tool/base/arena.h"
#include "tool/drain/ask_rest.h"
#include "tool/drain/children.h"
#include "tool/drain/user.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* So many entries are in memory at a time, so that a flood does not grow us without bound. */
#define MOST_ENTRIES 10000

enum folder { FOLDER_NEW, FOLDER_HELD, FOLDER_BAD, FOLDERS };

static const char *const folder_names[FOLDERS] = {RLG_SPOOL_NEW, RLG_SPOOL_HELD, RLG_SPOOL_BAD};

struct rlg_drain {
	const char *path;
	const struct rlg_siteconf *site;
	uid_t owner; /* of the spool: SlurmUser; nobody else's entries are believed */
	char watched[RLG_PATH_MAX];
	int folders[FOLDERS];
};

/* A file of the spool that calls itself an entry. */
struct found {
	const char *name;
	enum folder folder;
};

/* One pass. */
struct pass {
	struct rlg_drain *drain;
	struct rlg_arena *arena;
	struct found *found;
	size_t n_found, room;
	struct rlg_drain_entry *entries; /* those that are in memory now */
	size_t count;
	struct rlg_drain_report *report;
};

static void complain(const char *sentence)
{
	fprintf(stderr, "runledger drain: %s\n", sentence);
}

/* `new` must be SlurmUser's, who writes there; the others are ours. */
static int open_folder(int spool_fd, enum folder folder, uid_t owner, gid_t group)
{
	const int how = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(spool_fd, folder_names[folder], how);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(spool_fd, folder_names[folder], 0700) != 0 && errno != EEXIST)
		return -1;
	fd = openat(spool_fd, folder_names[folder], how);
	if (fd >= 0 && folder == FOLDER_NEW && geteuid() == 0 && fchown(fd, owner, group) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Whoever can write there can put names on SlurmUser's other files. */
static int check_new(const struct rlg_drain *drain, struct rlg_err *err)
{
	struct stat folder;

	if (fstat(drain->folders[FOLDER_NEW], &folder) != 0)
		return rlg_fail_errno(err, -errno, "cannot look at %s", drain->watched);
	if (folder.st_uid != drain->owner)
		return rlg_fail(err, -EPERM, "%s is not of the spool's owner, so it cannot be trusted", drain->watched);
	if (folder.st_mode & (S_IWGRP | S_IWOTH))
		return rlg_fail(err, -EPERM, "others may write in %s, so it cannot be trusted; chmod 700 it", drain->watched);
	return 0;
}

static int open_folders(struct rlg_drain *drain, struct rlg_err *err)
{
	struct stat spool;
	int spool_fd = open(drain->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int code = 0;

	if (spool_fd < 0 || fstat(spool_fd, &spool) != 0)
		return rlg_fail_errno(err, -errno, "cannot open the spool %s", drain->path);
	drain->owner = spool.st_uid;
	if (spool.st_mode & (S_IWGRP | S_IWOTH))
		code = rlg_fail(err, -EPERM, "others may write in the spool %s, so it cannot be trusted; chmod 700 it",
				drain->path);
	for (int i = 0; i < FOLDERS && code == 0; i++) {
		drain->folders[i] = open_folder(spool_fd, (enum folder)i, spool.st_uid, spool.st_gid);
		if (drain->folders[i] < 0)
			code = rlg_fail_errno(err, -errno, "cannot open %s/%s", drain->path, folder_names[i]);
	}
	if (code == 0)
		code = check_new(drain, err);
	close(spool_fd);
	return code;
}

int rlg_drain_open(const char *path, const struct rlg_siteconf *site, struct rlg_drain **out_drain,
		   struct rlg_err *err)
{
	struct rlg_drain *drain = calloc(1, sizeof(*drain));

	*out_drain = drain;
	if (drain == NULL)
		return rlg_fail_errno(err, -ENOMEM, "cannot open the spool %s", path);
	*drain = (struct rlg_drain){.path = path, .site = site, .folders = {-1, -1, -1}};
	snprintf(drain->watched, sizeof(drain->watched), "%s/" RLG_SPOOL_NEW, path);
	return open_folders(drain, err);
}

void rlg_drain_close(struct rlg_drain *drain)
{
	for (int i = 0; drain != NULL && i < FOLDERS; i++)
		if (drain->folders[i] >= 0)
			close(drain->folders[i]);
	free(drain);
}

const char *rlg_drain_watched(const struct rlg_drain *drain)
{
	return drain->watched;
}

bool rlg_drain_is_there(const struct rlg_drain *drain)
{
	struct stat there, ours;

	return stat(drain->watched, &there) == 0 && fstat(drain->folders[FOLDER_NEW], &ours) == 0 &&
	       there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

static bool is_entry_name(const char *name)
{
	size_t length = strlen(name), suffix = strlen(RLG_SPOOL_SUFFIX);

	return name[0] != '.' && length > suffix && strcmp(name + length - suffix, RLG_SPOOL_SUFFIX) == 0;
}

/* One that is gone was another drain's. */
static bool move(struct pass *pass, const char *name, enum folder from, enum folder to)
{
	if (renameat(pass->drain->folders[from], name, pass->drain->folders[to], name) == 0)
		return true;
	if (errno != ENOENT)
		complain("an entry of the spool cannot be moved; is its disk full?");
	return false;
}

/* -EBADMSG for what can never be an entry; another negative errno for what cannot be read now. */
static ssize_t read_entry(const struct rlg_drain *drain, enum folder folder, const char *name, char *line)
{
	struct stat file;
	int fd = openat(drain->folders[folder], name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t length = -EBADMSG;

	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? -EBADMSG : -errno;
	if (fstat(fd, &file) != 0)
		length = -errno;
	else if (S_ISREG(file.st_mode) && file.st_nlink <= 1 &&
		 (file.st_uid == drain->owner || file.st_uid == geteuid()) && file.st_size <= RLG_RECORD_MAX) {
		length = read(fd, line, RLG_RECORD_MAX);
		length = length < 0 ? -errno : length;
	}
	close(fd);
	return length;
}

static bool understand(struct rlg_drain_entry *entry, const char *line, size_t length)
{
	int64_t number;

	if (rlg_record_parse(line, length, &entry->record, NULL) != 0)
		return false;
	if (strcmp(entry->record.name, "finish") == 0 && entry->record.job_id > 0 &&
	    rlg_record_get_int(&entry->record, "uid", &number) && number >= 0 && number < UINT32_MAX) {
		entry->uid = number;
		entry->gid = rlg_record_get_int(&entry->record, "gid", &number) && number >= 0 && number < UINT32_MAX
				     ? number : -1;
		entry->user = rlg_record_get_str(&entry->record, "user");
		return true;
	}
	rlg_record_done(&entry->record);
	return false;
}

static void take_entry(struct pass *pass, const struct found *found)
{
	char line[RLG_RECORD_MAX + 1];
	struct rlg_drain_entry *entry = &pass->entries[pass->count];
	ssize_t length = read_entry(pass->drain, found->folder, found->name, line);

	*entry = (struct rlg_drain_entry){.name = found->name, .held = found->folder == FOLDER_HELD};
	if (length < 0 && length != -EBADMSG) {
		/* It stays where it is; one that is gone was another drain's. */
		if (length != -ENOENT)
			complain("an entry of the spool cannot be read now");
		return;
	}
	if (length < 0 || !understand(entry, line, (size_t)length)) {
		if (move(pass, found->name, found->folder, FOLDER_BAD))
			pass->report->bad++;
		return;
	}
	/* Whoever is not root can only deliver their own. */
	if (geteuid() != 0 && entry->uid != geteuid())
		rlg_record_done(&entry->record);
	else
		pass->count++;
}

static void add_found(struct pass *pass, const char *name, enum folder folder)
{
	if (pass->n_found == pass->room) {
		size_t room = pass->room == 0 ? 256 : 2 * pass->room;
		pass->found = rlg_arena_grow(pass->arena, pass->found, pass->n_found, room, sizeof(*pass->found));
		pass->room = room;
	}
	pass->found[pass->n_found++] = (struct found){.name = rlg_arena_strdup(pass->arena, name), .folder = folder};
}

static void look_through(struct pass *pass, enum folder folder)
{
	int fd = openat(pass->drain->folders[folder], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (stream == NULL) {
		if (fd >= 0)
			close(fd);
		complain("a folder of the spool cannot be read");
		return;
	}
	for (errno = 0; (entry = readdir(stream)) != NULL; errno = 0)
		if (is_entry_name(entry->d_name))
			add_found(pass, entry->d_name, folder);
	if (errno != 0)
		complain("a folder of the spool cannot be read to its end");
	closedir(stream);
}

static int compare_found(const void *left, const void *right)
{
	return strcmp(((const struct found *)left)->name, ((const struct found *)right)->name);
}

/* Those that wait last; by user, then in the order in which they were made. */
static int compare_entries(const void *left, const void *right)
{
	const struct rlg_drain_entry *a = left, *b = right;

	if (a->waits != b->waits)
		return a->waits ? 1 : -1;
	if (a->uid != b->uid)
		return a->uid < b->uid ? -1 : 1;
	return strcmp(a->name, b->name);
}

static unsigned count_held(const struct rlg_drain *drain)
{
	int fd = openat(drain->folders[FOLDER_HELD], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *found;
	unsigned count = 0;

	if (stream == NULL)
		return 0;
	while ((found = readdir(stream)) != NULL)
		count += is_entry_name(found->d_name);
	closedir(stream);
	return count;
}

static void settle(struct pass *pass)
{
	for (size_t i = 0; i < pass->count; i++) {
		struct rlg_drain_entry *entry = &pass->entries[i];
		enum folder folder = entry->held ? FOLDER_HELD : FOLDER_NEW;
		if (entry->drained == RLG_DRAINED_NOT && !entry->held)
			(void)move(pass, entry->name, FOLDER_NEW, FOLDER_HELD);
		else if (entry->drained != RLG_DRAINED_NOT)
			unlinkat(pass->drain->folders[folder], entry->name, 0);
		pass->report->delivered += entry->drained == RLG_DRAINED_DELIVERED;
		pass->report->untracked += entry->drained == RLG_DRAINED_UNTRACKED;
		rlg_record_done(&entry->record);
	}
}

static int deliver(struct pass *pass, struct rlg_err *err)
{
	const struct rlg_drain *drain = pass->drain;
	size_t ready = 0;

	rlg_drain_ask(pass->entries, pass->count);
	if (pass->count > 1)
		qsort(pass->entries, pass->count, sizeof(*pass->entries), compare_entries);
	while (ready < pass->count && !pass->entries[ready].waits)
		ready++;
	int code = rlg_drain_children(pass->arena, pass->entries, ready, drain->site, err);
	settle(pass);
	return code;
}

int rlg_drain_pass(struct rlg_drain *drain, bool with_held, struct rlg_drain_report *report, struct rlg_err *err)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct pass pass = {.drain = drain, .arena = arena, .report = report};
	int code = 0;

	rlg_leftovers_sweep(drain->folders[FOLDER_NEW], rlg_leftover_is_hidden_entry, drain->owner);
	pass.entries = rlg_arena_alloc(arena, MOST_ENTRIES * sizeof(*pass.entries));
	look_through(&pass, FOLDER_NEW);
	if (with_held)
		look_through(&pass, FOLDER_HELD);
	if (pass.n_found > 1)
		qsort(pass.found, pass.n_found, sizeof(*pass.found), compare_found);
	for (size_t at = 0; at < pass.n_found && code == 0;) {
		for (pass.count = 0; at < pass.n_found && pass.count < MOST_ENTRIES; at++)
			take_entry(&pass, &pass.found[at]);
		code = deliver(&pass, err);
	}
	report->held = count_held(drain);
	return code;
}
