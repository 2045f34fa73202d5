/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has changed between two looks, in words, as JSON and for a hook. */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "tool/follow/change_forms.h"
#include "tool/follow/change_words.h"

#include <cjson/cJSON.h>

#define S RLG_SECOND_US
#define RUNS_MOST 120

/* A group with runs of one phase, each of up to three attempts. */
struct look {
	struct rlg_model model;
	struct rlg_run runs[RUNS_MOST];
	struct rlg_phase phases[RUNS_MOST];
	struct rlg_attempt attempts[RUNS_MOST][3];
	char names[RUNS_MOST][16];
};

static struct look looks[2];
static struct look *const old = &looks[0], *const now = &looks[1];
static struct rlg_arena *arena;

static int set_up(void **state)
{
	arena = rlg_arena_new();
	for (struct look *look = looks; look < looks + 2; look++) {
		*look = (struct look){.model = {.run_group = "g", .group_path = "/g", .runs = look->runs}};
		for (size_t i = 0; i < RUNS_MOST; i++) {
			snprintf(look->names[i], sizeof(look->names[i]), "r%zu", i);
			look->phases[i] = (struct rlg_phase){.name = "eval", .attempts = look->attempts[i]};
			look->runs[i] = (struct rlg_run){.name = look->names[i], .phases = &look->phases[i], .n_phases = 1};
		}
	}
	return scratch_set_up(state);
}

static int tear_down(void **state)
{
	rlg_arena_free(arena);
	return scratch_tear_down(state);
}

/* One attempt more at run `at`, which decides. */
static struct rlg_attempt *attempt(struct look *look, size_t at, int64_t job_id, enum rlg_status status, const char *state)
{
	struct rlg_phase *phase = &look->phases[at];
	struct rlg_attempt *made = &look->attempts[at][phase->n_attempts++];
	bool ended = status == RLG_STATUS_COMPLETED || status == RLG_STATUS_FAILED;

	*made = (struct rlg_attempt){.job_id = job_id, .array_job_id = -1, .array_task_id = -1, .het_job_id = -1,
				     .status = status, .slurm_state = state, .ended = ended, .final = ended, .exit_code = -1,
				     .signal = -1};
	if (look->model.n_runs <= at)
		look->model.n_runs = at + 1;
	phase->status = status;
	phase->status_text = rlg_status_word(status);
	phase->deciding = made;
	phase->job_id = job_id < 0 ? NULL : rlg_arena_printf(arena, "%lld", (long long)job_id);
	phase->word_us = 100 * S;
	return made;
}

static struct rlg_attempt *ended(struct rlg_attempt *made, const char *state, bool final)
{
	made->ended = true;
	made->final = final;
	made->slurm_state = state;
	return made;
}

/* All changes in their words, a "|" behind each. */
static const char *told(void)
{
	struct rlg_change *changes;
	size_t n = rlg_changes(arena, &old->model, &now->model, &changes);
	struct rlg_bytes words;

	rlg_bytes_init(&words, arena);
	for (size_t i = 0; i < n; i++)
		rlg_bytes_addf(&words, "%s|", rlg_change_words(arena, &changes[i]));
	return words.data;
}

static enum rlg_change_kind kind(void)
{
	struct rlg_change *changes;

	assert_int_equal(rlg_changes(arena, &old->model, &now->model, &changes), 1);
	return changes[0].kind;
}

static void what_stays_is_no_change(void **state)
{
	assert_string_equal(told(), "");
	attempt(old, 0, 1, RLG_STATUS_RUNNING, "RUNNING");
	attempt(now, 0, 1, RLG_STATUS_RUNNING, "RUNNING")->nodes = "n1";
	attempt(old, 1, 2, RLG_STATUS_COMPLETED, "COMPLETED");
	attempt(now, 1, 2, RLG_STATUS_COMPLETED, "COMPLETED");
	now->phases[1].word_us = 200 * S;
	assert_string_equal(told(), "");
}

