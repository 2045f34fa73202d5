/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An append that goes wrong in the plugin's own child, for crashing_helper.t: linked into a copy of the plugin in the
 * place of rlg_statusfile_append().  How, says the file `crash` in the run group; without one all is as ever.
 */
#include "lib/statusfile.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __real_rlg_statusfile_append(const struct rlg_append *append, struct rlg_err *err);
int __wrap_rlg_statusfile_append(const struct rlg_append *append, struct rlg_err *err);

static void crash(void)
{
	*(volatile int *)NULL = 1;
}

static void loop(void)
{
	for (volatile int forever = 1; forever;)
		;
}

static void sleep_for_good(void)
{
	for (;;)
		pause();
}

static void eat(void)
{
	for (char *more; (more = malloc(1 << 20)) != NULL;)
		memset(more, 1, 1 << 20);
	abort();
}

static void leave(void)
{
	_exit(1);
}

static const struct {
	const char *word;
	void (*go_wrong)(void);
} ways[] = {{"crashes", crash}, {"aborts", abort}, {"loops", loop}, {"sleeps", sleep_for_good}, {"eats", eat}, {"leaves", leave}};

/* Who it was, for whoever has to end it, and to see that it was here. */
static void sign(const char *group)
{
	char path[RLG_PATH_MAX];

	snprintf(path, sizeof(path), "%s/crashed", group);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	dprintf(fd, "%ld\n", (long)getpid());
	close(fd);
}

int __wrap_rlg_statusfile_append(const struct rlg_append *append, struct rlg_err *err)
{
	char path[RLG_PATH_MAX], word[32] = "";

	snprintf(path, sizeof(path), "%s/crash", append->group);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return __real_rlg_statusfile_append(append, err);
	ssize_t length = read(fd, word, sizeof(word) - 1);
	close(fd);
	word[strcspn(word, "\n")] = '\0';
	sign(append->group);
	for (size_t i = 0; length > 0 && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(word, ways[i].word) == 0)
			ways[i].go_wrong();
	return __real_rlg_statusfile_append(append, err);
}
