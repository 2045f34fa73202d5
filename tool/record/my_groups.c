/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run groups that a user asked for from elsewhere: see my_groups.h. */
#include "tool/record/my_groups.h"

#include "lib/layout.h"
#include "tool/base/atomic_file.h"
#include "tool/base/bytes.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME ".local/state/runledger/groups"

/* So many bytes are kept, of the newest paths; a file that is much longer is somebody's mistake, and not read. */
#define KEPT_MOST 65536
#define READ_MOST (4 * KEPT_MOST)

static const char *home(void)
{
	const struct passwd *user = getpwuid(geteuid());

	return user == NULL || user->pw_dir == NULL || user->pw_dir[0] != '/' ? NULL : user->pw_dir;
}

static size_t split(struct rlg_arena *arena, char *text, const char *const **out_paths)
{
	size_t most = 1, count = 0;

	for (const char *at = text; *at != '\0'; at++)
		most += *at == '\n';
	const char **paths = rlg_arena_alloc(arena, most * sizeof(*paths));
	for (char *line = text, *next; *line != '\0'; line = next) {
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

/* out_stat, if given, is of the file that was read. */
static size_t read_paths(struct rlg_arena *arena, const char *root, const char *const **out_paths, struct stat *out_stat)
{
	char *text = NULL;

	*out_paths = NULL;
	if (rlg_file_read_in(arena, root, FILE_NAME, READ_MOST, &text, NULL, out_stat, NULL) != 0 || text == NULL)
		return 0;
	return split(arena, text, out_paths);
}

size_t rlg_my_groups(struct rlg_arena *arena, const char *const **out_paths)
{
	const char *root = home();

	*out_paths = NULL;
	return root == NULL ? 0 : read_paths(arena, root, out_paths, NULL);
}

/* The first of the newest paths for which there is room beside `length` bytes; `count`: for none. */
static size_t newest(const char *const *paths, size_t count, size_t length)
{
	size_t from = count;

	while (from > 0 && length + strlen(paths[from - 1]) + 1 <= KEPT_MOST)
		length += strlen(paths[--from]) + 1;
	return from;
}

void rlg_my_groups_remember(const char *path)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const char *root = home();
	const char *const *paths;
	struct rlg_bytes text;
	struct stat known = {0};

	if (root == NULL || strlen(path) >= RLG_PATH_MAX - 1 || strchr(path, '\n') != NULL)
		return;
	size_t count = read_paths(arena, root, &paths, &known);
	for (size_t i = 0; i < count; i++)
		if (strcmp(paths[i], path) == 0)
			return;
	rlg_bytes_init(&text, arena);
	for (size_t i = newest(paths, count, strlen(path) + 1); i < count; i++)
		rlg_bytes_addf(&text, "%s\n", paths[i]);
	rlg_bytes_addf(&text, "%s\n", path);
	/* Whoever comes between is left alone: this path is remembered the next time that it is asked for. */
	(void)rlg_file_replace_in(root, FILE_NAME, 0700, text.data, text.length, &known, NULL);
}
