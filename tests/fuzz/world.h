/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small group at two moments, for targets that render over hostile text: a few runs with jobs that wait, run, end, fail
 * and come back, told to the fold as records.  Made once; nobody changes it.
 */
#ifndef RLG_FUZZ_WORLD_H
#define RLG_FUZZ_WORLD_H

#include "tool/model/model.h"
#include "tool/plan/config.h"
#include "tool/plan/plan.h"
#include "tool/tracker/tracker.h"

#define FUZZ_GROUP "/scratch/ann/cap"
#define FUZZ_SESSION "s1"

enum fuzz_moment { FUZZ_EARLY, FUZZ_LATE, FUZZ_MOMENTS };

struct fuzz_world {
	struct rlg_arena *arena;
	struct rlg_config config;
	struct rlg_plan plan;
	struct rlg_model *models[FUZZ_MOMENTS];
};

const struct fuzz_world *fuzz_world(void);

/*
 * The life of a tracker's file that begins with this text: `input` is the text, or "BASE\n=====\nTEXT" with what the tool
 * is to believe that it wrote.  Renders at both moments, and holds:
 *   - what is refused leaves `out` empty, with a sentence;
 *   - rendered again, the file and the memory stay as they are;
 *   - `check` (may be NULL) is content with each change.
 */
typedef void fuzz_check_fn(struct rlg_arena *arena, const char *before, const char *after);
void fuzz_tracker(const struct rlg_tracker *tracker, const struct rlg_tracker_place *place, const uint8_t *data, size_t size,
		  fuzz_check_fn *check);

/* The text of before, whole, begins that of after: for files that are only ever added to. */
void fuzz_is_added_to(struct rlg_arena *arena, const char *before, const char *after);

#endif
