/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child of `runledger log -`: see log_recorder.h. */
#include "tool/record/log_recorder.h"

#include "lib/clock.h"
#include "tool/record/log_place.h"
#include "tool/record/log_values.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A chatty job must not fill the disk. */
#define RECORD_EVERY_MS 1000

/* Longer lines hold no values that a record could. */
#define LINE_MAX_BYTES 8192

#define CHUNK 65536

struct recorder {
	struct rlg_log_place place;
	struct rlg_log_values pending;
	int64_t pending_us; /* when the last of them came */
	int64_t last_us; /* the moment of the last record: no two have the same, so that their order is known */
	int64_t written_ms; /* when the last record was; by the monotonic clock */
	uint64_t written, lost, waiting, left_out;
	struct rlg_err err; /* of the first that was lost, or else that waits in the spool */
	char line[LINE_MAX_BYTES];
	size_t length;
	bool too_long; /* the line at hand is stepped over */
};

/* What could not be appended is kept for the next try. */
static void append_pending(struct recorder *recorder)
{
	char storage[RLG_RECORD_MAX + 1];
	struct rlg_record_writer writer;
	struct rlg_err err = {""};
	unsigned left_out = 0;

	if (recorder->pending_us <= recorder->last_us)
		recorder->pending_us = recorder->last_us + 1;
	recorder->last_us = recorder->pending_us;
	rlg_log_begin(&recorder->place, "progress", recorder->pending_us, &writer, storage);
	rlg_log_values_write(&recorder->pending, &writer);
	recorder->written_ms = rlg_clock_monotonic_ms();
	if (rlg_log_append(&recorder->place, &writer, &left_out, &err) != 0) {
		if (recorder->lost++ == 0)
			recorder->err = err;
		return;
	}
	if (err.text[0] != '\0' && recorder->waiting++ == 0)
		recorder->err = err;
	recorder->written++;
	recorder->left_out += left_out + recorder->pending.left_out;
	recorder->pending.n = recorder->pending.left_out = 0;
	rlg_log_refresh_if_due(&recorder->place);
}

static void end_line(struct recorder *recorder, int64_t now_us)
{
	bool good = !recorder->too_long && rlg_log_take_line(&recorder->pending, recorder->line, recorder->length);

	recorder->length = 0;
	recorder->too_long = false;
	if (!good)
		return;
	recorder->pending_us = now_us;
	if (recorder->written == 0 && recorder->lost == 0)
		append_pending(recorder);
}

static void take_part(struct recorder *recorder, const char *part, size_t length)
{
	if (recorder->too_long || length > sizeof(recorder->line) - recorder->length) {
		recorder->too_long = true;
		return;
	}
	memcpy(recorder->line + recorder->length, part, length);
	recorder->length += length;
}

static const char *line_end(const char *from, const char *end)
{
	while (from < end && *from != '\n' && *from != '\r')
		from++;
	return from;
}

static void take_bytes(struct recorder *recorder, const char *at, const char *end)
{
	int64_t now_us = rlg_clock_now_us();

	while (at < end) {
		const char *stop = line_end(at, end);
		take_part(recorder, at, (size_t)(stop - at));
		if (stop < end)
			end_line(recorder, now_us);
		at = stop + (stop < end);
	}
}

/* How long to wait for more before what is pending goes out; -1: nothing is. */
static int wait_ms(const struct recorder *recorder)
{
	int64_t left = recorder->written_ms + RECORD_EVERY_MS - rlg_clock_monotonic_ms();

	if (recorder->pending.n == 0)
		return -1;
	return left > 0 ? (int)left : 0;
}

/* False: there is no more. */
static bool take_more(struct recorder *recorder, int fd)
{
	static char chunk[CHUNK];
	struct pollfd input = {.fd = fd, .events = POLLIN};

	if (poll(&input, 1, wait_ms(recorder)) <= 0)
		return true;
	ssize_t got = read(fd, chunk, sizeof(chunk));
	if (got > 0)
		take_bytes(recorder, chunk, chunk + got);
	return got > 0 || (got < 0 && errno == EINTR);
}

static void say(const struct recorder *recorder)
{
	if (recorder->lost > 0)
		fprintf(stderr, "%s%s\n", recorder->written > 0 ? "some values were not recorded: " : "", recorder->err.text);
	else if (recorder->waiting > 0)
		fprintf(stderr, "%s\n", recorder->err.text);
	if (recorder->left_out > 0)
		fprintf(stderr, "%" PRIu64 " values found no room in their records\n", recorder->left_out);
}

void rlg_log_record_lines(const struct rlg_job_wishes *wishes, int fd)
{
	static struct recorder recorder;
	struct rlg_err warning, err = {""};

	if (rlg_log_find_place(wishes, &recorder.place, &warning, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return;
	}
	if (warning.text[0] != '\0')
		fprintf(stderr, "%s\n", warning.text);
	while (take_more(&recorder, fd))
		if (wait_ms(&recorder) == 0)
			append_pending(&recorder);
	end_line(&recorder, rlg_clock_now_us()); /* the last line may have no end */
	if (recorder.pending.n > 0)
		append_pending(&recorder);
	say(&recorder);
}
