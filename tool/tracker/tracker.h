/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every tracker format is to the rest of the tool.  One file a format beside this one; the table is tracker.c.
 *
 * A tracker is a function of the model and of what people wrote in the file: the same two give the same bytes.  It asks
 * nobody the time, and reads and writes no file of its own; refresh.c does that.
 */
#ifndef RLG_TRACKER_H
#define RLG_TRACKER_H

#include "lib/err.h"
#include "tool/base/arena.h"
#include "tool/base/bytes.h"
#include "tool/base/reach.h"
#include "tool/plan/config.h"
#include "tool/model/model.h"
#include "tool/plan/plan.h"

/*
 * Told of each value that a person (or a person's script) changed in the file since the tool last wrote it: `field` is
 * "status", "job_id", "output" or "sync"; a value of NULL means that it was unset (null).
 */
typedef void rlg_tracker_edit_fn(void *context, const char *run, const char *phase, const char *field,
				 const char *old_value, const char *new_value);

/*
 * Told of each run, with its phase, that the file names; used before the first records exist, so that a run that only
 * the tracker knows is a run.  `phase` may be NULL.
 */
typedef void rlg_tracker_run_fn(void *context, const char *run, const char *phase);

/* What a tracker sees of the group.  Its files are read by rlg_tracker_read() and rlg_tracker_list(), and by nothing else. */
struct rlg_tracker_view {
	struct rlg_arena *arena; /* for all that it makes */
	const struct rlg_model *model; /* NULL in places(), before the records are read: only what is there counts then */
	const char *group_path; /* absolute */
	const struct rlg_reach *reach; /* how far it may lead us; NULL: it is the caller's alone */
	const struct rlg_config *config;
	const struct rlg_plan *plan; /* without runs where there is none */
	const char *choice; /* the path, or pattern of paths, under `trackers:` */
	/*
	 * For render(), what a tracker must know to tell its own words from a person's for good.  `base` cannot tell it, as
	 * it is the whole file: what a person typed is in it after the next refresh.  The text belongs to the tracker.
	 */
	const char *memory; /* what it left in `remember` when this file was refreshed last; NULL: nothing, or no file */
	struct rlg_bytes *remember; /* for the next time; NULL: nobody keeps it */
	/*
	 * For render(): this very text was rendered when the model's sequence was this, from the same settings and the same
	 * plan, and nobody has touched it since.  So the text shows all there is to show of each run that
	 * rlg_tracker_run_changed() denies.  The runs are those of then, in the order of then; a new one among them is one
	 * that changed.  0: render all of it.
	 */
	uint64_t changed_since;
};

/* Has this run changed since the text of the view was rendered?  Always true where that is not known. */
bool rlg_tracker_run_changed(const struct rlg_tracker_view *view, const struct rlg_run *run);

/* One file that a tracker keeps. */
struct rlg_tracker_place {
	const char *path; /* relative to the group, or absolute */
	const char *run; /* the run that it is about; NULL: the group, or only the text tells */
	const void *data; /* what the tracker found out when it named the place; NULL */
	const char *key; /* what its base and memory are kept under, for files that people move; NULL: its path */
};

typedef void rlg_tracker_place_fn(void *context, const struct rlg_tracker_place *place);

struct rlg_tracker {
	const char *name; /* as in config.yaml, under `trackers:` */
	const char *default_path; /* relative to the group */
	bool by_default; /* kept where config.yaml says nothing; else only where it says so */
	const char *about; /* a few words, for `runledger init` and the template of config.yaml */

	/*
	 * Does the folder use it already?  For `runledger init`; returns the path or pattern to write into config.yaml, in
	 * the arena, or NULL.  A member of NULL: where a file stands at default_path.
	 */
	const char *(*found)(struct rlg_arena *arena, const char *group_path);

	/*
	 * Names the files to keep, those that are there and those to be made, each once and always in the same order.  May
	 * look into folders of the experiment, and into files that are not the tracker's own.  NULL: the one at the chosen
	 * path.
	 */
	int (*places)(const struct rlg_tracker_view *view, rlg_tracker_place_fn *tell, void *context,
		      struct rlg_err *err);

	/* Names the runs in the file `text` (never NULL).  Returns 0 or a negative errno, the sentence beginning with
	 * `path` and the line: "runs_status.yaml:12: ...".  NULL: it names none that the records do not. */
	int (*runs)(struct rlg_arena *arena, const char *path, const char *text, rlg_tracker_run_fn *tell,
		    void *context, struct rlg_err *err);

	/*
	 * Finds what people changed and the state is to follow.  `text` is the file now, `base` what the tool wrote last
	 * (NULL: not known, then only what the model cannot explain counts as a person's: a value that is set, differs from
	 * the model's, and whose job id no attempt of that phase has).  A value that is what the model would write anyway
	 * is no edit.  NULL: people's words stay in the file, and mean nothing to the state.
	 */
	int (*edits)(struct rlg_arena *arena, const char *path, const struct rlg_model *model, const char *text,
		     const char *base, rlg_tracker_edit_fn *tell, void *context, struct rlg_err *err);

	/*
	 * Renders the file anew into `out`.  `path` is absolute, for messages; `text` is the file now (NULL: there is none
	 * yet), `base` what the tool wrote last (NULL: not known).  What a person wrote there is kept byte for byte; machine
	 * fields take the model's values (which already contain the person's edits).  An empty `out` where there is no file
	 * makes none.  Returns 0, or a negative errno and the file is to be left alone.
	 */
	int (*render)(const struct rlg_tracker_view *view, const struct rlg_tracker_place *place, const char *path,
		      const char *text, const char *base, struct rlg_bytes *out, struct rlg_err *err);

	/*
	 * The same by the runs that changed alone: `view->changed_since` is set, and the model may be a brief one.  Returns 1;
	 * or 0, with nothing done, where it takes all of them.  `edits` of such a tracker find none where the text is the
	 * base.  NULL: it always takes all.
	 */
	int (*render_changed)(const struct rlg_tracker_view *view, const char *path, const char *text, struct rlg_bytes *out);
};

/* All formats, in the order in which they are brought up to date; ends with NULL. */
extern const struct rlg_tracker *const rlg_trackers[];

/* As rlg_reach_read() and rlg_reach_list(), for places() and render(): `path` is relative to the group, or absolute. */
int rlg_tracker_read(const struct rlg_tracker_view *view, const char *path, size_t most, char **out_text,
		     size_t *out_length);
DIR *rlg_tracker_list(const struct rlg_tracker_view *view, const char *path);

/* The format of that name, or NULL. */
const struct rlg_tracker *rlg_tracker_called(const char *name);

extern const struct rlg_tracker rlg_tracker_active_jobs;
extern const struct rlg_tracker rlg_tracker_run_logs;
extern const struct rlg_tracker rlg_tracker_runs_status;
extern const struct rlg_tracker rlg_tracker_training_log;
extern const struct rlg_tracker rlg_tracker_evaluation_log;
extern const struct rlg_tracker rlg_tracker_run_manifest;
extern const struct rlg_tracker rlg_tracker_slurm_job_list;
extern const struct rlg_tracker rlg_tracker_experiments;

#endif
