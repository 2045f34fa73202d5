/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render_cost: what it takes to render a tracker, in memory alone.
 *
 *     render_cost GROUP TRACKER [PATH]
 *
 * Loads the run group, and renders all files of the tracker (at PATH, else where it always keeps them) five times over:
 * anew, with nothing changed, with one run changed and known as such, with an empty line put in by a person, and with all
 * runs changed.  With RENDER_TIMES=N in the environment each run is there N times, under N names.  Prints a line for each: the case, its milliseconds, the files, their bytes, and the peak of memory in
 * KiB so far.  With the environment's RENDER_TO, what was rendered anew goes there too.
 */
#include "lib/clock.h"
#include "tool/group/group.h"
#include "tool/group/tracker_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* What stands in one file of the tracker, and what it remembers. */
struct file {
	char *text, *memory;
};

struct bench {
	struct rlg_group *group;
	const struct rlg_tracker *tracker;
	const struct rlg_tracker_choice *choice;
	struct rlg_model *model;
	struct rlg_tracker_places places;
	struct file *files;
	uint64_t changed_since;
};

static double milliseconds(void)
{
	struct timespec now;

	/* Of the processor: what others do on the machine is not counted. */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void give_up(const char *words)
{
	fprintf(stderr, "render_cost: %s\n", words);
	exit(1);
}

static void keep(char **to, const struct rlg_bytes *bytes)
{
	free(*to);
	*to = strdup(bytes->data);
	if (*to == NULL)
		give_up("out of memory");
}

/* Renders one file; keeps what comes out. */
static size_t render_file(const struct bench *bench, size_t i)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_tracker_view view = rlg_tracker_view(bench->group, bench->choice, bench->model);
	const struct rlg_tracker_place *place = &bench->places.list[i];
	const char *path = rlg_arena_printf(arena, "%s/%s", bench->group->path, place->path);
	struct file *file = &bench->files[i];
	struct rlg_bytes out, memory;
	struct rlg_err err = {""};

	rlg_bytes_init(&out, arena);
	rlg_bytes_init(&memory, arena);
	view.arena = arena;
	view.memory = file->memory;
	view.remember = &memory;
	view.changed_since = bench->changed_since;
	if (bench->tracker->render(&view, place, path, file->text, file->text, &out, &err) != 0)
		give_up(err.text);
	size_t length = out.length;
	keep(&file->text, &out);
	keep(&file->memory, &memory);
	return length;
}

static void render(const struct bench *bench, const char *name)
{
	double begin = milliseconds();
	struct rusage usage;
	size_t bytes = 0;

	for (size_t i = 0; i < bench->places.n; i++)
		bytes += render_file(bench, i);
	double took = milliseconds() - begin;
	getrusage(RUSAGE_SELF, &usage);
	printf("%-8s %12.3f ms %8zu files %10zu bytes %9ld KiB\n", name, took, bench->places.n, bytes, usage.ru_maxrss);
	fflush(stdout);
}

/* A job more for the run; what it did before stays. */
static void change(struct rlg_model *model, struct rlg_run *run)
{
	struct rlg_phase *phase = run->n_phases > 0 ? &run->phases[0] : NULL;

	run->changed_at = model->sequence;
	if (phase == NULL)
		return;
	phase->status = phase->status == RLG_STATUS_RUNNING ? RLG_STATUS_COMPLETED : RLG_STATUS_RUNNING;
	phase->status_text = rlg_status_word(phase->status);
	phase->job_id = "77777777";
	phase->word_us = run->word_us = model->word_us;
}

static void edit_a_line(struct file *file)
{
	char *line = strchr(file->text + strlen(file->text) / 2, '\n');

	if (line != NULL && line[1] == ' ') {
		char *words = NULL;
		if (asprintf(&words, "%.*s\n%s", (int)(line - file->text), file->text, line) < 0)
			give_up("out of memory");
		free(file->text);
		file->text = words;
	}
}

static void write_out(const struct bench *bench)
{
	const char *path = getenv("RENDER_TO");
	FILE *to = path != NULL ? fopen(path, "w") : NULL;

	for (size_t i = 0; to != NULL && i < bench->places.n; i++)
		fputs(bench->files[i].text, to);
	if (to != NULL && fclose(to) != 0)
		give_up("cannot write RENDER_TO");
}

static void multiply(struct rlg_model *model, size_t times)
{
	struct rlg_run *runs = rlg_arena_alloc(model->arena, model->n_runs * times * sizeof(*runs));

	for (size_t i = 0; i < model->n_runs; i++) {
		for (size_t j = 0; j < times; j++) {
			struct rlg_run *run = &runs[i * times + j];
			*run = model->runs[i];
			run->name = rlg_arena_printf(model->arena, "%s_%zu", run->name, j);
			run->phases = rlg_arena_grow(model->arena, run->phases, run->n_phases, run->n_phases,
						     sizeof(*run->phases));
		}
	}
	model->runs = runs;
	model->n_runs *= times;
}

static void measure(struct bench *bench)
{
	struct rlg_model *model = bench->model;

	model->sequence = 1;
	for (size_t i = 0; i < model->n_runs; i++)
		model->runs[i].changed_at = 1;
	render(bench, "anew");
	write_out(bench);
	render(bench, "again");
	bench->changed_since = model->sequence++;
	change(model, &model->runs[model->n_runs / 2]);
	render(bench, "one");
	bench->changed_since = 0;
	edit_a_line(&bench->files[0]);
	render(bench, "edited");
	bench->changed_since = model->sequence++;
	for (size_t i = 0; i < model->n_runs; i++)
		change(model, &model->runs[i]);
	render(bench, "all");
}

int main(int argc, char **argv)
{
	struct rlg_group group;
	struct bench bench = {.group = &group, .tracker = argc > 2 ? rlg_tracker_called(argv[2]) : NULL};
	struct rlg_err err = {""};

	if (bench.tracker == NULL)
		give_up("usage: render_cost GROUP TRACKER [PATH]");
	struct rlg_tracker_choice choice = {.tracker = argv[2], .path = argc > 3 ? argv[3] : bench.tracker->default_path};
	bench.choice = &choice;
	double begin = milliseconds();
	if (rlg_group_open(argv[1], &group, &err) != 0 || rlg_group_load(&group, &bench.model, &err) != 0)
		give_up(err.text);
	printf("%-8s %12.3f ms %8zu runs\n", "load", milliseconds() - begin, bench.model->n_runs);
	const char *times = getenv("RENDER_TIMES");
	if (times != NULL)
		multiply(bench.model, strtoul(times, NULL, 10));
	begin = milliseconds();
	if (rlg_tracker_places(&group, bench.choice, bench.model, &bench.places, &err) != 0)
		give_up(err.text);
	printf("%-8s %12.3f ms %8zu files\n", "places", milliseconds() - begin, bench.places.n);
	bench.files = calloc(bench.places.n + 1, sizeof(*bench.files));
	if (bench.files == NULL)
		give_up("out of memory");
	if (bench.places.n > 0)
		measure(&bench);
	for (size_t i = 0; i < bench.places.n; i++) {
		free(bench.files[i].text);
		free(bench.files[i].memory);
	}
	free(bench.files);
	rlg_group_close(&group);
	return 0;
}
