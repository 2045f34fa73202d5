/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bringing a group's trackers up to date: see refresh.h.
 *
 * Whoever has news first makes the "dirty" mark and then tries for the lock.  Who holds the lock takes the mark away and
 * refreshes, as long as there is one, and looks again after letting go.  So a thousand jobs that end together cost a few
 * refreshes, and no news is left lying.
 */
#include "tool/group/refresh.h"

#include "lib/clock.h"
#include "lib/layout.h"
#include "lib/record.h"
#include "lib/statusfile.h"
#include "tool/base/draft.h"
#include "tool/base/inside.h"
#include "tool/group/refresh_lock.h"
#include "tool/group/tracker_file.h"

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

/* How often the mark of news is made anew that another refresher takes away while we do. */
#define MOST_TRIES 20

/* An editor that saves while we render: the tracker is rendered again from what it saved. */
#define MOST_RACES 5

/* How long a record about an edit waits for its turn. */
#define APPEND_MS 2000

/* A file that somebody changed so short ago may be half saved: not every editor replaces it at once. */
#define SETTLE_MS 50

/*
 * An empty file is hardly ever what a person wants, but what many an editor leaves for a moment: it truncates, then writes.
 * On a busy machine that moment is long, and a tracker made anew in it would be without all that the person wrote.
 */
#define EMPTIED_MS 2000

/* What one refresh is about. */
struct refresh {
	struct rlg_group *group;
	struct rlg_refresh_report *report;
	struct rlg_err *err;
	int code; /* the first error */
};

static void remember(struct refresh *refresh, int code, const struct rlg_err *err)
{
	if (refresh->code != 0)
		return;
	refresh->code = code;
	rlg_fail(refresh->err, code, "%s", err->text);
}

/* An edit that was found in a tracker. */
struct edit_context {
	struct refresh *refresh;
	const struct rlg_tracker *tracker;
	const struct rlg_tracker_file *file;
	unsigned told;
	bool failed;
};

static int64_t saved_time(const struct stat *file)
{
	return (int64_t)file->st_mtim.tv_sec * RLG_SECOND_US + file->st_mtim.tv_nsec / 1000;
}

/* When the file was saved; a file server's clock that is ahead must not make an edit outlive the news to come. */
static int64_t edit_time(const struct stat *file)
{
	int64_t saved_us = saved_time(file);
	int64_t now_us = rlg_clock_now_us();

	return saved_us > 0 && saved_us < now_us ? saved_us : now_us;
}

static void record_edit(void *context, const char *run, const char *phase, const char *field, const char *old_value,
			const char *new_value)
{
	struct edit_context *edit = context;
	const char *tracker = edit->tracker->name;
	const char *parts[] = {tracker, run, phase, field, new_value};
	int64_t saved_us = saved_time(&edit->file->stat);
	char storage[RLG_RECORD_MAX + 1], id[RLG_ID_MAX];
	struct rlg_record_writer writer;
	struct rlg_err err = {""};

	rlg_draft_id(id, parts, sizeof(parts) / sizeof(parts[0]), saved_us);
	rlg_record_begin(&writer, storage, sizeof(storage), edit_time(&edit->file->stat), "edit", id);
	rlg_record_str(&writer, "run", run);
	rlg_record_str(&writer, "phase", phase);
	rlg_record_str(&writer, "tracker", tracker);
	rlg_record_str(&writer, "field", field);
	rlg_record_str(&writer, "value", new_value);
	bool fits = writer.left_out == 0;
	rlg_record_str(&writer, "old_value", old_value);
	ssize_t length = rlg_record_end(&writer);
	struct rlg_append append = {.group = edit->refresh->group->path,
				    .run = run,
				    .line = storage,
				    .length = length < 0 ? 0 : (size_t)length,
				    .timeout_ms = APPEND_MS,
				    .durable = true};
	/* A value that is left out would read as one that was taken away. */
	int code = fits ? rlg_statusfile_append(&append, &err)
			: rlg_fail(&err, -EMSGSIZE, "%s: the %s of %s is too long to be kept", edit->file->path, field, run);
	if (code != 0)
		remember(edit->refresh, code, &err);
	edit->failed = edit->failed || code != 0;
	edit->told += code == 0;
}

/* One file of one tracker. */
struct keeping {
	const struct rlg_tracker *tracker;
	const struct rlg_tracker_choice *choice;
	const struct rlg_tracker_place *place;
	struct rlg_tracker_file file;
	bool left_alone; /* for this time: something is wrong with it */
	bool raced; /* somebody saved it while we rendered */
};

/* Puts what people changed into the records, so that it is theirs for good.  False: leave this file alone. */
static bool take_edits(struct refresh *refresh, const struct rlg_model *model, const struct keeping *keeping,
		       unsigned *out_edits)
{
	const struct rlg_tracker_file *file = &keeping->file;
	struct edit_context context = {.refresh = refresh, .tracker = keeping->tracker, .file = file};
	struct rlg_err err = {""};

	*out_edits = 0;
	if (file->text == NULL || keeping->tracker->edits == NULL)
		return true;
	int code = keeping->tracker->edits(refresh->group->arena, file->path, model, file->text, file->base, record_edit,
					   &context, &err);
	if (code != 0)
		remember(refresh, code, &err);
	*out_edits = context.told;
	refresh->report->edits += context.told;
	/* An edit that could not be recorded would be overwritten: do not. */
	return code == 0 && !context.failed;
}

