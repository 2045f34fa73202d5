/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child of `runledger log -`: see log_recorder.h. */
#include "tool/record/log_recorder.h"

#include "lib/clock.h"
#include "lib/watched.h"
#include "tool/record/log_place.h"
#include "tool/record/log_values.h"
#include "tool/record/site_here.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* A chatty job must not fill the disk. */
#define RECORD_EVERY_MS 1000

/* Longer lines hold no values that a record could. */
#define LINE_MAX_BYTES 8192

#define CHUNK 65536

/* After a file system has hung, records go to the spool for so long before it is tried again. */
#define TRY_AGAIN_MS 30000

/* What a child found out; in memory that it shares with us. */
struct findings {
	struct rlg_log_place place;
	struct rlg_err warning, err;
	unsigned left_out;
};

struct recorder {
	const struct rlg_job_wishes *wishes;
	struct findings *findings;
	bool shares; /* the findings, with children */
	struct rlg_log_place place;
	struct rlg_log_values pending;
	int64_t pending_us; /* when the last of them came */
	int64_t last_us; /* the moment of the last record: no two have the same, so that their order is known */
	int64_t written_ms; /* when the last record was; by the monotonic clock */
	uint64_t written, lost, waiting, left_out;
	struct rlg_err err; /* of the first that was lost, or else that waits in the spool */
	int patience_ms; /* how long a file system may take */
	pid_t stuck; /* a child that was given up on, and may hang yet; 0: none */
	int64_t stuck_ms; /* since when */
	char line[LINE_MAX_BYTES];
	size_t length;
	bool too_long; /* the line at hand is stepped over */
};

/* ---- children, who touch the disk: this process hands on what they cannot do ---- */

/* As long as one hangs there is no other: so many a second would pile up. */
static bool is_stuck(struct recorder *recorder)
{
	if (recorder->stuck > 0 && waitpid(recorder->stuck, NULL, WNOHANG) == 0)
		return true;
	recorder->stuck = 0;
	return recorder->stuck_ms > 0 && rlg_clock_monotonic_ms() - recorder->stuck_ms < TRY_AGAIN_MS;
}

/* -ETIMEDOUT, -ECHILD: nobody knows how far it came. */
static int in_child(struct recorder *recorder, int (*work)(void *context, int tell_fd), void *context)
{
	pid_t child;

	/* Without memory to share nothing would be heard of what it found. */
	if (!recorder->shares)
		return work(context, -1);
	if (is_stuck(recorder))
		return -ETIMEDOUT;
	recorder->stuck_ms = 0;
	int code = rlg_watched(work, context, recorder->patience_ms, &child);
	if (child < 0)
		return work(context, -1);
	if (code != -ETIMEDOUT) {
		rlg_watched_reap(child);
		return code;
	}
	recorder->stuck = child;
	recorder->stuck_ms = rlg_clock_monotonic_ms();
	return code;
}

/* What is told is never what a watch itself comes to. */
static int tell(int tell_fd, int code)
{
	code = code == -ETIMEDOUT || code == -ECHILD ? -EIO : code;
	rlg_watched_tell(&tell_fd, code);
	return code;
}

static int look_for_place(void *context, int tell_fd)
{
	struct recorder *recorder = context;
	struct findings *findings = recorder->findings;

	return tell(tell_fd, rlg_log_find_place(recorder->wishes, &findings->place, &findings->warning, &findings->err));
}

static int find_place(struct recorder *recorder)
{
	struct findings *findings = recorder->findings;

	if (rlg_log_place_is_told(recorder->wishes, &recorder->place))
		return 0;
	int code = in_child(recorder, look_for_place, recorder);
	if (code == 0)
		recorder->place = findings->place;
	if (code != -ETIMEDOUT && code != -ECHILD)
		return code;
	rlg_log_place_ask(recorder->wishes, &recorder->place);
	findings->warning.text[0] = '\0';
	/* No run is guessed outside of a job. */
	return recorder->place.run[0] != '\0' || recorder->place.job_id > 0
		       ? 0
		       : rlg_fail(&findings->err, code, "the run group cannot be reached in time");
}

