/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One refresh of all trackers of a group: see refresh_trackers.h. */
#include "tool/group/refresh_trackers.h"

#include "lib/clock.h"
#include "lib/record.h"
#include "lib/statusfile.h"
#include "tool/base/draft.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

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

void rlg_refreshing_failed(struct rlg_refreshing *refreshing, int code, const struct rlg_err *err)
{
	if (refreshing->code != 0)
		return;
	refreshing->code = code;
	rlg_fail(refreshing->err, code, "%s", err->text);
}

/* An edit that was found in a tracker. */
struct edit_context {
	struct rlg_refreshing *refreshing;
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

static void add_edited(struct rlg_refreshing *refreshing, const char *run)
{
	struct rlg_arena *arena = refreshing->group->arena;

	if (refreshing->n_edited == refreshing->room_edited) {
		refreshing->room_edited = refreshing->room_edited == 0 ? 8 : 2 * refreshing->room_edited;
		refreshing->edited = rlg_arena_grow(arena, refreshing->edited, refreshing->n_edited,
						    refreshing->room_edited, sizeof(*refreshing->edited));
	}
	refreshing->edited[refreshing->n_edited++] = rlg_arena_strdup(arena, run);
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
	struct rlg_append append = {.group = edit->refreshing->group->path,
				    .run = run,
				    .line = storage,
				    .length = length < 0 ? 0 : (size_t)length,
				    .timeout_ms = APPEND_MS,
				    .durable = true};
	/* A value that is left out would read as one that was taken away. */
	int code = fits ? rlg_statusfile_append(&append, &err)
			: rlg_fail(&err, -EMSGSIZE, "%s: the %s of %s is too long to be kept", edit->file->path, field, run);
	if (code != 0)
		rlg_refreshing_failed(edit->refreshing, code, &err);
	edit->failed = edit->failed || code != 0;
	edit->told += code == 0;
	if (code == 0)
		add_edited(edit->refreshing, run);
}

/* One file of one tracker. */
struct keeping {
	const struct rlg_tracker *tracker;
	const struct rlg_tracker_choice *choice;
	const struct rlg_tracker_place *place;
	struct rlg_tracker_file file;
	struct rlg_stamped stamped;
	bool done; /* it shows all there is to show, and nobody has touched it */
	bool left_alone; /* for this time: something is wrong with it */
	bool raced; /* somebody saved it while we rendered */
};

/* Where not all can be read now the trackers are left alone, and the model is as it was. */
static int load(struct rlg_refreshing *refreshing, const struct rlg_load_news *news, struct rlg_model **model)
{
	struct rlg_model *fresh = NULL;
	struct rlg_err err = {""};
	int code = rlg_load_model(refreshing->load, news, &fresh, &err);

	if (code == 0 && fresh->unread != 0)
		code = rlg_fail_errno(&err, -fresh->unread,
				      "the trackers of %s are left as they are, as not all could be read that they are made from",
				      refreshing->group->path);
	if (code != 0) {
		rlg_refreshing_failed(refreshing, code, &err);
		refreshing->loaded = false;
		return code;
	}
	*model = fresh;
	refreshing->newest = rlg_load_moved_at(refreshing->load);
	for (size_t i = 0; i < (*model)->n_runs; i++)
		if ((*model)->runs[i].changed_at > refreshing->newest)
			refreshing->newest = (*model)->runs[i].changed_at;
	return 0;
}

/* What a brief model does not tell.  False: it cannot be had, and the files are left alone. */
static bool make_whole(struct rlg_refreshing *refreshing, struct rlg_model **model)
{
	static const char *const none[] = {NULL};

	return !(*model)->brief || load(refreshing, &(struct rlg_load_news){.runs = none}, model) == 0;
}

static bool is_as_written(const struct rlg_tracker_file *file)
{
	return file->text == NULL || (file->base != NULL && file->length == file->base_length &&
				      memcmp(file->text, file->base, file->length) == 0);
}

static bool may_have_edits(const struct keeping *keeping)
{
	return keeping->tracker->edits != NULL && !(keeping->tracker->render_changed != NULL && is_as_written(&keeping->file));
}

/* Puts what people changed into the records, so that it is theirs for good.  False: leave this file alone. */
static bool take_edits(struct rlg_refreshing *refreshing, const struct rlg_model *model, const struct keeping *keeping,
		       unsigned *out_edits)
{
	const struct rlg_tracker_file *file = &keeping->file;
	struct edit_context context = {.refreshing = refreshing, .tracker = keeping->tracker, .file = file};
	struct rlg_err err = {""};

	*out_edits = 0;
	if (file->text == NULL || !may_have_edits(keeping))
		return true;
	int code = keeping->tracker->edits(refreshing->group->arena, file->path, model, file->text, file->base, record_edit,
					   &context, &err);
	if (code != 0)
		rlg_refreshing_failed(refreshing, code, &err);
	*out_edits = context.told;
	refreshing->report->edits += context.told;
	/* An edit that could not be recorded would be overwritten: do not. */
	return code == 0 && !context.failed;
}

/* By the runs that changed, where that can be, else by all; makes the model whole where it takes that. */
static int render_text(struct rlg_refreshing *refreshing, struct rlg_model **model, const struct keeping *keeping,
		       struct rlg_tracker_view *view, struct rlg_bytes *out, struct rlg_err *err)
{
	const struct rlg_tracker *tracker = keeping->tracker;
	const struct rlg_tracker_file *file = &keeping->file;

