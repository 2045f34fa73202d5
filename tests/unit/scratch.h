/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A folder of the test's own, and looks at what a process holds, for tests of what touches files and processes.
 *
 * Every function ends the test when it cannot do its work.  They are inline so that each test uses those it needs.
 */
#ifndef RLG_TESTS_SCRATCH_H
#define RLG_TESTS_SCRATCH_H

#include "tests/unit/cmocka_any.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Whoever a test becomes as root: nobody's id, without a name on most machines. */
#define SCRATCH_UID 64123
#define SCRATCH_GID 64124

#define SCRATCH_PATH_MAX 8192

extern char **environ;

/* The folder; absolute, without links; open to be walked by everybody. */
static char scratch[256];

static inline void scratch_sleep_ms(long ms)
{
	struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&pause, NULL);
}

static inline int64_t scratch_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int scratch_set_up(void **state)
{
	char path[128];
	const char *base = getenv("TMPDIR");

	(void)state;
	snprintf(path, sizeof(path), "%.90s/rlg_test_XXXXXX", base == NULL || base[0] != '/' ? "/tmp" : base);
	if (mkdtemp(path) == NULL || chmod(path, 0755) != 0)
		return -1;
	char *real = realpath(path, NULL);
	if (real == NULL || strlen(real) >= sizeof(scratch))
		return -1;
	strcpy(scratch, real);
	free(real);
	return 0;
}

static inline int scratch_remove_one(const char *path, const struct stat *facts, int type, struct FTW *ftw)
{
	(void)facts;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

static inline int scratch_tear_down(void **state)
{
	(void)state;
	if (chdir("/") != 0)
		return -1;
	nftw(scratch, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return access(scratch, F_OK) == 0 ? -1 : 0;
}

/* A path in the folder; the text of the call before last is overwritten by the eighth call. */
__attribute__((format(printf, 1, 2))) static inline const char *in_scratch(const char *format, ...)
{
	static char paths[8][SCRATCH_PATH_MAX];
	static unsigned turn;
	char *path = paths[turn++ % 8];
	int used = snprintf(path, SCRATCH_PATH_MAX, "%s/", scratch);
	va_list args;

	va_start(args, format);
	vsnprintf(path + used, (size_t)(SCRATCH_PATH_MAX - used), format, args);
	va_end(args);
	return path;
}

static inline void make_folder(const char *path, mode_t mode)
{
	assert_return_code(mkdir(path, mode), errno);
	assert_return_code(chmod(path, mode), errno);
}

/* With all that is missing above it. */
static inline void make_folders(const char *path)
{
	char part[SCRATCH_PATH_MAX];

	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) != 0)
			assert_int_equal(errno, EEXIST);
		*slash = '/';
	}
	if (mkdir(part, 0755) != 0)
		assert_int_equal(errno, EEXIST);
}

static inline void write_bytes(const char *path, const void *bytes, size_t count, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_return_code(fd, errno);
	assert_int_equal(write(fd, bytes, count), count);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static inline void write_text(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text), 0644);
}

/* A program of a few lines of shell.  The test must not fork while it is being written: "text file busy". */
__attribute__((format(printf, 2, 3))) static inline void write_script(const char *path, const char *format, ...)
{
	char text[16384];
	int used = snprintf(text, sizeof(text), "#!/bin/sh\n");
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, sizeof(text) - (size_t)used, format, args);
	va_end(args);
	write_bytes(path, text, strlen(text), 0755);
}

/* The whole file with a NUL behind it, to be freed; NULL if there is none. */
static inline char *read_bytes(const char *path, size_t *out_count)
{
	struct stat facts;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	assert_return_code(fstat(fd, &facts), errno);
	char *bytes = malloc((size_t)facts.st_size + 1);
	assert_non_null(bytes);
	ssize_t got = read(fd, bytes, (size_t)facts.st_size);
	assert_int_equal(got, facts.st_size);
	bytes[got] = '\0';
	close(fd);
	if (out_count != NULL)
		*out_count = (size_t)got;
	return bytes;
}

/* As read_bytes(), in one of eight places that are used in turn. */
static inline const char *text_of_file(const char *path)
{
	static char *texts[8];
	static unsigned turn;
	char **text = &texts[turn++ % 8];

	free(*text);
	*text = read_bytes(path, NULL);
	return *text;
}

static inline bool exists(const char *path)
{
	struct stat facts;

	return lstat(path, &facts) == 0;
}

static inline size_t count_names(const char *path)
{
	size_t count = 0;
	DIR *folder = opendir(path);

	if (folder == NULL)
		return 0;
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(folder);
	return count;
}

