/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runs_plan.md and experiment_summary.yaml as people write them. */
#include "tests/fuzz/fuzz.h"
#include "lib/layout.h"
#include "tool/plan/plan.h"

typedef int parse_fn(struct rlg_arena *arena, const char *path, const char *text, struct rlg_plan *out_plan, struct rlg_err *err);

static void read_as(struct rlg_arena *arena, parse_fn *parse, const char *text)
{
	struct rlg_plan plan = {.n_runs = 0};
	struct rlg_err err = {""};

	if (parse(arena, "FILE", text, &plan, &err) != 0) {
		FUZZ_MUST(strncmp(err.text, "FILE", 4) == 0, "the sentence is `%s`", err.text);
		return;
	}
	for (size_t i = 0; i < plan.n_runs; i++)
		FUZZ_MUST(rlg_name_ok(plan.runs[i].name, NULL), "a run called `%s`", plan.runs[i].name);
	for (size_t i = 0; i < plan.n_matrix; i++)
		FUZZ_MUST(rlg_name_ok(plan.matrix[i].run, NULL) && plan.matrix[i].task != NULL, "an evaluation of nothing");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fuzz_has_nul(data, size))
		return 0;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const char *text = fuzz_text(arena, data, size);
	read_as(arena, rlg_plan_parse_markdown, text);
	read_as(arena, rlg_plan_parse_summary, text);
	return 0;
}
