/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a manifest and what it should say to a list of text edits: see run_manifest.h. */
#include "tool/tracker/run_manifest.h"

#include "lib/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What a moment was when it was first heard of, and what Slurm says in the end, is not further apart. */
#define SAME_MOMENT_US (120 * RLG_SECOND_US)

struct update {
	const char *path;
	const struct rlg_json_doc *doc;
	const struct rlg_rm_state *state;
	struct rlg_text_edits *edits;
	bool other_job; /* what the file says is about an earlier job */
};

/* ---- what stands there ---- */

bool rlg_rm_is_unset(const struct rlg_json_node *node)
{
	static const char *const words[] = {"", "-", "...", "TBD", "TODO", "N/A", "null", "None", "unknown"};

	if (node == NULL || node->kind == RLG_JSON_NULL)
		return true;
	if (node->kind != RLG_JSON_STRING)
		return false;
	for (size_t i = 0; i < COUNT(words); i++)
		if (strcasecmp(node->value, words[i]) == 0)
			return true;
	return node->value[0] == '<' || strncmp(node->value, "{{", 2) == 0;
}

bool rlg_rm_same_status(const char *one, const char *other)
{
	static const char *const same[][7] = {
		{"completed", "complete", "success", "succeeded", "ok", "passed", NULL},
		{"running", "in_progress", NULL},
		{"submitted", "queued", NULL},
		{"failed", "error", NULL},
	};

	if (one == NULL || other == NULL)
		return one == other;
	for (size_t row = 0; row < COUNT(same); row++) {
		bool has_one = false, has_other = false;

		for (size_t i = 0; same[row][i] != NULL; i++) {
			has_one = has_one || strcasecmp(one, same[row][i]) == 0;
			has_other = has_other || strcasecmp(other, same[row][i]) == 0;
		}
		if (has_one && has_other)
			return true;
	}
	return strcasecmp(one, other) == 0;
}

/* 2026-02-18T16:00:45[.123](Z|+01:00), or a blank for the T.  0: it is none. */
static int64_t moment_of(const char *words)
{
	struct tm parts = {0};
	int length = 0, hours = 0, minutes = 0;
	char between;

	if (sscanf(words, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &between,
		   &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &length) != 7 ||
	    length == 0)
		return 0;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	const char *zone = words + length + strspn(words + length, ".0123456789");
	if ((*zone == '+' || *zone == '-') && sscanf(zone + 1, "%2d:%2d", &hours, &minutes) < 1)
		return 0;
	int64_t offset_s = (hours * 60 + minutes) * 60;
	return ((int64_t)timegm(&parts) - (*zone == '-' ? -offset_s : offset_s)) * RLG_SECOND_US;
}

bool rlg_rm_is_moment(const char *words, int64_t moment_us)
{
	int64_t said_us = moment_of(words);

	return moment_us > 0 && said_us > 0 && llabs(said_us - moment_us) <= SAME_MOMENT_US;
}

const struct rlg_json_node *rlg_rm_sync_of(const struct rlg_json_doc *doc)
{
	const struct rlg_json_node *usual = rlg_json_get(doc->root, RLG_RM_SYNC);

	return usual != NULL ? usual : rlg_json_at(doc->root, "sync." RLG_RM_SYNC);
}

/* Is this a time that we wrote, of this or an earlier attempt?  `ends`: of an end. */
static bool is_our_time(const struct rlg_rm_state *state, const char *words, bool ends)
{
	for (size_t p = 0; p < state->run->n_phases; p++) {
		const struct rlg_phase *phase = &state->run->phases[p];

		for (size_t i = 0; i < phase->n_attempts; i++) {
			const struct rlg_attempt *attempt = &phase->attempts[i];

			if (ends ? rlg_rm_is_moment(words, attempt->end_us)
				 : rlg_rm_is_moment(words, attempt->start_us) || rlg_rm_is_moment(words, attempt->submit_us))
				return true;
		}
		if (ends && rlg_rm_is_moment(words, phase->edit.status_us))
			return true;
	}
	return false;
}

/* ---- setting ---- */

static const char *time_value(struct rlg_arena *arena, int64_t moment_us)
{
	char words[RLG_TIME_TEXT_MAX];

	return rlg_json_text(arena, rlg_clock_utc(moment_us, words)[0] != '\0' ? words : NULL);
}

