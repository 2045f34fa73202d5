/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a group's status files to its model: see load.h. */
#include "tool/group/load.h"

#include "lib/clock.h"
#include "lib/layout.h"
#include "lib/lines.h"
#include "tool/base/names.h"
#include "tool/group/load_runs.h"
#include "tool/group/tracker_file.h"
#include "tool/plan/evaluations.h"
#include "tool/plan/found.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the snapshot's frames ---- */

static bool take_group(struct rlg_load *load, struct rlg_unpack *from)
{
	uint64_t sequence = rlg_unpack_number(from), moved_at = rlg_unpack_number(from);

	load->sequence = sequence > load->sequence ? sequence : load->sequence;
	load->moved_at = moved_at;
	load->old_settings = rlg_unpack_number(from);
	return !from->bad;
}

static bool take_frame(void *context, enum rlg_frame kind, const char *bytes, size_t count)
{
	struct rlg_load *load = context;
	struct rlg_unpack from = rlg_unpack_begin(bytes, count);

	switch (kind) {
	case RLG_FRAME_RUN:
		return rlg_known_run_unpack(load, &from);
	case RLG_FRAME_STAMP:
		return rlg_known_stamp_unpack(load, &from);
	case RLG_FRAME_GROUP:
		return take_group(load, &from);
	default:
		return false;
	}
}

static void add_group(struct rlg_load *load)
{
	struct rlg_bytes bytes;

	rlg_bytes_init(&bytes, load->scratch);
	rlg_pack_number(&bytes, load->sequence);
	rlg_pack_number(&bytes, load->moved_at);
	rlg_pack_number(&bytes, load->settings);
	rlg_snapshot_add(load->snapshot, RLG_FRAME_GROUP, bytes.data, bytes.length);
}

/* What the folded runs depend on beside their records. */
static uint64_t print_of(const struct rlg_group *group)
{
	uint64_t print = rlg_sum64(0, &group->config.n_phases, sizeof(group->config.n_phases));

	for (size_t i = 0; i < group->config.n_phases; i++)
		print = rlg_sum64_text(print, group->config.phases[i]);
	return print;
}

/* What trackers, and looks at the disk, depend on besides. */
static uint64_t settings_of(const struct rlg_group *group)
{
	const struct rlg_plan *plan = &group->plan;
	uint64_t sum = rlg_sum64_text(rlg_sum64_text(group->config_sum, group->path), plan->title);

	for (size_t i = 0; i < plan->n_runs; i++) {
		sum = rlg_sum64_text(rlg_sum64_text(sum, plan->runs[i].name), plan->runs[i].type);
		sum = rlg_sum64(sum, &plan->runs[i].control, sizeof(plan->runs[i].control));
	}
	for (size_t i = 0; i < plan->n_evaluations; i++)
		sum = rlg_sum64_text(sum, plan->evaluations[i]);
	for (size_t i = 0; i < plan->n_matrix; i++) {
		sum = rlg_sum64_text(rlg_sum64_text(sum, plan->matrix[i].run), plan->matrix[i].task);
		sum = rlg_sum64(sum, &plan->matrix[i].epoch, sizeof(plan->matrix[i].epoch));
	}
	return sum;
}

/* As if there were no snapshot. */
static void forget(struct rlg_load *load)
{
	struct rlg_arena *arena = load->group->arena;

	load->whole = false;
	load->runs = NULL;
	load->stamps = NULL;
	load->n_runs = load->runs_room = load->n_stamps = load->stamps_room = 0;
	load->names = rlg_names_new(arena);
	load->stamp_names = rlg_names_new(arena);
	rlg_snapshot_begin_anew(load->snapshot);
}

struct rlg_load *rlg_load_begin(struct rlg_group *group, bool write)
{
	struct rlg_load *load = rlg_arena_alloc(group->arena, sizeof(*load));

	*load = (struct rlg_load){.group = group,
				  .write = write,
				  .settings = settings_of(group),
				  .names = rlg_names_new(group->arena),
				  .stamp_names = rlg_names_new(group->arena),
				  .scratch = rlg_arena_new(),
				  .reader = rlg_record_reader_new()};
	load->snapshot = rlg_snapshot_open(group->arena, group->path, print_of(group), write, take_frame, load,
					   &load->whole);
	if (!load->whole)
		forget(load);
	return load;
}

