/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make_records: a run group full of records, as the plugins and the tool write them.
 *
 *     make_records FOLDER RUNS RECORDS [SEED]
 *
 * Makes FOLDER with RUNS runs, and RECORDS records in all, shared out evenly.  A run's jobs come one behind another: each
 * is submitted, starts, tells of its progress, and ends; one in ten is requeued first, one in twenty fails, and now and
 * then somebody notes a word.  As on a cluster three hosts write: the login node, the job's node, and slurmctld's.  The same numbers
 * make the same bytes.
 *
 * RUNS 1 and RECORDS 0 with ARRAY=N in the environment makes one run of an array of N tasks instead: submitted, started
 * and ended, four records a task.
 */
#include "lib/clock.h"
#include "lib/layout.h"
#include "lib/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 2026-02-18, 14:00 UTC. */
#define BEGIN_US (INT64_C(1771423200) * RLG_SECOND_US)

/* What a job says beside its progress: submit twice, start, usage, finish twice. */
#define RECORDS_BESIDE 6

/* A job tells no more than that of its progress; a run with more records has more jobs. */
#define MOST_PROGRESS 30

enum writer_host { LOGIN, NODE, CTL, N_HOSTS };

struct run {
	char name[32];
	char node[16];
	FILE *files[N_HOSTS];
	uint64_t left; /* records still to write */
	int64_t now_us;
};

struct job {
	struct run *run;
	int64_t id, array_job_id, array_task_id; /* -1: no array */
	const char *phase;
	char sid[RLG_ID_MAX];
	int64_t submit_us, start_us, end_us;
	int exit_code;
};

static uint64_t dice_state;
static int64_t last_job_id = 1000000;
static const char *group;

/* splitmix64: small, and the same on every machine. */
static uint64_t dice(uint64_t sides)
{
	uint64_t mixed = dice_state += UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	return (mixed ^ mixed >> 31) % sides;
}

