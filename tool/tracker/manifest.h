/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run_manifest.json says, for all that read one: its tracker, the list of Slurm jobs, and the command.
 *
 * A value counts as said if it is a text that is not blank, or a number: scripts write job ids as both.
 */
#ifndef RLG_TRACKER_MANIFEST_H
#define RLG_TRACKER_MANIFEST_H

#include "tool/base/json_doc.h"

#include <stdbool.h>

/* Larger than any manifest; what is larger is none. */
#define RLG_MANIFEST_MAX ((size_t)16 << 20)

/* The paths at which a job id may stand, in the order in which they are looked at; ends with NULL. */
extern const char *const rlg_manifest_job_id_paths[];

/* Parses it; -EINVAL with "PATH:LINE: ..." also for JSON that is no object. */
int rlg_manifest_parse(struct rlg_arena *arena, const char *path, const char *text, size_t length,
		       struct rlg_json_doc *out_doc, struct rlg_err *err);

/* The words of a value, without blanks around them; NULL where nothing is said. */
const char *rlg_manifest_words(struct rlg_arena *arena, const struct rlg_json_node *node);

/* The words at a path like "resource_request.job_id"; NULL. */
const char *rlg_manifest_at(struct rlg_arena *arena, const struct rlg_json_doc *doc, const char *path);

/* The job id, at the first path that says one; NULL. */
const char *rlg_manifest_job_id(const struct rlg_json_doc *doc);

/* Does it say that it is a Slurm run; does it say that it is one on this host?  Neither: it does not say. */
bool rlg_manifest_is_slurm(const struct rlg_json_doc *doc);
bool rlg_manifest_is_local(const struct rlg_json_doc *doc);

/* A success of `status`, of `artifact_sync_to_local.status`: whatever the case, and by the other words in use for it. */
bool rlg_manifest_sync_is_good(const char *words);

/* One line of the list of Slurm jobs. */
struct rlg_manifest_line {
	const char *date; /* YYYY-MM-DD */
	const char *job_id, *iteration_id, *run_id;
	const char *status; /* "unknown" where it says none */
	const char *text; /* the whole line, without its newline */
};

/*
 * The manifest's line.  -EINVAL with "PATH:LINE: ..." that names the key, where something that the line needs is missing,
 * cannot stand in a line, or where the run is none of Slurm's.
 */
int rlg_manifest_line(const char *path, const struct rlg_json_doc *doc, struct rlg_manifest_line *out_line,
		      struct rlg_err *err);

#endif
