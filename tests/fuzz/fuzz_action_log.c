/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both action logs over whatever stands there: they are only ever added to. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rlg_tracker_place training = {.path = "run-torchtune.log"}, evaluation = {.path = "run-inspect.log"};

	fuzz_tracker(&rlg_tracker_training_log, &training, data, size, fuzz_is_added_to);
	fuzz_tracker(&rlg_tracker_evaluation_log, &evaluation, data, size, fuzz_is_added_to);
	return 0;
}
