/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting another program without being hurt by it, and becoming another user for good.
 *
 * Nothing here allocates.  The children know nothing of the parent: own session, descriptors 0, 1 and 2 alone, default
 * signals, folder "/", the environment that is given and no other.
 */
#ifndef RLG_PROCESS_H
#define RLG_PROCESS_H

#include "lib/err.h"

#include <stddef.h>
#include <sys/types.h>

/* A pipe takes this much whole and at once, so that nobody waits for a child to read. */
#define RLG_INPUT_MAX 4096

struct rlg_program {
	const char *path; /* absolute */
	const char *const *argv; /* ends with NULL, as envp */
	const char *const *envp;
	const char *input; /* the child's standard input, at most RLG_INPUT_MAX bytes; NULL: empty */
	size_t input_length;
};

/* What a program said; both are NUL-terminated and cut at their size.  A size of 0 throws it away. */
struct rlg_output {
	char *out;
	size_t out_size;
	char *errors;
	size_t errors_size;
};

/*
 * Runs the program and waits until it has ended and closed its output, but no longer than timeout_ms; then its whole
 * session is killed.  Returns its exit status (0 to 255), or 128 + signal; -ETIMEDOUT when it was killed for being late;
 * or another negative errno when it could not be started.  Where the host ignores SIGCHLD, or
 * reaps any child, the status is lost and 0 comes back: what the program said must tell whether it worked.
 */
int rlg_process_run(const struct rlg_program *program, int timeout_ms, const struct rlg_output *output,
		    struct rlg_err *err);

/*
 * Runs `body` in a child that has no descriptor of the caller's, and waits for it, but no longer than timeout_ms.
 * Returns what `body` returned (0 to 255), or a negative errno as rlg_process_run().  In a threaded process `body` may
 * only do what is safe after fork().
 */
int rlg_process_try(int (*body)(void *context), void *context, int timeout_ms, struct rlg_err *err);

/*
 * Runs `body` as rlg_process_try() does, but waits for nothing: the child is the caller's to reap.  Returns 0, or a
 * negative errno.
 */
int rlg_process_begin(int (*body)(void *context), void *context, pid_t *out_child, struct rlg_err *err);

/*
 * Runs `body` in a grandchild that nobody waits for and that is nobody's child: for work that must not be in the
 * caller's way.  The caller only waits for the short-lived child in between.  `body` never returns to the caller's code:
 * what it returns is the grandchild's exit status.  `first` (may be NULL) runs in the child in between: what it does has
 * been done when the caller goes on.  In a threaded process both may only do what is safe after fork().
 */
int rlg_process_detach(void (*first)(void), int (*body)(void *context), void *context, struct rlg_err *err);

/*
 * Replaces this process by the program, with `input` (if any) as its standard input; returns a negative errno only if
 * that failed.
 */
int rlg_process_become(const struct rlg_program *program);

/* Everything a child of ours should not have: open descriptors from `first` on. */
void rlg_process_close_from(int first);

/*
 * The bounds for what works on a user's files and outlives its caller: see SECURITY in runledger(1).  A refresh of the
 * largest group takes seconds; what takes longer is stuck in a loop, or its input is meant to hurt.  A file server that is
 * being mended is waited for, but not a mount that never answers: one a job would pile up.
 */
#define RLG_LIMIT_CPU_SECONDS 60
#define RLG_LIMIT_WALL_SECONDS 3600

/* For what comes with every step, of which a job may have thousands: none is worth a process that waits for an hour. */
#define RLG_LIMIT_WALL_STEP_SECONDS 60
#define RLG_LIMIT_MEMORY_BYTES ((size_t)4 << 30)

/*
 * Bounds what this process can take, whatever it executes: CPU seconds, address space, no core file, and how long it may
 * live at all.  For processes that nobody waits for: a user's folder may be of a kind that never answers.
 */
void rlg_process_limit(unsigned cpu_seconds, unsigned wall_seconds, size_t memory_bytes);

/* No child and no thread can be made any more, by whatever this process executes either.  Not for root. */
void rlg_process_forbid_children(void);

/* Lets no other process of the same user look into this one or steer it (ptrace), though it may be outside of a job. */
void rlg_process_hide(void);

struct rlg_identity {
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t n_groups;
};

/*
 * Becomes this user for good: supplementary groups, group, user, no capabilities, no keys of root's, no new privileges; and
 * looks whether it is true.  In a
 * process that is that user already only the look is done.  Only for processes of one thread (a forked child is one).
 * On failure the process must end.
 */
int rlg_process_become_user(const struct rlg_identity *identity, struct rlg_err *err);

#endif
