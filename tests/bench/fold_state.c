/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fold_state GROUP [HANDS]: reads and folds all records of a group, and prints how the last attempt of each run that has
 * ended did: "RUN<tab>STATE".  What a command does beside that (looking at the disk, writing a tracker) is left out, so that
 * it can be held against programs that do no more either.  HANDS says how many threads there are at most.
 */
#include "lib/lines.h"
#include "tool/base/hands.h"
#include "tool/model/fold_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const phases[] = {"finetune", "eval"};

/* As the tool does it: see tool/group/load_fresh.c. */
struct hand {
	struct rlg_record_body *reader;
	struct rlg_arena *arena; /* of the run at hand */
	struct rlg_gathered gathered;
	uint64_t damaged;
};

struct folding {
	const char *group;
	struct rlg_arena *arena;
	const char **runs;
	size_t n_runs, room;
	struct hand hands[RLG_HANDS_MOST];
	char states[RLG_HANDS_AHEAD][32]; /* by run, modulo this; empty: none has ended */
	uint64_t damaged;
};

static int add_run(void *context, const char *run)
{
	struct folding *folding = context;

	if (folding->n_runs == folding->room) {
		folding->room = folding->room == 0 ? 64 : 2 * folding->room;
		folding->runs = rlg_arena_grow(folding->arena, folding->runs, folding->n_runs, folding->room, sizeof(*folding->runs));
	}
	folding->runs[folding->n_runs++] = rlg_arena_strdup(folding->arena, run);
	return 0;
}

static const struct rlg_attempt *last_ended(const struct rlg_run *run)
{
	const struct rlg_attempt *last = NULL;

	for (size_t p = 0; p < run->n_phases; p++)
		for (size_t i = 0; i < run->phases[p].n_attempts; i++) {
			const struct rlg_attempt *attempt = &run->phases[p].attempts[i];
			if (attempt->ended && (last == NULL || attempt->end_us > last->end_us))
				last = attempt;
		}
	return last;
}

static int take_line(void *context, const char *run, const char *file, const char *line, size_t length)
{
	struct hand *hand = context;
	struct rlg_record record;

	if (rlg_record_read(hand->reader, line, length, &record, NULL) != 0) {
		hand->damaged++;
		return 0;
	}
	rlg_gathered_add(&hand->gathered, &record);
	rlg_record_done(&record);
	return 0;
}

static void fold(void *context, size_t number, size_t hand_number)
{
	struct folding *folding = context;
	struct hand *hand = &folding->hands[hand_number];
	struct rlg_damage damage = {.torn = 0};
	struct rlg_folded folded;

	rlg_gathered_init(&hand->gathered, hand->arena);
	hand->damaged += rlg_lines_each(folding->group, folding->runs[number], take_line, hand, &damage, NULL) != 0;
	hand->damaged += rlg_damage_total(&damage);
	rlg_fold_gathered(hand->arena, phases, 2, folding->runs[number], &hand->gathered, &folded);
	const struct rlg_attempt *attempt = last_ended(&folded.run);
	snprintf(folding->states[number % RLG_HANDS_AHEAD], sizeof(folding->states[0]), "%s",
		 attempt == NULL ? "" : attempt->slurm_state);
	rlg_arena_empty(hand->arena);
}

static int print(void *context, size_t number)
{
	struct folding *folding = context;
	const char *state = folding->states[number % RLG_HANDS_AHEAD];

	if (state[0] != '\0')
		printf("%s\t%s\n", folding->runs[number], state);
	return 0;
}

int main(int argc, char **argv)
{
	struct folding folding = {.arena = rlg_arena_new()};
	struct rlg_err err;

	if (argc < 2 || argc > 3) {
		fputs("Usage: fold_state GROUP [HANDS]\n", stderr);
		return 2;
	}
	folding.group = argv[1];
	if (rlg_lines_each_run(folding.group, add_run, &folding, &err) != 0) {
		fprintf(stderr, "fold_state: %s\n", err.text);
		return 1;
	}
	size_t n_hands = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : rlg_hands_for(folding.n_runs);
	for (size_t i = 0; i < RLG_HANDS_MOST; i++)
		folding.hands[i] = (struct hand){.reader = rlg_record_reader_new(), .arena = rlg_arena_new()};
	rlg_hands_do(&(struct rlg_hands_work){&folding, fold, print}, folding.n_runs, n_hands);
	for (size_t i = 0; i < RLG_HANDS_MOST; i++) {
		folding.damaged += folding.hands[i].damaged;
		rlg_record_reader_free(folding.hands[i].reader);
		rlg_arena_free(folding.hands[i].arena);
	}
	rlg_arena_free(folding.arena);
	if (folding.damaged > 0)
		fputs("fold_state: some lines are no records\n", stderr);
	return folding.damaged > 0 ? 3 : 0;
}
