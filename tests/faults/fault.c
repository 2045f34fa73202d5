/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which call it is: see fault.h.  Nothing here calls what inject.c wraps. */
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TEXT_MAX 512
#define MOST_VARIABLES 1024

static const char *const kind_names[] = {
#define FAULT_NAME(name) #name,
	FAULT_KINDS(FAULT_NAME)
#undef FAULT_NAME
};

static const struct {
	const char *word;
	enum fault_what what;
} words[] = {
	{"kill-after", FAULT_KILL_AFTER}, {"kill", FAULT_KILL},	 {"cut-after", FAULT_CUT_AFTER}, {"cut", FAULT_CUT},
	{"hang", FAULT_HANG},		  {"short", FAULT_SHORT},		  {"torn", FAULT_TORN},	 {"done-", FAULT_DONE}, {"lost-", FAULT_LOST},		 {"late-", FAULT_LATE},
	{"", FAULT_ERROR},
};

static const struct {
	const char *name;
	int number;
} errors[] = {
	{"EINTR", EINTR},   {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EIO", EIO},	  {"ESTALE", ESTALE},
	{"EACCES", EACCES}, {"ENOLCK", ENOLCK}, {"EROFS", EROFS},   {"ENOENT", ENOENT},	  {"EEXIST", EEXIST},
	{"EPERM", EPERM},   {"EAGAIN", EAGAIN}, {"ENOMEM", ENOMEM}, {"EMFILE", EMFILE},	  {"ENOSYS", ENOSYS},
	{"ENFILE", ENFILE}, {"E2BIG", E2BIG},	{"ENOTSUP", ENOTSUP}, {"ETXTBSY", ETXTBSY}, {"EFBIG", EFBIG},
};

/* What the environment said when the program began: it may be emptied later. */
static char variables[16][TEXT_MAX];
static size_t n_variables;
static struct fault_state *state;
static int role;

static struct {
	bool is_set, also_later;
	unsigned role, kind, n;
	struct fault fault;
} plan;

static const char *variable(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < n_variables; i++)
		if (strncmp(variables[i], name, length) == 0 && variables[i][length] == '=')
			return variables[i] + length + 1;
	return NULL;
}

static void say(const char *path, const char *text, int length)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		return;
	syscall(SYS_write, fd, text, (size_t)length);
	syscall(SYS_close, fd);
}

/* A plan that is not understood must not look like a fault that did no harm. */
static void give_up(const char *why)
{
	char text[TEXT_MAX];
	int length = snprintf(text, sizeof(text), "faults: %s\n", why);

	syscall(SYS_write, 2, text, (size_t)length);
	_exit(99);
}

static void read_what(const char *text)
{
	size_t i = 0;

	while (strncmp(text, words[i].word, strlen(words[i].word)) != 0)
		i++;
	plan.fault.what = words[i].what;
	text += strlen(words[i].word);
	for (size_t error = 0; *text != '\0' && error < sizeof(errors) / sizeof(errors[0]); error++)
		if (strcmp(text, errors[error].name) == 0)
			plan.fault.number = errors[error].number;
	if (*text != '\0' && plan.fault.number == 0)
		give_up("there is no such fault");
}

static void read_plan(const char *text)
{
	char kind[16], more[2] = "", what[32];

	if (sscanf(text, "%u:%15[a-z]:%u%1[+]:%31s", &plan.role, kind, &plan.n, more, what) != 5 &&
	    sscanf(text, "%u:%15[a-z]:%u:%31s", &plan.role, kind, &plan.n, what) != 4)
		give_up("RLG_FAULTS_PLAN is no plan");
	while (plan.kind < FAULT_KIND_COUNT && strcmp(kind_names[plan.kind], kind) != 0)
		plan.kind++;
	if (plan.kind == FAULT_KIND_COUNT)
		give_up("there is no such kind of call");
	plan.also_later = more[0] == '+';
	read_what(what);
	plan.is_set = true;
}

static bool is_meant(void)
{
	char self[TEXT_MAX];
	long length = syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", self, sizeof(self) - 1);
	const char *program = variable("RLG_FAULTS_PROGRAM");

	self[length > 0 ? length : 0] = '\0';
	return program != NULL && strcmp(program, self) == 0;
}

