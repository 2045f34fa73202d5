/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run groups that a user asked for from elsewhere: see my_groups.h. */
#include "tool/record/my_groups.h"

#include "lib/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* So many paths of ordinary length; a longer file is somebody's mistake, and its beginning is good enough. */
#define FILE_MOST 65536

static const char *const folders[] = {".local", ".local/state", ".local/state/runledger"};
#define FILE_NAME ".local/state/runledger/groups"

static int open_home(void)
{
	const struct passwd *user = getpwuid(geteuid());

	if (user == NULL || user->pw_dir == NULL || user->pw_dir[0] != '/')
		return -1;
	return open(user->pw_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static char *read_file(struct rlg_arena *arena, int home_fd)
{
	char *text = rlg_arena_alloc(arena, FILE_MOST + 1);
	int fd = openat(home_fd, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t length = fd < 0 ? 0 : read(fd, text, FILE_MOST);

	if (fd >= 0)
		close(fd);
	text[length < 0 ? 0 : length] = '\0';
	return text;
}

static size_t split(struct rlg_arena *arena, char *text, const char *const **out_paths)
{
	size_t most = 1, count = 0;

	for (const char *at = text; *at != '\0'; at++)
		most += *at == '\n';
	const char **paths = rlg_arena_alloc(arena, most * sizeof(*paths));
	for (char *line = text, *next; line != NULL && *line != '\0'; line = next) {
		next = strchr(line, '\n');
		if (next == NULL)
			break; /* cut short */
		*next++ = '\0';
		if (line[0] == '/')
			paths[count++] = line;
	}
	*out_paths = paths;
	return count;
}

size_t rlg_my_groups(struct rlg_arena *arena, const char *const **out_paths)
{
	int home_fd = open_home();

	*out_paths = NULL;
	if (home_fd < 0)
		return 0;
	char *text = read_file(arena, home_fd);
	close(home_fd);
	return split(arena, text, out_paths);
}

static void add_line(int home_fd, const char *path)
{
	char line[RLG_PATH_MAX + 1];
	int length = snprintf(line, sizeof(line), "%s\n", path);

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (mkdirat(home_fd, folders[i], 0700) != 0 && errno != EEXIST)
			return;
	int fd = openat(home_fd, FILE_NAME, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return;
	if (write(fd, line, (size_t)length) != length)
		unlinkat(home_fd, FILE_NAME, 0); /* half a path is worse than none */
	close(fd);
}

void rlg_my_groups_remember(const char *path)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const char *const *paths;
	int home_fd = open_home();

	if (home_fd < 0)
		return;
	size_t count = split(arena, read_file(arena, home_fd), &paths);
	bool known = strlen(path) >= RLG_PATH_MAX - 1 || strchr(path, '\n') != NULL;
	for (size_t i = 0; i < count && !known; i++)
		known = strcmp(paths[i], path) == 0;
	if (!known)
		add_line(home_fd, path);
	close(home_fd);
}
