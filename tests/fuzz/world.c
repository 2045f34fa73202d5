/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small group at two moments: see world.h. */
#include "tests/fuzz/world.h"

#include "lib/record_read.h"
#include "tests/fuzz/fuzz.h"
#include "tool/model/fold.h"

#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 2026-03-11 14:00:00 UTC */
#define BEGIN 1773237600

static const char plan_text[] =
	"# Run Plan: cap\n\n## All Runs\n\n| Run Name | Type |\n|---|---|\n| 1B_rank4 | Fine-tuned |\n| 1B_rank64 | Fine-tuned |\n"
	"| 3B_base | Control |\n\n## Evaluations\n\n### Evaluation Matrix\n\n| Run Name | cap_5L |\n|---|---|\n| 1B_rank4 | 0, 1 |\n";

/* What is told, `after` seconds from the beginning; those past the mark only at the late moment. */
#define EARLY_RECORDS 13
static const struct told {
	int after;
	const char *run, *name, *members;
} story[] = {
	{0, "1B_rank4", "submit", "\"phase\":\"finetune\",\"sid\":\"a\",\"job_id\":100,\"user\":\"ann\",\"host\":\"login1\",\"cwd\":"
	 "\"/scratch/ann/cap/1B_rank4\",\"script\":\"finetune.slurm\",\"job_name\":\"ft\",\"command\":\"sbatch finetune.slurm lr=1e-4\","
	 "\"agent\":\"claude-code\",\"session\":\"s1\",\"git\":{\"commit\":\"3f9c2d1\",\"branch\":\"main\"}"},
	{60, "1B_rank4", "start", "\"phase\":\"finetune\",\"sid\":\"a\",\"job_id\":100,\"node\":\"n1\",\"nodes\":\"n[1-2]\",\"nnodes\":2,"
	 "\"stdout\":\"/scratch/ann/cap/slurm-100.out\",\"time_limit\":7200"},
	{90, "1B_rank4", "progress", "\"phase\":\"finetune\",\"job_id\":100,\"step\":100,\"train_loss\":0.5"},
	{900, "1B_rank4", "progress", "\"phase\":\"finetune\",\"job_id\":100,\"step\":2400,\"train_loss\":0.085,\"acc\":0.9"},
	{1000, "1B_rank4", "finish", "\"phase\":\"finetune\",\"job_id\":100,\"state\":\"COMPLETED\",\"final\":true,\"exit_code\":0,"
	 "\"signal\":0,\"submit_time\":1773237600,\"start_time\":1773237660,\"end_time\":1773238600,\"nodes\":\"n[1-2]\",\"source\":\"epilog\""},
	{5, "1B_rank64", "submit", "\"phase\":\"finetune\",\"sid\":\"b\",\"job_id\":101,\"user\":\"ann\",\"host\":\"login1\",\"script\":"
	 "\"finetune.slurm\",\"agent\":\"claude-code\",\"session\":\"s1\""},
	{70, "1B_rank64", "start", "\"phase\":\"finetune\",\"sid\":\"b\",\"job_id\":101,\"node\":\"n3\",\"nodes\":\"n3\",\"time_limit\":600"},
	{300, "1B_rank64", "task-failed", "\"phase\":\"finetune\",\"job_id\":101,\"step\":\"0\",\"node\":\"n3\",\"rank\":3,\"exit_code\":1,\"oom\":true"},
	{301, "1B_rank64", "usage", "\"phase\":\"finetune\",\"job_id\":101,\"step\":\"batch\",\"node\":\"n3\",\"cpu_s\":1200.5,"
	 "\"peak_memory_bytes\":3221225472"},
	{302, "1B_rank64", "finish", "\"phase\":\"finetune\",\"job_id\":101,\"state\":\"OUT_OF_MEMORY\",\"final\":true,\"exit_code\":1,"
	 "\"signal\":9,\"submit_time\":1773237605,\"start_time\":1773237670,\"end_time\":1773237902,\"source\":\"jobcomp\""},
	{1100, "1B_rank4", "submit", "\"phase\":\"cap_5L_epoch_0\",\"sid\":\"c\",\"job_id\":102,\"array_job_id\":102,\"user\":\"ann\","
	 "\"host\":\"login1\",\"script\":\"eval.slurm\""},
	{1110, "1B_rank4", "note", "\"text\":\"lr too high?\",\"user\":\"ann\""},
	{1120, "1B_rank4", "action", "\"action\":\"CACHE_BUILT\",\"subject\":\"1B_rank4\",\"details\":\"tokens | 3\",\"result\":\"ok\""},
	/* later */
	{1200, "1B_rank4", "start", "\"phase\":\"cap_5L_epoch_0\",\"sid\":\"c\",\"job_id\":102,\"array_job_id\":102,\"array_task_id\":0,"
	 "\"node\":\"n1\",\"nodes\":\"n1\""},
	{1300, "1B_rank64", "submit", "\"phase\":\"finetune\",\"sid\":\"d\",\"job_id\":104,\"user\":\"ann\",\"host\":\"login1\",\"script\":"
	 "\"finetune.slurm\",\"agent\":\"claude-code\",\"session\":\"s1\""},
	{1400, "1B_rank4", "finish", "\"phase\":\"cap_5L_epoch_0\",\"job_id\":102,\"array_job_id\":102,\"array_task_id\":0,\"state\":"
	 "\"TIMEOUT\",\"final\":true,\"exit_code\":0,\"signal\":15,\"end_time\":1773239000,\"source\":\"jobcomp\""},
	{1500, "new|run*", "submit", "\"phase\":\"eval\",\"sid\":\"e\",\"job_id\":105,\"user\":\"ann\",\"job_name\":\"# x\""},
	{1510, "1B_rank4", "note", "\"text\":\"a | b\\nc `d`\",\"user\":\"ann\",\"verdict\":\"keep\""},
	{1600, "1B_rank4", "sync", "\"phase\":\"finetune\",\"status\":\"ok\""},
};

