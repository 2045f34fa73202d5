/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracker run_manifest.json: the story of a run, stage by stage; files that people and scripts have edited; what they
 * changed; and random files.
 *
 * tests/golden/run_manifest/story has the manifest of each stage.  Each folder of tests/golden/run_manifest/hand is a
 * case: before.json, and after.json at the end of the story, or error.txt if the file is to be left alone.  `--update`
 * writes what is expected anew; look at it before it is committed.  `--write DIR` writes the stages there, for the schema.
 * RLG_TEST_SEED sets where the random files begin, RLG_TEST_SHUFFLES how many there are.
 */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/golden.h"
#include "lib/record_read.h"
#include "tool/model/fold.h"
#include "tool/tracker/run_manifest.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RUN "20260218T160045Z"
#define PATH "/p/experiments/plan/iter1/runs/" RUN "/run_manifest.json"

static struct rlg_arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = rlg_arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rlg_arena_free(arena);
	return 0;
}

/* ---- the story ---- */

#define RECORD(time, name, id, rest)                                                                                 \
	"{\"timestamp\":" time ".000000,\"name\":\"" name "\",\"context\":{\"v\":1,\"id\":\"" id                           \
	"\",\"cluster\":\"c\",\"run\":\"" RUN "\",\"phase\":\"train\"" rest "}}"
#define SUBMIT(time, job) RECORD(time, "submit", "submit" job, ",\"sid\":\"s" job "\",\"job_id\":" job \
				 ",\"user\":\"ann\",\"host\":\"login1\",\"script\":\"run_slurm.sbatch\",\"command\":\"sbatch run_slurm.sbatch\"")
#define START(time, job) RECORD(time, "start", "start" job, ",\"sid\":\"s" job "\",\"job_id\":" job \
				",\"nodes\":\"n1\",\"start_time\":" time)
#define FINISH(submitted, started, time, job, state, code)                                                           \
	RECORD(time, "finish", "finish" job,                                                                         \
	       ",\"sid\":\"s" job "\",\"job_id\":" job ",\"state\":\"" state                                            \
	       "\",\"final\":true,\"exit_code\":" code ",\"signal\":0,\"submit_time\":" submitted                         \
	       ",\"start_time\":" started ",\"end_time\":" time ",\"nodes\":\"n1\",\"source\":\"epilog\"")

/* What is heard at each stage, and what the manifest should say then; `here`: where artifacts need no copying. */
static const struct stage {
	const char *name, *record, *status, *status_here;
} stages[] = {
	{"planned", NULL, "pending", "pending"},
	{"submitted", SUBMIT("1771430445", "4187"), "submitted", "submitted"},
	{"running", START("1771430500", "4187"), "running", "running"},
	{"failed", FINISH("1771430445", "1771430500", "1771431000", "4187", "FAILED", "1"), "failed", "failed"},
	{"resubmitted", SUBMIT("1771432000", "4190"), "submitted", "submitted"},
	{"running_again", START("1771432900", "4190"), "running", "running"},
	{"syncing", RECORD("1771433000", "sync", "sync1", ",\"status\":\"syncing\""), "running", "running"},
	{"synced", RECORD("1771433100", "sync", "sync2", ",\"status\":\"ok\""), "synced", "synced"},
	{"sync_failed", RECORD("1771433200", "sync", "sync3", ",\"status\":\"failed\""), "running", "running"},
	{"ended", FINISH("1771432000", "1771432900", "1771434000", "4190", "COMPLETED", "0"), "running", "running"},
	{"completed", RECORD("1771435000", "sync", "sync4", ",\"status\":\"ok\""), "completed", "completed"},
};

static const char *const phases[] = {"train", "eval"};

static void add_record(struct rlg_fold *fold, const char *line)
{
	struct rlg_record record;

	assert_int_equal(rlg_record_parse(line, strlen(line), &record, NULL), 0);
	rlg_fold_add(fold, RUN, &record);
	rlg_record_done(&record);
}

static struct rlg_fold *new_fold(void)
{
	struct rlg_fold *fold = rlg_fold_new(arena, "/p", "p", phases, COUNT(phases));

