/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A manifest that becomes a line of docs/slurm_job_list.md. */
#include "tests/fuzz/fuzz.h"
#include "tool/tracker/job_list.h"
#include "tool/tracker/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const char *text = rlg_arena_copy(arena, (const char *)data, size);
	struct rlg_manifest_line line;
	struct rlg_json_doc doc;
	struct rlg_err err = {""};
	struct rlg_bytes out;

	if (rlg_manifest_parse(arena, "FILE", text, size, &doc, &err) != 0 || rlg_manifest_line("FILE", &doc, &line, &err) != 0) {
		FUZZ_MUST(strncmp(err.text, "FILE:", 5) == 0, "the sentence is `%s`", err.text);
		return 0;
	}
	FUZZ_MUST(strpbrk(line.text, "\n\r") == NULL, "not one line: %s", line.text);
	rlg_bytes_init(&out, arena);
	rlg_job_list_add(NULL, &line.text, 1, &out);
	FUZZ_MUST(rlg_job_list_has(out.data, line.run_id) && rlg_job_list_find(out.data, line.text) > 0,
		  "the line is not found again:\n%s", out.data);
	return 0;
}
