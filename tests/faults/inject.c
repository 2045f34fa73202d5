/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls of libc that a program makes on its way to the disk, each counted and, once, made to fail: see fault.h.
 *
 * What libc does inside of itself (a folder that scandir(3) opens, a buffer that stdio writes) is not seen here; the outer
 * call is.  README.md says what is left.
 */
#include "fault.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define NFS_MAGIC 0x6969

/* The next one's `name`: libc's. */
#define REAL(name)                                                                                                         \
	({                                                                                                                 \
		static __typeof__(&name) real;                                                                             \
		if (real == NULL)                                                                                          \
			real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                                 \
		real;                                                                                                      \
	})

/* The body of a wrapper: `call` with the fault that `at` says, and `failed` for its failure. */
#define FAULTY(at, failed, call)                                                                                           \
	do {                                                                                                               \
		struct fault fault = (at);                                                                                 \
		if (fault.what == FAULT_ERROR) {                                                                           \
			errno = fault.number;                                                                              \
			return failed;                                                                                     \
		}                                                                                                          \
		__typeof__(call) result = call;                                                                            \
		fault_after(fault);                                                                                        \
		if (fault.what == FAULT_DONE) {                                                                            \
			errno = fault.number;                                                                              \
			return failed;                                                                                     \
		}                                                                                                          \
		return result;                                                                                             \
	} while (0)

/* --- opening --- */

static const char *open_flags(int flags)
{
	if (flags & O_DIRECTORY)
		return "d";
	if (flags & O_CREAT)
		return "cw";
	return (flags & O_ACCMODE) == O_RDONLY ? "r" : "w";
}

#define MODE_OF(flags, mode)                                                                                               \
	do {                                                                                                               \
		va_list args;                                                                                              \
		va_start(args, flags);                                                                                     \
		if ((flags) & (O_CREAT | O_TMPFILE))                                                                       \
			(mode) = va_arg(args, mode_t);                                                                     \
		va_end(args);                                                                                              \
	} while (0)

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(flags, mode);
	FAULTY(fault_at(FAULT_open, open_flags(flags), path), -1, REAL(open)(path, flags, mode));
}

int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(flags, mode);
	FAULTY(fault_at(FAULT_open, open_flags(flags), path), -1, REAL(open64)(path, flags, mode));
}

int openat(int folder, const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(flags, mode);
	FAULTY(fault_at(FAULT_open, open_flags(flags), path), -1, REAL(openat)(folder, path, flags, mode));
}

int openat64(int folder, const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(flags, mode);
	FAULTY(fault_at(FAULT_open, open_flags(flags), path), -1, REAL(openat64)(folder, path, flags, mode));
}

FILE *fopen(const char *path, const char *how)
{
	FAULTY(fault_at(FAULT_open, how[0] == 'r' ? "r" : "cw", path), NULL, REAL(fopen)(path, how));
}

DIR *opendir(const char *path)
{
	FAULTY(fault_at(FAULT_opendir, "d", path), NULL, REAL(opendir)(path));
}

DIR *fdopendir(int fd)
{
	FAULTY(fault_at_fd(FAULT_opendir, fd), NULL, REAL(fdopendir)(fd));
}

int scandir(const char *path, struct dirent ***names, int (*wants)(const struct dirent *),
	    int (*compare)(const struct dirent **, const struct dirent **))
{
	FAULTY(fault_at(FAULT_opendir, "d", path), -1, REAL(scandir)(path, names, wants, compare));
}

struct dirent *readdir(DIR *stream)
{
	FAULTY(fault_at_fd(FAULT_readdir, dirfd(stream)), NULL, REAL(readdir)(stream));
}

/* --- reading and writing --- */

static size_t half(struct fault fault, size_t count)
{
	return (fault.what == FAULT_SHORT || fault.what == FAULT_TORN) && count > 1 ? count / 2 : count;
}

ssize_t read(int fd, void *to, size_t count)
{
	struct fault fault = fault_at_fd(FAULT_read, fd);

	if (fault.what == FAULT_ERROR) {
		errno = fault.number;
		return -1;
	}
	ssize_t got = REAL(read)(fd, to, half(fault, count));
	fault_after(fault);
	return got;
}

ssize_t pread(int fd, void *to, size_t count, off_t offset)
{
	struct fault fault = fault_at_fd(FAULT_read, fd);

	if (fault.what == FAULT_ERROR) {
		errno = fault.number;
		return -1;
	}
	ssize_t got = REAL(pread)(fd, to, half(fault, count), offset);
	fault_after(fault);
	return got;
}