static void die(const char *what)
{
	fprintf(stderr, "make_records: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		die(path);
}

static void new_id(char out_id[RLG_ID_MAX])
{
	snprintf(out_id, RLG_ID_MAX, "%016" PRIx64 "%016" PRIx64, dice(UINT64_MAX), dice(UINT64_MAX));
}

static FILE *open_file(const struct run *run, const char *host)
{
	char path[RLG_PATH_MAX];

	snprintf(path, sizeof(path), "%s/" RLG_DIR "/" RLG_RUNS_DIR "/%s/%s" RLG_STATUS_SUFFIX, group, run->name, host);
	FILE *file = fopen(path, "w");
	if (file == NULL)
		die(path);
	return file;
}

static void open_run(struct run *run, uint64_t number, uint64_t records)
{
	char path[RLG_PATH_MAX];

	*run = (struct run){.left = records, .now_us = BEGIN_US + (int64_t)dice(86400) * RLG_SECOND_US};
	snprintf(run->name, sizeof(run->name), "1B_rank%06" PRIu64, number);
	snprintf(run->node, sizeof(run->node), "n%04u", (unsigned)dice(2000));
	snprintf(path, sizeof(path), "%s/" RLG_DIR "/" RLG_RUNS_DIR "/%s", group, run->name);
	make_folder(path);
	run->files[LOGIN] = open_file(run, "login1");
	run->files[NODE] = open_file(run, run->node);
	run->files[CTL] = open_file(run, "ctl");
}

static void close_run(struct run *run)
{
	for (int i = 0; i < N_HOSTS; i++)
		if (fclose(run->files[i]) != 0)
			die(run->name);
}

static char storage[RLG_RECORD_MAX + 1];

static struct rlg_record_writer begin(const char *name, int64_t time_us)
{
	struct rlg_record_writer writer;
	char id[RLG_ID_MAX];

	new_id(id);
	rlg_record_begin(&writer, storage, sizeof(storage), time_us, name, id);
	return writer;
}

static void end(struct rlg_record_writer *writer, struct run *run, enum writer_host host)
{
	ssize_t length = rlg_record_end(writer);

	if (length < 0 || fwrite(storage, 1, (size_t)length, run->files[host]) != (size_t)length)
		die(run->name);
	run->left -= run->left > 0;
}

/* A moment some time after: programs are never on the second. */
static int64_t later(int64_t time_us)
{
	return time_us + 20000 + (int64_t)dice(60000);
}

static void add_place(struct rlg_record_writer *writer, const struct job *job)
{
	rlg_record_str(writer, "run", job->run->name);
	rlg_record_str(writer, "phase", job->phase);
}

static void add_array(struct rlg_record_writer *writer, const struct job *job)
{
	if (job->array_job_id < 0)
		return;
	rlg_record_int(writer, "array_job_id", job->array_job_id);
	rlg_record_int(writer, "array_task_id", job->array_task_id);
}

static void add_kind(struct rlg_record_writer *writer, const struct job *job)
{
	char name[80];

	snprintf(name, sizeof(name), "%s_%s", job->phase, job->run->name);
	rlg_record_str(writer, "job_name", name);
	rlg_record_str(writer, "partition", "gpu");
	rlg_record_str(writer, "account", "lab");
	rlg_record_str(writer, "qos", "normal");
}

static void tell_submit(struct job *job)
{
	char command[200];
	struct rlg_record_writer writer = begin("submit", job->submit_us - 30000);

	snprintf(command, sizeof(command), "sbatch %s.slurm", job->phase);
	rlg_record_str(&writer, "sid", job->sid);
	rlg_record_str(&writer, "user", "alice");
	rlg_record_int(&writer, "uid", 20001);
	rlg_record_str(&writer, "cwd", "/scratch/alice/capitalization");
	rlg_record_str(&writer, "script", "finetune.slurm");
	rlg_record_str(&writer, "command", command);
	add_place(&writer, job);
	rlg_record_str(&writer, "matched_by", "folder");
	rlg_record_str(&writer, "host", "login1");
	rlg_record_json(&writer, "git", "{\"commit\":\"9b2f0c1d7e6a5b4c3d2e1f00112233445566778899\",\"branch\":\"main\"}");
	end(&writer, job->run, LOGIN);
	writer = begin("submit", later(job->submit_us));
	rlg_record_str(&writer, "sid", job->sid);
	add_place(&writer, job);
	rlg_record_str(&writer, "host", "login1");
	rlg_record_int(&writer, "job_id", job->array_job_id >= 0 ? job->array_job_id : job->id);
	end(&writer, job->run, LOGIN);
}

static void tell_start(struct job *job)
{
	struct rlg_record_writer writer = begin("start", later(job->start_us));

	rlg_record_int(&writer, "job_id", job->id);
	add_array(&writer, job);
	rlg_record_str(&writer, "sid", job->sid);
	add_place(&writer, job);
	rlg_record_str(&writer, "step", "batch");
	rlg_record_int(&writer, "uid", 20001);
	rlg_record_str(&writer, "cluster", "bench");
	rlg_record_str(&writer, "nodes", job->run->node);
	add_kind(&writer, job);
	rlg_record_int(&writer, "nnodes", 1);
	rlg_record_str(&writer, "node", job->run->node);
	end(&writer, job->run, NODE);
}

static void tell_progress(struct job *job, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		char figures[32];
		int64_t at_us = job->start_us + (job->end_us - job->start_us) * (int64_t)(i + 1) / (int64_t)(count + 1);
		struct rlg_record_writer writer = begin("progress", later(at_us));
		rlg_record_str(&writer, "sid", job->sid);
		rlg_record_int(&writer, "job_id", job->id);
		rlg_record_str(&writer, "cluster", "bench");
		add_place(&writer, job);
		rlg_record_int(&writer, "step", (int64_t)(i + 1) * 100);
		snprintf(figures, sizeof(figures), "0.%04u", (unsigned)dice(10000));
		rlg_record_json(&writer, "train_loss", figures);
		end(&writer, job->run, NODE);
	}
}

