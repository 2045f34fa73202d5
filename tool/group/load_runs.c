/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of each run of a group: see load_runs.h. */
#include "tool/group/load_runs.h"

#include <string.h>

struct rlg_known_run *rlg_known_run(struct rlg_load *load, const char *name, bool make)
{
	struct rlg_arena *arena = load->group->arena;
	size_t at = rlg_names_find(load->names, name);

	if (at != RLG_NAMES_NONE)
		return &load->runs[at];
	if (!make)
		return NULL;
	if (load->n_runs == load->runs_room) {
		load->runs_room = load->runs_room == 0 ? 64 : 2 * load->runs_room;
		load->runs = rlg_arena_grow(arena, load->runs, load->n_runs, load->runs_room, sizeof(*load->runs));
	}
	struct rlg_known_run *run = &load->runs[load->n_runs];
	*run = (struct rlg_known_run){.name = rlg_arena_strdup(arena, name), .dirty = true};
	rlg_names_add(load->names, run->name, load->n_runs++);
	return run;
}

/* ---- packed ---- */

static void add_bytes(struct rlg_bytes *to, const char *bytes, size_t count)
{
	rlg_pack_number(to, count);
	rlg_bytes_add_n(to, bytes, count);
}

static const char *take_bytes(struct rlg_unpack *from, size_t *out_count)
{
	*out_count = rlg_unpack_number(from);
	const char *bytes = rlg_unpack_bytes(from, *out_count);
	*out_count = bytes == NULL ? 0 : *out_count;
	return bytes;
}

static void pack_rest(const struct rlg_known_run *run, struct rlg_bytes *to)
{
	rlg_read_files_pack(&run->files, to);
	rlg_pack_number(to, run->n_chunks);
	for (size_t i = 0; i < run->n_chunks; i++) {
		rlg_pack_number(to, run->chunks[i].bulk.offset);
		rlg_pack_number(to, run->chunks[i].bulk.length);
		rlg_pack_number(to, run->chunks[i].count);
	}
}

/* Of ten thousand runs one has news, as a rule: the others' files and chunks are not needed. */
static void unpack_rest(struct rlg_load *load, struct rlg_known_run *run)
{
	struct rlg_unpack from = rlg_unpack_begin(run->rest, run->rest_length);

	if (run->rest == NULL)
		return;
	run->rest = NULL;
	rlg_read_files_unpack(load->group->arena, &from, &run->files);
	run->n_chunks = rlg_unpack_count(&from, 3);
	run->chunks = rlg_arena_alloc(load->group->arena, (run->n_chunks + 1) * sizeof(*run->chunks));
	for (size_t i = 0; i < run->n_chunks; i++) {
		run->chunks[i].bulk.offset = rlg_unpack_number(&from);
		run->chunks[i].bulk.length = rlg_unpack_number(&from);
		run->chunks[i].count = rlg_unpack_number(&from);
	}
	if (!from.bad)
		return;
	/* As if it had never been read. */
	run->files = (struct rlg_read_files){.n = 0};
	run->n_chunks = 0;
}

void rlg_known_run_add(struct rlg_load *load, struct rlg_known_run *run)
{
	struct rlg_bytes bytes, rest;

	rlg_bytes_init(&bytes, load->scratch);
	rlg_bytes_init(&rest, load->scratch);
	if (run->rest == NULL && !run->gone)
		pack_rest(run, &rest);
	rlg_pack_text(&bytes, run->name);
	rlg_pack_number(&bytes, run->changed_at);
	rlg_pack_number(&bytes, run->told);
	rlg_pack_number(&bytes, run->planned);
	rlg_pack_number(&bytes, run->records);
	rlg_pack_number(&bytes, run->damaged);
	rlg_pack_number(&bytes, run->bulk_bytes);
	add_bytes(&bytes, run->folded, run->folded_length);
	add_bytes(&bytes, run->found, run->found_length);
	if (run->rest == NULL)
		add_bytes(&bytes, rest.data, rest.length);
	else
		add_bytes(&bytes, run->rest, run->rest_length);
	rlg_snapshot_add(load->snapshot, RLG_FRAME_RUN, bytes.data, bytes.length);
	rlg_arena_empty(load->scratch);
	run->dirty = false;
}

