/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run log that somebody has edited, with all that is known of a run that went well, and of one that did not. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"
#include "tool/tracker/run_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rlg_rl_findings findings = {.config = "conf.yaml", .checkpoint = "/scratch/ck/epoch_1",
							.checkpoint_us = INT64_C(1773238000000000)};
	static const char *const runs[] = {"1B_rank4", "1B_rank64"};

	for (size_t i = 0; i < 2; i++) {
		const struct rlg_tracker_place place = {.path = "run_logs/2026-03-11_a.md", .run = runs[i], .data = &findings};
		fuzz_tracker(&rlg_tracker_run_logs, &place, data, size, NULL);
	}
	return 0;
}