	rlg_fold_plan_run(fold, RUN, NULL, false);
	return fold;
}

/* The model after the stages up to `last`, and `more` records. */
static const struct rlg_model *model_with(size_t last, const char *const *more, size_t n_more)
{
	struct rlg_fold *fold = new_fold();

	for (size_t i = 1; i <= last; i++)
		add_record(fold, stages[i].record);
	for (size_t i = 0; i < n_more; i++)
		add_record(fold, more[i]);
	return rlg_fold_finish(fold);
}

static const struct rlg_model *model_at(size_t last)
{
	return model_with(last, NULL, 0);
}

/* The file anew, or the sentence if it is to be left alone. */
static const char *render_as(const struct rlg_model *model, bool here, const char *path, const char *before, int *out_result)
{
	const struct rlg_config config = {.artifacts_are_here = here};
	const struct rlg_tracker_view view = {.arena = arena, .model = model, .group_path = "/p", .config = &config};
	const struct rlg_tracker_place place = {.path = path, .run = RUN};
	struct rlg_err err = {""};
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	*out_result = rlg_tracker_run_manifest.render(&view, &place, path, before, NULL, &out, &err);
	if (*out_result == 0)
		return out.data != NULL ? out.data : "";
	assert_int_equal(out.length, 0);
	assert_string_not_equal(err.text, "");
	return rlg_arena_printf(arena, "%s\n", err.text);
}

static const char *render(const struct rlg_model *model, bool here, const char *before)
{
	int result;
	const char *after = render_as(model, here, PATH, before, &result);

	if (result != 0)
		fail_msg("%s", after);
	return after;
}

static cJSON *parsed(const char *text)
{
	const char *start = strncmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text;
	cJSON *json = cJSON_ParseWithOpts(start, NULL, true);

	if (json == NULL)
		fail_msg("this is no JSON:\n%s", text);
	return json;
}

static const char *member(const char *text, const char *path)
{
	cJSON *json = parsed(text);
	const cJSON *at = json;
	char *names = rlg_arena_strdup(arena, path), *rest = names;

	for (const char *name; (name = strsep(&rest, ".")) != NULL;)
		at = cJSON_GetObjectItemCaseSensitive(at, name);
	const char *words = cJSON_IsString(at) ? rlg_arena_strdup(arena, at->valuestring) : cJSON_IsNull(at) ? "null" : "-";
	cJSON_Delete(json);
	return words;
}

/* ---- golden files ---- */

static const char *story_file(size_t stage, bool here)
{
	return rlg_arena_printf(arena, "%02zu_%s%s.json", stage, stages[stage].name, here ? "_here" : "");
}

/* Calls `take` with the manifest of each stage, from the planned one and from none. */
static void tell_story(bool from_none, bool here, void (*take)(const char *name, const char *text, size_t stage, bool here))
{
	const char *text = from_none ? NULL : golden_read(arena, golden_path(arena, "run_manifest/story/00_planned.json"));

	assert_true(from_none || text != NULL);
	for (size_t i = 0; i < COUNT(stages); i++) {
		const char *next = render(model_at(i), here, text);

		if (from_none && i == 0)
			assert_string_equal(next, "");
		text = *next != '\0' ? next : NULL;
		if (text != NULL)
			take(rlg_arena_printf(arena, "%s%s", from_none ? "new_" : "", story_file(i, here)), text, i, here);
	}
}

static void expect_stage(const char *name, const char *text, size_t stage, bool here)
{
	golden_expect(arena, golden_path(arena, "run_manifest/story/%s", name), text);
	assert_string_equal(member(text, "status"), here ? stages[stage].status_here : stages[stage].status);
	assert_string_equal(render(model_at(stage), here, text), text);
}

static void the_story_is_told_stage_by_stage(void **state)
{
	(void)state;
	tell_story(false, false, expect_stage);
	tell_story(true, false, expect_stage);
}

