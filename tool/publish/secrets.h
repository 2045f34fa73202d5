/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a text that leaves the cluster must not tell: job ids, nodes, hosts, users, paths and the like, gathered from the
 * records, and looked for in a text.
 *
 * Names are whole words: letters and digits next to them make another word of them, all else does not ("ann" stands in
 * "ann_run" and not in "planned").  Upper and lower case are one.
 */
#ifndef RLG_SECRETS_H
#define RLG_SECRETS_H

#include "tool/base/arena.h"
#include "tool/model/model.h"

#include <stdbool.h>
#include <stddef.h>

enum rlg_secret_kind {
	RLG_SECRET_JOB,
	RLG_SECRET_NODE,
	RLG_SECRET_HOST,
	RLG_SECRET_USER,
	RLG_SECRET_PATH,
	RLG_SECRET_SESSION, /* ids of submissions, and of the sessions of agents */
	RLG_SECRET_CLUSTER,
	RLG_SECRET_WANDB, /* ids of offline runs */
	RLG_SECRET_KINDS
};

/*
 * A job id of fewer digits is told from a date, a rank or a size only by the words around it.  Counting begins at 1, so
 * that a young cluster has such ids.
 */
#define RLG_SECRET_LONG_ID 5

struct rlg_secrets;

struct rlg_secrets *rlg_secrets_new(struct rlg_arena *arena);

/* Copies.  Of a path its parents are added, too, but for the first level (/scratch); of a host its first label and its domain. */
void rlg_secrets_add(struct rlg_secrets *secrets, enum rlg_secret_kind kind, const char *text);

/* Each host of a Slurm host list. */
void rlg_secrets_add_nodes(struct rlg_secrets *secrets, const char *list);

/* All that the records of all runs told. */
void rlg_secrets_add_model(struct rlg_secrets *secrets, const struct rlg_model *model);

/*
 * The longest name (neither a job id nor a path) that begins at `at`, a place in `text`; its length, or 0.
 */
size_t rlg_secrets_name_at(const struct rlg_secrets *secrets, const char *text, const char *at,
			   enum rlg_secret_kind *out_kind);

/* Is this, of `length` digits, a job id? */
bool rlg_secrets_is_job(const struct rlg_secrets *secrets, const char *digits, size_t length);

/* The longest path that begins at `at`, in whatever case: who mistypes one still tells it.  Its length, or 0. */
size_t rlg_secrets_path_at(const struct rlg_secrets *secrets, const char *at);

/*
 * The first secret that still stands in `text`, or NULL; job ids of fewer than RLG_SECRET_LONG_ID digits are not looked
 * for.  *out_at is where.
 */
const char *rlg_secrets_find(const struct rlg_secrets *secrets, const char *text, enum rlg_secret_kind *out_kind,
			     size_t *out_at);

/* What to write in its place, as "(user)": a word that is no secret itself. */
const char *rlg_secrets_stand_in(const struct rlg_secrets *secrets, enum rlg_secret_kind kind);

#endif