/* Returns 0, or -EAGAIN when somebody saved the file meanwhile. */
static int render(struct refresh *refresh, const struct rlg_model *model, const struct keeping *keeping)
{
	const struct rlg_tracker_file *file = &keeping->file;
	struct rlg_tracker_view view = rlg_tracker_view(refresh->group, keeping->choice, model);
	struct rlg_bytes bytes, memory;
	struct rlg_err err = {""};
	bool written = false;

	rlg_bytes_init(&bytes, refresh->group->arena);
	rlg_bytes_init(&memory, refresh->group->arena);
	view.memory = file->memory;
	view.remember = &memory;
	int code = keeping->tracker->render(&view, keeping->place, file->path, file->text, file->base, &bytes, &err);
	if (code == 0 && !rlg_tracker_file_is_current(file))
		return -EAGAIN;
	if (code == 0 && file->text == NULL && bytes.length == 0)
		return 0; /* not yet */
	if (code == 0)
		code = rlg_tracker_file_write(file, bytes.data, bytes.length, &written, &err);
	if (code == -EAGAIN)
		return code;
	/* After the file: should we die in between, our news looks like a person's, and stays. */
	if (code == 0)
		code = rlg_tracker_file_remember(file, &memory, &err);
	if (code != 0)
		remember(refresh, code, &err);
	else if (written)
		refresh->report->trackers_written++;
	else
		refresh->report->trackers_unchanged++;
	return 0;
}

static bool is_as_written(const struct rlg_tracker_file *file)
{
	return file->text == NULL || (file->base != NULL && file->length == file->base_length &&
				      memcmp(file->text, file->base, file->length) == 0);
}

static bool is_emptied(const struct rlg_tracker_file *file)
{
	return file->text != NULL && file->length == 0 && file->base != NULL && file->base_length > 0;
}

/* Opens the file; one that is just being saved, once it has been left alone for a moment. */
static int open_settled(struct refresh *refresh, struct keeping *keeping, struct rlg_err *err)
{
	struct timespec pause = {.tv_nsec = SETTLE_MS * 1000000L};
	int code, most = MOST_RACES;

	for (int looks = 0; looks < most; looks++) {
		code = rlg_tracker_file_open(refresh->group, keeping->choice, keeping->place, &keeping->file, err);
		int64_t age_us = rlg_clock_now_us() - saved_time(&keeping->file.stat), settle_us = SETTLE_MS * 1000;
		if (is_emptied(&keeping->file)) {
			most = EMPTIED_MS / SETTLE_MS;
			settle_us = EMPTIED_MS * 1000;
		}
		if (code != 0 || is_as_written(&keeping->file) || age_us < 0 || age_us > settle_us)
			break;
		nanosleep(&pause, NULL);
	}
	return code;
}

/* Reads the records once more.  False: that could not be done, and the files are left alone. */
static bool load_again(struct refresh *refresh, struct rlg_model **model)
{
	struct rlg_err err = {""};
	int code = rlg_group_load(refresh->group, model, &err);

	if (code != 0)
		remember(refresh, code, &err);
	return code == 0;
}

/*
 * The files as they are now, all of them step by step: a script that has written a thousand of them anew costs two looks
 * at the records, and not two thousand.  Sets `raced` where somebody saved a file meanwhile.
 */
static void refresh_files(struct refresh *refresh, struct rlg_model **model, struct keeping *list, size_t n)
{
	bool by_others = false;
	unsigned edits = 0;

	for (size_t i = 0; i < n; i++) {
		struct keeping *keeping = &list[i];
		struct rlg_err err = {""};
		int code = open_settled(refresh, keeping, &err);
		keeping->raced = false;
		keeping->left_alone = code != 0;
		if (code != 0)
			remember(refresh, code, &err);
		else
			by_others = by_others || (keeping->tracker->edits != NULL && !is_as_written(&keeping->file));
	}
	/* What another refresher wrote, where locks are not to be had, is no edit: the records behind it are there by now. */
	if (by_others && !load_again(refresh, model))
		return;
	for (size_t i = 0; i < n; i++) {
		unsigned told = 0;
		if (!list[i].left_alone)
			list[i].left_alone = !take_edits(refresh, *model, &list[i], &told);
		edits += told;
	}
	if (edits > 0 && !load_again(refresh, model))
		return;
	for (size_t i = 0; i < n; i++)
		list[i].raced = !list[i].left_alone && render(refresh, *model, &list[i]) == -EAGAIN;
}

