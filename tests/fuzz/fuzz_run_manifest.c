/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_manifest.json as scripts and people write it. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"
#include "tool/base/json_doc.h"

static void is_json(struct rlg_arena *arena, const char *before, const char *after)
{
	struct rlg_json_doc doc;
	struct rlg_err err = {""};

	if (strcmp(before, after) != 0)
		FUZZ_MUST(rlg_json_parse(arena, "FILE", after, strlen(after), &doc, &err) == 0, "%s:\n%s", err.text, after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rlg_tracker_place place = {.path = "runs/1B_rank4/run_manifest.json", .run = "1B_rank4"};
	const struct rlg_tracker_place unnamed = {.path = "runs/x/run_manifest.json"};

	fuzz_tracker(&rlg_tracker_run_manifest, &place, data, size, is_json);
	fuzz_tracker(&rlg_tracker_run_manifest, &unnamed, data, size, is_json);
	return 0;
}
