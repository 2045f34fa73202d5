/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of each run of a group: see load_runs.h. */
#include "tool/group/load_runs.h"

#include <stdlib.h>
#include <string.h>

/* So few names are found sooner by looking at all than by giving all of them their places. */
#define MOST_LOOKS 8

static size_t find(struct rlg_load *load, const char *name)
{
	if (load->n_named == 0 && load->looks_by_name++ < MOST_LOOKS) {
		for (size_t i = 0; i < load->n_runs; i++)
			if (strcmp(load->runs[i].name, name) == 0)
				return i;
		return RLG_NAMES_NONE;
	}
	for (; load->n_named < load->n_runs; load->n_named++)
		rlg_names_add(load->names, load->runs[load->n_named].name, load->n_named);
	return rlg_names_find(load->names, name);
}

void rlg_known_runs_reserve(struct rlg_load *load, size_t count)
{
	if (count <= load->runs_room - load->n_runs)
		return;
	load->runs_room = load->n_runs + (count > load->runs_room ? count : load->runs_room);
	load->runs = rlg_arena_grow(load->group->arena, load->runs, load->n_runs, load->runs_room, sizeof(*load->runs));
}

struct rlg_known_run *rlg_known_run_new(struct rlg_load *load)
{
	rlg_known_runs_reserve(load, load->n_runs == 0 ? 64 : 1);
	return &load->runs[load->n_runs++];
}

struct rlg_known_run *rlg_known_run(struct rlg_load *load, const char *name, bool make)
{
	size_t at = find(load, name);

	if (at != RLG_NAMES_NONE)
		return &load->runs[at];
	if (!make)
		return NULL;
	struct rlg_known_run *run = rlg_known_run_new(load);
	*run = (struct rlg_known_run){
		.name = rlg_arena_strdup(load->group->arena, name), .slot = RLG_NO_SLOT, .dirty = true, .repacked = true};
	return run;
}

/* ---- their order ---- */

/* None, which is 0, comes last. */
static int compare_places(uint64_t left, uint64_t right)
{
	return left - 1 < right - 1 ? -1 : left - 1 > right - 1;
}

static int compare_runs(const void *left, const void *right)
{
	const struct rlg_known_run *a = *(const struct rlg_known_run *const *)left;
	const struct rlg_known_run *b = *(const struct rlg_known_run *const *)right;
	int order = compare_places(a->rank, b->rank);

	if (order == 0)
		order = compare_places(a->told, b->told);
	return order != 0 ? order : strcmp(a->name, b->name);
}

bool rlg_known_run_is_shown(const struct rlg_known_run *run)
{
	return run->rank != 0 || run->told != 0 || run->folded_length > 0;
}

struct rlg_known_run **rlg_known_runs_in_order(struct rlg_load *load, size_t *out_n)
{
	struct rlg_known_run **runs = rlg_arena_alloc(load->group->arena, (load->n_runs + 1) * sizeof(struct rlg_known_run *));
	bool sorted = true;
	size_t n = 0;

	for (size_t i = 0; i < load->n_runs; i++) {
		if (!rlg_known_run_is_shown(&load->runs[i]))
			continue;
		runs[n++] = &load->runs[i];
		sorted = sorted && (n == 1 || compare_runs(&runs[n - 2], &runs[n - 1]) < 0);
	}
	if (!sorted)
		qsort(runs, n, sizeof(struct rlg_known_run *), compare_runs);
	*out_n = n;
	return runs;
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
static void keep_chunks(struct rlg_load *load, struct rlg_known_run *run, struct rlg_gathered *gathered,
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
	run->changed = run->repacked = true;
}

void rlg_known_run_empty(struct rlg_load *load, struct rlg_known_run *run)
{
	if (run->folded_length > 0)
		run->changed = load->moved = true;
	run->away = run->lost = false;
	run->folded_length = run->found_length = run->n_chunks = 0;
	run->files = (struct rlg_read_files){.n = 0};
	run->rest = NULL;
	run->records = run->damaged = run->bulk_bytes = 0;
	run->gone = run->told == 0;
	run->dirty = run->repacked = true;
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
	run->repacked = run->repacked || run->lost || run->files.n > 0 || had_files;
	run->lost = false;
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
	run->repacked = run->repacked || run->lost || run->files.n > 0;
	run->lost = false;
	run->gone = run->files.n == 0 && run->damaged == 0 && run->told == 0;
	load->work.runs++;
	load->work.records += fresh->records;
}

int rlg_known_run_read(struct rlg_load *load, struct rlg_known_run *run)
{
	run->seen_in = load->looks;
	rlg_known_run_open(load, run);
	bool is_new = run->files.n == 0;
	enum rlg_run_news news = is_new ? RLG_RUN_ANEW : rlg_run_look(load->group->path, run->name, &run->files);

	/* Who keeps no chunks has nothing to put what is new to. */
	bool is_kept = load->write || run->read_in == 0;
	return news == RLG_RUN_AS_BEFORE ? 0 : read_run(load, run, news == RLG_RUN_ANEW || !is_kept);
}
