/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Children that must hold nothing of their parent's. */
#include "lib/process.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* How long the end of a pipe is waited for. */
#define PATIENCE_MS 2000

/* Like a child in the depths of a hung mount: it outlives the wait for it. */
static int outlive(void *context)
{
	pid_t child = fork();

	if (child == 0)
		sleep(5);
	return 7;
}

static void a_child_that_is_given_up_keeps_no_pipe_open(void **state)
{
	int ends[2], old_error = dup(2);
	struct pollfd end;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	dup2(ends[1], 2);
	int code = rlg_process_try(outlive, NULL, 1000, NULL);
	dup2(old_error, 2);
	close(old_error);
	close(ends[1]);
	assert_int_equal(code, 7);
	end = (struct pollfd){.fd = ends[0], .events = POLLIN};
	assert_int_equal(poll(&end, 1, PATIENCE_MS), 1);
	assert_int_equal(end.revents, POLLHUP);
	close(ends[0]);
}

static int count_descriptors(void *context)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void a_child_has_three_descriptors(void **state)
{
	int extra = open("/dev/null", O_RDONLY);

	assert_int_equal(rlg_process_try(count_descriptors, NULL, 1000, NULL), 3);
	close(extra);
}

static int wait_for_ever(void *context)
{
	rlg_process_limit(60, 1, SIZE_MAX >> 1);
	pause();
	return 0;
}

static void a_limited_process_does_not_live_for_ever(void **state)
{
	assert_int_equal(rlg_process_try(wait_for_ever, NULL, 5000, NULL), 128 + SIGALRM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_that_is_given_up_keeps_no_pipe_open),
		cmocka_unit_test(a_child_has_three_descriptors),
		cmocka_unit_test(a_limited_process_does_not_live_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
