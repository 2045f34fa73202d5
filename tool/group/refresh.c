/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bringing a group's trackers up to date: see refresh.h.
 *
 * Whoever has news first leaves a mark (news.h) and then tries for the lock.  Who holds the lock takes the marks away and
 * refreshes, as long as there are any, and looks again after letting go.  So a thousand jobs that end together cost a few
 * refreshes, and no news is left lying.
 */
#include "tool/group/refresh.h"

#include "lib/clock.h"
#include "lib/layout.h"
#include "lib/text.h"
#include "tool/base/inside.h"
#include "tool/group/news.h"
#include "tool/group/refresh_lock.h"
#include "tool/group/refresh_trackers.h"
#include "tool/group/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* How long a person's refresh waits for its turn. */
#define WAIT_MS 10000

/* A group that gets news faster than it can be refreshed is left dirty for the next one after so many rounds. */
#define MOST_ROUNDS 100

/* What one call is about. */
struct refresh {
	struct rlg_group *group;
	struct rlg_refresh_report *report;
	struct rlg_err *err;
	int code; /* the first error */
	bool locked; /* by the file system; false where it has no locks, and a file stands in */
	bool rebuild;
};

/*
 * For everybody whom .runledger is shared with.  Never what was there already: others may have moved any file of ours
 * there.
 */
static void share(int fd, int marker)
{
	struct stat folder;

	if (fstat(marker, &folder) == 0 && fchown(fd, (uid_t)-1, folder.st_gid) != 0)
		errno = 0;
}

/* A file of .runledger, which others may exchange at any time: no link leads out of it, and only files count. */
static int open_own(const struct rlg_group *group, const char *path)
{
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	struct rlg_inside where;
	struct stat file;
	int code = rlg_inside_find(group->path, path, false, &where);

	if (code != 0)
		return code;
	int fd = openat(where.folder, where.name, flags | O_CREAT | O_EXCL, 0666);
	if (fd >= 0)
		share(fd, where.folder);
	else if (errno == EEXIST)
		fd = openat(where.folder, where.name, flags);
	code = fd < 0 ? -errno : fstat(fd, &file) == 0 && S_ISREG(file.st_mode) ? fd : -EINVAL;
	close(where.folder);
	if (fd >= 0 && code < 0)
		close(fd);
	return code;
}

static int open_lock(const struct rlg_group *group, struct rlg_err *err)
{
	int fd = open_own(group, RLG_DIR "/" RLG_LOCK_FILE);

	return fd >= 0 ? fd : rlg_fail_errno(err, fd, "cannot open %s/" RLG_DIR "/" RLG_LOCK_FILE, group->path);
}

/* False: the records could not be read. */
static bool refresh_anew(struct refresh *refresh, const struct rlg_news *news)
{
	struct rlg_group fresh;
	struct rlg_err err = {""};
	struct rlg_refreshing now = {.group = &fresh,
				     .news = {.runs = news->all ? NULL : news->runs, .n_runs = news->n_runs, .disk = news->all},
				     .locked = refresh->locked,
				     .report = refresh->report,
				     .err = refresh->err,
				     .code = refresh->code};
	int code = rlg_group_open(refresh->group->path, &fresh, &err);

	/* Where nobody is kept out, what another wrote into a snapshot meanwhile would be lost: all is read. */
	if (!refresh->locked)
		now.news = (struct rlg_load_news){.disk = true};
	if (code == 0)
		rlg_refresh_trackers(&now);
	else
		rlg_refreshing_failed(&now, code, &err);
	refresh->code = now.code;
	rlg_group_close(&fresh);
	return now.loaded;
}

/*
 * Trackers have the site's local time, whoever refreshes: a person's own TZ would make each refresh by hand undo what the
 * plugins wrote, and the other way round.
 */
static void use_site_time(void)
{
	unsetenv("TZ");
	tzset();
}

