/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `runledger log -`: see log_stream.h. */
#include "tool/record/log_stream.h"

#include "lib/clock.h"
#include "lib/process.h"
#include "lib/text.h"
#include "tool/base/exit.h"
#include "tool/record/log_recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536

/* For a job that prints in bursts; the kernel may grant less. */
#define PIPE_BYTES (1 << 20)

/* How long the job may be held up by a recorder that is stuck: once, until it goes on. */
#define PATIENCE_MS 1000

/* How long our end may wait for the recorder's. */
#define END_MS 2000

#define WORDS_MAX 2048

struct handing_on {
	const struct rlg_log_stream *stream;
	int to_recorder; /* -1: it is gone */
	int words; /* what it has to say, at its end */
	int patience_ms;
	bool dropping; /* lines are being lost: the next to go begins behind a newline */
	int output_error; /* errno of the copy; 0: none */
};

/* Of a job that is cancelled every process gets a signal; the job's last words are still to be handed on. */
static void outlive_signals(void)
{
	static const int survived[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	if (isatty(STDIN_FILENO))
		return;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(survived) / sizeof(survived[0]); i++)
		sigaddset(&set, survived[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* ---- the recorder ---- */

/* Has nothing of the job's, so that nobody waits for one that is stuck. */
static _Noreturn void become_recorder(const struct rlg_log_stream *stream, int lines, int words)
{
	if (dup2(lines, STDIN_FILENO) < 0 || dup2(words, STDERR_FILENO) < 0)
		_exit(RLG_EXIT_FAILED);
	int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (nothing >= 0)
		dup2(nothing, STDOUT_FILENO);
	rlg_process_close_from(3);
	rlg_log_record_lines(&stream->wishes, STDIN_FILENO);
	_exit(RLG_EXIT_OK);
}

/* Without one the output is handed on all the same. */
static void begin_recorder(struct handing_on *on)
{
	int lines[2] = {-1, -1}, words[2] = {-1, -1};
	pid_t child = -1;

	if (pipe2(lines, O_CLOEXEC) == 0 && pipe2(words, O_CLOEXEC) == 0)
		child = fork();
	if (child == 0)
		become_recorder(on->stream, lines[0], words[1]);
	if (lines[0] >= 0)
		close(lines[0]);
	if (words[1] >= 0)
		close(words[1]);
	on->to_recorder = lines[1];
	on->words = words[0];
	if (child < 0 && lines[1] >= 0) {
		close(lines[1]);
		on->to_recorder = -1;
	}
	if (on->to_recorder < 0)
		return;
	fcntl(on->to_recorder, F_SETFL, O_NONBLOCK);
	fcntl(on->to_recorder, F_SETPIPE_SZ, PIPE_BYTES);
}

/* How many bytes it took; fewer than there are once it is stuck, or gone. */
static size_t feed(struct handing_on *on, const char *bytes, size_t length)
{
	size_t done = 0;

	while (done < length && on->to_recorder >= 0) {
		ssize_t put = write(on->to_recorder, bytes + done, length - done);
		if (put > 0) {
			done += (size_t)put;
			on->patience_ms = PATIENCE_MS;
			continue;
		}
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno != EAGAIN) {
			close(on->to_recorder);
			on->to_recorder = -1;
			break;
		}
		struct pollfd room = {.fd = on->to_recorder, .events = POLLOUT};
		if (on->patience_ms == 0 || poll(&room, 1, on->patience_ms) == 0) {
			on->patience_ms = 0;
			break;
		}
	}
	return done;
}

/* Whatever is lost is lost by whole lines: the one that was cut says so, and the next that goes begins at its beginning. */
static void tell_recorder(struct handing_on *on, const char *bytes, size_t length)
{
	static const char cut[] = RLG_LOG_CUT "\n";

	if (on->dropping) {
		const char *newline = memchr(bytes, '\n', length);
		if (newline == NULL || feed(on, cut, sizeof(cut) - 1) < sizeof(cut) - 1)
			return;
		length -= (size_t)(newline + 1 - bytes);
		bytes = newline + 1;
	}
	on->dropping = feed(on, bytes, length) < length;
}

/* ---- handing on ---- */

static void copy(struct handing_on *on, const char *bytes, size_t length)
{
	while (length > 0 && on->output_error == 0) {
		ssize_t put = write(STDOUT_FILENO, bytes, length);
		if (put >= 0) {
			bytes += put;
			length -= (size_t)put;
		} else if (errno == EAGAIN) {
			poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
		} else if (errno != EINTR) {
			on->output_error = errno;
		}
	}
}

/* False: there is no more, or nobody to read it. */
static bool hand_on_some(struct handing_on *on)
{
	static char chunk[CHUNK];
	ssize_t got = read(STDIN_FILENO, chunk, sizeof(chunk));

	if (got < 0 && errno == EAGAIN) {
		poll(&(struct pollfd){.fd = STDIN_FILENO, .events = POLLIN}, 1, -1);
		return true;
	}
	if (got <= 0)
		return got < 0 && errno == EINTR;
	if (on->stream->tee)
		copy(on, chunk, (size_t)got);
	tell_recorder(on, chunk, (size_t)got);
	/* A full disk loses the copy; the job itself, and its values, go on. */
	return on->output_error != EPIPE;
}

/* ---- the end ---- */

static void say_line(char *line)
{
	rlg_first_line(line);
	if (line[0] != '\0')
		fprintf(stderr, "runledger log: %s\n", line);
}

static void say_words(const struct handing_on *on, char *words)
{
	for (char *line = words, *next; line != NULL && !on->stream->quiet; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		say_line(line);
	}
}

/* The recorder's words end when it does. */
static void await_recorder(struct handing_on *on)
{
	int64_t deadline_ms = rlg_clock_monotonic_ms() + END_MS, left = END_MS;
	char words[WORDS_MAX], rest[256];
	size_t length = 0;
	ssize_t got = 1;

	while (got != 0 && left > 0) {
		struct pollfd some = {.fd = on->words, .events = POLLIN};
		if (poll(&some, 1, (int)left) > 0) {
			bool room = length < sizeof(words) - 1;
			got = read(on->words, room ? words + length : rest, room ? sizeof(words) - 1 - length : sizeof(rest));
			length += room && got > 0 ? (size_t)got : 0;
		}
		left = deadline_ms - rlg_clock_monotonic_ms();
	}
	words[length] = '\0';
	say_words(on, words);
	if (got != 0 && !on->stream->quiet)
		fprintf(stderr, "runledger log: recording takes longer than %d s, and is left behind\n", END_MS / 1000);
}

int rlg_log_stream_run(const struct rlg_log_stream *stream)
{
	struct handing_on on = {.stream = stream, .to_recorder = -1, .words = -1, .patience_ms = PATIENCE_MS};

	outlive_signals();
	begin_recorder(&on);
	while (hand_on_some(&on))
		;
	if (on.to_recorder >= 0)
		close(on.to_recorder);
	if (on.output_error == EPIPE) {
		close(STDOUT_FILENO);
		close(STDIN_FILENO); /* so that the job hears of it now, and not when the recorder is done */
	}
	if (on.words >= 0)
		await_recorder(&on);
	if (on.output_error == 0)
		return RLG_EXIT_OK;
	if (on.output_error == EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	fprintf(stderr, "runledger log: cannot write to standard output: %s\n", strerror(on.output_error));
	return RLG_EXIT_FAILED;
}