	/* What a place brings along is not in the model: nobody can tell whether it has changed. */
	if (keeping->stamped.holds && keeping->place->data == NULL)
		view->changed_since = keeping->stamped.stamp.sequence;
	if (view->changed_since != 0 && tracker->render_changed != NULL &&
	    rlg_load_fill(refreshing->load, *model, view->changed_since) &&
	    tracker->render_changed(view, file->path, file->text, out))
		return 0;
	if (!make_whole(refreshing, model))
		return -ENODATA;
	view->model = *model;
	return tracker->render(view, keeping->place, file->path, file->text, file->base, out, err);
}

/* Returns 0, or -EAGAIN when somebody saved the file meanwhile. */
static int render(struct rlg_refreshing *refreshing, struct rlg_model **model, const struct keeping *keeping)
{
	const struct rlg_tracker_file *file = &keeping->file;
	struct rlg_tracker_view view = rlg_tracker_view(refreshing->group, keeping->choice, *model);
	struct rlg_bytes bytes, memory;
	struct rlg_err err = {""};
	bool written = false;

	rlg_bytes_init(&bytes, refreshing->group->arena);
	rlg_bytes_init(&memory, refreshing->group->arena);
	view.memory = file->memory;
	view.remember = &memory;
	int code = render_text(refreshing, model, keeping, &view, &bytes, &err);
	if (!refreshing->loaded)
		return 0; /* why has been told */
	if (code == 0 && !rlg_tracker_file_is_current(file))
		return -EAGAIN;
	if (code == 0 && file->text == NULL && bytes.length == 0)
		return 0; /* not yet */
	if (code == 0)
		code = rlg_tracker_file_write(file, &bytes, &memory, &written, &err);
	if (code == -EAGAIN)
		return code;
	if (code != 0)
		rlg_refreshing_failed(refreshing, code, &err);
	else if (written)
		refreshing->report->trackers_written++;
	else
		refreshing->report->trackers_unchanged++;
	if (code == 0)
		rlg_tracker_stamp(refreshing, keeping->choice, &keeping->stamped, file, *model, &bytes, written);
	return 0;
}

static bool is_emptied(const struct rlg_tracker_file *file)
{
	return file->text != NULL && file->length == 0 && file->base != NULL && file->base_length > 0;
}

/* Opens the file; one that is just being saved, once it has been left alone for a moment. */
static int open_settled(struct rlg_refreshing *refreshing, struct keeping *keeping, struct rlg_err *err)
{
	struct timespec pause = {.tv_nsec = SETTLE_MS * 1000000L};
	int code, most = MOST_RACES;

	for (int looks = 0; looks < most; looks++) {
		const uint64_t *sum = keeping->stamped.holds ? &keeping->stamped.stamp.text : NULL;
		code = rlg_tracker_file_open_stamped(refreshing->group, keeping->choice, keeping->place, sum, &keeping->file, err);
		/* Whoever is quick enough leaves number, size and times as they were. */
		keeping->stamped.holds = keeping->stamped.holds && keeping->file.base == keeping->file.text;
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

/*
 * Reads once more what came: our own records of edits; where nobody is kept out, all.  False: that could not be done, and
 * the files are left alone.
 */
static bool load_again(struct rlg_refreshing *refreshing, struct rlg_model **model)
{
	static const char *const none[] = {NULL};
	struct rlg_load_news news = {.runs = refreshing->edited != NULL ? refreshing->edited : none,
				     .n_runs = refreshing->n_edited};

	if (!refreshing->locked)
		news.runs = NULL;
	refreshing->n_edited = 0;
	return load(refreshing, &news, model) == 0;
}

/* Is there nothing to do at this place? */
static bool is_done(const struct rlg_refreshing *refreshing, const struct rlg_model *model, const struct keeping *keeping)
{
	const struct rlg_stamped *stamped = &keeping->stamped;
	const struct rlg_run *run = keeping->place->run == NULL ? NULL : rlg_model_run(model, keeping->place->run);

	if (!stamped->holds || refreshing->news.disk)
		return false;
	return keeping->place->data == NULL && refreshing->newest <= stamped->stamp.sequence ? true
	       : run != NULL && run->changed_at <= stamped->stamp.sequence;
}

/*
 * The files as they are now, all of them step by step: a script that has written a thousand of them anew costs two looks
 * at the records, and not two thousand.  Sets `raced` where somebody saved a file meanwhile.
 */
static void refresh_files(struct rlg_refreshing *refreshing, struct rlg_model **model, struct keeping *list, size_t n)
{
	bool by_others = false;
	unsigned edits = 0;

	for (size_t i = 0; i < n; i++) {
		struct keeping *keeping = &list[i];
		struct rlg_err err = {""};
		keeping->raced = false;
		keeping->stamped = rlg_tracker_stamped(refreshing, keeping->choice, keeping->place);
		keeping->done = is_done(refreshing, *model, keeping);
		keeping->left_alone = keeping->done;
		refreshing->report->trackers_unchanged += keeping->done && keeping->stamped.stamp.file.inode != 0;
		if (keeping->done)
			continue;
		int code = open_settled(refreshing, keeping, &err);
		keeping->left_alone = code != 0;
		if (code != 0)
			rlg_refreshing_failed(refreshing, code, &err);
		else
			by_others = by_others || (keeping->tracker->edits != NULL && !is_as_written(&keeping->file));
	}
	/* What another refresher wrote, where locks are not to be had, is no edit: the records behind it are there by now. */
	if (by_others && !refreshing->locked && !load_again(refreshing, model))
		return;
	for (size_t i = 0; i < n; i++)
		if (!list[i].left_alone && may_have_edits(&list[i]) && !make_whole(refreshing, model))
			return;
	for (size_t i = 0; i < n; i++) {
		unsigned told = 0;
		if (!list[i].left_alone)
			list[i].left_alone = !take_edits(refreshing, *model, &list[i], &told);
		edits += told;
	}
	if (edits > 0 && !load_again(refreshing, model))
		return;
	for (size_t i = 0; i < n; i++)
		list[i].raced = !list[i].left_alone && render(refreshing, model, &list[i]) == -EAGAIN;
}

/* All files of one tracker. */
static void refresh_tracker(struct rlg_refreshing *refreshing, struct rlg_model **model, const struct rlg_tracker_choice *choice)
{
	struct rlg_tracker_places places;
	struct rlg_err err = {""};

	/* Who keeps a file for each of them looks at all of it. */
	if (choice->path != NULL && rlg_tracker_called(choice->tracker)->places != NULL && !make_whole(refreshing, model))
		return;
	int code = rlg_tracker_places(refreshing->group, choice, *model, &places, &err);

	if (code != 0)
		rlg_refreshing_failed(refreshing, code, &err);
	struct keeping *list = rlg_arena_alloc(refreshing->group->arena, (places.n + 1) * sizeof(*list));
	for (size_t i = 0; i < places.n; i++)
		list[i] = (struct keeping){
			.tracker = rlg_tracker_called(choice->tracker), .choice = choice, .place = &places.list[i]};
	refresh_files(refreshing, model, list, places.n);
	for (size_t i = 0; i < places.n; i++)
		for (int races = 1; list[i].raced && races < MOST_RACES; races++)
			refresh_files(refreshing, model, &list[i], 1);
}

void rlg_refresh_trackers(struct rlg_refreshing *refreshing)
{
	struct rlg_group *group = refreshing->group;
	struct rlg_model *model = NULL;

	refreshing->load = rlg_load_begin(group, refreshing->locked);
	refreshing->news.brief = true;
	refreshing->loaded = true;
	if (load(refreshing, &refreshing->news, &model) == 0) {
		refreshing->report->damaged = model->damaged;
		for (size_t i = 0; i < group->config.n_trackers && refreshing->loaded; i++)
			refresh_tracker(refreshing, &model, &group->config.trackers[i]);
		/* A model that lacks something must not be believed by the next refresh. */
		if (refreshing->loaded)
			rlg_load_commit(refreshing->load);
	}
	refreshing->report->runs_read += rlg_load_work(refreshing->load).runs;
	refreshing->report->records_read += rlg_load_work(refreshing->load).records;
	rlg_load_end(refreshing->load);
}