static void artifacts_that_are_here_need_no_word(void **state)
{
	static const char *const completed[] = {SUBMIT("1771432000", "4190"),
						FINISH("1771432000", "1771432900", "1771434000", "4190", "COMPLETED", "0")};
	const struct rlg_model *model = model_with(0, completed, COUNT(completed));
	const char *planned = golden_read(arena, golden_path(arena, "run_manifest/story/00_planned.json"));

	(void)state;
	assert_string_equal(member(render(model, true, planned), "status"), "completed");
	assert_string_equal(member(render(model, true, planned), "artifact_sync_to_local.status"), "ok");
	assert_string_equal(member(render(model, false, planned), "status"), "running");
	assert_string_equal(member(render(model, false, planned), "artifact_sync_to_local.status"), "pending");
	assert_string_equal(member(render(model_at(3), true, planned), "artifact_sync_to_local.status"), "pending");
}

/* ---- tasks and phases ---- */

#define TASK(task, state)                                                                                            \
	RECORD("1771434000", "finish", "task" #task,                                                                   \
	       ",\"job_id\":500" #task ",\"array_job_id\":5000,\"array_task_id\":" #task ",\"state\":\"" state               \
	       "\",\"final\":true,\"exit_code\":0,\"signal\":0,\"submit_time\":1771432000,\"start_time\":1771432900,"      \
	       "\"end_time\":1771434000,\"source\":\"epilog\"")

static void some_good_and_some_failed_is_partial(void **state)
{
	static const char *const mixed[] = {TASK(1, "COMPLETED"), TASK(2, "FAILED"), TASK(3, "COMPLETED")};
	static const char *const bad[] = {TASK(1, "TIMEOUT"), TASK(2, "FAILED")};
	static const char *const good[] = {TASK(1, "COMPLETED"), TASK(2, "COMPLETED")};
	const char *planned = golden_read(arena, golden_path(arena, "run_manifest/story/00_planned.json"));

	(void)state;
	const char *after = render(model_with(0, mixed, COUNT(mixed)), true, planned);
	assert_string_equal(member(after, "status"), "partial");
	assert_string_equal(member(after, "timestamps.completed_at"), "2026-02-18T17:00:00Z");
	assert_string_equal(member(render(model_with(0, bad, COUNT(bad)), true, planned), "status"), "failed");
	assert_string_equal(member(render(model_with(0, good, COUNT(good)), true, planned), "status"), "completed");
}

static void a_rejected_submission_goes_back_to_pending(void **state)
{
	static const char *const records[] = {
		RECORD("1771430445", "submit", "a1", ",\"sid\":\"s1\",\"user\":\"ann\",\"host\":\"login1\""),
		RECORD("1771430446", "reject", "a2", ",\"sid\":\"s1\",\"exit_code\":1")};
	const char *planned = golden_read(arena, golden_path(arena, "run_manifest/story/00_planned.json"));

	(void)state;
	const char *submitted = render(model_with(0, records, 1), false, planned);
	assert_string_equal(member(submitted, "status"), "submitted");
	assert_string_equal(member(submitted, "job_id"), "-");
	assert_string_equal(member(render(model_with(0, records, 2), false, submitted), "status"), "pending");
}

/* ---- where things stand ---- */

static void the_job_id_is_written_wherever_it_stands(void **state)
{
	const char *text = "{\"run_id\": \"" RUN "\", \"slurm\": {\"job_id\": null}, \"resource_request\": {\"slurm\": {\"job_id\": 1}, "
			   "\"job_id\": \"\"}}";
	const char *after = render(model_at(1), false, text);

	(void)state;
	assert_string_equal(member(after, "slurm.job_id"), "4187");
	assert_string_equal(member(after, "resource_request.slurm.job_id"), "4187");
	assert_string_equal(member(after, "resource_request.job_id"), "4187");
	assert_string_equal(member(after, "job_id"), "-");
	assert_string_equal(member(render(model_at(1), false, "{\"run_id\": \"" RUN "\"}"), "job_id"), "4187");
	/* A number that says the same is no news. */
	const char *number = "{\"job_id\": 4187, \"run_id\": \"" RUN "\"}";
	assert_non_null(strstr(render(model_at(1), false, number), "\"job_id\": 4187,"));
}

