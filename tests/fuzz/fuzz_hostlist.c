/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm's host lists, as the plugins and the tool read them. */
#include "tests/fuzz/fuzz.h"
#include "spank/hooks/hostlist.h"
#include "tool/base/hostlist.h"

static void count(void *context, const char *host)
{
	size_t *told = context;

	FUZZ_MUST(host != NULL, "no host");
	++*told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A record is no longer. */
	if (fuzz_has_nul(data, size) || size > 4096)
		return 0;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const char *list = fuzz_text(arena, data, size);
	char host[65];
	size_t told = 0;

	if (rlg_hostlist_first(list, host, sizeof(host)))
		FUZZ_MUST(host[0] != '\0' && strlen(host) < sizeof(host), "no host");
	size_t n = rlg_hostlist_each(arena, list, count, &told);
	FUZZ_MUST(n == told && n <= RLG_HOSTLIST_MAX, "%zu were told, and %zu counted", told, n);
	return 0;
}