static void each_step_of_a_job_is_told(void **state)
{
	/* A run that nobody knew. */
	attempt(now, 0, 1, RLG_STATUS_SUBMITTED, "PENDING");
	assert_string_equal(told(), "r0/eval: submitted (job 1)|");
	attempt(old, 0, 1, RLG_STATUS_SUBMITTED, "PENDING");
	now->phases[0].n_attempts = 0;
	attempt(now, 0, 1, RLG_STATUS_RUNNING, "RUNNING")->nodes = "n[1-2]";
	assert_string_equal(told(), "r0/eval: running on n[1-2] (job 1)|");
	now->phases[0].n_attempts = 0;
	struct rlg_attempt *end = attempt(now, 0, 1, RLG_STATUS_COMPLETED, "COMPLETED");
	end->start_us = 100 * S;
	end->end_us = 912 * S;
	assert_string_equal(told(), "r0/eval: completed (job 1, 13m 32s)|");
	assert_int_equal(kind(), RLG_CHANGE_STATUS);
}

static void a_failure_tells_its_cause(void **state)
{
	static const struct rlg_failure failure = {.node = "n2", .rank = 3, .step = "0", .exit_code = 1, .oom = -1};

	attempt(old, 0, 1, RLG_STATUS_RUNNING, "RUNNING");
	struct rlg_attempt *end = attempt(now, 0, 1, RLG_STATUS_FAILED, "FAILED");
	end->failure = &failure;
	end->exit_code = 1;
	assert_string_equal(told(), "r0/eval: failed: FAILED, rank 3 on n2, exit code 1 (job 1)|");
}

static void what_the_job_told_last_is_told(void **state)
{
	static struct rlg_progress_point points[] = {{1, "step 1"}, {2, "step 2400, train_loss 0.085"}};
	static struct rlg_metric metrics[] = {{.name = "loss", .last = "0.1"}};

	attempt(old, 0, 1, RLG_STATUS_RUNNING, "RUNNING");
	attempt(now, 0, 1, RLG_STATUS_COMPLETED, "COMPLETED");
	now->phases[0].progress = (struct rlg_progress){.last_step = "7", .metrics = metrics, .n_metrics = 1};
	assert_string_equal(told(), "r0/eval: completed, step 7, loss 0.1 (job 1)|");
	now->phases[0].progress.points = points;
	now->phases[0].progress.n_points = 2;
	assert_string_equal(told(), "r0/eval: completed, step 2400, train_loss 0.085 (job 1)|");
}

static void a_requeue_is_told_and_so_is_the_start_after_it(void **state)
{
	attempt(old, 0, 1, RLG_STATUS_RUNNING, "RUNNING");
	ended(attempt(now, 0, 1, RLG_STATUS_SUBMITTED, "RUNNING"), "NODE_FAIL", false);
	assert_string_equal(told(), "r0/eval: back in the queue (job 1); it was NODE_FAIL|");

	/* Both between two looks. */
	attempt(now, 0, 1, RLG_STATUS_RUNNING, "RUNNING");
	assert_string_equal(told(), "r0/eval: running (job 1); it was NODE_FAIL|");
	assert_int_equal(kind(), RLG_CHANGE_AGAIN);

	/* It waits as an attempt of its own. */
	now->phases[0].n_attempts = 1;
	attempt(now, 0, 1, RLG_STATUS_SUBMITTED, "PENDING");
	assert_string_equal(told(), "r0/eval: back in the queue (job 1); it was NODE_FAIL|");
}

static void another_job_is_told(void **state)
{
	attempt(old, 0, 1, RLG_STATUS_FAILED, "FAILED");
	ended(attempt(now, 0, 1, RLG_STATUS_FAILED, "FAILED"), "FAILED", true);
	attempt(now, 0, 2, RLG_STATUS_FAILED, "TIMEOUT");
	assert_string_equal(told(), "r0/eval: failed: TIMEOUT (job 2)|");

	/* The first has ended while the second waits for it. */
	attempt(old, 1, 3, RLG_STATUS_RUNNING, "RUNNING");
	ended(attempt(now, 1, 3, RLG_STATUS_FAILED, "FAILED"), "OUT_OF_MEMORY", true);
	attempt(now, 1, 4, RLG_STATUS_SUBMITTED, "PENDING");
	assert_string_equal(told(), "r0/eval: failed: TIMEOUT (job 2)|"
				    "r1/eval: submitted (job 4); job 3 before it: OUT_OF_MEMORY|");
}