static void a_manifest_of_this_host_or_of_another_run_is_left_alone(void **state)
{
	static const char *const texts[] = {"{\"run_id\": \"" RUN "\", \"host_mode\": \"local\", \"status\": \"x\"}",
					    "{\"run_id\": \"" RUN "\", \"launch\": {\"mode\": \"Local\"}}"};
	static const char other[] = "{\"run_id\": \"other\", \"status\": \"x\"}";
	int result;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_string_equal(render(model_at(5), true, texts[i]), texts[i]);
	const struct rlg_config config = {.artifacts_are_here = false};
	const struct rlg_tracker_view view = {.arena = arena, .model = model_at(5), .group_path = "/p", .config = &config};
	const struct rlg_tracker_place place = {.path = "x/run_manifest.json"};
	struct rlg_bytes out;
	rlg_bytes_init(&out, arena);
	result = rlg_tracker_run_manifest.render(&view, &place, "/p/x/run_manifest.json", other, NULL, &out, NULL);
	assert_int_equal(result, 0);
	assert_string_equal(out.data, other);
}

/* A person's times stay with their job; with the next one they are nobody's any more. */
static void another_job_begins_anew(void **state)
{
	static const char text[] = "{\"run_id\": \"" RUN "\", \"job_id\": \"%s\", \"timestamps\": {\"started_at\": "
				   "\"2020-01-01T00:00:00Z\", \"completed_at\": \"2020-01-02T00:00:00Z\"}, "
				   "\"artifact_sync_to_local\": {\"status\": \"syncing\"}}";
	const char *same = rlg_arena_printf(arena, "%.*s4190%s", (int)(strstr(text, "%s") - text), text, strstr(text, "%s") + 2);
	const char *old = rlg_arena_printf(arena, "%.*s4187%s", (int)(strstr(text, "%s") - text), text, strstr(text, "%s") + 2);

	(void)state;
	assert_string_equal(member(render(model_at(5), false, same), "timestamps.started_at"), "2020-01-01T00:00:00Z");
	assert_string_equal(member(render(model_at(5), false, same), "timestamps.completed_at"), "2020-01-02T00:00:00Z");
	assert_string_equal(member(render(model_at(5), false, same), "artifact_sync_to_local.status"), "syncing");
	assert_string_equal(member(render(model_at(5), false, old), "timestamps.started_at"), "2026-02-18T16:41:40Z");
	assert_string_equal(member(render(model_at(5), false, old), "timestamps.completed_at"), "null");
	assert_string_equal(member(render(model_at(5), false, old), "artifact_sync_to_local.status"), "pending");
}

/* Only whole names are the machine's: "amp" and "local" are parts of them. */
static void a_null_of_a_persons_member_stays_null(void **state)
{
	static const char *const names[] = {"amp", "times", "local", "s", "artifact_sync_to"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *before = rlg_arena_printf(arena, "{\"%s\": null}", names[i]);
		const char *after = rlg_arena_printf(arena, "{\"%s\": {}}", names[i]);
		struct rlg_json_doc old, new;

		assert_int_equal(rlg_manifest_parse(arena, PATH, before, strlen(before), &old, NULL), 0);
		assert_int_equal(rlg_manifest_parse(arena, PATH, after, strlen(after), &new, NULL), 0);
		if (rlg_rm_unchanged(&old, &new))
			fail_msg("%s may become an object", names[i]);
	}
}

