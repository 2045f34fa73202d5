/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which commit a folder's git checkout stands at: see git_head.h. */
#include "tool/record/git_head.h"

#include "tool/base/atomic_file.h"

#include <string.h>
#include <sys/stat.h>

/* A HEAD is a line; packed-refs of the largest repositories has a few megabytes. */
#define HEAD_MAX ((size_t)4096)
#define PACKED_MAX ((size_t)16 << 20)

#define BRANCH_PREFIX "refs/heads/"

static char *read_line(struct rlg_arena *arena, const char *path)
{
	char *text;

	if (rlg_file_read(arena, path, HEAD_MAX, &text, NULL, NULL, NULL) != 0 || text == NULL)
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	return text;
}

/* The nearest .git at or above the folder, on the same file system. */
static const char *find_git(struct rlg_arena *arena, const char *folder)
{
	char *path = rlg_arena_strdup(arena, folder);
	struct stat first, here, file;

	if (stat(path, &first) != 0)
		return NULL;
	while (stat(path, &here) == 0 && here.st_dev == first.st_dev) {
		const char *git = rlg_arena_printf(arena, "%s/.git", path);
		if (lstat(git, &file) == 0)
			return git;
		char *slash = strrchr(path, '/');
		if (slash == NULL || slash == path)
			return NULL;
		*slash = '\0';
	}
	return NULL;
}

/* A worktree's or submodule's .git is a file that says where the folder is. */
static const char *git_folder(struct rlg_arena *arena, const char *git)
{
	static const char prefix[] = "gitdir: ";
	struct stat file;

	if (lstat(git, &file) != 0 || S_ISDIR(file.st_mode))
		return git;
	const char *line = read_line(arena, git);
	if (line == NULL || strncmp(line, prefix, sizeof(prefix) - 1) != 0)
		return NULL;
	line += sizeof(prefix) - 1;
	return line[0] == '/' ? line : rlg_arena_printf(arena, "%.*s/%s", (int)(strrchr(git, '/') - git), git, line);
}

static bool is_commit(const char *text)
{
	size_t length = text == NULL ? 0 : strspn(text, "0123456789abcdef");

	return (length == 40 || length == 64) && text[length] == '\0';
}

static const char *packed_commit(struct rlg_arena *arena, const char *folder, const char *ref)
{
	char *text;

	if (rlg_file_read(arena, rlg_arena_printf(arena, "%s/packed-refs", folder), PACKED_MAX, &text, NULL, NULL,
			  NULL) != 0 ||
	    text == NULL)
		return NULL;
	for (char *line = text, *next; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		char *blank = strchr(line, ' ');
		if (blank == NULL || strcmp(blank + 1, ref) != 0)
			continue;
		*blank = '\0';
		return line;
	}
	return NULL;
}

/* Branches of a worktree live in the main checkout. */
static const char *common_folder(struct rlg_arena *arena, const char *folder)
{
	const char *common = read_line(arena, rlg_arena_printf(arena, "%s/commondir", folder));

	if (common == NULL)
		return folder;
	return common[0] == '/' ? common : rlg_arena_printf(arena, "%s/%s", folder, common);
}

bool rlg_git_head_read(struct rlg_arena *arena, const char *folder, struct rlg_git_head *out_head)
{
	static const char prefix[] = "ref: ";
	const char *git = find_git(arena, folder);

	*out_head = (struct rlg_git_head){NULL, NULL};
	git = git == NULL ? NULL : git_folder(arena, git);
	const char *head = git == NULL ? NULL : read_line(arena, rlg_arena_printf(arena, "%s/HEAD", git));
	if (head == NULL)
		return false;
	if (strncmp(head, prefix, sizeof(prefix) - 1) == 0) {
		const char *ref = head + sizeof(prefix) - 1;
		const char *common = common_folder(arena, git);
		if (strncmp(ref, BRANCH_PREFIX, strlen(BRANCH_PREFIX)) == 0)
			out_head->branch = ref + strlen(BRANCH_PREFIX);
		head = strstr(ref, "..") != NULL ? NULL : read_line(arena, rlg_arena_printf(arena, "%s/%s", common, ref));
		if (head == NULL)
			head = packed_commit(arena, common, ref);
	}
	out_head->commit = is_commit(head) ? head : NULL;
	return out_head->commit != NULL;
}
