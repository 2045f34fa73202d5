/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * append_cost FOLDER ROUNDS: what an append of one record costs beside the bare system calls.
 *
 * In turns, so that a busy moment of the machine hits both: the product's own append as a start hook does it, and
 * open, write, close of the same line to a file of its own.  Prints microseconds, a line each round: OURS BARE.
 */
#include "lib/clock.h"
#include "lib/record.h"
#include "lib/statusfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* As long as the start record of a batch job. */
#define NODES "node[001-016]"

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static size_t make_line(char *storage, size_t size, long round)
{
	struct rlg_record_writer writer;
	char id[RLG_ID_MAX];

	rlg_record_new_id(id);
	rlg_record_begin(&writer, storage, size, rlg_clock_now_us(), "start", id);
	rlg_record_str(&writer, "cluster", "bench");
	rlg_record_int(&writer, "job_id", round);
	rlg_record_str(&writer, "run", "run1");
	rlg_record_str(&writer, "phase", "finetune");
	rlg_record_str(&writer, "nodes", NODES);
	rlg_record_int(&writer, "nnodes", 16);
	rlg_record_str(&writer, "job_name", "ft_run1");
	rlg_record_str(&writer, "partition", "batch");
	return (size_t)rlg_record_end(&writer);
}

static void append_ours(const char *group, const char *line, size_t length)
{
	struct rlg_append append = {
		.group = group, .run = "run1", .line = line, .length = length, .timeout_ms = RLG_APPEND_TURN_MS};
	struct rlg_err err = {""};

	if (rlg_statusfile_append(&append, &err) != 0) {
		fprintf(stderr, "append_cost: %s\n", err.text);
		exit(1);
	}
}

static void append_bare(const char *path, const char *line, size_t length)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0 || write(fd, line, length) != (ssize_t)length || close(fd) != 0) {
		fprintf(stderr, "append_cost: %s: %s\n", path, strerror(errno));
		exit(1);
	}
}

int main(int argc, char **argv)
{
	char line[RLG_RECORD_MAX + 1], path[RLG_PATH_MAX];

	if (argc != 3) {
		fprintf(stderr, "Usage: append_cost FOLDER ROUNDS\nFOLDER is a run group.\n");
		return 2;
	}
	snprintf(path, sizeof(path), "%s/bare.jsonl", argv[1]);
	for (long round = 1; round <= atol(argv[2]); round++) {
		size_t length = make_line(line, sizeof(line), round);
		double begun_us = now_us();
		append_ours(argv[1], line, length);
		double between_us = now_us();
		append_bare(path, line, length);
		printf("%.2f %.2f\n", between_us - begun_us, now_us() - between_us);
	}
	return 0;
}
