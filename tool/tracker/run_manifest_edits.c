/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people and their scripts changed in a run_manifest.json: see run_manifest.h, and tracker.h for what counts.
 *
 * Scripts write the whole file: one that polled a while ago says `running` of a job that is over by now, and the one that
 * launches says `submitted` after the job has begun.  So of a job that the records know, a word of progress is no edit;
 * that it is over, or what became of its artifacts, is.
 */
#include "tool/tracker/run_manifest.h"

#include "lib/layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct looking {
	struct rlg_arena *arena;
	const struct rlg_json_doc *doc;
	const struct rlg_json_doc *base; /* NULL: not known */
	const struct rlg_run *run; /* NULL: the model does not know it yet */
	const char *name; /* of the run */
	const char *phase;
	struct rlg_rm_state state;
	bool known_job; /* a record told of the job that stands in the file */
	bool newest_job; /* and it is the one whose state that is */
	rlg_tracker_edit_fn *tell;
	void *context;
};

static bool knows_job(const struct rlg_run *run, const char *job_id)
{
	char words[64];

	for (size_t p = 0; run != NULL && job_id != NULL && p < run->n_phases; p++) {
		for (size_t i = 0; i < run->phases[p].n_attempts; i++) {
			const struct rlg_attempt *attempt = &run->phases[p].attempts[i];

			snprintf(words, sizeof(words), "%" PRId64, attempt->job_id);
			if (strcmp(words, job_id) == 0)
				return true;
			snprintf(words, sizeof(words), "%" PRId64, attempt->array_job_id);
			if (attempt->array_job_id >= 0 && strcmp(words, job_id) == 0)
				return true;
		}
	}
	return false;
}

static const char *words_at(const struct looking *looking, const struct rlg_json_doc *doc, const char *path)
{
	return doc != NULL ? rlg_manifest_at(looking->arena, doc, path) : NULL;
}

static const char *sync_words(const struct looking *looking, const struct rlg_json_doc *doc)
{
	return doc != NULL ? rlg_manifest_words(looking->arena, rlg_json_get(rlg_rm_sync_of(doc), RLG_RM_STATUS)) : NULL;
}

static bool same(const char *one, const char *other)
{
	return one == other || (one != NULL && other != NULL && strcasecmp(one, other) == 0);
}

static bool in_progress(const char *words)
{
	return rlg_rm_same_status(words, "running") || rlg_rm_same_status(words, "submitted") ||
	       rlg_rm_same_status(words, "pending");
}

/* A person's word as the model knows it. */
static const char *model_word(const char *words)
{
	static const char *const ours[] = {"completed", "failed", "running", "submitted", "pending", "partial"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (rlg_rm_same_status(words, ours[i]))
			return ours[i];
	return words;
}

static void tell(const struct looking *looking, const char *field, const char *old, const char *new)
{
	looking->tell(looking->context, looking->name, looking->phase, field, old, new);
}

static bool is_completed(const struct looking *looking)
{
	return looking->state.phase != NULL && looking->state.phase->status == RLG_STATUS_COMPLETED;
}

/* "synced" and "completed" say of the artifacts that they are here. */
static bool says_artifacts_are_here(const char *words)
{
	return strcasecmp(words, "synced") == 0 || rlg_rm_same_status(words, "completed");
}

static void look_at_sync(const struct looking *looking, const char *status)
{
	const char *words = sync_words(looking, looking->doc), *old = sync_words(looking, looking->base);
	bool changed = looking->base != NULL ? !same(words, old) : looking->newest_job || !looking->known_job;
	const char *wanted = looking->state.sync;

	if (status != NULL && says_artifacts_are_here(status) && !rlg_manifest_sync_is_good(words) &&
	    !rlg_manifest_sync_is_good(wanted)) {
		tell(looking, "sync", words, "ok");
		return;
	}
	if (!changed || words == NULL || strcasecmp(words, "pending") == 0 || same(words, wanted) ||
	    (rlg_manifest_sync_is_good(words) && rlg_manifest_sync_is_good(wanted)))
		return;
	tell(looking, "sync", old, words);
}

/* The status, if it is a person's word that counts; NULL: it is not. */
static const char *edited_status(const struct looking *looking)
{
	const struct rlg_json_node *node = rlg_json_get(looking->doc->root, RLG_RM_STATUS);
	const char *words = rlg_manifest_words(looking->arena, node);
	const char *old = words_at(looking, looking->base, RLG_RM_STATUS);
	bool attempts = looking->run != NULL && looking->state.phase != NULL && looking->state.phase->n_attempts > 0;

	if (words == NULL || rlg_rm_is_unset(node) || rlg_rm_same_status(words, looking->state.status))
		return NULL;
	if (looking->base != NULL ? same(words, old) : looking->known_job)
		return NULL;
	/* Nothing was heard of its job: then such a word is worth something, if there is a job at all. */
	if (in_progress(words) && (attempts || rlg_manifest_job_id(looking->doc) == NULL ||
				   rlg_rm_same_status(words, "pending")))
		return NULL;
	return words;
}

static void look_at_job_id(const struct looking *looking)
{
	const char *words = rlg_manifest_job_id(looking->doc);
	const char *old = looking->base != NULL ? rlg_manifest_job_id(looking->base) : NULL;

	if (words == NULL || looking->known_job || same(words, looking->state.job_id) ||
	    (looking->base != NULL && same(words, old)))
		return;
	tell(looking, "job_id", old, words);
}

static void look(struct looking *looking)
{
	const char *job_id = rlg_manifest_job_id(looking->doc);
	const char *status;

	if (looking->run != NULL)
		rlg_rm_state(looking->run, false, &looking->state);
	if (looking->state.phase != NULL)
		looking->phase = looking->state.phase->name;
	looking->known_job = knows_job(looking->run, job_id);
	looking->newest_job = looking->state.job_id != NULL && same(job_id, looking->state.job_id);
	status = edited_status(looking);
	look_at_job_id(looking);
	if (status != NULL && strcasecmp(status, "synced") != 0 &&
	    !(rlg_rm_same_status(status, "completed") && is_completed(looking)))
		tell(looking, "status", words_at(looking, looking->base, RLG_RM_STATUS), model_word(status));
	look_at_sync(looking, status);
}

int rlg_rm_edits(struct rlg_arena *arena, const char *path, const struct rlg_model *model, const char *text,
		 const char *base, rlg_tracker_edit_fn *tell_edit, void *context, struct rlg_err *err)
{
	struct rlg_json_doc doc, old;
	struct looking looking = {.arena = arena, .doc = &doc, .tell = tell_edit, .context = context};
	int code;

	if (base != NULL && strcmp(text, base) == 0)
		return 0;
	code = rlg_manifest_parse(arena, path, text, strlen(text), &doc, err);
	if (code < 0 || rlg_manifest_is_local(&doc) || model->n_phases == 0)
		return code;
	if (base != NULL && rlg_manifest_parse(arena, path, base, strlen(base), &old, NULL) == 0)
		looking.base = &old;
	looking.run = rlg_rm_run(model, &doc, path, NULL);
	looking.name = looking.run != NULL ? looking.run->name : rlg_manifest_at(arena, &doc, "run_id");
	looking.phase = model->phases[0];
	if (looking.name != NULL && rlg_name_ok(looking.name, NULL))
		look(&looking);
	return 0;
}