/* Each task looked for among all others would take a minute. */
static void an_array_of_many_tasks_is_counted_at_once(void **state)
{
	enum { TASKS = 200000 };
	struct rlg_attempt *attempts = rlg_arena_alloc(arena, 2 * TASKS * sizeof(*attempts));
	struct rlg_phase phase = {.name = "train", .attempts = attempts, .n_attempts = 2 * TASKS};
	const struct rlg_run run = {.name = RUN, .phases = &phase, .n_phases = 1, .word_us = 1};
	struct rlg_rm_state said;

	(void)state;
	/* Each failed once, and its requeue went well. */
	for (size_t i = 0; i < 2 * TASKS; i++)
		attempts[i] = (struct rlg_attempt){.array_job_id = 7, .array_task_id = (int64_t)(i % TASKS),
						   .status = i < TASKS ? RLG_STATUS_FAILED : RLG_STATUS_COMPLETED};
	phase.deciding = &attempts[2 * TASKS - 1];
	phase.status = RLG_STATUS_COMPLETED;
	alarm(20);
	rlg_rm_state(&run, true, &said);
	assert_string_equal(said.status, "completed");
	attempts[TASKS + 5].status = RLG_STATUS_FAILED;
	rlg_rm_state(&run, true, &said);
	alarm(0);
	assert_string_equal(said.status, "partial");
}

static void without_a_run_id_the_path_tells(void **state)
{
	(void)state;
	assert_string_equal(member(render(model_at(2), false, "{\"status\": \"submitted\"}"), "status"), "running");
}

/* ---- hand-edited files ---- */

static const char *const machine_keys[] = {"\"status\"",	  "\"job_id\"",	       "\"timestamps\"",
					   "\"started_at\"", "\"completed_at\"", "\"artifact_sync_to_local\""};

/* A line of a person's: it names none of the machine's members, and is more than a bracket. */
static bool is_persons_line(const char *line, size_t length)
{
	const char *copy = rlg_arena_strndup(arena, line, length);

	for (size_t i = 0; i < COUNT(machine_keys); i++)
		if (strstr(copy, machine_keys[i]) != NULL)
			return false;
	return copy[strspn(copy, " \t\r{}[],")] != '\0';
}

static const char *persons_lines(const char *text)
{
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	rlg_bytes_add(&out, "");
	for (const char *at = text; at != NULL && *at != '\0';) {
		size_t length = strcspn(at, "\n"), kept = length;

		if (is_persons_line(at, length)) {
			while (kept > 0 && strchr(",\r \t", at[kept - 1]) != NULL)
				kept--; /* a comma comes when something is put behind it */
			rlg_bytes_addf(&out, "%.*s\n", (int)kept, at);
		}
		at += length + (at[length] == '\n');
	}
	return out.data;
}

static void drop(cJSON *json, const char *inner, const char *name)
{
	cJSON_DeleteItemFromObjectCaseSensitive(
		inner != NULL ? cJSON_GetObjectItemCaseSensitive(json, inner) : json, name);
}

/* What is a person's, by another parser. */
static cJSON *persons_part(const char *text)
{
	cJSON *json = parsed(text);

	drop(json, NULL, "status");
	drop(json, NULL, "job_id");
	drop(json, "slurm", "job_id");
	drop(json, "resource_request", "job_id");
	drop(cJSON_GetObjectItemCaseSensitive(json, "resource_request"), "slurm", "job_id");
	drop(json, "timestamps", "started_at");
	drop(json, "timestamps", "completed_at");
	drop(json, "artifact_sync_to_local", "status");
	drop(cJSON_GetObjectItemCaseSensitive(json, "sync"), "artifact_sync_to_local", "status");
	const char *const objects[] = {"timestamps", "artifact_sync_to_local"};
	for (size_t i = 0; i < COUNT(objects); i++) {
		const cJSON *object = cJSON_GetObjectItemCaseSensitive(json, objects[i]);
		if (object != NULL && (cJSON_IsNull(object) || cJSON_GetArraySize(object) == 0))
			drop(json, NULL, objects[i]);
	}
	return json;
}

static void check_persons_part(const char *what, const char *before, const char *after)
{
	cJSON *old = persons_part(before), *new = persons_part(after);

	if (!cJSON_Compare(old, new, true))
		fail_msg("%s: more than the machine's fields changed:\n%s\n%s", what, before, after);
	cJSON_Delete(old);
	cJSON_Delete(new);
}

/* The file at each stage of the story: refreshed twice, and only where it must. */
static void check_all_stages(const char *what, const char *before)
{
	assert_string_equal(render(model_at(0), false, before), before);
	for (size_t i = 1; i < COUNT(stages); i++) {
		const char *after = render(model_at(i), false, before);

		check_persons_part(what, before, after);
		if (strcmp(render(model_at(i), false, after), after) != 0)
			fail_msg("%s: rendered a second time, it changes:\n%s", what, after);
	}
}