void rlg_load_end(struct rlg_load *load)
{
	if (load == NULL)
		return;
	rlg_snapshot_close(load->snapshot);
	rlg_arena_free(load->scratch);
	rlg_record_reader_free(load->reader);
	load->scratch = NULL;
	load->reader = NULL;
}

/* ---- the runs that are to be looked at ---- */

struct found_runs {
	struct rlg_arena *arena;
	const char **names;
	size_t n, room;
};

static int add_found(void *context, const char *name)
{
	struct found_runs *found = context;

	if (found->n == found->room) {
		found->room = found->room == 0 ? 64 : 2 * found->room;
		found->names = rlg_arena_grow(found->arena, found->names, found->n, found->room, sizeof(*found->names));
	}
	found->names[found->n++] = rlg_arena_strdup(found->arena, name);
	return 0;
}

static int look_at_all(struct rlg_load *load, struct rlg_err *err)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct found_runs found = {.arena = arena};
	int code = rlg_lines_each_run(load->group->path, add_found, &found, err);

	return code != 0 ? code : rlg_known_runs_read(load, found.names, found.n);
}

/* A run without files, which no tracker names either, is none. */
static void drop_gone(struct rlg_load *load)
{
	for (size_t i = 0; i < load->n_runs; i++) {
		struct rlg_known_run *run = &load->runs[i];
		if (run->gone || run->seen_in == load->looks)
			continue;
		rlg_known_run_empty(load, run);
	}
}

static int look(struct rlg_load *load, const struct rlg_load_news *news, struct rlg_err *err)
{
	int code = 0;

	load->looks++;
	load->err = err;
	if (news->runs == NULL || !load->whole) {
		code = look_at_all(load, err);
		if (code == 0)
			drop_gone(load);
		load->whole = load->whole || code == 0;
		return code;
	}
	for (size_t i = 0; i < news->n_runs && code == 0; i++)
		if (rlg_name_ok(news->runs[i], NULL))
			code = rlg_known_run_read(load, rlg_known_run(load, news->runs[i], true));
	return code;
}

/* ---- runs that trackers name ---- */

struct telling {
	struct rlg_load *load;
	uint64_t rank;
	bool changed;
};

static void take_told(void *context, const char *name, const char *phase)
{
	struct telling *telling = context;

	if (phase != NULL || !rlg_name_ok(name, NULL))
		return;
	struct rlg_known_run *run = rlg_known_run(telling->load, name, true);
	if (run->told_in == telling->load->tellings)
		return;
	run->told_in = telling->load->tellings;
	telling->rank++;
	telling->changed = telling->changed || run->told != telling->rank;
	run->dirty = run->dirty || run->told != telling->rank;
	run->told = telling->rank;
}

/* Who edits a tracker by hand may name runs there, and take some out. */
static void ask_trackers(struct rlg_load *load)
{
	struct telling telling = {.load = load};

	load->tellings++;
	int unread = rlg_tracker_runs(load->group, take_told, &telling);
	if (unread != 0)
		load->unread = unread;
	for (size_t i = 0; i < load->n_runs; i++) {
		struct rlg_known_run *run = &load->runs[i];
		if (run->told == 0 || run->told_in == load->tellings)
			continue;
		run->told = 0;
		run->dirty = telling.changed = true;
	}
	load->told_changed = load->told_changed || telling.changed;
}

/* ---- the model ---- */

static int compare_told(const void *left, const void *right)
{
	const struct rlg_known_run *a = *(const struct rlg_known_run *const *)left;
	const struct rlg_known_run *b = *(const struct rlg_known_run *const *)right;

	return a->told < b->told ? -1 : a->told > b->told;
}

