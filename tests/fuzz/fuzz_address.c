/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A job's address, which its user can forge: the tool's answer, and the environment of a job. */
#include "tests/fuzz/fuzz.h"
#include "spank/hooks/address.h"
#include "tool/record/job_here.h"

static void answer(char *text)
{
	static struct rlg_address address;

	if (rlg_address_parse(&address, text))
		FUZZ_MUST(address.group[0] == '/' && address.run[0] != '\0' && strnlen(address.phase, sizeof(address.phase)) < sizeof(address.phase),
			  "an address without a run");
	rlg_address_is_exact(&address);
}

static void environment(const char *text)
{
	static struct rlg_job_address address;

	setenv("SLURM_JOB_ID", "1234", 1);
	setenv("RUNLEDGER_ADDRESS", text, 1);
	if (!rlg_job_address(&address))
		return;
	FUZZ_MUST(address.group[0] == '/' && address.run[0] != '\0', "group %s, run %s", address.group, address.run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fuzz_has_nul(data, size))
		return 0;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	environment(fuzz_text(arena, data, size));
	answer(fuzz_text(arena, data, size));
	return 0;
}
