/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leaving a job's cgroups.  With proctrack/cgroup, slurmstepd and its children sit in cgroups of the job's.  A child of
 * ours that stayed there would be counted as the job's, and would keep Slurm from removing the cgroup when it outlives
 * a short job.
 */
#ifndef RLG_CGROUP_H
#define RLG_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Moves this process, which must be root, to Slurm's own cgroup above the jobs', in every hierarchy where it is in a
 * job's; where that cannot be had, it stays.
 */
void rlg_cgroup_leave_job(void);

/*
 * Where to write for one line of /proc/self/cgroup: the file that moves a process to Slurm's own cgroup, and (choice 1)
 * the next best.  False when the line says no job's cgroup, or there is no such choice.
 */
bool rlg_cgroup_target(const char *line, int choice, char *out_path, size_t size);

#endif
