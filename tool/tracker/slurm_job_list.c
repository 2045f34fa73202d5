/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracker docs/slurm_job_list.md: a line for each run that was submitted, from its manifest, as soon as that has all
 * that the line needs.  What is in the file stays as it is; see job_list.h.
 */
#include "tool/tracker/job_list.h"
#include "tool/tracker/run_manifest.h"

#include "tool/base/names.h"
#include "tool/tracker/kept.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_PATH "docs/slurm_job_list.md"

/* A line, and where it stands among others that are new. */
struct candidate {
	struct rlg_manifest_line line;
	int64_t submitted_us;
	size_t rank;
};

struct gathering {
	const struct rlg_tracker_view *view;
	struct candidate *list;
	size_t count, room;
	int unread; /* the errno of a manifest that cannot be read just now */
};

/* When the run was first submitted; 0: the records know nothing of that. */
static int64_t submitted_us(const struct rlg_run *run)
{
	int64_t first_us = 0;

	for (size_t i = 0; run != NULL && i < run->n_phases; i++) {
		const struct rlg_phase *phase = &run->phases[i];
		const struct rlg_attempt *attempt = phase->n_attempts > 0 ? &phase->attempts[0] : NULL;
		int64_t at_us = attempt == NULL ? 0 : attempt->submit_us > 0 ? attempt->submit_us : attempt->word_us;

		if (at_us > 0 && (first_us == 0 || at_us < first_us))
			first_us = at_us;
	}
	return first_us;
}

/* A manifest that does not parse, or is not complete yet, has no line; its own tracker tells why. */
static void gather(void *context, const struct rlg_tracker_place *place)
{
	struct gathering *gathering = context;
	const struct rlg_tracker_view *view = gathering->view;
	struct rlg_arena *arena = view->arena;
	const char *path = place->path[0] == '/' ? place->path
						 : rlg_arena_printf(arena, "%s/%s", view->group_path, place->path);
	struct candidate candidate = {.rank = gathering->count};
	struct rlg_json_doc doc;
	char *text;
	size_t length;

	int code = rlg_tracker_read(view, place->path, RLG_MANIFEST_MAX, &text, &length);
	if (code < 0 && rlg_errno_may_pass(-code))
		gathering->unread = -code;
	if (code != 0 || text == NULL ||
	    rlg_manifest_parse(arena, path, text, length, &doc, NULL) < 0 || rlg_manifest_is_local(&doc) ||
	    rlg_manifest_line(path, &doc, &candidate.line, NULL) < 0)
		return;
	candidate.submitted_us = submitted_us(rlg_rm_run(view->model, &doc, path, place->run));
	if (candidate.submitted_us == 0)
		return;
	if (gathering->count == gathering->room) {
		gathering->room = gathering->room == 0 ? 16 : 2 * gathering->room;
		gathering->list = rlg_arena_grow(arena, gathering->list, gathering->count, gathering->room,
						 sizeof(*gathering->list));
	}
	gathering->list[gathering->count++] = candidate;
}

static int compare(const void *one, const void *other)
{
	const struct candidate *a = one, *b = other;

	if (a->submitted_us != b->submitted_us)
		return a->submitted_us < b->submitted_us ? -1 : 1;
	return a->rank < b->rank ? -1 : a->rank > b->rank;
}

static int places(const struct rlg_tracker_view *view, rlg_tracker_place_fn *tell, void *context, struct rlg_err *err)
{
	struct gathering *gathering = rlg_arena_alloc(view->arena, sizeof(*gathering));
	struct rlg_tracker_place place = {.path = view->choice, .data = gathering};
	int code = 0;

	*gathering = (struct gathering){.view = view};
	if (view->model != NULL)
		code = rlg_rm_each_there(view, rlg_rm_pattern(view), gather, gathering);
	/* Without one of them its line would come later, behind others. */
	if (code == 0 && gathering->unread != 0)
		return rlg_fail_errno(err, -gathering->unread, "%s is left as it is: a run's manifest cannot be read", view->choice);
	if (gathering->count > 1)
		qsort(gathering->list, gathering->count, sizeof(*gathering->list), compare);
	tell(context, &place);
	return code;
}

/*
 * One that a person took out is not put back.  The copy tells it until the next refresh makes it anew; the memory for good.
 * A list that is gone is made with all lines.
 */
static bool is_new(const struct rlg_kept *kept, const char *text, const char *base, const char *run_id)
{
	if (text == NULL)
		return true;
	/* The memory first, as it is quickest: a look at the text is one at all of it. */
	return rlg_kept_get(kept, run_id) == NULL && !rlg_job_list_has(text, run_id) && !rlg_job_list_has(base, run_id);
}

static int render(const struct rlg_tracker_view *view, const struct rlg_tracker_place *place, const char *path,
		  const char *text, const char *base, struct rlg_bytes *out, struct rlg_err *err)
{
	const struct gathering *gathering = place->data;
	struct rlg_kept *kept = rlg_kept_read(view->arena, view->memory);
	const char **lines = rlg_arena_alloc(view->arena, (gathering->count + 1) * sizeof(*lines));
	struct rlg_names *seen = rlg_names_new(view->arena);
	size_t count = 0;

	for (size_t i = 0; i < gathering->count; i++) {
		const struct rlg_manifest_line *line = &gathering->list[i].line;

		/* Two manifests of one run: the first counts. */
		if (rlg_names_find(seen, line->run_id) != RLG_NAMES_NONE)
			continue;
		rlg_names_add(seen, line->run_id, i);
		if (is_new(kept, text, base, line->run_id))
			lines[count++] = line->text;
	}
	rlg_job_list_add(text, lines, count, out);
	/* All are listed by now, or were. */
	for (size_t i = 0; i < gathering->count; i++)
		rlg_kept_set(kept, gathering->list[i].line.run_id, "listed");
	if (view->remember != NULL)
		rlg_kept_write(kept, view->remember);
	return 0;
}

const struct rlg_tracker rlg_tracker_slurm_job_list = {
	.name = "slurm_job_list",
	.default_path = DEFAULT_PATH,
	.about = "a line for each run that was submitted",
	.places = places,
	.render = render,
};
