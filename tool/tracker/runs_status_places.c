/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a run's values stand in runs_status.yaml: see runs_status.h. */
#include "tool/tracker/runs_status.h"

#include "tool/base/yaml_text.h"

#include <errno.h>
#include <string.h>

const char *const rlg_rs_field_names[] = {
	[RLG_RS_STATUS] = "status",
	[RLG_RS_JOB_ID] = "job_id",
	[RLG_RS_OUTPUT] = "output",
};
_Static_assert(sizeof(rlg_rs_field_names) / sizeof(rlg_rs_field_names[0]) == RLG_RS_FIELDS, "a name for each field");

#define STATUS_SUFFIX "_status"

/* The name under which the nested shape always has the training, and `eval` stands for the only evaluation. */
#define FINETUNE "finetune"
#define EVAL "eval"

int rlg_rs_find_runs(const char *path, const struct rlg_yaml_doc *doc, struct rlg_yaml_node **out_key,
		     struct rlg_err *err)
{
	struct rlg_yaml_node *key = NULL;

	if (doc->root != NULL && !rlg_yaml_is_mapping(doc->root))
		return rlg_fail(err, -EINVAL, "%s:%u: this file is no run tracker: it should begin with `runs:`, with the "
				"runs' names indented below it; mend it, or move it away to have a new one written",
				path, (unsigned)doc->root->line);
	if (doc->root != NULL)
		key = rlg_yaml_key(doc->root, "runs");
	if (key != NULL && !rlg_yaml_is_mapping(key->next) && !rlg_yaml_is_null(key->next))
		return rlg_fail(err, -EINVAL, "%s:%u: `runs` should hold the runs' names, each followed by a colon and its "
				"values; mend it, or move the file away to have a new one written", path,
				(unsigned)key->line);
	*out_key = key;
	return 0;
}

static bool ends_with_status(const char *key)
{
	size_t length = strlen(key);

	return length > strlen(STATUS_SUFFIX) && strcmp(key + length - strlen(STATUS_SUFFIX), STATUS_SUFFIX) == 0;
}

/* The shape that one key of a run speaks for. */
static enum rlg_rs_shape key_shape(const struct rlg_yaml_node *key)
{
	const struct rlg_yaml_node *value = key->next;
	bool room = rlg_yaml_is_mapping(value) || rlg_yaml_is_null(value);

	if (key->kind != RLG_YAML_SCALAR)
		return RLG_RS_NO_SHAPE;
	if (room && (strcmp(key->value, FINETUNE) == 0 || strcmp(key->value, RLG_RS_EVALUATIONS) == 0))
		return RLG_RS_NESTED;
	if (rlg_yaml_key(value, rlg_rs_field_names[RLG_RS_STATUS]) != NULL)
		return RLG_RS_NESTED;
	return ends_with_status(key->value) && !rlg_yaml_is_mapping(value) ? RLG_RS_FLAT : RLG_RS_NO_SHAPE;
}

enum rlg_rs_shape rlg_rs_run_shape(const struct rlg_yaml_node *run)
{
	enum rlg_rs_shape shape = RLG_RS_NO_SHAPE;

	if (!rlg_yaml_is_mapping(run))
		return shape;
	for (const struct rlg_yaml_node *key = run->first; key != NULL && shape == RLG_RS_NO_SHAPE; key = key->next->next)
		shape = key_shape(key);
	return shape;
}

enum rlg_rs_shape rlg_rs_file_shape(const struct rlg_yaml_node *runs)
{
	if (!rlg_yaml_is_mapping(runs))
		return RLG_RS_FLAT;
	for (const struct rlg_yaml_node *key = runs->first; key != NULL; key = key->next->next) {
		if (rlg_rs_run_shape(key->next) == RLG_RS_NESTED)
			return RLG_RS_NESTED;
	}
	return RLG_RS_FLAT;
}

static void tell_evaluations(struct rlg_yaml_node *evaluations, rlg_rs_place_fn *tell, void *context)
{
	for (struct rlg_yaml_node *key = evaluations->first; key != NULL; key = key->next->next) {
		struct rlg_rs_place place = {.mapping = key->next, .evaluation = true};

		if (key->kind != RLG_YAML_SCALAR || !rlg_yaml_is_mapping(key->next))
			continue;
		place.name = key->value;
		place.length = strlen(key->value);
		tell(context, &place);
	}
}

/* A key of a run that is a phase, alone or with its fields. */
static void tell_key(struct rlg_yaml_node *run, struct rlg_yaml_node *key, rlg_rs_place_fn *tell, void *context)
{
	struct rlg_rs_place place = {.name = key->value, .length = strlen(key->value), .mapping = key->next};

	switch (key_shape(key)) {
	case RLG_RS_FLAT:
		place.flat = true;
		place.length -= strlen(STATUS_SUFFIX);
		place.mapping = run;
		tell(context, &place);
		break;
	case RLG_RS_NESTED:
		if (!rlg_yaml_is_mapping(key->next))
			break;
		if (strcmp(key->value, RLG_RS_EVALUATIONS) == 0)
			tell_evaluations(key->next, tell, context);
		else
			tell(context, &place);
		break;
	case RLG_RS_NO_SHAPE:
		break;
	}
}

