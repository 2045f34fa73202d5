/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The batch scripts in the runs' folders.
 */
#ifndef RLG_SCRIPTS_H
#define RLG_SCRIPTS_H

#include <stdbool.h>

/* A rlg_has_script_fn (summary.h) that looks into the file system; `group` is the group's folder (const char *). */
bool rlg_scripts_has(void *group, const char *run, const char *script);

#endif