static void check_case(void *context, const char *name)
{
	const char *before = golden_read(arena, golden_path(arena, "run_manifest/hand/%s/before.json", name));
	int result;

	(void)context;
	assert_non_null(before);
	const char *after = render_as(model_at(COUNT(stages) - 1), false, "run_manifest.json", before, &result);
	golden_expect(arena, golden_path(arena, "run_manifest/hand/%s/%s", name, result == 0 ? "after.json" : "error.txt"), after);
	if (result != 0)
		return;
	check_all_stages(name, before);
	/* Where not all stands in one line. */
	const char *newline = strchr(before, '\n');
	if (newline != NULL && strchr(newline + 1, '\n') != NULL)
		assert_string_equal(persons_lines(after), persons_lines(before));
}

static void hand_edited_files_change_only_where_they_must(void **state)
{
	(void)state;
	golden_each(arena, "run_manifest/hand", NULL, 25, check_case, NULL);
}

/* ---- what people changed ---- */

static void note_edit(void *context, const char *run, const char *phase, const char *field, const char *old_value,
		      const char *new_value)
{
	assert_string_equal(run, RUN);
	rlg_bytes_addf(context, "%s %s: %s -> %s\n", phase, field, old_value != NULL ? old_value : "null", new_value);
}

static const char *edits(size_t stage, const char *text, const char *base)
{
	struct rlg_err err = {""};
	struct rlg_bytes lines;

	rlg_bytes_init(&lines, arena);
	rlg_bytes_add(&lines, "");
	assert_int_equal(rlg_tracker_run_manifest.edits(arena, PATH, model_at(stage), text, base, note_edit, &lines, &err), 0);
	return lines.data;
}

/* The stage's manifest with the status and the artifacts' status set by hand; NULL: as they are. */
static const char *by_hand(size_t stage, const char *status, const char *sync, const char **out_base)
{
	const char *text = golden_read(arena, golden_path(arena, "run_manifest/story/%s", story_file(stage, false)));
	struct rlg_text_edits changes;
	struct rlg_json_doc doc;
	struct rlg_bytes out;

	*out_base = text;
	assert_int_equal(rlg_json_parse(arena, PATH, text, strlen(text), &doc, NULL), 0);
	rlg_text_edits_init(&changes, arena);
	if (status != NULL)
		rlg_json_set(&doc, &changes, rlg_json_get(doc.root, "status"), rlg_json_text(arena, status));
	if (sync != NULL)
		rlg_json_set(&doc, &changes, rlg_json_at(doc.root, "artifact_sync_to_local.status"), rlg_json_text(arena, sync));
	rlg_bytes_init(&out, arena);
	assert_int_equal(rlg_text_edits_apply(&changes, text, strlen(text), &out), 0);
	return out.data;
}

static const char *edits_by_hand(size_t stage, const char *status, const char *sync)
{
	const char *base, *text = by_hand(stage, status, sync, &base);

	return edits(stage, text, base);
}

#define RUNNING 5
#define ENDED 9

static void a_persons_word_on_end_and_artifacts_is_told(void **state)
{
	(void)state;
	assert_string_equal(edits_by_hand(RUNNING, "failed", NULL), "train status: running -> failed\n");
	assert_string_equal(edits_by_hand(RUNNING, "partial", NULL), "train status: running -> partial\n");
	assert_string_equal(edits_by_hand(RUNNING, "archived", NULL), "train status: running -> archived\n");
	assert_string_equal(edits_by_hand(RUNNING, "success", NULL),
			    "train status: running -> completed\ntrain sync: pending -> ok\n");
	assert_string_equal(edits_by_hand(RUNNING, "synced", NULL), "train sync: pending -> ok\n");
	assert_string_equal(edits_by_hand(RUNNING, NULL, "syncing"), "train sync: pending -> syncing\n");
	assert_string_equal(edits_by_hand(RUNNING, NULL, "failed"), "train sync: pending -> failed\n");
	assert_string_equal(edits_by_hand(ENDED, NULL, "Passed"), "train sync: failed -> Passed\n");
	assert_string_equal(edits_by_hand(ENDED, "completed", "ok"), "train sync: failed -> ok\n");
	assert_string_equal(edits_by_hand(ENDED, "completed", NULL), "train sync: failed -> ok\n");
}