void rlg_rs_each_place(struct rlg_yaml_node *run, rlg_rs_place_fn *tell, void *context)
{
	if (!rlg_yaml_is_mapping(run))
		return;
	for (struct rlg_yaml_node *key = run->first; key != NULL; key = key->next->next) {
		if (key->kind == RLG_YAML_SCALAR)
			tell_key(run, key, tell, context);
	}
}

const char *rlg_rs_field_key(const struct rlg_rs_place *place, enum rlg_rs_field field, char storage[RLG_RS_KEY_MAX])
{
	const char *name = rlg_rs_field_names[field];
	size_t room = RLG_RS_KEY_MAX - 2 - strlen(name), length = place->length < room ? place->length : room;

	if (!place->flat)
		return name;
	memcpy(storage, place->name, length);
	storage[length] = '_';
	memcpy(storage + length + 1, name, strlen(name) + 1);
	return storage;
}

const char *rlg_rs_text(const struct rlg_yaml_node *node)
{
	if (node == NULL || node->kind != RLG_YAML_SCALAR || rlg_yaml_is_null(node) || node->value[0] == '\0')
		return NULL;
	return node->value;
}

bool rlg_rs_same(const char *one, const char *other)
{
	return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

bool rlg_rs_has_news(const struct rlg_phase *phase)
{
	return phase->n_attempts > 0 || phase->word_us > 0;
}

bool rlg_rs_is_group_phase(const struct rlg_model *model, const char *name)
{
	for (size_t i = 0; i < model->n_phases; i++) {
		if (strcmp(model->phases[i], name) == 0)
			return true;
	}
	return false;
}

bool rlg_rs_is_first_phase(const struct rlg_model *model, const struct rlg_phase *phase)
{
	return model->n_phases > 0 && strcmp(model->phases[0], phase->name) == 0;
}

/* The only evaluation, if the phase `eval` may have it: nobody else has news to put there. */
static struct rlg_yaml_node *only_key(const struct rlg_model *model, const struct rlg_run *run,
				      const struct rlg_yaml_node *evaluations, const struct rlg_phase *eval)
{
	struct rlg_yaml_node *key = evaluations->count == 1 ? evaluations->first : NULL;

	if (key == NULL || key->kind != RLG_YAML_SCALAR)
		return NULL;
	const struct rlg_phase *owner = rlg_run_phase(run, key->value);
	if (owner == NULL || owner == eval)
		return key;
	if (rlg_rs_is_group_phase(model, owner->name) || rlg_rs_has_news(owner) || !rlg_rs_has_news(eval))
		return NULL;
	return key;
}

struct rlg_yaml_node *rlg_rs_evaluation_key(const struct rlg_model *model, const struct rlg_run *run,
					    const struct rlg_yaml_node *evaluations, const struct rlg_phase *phase)
{
	struct rlg_yaml_node *key = rlg_yaml_key(evaluations, phase->name);
	const struct rlg_phase *eval = run != NULL ? rlg_run_phase(run, EVAL) : NULL;

	if (eval == NULL || !rlg_yaml_is_mapping(evaluations))
		return key;
	struct rlg_yaml_node *only = only_key(model, run, evaluations, eval);
	if (phase == eval)
		return key != NULL ? key : only;
	/* What `eval` has is not this phase's as well. */
	return key != only || key == NULL ? key : NULL;
}

bool rlg_rs_wants_place(const struct rlg_model *model, const struct rlg_yaml_node *evaluations,
			const struct rlg_phase *phase)
{
	bool alone = !rlg_yaml_is_mapping(evaluations) || evaluations->count == 0;

	if (rlg_rs_has_news(phase))
		return true;
	/* Which of a person's evaluations `eval` would be is not known: no news, no place. */
	return rlg_rs_is_group_phase(model, phase->name) && (alone || strcmp(phase->name, EVAL) != 0);
}

/* The model's own word for it, which may be a person's; a model made without one has the status alone. */
static const char *status_of(const struct rlg_phase *phase)
{
	bool said = phase->status_text != NULL && phase->status_text[0] != '\0';

	return said ? phase->status_text : rlg_status_word(phase->status);
}

struct rlg_rs_values rlg_rs_model_values(struct rlg_arena *arena, const struct rlg_phase *phase)
{
	struct rlg_rs_values values = {
		.field = {
			[RLG_RS_STATUS] = status_of(phase),
			[RLG_RS_JOB_ID] = phase->job_id,
			[RLG_RS_OUTPUT] = phase->output,
		},
	};

	for (size_t i = 0; i < RLG_RS_FIELDS; i++) {
		/* An empty text is what nobody knows, and is never written. */
		if (values.field[i] != NULL && values.field[i][0] == '\0')
			values.field[i] = NULL;
		values.field[i] = rlg_yaml_clean(arena, values.field[i]);
	}
	return values;
}
