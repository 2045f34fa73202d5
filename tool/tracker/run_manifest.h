/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the tracker run_manifest.json share.
 *
 *     run_manifest.c         the tracker's row, and rendering
 *     run_manifest_state.c   from a run of the model to what its manifest should say
 *     run_manifest_update.c  from a manifest and that to a list of text edits
 *     run_manifest_edits.c   what people and their scripts changed
 *     run_manifest_new.c     a manifest for a run that has none
 *     run_manifest_places.c  where the manifests are
 *     manifest.h             what a manifest says, for others too
 *
 * The machine's fields are `status`, the job id, `timestamps.started_at`, `timestamps.completed_at` and
 * `artifact_sync_to_local.status`; all else is the person's.
 */
#ifndef RLG_TRACKER_RUN_MANIFEST_H
#define RLG_TRACKER_RUN_MANIFEST_H

#include "tool/model/model.h"
#include "tool/tracker/manifest.h"
#include "tool/tracker/tracker.h"

#define RLG_RM_STATUS "status"
#define RLG_RM_JOB_ID "job_id"
#define RLG_RM_TIMESTAMPS "timestamps"
#define RLG_RM_STARTED "started_at"
#define RLG_RM_COMPLETED "completed_at"
#define RLG_RM_SYNC "artifact_sync_to_local"

/* What a manifest should say of its run. */
struct rlg_rm_state {
	bool news; /* false: nothing is known that a manifest could say, and it is left as it is */
	const struct rlg_run *run;
	const struct rlg_phase *phase; /* the one that goes on, else the newest: whose job id is shown; NULL: none */
	const char *status; /* NULL: none of a manifest's words fits, the file's stays */
	bool over; /* completed, failed or partial: there is an end */
	const char *job_id; /* NULL: none known */
	int64_t started_us, completed_us; /* 0: not known */
	const char *sync; /* of its artifacts: pending, ok, failed, or a person's word */
	const char *our_start; /* the `started_at` that the machine wrote, as it stands there; NULL: none, or not known */
};

/* `artifacts_are_here`: the group's artifact_sync is local. */
void rlg_rm_state(const struct rlg_run *run, bool artifacts_are_here, struct rlg_rm_state *out_state);

/*
 * The run that the manifest at `path` is about: by its run_id, else as its place says (NULL: nothing), else by the nearest
 * folder above it that is called like a run; NULL: none that the model knows.
 */
const struct rlg_run *rlg_rm_run(const struct rlg_model *model, const struct rlg_json_doc *doc, const char *path,
				 const char *run_of_place);

/* Two words for the same status: `complete` and `completed`. */
bool rlg_rm_same_status(const char *one, const char *other);

/* Is it that moment, as far as two hosts' clocks and Slurm's whole seconds go?  `words` is a time of RFC 3339. */
bool rlg_rm_is_moment(const char *words, int64_t moment_us);

/* Nothing yet, or what a template has in such a place: null, "", "...", "TBD", "<job id>", "{{run_id}}". */
bool rlg_rm_is_unset(const struct rlg_json_node *node);

/* The object that holds the artifacts' status: at its usual place, or under `sync`; NULL: none. */
const struct rlg_json_node *rlg_rm_sync_of(const struct rlg_json_doc *doc);

/*
 * Adds the changes that make the manifest say the state.  Returns 0; -EINVAL with a sentence where something else stands
 * in the place of an object.
 */
int rlg_rm_update(const char *path, const struct rlg_json_doc *doc, const struct rlg_rm_state *state,
		  struct rlg_text_edits *edits, struct rlg_err *err);

/* Is everything in `new` that was in `old`, but for the machine's fields? */
bool rlg_rm_unchanged(const struct rlg_json_doc *old, const struct rlg_json_doc *new);

/* A whole manifest, for the file at `path`. */
void rlg_rm_write_new(const struct rlg_rm_state *state, const char *run_group, const char *path, struct rlg_bytes *out);

/* ---- the tracker's functions ---- */

int rlg_rm_edits(struct rlg_arena *arena, const char *path, const struct rlg_model *model, const char *text,
		 const char *base, rlg_tracker_edit_fn *tell, void *context, struct rlg_err *err);
const char *rlg_rm_found(struct rlg_arena *arena, const char *group_path, int *out_unread);
int rlg_rm_places(const struct rlg_tracker_view *view, rlg_tracker_place_fn *tell, void *context, struct rlg_err *err);

/* ---- for slurm_job_list.c ---- */

/* The pattern under `trackers: run_manifest`; where that is off, the usual one. */
const char *rlg_rm_pattern(const struct rlg_tracker_view *view);

/* Calls `tell` for each manifest that is there, in the order of their paths. */
int rlg_rm_each_there(const struct rlg_tracker_view *view, const char *pattern, rlg_tracker_place_fn *tell, void *context);

#endif