static void a_job_id_that_becomes_known_is_no_other_job(void **state)
{
	attempt(old, 0, -1, RLG_STATUS_SUBMITTED, "PENDING");
	attempt(now, 0, 5, RLG_STATUS_SUBMITTED, "PENDING");
	assert_string_equal(told(), "");
}

static void tasks_of_an_array_are_one_job(void **state)
{
	attempt(old, 0, 11, RLG_STATUS_RUNNING, "RUNNING")->array_job_id = 10;
	attempt(now, 0, 11, RLG_STATUS_COMPLETED, "COMPLETED")->array_job_id = 10;
	attempt(now, 0, 12, RLG_STATUS_RUNNING, "RUNNING")->array_job_id = 10;
	assert_string_equal(told(), "");
	now->attempts[0][1].array_job_id = 20;
	assert_int_equal(kind(), RLG_CHANGE_AGAIN);
}

static void another_word_on_how_it_ended_is_told(void **state)
{
	attempt(old, 0, 1, RLG_STATUS_FAILED, "UNKNOWN");
	attempt(now, 0, 1, RLG_STATUS_FAILED, "TIMEOUT");
	assert_string_equal(told(), "r0/eval: failed: TIMEOUT (job 1)|");
	assert_int_equal(kind(), RLG_CHANGE_STATE);
}

static void a_job_without_a_word_is_told_once(void **state)
{
	attempt(old, 0, 1, RLG_STATUS_RUNNING, "RUNNING");
	attempt(now, 0, 1, RLG_STATUS_RUNNING, "RUNNING");
	now->phases[0].silent_since_us = 1760896860 * S;
	assert_int_equal(kind(), RLG_CHANGE_SILENT);
	assert_string_equal(told(), "r0/eval: running (job 1), no word since 2025-10-19 18:01:00|");
	old->phases[0].silent_since_us = 1760896860 * S;
	assert_string_equal(told(), "");
}

static void a_persons_word_is_told(void **state)
{
	attempt(old, 0, 1, RLG_STATUS_FAILED, "FAILED");
	attempt(now, 0, 1, RLG_STATUS_FAILED, "FAILED");
	now->phases[0].status = RLG_STATUS_SKIPPED;
	now->phases[0].status_text = now->phases[0].edit.status = "skipped";
	now->phases[0].deciding = NULL;
	assert_string_equal(told(), "r0/eval: skipped, by hand (job 1)|");
	now->phases[0].status = RLG_STATUS_FAILED;
	now->phases[0].status_text = now->phases[0].edit.status = "to be repeated";
	assert_string_equal(told(), "r0/eval: to be repeated, by hand (job 1)|");
}

static void what_the_plan_says_is_nothing_that_happened(void **state)
{
	now->model.n_runs = 2;
	now->phases[0].status = RLG_STATUS_SKIPPED; /* a base model is not fine-tuned */
	assert_string_equal(told(), "");
	/* And a run that is taken out of it has not changed. */
	attempt(old, 2, 1, RLG_STATUS_RUNNING, "RUNNING");
	old->phases[0].status = RLG_STATUS_SKIPPED;
	assert_string_equal(told(), "");
}

/* ---- many ---- */

/* The lines that all changes come to, a newline behind each; a time as "@". */
static const char *lines(void)
{
	struct rlg_change *changes;
	size_t n = rlg_changes(arena, &old->model, &now->model, &changes);
	struct rlg_change_lines all;
	struct rlg_bytes text;

	rlg_changes_tell(arena, changes, n, &all);
	rlg_bytes_init(&text, arena);
	for (size_t i = 0; i < all.n; i++)
		rlg_bytes_addf(&text, "%s%s\n", all.list[i].time_us == 100 * S ? "@ " : "", all.list[i].words);
	return text.data;
}