/* Holding the lock: as long as there is news.  False: a mark cannot be taken away, so that there always would be. */
static bool refresh_while_news(struct refresh *refresh, const struct rlg_refresh_lock *lock)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();

	for (int round = 0; round < MOST_ROUNDS; round++) {
		struct rlg_err err;
		struct rlg_news news;
		int code = rlg_news_take(arena, refresh->group->path, &news, &err);
		if (code == -ENOENT)
			return true;
		if (code != 0) {
			if (refresh->code == 0)
				refresh->code = rlg_fail(refresh->err, code, "%s", err.text);
			return false;
		}
		if (refresh->rebuild)
			rlg_snapshot_remove(refresh->group->path);
		refresh->rebuild = false;
		rlg_refresh_lock_touch(lock);
		if (!refresh_anew(refresh, &news)) {
			/* The marks are still there for whoever comes next; of a look at all there is none any more. */
			if (news.all)
				rlg_news_leave(refresh->group->path, NULL, NULL);
			return false;
		}
		rlg_news_done(&news);
	}
	return true;
}

static int refresh(struct rlg_group *group, struct refresh *refresh, enum rlg_refresh_wait wait)
{
	bool more = true;
	struct rlg_refresh_lock lock = {.fd = open_lock(group, refresh->err),
					.stand_in = rlg_group_path(group, RLG_DIR "/" RLG_STAND_IN_FILE)};

	if (lock.fd < 0)
		return lock.fd;
	use_site_time();
	for (int round = 0; more && round < MOST_ROUNDS && rlg_news_is_there(group->path); round++) {
		if (rlg_refresh_lock_take(&lock, wait == RLG_REFRESH_WAIT ? WAIT_MS : 0) != 0) {
			refresh->report->left_to_other = true;
			break;
		}
		refresh->locked = lock.locked;
		more = refresh_while_news(refresh, &lock);
		/* When a group was refreshed last: see rlg_refresh_age_us(). */
		if (futimens(lock.fd, NULL) != 0)
			errno = 0;
		rlg_refresh_lock_drop(&lock);
	}
	close(lock.fd);
	return refresh->code;
}

static int refresh_all(struct rlg_group *group, enum rlg_refresh_wait wait, bool rebuild,
		       struct rlg_refresh_report *out_report, struct rlg_err *err)
{
	struct refresh wanted = {.group = group, .report = out_report, .err = err, .rebuild = rebuild};

	*out_report = (struct rlg_refresh_report){.left_to_other = false};
	int code = rlg_news_leave(group->path, NULL, err);
	return code == 0 ? refresh(group, &wanted, wait) : code;
}

int rlg_refresh(struct rlg_group *group, enum rlg_refresh_wait wait, struct rlg_refresh_report *out_report,
		struct rlg_err *err)
{
	return refresh_all(group, wait, false, out_report, err);
}

/* Without its mark news is found by a look at all; and where that cannot be marked either, somebody has to hear of it. */
int rlg_refresh_news(struct rlg_group *group, enum rlg_refresh_wait wait, struct rlg_refresh_report *out_report,
		     struct rlg_err *err)
{
	struct refresh wanted = {.group = group, .report = out_report, .err = err};

	if (rlg_news_is_unmarked())
		return rlg_refresh(group, wait, out_report, err);
	*out_report = (struct rlg_refresh_report){.left_to_other = false};
	return refresh(group, &wanted, wait);
}

int rlg_refresh_rebuild(struct rlg_group *group, struct rlg_refresh_report *out_report, struct rlg_err *err)
{
	return refresh_all(group, RLG_REFRESH_WAIT, true, out_report, err);
}

int64_t rlg_refresh_age_us(const char *group_path)
{
	char path[RLG_PATH_MAX];
	struct rlg_text text;
	struct stat lock;

	rlg_text_init(&text, path, sizeof(path));
	rlg_text_addf(&text, "%s/" RLG_DIR "/" RLG_LOCK_FILE, group_path);
	if (text.full || stat(path, &lock) != 0)
		return INT64_MAX;
	return rlg_clock_now_us() - (int64_t)lock.st_mtim.tv_sec * RLG_SECOND_US;
}
