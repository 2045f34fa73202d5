/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sleeping until there is news: see follow.h. */
#include "tool/follow/follow.h"

#include "lib/clock.h"
#include "lib/fs_kind.h"
#include "lib/layout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* A folder that is itself removed, or is not where it was any more. */
#define SELF (IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define NAMES (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)
#define RUN_MASK (NAMES | IN_MODIFY | IN_ATTRIB | SELF | IN_DONT_FOLLOW)

/* Between looks of the caller's that take long there is a rest of so many times as much, up to a limit. */
#define REST_TIMES 4
#define REST_MOST_MS 10000

struct rlg_follow {
	char group[RLG_PATH_MAX];
	int fd; /* inotify's; -1: sizes are looked at */
	int group_watch, marker_watch, runs_watch; /* every other one is a run's folder; -1: none */
	char complaint[RLG_ERR_MAX]; /* "" where inotify does it */
	bool complained;
	uint64_t sizes; /* of all status files, in one number */
	int64_t look_ms; /* how long that took */
	int64_t told_ms; /* when the caller was last told of news; 0: never */
};

bool rlg_follow_must_look(unsigned long kind)
{
	return !rlg_fs_is_local(kind);
}

static int path_in(const struct rlg_follow *follow, const char *below, char out_path[RLG_PATH_MAX])
{
	int length = snprintf(out_path, RLG_PATH_MAX, "%s/" RLG_DIR "%s", follow->group, below);

	return length < RLG_PATH_MAX ? 0 : -ENAMETOOLONG;
}