static void end_run(size_t at, enum rlg_status status, const char *state, const char *log)
{
	attempt(old, at, (int64_t)at + 1, RLG_STATUS_RUNNING, "RUNNING");
	struct rlg_attempt *end = attempt(now, at, (int64_t)at + 1, status, state);
	end->stdout_path = log;
	/* Each took as long as no other. */
	end->start_us = 100 * S;
	end->end_us = (200 + (int64_t)at) * S;
	end->exit_code = strcmp(state, "FAILED") == 0 ? 1 : 0;
}

static void few_changes_get_a_line_each(void **state)
{
	write_text(in_scratch("log"), "Error: one\nError: two\nError: three\nError: four\n");
	end_run(0, RLG_STATUS_COMPLETED, "COMPLETED", NULL);
	end_run(1, RLG_STATUS_FAILED, "FAILED", in_scratch("log"));
	assert_string_equal(lines(), "@ r0/eval: completed (job 1, 1m 40s)\n"
				     "@ r1/eval: failed: FAILED after 1m 41s: exit code 1 (job 2)\n"
				     "  Error: two\n  Error: three\n  Error: four\n");
}

static void many_changes_are_a_few_lines(void **state)
{
	write_text(in_scratch("log"), "Error: one\nRuntimeError: CUDA out of memory\n");
	for (size_t i = 0; i < 100; i++) {
		bool good = i % 10 != 3;
		end_run(i, good ? RLG_STATUS_COMPLETED : RLG_STATUS_FAILED, good ? "COMPLETED" : i == 93 ? "TIMEOUT" : "FAILED",
			good ? NULL : in_scratch("log"));
	}
	assert_string_equal(lines(),
			    "@ 90 completed (r0/eval, r1/eval, r2/eval, r4/eval, ...), 10 failed (r3/eval, r13/eval, r23/eval, "
			    "r33/eval, ...)\n"
			    "failed: FAILED, exit code 1 (r3/eval, r13/eval, r23/eval, r33/eval, ...)\n"
			    "  RuntimeError: CUDA out of memory\n"
			    "failed: TIMEOUT (r93/eval)\n"
			    "  RuntimeError: CUDA out of memory\n");
}

static void many_causes_are_a_few_lines(void **state)
{
	static char states[10][8];

	for (size_t i = 0; i < 10; i++) {
		snprintf(states[i], sizeof(states[i]), "ODD%zu", i);
		end_run(i, RLG_STATUS_FAILED, states[i], NULL);
	}
	assert_string_equal(lines(), "@ 10 failed (r0/eval, r1/eval, r2/eval, r3/eval, ...)\n"
				     "failed: ODD0 (r0/eval)\nfailed: ODD1 (r1/eval)\nfailed: ODD2 (r2/eval)\n"
				     "failed for other reasons: 7\n");
}

/* ---- for programs ---- */

static struct rlg_change only_change(void)
{
	struct rlg_change *changes;

	assert_int_equal(rlg_changes(arena, &old->model, &now->model, &changes), 1);
	return changes[0];
}

static const char *json_text(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	assert_non_null(item);
	return cJSON_IsNull(item) ? "null" : cJSON_GetStringValue(item);
}