static void tell_usage(struct job *job)
{
	struct rlg_record_writer writer = begin("usage", later(job->end_us));

	rlg_record_int(&writer, "job_id", job->id);
	add_array(&writer, job);
	rlg_record_str(&writer, "sid", job->sid);
	add_place(&writer, job);
	rlg_record_str(&writer, "step", "batch");
	rlg_record_int(&writer, "uid", 20001);
	rlg_record_str(&writer, "cluster", "bench");
	rlg_record_str(&writer, "node", job->run->node);
	rlg_record_int(&writer, "tasks", 1);
	rlg_record_duration(&writer, "cpu_s", (int64_t)dice(1u << 30));
	rlg_record_str(&writer, "cpu_source", "cgroup/v2");
	rlg_record_int(&writer, "peak_memory_bytes", (int64_t)dice(UINT64_C(1) << 36));
	rlg_record_str(&writer, "memory_source", "cgroup/v2");
	rlg_record_duration(&writer, "elapsed_s", job->end_us - job->start_us);
	end(&writer, job->run, NODE);
}

static void add_end(struct rlg_record_writer *writer, const struct job *job)
{
	rlg_record_int(writer, "exit_code", job->exit_code);
	rlg_record_int(writer, "signal", 0);
	rlg_record_int(writer, "submit_time", job->submit_us / RLG_SECOND_US);
	rlg_record_int(writer, "start_time", job->start_us / RLG_SECOND_US);
	rlg_record_int(writer, "end_time", job->end_us / RLG_SECOND_US);
}

static void tell_finish(struct job *job, const char *state, bool final)
{
	struct rlg_record_writer writer = begin("finish", later(job->end_us));

	rlg_record_int(&writer, "job_id", job->id);
	add_array(&writer, job);
	rlg_record_str(&writer, "state", state);
	rlg_record_bool(&writer, "final", final);
	add_end(&writer, job);
	rlg_record_int(&writer, "ncpus", 8);
	add_kind(&writer, job);
	rlg_record_str(&writer, "tres", "cpu=8,mem=64G,node=1,billing=8");
	rlg_record_str(&writer, "stdout", "/scratch/alice/capitalization/slurm.out");
	add_place(&writer, job);
	rlg_record_str(&writer, "sid", job->sid);
	rlg_record_str(&writer, "cluster", "bench");
	rlg_record_str(&writer, "source", "epilog");
	rlg_record_str(&writer, "node", job->run->node);
	rlg_record_str(&writer, "nodes", job->run->node);
	end(&writer, job->run, NODE);
}

static void tell_completion(struct job *job, const char *state)
{
	struct rlg_record_writer writer = begin("finish", later(job->end_us));

	add_place(&writer, job);
	rlg_record_str(&writer, "sid", job->sid);
	rlg_record_int(&writer, "job_id", job->id);
	add_array(&writer, job);
	rlg_record_str(&writer, "source", "jobcomp");
	rlg_record_str(&writer, "state", state);
	add_end(&writer, job);
	rlg_record_int(&writer, "ncpus", 8);
	rlg_record_int(&writer, "time_limit", 86400);
	rlg_record_str(&writer, "cluster", "bench");
	rlg_record_str(&writer, "user", "alice");
	rlg_record_str(&writer, "nodes", job->run->node);
	end(&writer, job->run, CTL);
}

static void tell_note(struct run *run)
{
	struct rlg_record_writer writer = begin("note", run->now_us);

	rlg_record_str(&writer, "run", run->name);
	rlg_record_str(&writer, "user", "alice");
	rlg_record_str(&writer, "text", "loss looks \"right\" now; keep this one");
	end(&writer, run, LOGIN);
}

/* An attempt that ran for a while from `submit_us` on. */
static void run_for(struct job *job, int64_t submit_us, int64_t seconds)
{
	job->submit_us = submit_us - submit_us % RLG_SECOND_US;
	job->start_us = job->submit_us + (int64_t)(1 + dice(600)) * RLG_SECOND_US;
	job->end_us = job->start_us + seconds * RLG_SECOND_US;
}

