/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a run as bytes, and back: see run_pack.h. */
#include "tool/model/run_pack.h"


#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MEMBER(type, member, kind) {offsetof(struct type, member), RLG_PACKED_##kind, 0}
#define STATUS(type, member) {offsetof(struct type, member), RLG_PACKED_ENUM, RLG_STATUS_COUNT}

/* Who adds a member to one of these structs adds it here; the size tells that something is forgotten. */
static const struct rlg_packed_member run_members[] = {
	MEMBER(rlg_folded, run.word_us, INT), MEMBER(rlg_folded, run.verdict, TEXT), MEMBER(rlg_folded, run.wandb, TEXT),
	MEMBER(rlg_folded, run.description, TEXT), MEMBER(rlg_folded, asked, BOOL), MEMBER(rlg_folded, unknown, BOOL),
};
_Static_assert(sizeof(struct rlg_run) == 8 * 13, "type, planned and changed_at are not the records'");

static const struct rlg_packed_member note_members[] = {
	MEMBER(rlg_note, time_us, INT), MEMBER(rlg_note, text, TEXT), MEMBER(rlg_note, user, TEXT),
	MEMBER(rlg_note, phase, TEXT),
};
_Static_assert(sizeof(struct rlg_note) == 8 * COUNT(note_members), "all of it");

static const struct rlg_packed_member logged_members[] = {
	MEMBER(rlg_logged, time_us, INT), MEMBER(rlg_logged, phase, TEXT), MEMBER(rlg_logged, job_id, INT),
	MEMBER(rlg_logged, action, TEXT), MEMBER(rlg_logged, subject, TEXT), MEMBER(rlg_logged, details, TEXT),
	MEMBER(rlg_logged, result, TEXT),
};
_Static_assert(sizeof(struct rlg_logged) == 8 * (COUNT(logged_members) + 1), "all but the run");

static const struct rlg_packed_member failure_members[] = {
	MEMBER(rlg_failure, node, TEXT), MEMBER(rlg_failure, rank, INT), MEMBER(rlg_failure, step, TEXT),
	MEMBER(rlg_failure, exit_code, INT), MEMBER(rlg_failure, signal, INT), MEMBER(rlg_failure, oom, INT),
};
_Static_assert(sizeof(struct rlg_failure) == 8 * COUNT(failure_members), "all of it");

static const struct rlg_packed_member progress_members[] = {
	MEMBER(rlg_progress, records, INT), MEMBER(rlg_progress, first_us, INT), MEMBER(rlg_progress, last_us, INT),
	MEMBER(rlg_progress, last_step, TEXT), MEMBER(rlg_progress, last_epoch, TEXT),
};
_Static_assert(sizeof(struct rlg_progress) == 8 * (COUNT(progress_members) + 4), "all but metrics and points");

static const struct rlg_packed_member metric_members[] = {
	MEMBER(rlg_metric, name, TEXT), MEMBER(rlg_metric, is_number, BOOL), MEMBER(rlg_metric, first, TEXT),
	MEMBER(rlg_metric, last, TEXT), MEMBER(rlg_metric, lowest, TEXT), MEMBER(rlg_metric, highest, TEXT),
	MEMBER(rlg_metric, best, TEXT),
};
_Static_assert(sizeof(struct rlg_metric) == 8 * COUNT(metric_members), "all of it");

static const struct rlg_packed_member point_members[] = {
	MEMBER(rlg_progress_point, time_us, INT), MEMBER(rlg_progress_point, words, TEXT),
};
_Static_assert(sizeof(struct rlg_progress_point) == 8 * COUNT(point_members), "all of it");

