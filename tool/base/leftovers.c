/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Temporary files of processes that were killed: see leftovers.h. */
#include "tool/base/leftovers.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEX "0123456789abcdef"
#define TEMPORARY ".tmp"
#define ENTRY ".json"

/* A process's number, or 64 bits that were diced. */
#define LEAST_FIGURES 8
#define MOST_FIGURES 16

/* A refreshing's own, beside its stand-in (refresh_lock.h), is not hidden. */
#define STAND_IN "refreshing."

static size_t before(const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);

	return length > end && strcmp(name + length - end, suffix) == 0 ? length - end : 0;
}

/* .NAME.FIGURES.tmp */
bool rlg_leftover_is_temporary(const char *name)
{
	size_t end = before(name, TEMPORARY), from = end;

	if (name[0] != '.' && strncmp(name, STAND_IN, strlen(STAND_IN)) != 0)
		return false;
	while (from > 0 && strchr(HEX, name[from - 1]) != NULL)
		from--;
	return from > 2 && name[from - 1] == '.' && end - from >= LEAST_FIGURES && end - from <= MOST_FIGURES;
}

/* .FIGURES-FIGURES.json */
bool rlg_leftover_is_hidden_entry(const char *name)
{
	size_t end = before(name, ENTRY);
	size_t time = name[0] == '.' ? strspn(name + 1, "0123456789") : 0;

	return time > 0 && name[1 + time] == '-' && 2 + time + strspn(name + 2 + time, HEX) == end && end > 2 + time;
}

static bool is_left(int folder_fd, const char *name, uid_t owner)
{
	struct stat file;

	return fstatat(folder_fd, name, &file, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(file.st_mode) && file.st_nlink == 1 &&
	       file.st_uid == owner && time(NULL) - file.st_mtime > RLG_LEFTOVER_S;
}

void rlg_leftovers_sweep(int folder_fd, bool (*is_one)(const char *name), uid_t owner)
{
	const struct dirent *entry;
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	while (folder != NULL && (entry = readdir(folder)) != NULL)
		if (is_one(entry->d_name) && is_left(folder_fd, entry->d_name, owner))
			unlinkat(folder_fd, entry->d_name, 0);
	if (folder != NULL)
		closedir(folder);
	else if (fd >= 0)
		close(fd);
}
