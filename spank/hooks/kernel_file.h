/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the small files that the kernel makes up below /proc and /sys.
 */
#ifndef RLG_KERNEL_FILE_H
#define RLG_KERNEL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* /proc/self/cgroup: a dozen hierarchies of version 1, a path each. */
#define RLG_SELF_CGROUP_MAX 16384

/*
 * The beginning of a file, with a NUL behind it: one open and one read, which wait for nobody.  No link is followed.
 * False, and an empty text, if it is not there or is empty.
 */
bool rlg_kernel_read(const char *path, char *out_text, size_t size);

/* The same for folder + file; false, too, where that is too long for a path. */
bool rlg_kernel_read_in(const char *folder, const char *file, char *out_text, size_t size);

/* The number behind "key " at the beginning of a line; an empty key: of the first line.  -1: there is none. */
int64_t rlg_kernel_number(const char *text, const char *key);

/* ".../job_7/step_0/task_1" up to and with the job; 0: no job's. */
size_t rlg_kernel_jobs_part(const char *path);

/* The same up to and with the step; 0: no step's. */
size_t rlg_kernel_steps_part(const char *path);

#endif
