/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rendering a registry of jobs in a test, and what must be so whatever came in: the text that comes out is the text that
 * came in, but for last_status of the group's own jobs, entries of theirs that went, and entries behind the last.
 */
#ifndef RLG_TESTS_REGISTRY_CHECK_H
#define RLG_TESTS_REGISTRY_CHECK_H

#include "tool/tracker/registry.h"
#include "tool/tracker/tracker.h"

#include <stdlib.h>
#include <string.h>

#define REGISTRY_PATH "active_jobs.json"

struct registry {
	struct rlg_arena *arena;
	const struct rlg_model *model;
	const char *session; /* whose it is; NULL: everyone's */
};

struct registry_result {
	const char *text; /* NULL: it is left alone */
	const char *error; /* then why */
	const char *memory; /* for the next time */
};

static inline struct registry_result registry_render(const struct registry *registry, const char *text, const char *memory)
{
	struct rlg_bytes out, remember;
	struct rlg_err err = {""};

	rlg_bytes_init(&out, registry->arena);
	rlg_bytes_init(&remember, registry->arena);
	rlg_bytes_add(&out, "");
	rlg_bytes_add(&remember, "");
	struct rlg_tracker_view view = {.arena = registry->arena,
					.model = registry->model,
					.group_path = registry->model->group_path,
					.choice = RLG_REGISTRY_PATTERN,
					.memory = memory,
					.remember = &remember};
	struct rlg_tracker_place place = {.path = REGISTRY_PATH, .data = registry->session};
	int code = rlg_tracker_active_jobs.render(&view, &place, REGISTRY_PATH, text, NULL, &out, &err);
	assert_int_equal(code != 0, err.text[0] != '\0');
	if (code == 0)
		return (struct registry_result){.text = out.data, .memory = remember.data};
	assert_int_equal(out.length, 0);
	assert_int_equal(strncmp(err.text, REGISTRY_PATH ":", strlen(REGISTRY_PATH ":")), 0);
	return (struct registry_result){.error = rlg_arena_strdup(registry->arena, err.text)};
}

/* Does a job of the group go by this id, or by what stands in front of its task or component? */
static inline bool registry_has_job(const struct rlg_model *model, const char *id)
{
	long long number = id == NULL ? -1 : atoll(id);

	for (size_t r = 0; r < model->n_runs; r++)
		for (size_t p = 0; p < model->runs[r].n_phases; p++)
			for (size_t a = 0; a < model->runs[r].phases[p].n_attempts; a++) {
				const struct rlg_attempt *attempt = &model->runs[r].phases[p].attempts[a];
				if (attempt->job_id == number || attempt->array_job_id == number || attempt->het_job_id == number)
					return true;
			}
	return false;
}

/* May the tracker touch this element at all? */
static inline bool registry_is_ours(const struct registry *registry, const struct rlg_json_node *element)
{
	struct rlg_registry_entry entry;

	return rlg_registry_read(element, &entry) && registry_has_job(registry->model, entry.id) &&
	       (entry.type == NULL || strcmp(entry.type, "slurm") == 0);
}

static inline bool registry_same_bytes(const struct rlg_json_doc *one, size_t start, size_t end,
				       const struct rlg_json_doc *other, size_t other_start, size_t other_end)
{
	return end - start == other_end - other_start && memcmp(one->text + start, other->text + other_start, end - start) == 0;
}

/* The same element, but for its last_status? */
static inline bool registry_is_kept(const struct rlg_json_doc *old, const struct rlg_json_node *before,
				    const struct rlg_json_doc *new, const struct rlg_json_node *after)
{
	const struct rlg_json_node *old_state = rlg_json_get(before, "last_status"), *new_state = rlg_json_get(after, "last_status");
	size_t last;

	if (registry_same_bytes(old, before->start, before->end, new, after->start, after->end))
		return true;
	if (old_state != NULL && new_state != NULL)
		return registry_same_bytes(old, before->start, old_state->start, new, after->start, new_state->start) &&
		       registry_same_bytes(old, old_state->end, before->end, new, new_state->end, after->end);
	/* It had none: then it is the last member, and what stood in front of it is as it was. */
	last = before->start + 1;
	for (const struct rlg_json_node *node = before->first; node != NULL; node = node->next)
		last = node->end;
	return new_state != NULL && new_state->next == NULL &&
	       strncmp(old->text + before->start, new->text + after->start, last - before->start) == 0;
}

/* What stands outside of the array: a BOM, blanks in front, blanks behind. */
static inline void registry_check_frame(const struct rlg_json_doc *old, const struct rlg_json_doc *new)
{
	assert_true(registry_same_bytes(old, 0, old->root->start, new, 0, new->root->start));
	assert_true(registry_same_bytes(old, old->root->end, old->length, new, new->root->end, new->length));
}

/* Every element of the old text is in the new one, in its order, or was ours and went; what is more is new and last. */
static inline void registry_check(const struct registry *registry, const char *before, const char *after)
{
	struct rlg_json_doc old, new;

	if (strcmp(before, after) == 0)
		return;
	assert_int_equal(rlg_registry_parse(registry->arena, REGISTRY_PATH, before, &old, NULL), 0);
	assert_int_equal(rlg_registry_parse(registry->arena, REGISTRY_PATH, after, &new, NULL), 0);
	registry_check_frame(&old, &new);
	const struct rlg_json_node *at = new.root->first;
	for (const struct rlg_json_node *element = old.root->first; element != NULL; element = element->next) {
		bool same = at != NULL && registry_same_bytes(&old, element->start, element->end, &new, at->start, at->end);
		if (same || (at != NULL && registry_is_ours(registry, element) && registry_is_kept(&old, element, &new, at)))
			at = at->next;
		else if (!registry_is_ours(registry, element))
			fail_msg("this is not ours, and is not as it was: %.*s\n--- before\n%s\n--- after\n%s",
				 (int)(element->end - element->start), old.text + element->start, before, after);
	}
	for (; at != NULL; at = at->next)
		if (!registry_is_ours(registry, at))
			fail_msg("this is none of our jobs: %.*s", (int)(at->end - at->start), new.text + at->start);
}

#endif
