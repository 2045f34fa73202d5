/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A person's own command, run once for each thing that happens, one after the other, while the caller goes on.
 *
 * It is handed to /bin/sh as it was given; what happened stands in its environment alone, so that no name that somebody
 * gave a run can become a part of it.  Its input is empty, its output goes to our standard error.  When this process
 * ends before it, it gets a SIGTERM.
 */
#ifndef RLG_HOOKS_H
#define RLG_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One that takes longer is ended, with all that it started: the next one waits. */
#define RLG_HOOK_SECONDS 60

/* So many may wait for their turn; of what happens then, those that are dropped are told. */
#define RLG_HOOKS_MOST 10000

struct rlg_hooks;

/* Told of what went wrong, as a sentence; nothing ends because of it. */
typedef void rlg_hooks_complain_fn(void *context, const char *sentence);

/*
 * Holds back SIGCHLD in this process from now on.  `command` must outlive the hooks.  NULL, with errno, where there are
 * no descriptors or no memory.
 */
struct rlg_hooks *rlg_hooks_new(const char *command, int64_t limit_ms, rlg_hooks_complain_fn *complain, void *context);

/* Ends the one that runs, and forgets the others. */
void rlg_hooks_free(struct rlg_hooks *hooks);

/* One more call, with these NAME=VALUE texts (and a NULL) beside the environment of this process; they are copied. */
void rlg_hooks_add(struct rlg_hooks *hooks, const char *const *env);

/* Can be read when rlg_hooks_attend() has something to do; -1 for NULL. */
int rlg_hooks_fd(const struct rlg_hooks *hooks);

/* When it has something to do at the latest (lib/clock.h, monotonic); -1: there is no such moment. */
int64_t rlg_hooks_deadline_ms(const struct rlg_hooks *hooks);

/* Takes notice of one that has ended, ends one that takes too long, begins the next.  Never waits. */
void rlg_hooks_attend(struct rlg_hooks *hooks);

/* Are all done? */
bool rlg_hooks_idle(const struct rlg_hooks *hooks);

#endif