bool rlg_known_run_unpack(struct rlg_load *load, struct rlg_unpack *from)
{
	const char *name = rlg_unpack_text(from);
	struct rlg_known_run *run = name == NULL ? NULL : rlg_known_run(load, name, true);

	if (run == NULL)
		return false;
	*run = (struct rlg_known_run){.name = run->name};
	run->changed_at = rlg_unpack_number(from);
	run->told = run->told_before = rlg_unpack_number(from);
	run->planned = rlg_unpack_number(from) == 1;
	run->records = rlg_unpack_number(from);
	run->damaged = rlg_unpack_number(from);
	run->bulk_bytes = rlg_unpack_number(from);
	run->folded = take_bytes(from, &run->folded_length);
	run->found = take_bytes(from, &run->found_length);
	run->rest = take_bytes(from, &run->rest_length);
	run->gone = run->rest_length == 0;
	return !from->bad && from->at == from->end;
}

void rlg_known_run_move(struct rlg_load *load, struct rlg_known_run *run)
{
	unpack_rest(load, run);
	for (size_t i = 0; i < run->n_chunks; i++)
		run->chunks[i].bulk = rlg_snapshot_move_bulk(load->snapshot, run->chunks[i].bulk);
}

/* ---- reading ---- */

bool rlg_gather_line(void *context, const char *line, size_t length)
{
	struct rlg_gathering *gathering = context;
	struct rlg_record record;

	if (rlg_record_read(gathering->reader, line, length, &record, NULL) != 0)
		return false;
	rlg_gathered_add(gathering->gathered, &record);
	rlg_record_done(&record);
	return true;
}

/* The chunks of old, and where each begins; false: one of them is not to be had. */
static bool gather_chunks(struct rlg_load *load, const struct rlg_known_run *run, struct rlg_gathered *gathered,
			  struct rlg_gathered_mark *begins)
{
	for (size_t i = 0; i < run->n_chunks; i++) {
		const char *bytes = rlg_snapshot_bulk(load->snapshot, load->scratch, run->chunks[i].bulk);
		begins[i] = rlg_gathered_mark(gathered);
		if (run->chunks[i].count == 0)
			continue;
		if (bytes == NULL || !rlg_gathered_unpack(gathered, bytes, run->chunks[i].bulk.length))
			return false;
	}
	begins[run->n_chunks] = rlg_gathered_mark(gathered);
	return true;
}

static void count_bulk(struct rlg_known_run *run)
{
	run->bulk_bytes = 0;
	for (size_t i = 0; i < run->n_chunks; i++)
		run->bulk_bytes += run->chunks[i].bulk.length;
}

static void add_chunk(struct rlg_load *load, struct rlg_known_run *run, const struct rlg_bytes *bytes, uint64_t count)
{
	run->chunks = rlg_arena_grow(load->group->arena, run->chunks, run->n_chunks, run->n_chunks + 1, sizeof(*run->chunks));
	run->chunks[run->n_chunks++] =
		(struct rlg_known_chunk){rlg_snapshot_add_bulk(load->snapshot, bytes->data, bytes->length), count};
	count_bulk(run);
}

/* What is new becomes a chunk, and takes in those before that are not much larger: so there are few, and none is moved often. */
static void keep_chunks(struct rlg_load *load, struct rlg_known_run *run, const struct rlg_gathered *gathered,
			const struct rlg_gathered_mark *begins)
{
	struct rlg_gathered_mark end = rlg_gathered_mark(gathered);
	size_t n = run->n_chunks;
	uint64_t count = end.events + end.progress - begins[n].events - begins[n].progress;
	struct rlg_bytes bytes;

	if (!load->write || count == 0)
		return;
	while (n > 0 && run->chunks[n - 1].count <= 2 * count)
		count += run->chunks[--n].count;
	rlg_bytes_init(&bytes, load->scratch);
	rlg_gathered_pack(gathered, begins[n], &bytes);
	run->n_chunks = n;
	add_chunk(load, run, &bytes, count);
}