ssize_t write(int fd, const void *from, size_t count)
{
	struct fault fault = fault_at_fd(FAULT_write, fd);

	if (fault.what == FAULT_ERROR) {
		errno = fault.number;
		return -1;
	}
	int64_t safe_size = unsynced_before_write(fd);
	ssize_t written = REAL(write)(fd, from, half(fault, count));
	unsynced_after_write(fd, safe_size, fault);
	fault_after(fault);
	return written;
}

static int sync_it(int fd, int (*really)(int))
{
	struct fault fault = fault_at_fd(FAULT_fsync, fd);
	int late = unsynced_late_error(fd);

	if (fault.what == FAULT_LOST)
		unsynced_throw_away(fd);
	if (fault.what == FAULT_ERROR || fault.what == FAULT_LOST || late != 0) {
		errno = late != 0 ? late : fault.number;
		return -1;
	}
	int code = really(fd);
	unsynced_is_safe(fd);
	fault_after(fault);
	return code;
}

int fsync(int fd)
{
	return sync_it(fd, REAL(fsync));
}

int fdatasync(int fd)
{
	return sync_it(fd, REAL(fdatasync));
}

/* The descriptor is gone whatever close says. */
int close(int fd)
{
	struct fault fault = fault_at_fd(FAULT_close, fd);
	int late = unsynced_late_error(fd);

	if (fault.what == FAULT_LOST)
		unsynced_throw_away(fd);
	int code = REAL(close)(fd);
	fault_after(fault);
	if (fault.what == FAULT_DONE || fault.what == FAULT_LOST || late != 0) {
		errno = late != 0 ? late : fault.number;
		return -1;
	}
	return code;
}

int ftruncate(int fd, off_t length)
{
	FAULTY(fault_at_fd(FAULT_truncate, fd), -1, REAL(ftruncate)(fd, length));
}

ssize_t getrandom(void *to, size_t count, unsigned flags)
{
	FAULTY(fault_at(FAULT_random, "-", NULL), -1, REAL(getrandom)(to, count, flags));
}

/* --- locks --- */

int fcntl(int fd, int command, ...)
{
	va_list args;

	va_start(args, command);
	void *argument = va_arg(args, void *);
	va_end(args);
	if (command != F_OFD_SETLK && command != F_SETLK && command != F_OFD_SETLKW && command != F_SETLKW)
		return REAL(fcntl)(fd, command, argument);
	bool unlock = ((struct flock *)argument)->l_type == F_UNLCK;
	if (unlock)
		unsynced_swallow(fd);
	FAULTY(fault_at_fd(unlock ? FAULT_unlock : FAULT_lock, fd), -1, REAL(fcntl)(fd, command, argument));
}

int flock(int fd, int how)
{
	FAULTY(fault_at_fd(how & LOCK_UN ? FAULT_unlock : FAULT_lock, fd), -1, REAL(flock)(fd, how));
}

/* --- names --- */

int rename(const char *from, const char *to)
{
	FAULTY(fault_at(FAULT_rename, "-", to), -1, REAL(rename)(from, to));
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	FAULTY(fault_at(FAULT_rename, "-", to), -1, REAL(renameat)(from_folder, from, to_folder, to));
}

int unlink(const char *path)
{
	FAULTY(fault_at(FAULT_unlink, "-", path), -1, REAL(unlink)(path));
}

int unlinkat(int folder, const char *path, int flags)
{
	FAULTY(fault_at(FAULT_unlink, "-", path), -1, REAL(unlinkat)(folder, path, flags));
}

int rmdir(const char *path)
{
	FAULTY(fault_at(FAULT_rmdir, "-", path), -1, REAL(rmdir)(path));
}

int mkdir(const char *path, mode_t mode)
{
	FAULTY(fault_at(FAULT_mkdir, "-", path), -1, REAL(mkdir)(path, mode));
}

int mkdirat(int folder, const char *path, mode_t mode)
{
	FAULTY(fault_at(FAULT_mkdir, "-", path), -1, REAL(mkdirat)(folder, path, mode));
}

int link(const char *from, const char *to)
{
	FAULTY(fault_at(FAULT_link, "-", to), -1, REAL(link)(from, to));
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
	FAULTY(fault_at(FAULT_link, "-", to), -1, REAL(linkat)(from_folder, from, to_folder, to, flags));
}

int symlink(const char *from, const char *to)
{
	FAULTY(fault_at(FAULT_symlink, "-", to), -1, REAL(symlink)(from, to));
}

/* --- looking --- */

int stat(const char *path, struct stat *out)
{
	FAULTY(fault_at(FAULT_stat, "-", path), -1, REAL(stat)(path, out));
}

int lstat(const char *path, struct stat *out)
{
	FAULTY(fault_at(FAULT_stat, "-", path), -1, REAL(lstat)(path, out));
}

int fstatat(int folder, const char *path, struct stat *out, int flags)
{
	FAULTY(fault_at(FAULT_stat, "-", path), -1, REAL(fstatat)(folder, path, out, flags));
}

