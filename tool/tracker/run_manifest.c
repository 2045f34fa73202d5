/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tracker run_manifest.json, one a run: see run_manifest.h. */
#include "tool/tracker/run_manifest.h"

#include "lib/layout.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_PATH "experiments/*/*/runs/{run}/run_manifest.json"

/* The nearest folder above the file that is called like a run. */
static const struct rlg_run *run_by_folder(const struct rlg_model *model, const char *path)
{
	const char *end = strrchr(path, '/');

	while (end != NULL && end > path) {
		const char *begin = end;

		while (begin > path && begin[-1] != '/')
			begin--;
		const char *name = rlg_arena_strndup(model->arena, begin, (size_t)(end - begin));
		const struct rlg_run *run = rlg_model_run(model, name);
		if (run != NULL)
			return run;
		end = begin > path ? begin - 1 : NULL;
	}
	return NULL;
}

const struct rlg_run *rlg_rm_run(const struct rlg_model *model, const struct rlg_json_doc *doc, const char *path,
				 const char *run_of_place)
{
	const char *run_id = rlg_manifest_at(model->arena, doc, "run_id");
	const struct rlg_run *run = run_id != NULL ? rlg_model_run(model, run_id) : NULL;

	if (run == NULL && run_of_place != NULL)
		run = rlg_model_run(model, run_of_place);
	return run != NULL ? run : run_by_folder(model, path);
}

/* ---- the runs that a manifest names ---- */

static int tell_runs(struct rlg_arena *arena, const char *path, const char *text, rlg_tracker_run_fn *tell,
		     void *context, struct rlg_err *err)
{
	struct rlg_json_doc doc;
	int code = rlg_manifest_parse(arena, path, text, strlen(text), &doc, err);
	const char *run_id = code == 0 && !rlg_manifest_is_local(&doc) ? rlg_manifest_at(arena, &doc, "run_id") : NULL;

	if (run_id != NULL && rlg_name_ok(run_id, NULL))
		tell(context, run_id, NULL);
	return code;
}

/* ---- rendering ---- */

/* Which paths are the machine's, and may differ. */
static bool is_machine_path(const char *path)
{
	static const char *const paths[] = {RLG_RM_STATUS,
					    RLG_RM_TIMESTAMPS "." RLG_RM_STARTED,
					    RLG_RM_TIMESTAMPS "." RLG_RM_COMPLETED,
					    RLG_RM_SYNC "." RLG_RM_STATUS,
					    "sync." RLG_RM_SYNC "." RLG_RM_STATUS};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(paths[i], path) == 0)
			return true;
	for (size_t i = 0; rlg_manifest_job_id_paths[i] != NULL; i++)
		if (strcmp(rlg_manifest_job_id_paths[i], path) == 0)
			return true;
	return false;
}

/* A null where an object of the machine's fields belongs was nothing to anybody. */
static bool was_nothing(const struct rlg_json_node *old, const char *path)
{
	return old->kind == RLG_JSON_NULL &&
	       (strcmp(path, RLG_RM_TIMESTAMPS) == 0 || strcmp(path, RLG_RM_SYNC) == 0);
}

static bool kept(struct rlg_arena *arena, const struct rlg_json_node *old, const struct rlg_json_node *new,
		 const char *path)
{
	if (is_machine_path(path))
		return new != NULL;
	if (new == NULL)
		return false;
	if (old->kind != RLG_JSON_OBJECT)
		return rlg_json_same(old, new) || (was_nothing(old, path) && rlg_json_is(new, RLG_JSON_OBJECT));
	if (new->kind != RLG_JSON_OBJECT)
		return false;
	for (const struct rlg_json_node *key = old->first; key != NULL; key = key->next->next) {
		const char *inner = rlg_arena_printf(arena, "%s%s%s", path, *path != '\0' ? "." : "", key->value);

		if (!kept(arena, key->next, rlg_json_get(new, key->value), inner))
			return false;
	}
	return true;
}

bool rlg_rm_unchanged(const struct rlg_json_doc *old, const struct rlg_json_doc *new)
{
	return kept(old->arena, old->root, new->root, "");
}