static void plan_told(struct rlg_load *load, struct rlg_fold *fold)
{
	const struct rlg_known_run **told = rlg_arena_alloc(load->group->arena, (load->n_runs + 1) * sizeof(*told));
	bool sorted = true;
	size_t n = 0;

	for (size_t i = 0; i < load->n_runs; i++) {
		if (load->runs[i].told == 0)
			continue;
		sorted = sorted && (n == 0 || told[n - 1]->told < load->runs[i].told);
		told[n++] = &load->runs[i];
	}
	if (!sorted)
		qsort(told, n, sizeof(*told), compare_told);
	for (size_t i = 0; i < n; i++)
		rlg_fold_plan_run(fold, told[i]->name, NULL, false);
}

/* False: what the snapshot holds of a run is not what was packed. */
static bool fold(struct rlg_load *load, struct rlg_model **out_model)
{
	struct rlg_group *group = load->group;
	const struct rlg_plan *plan = &group->plan;
	struct rlg_fold *all = rlg_fold_new(group->arena, group->path, rlg_group_name(group), group->config.phases,
					    group->config.n_phases);

	for (size_t i = 0; i < plan->n_runs; i++)
		rlg_fold_plan_run(all, plan->runs[i].name, plan->runs[i].type, plan->runs[i].control);
	/* Runs that people put into a tracker by hand.  One that does not parse is told by the refresh, not here. */
	plan_told(load, all);
	for (size_t i = 0; i < load->n_runs; i++)
		if (load->runs[i].folded_length > 0 &&
		    !rlg_fold_packed(all, load->runs[i].folded, load->runs[i].folded_length))
			return false;
	*out_model = rlg_fold_finish(all);
	return true;
}

/* Looks at what lies on disk of a run, or fills in what did. */
static bool find(struct rlg_load *load, struct rlg_model *model, struct rlg_run *run, struct rlg_known_run *known,
		 bool look_again)
{
	struct rlg_group *group = load->group;
	struct rlg_bytes found;

	if (!look_again && known->found_length > 0)
		return rlg_found_unpack(group->arena, known->found, known->found_length, run);
	rlg_bytes_init(&found, group->arena);
	rlg_found_look(model, &group->config, &group->plan, run, &found);
	if (found.length == known->found_length &&
	    (found.length == 0 || memcmp(found.data, known->found, found.length) == 0))
		return true;
	known->found = found.data;
	known->found_length = found.length;
	known->dirty = known->changed = true;
	return true;
}

/* The runs behind those of the plan stand as trackers name them, then by name: do they stand so as they did before? */
static bool is_in_old_order(struct rlg_load *load, const struct rlg_model *model)
{
	const struct rlg_known_run *before = NULL;

	for (size_t i = load->group->plan.n_runs; i < model->n_runs; i++) {
		const struct rlg_known_run *run = rlg_known_run(load, model->runs[i].name, false);
		if (run == NULL || run->changed_at == 0)
			continue;
		uint64_t here = run->told_before - 1, there = before == NULL ? 0 : before->told_before - 1; /* 0: last */
		if (before != NULL && (here < there || (here == there && strcmp(run->name, before->name) < 0)))
			return false;
		before = run;
	}
	return true;
}

/* The sequence at which what has changed since the model before has changed. */
static void count_changes(struct rlg_load *load, bool news)
{
	uint64_t now = (uint64_t)rlg_clock_now_us();

	if (news || load->sequence == 0)
		load->sequence = now > load->sequence ? now : load->sequence + 1;
	if (load->moved)
		load->moved_at = load->sequence;
	load->moved = load->told_changed = false;
	for (size_t i = 0; i < load->n_runs; i++) {
		struct rlg_known_run *run = &load->runs[i];
		if (run->changed)
			run->changed_at = load->sequence;
		run->changed = false;
		run->told_before = run->told;
	}
}