static void set_text(struct update *update, const struct rlg_json_node *node, const char *words)
{
	rlg_json_set(update->doc, update->edits, node, rlg_json_text(update->doc->arena, words));
}

/* Members that are to be added to one object, in one go. */
struct additions {
	struct rlg_json_new list[4];
	size_t count;
};

static void add(struct additions *additions, const char *key, const char *value)
{
	additions->list[additions->count++] = (struct rlg_json_new){key, value};
}

static void update_status(struct update *update, struct additions *root)
{
	const struct rlg_json_node *node = rlg_json_get(update->doc->root, RLG_RM_STATUS);
	const char *words = rlg_manifest_words(update->doc->arena, node), *status = update->state->status;

	if (status == NULL || rlg_rm_same_status(words, status))
		return;
	if (node == NULL)
		add(root, RLG_RM_STATUS, rlg_json_text(update->doc->arena, status));
	else
		set_text(update, node, status);
}

/* Wherever it stands: one that was left behind would be an old job's. */
static void update_job_id(struct update *update, struct additions *root)
{
	struct rlg_arena *arena = update->doc->arena;
	const char *job_id = update->state->job_id;
	bool stands = false;

	if (job_id == NULL)
		return;
	for (size_t i = 0; rlg_manifest_job_id_paths[i] != NULL; i++) {
		const struct rlg_json_node *node = rlg_json_at(update->doc->root, rlg_manifest_job_id_paths[i]);
		const char *words = rlg_manifest_words(arena, node);

		if (node == NULL)
			continue;
		stands = true;
		if (words == NULL || strcmp(words, job_id) != 0)
			set_text(update, node, job_id);
	}
	if (!stands)
		add(root, RLG_RM_JOB_ID, rlg_json_text(arena, job_id));
}

static const char *wanted_start(const struct update *update, const struct rlg_json_node *node)
{
	const struct rlg_rm_state *state = update->state;
	char words[RLG_TIME_TEXT_MAX];

	if (state->started_us == 0)
		return NULL;
	bool ours = rlg_rm_is_unset(node) || update->other_job ||
		    (node->kind == RLG_JSON_STRING && is_our_time(state, node->value, false));
	return ours ? rlg_arena_strdup(update->doc->arena, rlg_clock_utc(state->started_us, words)) : NULL;
}

/* The value to be written, as JSON; NULL: what stands there stays. */
static const char *started_value(const struct update *update, const struct rlg_json_node *node)
{
	const char *wanted = wanted_start(update, node), *ours = update->state->our_start;

	/* The submission that it was the start of was rejected. */
	if (update->state->phase == NULL && ours != NULL && rlg_json_is(node, RLG_JSON_STRING) && strcmp(node->value, ours) == 0)
		return "null";
	if (wanted == NULL || (rlg_json_is(node, RLG_JSON_STRING) && strcmp(node->value, wanted) == 0))
		return NULL;
	return rlg_json_text(update->doc->arena, wanted);
}

static const char *completed_value(const struct update *update, const struct rlg_json_node *node)
{
	const struct rlg_rm_state *state = update->state;
	bool text = rlg_json_is(node, RLG_JSON_STRING);
	bool ours = update->other_job || (text && is_our_time(state, node->value, true));

	if (!state->over)
		return ours && !rlg_rm_is_unset(node) ? "null" : NULL;
	if (state->completed_us == 0 || (!ours && !rlg_rm_is_unset(node)))
		return NULL;
	const char *wanted = time_value(update->doc->arena, state->completed_us);
	return text && strcmp(rlg_json_text(update->doc->arena, node->value), wanted) == 0 ? NULL : wanted;
}

static int fail_no_object(const struct update *update, const struct rlg_json_node *node, const char *key,
			  struct rlg_err *err)
{
	return rlg_fail(err, -EINVAL, "%s:%u: `%s` must be an object, as in \"%s\": {}; the file is left as it is",
			update->path, (unsigned)node->line, key, key);
}

