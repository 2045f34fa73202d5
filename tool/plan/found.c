/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies on disk of a run: see found.h. */
#include "tool/plan/found.h"

#include "tool/plan/findings.h"
#include "tool/plan/outputs.h"

#define FINDING(member, kind) {offsetof(struct rlg_findings, member), RLG_PACKED_##kind, 0}

static const struct rlg_packed_member members[] = {
	FINDING(wandb_dir, TEXT), FINDING(config_snapshot, TEXT), FINDING(gpu_line, TEXT), FINDING(gpu_us, INT),
	FINDING(checkpoints, TEXT),
};
#define N_MEMBERS (sizeof(members) / sizeof(members[0]))
_Static_assert(sizeof(struct rlg_findings) == 8 * (N_MEMBERS + 4), "all but the two lists");

static void pack_names(struct rlg_bytes *to, const char *const *names, size_t count)
{
	rlg_pack_number(to, count);
	for (size_t i = 0; i < count; i++)
		rlg_pack_text(to, names[i]);
}

void rlg_found_look(struct rlg_model *model, const struct rlg_config *config, const struct rlg_plan *plan,
		    struct rlg_run *run, struct rlg_bytes *to)
{
	static const struct rlg_findings nothing;
	const char **told = rlg_arena_alloc(model->arena, (run->n_phases + 1) * sizeof(*told));

	for (size_t i = 0; i < run->n_phases; i++)
		told[i] = run->phases[i].output;
	rlg_outputs_fill_run(model, config, run);
	rlg_findings_fill_run(model, config, plan, run);
	for (size_t i = 0; i < run->n_phases; i++) {
		const struct rlg_findings *findings = &run->phases[i].findings;
		rlg_pack_text(to, told[i] == NULL ? run->phases[i].output : NULL);
		rlg_pack_struct(to, findings, &nothing, members, N_MEMBERS);
		pack_names(to, findings->missing, findings->n_missing);
		pack_names(to, findings->present, findings->n_present);
	}
}

static const char *const *unpack_names(struct rlg_arena *arena, struct rlg_unpack *from, size_t *out_count)
{
	*out_count = rlg_unpack_count(from, 1);
	if (*out_count == 0)
		return NULL;
	const char **names = rlg_arena_alloc(arena, *out_count * sizeof(*names));
	for (size_t i = 0; i < *out_count; i++) {
		names[i] = rlg_unpack_text(from);
		from->bad = from->bad || names[i] == NULL;
	}
	return names;
}

bool rlg_found_unpack(struct rlg_arena *arena, const char *bytes, size_t count, struct rlg_run *run)
{
	struct rlg_unpack from = rlg_unpack_begin(bytes, count);

	for (size_t i = 0; i < run->n_phases && !from.bad; i++) {
		struct rlg_phase *phase = &run->phases[i];
		const char *output = rlg_unpack_text(&from);
		phase->output = output != NULL ? output : phase->output;
		rlg_unpack_struct(&from, &phase->findings, members, N_MEMBERS);
		phase->findings.missing = unpack_names(arena, &from, &phase->findings.n_missing);
		phase->findings.present = unpack_names(arena, &from, &phase->findings.n_present);
	}
	return !from.bad && from.at == from.end;
}
