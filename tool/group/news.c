/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which runs have news: see news.h. */
#include "tool/group/news.h"

#include "lib/layout.h"
#include "tool/base/inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* So many marks are a look at all of them. */
#define MOST_RUNS 100000

/* A mark that could not be made, by this process. */
static bool unmarked;

#define DIRTY RLG_DIR "/" RLG_DIRTY_FILE
#define NEWS RLG_DIR "/" RLG_NEWS_DIR

/* For everybody whom .runledger is shared with; never what was there already. */
static void share(const char *group_path)
{
	int marker = rlg_inside_open_folder(group_path, RLG_DIR), news = rlg_inside_open_folder(group_path, NEWS);
	struct stat folder;

	if (marker >= 0 && news >= 0 && fstat(marker, &folder) == 0 && fchown(news, (uid_t)-1, folder.st_gid) != 0)
		errno = 0;
	if (marker >= 0)
		close(marker);
	if (news >= 0)
		close(news);
}

/* 0, too, where another's is there, which is as good. */
static int make_mark(const char *group_path, const char *mark)
{
	struct rlg_inside where;
	int code = rlg_inside_find(group_path, mark, false, &where);

	if (code != 0)
		return code;
	int fd = openat(where.folder, where.name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	code = fd >= 0 || errno == EEXIST ? 0 : -errno;
	if (fd >= 0)
		close(fd);
	close(where.folder);
	return code;
}

static int make_folder(const char *group_path)
{
	struct rlg_inside where;
	int code = rlg_inside_find(group_path, NEWS, false, &where);

	if (code != 0)
		return code;
	bool made = mkdirat(where.folder, where.name, 0777) == 0;
	code = made || errno == EEXIST ? 0 : -errno;
	close(where.folder);
	if (made)
		share(group_path);
	return code;
}

static int leave_one(const char *group_path, const char *run)
{
	char mark[sizeof(NEWS) + RLG_NAME_MAX + 2];

	if (!rlg_name_ok(run, NULL))
		return -EINVAL;
	snprintf(mark, sizeof(mark), NEWS "/%s", run);
	int code = make_mark(group_path, mark);
	if (code != -ENOENT)
		return code;
	code = make_folder(group_path);
	return code == 0 ? make_mark(group_path, mark) : code;
}

int rlg_news_leave(const char *group_path, const char *run, struct rlg_err *err)
{
	if (run != NULL && leave_one(group_path, run) == 0)
		return 0;
	int code = make_mark(group_path, DIRTY);
	unmarked = unmarked || code != 0;
	return code == 0 ? 0 : rlg_fail_errno(err, code, "cannot write in the run group: %s/" DIRTY, group_path);
}

bool rlg_news_is_unmarked(void)
{
	return unmarked;
}

/*
 * An NFS client only sees what other hosts made in a folder once it has opened that folder anew.  NULL, with -ENOENT where
 * there is none.
 */
static DIR *open_news(const char *group_path, int *out_code)
{
	int fd = rlg_inside_open_folder(group_path, NEWS);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	*out_code = fd < 0 ? fd : folder == NULL ? -errno : 0;
	if (folder == NULL && fd >= 0)
		close(fd);
	return folder;
}

/* The next name that is a run's, or a taken one's; NULL at the end, with the error in *out_code if it is none. */
static const char *next_mark(DIR *folder, int *out_code)
{
	const struct dirent *entry;

	while ((errno = 0, entry = readdir(folder)) != NULL)
		if (rlg_name_ok(entry->d_name + (entry->d_name[0] == '.'), NULL))
			return entry->d_name;
	*out_code = -errno;
	return NULL;
}

static bool is_dirty(const char *group_path)
{
	struct rlg_inside where;

	int code = rlg_inside_find(group_path, DIRTY, false, &where);

	/* What cannot be told just now is asked once more by whoever takes the mark, who says so. */
	if (code != 0)
		return rlg_errno_may_pass(-code);
	bool dirty = faccessat(where.folder, where.name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || rlg_errno_may_pass(errno);
	close(where.folder);
	return dirty;
}

/* What cannot be told just now is asked once more by whoever takes the marks, who says so. */
bool rlg_news_is_there(const char *group_path)
{
	const char *mark = NULL;
	int code;

	if (is_dirty(group_path))
		return true;
	DIR *folder = open_news(group_path, &code);
	while (folder != NULL && (mark = next_mark(folder, &code)) != NULL && mark[0] == '.')
		;
	if (folder != NULL)
		closedir(folder);
	return mark != NULL || (code != 0 && rlg_errno_may_pass(-code));
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
	const char *mark;
	int code = 0;

	while ((mark = next_mark(folder, &code)) != NULL) {
		bool is_taken = mark[0] == '.';
		code = take_mark(dirfd(folder), mark + is_taken, is_taken);
		if (code != 0)
			return code;
		add_run(arena, news, mark + is_taken);
		if (news->n_runs == MOST_RUNS) {
			news->all = true;
			break;
		}
	}
	return code;
}

static int take_dirty(const char *group_path, bool *out_taken)
{
	struct rlg_inside where;
	int code = rlg_inside_find(group_path, DIRTY, false, &where);

	if (code != 0)
		return code;
	/* A server's answer may be lost: the client asks again, and hears that there is no such mark. */
	bool was_there = faccessat(where.folder, where.name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	code = unlinkat(where.folder, where.name, 0) == 0 ? 0 : -errno;
	*out_taken = code == 0 || (code == -ENOENT && was_there);
	code = code == -ENOENT ? 0 : code;
	close(where.folder);
	return code;
}

int rlg_news_take(struct rlg_arena *arena, const char *group_path, struct rlg_news *out_news, struct rlg_err *err)
{
	int opened;
	DIR *folder = open_news(group_path, &opened);

	*out_news = (struct rlg_news){.group_path = rlg_arena_strdup(arena, group_path)};
	int code = take_dirty(group_path, &out_news->all);
	if (code != 0)
		rlg_fail_errno(err, code, "cannot remove %s/" DIRTY, group_path);
	else if (folder == NULL && rlg_errno_may_pass(-opened))
		code = rlg_fail_errno(err, opened, "cannot read %s/" NEWS, group_path);
	else if (folder != NULL && (code = take_marks(arena, folder, out_news)) != 0)
		rlg_fail_errno(err, code, "cannot take the marks in %s/" NEWS, group_path);
	if (folder != NULL)
		closedir(folder);
	/* Who cannot take all of it takes none. */
	if (code != 0 && out_news->all)
		make_mark(group_path, DIRTY);
	return code == 0 && !out_news->all && out_news->n_runs == 0 ? -ENOENT : code;
}

void rlg_news_done(const struct rlg_news *news)
{
	int folder = news->n_runs == 0 ? -1 : rlg_inside_open_folder(news->group_path, NEWS);
	char taken[RLG_NAME_MAX + 2];

	for (size_t i = 0; folder >= 0 && i < news->n_runs; i++) {
		snprintf(taken, sizeof(taken), ".%s", news->runs[i]);
		unlinkat(folder, taken, 0);
	}
	if (folder >= 0)
		close(folder);
}
