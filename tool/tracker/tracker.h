/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every tracker format is to the rest of the tool.  One file a format beside this one; the table is tracker.c.
 *
 * A tracker is a function of the model and of what people wrote in the file: the same two give the same bytes.  It asks
 * nobody the time, reads no file and writes none; refresh.c does that.
 */
#ifndef RLG_TRACKER_H
#define RLG_TRACKER_H

#include "lib/err.h"
#include "tool/arena.h"
#include "tool/bytes.h"
#include "tool/model.h"

/*
 * Told of each value that a person (or a person's script) changed in the file since the tool last wrote it: `field` is
 * "status", "job_id" or "output"; a value of NULL means that it was unset (null).
 */
typedef void rlg_tracker_edit_fn(void *context, const char *run, const char *phase, const char *field,
				 const char *old_value, const char *new_value);

/*
 * Told of each run, with its phase, that the file names; used before the first records exist, so that a run that only
 * the tracker knows is a run.  `phase` may be NULL.
 */
typedef void rlg_tracker_run_fn(void *context, const char *run, const char *phase);

struct rlg_tracker {
	const char *name; /* as in config.yaml, under `trackers:` */
	const char *default_path; /* relative to the group */

	/* Names the runs in the file `text` (never NULL).  Returns 0 or a negative errno, the sentence beginning with
	 * `path` and the line: "runs_status.yaml:12: ...". */
	int (*runs)(struct rlg_arena *arena, const char *path, const char *text, rlg_tracker_run_fn *tell,
		    void *context, struct rlg_err *err);

	/*
	 * Finds what people changed.  `text` is the file now, `base` what the tool wrote last (NULL: not known, then only
	 * what the model cannot explain counts as a person's: a value that is set, differs from the model's, and whose
	 * job id no attempt of that phase has).  A value that is what the model would write anyway is no edit.
	 */
	int (*edits)(struct rlg_arena *arena, const char *path, const struct rlg_model *model, const char *text,
		     const char *base, rlg_tracker_edit_fn *tell, void *context, struct rlg_err *err);

	/*
	 * Renders the file anew into `out`.  `text` is the file now (NULL: there is none yet).  What a person wrote there
	 * is kept byte for byte; machine fields take the model's values (which already contain the person's edits).
	 * Returns 0, or a negative errno and the file is to be left alone.
	 */
	int (*render)(struct rlg_arena *arena, const char *path, const struct rlg_model *model, const char *text,
		      struct rlg_bytes *out, struct rlg_err *err);
};

/* All formats; ends with NULL. */
extern const struct rlg_tracker *const rlg_trackers[];

extern const struct rlg_tracker rlg_tracker_runs_status;

#endif
