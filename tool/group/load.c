/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a group's status files to its model: see load.h. */
#include "tool/group/load.h"

#include "lib/clock.h"
#include "lib/layout.h"
#include "lib/lines.h"
#include "tool/base/names.h"
#include "tool/group/load_runs.h"
#include "tool/group/tracker_file.h"

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
	case RLG_FRAME_RUNS:
		return rlg_known_runs_unpack(load, &from);
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
	load->n_runs = load->runs_room = load->n_stamps = load->stamps_room = load->n_named = load->n_slots = 0;
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

int rlg_load_model(struct rlg_load *load, const struct rlg_load_news *news, struct rlg_model **out_model,
		   struct rlg_err *err)
{
	for (int tries = 0; tries < 2; tries++) {
		load->unread = load->group->unread;
		bool as_before = load->whole && load->old_settings == load->settings;
		if (!load->whole || !rlg_tracker_runs_are_known(load->group, load))
			ask_trackers(load);
		int code = look(load, news, err);
		if (code != 0)
			return code;
		if ((as_before && news->brief && !news->disk && rlg_load_brief(load, out_model)) ||
		    rlg_load_fold(load, news->disk || !as_before, out_model)) {
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
		bytes += load->runs[i].bulk_bytes + load->runs[i].packed.length;
	return bytes;
}

/* All of them are told: they get their numbers anew, in the model's order, in which the next load then has them. */
static void pack_all(struct rlg_load *load, struct rlg_bytes *to, size_t *count)
{
	size_t n;
	struct rlg_known_run **runs = rlg_known_runs_in_order(load, &n);

	load->n_slots = 0;
	for (size_t i = 0; i < load->n_runs; i++)
		load->runs[i].slot = RLG_NO_SLOT;
	for (size_t i = 0; i < n; i++)
		rlg_known_run_pack(load, runs[i], to);
	for (size_t i = 0; i < load->n_runs; i++)
		if (!load->runs[i].gone && load->runs[i].slot == RLG_NO_SLOT)
			rlg_known_run_pack(load, &load->runs[i], to);
	*count = load->n_slots;
}

static void pack_dirty(struct rlg_load *load, struct rlg_bytes *to, size_t *count)
{
	for (size_t i = 0; i < load->n_runs; i++) {
		struct rlg_known_run *run = &load->runs[i];
		/* What was named, and has nothing, was never there. */
		if (!run->dirty || (run->gone && run->slot == RLG_NO_SLOT))
			continue;
		rlg_known_run_pack(load, run, to);
		(*count)++;
	}
}

static void add_runs(struct rlg_load *load, bool all)
{
	struct rlg_bytes runs, frame;
	size_t count = 0;

	for (size_t i = 0; i < load->n_runs; i++)
		if (load->runs[i].repacked)
			rlg_known_run_keep(load, &load->runs[i]);
	if (all)
		rlg_snapshot_begin_state(load->snapshot);
	rlg_bytes_init(&runs, load->group->arena);
	rlg_bytes_init(&frame, load->group->arena);
	if (all)
		pack_all(load, &runs, &count);
	else
		pack_dirty(load, &runs, &count);
	if (count == 0)
		return;
	rlg_pack_number(&frame, count);
	rlg_bytes_reserve(&frame, runs.length);
	rlg_bytes_add_n(&frame, runs.data, runs.length);
	rlg_snapshot_add(load->snapshot, RLG_FRAME_RUNS, frame.data, frame.length);
}

/* False: not all that is to be in it is there any more.  Such a snapshot is worth nothing. */
static bool write_anew(struct rlg_load *load)
{
	rlg_snapshot_commit(load->snapshot);
	if (!rlg_known_runs_fetch(load)) {
		rlg_snapshot_remove(load->group->path);
		return false;
	}
	rlg_snapshot_begin_anew(load->snapshot);
	for (size_t i = 0; i < load->n_runs; i++) {
		rlg_known_run_move(load, &load->runs[i]);
		load->runs[i].repacked = true;
	}
	return true;
}

void rlg_load_commit(struct rlg_load *load)
{
	bool all = rlg_snapshot_is_anew(load->snapshot);

	if (!load->write)
		return;
	if (rlg_snapshot_is_stale(load->snapshot, wanted_bulk(load))) {
		if (!write_anew(load))
			return;
		all = true;
	}
	all = all || rlg_snapshot_is_long(load->snapshot);
	add_runs(load, all);
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

bool rlg_load_all_are_told(const struct rlg_load *load)
{
	for (size_t i = 0; i < load->n_runs; i++)
		if (load->runs[i].planned && load->runs[i].told == 0 && rlg_known_run_is_shown(&load->runs[i]))
			return false;
	return load->unknown_planned == 0;
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
