/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running another program as if nobody stood between it and its caller: with the descriptors, environment, signals and
 * folder that this process was started with.  All other signals than its end are held back from this process until then.
 */
#ifndef RLG_EXEC_CHILD_H
#define RLG_EXEC_CHILD_H

#include "lib/err.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/* What a shell says of a program that cannot be executed, and of one that is not there. */
#define RLG_EXEC_CANNOT 126
#define RLG_EXEC_NOT_FOUND 127

struct rlg_exec_child {
	pid_t pid;
	sigset_t mask; /* as we found it, for the program; so is the next */
	struct sigaction on_child;
	sigset_t early; /* came before there was a child that could have got them, too */
};

/* How it ended: a status of wait(2), and what it and all that it waited for took. */
struct rlg_exec_end {
	int status;
	struct rusage usage;
};

/*
 * Starts the program argv[0], looked for in PATH.  From here on this process survives every signal that can be held back.
 * A program that cannot be run ends with 126 or 127, with a sentence on standard error.  Returns 0, or a negative errno
 * where no process could be made; then rlg_exec_become() is what is left.
 */
int rlg_exec_begin(struct rlg_exec_child *out_child, char *const *argv, struct rlg_err *err);

/* Becomes the program; `child` (may be NULL) is one that could not be begun.  Ends with 126 or 127 where it cannot. */
void rlg_exec_become(const struct rlg_exec_child *child, char *const *argv) __attribute__((noreturn));

/* Waits for its end; meanwhile hands on to it the signals that are meant for it and reached this process alone. */
void rlg_exec_wait(struct rlg_exec_child *child, struct rlg_exec_end *out_end);

/* Waits until all these children of ours (0: none) have ended, but no longer than that.  Returns whether they have. */
bool rlg_exec_wait_for(pid_t *children, size_t count, int timeout_ms);

/* Ends this process as that one has: with its exit status, or by the same signal. */
void rlg_exec_leave(int status) __attribute__((noreturn));

#endif
