/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel has counted for this step on this node: CPU time and memory, from the step's cgroups.
 *
 * Read in task_exit: at the step's end its cgroups are gone.  slurmstepd looks at the very same files, so one that
 * hangs would have stopped it before.
 */
#ifndef RLG_COUNTERS_H
#define RLG_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

/* Numbers are -1, and versions 0, where no cgroup of the step's counts. */
struct rlg_counters {
	int cpu_version; /* of the cgroups: 1 or 2 */
	int64_t cpu_us;
	int64_t user_us, system_us; /* their parts; in version 1 in ticks of a hundredth of a second */
	int memory_version;
	int64_t peak_memory; /* bytes; with the page cache that was filled for the step */
	int64_t page_cache; /* bytes of that which are still there, and can be given back at any time */
	bool samples; /* there is no peak: what was in use when somebody looked is all that there is */
};

#define RLG_COUNTERS_UNKNOWN                                                                          \
	((struct rlg_counters){                                                                      \
		.cpu_us = -1, .user_us = -1, .system_us = -1, .peak_memory = -1, .page_cache = -1})

/*
 * Looks, and keeps the greater of what was known and what is; call it as often as you like.  `step` is the step's name as
 * in a record; `root` is put before /proc and /sys: "" on a real machine.  Reads at most seven small files that the kernel
 * makes up, and allocates nothing.
 */
void rlg_counters_look(struct rlg_counters *counters, const char *root, const char *step);

#endif