__attribute__((constructor)) static void begin(void)
{
	extern char **environ;

	for (char **at = environ; *at != NULL && n_variables < 16; at++)
		if (strncmp(*at, "RLG_FAULTS_", 11) == 0 || strncmp(*at, "LD_PRELOAD=", 11) == 0)
			snprintf(variables[n_variables++], TEXT_MAX, "%s", *at);
	if (!is_meant() || variable("RLG_FAULTS_STATE") == NULL)
		return;
	role = variable("RLG_FAULTS_ROLE") != NULL ? atoi(variable("RLG_FAULTS_ROLE")) : 0;
	long fd = syscall(SYS_openat, AT_FDCWD, variable("RLG_FAULTS_STATE"), O_RDWR | O_CLOEXEC);
	void *shared = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
	if (shared == MAP_FAILED)
		give_up("cannot map RLG_FAULTS_STATE");
	syscall(SYS_close, fd);
	state = shared;
	if (variable("RLG_FAULTS_PLAN") != NULL)
		read_plan(variable("RLG_FAULTS_PLAN"));
}

struct fault_state *fault_state(void)
{
	return state;
}

static void end_now(void)
{
	syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
	for (;;)
		syscall(SYS_pause);
}

struct fault fault_at(enum fault_kind kind, const char *flags, const char *path)
{
	struct fault none = {.what = FAULT_NOTHING};
	unsigned level = role < FAULT_ROLES ? (unsigned)role : FAULT_ROLES - 1;
	int number = errno;

	if (state == NULL)
		return none;
	if (atomic_load(&state->cut) != 0)
		end_now();
	unsigned n = atomic_fetch_add(&state->calls[level][kind], 1) + 1;
	if (variable("RLG_FAULTS_LOG") != NULL) {
		char text[4096 + TEXT_MAX];
		int length = snprintf(text, sizeof(text), "%u %s %u %s %.4096s\n", level, kind_names[kind], n,
				      flags[0] == '\0' ? "-" : flags, path == NULL ? "-" : path);
		say(variable("RLG_FAULTS_LOG"), text, length);
	}
	errno = number;
	if (!plan.is_set || plan.role != level || plan.kind != kind || (plan.also_later ? n < plan.n : n != plan.n))
		return none;
	atomic_fetch_add(&state->fired, 1);
	while (plan.fault.what == FAULT_HANG)
		syscall(SYS_pause);
	if (plan.fault.what == FAULT_CUT)
		atomic_store(&state->cut, 1);
	if (plan.fault.what == FAULT_CUT || plan.fault.what == FAULT_KILL)
		end_now();
	return plan.fault;
}

struct fault fault_at_fd(enum fault_kind kind, int fd)
{
	char link[64], path[4096];
	const char *flags = "-";

	if (state == NULL)
		return (struct fault){.what = FAULT_NOTHING};
	int number = errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	long how = syscall(SYS_fcntl, fd, F_GETFL);
	if (how >= 0 && path[0] == '/')
		flags = (how & O_ACCMODE) == O_RDONLY ? "r" : "w";
	errno = number;
	return fault_at(kind, flags, path[0] == '\0' ? NULL : path);
}

void fault_after(struct fault fault)
{
	if (fault.what == FAULT_CUT_AFTER)
		atomic_store(&state->cut, 1);
	if (fault.what == FAULT_CUT_AFTER || fault.what == FAULT_KILL_AFTER || fault.what == FAULT_TORN)
		end_now();
}

void fault_begin_child(void)
{
	role++;
}

/* The environment that the caller gives, and ours, which it does not know of. */
char **fault_environment(char *const *envp)
{
	static char *all[MOST_VARIABLES + 20];
	static char own_role[32];
	size_t count = 0;

	for (; envp != NULL && *envp != NULL && count < MOST_VARIABLES; envp++)
		if (strncmp(*envp, "RLG_FAULTS_", 11) != 0 && strncmp(*envp, "LD_PRELOAD=", 11) != 0)
			all[count++] = *envp;
	for (size_t i = 0; i < n_variables; i++)
		if (strncmp(variables[i], "RLG_FAULTS_ROLE=", 16) != 0)
			all[count++] = variables[i];
	snprintf(own_role, sizeof(own_role), "RLG_FAULTS_ROLE=%d", role);
	all[count++] = own_role;
	all[count] = NULL;
	return all;
}

/* --- what a test must not depend on: the hour, and a journal --- */

bool fault_clock(int64_t *out_us)
{
	const char *now = variable("RLG_FAULTS_NOW");

	if (state == NULL || now == NULL)
		return false;
	*out_us = (int64_t)atoll(now) * 1000000 + atomic_fetch_add(&state->moments, 1);
	return true;
}

bool fault_is_nfs(void)
{
	return state != NULL && variable("RLG_FAULTS_NFS") != NULL;
}

bool fault_syslog(const char *text)
{
	const char *path = variable("RLG_FAULTS_SYSLOG");

	if (state == NULL || path == NULL)
		return false;
	say(path, text, (int)strlen(text));
	say(path, "\n", 1);
	return true;
}
