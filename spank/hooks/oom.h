/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Did this step run out of memory on this node?  The kernel counts in the step's cgroup how many processes it killed.
 *
 * Read in task_exit: at the step's end its cgroup is gone.  Slurm asks the same counters, but tells no plugin.
 */
#ifndef RLG_OOM_H
#define RLG_OOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rlg_oom {
	RLG_OOM_UNKNOWN, /* memory is in no cgroup of the step's: the kernel may have killed it, or not */
	RLG_OOM_NO,
	RLG_OOM_YES
};

/*
 * What the kernel has counted until now.  Version 2 counts for all below the step; version 1 for each cgroup alone, so
 * that each task's is looked at: those numbered below n_tasks, and `task`.
 *
 * `root` is put before /proc and /sys: "" on a real machine.  Reads a few small files that the kernel makes up, and
 * allocates nothing.
 */
enum rlg_oom rlg_oom_look(const char *root, uint32_t n_tasks, uint32_t task);

/*
 * The step's memory cgroup by one line of /proc/self/cgroup, as a path below `root`; false when the line says none.
 * *out_version is 1 or 2.
 */
bool rlg_oom_folder(const char *root, const char *line, char *out_path, size_t size, int *out_version);

/* The number behind `oom_kill` in memory.events or memory.oom_control; -1: there is none (before Linux 4.13). */
int64_t rlg_oom_kills(const char *text);

#endif