static void tell(struct rlg_fold *fold, size_t number)
{
	const struct told *told = &story[number];
	struct rlg_record record;
	struct rlg_err err = {""};
	char line[2048];

	snprintf(line, sizeof(line),
		 "{\"timestamp\":%d.25,\"name\":\"%s\",\"context\":{\"v\":1,\"id\":\"%032zx\",\"cluster\":\"hpc\",\"run\":\"%s\",%s}}",
		 BEGIN + told->after, told->name, number + 1, told->run, told->members);
	FUZZ_MUST(rlg_record_parse(line, strlen(line), &record, &err) == 0, "%s: %s", err.text, line);
	rlg_fold_add(fold, told->run, &record);
	rlg_record_done(&record);
}

static struct rlg_model *model_of(struct fuzz_world *world, size_t records)
{
	static const char *const phases[] = {"finetune", "eval"};
	struct rlg_fold *fold = rlg_fold_new(world->arena, FUZZ_GROUP, "cap", phases, COUNT(phases));

	for (size_t i = 0; i < world->plan.n_runs; i++)
		rlg_fold_plan_run(fold, world->plan.runs[i].name, world->plan.runs[i].type, world->plan.runs[i].control);
	for (size_t i = 0; i < records; i++)
		tell(fold, i);
	return rlg_fold_finish(fold);
}

const struct fuzz_world *fuzz_world(void)
{
	static struct fuzz_world world;

	if (world.arena != NULL)
		return &world;
	setenv("TZ", "UTC0", 1);
	tzset();
	world.arena = rlg_arena_new();
	rlg_config_default(world.arena, &world.config);
	FUZZ_MUST(rlg_plan_parse_markdown(world.arena, "runs_plan.md", plan_text, &world.plan, NULL) == 0, "the plan");
	world.models[FUZZ_EARLY] = model_of(&world, EARLY_RECORDS);
	world.models[FUZZ_LATE] = model_of(&world, COUNT(story));
	return &world;
}

/* ---- a tracker's file ---- */

struct life {
	const struct rlg_tracker *tracker;
	const struct rlg_tracker_place *place;
	struct rlg_arena *arena;
	fuzz_check_fn *check;
};

struct file {
	const char *text, *base, *memory; /* NULL: none */
};

static void ignore_edit(void *context, const char *run, const char *phase, const char *field, const char *old_value,
			const char *new_value)
{
	FUZZ_MUST(run != NULL && field != NULL, "an edit of nothing");
}

