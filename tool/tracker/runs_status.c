/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tracker runs_status.yaml, in both shapes that people have: see runs_status.h. */
#include "tool/tracker/runs_status.h"

#include "lib/layout.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_PATH "runs_status.yaml"

/* ---- the runs that a file names ---- */

struct telling {
	rlg_tracker_run_fn *tell;
	void *context;
	struct rlg_arena *arena;
	const char *run;
};

static void tell_place(void *context, const struct rlg_rs_place *place)
{
	struct telling *telling = context;
	const char *name = rlg_arena_strndup(telling->arena, place->name, place->length);

	if (rlg_name_ok(name, NULL))
		telling->tell(telling->context, telling->run, name);
}

/* A key that cannot be a run's name is not told: names become folders. */
static int tell_runs(struct rlg_arena *arena, const char *path, const char *text, rlg_tracker_run_fn *tell,
		     void *context, struct rlg_err *err)
{
	/* A tree is many times as large as its text, and the caller keeps all that it has until the end. */
	RLG_ARENA struct rlg_arena *scratch = rlg_arena_new();
	struct rlg_yaml_doc doc;
	struct rlg_yaml_node *runs_key = NULL;
	int result = rlg_yaml_parse(scratch, path, text, strlen(text), &doc, err);

	if (result == 0)
		result = rlg_rs_find_runs(path, &doc, &runs_key, err);
	if (result < 0)
		return result;
	if (runs_key == NULL || !rlg_yaml_is_mapping(runs_key->next))
		return 0;
	for (struct rlg_yaml_node *key = runs_key->next->first; key != NULL; key = key->next->next) {
		struct telling telling = {.tell = tell, .context = context, .arena = scratch, .run = key->value};

		if (key->kind != RLG_YAML_SCALAR || !rlg_name_ok(key->value, NULL))
			continue;
		tell(context, key->value, NULL);
		rlg_rs_each_place(key->next, tell_place, &telling);
	}
	return 0;
}

/* ---- rendering ---- */

/* Reads the result as any program will: nothing is left to do in it, and all that was a person's is there. */
static int check(struct rlg_arena *arena, const char *path, const struct rlg_model *model,
		 const struct rlg_yaml_doc *old, const struct rlg_bytes *result, struct rlg_yaml_doc *out_new,
		 struct rlg_err *err)
{
	struct rlg_text_edits left;
	struct rlg_err why = {""};

	rlg_text_edits_init(&left, arena);
	if (rlg_yaml_parse(arena, path, result->data, result->length, out_new, &why) < 0 ||
	    rlg_rs_update(arena, path, model, out_new, &left, &why) < 0)
		return rlg_fail(err, -EINVAL, "%s:1: this file cannot be brought up to date without damage, and is left "
				"as it is (the result would be wrong: %s)", path, why.text);
	bool kept = old->root == NULL || (out_new->root != NULL && rlg_rs_unchanged(old->root, out_new->root));
	if (left.count > 0 || !kept)
		return rlg_fail(err, -EINVAL, "%s:1: this file cannot be brought up to date without changing more than "
				"the machine's fields, and is left as it is; simplify its YAML, or move it away", path);
	return 0;
}

static int render_all(const struct rlg_tracker_view *view, const char *path, const char *text, struct rlg_bytes *out,
		      struct rlg_err *err)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new(); /* for the trees; the result is the caller's */
	struct rlg_rs_layout layout;
	struct rlg_text_edits edits;
	struct rlg_yaml_doc old, new;
	struct rlg_bytes result;
	int code = rlg_yaml_parse(arena, path, text, strlen(text), &old, err);

	rlg_text_edits_init(&edits, arena);
	if (code == 0)
		code = rlg_rs_update(arena, path, view->model, &old, &edits, err);
	if (code < 0)
		return code;
	rlg_bytes_init(&result, view->arena);
	if (rlg_text_edits_apply(&edits, old.text, old.length, &result) < 0)
		return rlg_fail(err, -EINVAL, "%s:1: this file cannot be brought up to date, as its values overlap", path);
	if (edits.count > 0)
		code = check(arena, path, view->model, &old, &result, &new, err);
	if (code != 0)
		return code;
	rlg_bytes_take(out, &result);
	if (view->remember != NULL && rlg_rs_layout(edits.count > 0 ? &new : &old, &layout))
		rlg_rs_layout_add(view->remember, &layout);
	return 0;
}

static int render(const struct rlg_tracker_view *view, const struct rlg_tracker_place *place, const char *path,
		  const char *text, const char *base, struct rlg_bytes *out, struct rlg_err *err)
{
	(void)place;
	(void)base;
	if (rlg_rs_render_part(view, path, text, out))
		return 0;
	return render_all(view, path, text != NULL ? text : "", out, err);
}

const struct rlg_tracker rlg_tracker_runs_status = {
	.name = "runs_status",
	.default_path = DEFAULT_PATH,
	.by_default = true,
	.about = "where every run and phase stands",
	.runs = tell_runs,
	.edits = rlg_rs_edits,
	.render = render,
	.render_changed = rlg_rs_render_part,
};
