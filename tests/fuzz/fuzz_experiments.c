/* SPDX-License-Identifier: GPL-2.0-or-later */
/* experiments.md as people write it: tables of any sort, or none. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rlg_tracker_place place = {.path = "experiments.md"};

	fuzz_tracker(&rlg_tracker_experiments, &place, data, size, NULL);
	return 0;
}
