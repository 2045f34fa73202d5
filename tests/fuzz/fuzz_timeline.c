/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timeline of a folder of run logs, as somebody has edited it. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"
#include "tool/tracker/run_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rlg_rl_entry entries[] = {
		{"2026-03-10_a.md", "Tuesday, Mar 10th", "2026-03-10_a.md"},
		{"2026-03-11_b.md", "Wednesday, Mar 11th", "2026-03-11_b.md"},
		{"2026-03-12_`c`.md", "Thursday, Mar 12th", "2026-03-12_`c`.md"},
	};
	static const struct rlg_rl_folder folder = {.name = "arx5_multitask", .entries = entries, .n = 3};
	const struct rlg_tracker_place place = {.path = "run_logs/timeline.md", .data = &folder};

	fuzz_tracker(&rlg_tracker_run_logs, &place, data, size, NULL);
	return 0;
}
