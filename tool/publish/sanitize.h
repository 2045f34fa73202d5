/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run log made fit to leave the cluster: what names jobs, nodes, hosts, users and places goes, what tells of the training
 * stays readable.
 *
 *   lines    that only tell such things go as a whole (execution_id, node, local, ...): sanitize.c
 *   words    within the others get a stand-in, "(node)": sanitize_words.c, sanitize_places.c
 *   numbers  that happen to be the number of a job, in a place where a number counts something (step 100000), are written
 *            as 100k: sanitize_numbers.c
 *   links    to W&B stay, without what stands behind a `?`; others only where they tell nothing
 */
#ifndef RLG_SANITIZE_H
#define RLG_SANITIZE_H

#include "lib/err.h"
#include "tool/base/arena.h"
#include "tool/base/bytes.h"
#include "tool/publish/secrets.h"

/*
 * Adds what may be told of `text` (Markdown) to `out`.  Secrets that only the text tells (`ssh HOST`, job ids of earlier
 * days) are added to `secrets`.  Returns 0; or -EPERM with nothing added, and a sentence that says what and where, if a secret
 * would still be in it.
 */
int rlg_sanitize(struct rlg_arena *arena, struct rlg_secrets *secrets, const char *text, struct rlg_bytes *out,
		 struct rlg_err *err);

/* ---- inside ---- */

/* The line that a word stands in, and its surroundings. */
struct rlg_line {
	const char *text;
	const char *table_header; /* of the table that it is a row of; NULL: of none */
	bool code; /* in a fenced block */
};

/* Adds the line, without its break. */
void rlg_sanitize_line(struct rlg_arena *arena, const struct rlg_secrets *secrets, const struct rlg_line *line,
		       struct rlg_bytes *out);

/* Length of the link to W&B at `at`, a place in `text`, as far as it stays; 0: there is none. */
size_t rlg_wandb_link(const struct rlg_secrets *secrets, const char *text, const char *at);

/* Does a job's number stand at `at`, of `length` digits, as the words around it tell?  For short ones (secrets.h). */
bool rlg_is_job_here(const char *line, const char *at, size_t length);

#endif