/* Reads the result as any program will: nothing is left to do in it, and all that was a person's is there. */
static int check(const char *path, const struct rlg_json_doc *old, const struct rlg_rm_state *state,
		 const struct rlg_bytes *result, struct rlg_err *err)
{
	struct rlg_text_edits left;
	struct rlg_json_doc new;

	rlg_text_edits_init(&left, old->arena);
	int code = rlg_manifest_parse(old->arena, path, result->data, result->length, &new, err);
	if (code == 0)
		code = rlg_rm_update(path, &new, state, &left, err);
	if (code == 0 && (left.count > 0 || !rlg_rm_unchanged(old, &new)))
		code = rlg_fail(err, -EINVAL, "%s:1: this file cannot be brought up to date without changing more than the "
				"machine's fields, and is left as it is", path);
	return code;
}

static int render_there(struct rlg_arena *arena, const char *path, const struct rlg_json_doc *doc,
			const struct rlg_rm_state *state, struct rlg_bytes *out, struct rlg_err *err)
{
	struct rlg_text_edits edits;
	struct rlg_bytes result;

	rlg_text_edits_init(&edits, arena);
	rlg_bytes_init(&result, arena);
	int code = rlg_rm_update(path, doc, state, &edits, err);
	if (code == 0 && rlg_text_edits_apply(&edits, doc->text, doc->length, &result) < 0)
		code = rlg_fail(err, -EINVAL, "%s:1: this file cannot be brought up to date, as its values overlap", path);
	if (code == 0 && edits.count > 0)
		code = check(path, doc, state, &result, err);
	if (code == 0)
		rlg_bytes_add_n(out, result.data, result.length);
	return code;
}

static const char *start_in(const struct rlg_json_doc *doc)
{
	const struct rlg_json_node *node = rlg_json_at(doc->root, RLG_RM_TIMESTAMPS "." RLG_RM_STARTED);

	return rlg_json_is(node, RLG_JSON_STRING) ? node->value : NULL;
}

/* The memory is the `started_at` that we wrote, if we did: one that a launch script wrote is never taken back. */
static void remember_start(const struct rlg_tracker_view *view, const char *path, const struct rlg_json_doc *old,
			   const struct rlg_bytes *out)
{
	const char *before = start_in(old), *after;
	struct rlg_json_doc new;

	if (view->remember == NULL || rlg_manifest_parse(view->arena, path, out->data, out->length, &new, NULL) != 0)
		return;
	after = start_in(&new);
	bool is_new = after != NULL && (before == NULL || strcmp(before, after) != 0);
	if (is_new || (after != NULL && view->memory != NULL && strcmp(view->memory, after) == 0))
		rlg_bytes_add(view->remember, after);
}

static int render(const struct rlg_tracker_view *view, const struct rlg_tracker_place *place, const char *path,
		  const char *text, const char *base, struct rlg_bytes *out, struct rlg_err *err)
{
	struct rlg_rm_state state = {.news = false};
	bool here = view->config->artifacts_are_here;
	struct rlg_json_doc doc;

	if (text == NULL) {
		const struct rlg_run *run = place->run != NULL ? rlg_model_run(view->model, place->run) : NULL;
		if (run != NULL)
			rlg_rm_state(run, here, &state);
		if (state.phase != NULL && state.status != NULL)
			rlg_rm_write_new(&state, view->model->run_group, path, out);
		return 0;
	}
	int code = rlg_manifest_parse(view->arena, path, text, strlen(text), &doc, err);
	if (code < 0)
		return code;
	const struct rlg_run *run = rlg_rm_run(view->model, &doc, path, place->run);
	if (run != NULL && !rlg_manifest_is_local(&doc))
		rlg_rm_state(run, here, &state);
	state.our_start = view->memory;
	if (state.news)
		code = render_there(view->arena, path, &doc, &state, out, err);
	else
		rlg_bytes_add(out, text);
	if (code == 0)
		remember_start(view, path, &doc, out);
	return code;
}

const struct rlg_tracker rlg_tracker_run_manifest = {
	.name = "run_manifest",
	.default_path = DEFAULT_PATH,
	.about = "one a run, with its status, job and artifacts",
	.found = rlg_rm_found,
	.places = rlg_rm_places,
	.runs = tell_runs,
	.edits = rlg_rm_edits,
	.render = render,
};