/* One record. */
struct appending {
	struct recorder *recorder;
	char id[RLG_ID_MAX]; /* the same wherever it goes */
};

static void write_record(const struct appending *appending, struct rlg_record_writer *writer,
			 char storage[RLG_RECORD_MAX + 1])
{
	const struct recorder *recorder = appending->recorder;

	rlg_log_begin(&recorder->place, "progress", recorder->pending_us, appending->id, writer, storage);
	rlg_log_values_write(&recorder->pending, writer);
}

static int append(void *context, int tell_fd)
{
	const struct appending *appending = context;
	struct recorder *recorder = appending->recorder;
	char storage[RLG_RECORD_MAX + 1];
	struct rlg_record_writer writer;

	write_record(appending, &writer, storage);
	int code = tell(tell_fd, rlg_log_append(&recorder->place, &writer, &recorder->findings->left_out, &recorder->findings->err));
	if (code == 0)
		rlg_log_refresh_if_due(&recorder->place);
	return code;
}

static int leave_in_spool(const struct appending *appending, int why, struct rlg_err *err)
{
	const struct rlg_log_place *place = &appending->recorder->place;
	char storage[RLG_RECORD_MAX + 1];
	struct rlg_record_writer writer;

	write_record(appending, &writer, storage);
	ssize_t length = rlg_record_end(&writer);
	rlg_fail(err, why, "%s cannot be reached in time", place->group[0] != '\0' ? place->group : "the run group");
	return length < 0 ? (int)length : rlg_log_spool(place, storage, (size_t)length, why, err);
}

/* What could not be appended is kept for the next try. */
static void append_pending(struct recorder *recorder)
{
	struct appending appending = {.recorder = recorder};
	struct findings *findings = recorder->findings;

	if (recorder->pending_us <= recorder->last_us)
		recorder->pending_us = recorder->last_us + 1;
	recorder->last_us = recorder->pending_us;
	rlg_record_new_id(appending.id);
	findings->err.text[0] = '\0';
	findings->left_out = 0;
	int code = recorder->place.asked ? -ETIMEDOUT : in_child(recorder, append, &appending);
	if (code == -ETIMEDOUT || code == -ECHILD)
		code = leave_in_spool(&appending, code, &findings->err);
	recorder->written_ms = rlg_clock_monotonic_ms();
	if (code != 0) {
		if (recorder->lost++ == 0)
			recorder->err = findings->err;
		return;
	}
	if (findings->err.text[0] != '\0' && recorder->waiting++ == 0)
		recorder->err = findings->err;
	recorder->written++;
	recorder->left_out += findings->left_out + recorder->pending.left_out;
	recorder->pending.n = recorder->pending.left_out = 0;
}

/* ---- lines ---- */

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

static bool begin(struct recorder *recorder)
{
	static struct findings own;
	struct rlg_siteconf site;
	void *shared = mmap(NULL, sizeof(own), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	rlg_site_here(&site, NULL); /* the admin's mistakes are told elsewhere */
	recorder->patience_ms = site.timeout_ms / 2; /* whoever waits for our end does so for END_MS (log_stream.c) */
	recorder->shares = shared != MAP_FAILED;
	recorder->findings = recorder->shares ? shared : &own;
	if (find_place(recorder) != 0) {
		fprintf(stderr, "%s\n", recorder->findings->err.text);
		return false;
	}
	if (recorder->findings->warning.text[0] != '\0')
		fprintf(stderr, "%s\n", recorder->findings->warning.text);
	return true;
}

void rlg_log_record_lines(const struct rlg_job_wishes *wishes, int fd)
{
	static struct recorder recorder;

	recorder.wishes = wishes;
	if (!begin(&recorder))
		return;
	while (take_more(&recorder, fd))
		if (wait_ms(&recorder) == 0)
			append_pending(&recorder);
	end_line(&recorder, rlg_clock_now_us()); /* the last line may have no end */
	if (recorder.pending.n > 0)
		append_pending(&recorder);
	say(&recorder);
}