static void keep_folded(struct rlg_load *load, struct rlg_known_run *run, const struct rlg_bytes *folded)
{
	if (folded->length == run->folded_length &&
	    (folded->length == 0 || memcmp(folded->data, run->folded, folded->length) == 0))
		return;
	load->moved = load->moved || folded->length == 0;
	run->folded = rlg_arena_copy(load->group->arena, folded->data, folded->length);
	run->folded_length = folded->length;
	run->changed = true;
}

void rlg_known_run_empty(struct rlg_load *load, struct rlg_known_run *run)
{
	if (run->folded_length > 0)
		run->changed = load->moved = true;
	run->folded_length = run->found_length = run->n_chunks = 0;
	run->files = (struct rlg_read_files){.n = 0};
	run->rest = NULL;
	run->records = run->damaged = run->bulk_bytes = 0;
	run->gone = run->told == 0;
	run->dirty = true;
}

void rlg_fold_gathered_run(const struct rlg_group *group, struct rlg_arena *scratch, const char *run, uint64_t records,
			   struct rlg_gathered *gathered, struct rlg_bytes *to)
{
	/* Of garbage alone there is no run. */
	if (records > 0)
		rlg_fold_pack(scratch, group->config.phases, group->config.n_phases, run, gathered, to);
}

static int read_run(struct rlg_load *load, struct rlg_known_run *run, bool anew)
{
	struct rlg_group *group = load->group;
	struct rlg_gathered gathered;
	struct rlg_read_files files;
	struct rlg_bytes folded;
	bool had_files = run->files.n > 0;

	rlg_gathered_init(&gathered, load->scratch);
	struct rlg_gathered_mark *begins = rlg_arena_alloc(load->scratch, (run->n_chunks + 1) * sizeof(*begins));
	anew = anew || !gather_chunks(load, run, &gathered, begins);
	if (anew) {
		rlg_gathered_init(&gathered, load->scratch);
		begins[0] = rlg_gathered_mark(&gathered);
		run->files = (struct rlg_read_files){.n = 0};
		run->n_chunks = 0;
		run->records = 0;
	}
	int code = rlg_run_read(group->arena, group->path, run->name, &run->files, rlg_gather_line,
				&(struct rlg_gathering){load->reader, &gathered}, &files, load->err);
	run->files = files;
	if (files.unread != 0)
		load->unread = files.unread;
	run->records += gathered.records;
	run->damaged = rlg_read_files_damaged(&files);
	keep_chunks(load, run, &gathered, begins);
	rlg_bytes_init(&folded, load->scratch);
	rlg_fold_gathered_run(group, load->scratch, run->name, run->records, &gathered, &folded);
	keep_folded(load, run, &folded);
	rlg_arena_empty(load->scratch);
	run->dirty = run->dirty || run->files.n > 0 || had_files;
	run->gone = run->files.n == 0 && run->damaged == 0 && run->told == 0;
	run->read_in = load->looks;
	load->work.runs++;
	load->work.records += gathered.records;
	return code;
}

void rlg_known_run_take(struct rlg_load *load, struct rlg_known_run *run, const struct rlg_fresh_run *fresh)
{
	run->seen_in = run->read_in = load->looks;
	rlg_read_files_copy(load->group->arena, &fresh->files, &run->files);
	if (fresh->files.unread != 0)
		load->unread = fresh->files.unread;
	run->records = fresh->records;
	run->damaged = rlg_read_files_damaged(&run->files);
	run->n_chunks = 0;
	if (fresh->chunk.length > 0)
		add_chunk(load, run, &fresh->chunk, fresh->records);
	keep_folded(load, run, &fresh->folded);
	run->dirty = run->dirty || run->files.n > 0;
	run->gone = run->files.n == 0 && run->damaged == 0 && run->told == 0;
	load->work.runs++;
	load->work.records += fresh->records;
}

int rlg_known_run_read(struct rlg_load *load, struct rlg_known_run *run)
{
	run->seen_in = load->looks;
	unpack_rest(load, run);
	bool is_new = run->files.n == 0;
	enum rlg_run_news news = is_new ? RLG_RUN_ANEW : rlg_run_look(load->group->path, run->name, &run->files);

	return news == RLG_RUN_AS_BEFORE ? 0 : read_run(load, run, news == RLG_RUN_ANEW);
}
