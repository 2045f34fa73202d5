/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run_manifest.json for a run that has none, with all that its readers ask for: see run_manifest.h. */
#include "tool/tracker/run_manifest.h"

#include "lib/clock.h"

#include <inttypes.h>
#include <string.h>

#define SCHEMA_VERSION "1.0"
#define RUNS_FOLDER "runs"

/* The folder that holds `runs/RUN/...`: ITERATION/runs/RUN/run_manifest.json.  Without one: the group. */
static const char *iteration_of(struct rlg_arena *arena, const char *path, const char *run_group)
{
	const char *runs = NULL, *begin;

	for (const char *at = strstr(path, "/" RUNS_FOLDER "/"); at != NULL; at = strstr(at + 1, "/" RUNS_FOLDER "/"))
		runs = at;
	if (runs == NULL || runs == path)
		return run_group;
	for (begin = runs; begin > path && begin[-1] != '/'; begin--)
		;
	return begin < runs ? rlg_arena_strndup(arena, begin, (size_t)(runs - begin)) : run_group;
}

static const char *command_of(const struct rlg_attempt *attempt)
{
	if (attempt == NULL)
		return "unknown";
	if (attempt->submission.command != NULL)
		return attempt->submission.command;
	if (attempt->submission.script != NULL)
		return attempt->submission.script;
	return attempt->job_name != NULL ? attempt->job_name : "unknown";
}

static const char *time_of(struct rlg_arena *arena, int64_t moment_us)
{
	char words[RLG_TIME_TEXT_MAX];

	rlg_clock_utc(moment_us, words);
	return rlg_json_text(arena, words[0] != '\0' ? words : NULL);
}

static void add_request(struct rlg_bytes *out, const struct rlg_attempt *attempt)
{
	rlg_bytes_add(out, "{\"mode\":\"slurm\"");
	if (attempt != NULL && attempt->usage.n_cpus > 0)
		rlg_bytes_addf(out, ",\"cpus\":%" PRId64, attempt->usage.n_cpus);
	if (attempt != NULL && attempt->time_limit_s > 0)
		rlg_bytes_addf(out, ",\"time_limit_seconds\":%" PRId64, attempt->time_limit_s);
	rlg_bytes_add(out, "}");
}

void rlg_rm_write_new(const struct rlg_rm_state *state, const char *run_group, const char *path, struct rlg_bytes *out)
{
	struct rlg_arena *arena = out->arena;
	const struct rlg_attempt *attempts = state->phase->attempts;
	const struct rlg_attempt *attempt = state->phase->n_attempts > 0 ? &attempts[state->phase->n_attempts - 1] : NULL;
	int64_t created_us = attempt == NULL ? 0 : attempt->submit_us > 0 ? attempt->submit_us : state->started_us;
	struct rlg_bytes request;

	rlg_bytes_init(&request, arena);
	add_request(&request, attempt);
	const struct rlg_json_new members[] = {
		{"schema_version", rlg_json_text(arena, SCHEMA_VERSION)},
		{"run_id", rlg_json_text(arena, state->run->name)},
		{"iteration_id", rlg_json_text(arena, iteration_of(arena, path, run_group))},
		{"host_mode", rlg_json_text(arena, "slurm")},
		{RLG_RM_STATUS, rlg_json_text(arena, state->status)},
		{"command", rlg_json_text(arena, command_of(attempt))},
		{"resource_request", request.data},
		{"created_at", time_of(arena, created_us)},
		{RLG_RM_TIMESTAMPS,
		 rlg_arena_printf(arena, "{\"" RLG_RM_STARTED "\":%s,\"" RLG_RM_COMPLETED "\":%s}",
				  time_of(arena, state->started_us), state->over ? time_of(arena, state->completed_us) : "null")},
		{RLG_RM_SYNC, rlg_arena_printf(arena, "{\"" RLG_RM_STATUS "\":%s}", rlg_json_text(arena, state->sync))},
		{RLG_RM_JOB_ID, rlg_json_text(arena, state->job_id)},
	};
	size_t count = sizeof(members) / sizeof(members[0]) - (state->job_id == NULL);
	struct rlg_text_edits edits;
	struct rlg_json_doc empty;

	rlg_text_edits_init(&edits, arena);
	if (rlg_json_parse(arena, path, "{}\n", 3, &empty, NULL) < 0 ||
	    rlg_json_update(&empty, &edits, empty.root, members, count) < 0)
		return;
	rlg_text_edits_apply(&edits, empty.text, empty.length, out);
}