/* What the model has beside its records; and what of it is new. */
static bool complete(struct rlg_load *load, struct rlg_model *model, bool all_disk)
{
	struct rlg_known_run **all = rlg_arena_alloc(load->group->arena, (model->n_runs + 1) * sizeof(struct rlg_known_run *));

	rlg_evaluations_complete(model, &load->group->plan);
	load->moved = load->moved || (load->told_changed && !is_in_old_order(load, model));
	bool news = load->moved;
	model->records = model->damaged = 0;
	for (size_t i = 0; i < model->n_runs; i++) {
		struct rlg_run *run = &model->runs[i];
		struct rlg_known_run *known = all[i] = rlg_known_run(load, run->name, false);
		if (known == NULL)
			continue;
		if (known->folded_length > 0 && !find(load, model, run, known, all_disk || known->read_in == load->looks))
			return false;
		if (known->planned != run->planned || known->changed_at == 0)
			known->dirty = known->changed = true;
		known->planned = run->planned;
		news = news || known->changed;
	}
	for (size_t i = 0; i < load->n_runs; i++) {
		model->records += load->runs[i].records;
		model->damaged += load->runs[i].damaged;
	}
	count_changes(load, news);
	for (size_t i = 0; i < model->n_runs; i++)
		model->runs[i].changed_at = all[i] != NULL ? all[i]->changed_at : 1;
	model->sequence = load->sequence;
	return true;
}

int rlg_load_model(struct rlg_load *load, const struct rlg_load_news *news, struct rlg_model **out_model,
		   struct rlg_err *err)
{
	for (int tries = 0; tries < 2; tries++) {
		load->unread = load->group->unread;
		bool all_disk = news->disk || !load->whole || load->old_settings != load->settings;
		if (!load->whole || !rlg_tracker_runs_are_known(load->group, load))
			ask_trackers(load);
		int code = look(load, news, err);
		if (code != 0)
			return code;
		if (fold(load, out_model) && complete(load, *out_model, all_disk)) {
			load->old_settings = load->settings;
			(*out_model)->unread = load->unread;
			return 0;
		}
		forget(load);
	}
	return rlg_fail(err, -EBADMSG, "the records of %s cannot be folded", load->group->path);
}

/* ---- the end ---- */

static uint64_t wanted_bulk(struct rlg_load *load)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < load->n_runs; i++)
		bytes += load->runs[i].bulk_bytes;
	return bytes;
}

void rlg_load_commit(struct rlg_load *load)
{
	bool all = rlg_snapshot_is_anew(load->snapshot);

	if (!load->write)
		return;
	if (rlg_snapshot_is_stale(load->snapshot, wanted_bulk(load))) {
		rlg_snapshot_commit(load->snapshot);
		rlg_snapshot_begin_anew(load->snapshot);
		for (size_t i = 0; i < load->n_runs; i++)
			rlg_known_run_move(load, &load->runs[i]);
		all = true;
	}
	for (size_t i = 0; i < load->n_runs; i++)
		if ((all && !load->runs[i].gone) || load->runs[i].dirty)
			rlg_known_run_add(load, &load->runs[i]);
	for (size_t i = 0; i < load->n_stamps; i++)
		if (all || load->stamps[i].dirty)
			rlg_known_stamp_add(load, &load->stamps[i]);
	if (all || load->sequence != load->kept_sequence)
		add_group(load);
	load->kept_sequence = load->sequence;
	rlg_snapshot_commit(load->snapshot);
}

struct rlg_load_work rlg_load_work(const struct rlg_load *load)
{
	return load->work;
}

uint64_t rlg_load_settings(const struct rlg_load *load)
{
	return load->settings;
}

uint64_t rlg_load_moved_at(const struct rlg_load *load)
{
	return load->moved_at;
}

bool rlg_load_all_are_told(const struct rlg_load *load, const struct rlg_model *model)
{
	for (size_t i = 0; i < model->n_runs; i++) {
		size_t at = rlg_names_find(load->names, model->runs[i].name);
		if (model->runs[i].planned && (at == RLG_NAMES_NONE || load->runs[at].told == 0))
			return false;
	}
	return true;
}

/* All that there is, with nothing written: for whoever only wants to look. */
int rlg_group_load(struct rlg_group *group, struct rlg_model **out_model, struct rlg_err *err)
{
	const struct rlg_load_news all = {.disk = true};
	struct rlg_load *load = rlg_load_begin(group, false);
	int code = rlg_load_model(load, &all, out_model, err);

	rlg_load_end(load);
	return code;
}
