/* SPDX-License-Identifier: GPL-2.0-or-later */
/* docs/slurm_job_list.md, to which lines are added; and a manifest that lines are made from. */
#include "tests/fuzz/fuzz.h"
#include "tool/tracker/job_list.h"

/* Everything that stood there stands there still, before and behind the new line. */
static void is_kept(const char *text, const char *line, const char *after)
{
	const char *new = strstr(after, line);
	size_t all = strlen(text), front = 0;

	while (front < all && text[front] == after[front])
		front++;
	FUZZ_MUST(new != NULL && strlen(after) >= all, "the line is not there:\n%s", after);
	FUZZ_MUST(strcmp(text + front, after + strlen(after) - (all - front)) == 0, "this was changed:\n%s\n--- to\n%s", text,
		  after);
}

static void add_line(struct rlg_arena *arena, const char *text)
{
	static const char *const line = "- 2026-02-18 | job_id=4187 | iteration_id=i1 | run_id=20260218T160045Z_x | status=submitted";
	struct rlg_job_list_entry entry;
	struct rlg_bytes out;

	rlg_job_list_entry(arena, text, "r1", &entry);
	if (rlg_job_list_has(text, "20260218T160045Z_x"))
		return;
	rlg_bytes_init(&out, arena);
	rlg_job_list_add(text, &line, 1, &out);
	is_kept(text, line, out.data);
	FUZZ_MUST(rlg_job_list_has(out.data, "20260218T160045Z_x") && rlg_job_list_find(out.data, line) > 0,
		  "the line is not found again:\n%s", out.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fuzz_has_nul(data, size))
		return 0;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	add_line(arena, fuzz_text(arena, data, size));
	return 0;
}
