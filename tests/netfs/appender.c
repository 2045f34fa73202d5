/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * appender: many writers of one host that append records to one run as fast as they can.
 *
 *     appender product|plain GROUP RUN GATE ACKS WRITERS RECORDS
 *
 * `product` appends as Runledger does (lib/statusfile.h); `plain` as everybody does who does not know better: open with
 * O_APPEND, write, fsync, close, all hosts into one file.  All wait until somebody writes to the fifo GATE.  Each writer
 * keeps in ACKS.HOST.WRITER, on a file system that is not being tested, a line for each record that was acknowledged: its
 * id, and how many microseconds that took.  Tells how many were and how many failed, with the first failure's sentence.
 * Exits 0 if all were appended.
 */
#include "lib/clock.h"
#include "lib/layout.h"
#include "lib/record.h"
#include "lib/statusfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHARED_FILE "shared" RLG_STATUS_SUFFIX
#define MOST_WRITERS 26

struct work {
	bool product;
	const char *group, *run, *gate, *acks;
	unsigned writers, records;
};

/* What the writers share with who counts. */
struct tally {
	unsigned appended, failed;
	struct rlg_err first;
};

static int64_t now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * RLG_SECOND_US + time.tv_nsec / 1000;
}

/* Of very different lengths, mostly short ones; some reach over a page. */
static size_t filling_of(unsigned number)
{
	return number % 50 == 7 ? 2000 + number * 7 % 1500 : 20 + number * 37 % 600;
}

/* A record tells what it should be: who wrote it, which one it is, and as many letters of theirs as follow from that. */
static ssize_t make_record(char storage[RLG_RECORD_MAX + 1], const struct work *work, const char *host, unsigned writer,
			   unsigned number, const char *id)
{
	char filling[RLG_RECORD_MAX] = "";
	struct rlg_record_writer record;

	memset(filling, 'a' + (int)writer, filling_of(number));
	rlg_record_begin(&record, storage, RLG_RECORD_MAX + 1, rlg_clock_now_us(), "progress", id);
	rlg_record_str(&record, "run", work->run);
	rlg_record_str(&record, "host", host);
	rlg_record_int(&record, "writer", writer);
	rlg_record_int(&record, "number", number);
	rlg_record_int(&record, "filled", (int64_t)filling_of(number));
	rlg_record_str(&record, "filling", filling);
	return rlg_record_end(&record);
}

static int append_plain(const struct work *work, const char *line, size_t length, struct rlg_err *err)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/" RLG_DIR "/" RLG_RUNS_DIR "/%s/" SHARED_FILE, work->group, work->run);
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return rlg_fail_errno(err, -errno, "cannot open %s", path);
	ssize_t written = write(fd, line, length);
	int code = written < 0 ? -errno : written == (ssize_t)length ? 0 : -ENOSPC;
	if (code == 0 && fsync(fd) != 0)
		code = -errno;
	if (close(fd) != 0 && code == 0)
		code = -errno;
	return code == 0 ? 0 : rlg_fail_errno(err, code, "cannot append to %s", path);
}

static int append(const struct work *work, const char *line, size_t length, struct rlg_err *err)
{
	struct rlg_append product = {.group = work->group, .run = work->run, .line = line, .length = length,
				     .timeout_ms = RLG_APPEND_TURN_MS, .durable = true};

	return work->product ? rlg_statusfile_append(&product, err) : append_plain(work, line, length, err);
}

/* One writer, from the gate on. */
static void write_all(const struct work *work, unsigned writer, struct tally *tally)
{
	char host[RLG_HOST_MAX], path[4096], id[RLG_ID_MAX], line[RLG_RECORD_MAX + 1];
	struct rlg_err err = {""};

	rlg_statusfile_host(host);
	snprintf(path, sizeof(path), "%s.%s.%u", work->acks, host, writer);
	FILE *acks = fopen(path, "w");
	int gate = open(work->gate, O_RDONLY | O_CLOEXEC);
	if (acks == NULL || gate < 0) {
		perror(acks == NULL ? path : work->gate);
		_exit(2);
	}
	for (unsigned i = 0; i < work->records; i++) {
		rlg_record_new_id(id);
		ssize_t length = make_record(line, work, host, writer, i, id);
		int64_t begun_us = now_us();
		if (append(work, line, (size_t)length, &err) != 0) {
			if (__atomic_fetch_add(&tally->failed, 1, __ATOMIC_RELAXED) == 0)
				tally->first = err;
			continue;
		}
		fprintf(acks, "%s %" PRId64 "\n", id, now_us() - begun_us);
		__atomic_fetch_add(&tally->appended, 1, __ATOMIC_RELAXED);
	}
	_exit(fclose(acks) == 0 ? 0 : 2);
}

static int run_writers(const struct work *work, struct tally *tally)
{
	int status, worst = 0;

	for (unsigned i = 0; i < work->writers; i++) {
		pid_t child = fork();
		if (child == 0)
			write_all(work, i, tally);
		if (child < 0)
			return -errno;
	}
	while (wait(&status) > 0)
		worst = status != 0 ? status : worst;
	return worst;
}

int main(int argc, char **argv)
{
	if (argc != 8 || (strcmp(argv[1], "product") != 0 && strcmp(argv[1], "plain") != 0)) {
		fprintf(stderr, "usage: appender product|plain GROUP RUN GATE ACKS WRITERS RECORDS\n");
		return 2;
	}
	struct work work = {.product = strcmp(argv[1], "product") == 0, .group = argv[2], .run = argv[3], .gate = argv[4],
			    .acks = argv[5], .writers = (unsigned)atoi(argv[6]), .records = (unsigned)atoi(argv[7])};
	struct tally *tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (work.writers > MOST_WRITERS || tally == MAP_FAILED)
		return 2;
	int64_t begun_us = now_us();
	if (run_writers(&work, tally) != 0) {
		fprintf(stderr, "appender: a writer did not come to its end\n");
		return 2;
	}
	printf("appended=%u failed=%u seconds=%.1f%s%s\n", tally->appended, tally->failed, (double)(now_us() - begun_us) / 1e6,
	       tally->failed > 0 ? " first: " : "", tally->first.text);
	return tally->failed > 0;
}
