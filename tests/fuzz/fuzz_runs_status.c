/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runs_status.yaml as anybody wrote it, in both shapes. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"
#include "tool/base/yaml_doc.h"

static void is_yaml(struct rlg_arena *arena, const char *before, const char *after)
{
	struct rlg_yaml_doc doc;
	struct rlg_err err = {""};

	FUZZ_MUST(after != NULL && rlg_yaml_parse(arena, "FILE", after, strlen(after), &doc, &err) == 0, "%s:\n%s", err.text,
		  after == NULL ? "(nothing)" : after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rlg_tracker_place place = {.path = "runs_status.yaml"};

	fuzz_tracker(&rlg_tracker_runs_status, &place, data, size, is_yaml);
	return 0;
}
