/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of runs, into the snapshot and back: see load_runs.h. */
#include "tool/group/load_runs.h"

#include <stdlib.h>
#include <string.h>

/* ---- what only some refreshes need ---- */

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

/* It is as if its files had never been read. */
static void lose(struct rlg_known_run *run)
{
	run->folded_length = run->found_length = run->rest_length = run->n_chunks = 0;
	run->rest = NULL;
	run->files = (struct rlg_read_files){.n = 0};
	run->records = run->damaged = run->bulk_bytes = 0;
	run->lost = true;
}

static bool take_packed(struct rlg_known_run *run, const char *bytes)
{
	run->away = false;
	if (bytes == NULL) {
		lose(run);
		return false;
	}
	run->folded = bytes;
	run->found = run->folded + run->folded_length;
	run->rest = run->found + run->found_length;
	run->rest_length = run->packed.length - run->folded_length - run->found_length;
	return true;
}

bool rlg_known_run_fetch(struct rlg_load *load, struct rlg_known_run *run)
{
	return !run->away || take_packed(run, rlg_snapshot_bulk(load->snapshot, load->group->arena, run->packed));
}

static int compare_offsets(const void *left, const void *right)
{
	const struct rlg_known_run *a = *(const struct rlg_known_run *const *)left;
	const struct rlg_known_run *b = *(const struct rlg_known_run *const *)right;

	return a->packed.offset < b->packed.offset ? -1 : a->packed.offset > b->packed.offset;
}

bool rlg_known_runs_fetch(struct rlg_load *load)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_known_run **away = rlg_arena_alloc(arena, load->n_runs * sizeof(struct rlg_known_run *) + 1);
	struct rlg_bulk *where = rlg_arena_alloc(arena, load->n_runs * sizeof(*where) + 1);
	const char **bytes = rlg_arena_alloc(arena, load->n_runs * sizeof(*bytes) + 1);
	bool all = true;
	size_t n = 0;

	for (size_t i = 0; i < load->n_runs; i++)
		if (load->runs[i].away)
			away[n++] = &load->runs[i];
	if (n > 1)
		qsort(away, n, sizeof(struct rlg_known_run *), compare_offsets);
	for (size_t i = 0; i < n; i++)
		where[i] = away[i]->packed;
	rlg_snapshot_bulks(load->snapshot, load->group->arena, where, n, bytes);
	for (size_t i = 0; i < n; i++)
		take_packed(away[i], bytes[i]);
	for (size_t i = 0; i < load->n_runs && all; i++)
		all = !load->runs[i].lost;
	return all;
}

/* Of ten thousand runs one has news, as a rule: the others' files and chunks are not needed. */
void rlg_known_run_open(struct rlg_load *load, struct rlg_known_run *run)
{
	if (!rlg_known_run_fetch(load, run) || run->rest == NULL)
		return;
	struct rlg_unpack from = rlg_unpack_begin(run->rest, run->rest_length);
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
	run->repacked = true;
}

void rlg_known_run_keep(struct rlg_load *load, struct rlg_known_run *run)
{
	struct rlg_bytes bytes, rest;

	run->repacked = false;
	run->dirty = true;
	run->packed = (struct rlg_bulk){.length = 0};
	if (run->gone)
		return;
	rlg_bytes_init(&bytes, load->scratch);
	rlg_bytes_init(&rest, load->scratch);
	if (run->rest == NULL)
		pack_rest(run, &rest);
	else
		rlg_bytes_add_n(&rest, run->rest, run->rest_length);
	rlg_bytes_add_n(&bytes, run->folded, run->folded_length);
	rlg_bytes_add_n(&bytes, run->found, run->found_length);
	rlg_bytes_add_n(&bytes, rest.data, rest.length);
	run->packed = rlg_snapshot_add_bulk(load->snapshot, bytes.data, bytes.length);
	rlg_arena_empty(load->scratch);
}

void rlg_known_run_move(struct rlg_load *load, struct rlg_known_run *run)
{
	rlg_known_run_open(load, run);
	for (size_t i = 0; i < run->n_chunks; i++)
		run->chunks[i].bulk = rlg_snapshot_move_bulk(load->snapshot, run->chunks[i].bulk);
}

/* ---- what all of them need ---- */

/* Room for some that come, so that one new run does not move ten thousand. */
#define MORE_RUNS 64

/* The least that one takes: a byte for each of its members. */
#define LEAST_BYTES 16

void rlg_known_run_pack(struct rlg_load *load, struct rlg_known_run *run, struct rlg_bytes *to)
{
	if (run->slot == RLG_NO_SLOT)
		run->slot = load->n_slots++;
	rlg_pack_number(to, run->slot);
	rlg_pack_text(to, run->name);
	rlg_pack_number(to, run->changed_at);
	rlg_pack_number(to, run->told);
	rlg_pack_number(to, run->rank);
	rlg_pack_number(to, run->planned);
	rlg_pack_number(to, run->status);
	rlg_pack_number(to, (uint64_t)run->word_us);
	rlg_pack_number(to, run->records);
	rlg_pack_number(to, run->damaged);
	rlg_pack_number(to, run->bulk_bytes);
	rlg_pack_number(to, run->packed.offset);
	rlg_pack_number(to, run->packed.length);
	rlg_pack_number(to, run->folded_length);
	rlg_pack_number(to, run->found_length);
	run->dirty = false;
}

/* The run that has this number in the snapshot, or the next one. */
static struct rlg_known_run *run_at(struct rlg_load *load, size_t slot, const char *name)
{
	if (name == NULL || slot > load->n_slots)
		return NULL;
	if (slot < load->n_slots)
		return strcmp(load->runs[slot].name, name) == 0 ? &load->runs[slot] : NULL;
	load->n_slots++;
	return rlg_known_run_new(load);
}

static bool unpack_run(struct rlg_load *load, struct rlg_unpack *from)
{
	size_t slot = rlg_unpack_number(from);
	const char *name = rlg_unpack_text(from);
	struct rlg_known_run *run = run_at(load, slot, name);

	if (run == NULL)
		return false;
	*run = (struct rlg_known_run){.name = name, .slot = slot};
	run->changed_at = rlg_unpack_number(from);
	run->told = run->told_before = rlg_unpack_number(from);
	run->rank = rlg_unpack_number(from);
	run->planned = rlg_unpack_number(from) == 1;
	uint64_t status = rlg_unpack_number(from);
	run->word_us = (int64_t)rlg_unpack_number(from);
	run->records = rlg_unpack_number(from);
	run->damaged = rlg_unpack_number(from);
	run->bulk_bytes = rlg_unpack_number(from);
	run->packed.offset = rlg_unpack_number(from);
	run->packed.length = rlg_unpack_number(from);
	run->folded_length = rlg_unpack_number(from);
	run->found_length = rlg_unpack_number(from);
	run->gone = run->packed.length == 0;
	run->away = !run->gone;
	from->bad = from->bad || status >= RLG_STATUS_COUNT || run->folded_length > run->packed.length ||
		    run->found_length > run->packed.length - run->folded_length;
	run->status = from->bad ? RLG_STATUS_PENDING : (enum rlg_status)status;
	return !from->bad;
}

bool rlg_known_runs_unpack(struct rlg_load *load, struct rlg_unpack *from)
{
	size_t count = rlg_unpack_count(from, LEAST_BYTES);

	/* The first frame has them all, those behind it what changed since. */
	if (load->n_runs == 0)
		rlg_known_runs_reserve(load, count + MORE_RUNS);
	for (size_t i = 0; i < count; i++)
		if (!unpack_run(load, from))
			return false;
	return !from->bad && from->at == from->end;
}
