/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people changed in runs_status.yaml: see runs_status.h, and tracker.h for what counts as a change. */
#include "tool/tracker/runs_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct looking {
	struct rlg_arena *arena;
	const struct rlg_model *model;
	rlg_tracker_edit_fn *tell;
	void *context;

	/* the run that is looked at */
	const char *name;
	const struct rlg_run *run; /* NULL: the model does not know it */
	const struct rlg_yaml_node *mapping;
	const struct rlg_yaml_node *base; /* the run in the base; NULL: not there */
};

/* The model's phase that stands at that place; NULL: none that it knows. */
static const struct rlg_phase *phase_at(const struct looking *looking, const char *name, const struct rlg_rs_place *place)
{
	const struct rlg_yaml_node *evaluations = rlg_yaml_get(looking->mapping, RLG_RS_EVALUATIONS);

	if (looking->run == NULL)
		return NULL;
	for (size_t i = 0; place->evaluation && i < looking->run->n_phases; i++) {
		const struct rlg_phase *phase = &looking->run->phases[i];
		const struct rlg_yaml_node *key = rlg_rs_evaluation_key(looking->model, looking->run, evaluations, phase);

		if (rlg_yaml_key(looking->mapping, phase->name) == NULL && key != NULL && key->next == place->mapping)
			return phase;
	}
	return rlg_run_phase(looking->run, name);
}

/* The same place in the base; its mapping is NULL if there is none. */
static struct rlg_rs_place base_place(const struct looking *looking, const char *name, const struct rlg_rs_place *place)
{
	struct rlg_rs_place base = *place;
	struct rlg_yaml_node *holder = rlg_yaml_get(looking->base, place->evaluation ? RLG_RS_EVALUATIONS : name);
	char storage[RLG_RS_KEY_MAX];

	if (place->evaluation)
		holder = rlg_yaml_get(holder, name);
	base.mapping = rlg_yaml_is_mapping(holder) ? holder : NULL;
	if (place->flat) {
		const char *key = rlg_rs_field_key(place, RLG_RS_STATUS, storage);

		base.mapping = rlg_yaml_key(looking->base, key) != NULL ? (struct rlg_yaml_node *)looking->base : NULL;
	}
	return base;
}

/* Whether a record told of that job: as itself, or as ARRAY_TASK. */
static bool knows_job(const struct rlg_phase *phase, const char *job_id)
{
	char words[64];

	for (size_t i = 0; job_id != NULL && phase != NULL && i < phase->n_attempts; i++) {
		const struct rlg_attempt *attempt = &phase->attempts[i];

		snprintf(words, sizeof(words), "%" PRId64, attempt->job_id);
		if (strcmp(words, job_id) == 0)
			return true;
		snprintf(words, sizeof(words), "%" PRId64 "_%" PRId64, attempt->array_job_id, attempt->array_task_id);
		if (attempt->array_job_id >= 0 && strcmp(words, job_id) == 0)
			return true;
	}
	return false;
}

/*
 * Without a base: what the model can explain is no edit.  `pending` is how every phase begins, and `submitted` how every
 * attempt does: they are what the file said before the records did.
 */
static bool explained(const struct rlg_phase *phase, enum rlg_rs_field field, const char *value)
{
	bool attempted = phase != NULL && phase->n_attempts > 0;

	if (value == NULL)
		return true;
	if (field != RLG_RS_STATUS)
		return false;
	return strcmp(value, rlg_status_word(RLG_STATUS_PENDING)) == 0 ||
	       (attempted && strcmp(value, rlg_status_word(RLG_STATUS_SUBMITTED)) == 0);
}

/* The text of a field; false if it is none that can be compared (an alias, a list). */
static bool read_field(const struct rlg_rs_place *place, enum rlg_rs_field field, const char **out_text)
{
	char storage[RLG_RS_KEY_MAX];
	const struct rlg_yaml_node *node = rlg_yaml_get(place->mapping, rlg_rs_field_key(place, field, storage));

	*out_text = rlg_rs_text(node);
	return node != NULL && node->kind == RLG_YAML_SCALAR;
}

static void look_at_place(void *context, const struct rlg_rs_place *place)
{
	struct looking *looking = context;
	const char *name = rlg_arena_strndup(looking->arena, place->name, place->length);
	const struct rlg_phase *phase = phase_at(looking, name, place);
	struct rlg_rs_place base = base_place(looking, name, place);
	struct rlg_rs_values model = {0};
	const char *value, *old = NULL, *job_id;

	if (phase != NULL)
		model = rlg_rs_model_values(looking->arena, phase);
	read_field(place, RLG_RS_JOB_ID, &job_id);
	bool known_job = knows_job(phase, job_id);
	for (size_t i = 0; i < RLG_RS_FIELDS; i++) {
		enum rlg_rs_field field = (enum rlg_rs_field)i;

		if (!read_field(place, field, &value))
			continue;
		if (phase != NULL && rlg_rs_same(value, model.field[i]))
			continue;
		if (base.mapping != NULL)
			read_field(&base, field, &old);
		if (base.mapping != NULL ? rlg_rs_same(value, old) : known_job || explained(phase, field, value))
			continue;
		looking->tell(looking->context, looking->name, phase != NULL ? phase->name : name,
			      rlg_rs_field_names[i], old, value);
	}
}

/* The runs of the base; NULL where there is none that can be read: then nothing is known of what the tool wrote. */
static const struct rlg_yaml_node *base_runs(struct rlg_arena *arena, const char *path, const char *base)
{
	struct rlg_yaml_doc doc;
	struct rlg_yaml_node *key;

	if (base == NULL || rlg_yaml_parse(arena, path, base, strlen(base), &doc, NULL) < 0 ||
	    rlg_rs_find_runs(path, &doc, &key, NULL) < 0)
		return NULL;
	return key != NULL ? key->next : NULL;
}

static int find_edits(struct rlg_arena *arena, const char *path, const struct rlg_model *model, const char *text,
		 const char *base, rlg_tracker_edit_fn *tell, void *context, struct rlg_err *err)
{
	struct looking looking = {.arena = arena, .model = model, .tell = tell, .context = context};
	struct rlg_yaml_node *runs_key = NULL;
	struct rlg_yaml_doc doc;
	int result;

	if (base != NULL && strcmp(text, base) == 0)
		return 0;
	result = rlg_yaml_parse(arena, path, text, strlen(text), &doc, err);
	if (result == 0)
		result = rlg_rs_find_runs(path, &doc, &runs_key, err);
	if (result < 0)
		return result;
	if (runs_key == NULL || !rlg_yaml_is_mapping(runs_key->next))
		return 0;
	const struct rlg_yaml_node *old_runs = base_runs(arena, path, base);
	for (struct rlg_yaml_node *key = runs_key->next->first; key != NULL; key = key->next->next) {
		if (key->kind != RLG_YAML_SCALAR)
			continue;
		looking.name = key->value;
		looking.run = rlg_model_run(model, key->value);
		looking.mapping = key->next;
		looking.base = rlg_yaml_get(old_runs, key->value);
		rlg_rs_each_place(key->next, look_at_place, &looking);
	}
	return 0;
}

/* The trees of both texts go when it is done: the caller keeps all that it has until the end. */
int rlg_rs_edits(struct rlg_arena *arena, const char *path, const struct rlg_model *model, const char *text,
		 const char *base, rlg_tracker_edit_fn *tell, void *context, struct rlg_err *err)
{
	RLG_ARENA struct rlg_arena *scratch = rlg_arena_new();

	return find_edits(scratch, path, model, text, base, tell, context, err);
}
