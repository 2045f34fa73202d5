/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work that may hang, in a child; and its parent, which waits for it no longer than it wants to.
 *
 * A hung mount can only be left by the process that hangs in it being given up on.  So whoever touches a user's path is a
 * child, and its parent, which touches none, can still do something else with the record.
 */
#ifndef RLG_WATCHED_H
#define RLG_WATCHED_H

#include <sys/types.h>

/*
 * Runs `work` in a child, which calls rlg_watched_tell() as soon as it is known how it went, may go on after that, and
 * ends with what it returns.  Waits for its word, no longer than within_ms.  Returns
 *   what was told: 0 or a negative errno; the child may still be at work: *out_child is the caller's to reap, or to leave;
 *   -ETIMEDOUT     no word in time: the child was killed, though in the depths of a hung mount it may not die of it yet;
 *   -ECHILD        the child ended without a word;
 *   others         it could not be started.
 * In a threaded process `work` may only do what is safe after fork().
 */
int rlg_watched(int (*work)(void *context, int tell_fd), void *context, int within_ms, pid_t *out_child);

/* Tells, and closes tell_fd.  A second word, or one to nobody (-1), does nothing. */
void rlg_watched_tell(int *tell_fd, int code);

/* Waits for the child.  Returns its exit status, in shell's terms; -1 where that is not known. */
int rlg_watched_reap(pid_t child);

#endif
