/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One fault at one system call of one process: which call it is, what happens to it, and what every call was.
 *
 * A preloaded library cannot be told by arguments; these variables of the environment say all:
 *   RLG_FAULTS_PROGRAM  the program that is meant; in any other nothing is counted and nothing happens
 *   RLG_FAULTS_STATE    a file of zeros, sizeof(struct fault_state): what all processes of one run share
 *   RLG_FAULTS_PLAN     ROLE:KIND:N[+]:WHAT; the N-th call of the kind in processes of the role, + also all later ones.
 *                       The role is 0 for the process that was started, 1 for its children, 2 for theirs.
 *   RLG_FAULTS_LOG      each call is written there: ROLE KIND N FLAGS PATH
 *   RLG_FAULTS_NFS      every file system says that it is NFS
 *   RLG_FAULTS_NOW      the wall clock's seconds; it then goes on by a microsecond a look
 *   RLG_FAULTS_SYSLOG   what is said to syslog is written there
 */
#ifndef RLG_TESTS_FAULT_H
#define RLG_TESTS_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define FAULT_ROLES 6
#define FAULT_FILES 256

#define FAULT_KINDS(KIND)                                                                                                  \
	KIND(open) KIND(read) KIND(write) KIND(fsync) KIND(close) KIND(lock) KIND(unlock) KIND(rename) KIND(unlink)        \
	KIND(rmdir) KIND(mkdir) KIND(stat) KIND(fstat) KIND(statfs) KIND(truncate) KIND(random) KIND(link) KIND(symlink)   \
	KIND(chown) KIND(chmod) KIND(fork) KIND(exec) KIND(opendir) KIND(readdir) KIND(realpath) KIND(readlink)            \
	KIND(access) KIND(pipe) KIND(dup) KIND(getcwd) KIND(waitpid) KIND(poll)

enum fault_kind {
#define FAULT_ENUM(name) FAULT_##name,
	FAULT_KINDS(FAULT_ENUM)
#undef FAULT_ENUM
	FAULT_KIND_COUNT
};

enum fault_what {
	FAULT_NOTHING,
	FAULT_ERROR, /* it fails and has done nothing */
	FAULT_DONE, /* it is done, and fails all the same: a reply that was lost, a late error */
	FAULT_LOST, /* fsync, close: fails, and what was not yet on disk is thrown away */
	FAULT_LATE, /* write: is good, but its bytes are lost, which the next fsync or close tells; an unlock swallows it */
	FAULT_SHORT, /* read, write: half of it */
	FAULT_TORN, /* write: half of it, and kill -9 */
	FAULT_HANG, /* it never comes back, as from a file server that does not answer; a kill ends it */
	FAULT_KILL, /* kill -9 just before it, */
	FAULT_KILL_AFTER, /* ... or just after */
	FAULT_CUT, /* the machine's power goes just before: of all processes, and of what was not synced */
	FAULT_CUT_AFTER,
};

struct fault {
	enum fault_what what;
	int number; /* the errno */
};

/* A file with bytes that are not on disk: what of it is. */
struct fault_unsynced {
	uint64_t device, inode;
	int64_t safe_size;
	uint32_t used;
};

/* Shared by all processes of one run, and read by the driver when they are gone (world.py knows its layout). */
struct fault_state {
	atomic_uint cut; /* the power has gone: whoever looks ends */
	atomic_uint fired;
	atomic_uint moments; /* looks at the clock */
	atomic_uint turn; /* of those who change `files` */
	struct fault_unsynced files[FAULT_FILES];
	atomic_uint calls[FAULT_ROLES][FAULT_KIND_COUNT];
};

/* NULL where nothing is to be done in this program. */
struct fault_state *fault_state(void);

/* Counts this call, ends the process if that is its fault, and otherwise says what it is.  `flags` are for the log. */
struct fault fault_at(enum fault_kind kind, const char *flags, const char *path);
struct fault fault_at_fd(enum fault_kind kind, int fd);

/* Behind a call that was made: ends the process if that is its fault. */
void fault_after(struct fault fault);

/* For who forks and executes: the role of what comes next. */
void fault_begin_child(void);
char **fault_environment(char *const *envp);

/* What a test must not depend on: false where the real thing is wanted. */
bool fault_clock(int64_t *out_us);
bool fault_is_nfs(void);
bool fault_syslog(const char *text);

/* unsynced.c.  Called around what is done to a descriptor; each is harmless for what is no regular file. */
int64_t unsynced_before_write(int fd); /* the size that is safe, for the next */
void unsynced_after_write(int fd, int64_t safe_size, struct fault fault);
void unsynced_is_safe(int fd);
void unsynced_throw_away(int fd);
int unsynced_late_error(int fd); /* the errno of a late error that is to be told now, or 0 */
void unsynced_swallow(int fd); /* an unlock: a late error is never told */
void unsynced_forget(int fd);

#endif