static int update_times(struct update *update, struct additions *root, struct rlg_err *err)
{
	struct rlg_arena *arena = update->doc->arena;
	const struct rlg_json_node *times = rlg_json_get(update->doc->root, RLG_RM_TIMESTAMPS);
	const struct rlg_json_node *started = rlg_json_get(times, RLG_RM_STARTED);
	const struct rlg_json_node *completed = rlg_json_get(times, RLG_RM_COMPLETED);
	const char *start = started_value(update, started), *end = completed_value(update, completed);
	struct additions inner = {.count = 0};

	if (times != NULL && times->kind != RLG_JSON_OBJECT && times->kind != RLG_JSON_NULL)
		return fail_no_object(update, times, RLG_RM_TIMESTAMPS, err);
	if (start != NULL && started == NULL)
		add(&inner, RLG_RM_STARTED, start);
	else if (start != NULL)
		rlg_json_set(update->doc, update->edits, started, start);
	if (end != NULL && completed == NULL && update->state->over)
		add(&inner, RLG_RM_COMPLETED, end);
	else if (end != NULL && completed != NULL)
		rlg_json_set(update->doc, update->edits, completed, end);
	if (inner.count == 0)
		return 0;
	if (rlg_json_is(times, RLG_JSON_OBJECT))
		return rlg_json_update(update->doc, update->edits, times, inner.list, inner.count);
	const char *whole = rlg_arena_printf(arena, "{\"%s\":%s%s%s}", inner.list[0].key, inner.list[0].value,
					     inner.count > 1 ? ",\"" RLG_RM_COMPLETED "\":" : "",
					     inner.count > 1 ? inner.list[1].value : "");
	if (times != NULL)
		return rlg_json_set(update->doc, update->edits, times, whole);
	add(root, RLG_RM_TIMESTAMPS, whole);
	return 0;
}

/* A success by another word stays; and a word of progress that nobody contradicts. */
static bool sync_fits(const struct update *update, const char *words)
{
	const char *wanted = update->state->sync;

	if (words == NULL)
		return false;
	if (rlg_manifest_sync_is_good(wanted))
		return rlg_manifest_sync_is_good(words);
	return strcasecmp(words, wanted) == 0 ||
	       (!update->other_job && strcmp(wanted, "pending") == 0 && strcasecmp(words, "syncing") == 0);
}

static int update_sync(struct update *update, struct additions *root, struct rlg_err *err)
{
	struct rlg_arena *arena = update->doc->arena;
	const struct rlg_json_node *sync = rlg_rm_sync_of(update->doc), *node = rlg_json_get(sync, RLG_RM_STATUS);
	const char *wanted = update->state->sync;

	if (wanted == NULL || sync_fits(update, rlg_manifest_words(arena, node)))
		return 0;
	const char *value = rlg_json_text(arena, wanted);
	const char *whole = rlg_arena_printf(arena, "{\"" RLG_RM_STATUS "\":%s}", value);
	if (node != NULL)
		return rlg_json_set(update->doc, update->edits, node, value);
	if (rlg_json_is(sync, RLG_JSON_OBJECT))
		return rlg_json_update(update->doc, update->edits, sync,
				       &(const struct rlg_json_new){RLG_RM_STATUS, value}, 1);
	if (rlg_json_is(sync, RLG_JSON_NULL))
		return rlg_json_set(update->doc, update->edits, sync, whole);
	if (sync != NULL)
		return fail_no_object(update, sync, RLG_RM_SYNC, err);
	add(root, RLG_RM_SYNC, whole);
	return 0;
}

int rlg_rm_update(const char *path, const struct rlg_json_doc *doc, const struct rlg_rm_state *state,
		  struct rlg_text_edits *edits, struct rlg_err *err)
{
	struct update update = {.path = path, .doc = doc, .state = state, .edits = edits};
	const char *job_id = rlg_manifest_job_id(doc);
	struct additions root = {.count = 0};

	update.other_job = job_id != NULL && state->job_id != NULL && strcmp(job_id, state->job_id) != 0;
	update_job_id(&update, &root);
	update_status(&update, &root);
	int code = update_times(&update, &root, err);
	if (code == 0)
		code = update_sync(&update, &root, err);
	if (code == 0 && root.count > 0)
		code = rlg_json_update(doc, edits, doc->root, root.list, root.count);
	return code;
}