int fstat(int fd, struct stat *out)
{
	FAULTY(fault_at_fd(FAULT_fstat, fd), -1, REAL(fstat)(fd, out));
}

int fstatfs(int fd, struct statfs *out)
{
	struct fault fault = fault_at_fd(FAULT_statfs, fd);

	if (fault.what == FAULT_ERROR) {
		errno = fault.number;
		return -1;
	}
	int code = REAL(fstatfs)(fd, out);
	fault_after(fault);
	if (code == 0 && fault_is_nfs())
		out->f_type = NFS_MAGIC;
	return code;
}

int access(const char *path, int how)
{
	FAULTY(fault_at(FAULT_access, "-", path), -1, REAL(access)(path, how));
}

int faccessat(int folder, const char *path, int how, int flags)
{
	FAULTY(fault_at(FAULT_access, "-", path), -1, REAL(faccessat)(folder, path, how, flags));
}

char *realpath(const char *path, char *out)
{
	FAULTY(fault_at(FAULT_realpath, "-", path), NULL, REAL(realpath)(path, out));
}

ssize_t readlink(const char *path, char *out, size_t size)
{
	FAULTY(fault_at(FAULT_readlink, "-", path), -1, REAL(readlink)(path, out, size));
}

char *getcwd(char *out, size_t size)
{
	FAULTY(fault_at(FAULT_getcwd, "-", NULL), NULL, REAL(getcwd)(out, size));
}

/* --- owners and modes --- */

int fchown(int fd, uid_t uid, gid_t gid)
{
	FAULTY(fault_at_fd(FAULT_chown, fd), -1, REAL(fchown)(fd, uid, gid));
}

int fchmod(int fd, mode_t mode)
{
	FAULTY(fault_at_fd(FAULT_chmod, fd), -1, REAL(fchmod)(fd, mode));
}

/* --- processes --- */

pid_t fork(void)
{
	struct fault fault = fault_at(FAULT_fork, "-", NULL);

	if (fault.what == FAULT_ERROR) {
		errno = fault.number;
		return -1;
	}
	pid_t child = REAL(fork)();
	if (child == 0)
		fault_begin_child();
	else
		fault_after(fault);
	return child;
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	FAULTY(fault_at(FAULT_exec, "-", path), -1, REAL(execve)(path, argv, fault_environment(envp)));
}

int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

int execvp(const char *file, char *const argv[])
{
	FAULTY(fault_at(FAULT_exec, "-", file), -1, REAL(execvpe)(file, argv, fault_environment(environ)));
}

int pipe2(int ends[2], int flags)
{
	FAULTY(fault_at(FAULT_pipe, "-", NULL), -1, REAL(pipe2)(ends, flags));
}

int dup2(int from, int to)
{
	FAULTY(fault_at_fd(FAULT_dup, from), -1, REAL(dup2)(from, to));
}

int dup3(int from, int to, int flags)
{
	FAULTY(fault_at_fd(FAULT_dup, from), -1, REAL(dup3)(from, to, flags));
}

pid_t waitpid(pid_t child, int *status, int options)
{
	FAULTY(fault_at(FAULT_waitpid, "-", NULL), -1, REAL(waitpid)(child, status, options));
}

int poll(struct pollfd *list, nfds_t count, int timeout_ms)
{
	FAULTY(fault_at(FAULT_poll, "-", NULL), -1, REAL(poll)(list, count, timeout_ms));
}

/* --- what a test must not depend on --- */

int clock_gettime(clockid_t clock, struct timespec *out)
{
	int64_t now_us;

	if (clock != CLOCK_REALTIME || !fault_clock(&now_us))
		return REAL(clock_gettime)(clock, out);
	*out = (struct timespec){.tv_sec = (time_t)(now_us / 1000000), .tv_nsec = (long)(now_us % 1000000) * 1000};
	return 0;
}

/* The user's home is the world's: the groups that root's own names are not its business, and change while we look. */
struct passwd *getpwuid(uid_t uid)
{
	struct passwd *user = REAL(getpwuid)(uid);
	char *home = getenv("HOME");

	if (user != NULL && home != NULL && getenv("RLG_FAULTS_STATE") != NULL)
		user->pw_dir = home;
	return user;
}

static void to_syslog(const char *format, va_list args)
{
	char text[4096];

	vsnprintf(text, sizeof(text), format, args);
	fault_syslog(text);
}

void syslog(int priority, const char *format, ...)
{
	va_list args;

	(void)priority;
	va_start(args, format);
	to_syslog(format, args);
	va_end(args);
}

/* What syslog() is with _FORTIFY_SOURCE. */
void __syslog_chk(int priority, int flag, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)priority;
	(void)flag;
	va_start(args, format);
	to_syslog(format, args);
	va_end(args);
}
