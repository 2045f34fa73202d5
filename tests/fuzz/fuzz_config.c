/* SPDX-License-Identifier: GPL-2.0-or-later */
/* .runledger/config.yaml of a group that others may write in, and the job names that its rules are to match. */
#include "tests/fuzz/fuzz.h"
#include "tool/plan/config.h"
#include "tool/plan/match.h"

static bool is_name(void *context, const char *name, size_t length)
{
	return length < 6;
}

static void found(void *context, const struct rlg_match *match)
{
	const char *name = context;
	size_t length = strlen(name);

	FUZZ_MUST(match->run == NULL || (match->run >= name && match->run + match->run_length <= name + length), "beside the name");
	FUZZ_MUST(match->phase == NULL || (match->phase >= name && match->phase + match->phase_length <= name + length),
		  "beside the name");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fuzz_has_nul(data, size))
		return 0;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	static char name[] = "finetune_1B_rank4_finetune_1B";
	const struct rlg_match_names names = {.is_run = is_name, .is_phase = is_name};
	struct rlg_config config;
	struct rlg_err err = {""};

	if (rlg_config_parse(arena, "FILE", fuzz_text(arena, data, size), &config, &err) != 0) {
		FUZZ_MUST(strncmp(err.text, "FILE", 4) == 0, "the sentence is `%s`", err.text);
		return 0;
	}
	FUZZ_MUST(config.n_phases >= 1, "no phase");
	for (size_t i = 0; i < config.n_rules; i++)
		rlg_match_each(config.rules[i].job_name, name, &names, found, name);
	return 0;
}