static inline void chown_tree_to_scratch_user(const char *path)
{
	char command[SCRATCH_PATH_MAX + 64];

	snprintf(command, sizeof(command), "chown -R %d:%d '%s'", SCRATCH_UID, SCRATCH_GID, path);
	assert_int_equal(system(command), 0);
}

/* ---- what a process holds ---- */

struct holdings {
	char descriptors[4096];
	char folder[4096];
	mode_t mask;
	sigset_t signals;
	struct sigaction actions[NSIG];
	char *environment;
};

static inline int count_descriptors(void)
{
	return (int)count_names("/proc/self/fd") - 1; /* not the one that looks */
}

static inline void list_descriptors(char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (int fd = 0; fd < 1024; fd++) {
		char link[64], where[512];
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		ssize_t length = readlink(link, where, sizeof(where) - 1);
		if (length < 0)
			continue;
		where[length] = '\0';
		used += (size_t)snprintf(text + used, size - used, "%d=%s flags=%x\n", fd, where, fcntl(fd, F_GETFD));
		assert_true(used < size);
	}
}

static inline char *list_environment(void)
{
	size_t size = 1;

	for (char **at = environ; *at != NULL; at++)
		size += strlen(*at) + 1;
	char *text = calloc(1, size);
	assert_non_null(text);
	for (char **at = environ; *at != NULL; at++) {
		strcat(text, *at);
		strcat(text, "\n");
	}
	return text;
}

static inline void look_at_holdings(struct holdings *holdings)
{
	memset(holdings, 0, sizeof(*holdings));
	list_descriptors(holdings->descriptors, sizeof(holdings->descriptors));
	assert_non_null(getcwd(holdings->folder, sizeof(holdings->folder)));
	holdings->mask = umask(077);
	umask(holdings->mask);
	sigprocmask(SIG_SETMASK, NULL, &holdings->signals);
	for (int number = 1; number < NSIG; number++)
		sigaction(number, NULL, &holdings->actions[number]);
	holdings->environment = list_environment();
}

/* Compares with now, and frees. */
static inline void assert_nothing_changed(struct holdings *before)
{
	struct holdings now;

	look_at_holdings(&now);
	assert_string_equal(now.descriptors, before->descriptors);
	assert_string_equal(now.folder, before->folder);
	assert_int_equal(now.mask, before->mask);
	for (int number = 1; number < NSIG; number++) {
		assert_int_equal(sigismember(&now.signals, number), sigismember(&before->signals, number));
		assert_ptr_equal(now.actions[number].sa_handler, before->actions[number].sa_handler);
	}
	assert_string_equal(now.environment, before->environment);
	free(now.environment);
	free(before->environment);
}

/* ---- processes that nobody waits for ---- */

/* From now on orphans below this process become its children, so that settle() can wait for them. */
static inline void adopt_orphans(bool on)
{
	assert_return_code(prctl(PR_SET_CHILD_SUBREAPER, on, 0, 0, 0), errno);
}

/* Waits until no process below this one is left; how many ended.  Needs adopt_orphans(). */
static inline int settle(void)
{
	int64_t deadline_ms = scratch_now_ms() + 20000;
	int ended = 0;

	for (;;) {
		pid_t got = waitpid(-1, NULL, WNOHANG);
		if (got < 0 && errno == ECHILD)
			return ended;
		ended += got > 0;
		assert_true(scratch_now_ms() < deadline_ms);
		if (got == 0)
			scratch_sleep_ms(1);
	}
}

/* Runs `body` in a child, and asserts that it was content.  An assertion that fails there says so here. */
static inline void in_child(void (*body)(void *context), void *context)
{
	int status = -1;

	fflush(NULL);
	pid_t child = fork();
	assert_return_code(child, errno);
	if (child == 0) {
		body(context);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* For use in such a child, where cmocka's own assertions would go on in the parent's code. */
#define CHILD_ASSERT(claim)                                                                                   \
	do {                                                                                                  \
		if (!(claim)) {                                                                               \
			fprintf(stderr, "# %s:%d: not true in the child: %s\n", __FILE__, __LINE__, #claim); \
			_exit(1);                                                                             \
		}                                                                                             \
	} while (0)

/* Becomes SCRATCH_UID for good; in a child, as root. */
static inline void child_becomes_scratch_user(void)
{
	CHILD_ASSERT(setgid(SCRATCH_GID) == 0 && setuid(SCRATCH_UID) == 0);
}

#endif