static void json_is_one_line_whatever_names_are_like(void **state)
{
	static struct rlg_metric metrics[] = {{.name = "lo\"ss\n", .last = "0.1"}};
	struct rlg_bytes out;

	end_run(0, RLG_STATUS_FAILED, "FAILED", in_scratch("log"));
	write_bytes(in_scratch("log"), "Error: \xff\x1b]0;x\a\n", 15, 0644);
	old->runs[0].name = now->runs[0].name = "r\n\"\x1b\xff";
	now->phases[0].progress = (struct rlg_progress){.metrics = metrics, .n_metrics = 1};
	struct rlg_change change = only_change();
	rlg_bytes_init(&out, arena);
	rlg_change_json(&out, &now->model, &change);
	assert_ptr_equal(strchr(out.data, '\n'), out.data + out.length - 1);
	cJSON *object = cJSON_Parse(out.data);
	assert_non_null(object);
	assert_string_equal(json_text(object, "run"), "r\n\"\x1b\xef\xbf\xbd");
	assert_string_equal(json_text(object, "status"), "failed");
	assert_string_equal(json_text(object, "old_status"), "running");
	assert_string_equal(json_text(object, "change"), "status");
	assert_string_equal(json_text(object, "job_id"), "1");
	assert_string_equal(json_text(object, "cause"), "FAILED after 1m 40s: exit code 1");
	assert_string_equal(json_text(object, "nodes"), "null");
	assert_string_equal(json_text(object, "last_word"), "1970-01-01T00:01:40Z");
	assert_string_equal(json_text(cJSON_GetObjectItemCaseSensitive(object, "metrics"), "lo\"ss\n"), "0.1");
	const cJSON *log_lines = cJSON_GetObjectItemCaseSensitive(object, "log_lines");
	assert_int_equal(cJSON_GetArraySize(log_lines), 1);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(log_lines, 0)), "Error: \xef\xbf\xbd\x1b]0;x\a");
	cJSON_Delete(object);
}

static bool env_has(const char *const *env, const char *text)
{
	for (; *env != NULL; env++)
		if (strcmp(*env, text) == 0)
			return true;
	return false;
}

static void a_hook_finds_the_change_in_its_environment(void **state)
{
	end_run(0, RLG_STATUS_FAILED, "FAILED", in_scratch("log"));
	write_text(in_scratch("log"), "Error: a\nError: b\n");
	struct rlg_change change = only_change();
	const char *const *env = rlg_change_env(arena, &now->model, &change);
	assert_true(env_has(env, "RUNLEDGER_CHANGE_GROUP=/g"));
	assert_true(env_has(env, "RUNLEDGER_CHANGE_RUN=r0"));
	assert_true(env_has(env, "RUNLEDGER_CHANGE_PHASE=eval"));
	assert_true(env_has(env, "RUNLEDGER_CHANGE_STATUS=failed"));
	assert_true(env_has(env, "RUNLEDGER_CHANGE_OLD_STATUS=running"));
	assert_true(env_has(env, "RUNLEDGER_CHANGE_JOB_ID=1"));
	assert_true(env_has(env, "RUNLEDGER_CHANGE_CAUSE=FAILED after 1m 40s: exit code 1"));
	assert_true(env_has(env, "RUNLEDGER_CHANGE_EXIT_CODE=1"));
	assert_true(env_has(env, "RUNLEDGER_CHANGE_SIGNAL="));
	assert_true(env_has(env, "RUNLEDGER_CHANGE_LOG_LINES=Error: a\nError: b"));
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(what_stays_is_no_change),
		CLAIM(each_step_of_a_job_is_told),
		CLAIM(a_failure_tells_its_cause),
		CLAIM(what_the_job_told_last_is_told),
		CLAIM(a_requeue_is_told_and_so_is_the_start_after_it),
		CLAIM(another_job_is_told),
		CLAIM(a_job_id_that_becomes_known_is_no_other_job),
		CLAIM(tasks_of_an_array_are_one_job),
		CLAIM(another_word_on_how_it_ended_is_told),
		CLAIM(a_job_without_a_word_is_told_once),
		CLAIM(a_persons_word_is_told),
		CLAIM(what_the_plan_says_is_nothing_that_happened),
		CLAIM(few_changes_get_a_line_each),
		CLAIM(many_changes_are_a_few_lines),
		CLAIM(many_causes_are_a_few_lines),
		CLAIM(json_is_one_line_whatever_names_are_like),
		CLAIM(a_hook_finds_the_change_in_its_environment),
	};

	setenv("TZ", "UTC0", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