static void tell_job(struct run *run, const char *phase)
{
	struct job job = {.run = run, .id = ++last_job_id, .array_job_id = -1, .array_task_id = -1, .phase = phase};

	new_id(job.sid);
	run_for(&job, run->now_us, 600 + (int64_t)dice(7200));
	tell_submit(&job);
	if (dice(10) == 0 && run->left > 2 * RECORDS_BESIDE) {
		tell_start(&job);
		tell_finish(&job, "REQUEUED", false);
		run_for(&job, job.end_us + RLG_SECOND_US, 600 + (int64_t)dice(7200));
	}
	job.exit_code = dice(20) == 0;
	const char *state = job.exit_code == 0 ? "COMPLETED" : "FAILED";
	tell_start(&job);
	uint64_t beside = RECORDS_BESIDE - 3, most = run->left > beside ? run->left - beside : 0;
	tell_progress(&job, most < MOST_PROGRESS ? most : MOST_PROGRESS);
	if (run->left > 0)
		tell_usage(&job);
	if (run->left > 0)
		tell_finish(&job, state, true);
	if (run->left > 0)
		tell_completion(&job, state);
	run->now_us = job.end_us + (int64_t)dice(3600) * RLG_SECOND_US;
}

static void tell_run(uint64_t number, uint64_t records)
{
	struct run run;

	open_run(&run, number, records);
	for (uint64_t jobs = 0; run.left >= RECORDS_BESIDE; jobs++) {
		tell_job(&run, jobs % 3 == 0 ? "finetune" : "eval");
		if (run.left > 0 && dice(8) == 0)
			tell_note(&run);
	}
	while (run.left > 0)
		tell_note(&run);
	close_run(&run);
}

static void tell_array(uint64_t tasks)
{
	struct run run;
	int64_t leader = ++last_job_id;
	char sid[RLG_ID_MAX];

	new_id(sid);
	open_run(&run, 1, UINT64_MAX);
	for (uint64_t i = 0; i < tasks; i++) {
		struct job job = {.run = &run, .array_job_id = leader, .array_task_id = (int64_t)i, .phase = "finetune"};
		job.id = i + 1 == tasks ? leader : ++last_job_id;
		memcpy(job.sid, sid, sizeof(sid));
		run_for(&job, run.now_us, 60 + (int64_t)dice(600));
		if (i == 0)
			tell_submit(&job);
		tell_start(&job);
		tell_usage(&job);
		tell_finish(&job, "COMPLETED", true);
		tell_completion(&job, "COMPLETED");
	}
	close_run(&run);
}

static uint64_t number(const char *words, const char *what)
{
	char *rest;
	unsigned long long value = strtoull(words, &rest, 10);

	if (words[0] < '0' || words[0] > '9' || *rest != '\0') {
		fprintf(stderr, "make_records: %s is a number, not %s\n", what, words);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	char path[RLG_PATH_MAX];
	const char *array = getenv("ARRAY");

	if (argc < 4 || argc > 5) {
		fputs("Usage: make_records FOLDER RUNS RECORDS [SEED]\n", stderr);
		return 2;
	}
	group = argv[1];
	uint64_t runs = number(argv[2], "RUNS"), records = number(argv[3], "RECORDS");
	dice_state = argc > 4 ? number(argv[4], "SEED") : 1;
	make_folder(group);
	snprintf(path, sizeof(path), "%s/" RLG_DIR, group);
	make_folder(path);
	snprintf(path, sizeof(path), "%s/" RLG_DIR "/" RLG_RUNS_DIR, group);
	make_folder(path);
	if (array != NULL) {
		tell_array(number(array, "ARRAY"));
		return 0;
	}
	for (uint64_t i = 0; i < runs; i++)
		tell_run(i + 1, records / runs + (i < records % runs));
	return 0;
}
