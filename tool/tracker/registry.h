/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A registry of the jobs that an agent's session has at work: .claude/agents/SESSION/active_jobs.json, an array of
 *
 *     {"type": "slurm", "id": "1234567", "host": "login1", "user": "alice", "submitted": "2026-03-11 15:00",
 *      "description": "1B_rank4/finetune", "last_status": "RUNNING",
 *      "owner": {"agent": "claude-code", "session_id": "..."}}
 *
 * Other programs write it too, and put jobs of other types into it.
 */
#ifndef RLG_REGISTRY_H
#define RLG_REGISTRY_H

#include "lib/err.h"
#include "tool/base/arena.h"
#include "tool/base/json_doc.h"

#include <stdbool.h>

/* Relative to the project's root; {session} is the session's id. */
#define RLG_REGISTRY_PATTERN ".claude/agents/{session}/active_jobs.json"

#define RLG_REGISTRY_SESSION "{session}"

/* A registry is a page; a larger file is a mistake. */
#define RLG_REGISTRY_MAX ((size_t)16 << 20)

/* The session that the environment names (CLAUDE_CODE_SESSION_ID, CODEX_THREAD_ID); false: none. */
struct rlg_session {
	const char *agent; /* claude-code, codex; manual where a person says --session */
	const char *id;
};
bool rlg_session_here(struct rlg_session *out_session);

/*
 * The root that agents' folders lie in, seen from the absolute path `folder`: the nearest one at or above it that has a
 * .claude folder of the caller's own, else the nearest with a .git, else `folder`.  Stays on one file system.
 */
const char *rlg_registry_root(struct rlg_arena *arena, const char *folder);

/* The path by the pattern, with the session's id in it. */
const char *rlg_registry_path(struct rlg_arena *arena, const char *pattern, const char *session);

/* An entry of the array as texts; a member that is not there, or is no text or number, is NULL. */
struct rlg_registry_entry {
	const char *type, *id, *host, *user, *submitted, *description, *last_status;
	const char *agent, *session;
};

/* False: it is no object. */
bool rlg_registry_read(const struct rlg_json_node *element, struct rlg_registry_entry *out_entry);

/* The entry as JSON, its members in the order above; NULL becomes null. */
const char *rlg_registry_write(struct rlg_arena *arena, const struct rlg_registry_entry *entry);

/* The document of `text`; NULL is an empty registry.  -EINVAL where it is no array. */
int rlg_registry_parse(struct rlg_arena *arena, const char *path, const char *text, struct rlg_json_doc *out_doc,
		       struct rlg_err *err);

/* "CANCELLED by 1001" is CANCELLED: the first word. */
const char *rlg_registry_state(struct rlg_arena *arena, const char *words);

#endif