#define ATTEMPT(member, kind) MEMBER(rlg_attempt, member, kind)
static const struct rlg_packed_member attempt_members[] = {
	ATTEMPT(cluster, TEXT), ATTEMPT(job_id, INT), ATTEMPT(array_job_id, INT), ATTEMPT(array_task_id, INT),
	ATTEMPT(het_job_id, INT), ATTEMPT(sid, TEXT), ATTEMPT(slurm_state, TEXT), ATTEMPT(ended, BOOL),
	ATTEMPT(final, BOOL), ATTEMPT(reason, TEXT), ATTEMPT(exit_code, INT), ATTEMPT(signal, INT),
	ATTEMPT(time_limit_s, INT), ATTEMPT(submit_us, INT), ATTEMPT(start_us, INT), ATTEMPT(end_us, INT),
	ATTEMPT(nodes, TEXT), ATTEMPT(user, TEXT), ATTEMPT(job_name, TEXT), ATTEMPT(stdout_path, TEXT),
	ATTEMPT(source, TEXT), ATTEMPT(submission.script, TEXT), ATTEMPT(submission.command, TEXT),
	ATTEMPT(submission.cwd, TEXT), ATTEMPT(submission.host, TEXT), ATTEMPT(submission.git_commit, TEXT),
	ATTEMPT(submission.git_branch, TEXT), ATTEMPT(submission.agent, TEXT), ATTEMPT(submission.session, TEXT),
	ATTEMPT(usage.cpu_us, INT), ATTEMPT(usage.peak_memory, INT), ATTEMPT(usage.n_cpus, INT),
	ATTEMPT(usage.memory_limit, INT), ATTEMPT(usage.wall_us, INT), ATTEMPT(usage.cpu_efficiency, REAL),
	ATTEMPT(usage.memory_efficiency, REAL), ATTEMPT(usage.time_efficiency, REAL), ATTEMPT(word_us, INT),
	STATUS(rlg_attempt, status),
};
_Static_assert(COUNT(attempt_members) <= RLG_PACKED_MOST, "a bit for each");
_Static_assert(sizeof(struct rlg_attempt) ==
		       8 * (COUNT(attempt_members) - 1 /* two truth values in one word */ + 2) + sizeof(struct rlg_progress),
	       "all but progress, failure and silent_since_us");

#define PHASE(member, kind) MEMBER(rlg_phase, member, kind)
static const struct rlg_packed_member phase_members[] = {
	PHASE(name, TEXT), STATUS(rlg_phase, status), PHASE(job_id, TEXT), PHASE(output, TEXT), PHASE(sync, TEXT),
	PHASE(sync_us, INT), PHASE(edit.status, TEXT), PHASE(edit.job_id, TEXT), PHASE(edit.output, TEXT),
	PHASE(edit.status_us, INT), PHASE(edit.job_id_us, INT), PHASE(edit.output_us, INT), PHASE(word_us, INT),
};
_Static_assert(sizeof(struct rlg_phase) == 8 * (COUNT(phase_members) + 5) + sizeof(struct rlg_progress) +
					       sizeof(struct rlg_findings),
	       "all but status_text, the attempts and silent_since_us");

/* ---- packing ---- */

static void pack_progress(struct rlg_bytes *to, const struct rlg_progress *progress)
{
	static const struct rlg_progress none;
	const struct rlg_metric nothing = {.name = NULL};
	const struct rlg_progress_point no_point = {.time_us = 0}, *point = &no_point;

	rlg_pack_struct(to, progress, &none, progress_members, COUNT(progress_members));
	if (progress->records == 0)
		return;
	rlg_pack_number(to, progress->n_metrics);
	for (size_t i = 0; i < progress->n_metrics; i++)
		rlg_pack_struct(to, &progress->metrics[i], &nothing, metric_members, COUNT(metric_members));
	rlg_pack_number(to, progress->n_points);
	for (size_t i = 0; i < progress->n_points; point = &progress->points[i++])
		rlg_pack_struct(to, &progress->points[i], point, point_members, COUNT(point_members));
}

static const struct rlg_failure no_failure = {.rank = -1, .exit_code = -1, .signal = -1, .oom = -1};

