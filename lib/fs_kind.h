/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of file systems by their number (statfs(2), linux/magic.h): those of this machine alone, and the others.
 */
#ifndef RLG_FS_KIND_H
#define RLG_FS_KIND_H

#include <stdbool.h>

/*
 * Is it of this machine alone?  Everything that is not known for sure may be a network file system: its write(2) says
 * little, only fsync(2) does; and inotify(7) tells nothing of what other hosts write.
 */
bool rlg_fs_is_local(unsigned long kind);

/* "NFS", "Lustre" and so on, for sentences; NULL for a kind that has no name here. */
const char *rlg_fs_name(unsigned long kind);

#endif
