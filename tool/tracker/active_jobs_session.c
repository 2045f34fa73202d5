/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The jobs of one agent's session in a group: see active_jobs.h. */
#include "tool/base/atomic_file.h"
#include "tool/tracker/active_jobs.h"

#include <stdlib.h>
#include <string.h>

void rlg_session_jobs_begin(struct rlg_arena *arena, const char *session, struct rlg_session_jobs *out_jobs)
{
	*out_jobs = (struct rlg_session_jobs){.arena = arena, .session = session, .known = rlg_names_new(arena)};
}

static bool same(const char *one, const char *other)
{
	return one != NULL && other != NULL && strcmp(one, other) == 0;
}

/* ---- what its registry names ---- */

static const char *copy(struct rlg_arena *arena, const char *text)
{
	return text == NULL ? NULL : rlg_arena_strdup(arena, text);
}

/* `look` is for what need not outlive this look. */
static void remember(struct rlg_session_jobs *jobs, struct rlg_arena *look, const struct rlg_registry_entry *entry)
{
	const char *key = rlg_arena_printf(look, "%s\n%s\n%s", entry->id, entry->host != NULL ? entry->host : "",
					   entry->submitted != NULL ? entry->submitted : "");

	if (rlg_names_find(jobs->known, key) != RLG_NAMES_NONE)
		return;
	rlg_names_add(jobs->known, rlg_arena_strdup(jobs->arena, key), jobs->n_entries);
	if (jobs->n_entries == jobs->room) {
		jobs->room = jobs->room == 0 ? 16 : 2 * jobs->room;
		jobs->entries = rlg_arena_grow(jobs->arena, jobs->entries, jobs->n_entries, jobs->room,
					       sizeof(*jobs->entries));
	}
	jobs->entries[jobs->n_entries++] = (struct rlg_registry_entry){.id = copy(jobs->arena, entry->id),
								       .host = copy(jobs->arena, entry->host),
								       .submitted = copy(jobs->arena, entry->submitted),
								       .session = copy(jobs->arena, entry->session)};
}

static int read_registry(struct rlg_session_jobs *jobs, struct rlg_arena *arena, const char *path, bool is_shared,
			 struct rlg_err *err)
{
	struct rlg_registry_entry entry;
	struct rlg_json_doc doc;
	size_t length;
	char *text;

	int code = rlg_file_read(arena, path, RLG_REGISTRY_MAX, &text, &length, NULL, err);
	if (code == 0)
		code = rlg_registry_parse(arena, path, text, &doc, err);
	if (code != 0)
		return code;
	for (const struct rlg_json_node *element = doc.root->first; element != NULL; element = element->next) {
		if (!rlg_registry_read(element, &entry) || entry.id == NULL)
			continue;
		bool is_slurm = entry.type == NULL || strcmp(entry.type, "slurm") == 0;
		if (is_slurm && (!is_shared || same(entry.session, jobs->session)))
			remember(jobs, arena, &entry);
	}
	return 0;
}

/* ---- which attempts that are ---- */

static int compare_addresses(const void *left, const void *right)
{
	uintptr_t a = (uintptr_t) *(const struct rlg_attempt *const *)left;
	uintptr_t b = (uintptr_t) *(const struct rlg_attempt *const *)right;

	return a < b ? -1 : a > b;
}

static size_t count_attempts(const struct rlg_active_jobs *all)
{
	size_t count = 0;

	for (size_t i = 0; i < all->n; i++)
		count += all->list[i].n_attempts;
	return count;
}

static void take(struct rlg_session_jobs *jobs, struct rlg_active_job *job)
{
	for (size_t i = 0; i < job->n_attempts; i++)
		jobs->attempts[jobs->n_attempts++] = job->attempts[i];
	job->known = true; /* once */
}

int rlg_session_jobs_look(struct rlg_session_jobs *jobs, struct rlg_arena *arena, const struct rlg_model *model,
			  const char *path, bool is_shared, struct rlg_err *err)
{
	int code = read_registry(jobs, arena, path, is_shared, err);
	struct rlg_active_jobs all;

	rlg_active_jobs_find(arena, model, &all);
	jobs->attempts = rlg_arena_alloc(arena, (count_attempts(&all) + 1) * sizeof(*jobs->attempts));
	jobs->n_attempts = 0;
	for (size_t i = 0; i < all.n; i++)
		if (same(all.list[i].session, jobs->session))
			take(jobs, &all.list[i]);
	for (size_t i = 0; i < jobs->n_entries; i++) {
		struct rlg_active_job *job = rlg_active_job_of_entry(&all, &jobs->entries[i], jobs->session);
		if (job != NULL && !job->known)
			take(jobs, job);
	}
	qsort(jobs->attempts, jobs->n_attempts, sizeof(*jobs->attempts), compare_addresses);
	return code;
}

bool rlg_session_jobs_has(const struct rlg_session_jobs *jobs, const struct rlg_attempt *attempt)
{
	/* One whose id is not known yet is no job so far. */
	return same(attempt->submission.session, jobs->session) ||
	       bsearch(&attempt, jobs->attempts, jobs->n_attempts, sizeof(*jobs->attempts), compare_addresses) != NULL;
}

bool rlg_session_jobs_in(const struct rlg_session_jobs *jobs, const struct rlg_phase *phase)
{
	const struct rlg_attempt *decides = phase->deciding;

	if (decides == NULL && phase->n_attempts > 0)
		decides = &phase->attempts[phase->n_attempts - 1];
	if (decides != NULL && rlg_session_jobs_has(jobs, decides))
		return true;
	for (size_t i = phase->n_attempts; i > 0; i--) {
		const struct rlg_attempt *attempt = &phase->attempts[i - 1];
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there are n_attempts */
		if (!(attempt->ended && attempt->final) && rlg_session_jobs_has(jobs, attempt))
			return true;
	}
	return false;
}

/* ---- the session's part of the model ---- */

static struct rlg_run part_of(const struct rlg_session_jobs *jobs, struct rlg_arena *arena, const struct rlg_run *run)
{
	struct rlg_run part = *run;

	part.phases = rlg_arena_alloc(arena, (run->n_phases + 1) * sizeof(*part.phases));
	part.n_phases = 0;
	for (size_t i = 0; i < run->n_phases; i++)
		if (rlg_session_jobs_in(jobs, &run->phases[i]))
			part.phases[part.n_phases++] = run->phases[i];
	return part;
}

const struct rlg_model *rlg_session_jobs_model(const struct rlg_session_jobs *jobs, struct rlg_arena *arena,
					       const struct rlg_model *model)
{
	struct rlg_model *part = rlg_arena_alloc(arena, sizeof(*part));

	*part = *model;
	part->runs = rlg_arena_alloc(arena, (model->n_runs + 1) * sizeof(*part->runs));
	part->n_runs = 0;
	memset(part->counts, 0, sizeof(part->counts));
	for (size_t i = 0; i < model->n_runs; i++) {
		struct rlg_run run = part_of(jobs, arena, &model->runs[i]);
		if (run.n_phases == 0)
			continue;
		part->counts[rlg_run_status(&run)]++;
		part->runs[part->n_runs++] = run;
	}
	return part;
}