static bool is_gone(const struct rlg_follow *follow)
{
	char path[RLG_PATH_MAX];
	struct stat marker;

	/* A server that does not answer, or a handle gone stale, is no answer. */
	if (path_in(follow, "", path) != 0 || lstat(path, &marker) != 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
	return !S_ISDIR(marker.st_mode);
}

static bool is_status_file(const char *name)
{
	size_t length = strlen(name), suffix = sizeof(RLG_STATUS_SUFFIX) - 1;

	return length > suffix && strcmp(name + length - suffix, RLG_STATUS_SUFFIX) == 0;
}

/* ---- sizes ---- */

static void mix(uint64_t *hash, const void *bytes, size_t count)
{
	for (const unsigned char *at = bytes; count > 0; at++, count--)
		*hash = (*hash ^ *at) * UINT64_C(1099511628211);
}

/*
 * What is in one number here is added up by the caller, so that the order of names in a folder makes no difference.  An
 * NFS client asks its server about a file that is opened; of a stat(2) alone it may answer what it heard a minute ago.
 */
static uint64_t size_of_file(int folder, const char *run, const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	struct stat file;
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	mix(&hash, run, strlen(run) + 1);
	mix(&hash, name, strlen(name));
	if (fd >= 0 && fstat(fd, &file) == 0) {
		mix(&hash, &file.st_ino, sizeof(file.st_ino));
		mix(&hash, &file.st_size, sizeof(file.st_size));
		mix(&hash, &file.st_mtim, sizeof(file.st_mtim));
	}
	if (fd >= 0)
		close(fd);
	return hash;
}

static uint64_t sizes_of_run(int runs, const char *run)
{
	int fd = openat(runs, run, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	uint64_t sum = 0;

	if (folder == NULL) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
		if (is_status_file(entry->d_name))
			sum += size_of_file(fd, run, entry->d_name);
	closedir(folder);
	return sum;
}

/* Takes a look; whether anything has changed since the last. */
static bool sizes_changed(struct rlg_follow *follow)
{
	int64_t begin_ms = rlg_clock_monotonic_ms();
	char path[RLG_PATH_MAX];
	uint64_t sum = 0;
	DIR *runs = path_in(follow, "/" RLG_RUNS_DIR, path) == 0 ? opendir(path) : NULL;

	if (runs != NULL) {
		for (struct dirent *entry; (entry = readdir(runs)) != NULL;)
			if (rlg_name_ok(entry->d_name, NULL))
				sum += sizes_of_run(dirfd(runs), entry->d_name);
		closedir(runs);
	}
	bool changed = sum != follow->sizes;
	follow->sizes = sum;
	follow->look_ms = rlg_clock_monotonic_ms() - begin_ms;
	return changed;
}

/* From now on sizes are looked at; `why` without a full stop. */
static void begin_looking(struct rlg_follow *follow, const char *why)
{
	if (follow->fd >= 0)
		close(follow->fd);
	follow->fd = -1;
	snprintf(follow->complaint, sizeof(follow->complaint),
		 "%.900s; the sizes of the status files are looked at, every %d s or so", why, RLG_FOLLOW_LOOK_MS / 1000);
	sizes_changed(follow);
}

/* ---- inotify ---- */

static void cannot_watch(struct rlg_follow *follow, int code)
{
	char why[RLG_ERR_MAX / 2];

	if (code == -ENOSPC)
		snprintf(why, sizeof(why), "there are no inotify watches left (fs.inotify.max_user_watches)");
	else if (code == -EMFILE)
		snprintf(why, sizeof(why), "there are too many users of inotify (fs.inotify.max_user_instances)");
	else
		snprintf(why, sizeof(why), "inotify does not work here: %s", strerror(-code));
	begin_looking(follow, why);
}

/* Watches a folder.  The watch, or -1 where there is no such folder or it is not ours to see; other errors in out_code. */
static int watch(const struct rlg_follow *follow, const char *path, uint32_t mask, int *out_code)
{
	int at = inotify_add_watch(follow->fd, path, mask);

	if (at < 0 && errno != ENOENT && errno != ENOTDIR && errno != EACCES && errno != ELOOP)
		*out_code = -errno;
	return at;
}

static int watch_run(struct rlg_follow *follow, const char *run)
{
	char path[RLG_PATH_MAX];
	int code = 0, length = snprintf(path, sizeof(path), "%s/" RLG_DIR "/" RLG_RUNS_DIR "/%s", follow->group, run);

	if (length < RLG_PATH_MAX && rlg_name_ok(run, NULL))
		watch(follow, path, RUN_MASK, &code);
	return code;
}

/* Watches all that there is.  Doing it again is harmless: the kernel knows a folder that is watched. */
static int watch_all(struct rlg_follow *follow)
{
	char marker[RLG_PATH_MAX], runs_path[RLG_PATH_MAX];
	int code = 0;

	if (path_in(follow, "", marker) != 0 || path_in(follow, "/" RLG_RUNS_DIR, runs_path) != 0)
		return -ENAMETOOLONG;
	follow->group_watch = watch(follow, follow->group, SELF, &code);
	follow->marker_watch = watch(follow, marker, NAMES | SELF | IN_DONT_FOLLOW, &code);
	follow->runs_watch = watch(follow, runs_path, NAMES | SELF, &code);
	DIR *runs = code == 0 ? opendir(runs_path) : NULL;
	if (runs == NULL)
		return code;
	for (struct dirent *entry; code == 0 && (entry = readdir(runs)) != NULL;)
		code = watch_run(follow, entry->d_name);
	closedir(runs);
	return code;
}

/* What one event comes to: is it news, and must everything be watched anew? */
static bool is_news(struct rlg_follow *follow, const struct inotify_event *event, bool *anew, int *code)
{
	bool self = (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) != 0;
	const char *name = event->len > 0 ? event->name : "";

	if (event->mask & IN_Q_OVERFLOW)
		return *anew = true;
	if (event->wd == follow->group_watch || event->wd == follow->marker_watch) {
		bool runs = event->wd == follow->marker_watch && strcmp(name, RLG_RUNS_DIR) == 0;
		*anew = *anew || self || runs;
		return self || runs;
	}
	if (event->wd == follow->runs_watch) {
		*anew = *anew || self;
		if ((event->mask & (IN_CREATE | IN_MOVED_TO)) && *code == 0)
			*code = watch_run(follow, name);
		return true;
	}
	return !self && is_status_file(name);
}

/* Takes all events that there are.  Whether there was news among them. */
static bool take_events(struct rlg_follow *follow)
{
	char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool news = false, anew = false;
	int code = 0;
	ssize_t got;

	while ((got = read(follow->fd, buffer, sizeof(buffer))) > 0) {
		const struct inotify_event *event;
		for (char *at = buffer; at < buffer + got; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)at;
			news = is_news(follow, event, &anew, &code) || news;
		}
	}
	if (anew && code == 0)
		code = watch_all(follow);
	if (code != 0)
		cannot_watch(follow, code);
	return news || code != 0;
}

/* ---- both ---- */

static int choose(struct rlg_follow *follow, bool look)
{
	char path[RLG_PATH_MAX], why[RLG_ERR_MAX / 2];
	struct statfs where;
	int code = 0;

	if (path_in(follow, "/" RLG_RUNS_DIR, path) != 0)
		return -ENAMETOOLONG;
	if (statfs(path, &where) != 0 && (path_in(follow, "", path) != 0 || statfs(path, &where) != 0))
		return -errno;
	if (look || rlg_follow_must_look((unsigned long)where.f_type)) {
		const char *name = rlg_fs_name((unsigned long)where.f_type);
		snprintf(why, sizeof(why), "%.300s is on %s, which wakes nobody", follow->group,
			 name != NULL && !look ? name : "a file system");
		begin_looking(follow, why);
		return 0;
	}
	follow->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (follow->fd < 0 || (code = watch_all(follow)) != 0)
		cannot_watch(follow, follow->fd < 0 ? -errno : code);
	return 0;
}

int rlg_follow_open(const char *group, bool look, struct rlg_follow **out_follow, struct rlg_err *err)
{
	struct rlg_follow *follow = calloc(1, sizeof(*follow));
	int code = -ENOMEM;

	*out_follow = NULL;
	if (follow != NULL) {
		follow->fd = -1;
		code = (size_t)snprintf(follow->group, sizeof(follow->group), "%s", group) < sizeof(follow->group)
			       ? choose(follow, look)
			       : -ENAMETOOLONG;
	}
	if (code == 0) {
		*out_follow = follow;
		return 0;
	}
	free(follow);
	return rlg_fail_errno(err, code, "cannot follow the run group %s", group);
}

void rlg_follow_close(struct rlg_follow *follow)
{
	if (follow == NULL)
		return;
	if (follow->fd >= 0)
		close(follow->fd);
	free(follow);
}

const char *rlg_follow_complaint(struct rlg_follow *follow)
{
	if (follow->complaint[0] == '\0' || follow->complained)
		return NULL;
	follow->complained = true;
	return follow->complaint;
}

static int64_t earlier(int64_t left_ms, int64_t right_ms)
{
	return left_ms < 0 || (right_ms >= 0 && right_ms < left_ms) ? right_ms : left_ms;
}

static int timeout_until(int64_t until_ms)
{
	int64_t left = until_ms < 0 ? -1 : until_ms - rlg_clock_monotonic_ms();

	if (until_ms >= 0 && left < 0)
		left = 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static int64_t next_look_ms(const struct rlg_follow *follow)
{
	int64_t pause = 20 * follow->look_ms;

	if (follow->fd >= 0)
		return -1;
	pause = pause < RLG_FOLLOW_LOOK_MS ? RLG_FOLLOW_LOOK_MS : pause;
	pause = pause > RLG_FOLLOW_LOOK_MOST_MS ? RLG_FOLLOW_LOOK_MOST_MS : pause;
	return rlg_clock_monotonic_ms() + pause;
}

static bool has_come(struct rlg_follow *follow)
{
	return follow->fd >= 0 ? take_events(follow) : sizes_changed(follow);
}

/* The first of all that can happen. */
static enum rlg_follow_end sleep_for(struct rlg_follow *follow, int64_t deadline_ms, int other_fd)
{
	for (;;) {
		int64_t look_ms = next_look_ms(follow);
		struct pollfd all[] = {{.fd = follow->fd, .events = POLLIN},
				       {.fd = other_fd, .events = POLLIN},
				       {.fd = STDOUT_FILENO, .events = 0}};

		int ready = poll(all, 3, timeout_until(earlier(deadline_ms, look_ms)));
		if (ready > 0 && all[2].revents & (POLLERR | POLLHUP))
			return RLG_FOLLOW_NO_READER;
		bool due = look_ms >= 0 && rlg_clock_monotonic_ms() >= look_ms;
		if ((ready > 0 && all[0].revents != 0) || due) {
			bool news = has_come(follow);
			if (is_gone(follow))
				return RLG_FOLLOW_GONE;
			if (news)
				return RLG_FOLLOW_NEWS;
		}
		if (ready > 0 && all[1].revents != 0)
			return RLG_FOLLOW_OTHER;
		if (deadline_ms >= 0 && rlg_clock_monotonic_ms() >= deadline_ms)
			return RLG_FOLLOW_DEADLINE;
	}
}

static void pause_until(int64_t until_ms)
{
	while (rlg_clock_monotonic_ms() < until_ms)
		poll(NULL, 0, timeout_until(until_ms));
}

/* Lets a burst pass; and a caller whose looks take long rest from the last one. */
static void gather(struct rlg_follow *follow, int64_t deadline_ms, int64_t rest_until_ms)
{
	int64_t end_ms = rlg_clock_monotonic_ms() + RLG_FOLLOW_MOST_MS;
	bool more = true;

	while (more && rlg_clock_monotonic_ms() < end_ms) {
		pause_until(earlier(end_ms, rlg_clock_monotonic_ms() + RLG_FOLLOW_QUIET_MS));
		more = has_come(follow);
	}
	pause_until(earlier(deadline_ms, rest_until_ms));
	has_come(follow); /* what came meanwhile is seen by the look, too */
}

enum rlg_follow_end rlg_follow_wait(struct rlg_follow *follow, int64_t deadline_ms, int other_fd)
{
	int64_t now_ms = rlg_clock_monotonic_ms();
	int64_t rest_ms = follow->told_ms > 0 ? REST_TIMES * (now_ms - follow->told_ms) : 0;
	int64_t rest_until_ms = now_ms + (rest_ms < REST_MOST_MS ? rest_ms : REST_MOST_MS);
	enum rlg_follow_end end = sleep_for(follow, deadline_ms, other_fd);

	follow->told_ms = 0;
	if (end == RLG_FOLLOW_NEWS) {
		gather(follow, deadline_ms, rest_until_ms);
		end = is_gone(follow) ? RLG_FOLLOW_GONE : end;
		follow->told_ms = rlg_clock_monotonic_ms();
	}
	return end;
}