static void ignore_run(void *context, const char *run, const char *phase)
{
	FUZZ_MUST(run != NULL, "a run without a name");
}

static bool same(const char *one, const char *other)
{
	return strcmp(one == NULL ? "" : one, other == NULL ? "" : other) == 0;
}

/* A refresh.  False: it is left alone. */
static bool refresh(const struct life *life, enum fuzz_moment moment, const struct file *file, struct file *out_file)
{
	const struct fuzz_world *world = fuzz_world();
	struct rlg_bytes out, remember;
	struct rlg_err err = {""};
	struct rlg_tracker_view view = {.arena = life->arena, .model = world->models[moment], .group_path = FUZZ_GROUP,
					.config = &world->config, .plan = &world->plan, .choice = life->tracker->default_path,
					.memory = file->memory, .remember = &remember};

	rlg_bytes_init(&out, life->arena);
	rlg_bytes_init(&remember, life->arena);
	if (life->tracker->edits != NULL && file->text != NULL)
		life->tracker->edits(life->arena, "FILE", view.model, file->text, file->base, ignore_edit, NULL, &err);
	err.text[0] = '\0';
	int code = life->tracker->render(&view, life->place, "FILE", file->text, file->base, &out, &err);
	FUZZ_MUST((code != 0) == (err.text[0] != '\0'), "%d with the sentence `%s`", code, err.text);
	if (code != 0) {
		FUZZ_MUST(out.length == 0, "refused (%s), and yet there is a text:\n%s", err.text, out.data);
		return false;
	}
	FUZZ_MUST(out.length == 0 || strlen(out.data) == out.length, "a NUL was written");
	*out_file = (struct file){.text = out.length == 0 && file->text == NULL ? NULL : out.length == 0 ? "" : out.data,
				  .memory = remember.length == 0 ? "" : remember.data};
	out_file->base = out_file->text;
	if (life->check != NULL && file->text != NULL)
		life->check(life->arena, file->text, out_file->text);
	return true;
}

/* The file at that moment, refreshed until it should stand still. */
static bool settle(const struct life *life, enum fuzz_moment moment, const struct file *file, struct file *out_file)
{
	struct file again;

	if (!refresh(life, moment, file, out_file))
		return false;
	FUZZ_MUST(refresh(life, moment, out_file, &again), "what was written is refused:\n%s\n--- from\n%s", out_file->text,
		  file->text == NULL ? "(nothing)" : file->text);
	FUZZ_MUST(same(again.text, out_file->text), "rendered again, it changes:\n%s\n--- to\n%s\n--- from\n%s",
		  out_file->text == NULL ? "(nothing)" : out_file->text, again.text == NULL ? "(nothing)" : again.text,
		  file->text == NULL ? "(nothing)" : file->text);
	FUZZ_MUST(same(again.memory, out_file->memory), "rendered again, the memory changes:\n%s\n--- to\n%s\n--- of\n%s",
		  out_file->memory, again.memory, again.text == NULL ? "(nothing)" : again.text);
	return true;
}

void fuzz_tracker(const struct rlg_tracker *tracker, const struct rlg_tracker_place *place, const uint8_t *data, size_t size,
		  fuzz_check_fn *check)
{
	if (fuzz_has_nul(data, size))
		return;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct life life = {tracker, place, arena, check};
	char *rest = fuzz_text(arena, data, size);
	struct file file = {.text = fuzz_part(&rest)}, early, late;

	if (rest != NULL) {
		file.base = file.text;
		file.text = rest;
	}
	if (tracker->runs != NULL)
		tracker->runs(arena, "FILE", file.text, ignore_run, NULL, NULL);
	if (settle(&life, FUZZ_EARLY, &file, &early))
		settle(&life, FUZZ_LATE, &early, &late);
}

void fuzz_is_added_to(struct rlg_arena *arena, const char *before, const char *after)
{
	size_t length = strlen(before);

	FUZZ_MUST(after != NULL && strncmp(before, after, length) == 0, "this was changed:\n%s\n--- to\n%s", before,
		  after == NULL ? "(nothing)" : after);
}
