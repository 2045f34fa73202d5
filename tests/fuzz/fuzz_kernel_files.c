/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the plugins read below /proc and /sys: the kernel writes it, but cgroups may be called anything. */
#include "tests/fuzz/fuzz.h"
#include "lib/layout.h"
#include "spank/hooks/cgroup.h"
#include "spank/hooks/kernel_file.h"
#include "spank/hooks/oom.h"

static void read_line(const char *line)
{
	char path[RLG_PATH_MAX];
	int version;

	FUZZ_MUST(rlg_kernel_jobs_part(line) <= strlen(line) && rlg_kernel_steps_part(line) <= strlen(line), "beside the path");
	for (int choice = 0; choice < 2; choice++)
		if (rlg_cgroup_target(line, choice, path, sizeof(path)))
			FUZZ_MUST(path[0] == '/' && strlen(path) < sizeof(path), "to %s", path);
	if (rlg_oom_folder("", line, path, sizeof(path), &version))
		FUZZ_MUST(path[0] == '/' && (version == 1 || version == 2), "version %d of %s", version, path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fuzz_has_nul(data, size))
		return 0;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	char *text = fuzz_text(arena, data, size);

	FUZZ_MUST(rlg_oom_kills(text) >= -1, "less than none");
	FUZZ_MUST(rlg_kernel_number(text, "") >= -1 && rlg_kernel_number(text, "usage_usec") >= -1, "less than none");
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		read_line(line);
	return 0;
}
