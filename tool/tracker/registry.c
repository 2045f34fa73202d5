/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A registry of the jobs of an agent's session: see registry.h. */
#include "tool/tracker/registry.h"

#include "lib/layout.h"
#include "tool/base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *variable, *agent;
} variables[] = {{"CLAUDE_CODE_SESSION_ID", "claude-code"}, {"CODEX_THREAD_ID", "codex"}};

bool rlg_session_here(struct rlg_session *out_session)
{
	for (size_t i = 0; i < COUNT(variables); i++) {
		const char *id = getenv(variables[i].variable);
		/* It becomes a folder's name. */
		if (id == NULL || !rlg_name_ok(id, NULL))
			continue;
		*out_session = (struct rlg_session){variables[i].agent, id};
		return true;
	}
	return false;
}

/* ---- where it is ---- */

static bool has_own(struct rlg_arena *arena, const char *folder, const char *name)
{
	struct stat found;

	return lstat(rlg_arena_printf(arena, "%s/%s", folder, name), &found) == 0 && found.st_uid == geteuid();
}

static const char *above_with(struct rlg_arena *arena, const char *folder, const char *name)
{
	char *at = rlg_arena_strdup(arena, folder);
	struct stat start, here;

	if (stat(at, &start) != 0)
		return NULL;
	for (;;) {
		if (stat(at, &here) != 0 || here.st_dev != start.st_dev)
			return NULL;
		if (has_own(arena, at, name))
			return at;
		char *slash = strrchr(at, '/');
		if (slash == NULL || slash == at)
			return NULL;
		*slash = '\0';
	}
}

const char *rlg_registry_root(struct rlg_arena *arena, const char *folder)
{
	static const char *const marks[] = {".claude", ".git"};

	for (size_t i = 0; i < COUNT(marks); i++) {
		const char *found = above_with(arena, folder, marks[i]);
		if (found != NULL)
			return found;
	}
	return folder;
}

const char *rlg_registry_path(struct rlg_arena *arena, const char *pattern, const char *session)
{
	const char *at = strstr(pattern, RLG_REGISTRY_SESSION);

	if (at == NULL)
		return pattern;
	return rlg_arena_printf(arena, "%.*s%s%s", (int)(at - pattern), pattern, session,
				at + strlen(RLG_REGISTRY_SESSION));
}

/* ---- what it says ---- */

/* An id may be a number; some scripts write it so. */
static const char *text_of(const struct rlg_json_node *object, const char *name)
{
	const struct rlg_json_node *value = rlg_json_get(object, name);

	return rlg_json_is(value, RLG_JSON_STRING) || rlg_json_is(value, RLG_JSON_NUMBER) ? value->value : NULL;
}

bool rlg_registry_read(const struct rlg_json_node *element, struct rlg_registry_entry *out_entry)
{
	const struct rlg_json_node *owner = rlg_json_get(element, "owner");

	*out_entry = (struct rlg_registry_entry){.type = NULL};
	if (!rlg_json_is(element, RLG_JSON_OBJECT))
		return false;
	*out_entry = (struct rlg_registry_entry){
		.type = text_of(element, "type"), .id = text_of(element, "id"), .host = text_of(element, "host"),
		.user = text_of(element, "user"), .submitted = text_of(element, "submitted"),
		.description = text_of(element, "description"), .last_status = text_of(element, "last_status"),
		.agent = text_of(owner, "agent"), .session = text_of(owner, "session_id")};
	return true;
}

const char *rlg_registry_write(struct rlg_arena *arena, const struct rlg_registry_entry *entry)
{
	const struct {
		const char *name, *value;
	} members[] = {
		{"type", entry->type}, {"id", entry->id}, {"host", entry->host}, {"user", entry->user},
		{"submitted", entry->submitted}, {"description", entry->description}, {"last_status", entry->last_status},
	};
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	for (size_t i = 0; i < COUNT(members); i++)
		rlg_bytes_addf(&out, "%s\"%s\": %s", i == 0 ? "{" : ", ", members[i].name,
			       rlg_json_text(arena, members[i].value));
	rlg_bytes_addf(&out, ", \"owner\": {\"agent\": %s, \"session_id\": %s}}",
		       rlg_json_text(arena, entry->agent == NULL ? "manual" : entry->agent),
		       rlg_json_text(arena, entry->session));
	return out.data;
}

int rlg_registry_parse(struct rlg_arena *arena, const char *path, const char *text, struct rlg_json_doc *out_doc,
		       struct rlg_err *err)
{
	/* What `touch` made is an empty registry, too. */
	bool is_empty = text == NULL || text[strspn(text, " \t\r\n")] == '\0';
	const char *all = is_empty ? "[]\n" : text;
	int code = rlg_json_parse(arena, path, all, strlen(all), out_doc, err);

	if (code == 0 && !rlg_json_is(out_doc->root, RLG_JSON_ARRAY))
		code = rlg_fail(err, -EINVAL, "%s:1: a registry of jobs is a list: [{\"type\": \"slurm\", \"id\": ...}, ...]", path);
	return code;
}

const char *rlg_registry_state(struct rlg_arena *arena, const char *words)
{
	return words == NULL ? NULL : rlg_arena_strndup(arena, words, strcspn(words, " +"));
}
