/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a run group keeps its things, and which names may stand there.
 *
 *     GROUP/.runledger/config.yaml            the group's settings
 *     GROUP/.runledger/runs/RUN/HOST.jsonl    the status files
 *     GROUP/.runledger/trackers/              what the tool last wrote into each tracker
 *     GROUP/.runledger/lock                   one refresher at a time
 *     GROUP/.runledger/news/RUN, .../dirty    what it is to look at: that run, or all
 *     GROUP/.runledger/snapshot               what the records came to when they were last read
 */
#ifndef RLG_LAYOUT_H
#define RLG_LAYOUT_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

#define RLG_DIR ".runledger"
#define RLG_RUNS_DIR "runs"
#define RLG_TRACKERS_DIR "trackers"
#define RLG_CONFIG_FILE "config.yaml"
#define RLG_LOCK_FILE "lock"
#define RLG_STAND_IN_FILE "refreshing" /* in the lock's place, where a file system has none */
#define RLG_SNAPSHOT_FILE "snapshot" /* with .uUID behind it, where others may write, too */
#define RLG_NEWS_DIR "news"
#define RLG_DIRTY_FILE "dirty"
#define RLG_STATUS_SUFFIX ".jsonl"

/* A run's name is a folder's name; longer ones would leave no room for a temporary file beside them (NAME_MAX is 255). */
#define RLG_NAME_MAX 200

/* Absolute paths are handed through environments and fixed buffers. */
#define RLG_PATH_MAX 4096

/*
 * May this be the name of a run or a phase?  1 to RLG_NAME_MAX bytes of valid UTF-8, no '/', no control character, no
 * leading '.', '-' or blank, no trailing blank.  Otherwise false, with a sentence in err.
 */
bool rlg_name_ok(const char *name, struct rlg_err *err);

/*
 * The group that `start` (an absolute path) lies in: the nearest folder at or above it that holds a .runledger folder.
 * Stays within one file system, as a look above a mount point can wake an automounter.  A .runledger that belongs to
 * somebody else counts only if its group is one of the caller's and may write there: that is a group shared on purpose.
 * Returns 0 with the path in out_group, -ENOENT if there is none, or another negative errno.
 */
int rlg_group_discover(const char *start, char out_group[RLG_PATH_MAX], struct rlg_err *err);

/*
 * Sets this process's umask so that what we make in the group is as open as its .runledger folder is: the person who
 * made that folder said with its mode who may read and who may write.  Only for processes of our own.
 */
void rlg_group_take_umask(const char *group);

#endif
