/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests that tell the same records over and over: in another order, and all that a model shows as one text.
 */
#ifndef RLG_TEST_FOLD_AGAIN_H
#define RLG_TEST_FOLD_AGAIN_H

#include "tests/unit/dice.h"
#include "tool/base/bytes.h"
#include "tool/show/status.h"
#include "tool/tracker/tracker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The numbers below n in some order, some of them again; `order` has room for 2 * n + 1.  How many. */
static inline size_t shuffle(size_t *order, size_t n)
{
	size_t count = n + dice(n + 1);

	for (size_t i = 0; i < count; i++)
		order[i] = i < n ? i : dice(n);
	for (size_t i = count; i > 1; i--) {
		size_t other = dice(i), kept = order[i - 1];
		order[i - 1] = order[other];
		order[other] = kept;
	}
	return count;
}

/* The status as JSON, the notes, and the tracker. */
static inline char *render(struct rlg_arena *arena, const struct rlg_model *model)
{
	struct rlg_status_view view = {.arena = arena, .model = model, .n_runs = model->n_runs};
	struct rlg_bytes tracker;
	char *text;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	view.runs = rlg_arena_alloc(arena, (model->n_runs + 1) * sizeof(*view.runs));
	for (size_t i = 0; i < model->n_runs; i++)
		view.runs[i] = &model->runs[i];
	rlg_status_json(&view, stream);
	for (size_t i = 0; i < model->n_runs; i++)
		fprintf(stream, "note %s\n", model->runs[i].note == NULL ? "(none)" : model->runs[i].note);
	rlg_bytes_init(&tracker, arena);
	struct rlg_tracker_view seen = {.arena = arena, .model = model};
	struct rlg_tracker_place place = {.path = "t"};
	if (rlg_tracker_runs_status.render(&seen, &place, "t", NULL, NULL, &tracker, NULL) == 0)
		fputs(tracker.data, stream);
	fclose(stream);
	char *copy = rlg_arena_strdup(arena, text);
	free(text);
	return copy;
}

#endif
