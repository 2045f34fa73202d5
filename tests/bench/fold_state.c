/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fold_state GROUP: reads and folds all records of a group, and prints how the last attempt of each run that has ended did:
 * "RUN<tab>STATE".  What a command does beside that (looking at the disk, writing a tracker) is left out, so that it can be
 * held against programs that do no more either.
 */
#include "lib/lines.h"
#include "tool/model/fold_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const phases[] = {"finetune", "eval"};

struct folding {
	struct rlg_record_body *reader;
	struct rlg_arena *arena; /* of the run at hand */
	struct rlg_gathered gathered;
	char run[256]; /* its name; empty: none yet */
	uint64_t damaged;
};

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

static void end_run(struct folding *folding)
{
	struct rlg_folded folded;

	if (folding->run[0] == '\0')
		return;
	rlg_fold_gathered(folding->arena, phases, 2, folding->run, &folding->gathered, &folded);
	const struct rlg_attempt *attempt = last_ended(&folded.run);
	if (attempt != NULL)
		printf("%s\t%s\n", folding->run, attempt->slurm_state);
	rlg_arena_empty(folding->arena);
}

static int take_line(void *context, const char *run, const char *file, const char *line, size_t length)
{
	struct folding *folding = context;
	struct rlg_record record;

	if (strcmp(run, folding->run) != 0) {
		end_run(folding);
		snprintf(folding->run, sizeof(folding->run), "%s", run);
		rlg_gathered_init(&folding->gathered, folding->arena);
	}
	if (rlg_record_read(folding->reader, line, length, &record, NULL) != 0) {
		folding->damaged++;
		return 0;
	}
	rlg_gathered_add(&folding->gathered, &record);
	rlg_record_done(&record);
	return 0;
}

int main(int argc, char **argv)
{
	struct folding folding = {.arena = rlg_arena_new(), .reader = rlg_record_reader_new()};
	struct rlg_damage damage = {.torn = 0};
	struct rlg_err err;

	if (argc != 2) {
		fputs("Usage: fold_state GROUP\n", stderr);
		return 2;
	}
	if (rlg_lines_each(argv[1], NULL, take_line, &folding, &damage, &err) != 0) {
		fprintf(stderr, "fold_state: %s\n", err.text);
		return 1;
	}
	end_run(&folding);
	rlg_record_reader_free(folding.reader);
	rlg_arena_free(folding.arena);
	if (folding.damaged + rlg_damage_total(&damage) > 0)
		fputs("fold_state: some lines are no records\n", stderr);
	return folding.damaged + rlg_damage_total(&damage) > 0 ? 3 : 0;
}
