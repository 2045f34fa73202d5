/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A status file: its lines, its records, the model that they come to, in whatever order, and all that is shown of it. */
#include "tests/fuzz/fuzz.h"

#include "lib/lines.h"
#include "lib/record_read.h"
#include "tests/fuzz/world.h"
#include "tool/model/fold.h"
#include "tool/plan/evaluations.h"
#include "tool/publish/training_log.h"
#include "tool/show/report.h"
#include "tool/show/status.h"

#include <unistd.h>

#define LINES_MAX 256

struct story {
	struct rlg_arena *arena;
	struct {
		const char *bytes;
		size_t length;
	} lines[LINES_MAX];
	size_t n;
};

static int take_line(void *context, const char *run, const char *file, const char *line, size_t length)
{
	struct story *story = context;

	story->lines[story->n].bytes = rlg_arena_copy(story->arena, line, length);
	story->lines[story->n].length = length;
	return ++story->n == LINES_MAX;
}

static void add(struct rlg_fold *fold, const struct story *story, size_t number)
{
	struct rlg_record record;
	struct rlg_err err = {""};
	int64_t value;

	if (rlg_record_parse(story->lines[number].bytes, story->lines[number].length, &record, &err) != 0) {
		FUZZ_MUST(err.text[0] != '\0', "refused without a sentence");
		return;
	}
	rlg_record_get_str(&record, "state");
	rlg_record_get_int(&record, "exit_code", &value);
	rlg_record_get_time(&record, "start_time");
	rlg_record_get_bool(&record, "final", true);
	rlg_fold_add(fold, "1B_rank4", &record);
	rlg_record_done(&record);
}

/* The model of the lines, once from the first and once from the last, some of them twice. */
static struct rlg_model *model_of(const struct story *story, bool backwards)
{
	static const char *const phases[] = {"finetune", "eval"};
	struct rlg_fold *fold = rlg_fold_new(story->arena, FUZZ_GROUP, "cap", phases, 2);

	for (size_t i = 0; i < story->n; i++) {
		size_t number = backwards ? story->n - 1 - i : i;
		add(fold, story, number);
		if (backwards && number % 3 == 0)
			add(fold, story, number);
	}
	return rlg_fold_finish(fold);
}

static char *status_of(struct rlg_arena *arena, const struct rlg_model *model, rlg_status_fn *form)
{
	struct rlg_status_view view = {.arena = arena, .model = model, .n_runs = model->n_runs, .now_us = INT64_C(1773240000000000)};
	char *text;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	view.runs = rlg_arena_alloc(arena, (model->n_runs + 1) * sizeof(*view.runs));
	for (size_t i = 0; i < model->n_runs; i++)
		view.runs[i] = &model->runs[i];
	rlg_summary_actions(arena, model, NULL, NULL, &view.actions);
	form(&view, stream);
	fclose(stream);
	char *copy = rlg_arena_copy(arena, text, length + 1);
	free(text);
	return copy;
}

static void show(struct rlg_arena *arena, struct rlg_model *model)
{
	static rlg_report_fn *const reports[] = {rlg_report_markdown, rlg_report_json, rlg_report_csv};
	struct rlg_actions actions;
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	rlg_summary_line(arena, model);
	rlg_summary_actions(arena, model, NULL, NULL, &actions);
	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
		reports[i](model, &actions, &out);
	for (size_t i = 0; i < model->n_runs; i++)
		rlg_training_log(&model->runs[i], &out);
	for (const char *at = status_of(arena, model, rlg_status_table); *at != '\0'; at++)
		FUZZ_MUST(*at == '\n' || (unsigned char)*at >= ' ', "a control character comes to the terminal");
	for (const char *at = status_of(arena, model, rlg_status_detail); *at != '\0'; at++)
		FUZZ_MUST(*at == '\n' || (unsigned char)*at >= ' ', "a control character comes to the terminal");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct story story = {.arena = arena};
	struct rlg_damage damage = {0};
	int fd = fuzz_file(data, size);

	rlg_lines_each_in_file(fd, "1B_rank4", "host1.jsonl", take_line, &story, &damage);
	close(fd);
	struct rlg_model *model = model_of(&story, false), *backwards = model_of(&story, true);
	const char *one = status_of(arena, model, rlg_status_json), *other = status_of(arena, backwards, rlg_status_json);
	FUZZ_MUST(strcmp(one, other) == 0, "the order of the records makes a difference:\n%s\n--- and\n%s", one, other);
	show(arena, model);
	rlg_evaluations_complete(model, &fuzz_world()->plan);
	return 0;
}