/* One beside another has much in common with it. */
static void pack_attempts(struct rlg_bytes *to, const struct rlg_phase *phase)
{
	const struct rlg_attempt first = rlg_attempt_waiting().attempt, *like = &first;

	rlg_pack_number(to, phase->n_attempts);
	for (size_t i = 0; i < phase->n_attempts; like = &phase->attempts[i++]) {
		const struct rlg_attempt *attempt = &phase->attempts[i];
		rlg_pack_struct(to, attempt, like, attempt_members, COUNT(attempt_members));
		pack_progress(to, &attempt->progress);
		rlg_pack_number(to, attempt->failure != NULL);
		if (attempt->failure != NULL)
			rlg_pack_struct(to, attempt->failure, &no_failure, failure_members, COUNT(failure_members));
	}
	rlg_pack_number(to, phase->deciding == NULL ? 0 : (size_t)(phase->deciding - phase->attempts) + 1);
}

static void pack_phase(struct rlg_bytes *to, const struct rlg_phase *phase)
{
	static const struct rlg_phase nothing;
	const char *own = phase->status_text;

	rlg_pack_struct(to, phase, &nothing, phase_members, COUNT(phase_members));
	rlg_pack_text(to, own != NULL && strcmp(own, rlg_status_word(phase->status)) == 0 ? NULL : own);
	pack_progress(to, &phase->progress);
	pack_attempts(to, phase);
}

void rlg_run_pack(const struct rlg_folded *folded, struct rlg_bytes *to)
{
	static const struct rlg_folded nothing;
	static const struct rlg_note no_note;
	static const struct rlg_logged no_logged;
	const struct rlg_run *run = &folded->run;
	const struct rlg_note *note = &no_note;
	const struct rlg_logged *logged = &no_logged;

	rlg_pack_text(to, run->name);
	rlg_pack_struct(to, folded, &nothing, run_members, COUNT(run_members));
	rlg_pack_number(to, run->n_phases);
	for (size_t i = 0; i < run->n_phases; i++)
		pack_phase(to, &run->phases[i]);
	rlg_pack_number(to, run->n_notes);
	for (size_t i = 0; i < run->n_notes; note = &run->notes[i++])
		rlg_pack_struct(to, &run->notes[i], note, note_members, COUNT(note_members));
	rlg_pack_number(to, folded->n_logged);
	for (size_t i = 0; i < folded->n_logged; logged = &folded->logged[i++])
		rlg_pack_struct(to, &folded->logged[i], logged, logged_members, COUNT(logged_members));
}

/* ---- and back ---- */

static void unpack_progress(struct rlg_arena *arena, struct rlg_unpack *from, struct rlg_progress *out_progress)
{
	*out_progress = (struct rlg_progress){.records = 0};
	rlg_unpack_struct(from, out_progress, progress_members, COUNT(progress_members));
	if (out_progress->records == 0)
		return;
	out_progress->n_metrics = rlg_unpack_count(from, 1);
	out_progress->metrics = rlg_arena_alloc(arena, out_progress->n_metrics * sizeof(*out_progress->metrics) + 1);
	for (size_t i = 0; i < out_progress->n_metrics; i++)
		rlg_unpack_struct(from, &out_progress->metrics[i], metric_members, COUNT(metric_members));
	out_progress->n_points = rlg_unpack_count(from, 1);
	out_progress->points = rlg_arena_alloc(arena, out_progress->n_points * sizeof(*out_progress->points) + 1);
	for (size_t i = 0; i < out_progress->n_points; i++) {
		if (i > 0)
			out_progress->points[i] = out_progress->points[i - 1];
		rlg_unpack_struct(from, &out_progress->points[i], point_members, COUNT(point_members));
	}
}

static const struct rlg_failure *unpack_failure(struct rlg_arena *arena, struct rlg_unpack *from)
{
	if (rlg_unpack_number(from) == 0)
		return NULL;
	struct rlg_failure *failure = rlg_arena_alloc(arena, sizeof(*failure));
	*failure = no_failure;
	rlg_unpack_struct(from, failure, failure_members, COUNT(failure_members));
	return failure;
}