/* All files of one tracker. */
static void refresh_tracker(struct refresh *refresh, struct rlg_model **model, const struct rlg_tracker_choice *choice)
{
	struct rlg_tracker_places places;
	struct rlg_err err = {""};
	int code = rlg_tracker_places(refresh->group, choice, *model, &places, &err);

	if (code != 0)
		remember(refresh, code, &err);
	struct keeping *list = rlg_arena_alloc(refresh->group->arena, (places.n + 1) * sizeof(*list));
	for (size_t i = 0; i < places.n; i++)
		list[i] = (struct keeping){
			.tracker = rlg_tracker_called(choice->tracker), .choice = choice, .place = &places.list[i]};
	refresh_files(refresh, model, list, places.n);
	for (size_t i = 0; i < places.n; i++)
		for (int races = 1; list[i].raced && races < MOST_RACES; races++)
			refresh_files(refresh, model, &list[i], 1);
}

/* Everything once, from what is on disk now. */
static void refresh_once(struct refresh *refresh)
{
	struct rlg_model *model = NULL;
	struct rlg_err err = {""};

	int code = rlg_group_load(refresh->group, &model, &err);
	if (code != 0) {
		remember(refresh, code, &err);
		return;
	}
	refresh->report->damaged = model->damaged;
	for (size_t i = 0; i < refresh->group->config.n_trackers; i++)
		refresh_tracker(refresh, &model, &refresh->group->config.trackers[i]);
}

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
	int fd = -1, tries = 0;
	/* Another refresher takes the mark away in between: on NFS, even one that it sees still (ESTALE). */
	do {
		fd = openat(where.folder, where.name, flags | O_CREAT | O_EXCL, 0666);
		if (fd >= 0)
			share(fd, where.folder);
		else if (errno == EEXIST)
			fd = openat(where.folder, where.name, flags);
	} while (fd < 0 && (errno == ENOENT || errno == ESTALE) && ++tries < MOST_TRIES);
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

static int make_dirty(const struct rlg_group *group, const char *mark, struct rlg_err *err)
{
	int fd = open_own(group, RLG_DIR "/" RLG_DIRTY_FILE);

	if (fd == -EACCES && access(mark, F_OK) == 0)
		return 0; /* another's, and as good */
	if (fd < 0)
		return rlg_fail_errno(err, fd, "cannot write in the run group: %s", mark);
	close(fd);
	return 0;
}

static int remove_mark(const struct rlg_group *group)
{
	struct rlg_inside where;
	int code = rlg_inside_find(group->path, RLG_DIR "/" RLG_DIRTY_FILE, false, &where);

	if (code != 0)
		return code;
	code = unlinkat(where.folder, where.name, 0) == 0 ? 0 : -errno;
	close(where.folder);
	return code;
}

/* Is there news?  An NFS client only sees what other hosts made in a folder once it has opened that folder anew. */
static bool is_dirty(const struct rlg_group *group, const char *mark)
{
	int folder = open(rlg_group_path(group, RLG_DIR), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder >= 0)
		close(folder);
	return access(mark, F_OK) == 0;
}

static void refresh_anew(struct refresh *refresh)
{
	struct rlg_group fresh;
	struct rlg_err err = {""};
	struct refresh now = *refresh;
	int code = rlg_group_open(refresh->group->path, &fresh, &err);

	now.group = &fresh;
	if (code == 0)
		refresh_once(&now);
	else
		remember(&now, code, &err);
	refresh->code = now.code;
	rlg_group_close(&fresh);
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

/* Holding the lock: as long as there is news.  False: the mark cannot be taken away, so that there always would be. */
static bool refresh_while_dirty(struct refresh *refresh, const struct rlg_refresh_lock *lock, const char *mark)
{
	struct rlg_err err;

	for (int round = 0; round < MOST_ROUNDS; round++) {
		int code = remove_mark(refresh->group);
		if (code == -ENOENT)
			return true;
		if (code != 0) {
			remember(refresh, rlg_fail_errno(&err, code, "cannot remove %s", mark), &err);
			return false;
		}
		rlg_refresh_lock_touch(lock);
		refresh_anew(refresh);
	}
	return true;
}

int rlg_refresh(struct rlg_group *group, enum rlg_refresh_wait wait, struct rlg_refresh_report *out_report,
		struct rlg_err *err)
{
	struct refresh refresh = {.group = group, .report = out_report, .err = err};
	const char *mark = rlg_group_path(group, RLG_DIR "/" RLG_DIRTY_FILE);
	bool more = true;

	*out_report = (struct rlg_refresh_report){.left_to_other = false};
	int code = make_dirty(group, mark, err);
	struct rlg_refresh_lock lock = {.fd = code == 0 ? open_lock(group, err) : code,
					.stand_in = rlg_group_path(group, RLG_DIR "/" RLG_STAND_IN_FILE)};
	if (lock.fd < 0)
		return lock.fd;
	use_site_time();
	for (int round = 0; more && round < MOST_ROUNDS && is_dirty(group, mark); round++) {
		if (rlg_refresh_lock_take(&lock, wait == RLG_REFRESH_WAIT ? WAIT_MS : 0) != 0) {
			out_report->left_to_other = true;
			break;
		}
		more = refresh_while_dirty(&refresh, &lock, mark);
		rlg_refresh_lock_drop(&lock);
	}
	close(lock.fd);
	return refresh.code;
}
