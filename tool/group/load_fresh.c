/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs of which nothing is known yet, as when there is no snapshot: read and folded by several hands, each run by one of
 * them, and taken over in their order.  What it comes to is the same, byte for byte, as if one had read them all.
 */
#include "tool/group/load_runs.h"

#include "tool/base/hands.h"

/* What one hand needs for the run that it is at. */
struct hand {
	struct rlg_arena *scratch;
	struct rlg_record_body *reader;
};

struct result {
	struct rlg_arena *arena; /* for all of it */
	struct rlg_fresh_run run;
	struct rlg_err err;
	int code;
};

struct fresh {
	struct rlg_load *load;
	struct rlg_known_run **runs; /* which do not move any more */
	struct hand hands[RLG_HANDS_MOST];
	struct result results[RLG_HANDS_AHEAD]; /* by run, modulo this */
};

/* Nothing of the load is written here, and of its group only what does not change is read. */
static void read_fresh(void *context, size_t number, size_t hand_number)
{
	struct fresh *fresh = context;
	const struct rlg_group *group = fresh->load->group;
	const char *name = fresh->runs[number]->name;
	struct hand *hand = &fresh->hands[hand_number];
	struct result *result = &fresh->results[number % RLG_HANDS_AHEAD];
	struct rlg_fresh_run *run = &result->run;
	static const struct rlg_read_files nothing;
	struct rlg_gathered gathered;

	*run = (struct rlg_fresh_run){.records = 0};
	rlg_bytes_init(&run->folded, result->arena);
	rlg_bytes_init(&run->chunk, result->arena);
	rlg_gathered_init(&gathered, hand->scratch);
	result->code = rlg_run_read(result->arena, group->path, name, &nothing, rlg_gather_line,
				    &(struct rlg_gathering){hand->reader, &gathered}, &run->files, &result->err);
	run->records = gathered.records;
	if (fresh->load->write && run->records > 0)
		rlg_gathered_pack(&gathered, (struct rlg_gathered_mark){.events = 0}, &run->chunk);
	rlg_fold_gathered_run(group, hand->scratch, name, run->records, &gathered, &run->folded);
	rlg_arena_empty(hand->scratch);
}

static int take_fresh(void *context, size_t number)
{
	struct fresh *fresh = context;
	struct result *result = &fresh->results[number % RLG_HANDS_AHEAD];
	int code = result->code;

	rlg_known_run_take(fresh->load, fresh->runs[number], &result->run);
	rlg_arena_empty(result->arena);
	if (code != 0 && fresh->load->err != NULL)
		*fresh->load->err = result->err;
	return code;
}

static int read_all_fresh(struct rlg_load *load, struct rlg_arena *arena, struct rlg_known_run **runs, size_t n_runs)
{
	struct fresh *fresh = rlg_arena_alloc(arena, sizeof(*fresh));
	const struct rlg_hands_work work = {.context = fresh, .work = read_fresh, .tell = take_fresh};
	size_t n_hands = rlg_hands_for(n_runs);

	*fresh = (struct fresh){.load = load, .runs = runs};
	for (size_t i = 0; i < n_hands; i++)
		fresh->hands[i] = (struct hand){rlg_arena_new(), rlg_record_reader_new()};
	for (size_t i = 0; i < RLG_HANDS_AHEAD; i++)
		fresh->results[i].arena = rlg_arena_new();
	int code = rlg_hands_do(&work, n_runs, n_hands);
	for (size_t i = 0; i < n_hands; i++) {
		rlg_arena_free(fresh->hands[i].scratch);
		rlg_record_reader_free(fresh->hands[i].reader);
	}
	for (size_t i = 0; i < RLG_HANDS_AHEAD; i++)
		rlg_arena_free(fresh->results[i].arena);
	return code;
}

static bool is_fresh(const struct rlg_known_run *run)
{
	return !run->away && run->rest == NULL && run->files.n == 0;
}

int rlg_known_runs_read(struct rlg_load *load, const char *const *names, size_t n_names)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_known_run **fresh = rlg_arena_alloc(arena, (n_names + 1) * sizeof(struct rlg_known_run *));
	size_t n_fresh = 0;
	int code = 0;

	/* All of them are there before one is pointed at. */
	for (size_t i = 0; i < n_names; i++)
		rlg_known_run(load, names[i], true);
	for (size_t i = 0; i < n_names && code == 0; i++) {
		struct rlg_known_run *run = rlg_known_run(load, names[i], false);
		if (is_fresh(run))
			fresh[n_fresh++] = run;
		else
			code = rlg_known_run_read(load, run);
	}
	return code != 0 || n_fresh == 0 ? code : read_all_fresh(load, arena, fresh, n_fresh);
}