static void what_a_script_did_not_know_yet_is_no_edit(void **state)
{
	(void)state;
	assert_string_equal(edits_by_hand(RUNNING, NULL, NULL), "");
	assert_string_equal(edits_by_hand(RUNNING, "submitted", "pending"), "");
	assert_string_equal(edits_by_hand(RUNNING, "in_progress", NULL), "");
	assert_string_equal(edits_by_hand(3, "running", NULL), "");
	assert_string_equal(edits_by_hand(3, "pending", NULL), "");
	assert_string_equal(edits_by_hand(10, NULL, "completed"), "");
}

static void a_file_from_before_is_taken_over(void **state)
{
	(void)state;
	assert_string_equal(edits(0, "{\"run_id\":\"" RUN "\",\"status\":\"completed\",\"job_id\":\"12\","
				     "\"artifact_sync_to_local\":{\"status\":\"ok\"}}", NULL),
			    "train job_id: null -> 12\ntrain status: null -> completed\ntrain sync: null -> ok\n");
	assert_string_equal(edits(0, "{\"run_id\":\"" RUN "\",\"status\":\"submitted\",\"job_id\":12}", NULL),
			    "train job_id: null -> 12\ntrain status: null -> submitted\n");
	assert_string_equal(edits(0, "{\"run_id\":\"" RUN "\",\"status\":\"submitted\"}", NULL), "");
	assert_string_equal(edits(0, "{\"run_id\":\"" RUN "\",\"status\":\"<status>\",\"host_mode\":\"slurm\"}", NULL), "");
	assert_string_equal(edits(0, "{\"run_id\":\"" RUN "\",\"status\":\"completed\",\"host_mode\":\"local\"}", NULL), "");
	/* A job that the records know: they know better. */
	assert_string_equal(edits(3, "{\"run_id\":\"" RUN "\",\"status\":\"completed\",\"job_id\":\"4187\"}", NULL), "");
}

/* ---- at random ---- */

static unsigned long seed;

static unsigned pick(unsigned below)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (unsigned)(seed >> 33) % below;
}

static const char *one_of(const char *const *list, size_t count)
{
	return list[pick((unsigned)count)];
}

struct layout {
	const char *newline, *step, *colon;
};

static void add_value(struct rlg_bytes *out, const char *const *list, size_t count)
{
	rlg_bytes_add(out, one_of(list, count));
}

static void add_random_member(struct rlg_bytes *out, const struct layout *layout, const char *key)
{
	static const char *const times[] = {"null", "\"\"", "\"2026-02-18T16:00:45Z\"", "\"2026-01-01T00:00:00+01:00\"",
					    "\"<time>\"", "17"};
	static const char *const statuses[] = {"\"pending\"", "\"submitted\"", "\"OK\"", "null", "\"{{status}}\"", "\"weird\""};
	static const char *const ids[] = {"\"4187\"", "4190", "null", "\"\"", "\"99\""};
	static const char *const others[] = {"[1, 2]", "\"\\u00e9\\n\"", "{}", "{\"status\": 1}", "-0.5e3", "true"};

	rlg_bytes_addf(out, "\"%s\"%s", key, layout->colon);
	if (strcmp(key, "timestamps") == 0) {
		rlg_bytes_addf(out, "{\"started_at\"%s", layout->colon);
		add_value(out, times, COUNT(times));
		rlg_bytes_addf(out, ", \"x\"%s1, \"completed_at\"%s", layout->colon, layout->colon);
		add_value(out, times, COUNT(times));
		rlg_bytes_add(out, "}");
	} else if (strcmp(key, "artifact_sync_to_local") == 0) {
		rlg_bytes_addf(out, "{\"note\": 1, \"status\"%s", layout->colon);
		add_value(out, statuses, COUNT(statuses));
		rlg_bytes_add(out, "}");
	} else if (strcmp(key, "slurm") == 0) {
		rlg_bytes_addf(out, "{\"job_id\"%s", layout->colon);
		add_value(out, ids, COUNT(ids));
		rlg_bytes_add(out, "}");
	} else if (strcmp(key, "status") == 0) {
		add_value(out, statuses, COUNT(statuses));
	} else if (strcmp(key, "job_id") == 0) {
		add_value(out, ids, COUNT(ids));
	} else {
		add_value(out, others, COUNT(others));
	}
}