static void unpack_attempts(struct rlg_arena *arena, struct rlg_unpack *from, struct rlg_phase *phase)
{
	const struct rlg_attempt first = rlg_attempt_waiting().attempt;
	size_t count = rlg_unpack_count(from, 3);
	struct rlg_attempt *attempts = rlg_arena_alloc(arena, count * sizeof(*attempts) + 1);

	for (size_t i = 0; i < count && !from->bad; i++) {
		attempts[i] = i > 0 ? attempts[i - 1] : first;
		rlg_unpack_struct(from, &attempts[i], attempt_members, COUNT(attempt_members));
		unpack_progress(arena, from, &attempts[i].progress);
		attempts[i].failure = unpack_failure(arena, from);
	}
	phase->attempts = attempts;
	phase->n_attempts = count;
	size_t deciding = rlg_unpack_number(from);
	from->bad = from->bad || deciding > count;
	phase->deciding = deciding == 0 || from->bad ? NULL : &attempts[deciding - 1];
}

static void unpack_phase(struct rlg_arena *arena, struct rlg_unpack *from, struct rlg_phase *phase)
{
	rlg_unpack_struct(from, phase, phase_members, COUNT(phase_members));
	phase->status_text = rlg_unpack_text(from);
	if (phase->status_text == NULL)
		phase->status_text = rlg_status_word(phase->status);
	from->bad = from->bad || phase->name == NULL;
	unpack_progress(arena, from, &phase->progress);
	unpack_attempts(arena, from, phase);
}

static void unpack_phases(struct rlg_arena *arena, struct rlg_unpack *from, struct rlg_run *run)
{
	run->n_phases = rlg_unpack_count(from, 5);
	run->phases = rlg_arena_alloc(arena, run->n_phases * sizeof(*run->phases) + 1);
	for (size_t i = 0; i < run->n_phases && !from->bad; i++)
		unpack_phase(arena, from, &run->phases[i]);
}

static void unpack_notes(struct rlg_arena *arena, struct rlg_unpack *from, struct rlg_run *run)
{
	run->n_notes = rlg_unpack_count(from, 1);
	run->notes = rlg_arena_alloc(arena, run->n_notes * sizeof(*run->notes) + 1);
	for (size_t i = 0; i < run->n_notes && !from->bad; i++) {
		if (i > 0)
			run->notes[i] = run->notes[i - 1];
		rlg_unpack_struct(from, &run->notes[i], note_members, COUNT(note_members));
		from->bad = from->bad || run->notes[i].text == NULL;
	}
	run->note = run->n_notes == 0 ? NULL : run->notes[run->n_notes - 1].text;
}

static void unpack_logged(struct rlg_arena *arena, struct rlg_unpack *from, struct rlg_folded *folded)
{
	folded->n_logged = rlg_unpack_count(from, 1);
	folded->logged = rlg_arena_alloc(arena, folded->n_logged * sizeof(*folded->logged) + 1);
	for (size_t i = 0; i < folded->n_logged && !from->bad; i++) {
		if (i > 0)
			folded->logged[i] = folded->logged[i - 1];
		rlg_unpack_struct(from, &folded->logged[i], logged_members, COUNT(logged_members));
		folded->logged[i].run = folded->run.name;
		from->bad = from->bad || folded->logged[i].action == NULL;
	}
}

bool rlg_run_unpack(struct rlg_arena *arena, const void *bytes, size_t count, struct rlg_folded *out_folded)
{
	struct rlg_unpack from = rlg_unpack_begin(bytes, count);

	*out_folded = (struct rlg_folded){.run = {.name = rlg_unpack_text(&from)}};
	rlg_unpack_struct(&from, out_folded, run_members, COUNT(run_members));
	unpack_phases(arena, &from, &out_folded->run);
	unpack_notes(arena, &from, &out_folded->run);
	unpack_logged(arena, &from, out_folded);
	return !from.bad && from.at == from.end && out_folded->run.name != NULL;
}
