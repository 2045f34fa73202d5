/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which runs have news: see news.h. */
#include "tool/group/news.h"

#include "lib/layout.h"
#include "lib/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* So many marks are a look at all of them. */
#define MOST_RUNS 100000

static bool path_in(char to[RLG_PATH_MAX], const char *group_path, const char *name, const char *more)
{
	struct rlg_text text;

	rlg_text_init(&text, to, RLG_PATH_MAX);
	rlg_text_addf(&text, "%s/" RLG_DIR "/%s%s", group_path, name, more);
	return !text.full;
}

/* 0, too, where another's is there, which is as good. */
static int make_mark(const char *mark)
{
	int fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);

	if (fd < 0)
		return errno == EACCES && access(mark, F_OK) == 0 ? 0 : -errno;
	close(fd);
	return 0;
}

/* For everybody whom .runledger is shared with; only its owner can, and need. */
static int make_folder(const char *group_path, const char *folder)
{
	char path[RLG_PATH_MAX];
	struct stat marker;

	if (mkdir(folder, 0777) != 0)
		return errno == EEXIST ? 0 : -errno;
	if (path_in(path, group_path, "", "") && stat(path, &marker) == 0 && chown(folder, (uid_t)-1, marker.st_gid) != 0)
		errno = 0;
	return 0;
}

static int leave_one(const char *group_path, const char *run)
{
	char mark[RLG_PATH_MAX], folder[RLG_PATH_MAX];

	if (!rlg_name_ok(run, NULL) || !path_in(mark, group_path, RLG_NEWS_DIR "/", run) ||
	    !path_in(folder, group_path, RLG_NEWS_DIR, ""))
		return -EINVAL;
	int code = make_mark(mark);
	if (code != -ENOENT)
		return code;
	code = make_folder(group_path, folder);
	return code == 0 ? make_mark(mark) : code;
}

int rlg_news_leave(const char *group_path, const char *run, struct rlg_err *err)
{
	char mark[RLG_PATH_MAX];

	if (run != NULL && leave_one(group_path, run) == 0)
		return 0;
	if (!path_in(mark, group_path, RLG_DIRTY_FILE, ""))
		return rlg_fail(err, -ENAMETOOLONG, "the path of the run group is too long");
	int code = make_mark(mark);
	return code == 0 ? 0 : rlg_fail_errno(err, code, "cannot write in the run group: %s", mark);
}

/* An NFS client only sees what other hosts made in a folder once it has opened that folder anew. */
static DIR *open_news(const char *group_path)
{
	char path[RLG_PATH_MAX];
	int fd = path_in(path, group_path, RLG_NEWS_DIR, "")
			 ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
			 : -1;
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (folder == NULL && fd >= 0)
		close(fd);
	return folder;
}

static bool is_dirty(const char *group_path)
{
	char path[RLG_PATH_MAX];
	int folder = path_in(path, group_path, "", "") ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (folder < 0)
		return false;
	bool dirty = faccessat(folder, RLG_DIRTY_FILE, F_OK, 0) == 0;
	close(folder);
	return dirty;
}

bool rlg_news_is_there(const char *group_path)
{
	if (is_dirty(group_path))
		return true;
	DIR *folder = open_news(group_path);
	bool found = false;
	for (const struct dirent *entry; folder != NULL && !found && (entry = readdir(folder)) != NULL;)
		found = rlg_name_ok(entry->d_name, NULL);
	if (folder != NULL)
		closedir(folder);
	return found;
}

/* ---- taking ---- */

static void add_run(struct rlg_arena *arena, struct rlg_news *news, const char *run)
{
	if (news->n_runs == news->room) {
		news->room = news->room == 0 ? 8 : 2 * news->room;
		news->runs = rlg_arena_grow(arena, news->runs, news->n_runs, news->room, sizeof(*news->runs));
	}
	news->runs[news->n_runs++] = rlg_arena_strdup(arena, run);
}

/* A dot before the name: no run's begins with one. */
static int take_mark(int folder, const char *run, bool is_taken)
{
	char taken[RLG_NAME_MAX + 2];

	if (is_taken)
		return 0;
	snprintf(taken, sizeof(taken), ".%s", run);
	return renameat(folder, run, folder, taken) == 0 || errno == ENOENT ? 0 : -errno;
}

static int take_marks(struct rlg_arena *arena, DIR *folder, struct rlg_news *news)
{
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		bool is_taken = entry->d_name[0] == '.';
		const char *run = entry->d_name + is_taken;
		if (!rlg_name_ok(run, NULL))
			continue;
		int code = take_mark(dirfd(folder), run, is_taken);
		if (code != 0)
			return code;
		add_run(arena, news, run);
		if (news->n_runs == MOST_RUNS) {
			news->all = true;
			break;
		}
	}
	return 0;
}

int rlg_news_take(struct rlg_arena *arena, const char *group_path, struct rlg_news *out_news, struct rlg_err *err)
{
	char dirty[RLG_PATH_MAX];
	DIR *folder = open_news(group_path);
	int code = 0;

	*out_news = (struct rlg_news){.group_path = rlg_arena_strdup(arena, group_path)};
	if (path_in(dirty, group_path, RLG_DIRTY_FILE, "") && unlink(dirty) == 0)
		out_news->all = true;
	else if (errno != ENOENT)
		code = rlg_fail_errno(err, -errno, "cannot remove %s", dirty);
	int taken = folder != NULL && code == 0 ? take_marks(arena, folder, out_news) : 0;
	if (taken != 0)
		code = rlg_fail_errno(err, taken, "cannot take the news of %s", group_path);
	if (folder != NULL)
		closedir(folder);
	if (code == 0 && !out_news->all && out_news->n_runs == 0)
		return -ENOENT;
	return code;
}

void rlg_news_done(const struct rlg_news *news)
{
	char folder[RLG_PATH_MAX], taken[RLG_NAME_MAX + 2];

	if (news->n_runs == 0 || !path_in(folder, news->group_path, RLG_NEWS_DIR, ""))
		return;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	for (size_t i = 0; i < news->n_runs; i++) {
		snprintf(taken, sizeof(taken), ".%s", news->runs[i]);
		unlinkat(fd, taken, 0);
	}
	close(fd);
}