static const char *random_manifest(void)
{
	static const struct layout layouts[] = {{"\n", "  ", ": "}, {"\r\n", "\t", ": "}, {"\n", "    ", " : "},
						{"", "", ":"},	    {"", " ", ": "},	  {"\n", "", ": "}};
	const char *keys[] = {"status", "job_id", "slurm", "timestamps", "artifact_sync_to_local", "a", "status_2", "\xc3\xa9"};
	const struct layout *layout = &layouts[pick(COUNT(layouts))];
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	for (size_t i = COUNT(keys); i > 1; i--) {
		size_t other = pick((unsigned)i);
		const char *key = keys[i - 1];
		keys[i - 1] = keys[other];
		keys[other] = key;
	}
	rlg_bytes_addf(&out, "%s{%s%s\"run_id\": \"" RUN "\"", pick(5) == 0 ? "\xef\xbb\xbf" : "", layout->newline, layout->step);
	for (size_t i = 0; i < COUNT(keys); i++) {
		if (pick(3) == 0)
			continue;
		rlg_bytes_addf(&out, ",%s%s", layout->newline, layout->step);
		add_random_member(&out, layout, keys[i]);
	}
	rlg_bytes_addf(&out, "%s}%s", layout->newline, pick(2) == 0 ? layout->newline : "");
	return out.data;
}

static void random_files_keep_what_is_a_persons(void **state)
{
	const char *words = getenv("RLG_TEST_SEED"), *rounds = getenv("RLG_TEST_SHUFFLES");

	(void)state;
	seed = words != NULL ? strtoul(words, NULL, 10) : (unsigned long)time(NULL);
	printf("# RLG_TEST_SEED=%lu\n", seed);
	for (int i = rounds != NULL ? atoi(rounds) : 300; i > 0; i--) {
		check_all_stages("random", random_manifest());
		rlg_arena_free(arena);
		arena = rlg_arena_new();
	}
}

/* ---- */

static const char *write_to;

static void write_stage(const char *name, const char *text, size_t stage, bool here)
{
	(void)stage;
	(void)here;
	golden_write(rlg_arena_printf(arena, "%s/%s", write_to, name), text);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_story_is_told_stage_by_stage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(artifacts_that_are_here_need_no_word, set_up, tear_down),
		cmocka_unit_test_setup_teardown(some_good_and_some_failed_is_partial, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_rejected_submission_goes_back_to_pending, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_job_id_is_written_wherever_it_stands, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_manifest_of_this_host_or_of_another_run_is_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_run_id_the_path_tells, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_job_begins_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hand_edited_files_change_only_where_they_must, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_persons_word_on_end_and_artifacts_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_script_did_not_know_yet_is_no_edit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_from_before_is_taken_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_null_of_a_persons_member_stays_null, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_array_of_many_tasks_is_counted_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(random_files_keep_what_is_a_persons, set_up, tear_down),
	};

	setenv("TZ", "UTC0", 1);
	if (argc > 2 && strcmp(argv[1], "--write") == 0) {
		write_to = argv[2];
		arena = rlg_arena_new();
		tell_story(false, false, write_stage);
		tell_story(false, true, write_stage);
		tell_story(true, false, write_stage);
		tell_story(true, true, write_stage);
		rlg_arena_free(arena);
		return 0;
	}
	golden_begin(argc, argv);
	return cmocka_run_group_tests_name("run_manifest", tests, NULL, NULL);
}
