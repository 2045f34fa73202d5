/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracker active_jobs.json: registries that people, agents and scripts have edited.
 *
 * Each folder of tests/golden/active_jobs is a case: before.json (none: there is no file yet) and after.json, or error.txt
 * if the file is to be left alone, or neither if no byte of it is to change.  model.json, memory.txt (what the tracker
 * left for itself) and session.txt (whose file it is; empty: everyone's) stand in the folder, or else count those beside
 * it.  With `--update` what is expected is written anew; look at it before it is committed.
 */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/arena_state.h"
#include "tests/unit/golden.h"
#include "tests/unit/model_builder.h"
#include "tests/unit/registry_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- golden files ---- */

/* The case's own, else the one that most cases share; NULL: neither. */
static char *read_setting(struct rlg_arena *arena, const char *name, const char *file)
{
	char *own = golden_read(arena, golden_path(arena, "active_jobs/%s/%s", name, file));

	return own != NULL ? own : golden_read(arena, golden_path(arena, "active_jobs/%s", file));
}

static void write_or_remove(const char *path, const char *text)
{
	unlink(path);
	if (text != NULL)
		golden_write(path, text);
}

static void check_text(const char *name, const char *what, const char *got, const char *expected)
{
	if (expected == NULL || strcmp(got, expected) != 0)
		fail_msg("%s: this should be in %s, but is not:\n%s\n--- but\n%s", name, what, got,
			 expected == NULL ? "(no such file)" : expected);
}

static void check_case(void *context, const char *name)
{
	struct rlg_arena *arena = context;
	struct rlg_model *model = rlg_build_model(arena, read_setting(arena, name, "model.json"));
	char *session = read_setting(arena, name, "session.txt");
	const char *before = golden_read(arena, golden_path(arena, "active_jobs/%s/before.json", name));
	const char *after_path = golden_path(arena, "active_jobs/%s/after.json", name);
	const char *error_path = golden_path(arena, "active_jobs/%s/error.txt", name);
	const char *unchanged = before != NULL ? before : "";

	session[strcspn(session, "\n")] = '\0';
	struct registry registry = {.arena = arena, .model = model, .session = session[0] != '\0' ? session : NULL};
	struct registry_result result =
		registry_render(&registry, before, read_setting(arena, name, "memory.txt"));
	if (update_goldens) {
		bool is_news = result.text != NULL && strcmp(result.text, unchanged) != 0;
		write_or_remove(after_path, is_news ? result.text : NULL);
		write_or_remove(error_path, result.error == NULL ? NULL : rlg_arena_printf(arena, "%s\n", result.error));
	}
	if (result.error != NULL) {
		check_text(name, "error.txt", rlg_arena_printf(arena, "%s\n", result.error), golden_read(arena, error_path));
		return;
	}
	if (access(error_path, F_OK) == 0)
		fail_msg("%s: this file is not left alone", name);
	const char *expected = golden_read(arena, after_path);
	check_text(name, "after.json", result.text, expected != NULL ? expected : unchanged);
	registry_check(&registry, unchanged, result.text);
	struct registry_result again = registry_render(&registry, result.text, result.memory);
	check_text(name, "after.json, the second time", again.text, result.text);
	check_text(name, "the memory, the second time", again.memory, result.memory);
}

static void hand_edited_files_change_only_where_they_must(void **state)
{
	golden_each(*state, "active_jobs", NULL, 60, check_case, *state);
}

/* ---- from one refresh to the next ---- */

#define JOB(id, state, rest)                                                                                              \
	"{\"job_id\": \"" id "\", \"cluster\": \"hpc\", \"host\": \"login1\", \"sid\": \"s" id "\", \"session\": \"s\", "  \
	"\"submit\": 1773237600, \"state\": \"" state "\"" rest "}"

static struct registry registry_of(struct rlg_arena *arena, const char *attempts)
{
	const char *json = rlg_arena_printf(arena, "{\"runs\": [{\"name\": \"a\", \"phases\": {\"finetune\": {\"attempts\": [%s]}}}]}",
					    attempts);

	return (struct registry){.arena = arena, .model = rlg_build_model(arena, json), .session = "s"};
}

static void what_a_person_took_out_stays_out_as_long_as_the_job_lives(void **state)
{
	struct registry waiting = registry_of(*state, JOB("7", "PENDING", "")),
			running = registry_of(*state, JOB("7", "RUNNING", "") ", " JOB("8", "RUNNING", ""));

	struct registry_result first = registry_render(&waiting, NULL, NULL);
	assert_non_null(strstr(first.text, "\"id\": \"7\""));
	struct registry_result second = registry_render(&running, "[]\n", first.memory);
	assert_null(strstr(second.text, "\"7\""));
	assert_non_null(strstr(second.text, "\"id\": \"8\""));
	struct registry_result third = registry_render(&running, "[]", second.memory);
	assert_string_equal(third.text, "[]");
	/* Without the file there is nothing that a person took anything out of. */
	assert_non_null(strstr(registry_render(&running, NULL, NULL).text, "\"id\": \"7\""));
}

static void an_ended_job_is_forgotten(void **state)
{
	struct registry running = registry_of(*state, JOB("7", "RUNNING", "")),
			ended = registry_of(*state, JOB("7", "FAILED", ", \"end\": 1773237700"));

	struct registry_result first = registry_render(&running, NULL, NULL);
	struct registry_result second = registry_render(&ended, first.text, first.memory);
	assert_string_equal(second.text, "[]\n");
	assert_string_equal(second.memory, "");
}

static void a_job_is_never_registered_after_its_end(void **state)
{
	struct registry ended = registry_of(*state, JOB("7", "TIMEOUT", ", \"end\": 1773237700"));

	assert_string_equal(registry_render(&ended, NULL, NULL).text, "");
	assert_string_equal(registry_render(&ended, "", NULL).text, "");
	assert_string_equal(registry_render(&ended, "[ ]", NULL).text, "[ ]");
}

static void every_state_of_slurms_is_told_or_ends_the_entry(void **state)
{
	static const char *const ends[] = {"COMPLETED",	    "FAILED",	 "CANCELLED", "TIMEOUT",  "NODE_FAIL", "OUT_OF_MEMORY",
					   "PREEMPTED",	    "BOOT_FAIL", "DEADLINE",  "REVOKED", "UNKNOWN",   "CANCELLED by 1001"},
				 *const lives[] = {"RUNNING", "COMPLETING", "SUSPENDED", "CONFIGURING", "PENDING"};
	static const char *const text = "[{\"id\": \"7\", \"last_status\": \"?\"}]";

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const char *job = rlg_arena_printf(*state, "{\"job_id\": \"7\", \"session\": \"s\", \"submit\": 1773237600, "
						   "\"state\": \"%s\", \"end\": 1773237700}", ends[i]);
		struct registry registry = registry_of(*state, job);
		assert_string_equal(registry_render(&registry, text, NULL).text, "[]");
	}
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		const char *job = rlg_arena_printf(*state, "{\"job_id\": \"7\", \"session\": \"s\", \"submit\": 1773237600, "
						   "\"state\": \"%s\"}", lives[i]);
		struct registry registry = registry_of(*state, job);
		assert_string_equal(registry_render(&registry, text, NULL).text,
				    rlg_arena_printf(*state, "[{\"id\": \"7\", \"last_status\": \"%s\"}]", lives[i]));
	}
}

/* ---- size ---- */

#define MANY 5000

static void five_thousand_jobs_take_a_moment(void **state)
{
	struct rlg_bytes list;
	clock_t start = clock();

	rlg_bytes_init(&list, *state);
	for (int i = 0; i < MANY; i++)
		rlg_bytes_addf(&list, "%s{\"job_id\": \"%d\", \"session\": \"s\", \"submit\": 1773237600, \"state\": \"PENDING\"}",
			       i == 0 ? "" : ", ", 1000 + i);
	struct registry waiting = registry_of(*state, list.data);
	struct registry_result first = registry_render(&waiting, NULL, NULL);
	struct rlg_attempt *attempts = (struct rlg_attempt *)waiting.model->runs[0].phases[0].attempts;
	for (int i = 0; i < MANY; i++)
		if (i % 2 == 0) {
			attempts[i].ended = attempts[i].final = true;
			attempts[i].status = RLG_STATUS_COMPLETED;
		}
	struct registry_result second = registry_render(&waiting, first.text, first.memory);
	size_t left = 0;
	for (const char *at = strstr(second.text, "\"id\""); at != NULL; at = strstr(at + 1, "\"id\""))
		left++;
	assert_int_equal(left, MANY / 2);
	/* An array of as many tasks is one entry. */
	for (int i = 0; i < MANY; i++)
		attempts[i].array_job_id = 77, attempts[i].array_task_id = i;
	struct registry_result third = registry_render(&waiting, "[]", NULL);
	assert_non_null(strstr(third.text, "\"id\": \"77\""));
	assert_null(strstr(strstr(third.text, "\"id\"") + 1, "\"id\""));
	/* 0.2 s without sanitizers; what is not linear takes minutes. */
	assert_true((clock() - start) / CLOCKS_PER_SEC < 20);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hand_edited_files_change_only_where_they_must, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(what_a_person_took_out_stays_out_as_long_as_the_job_lives, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(an_ended_job_is_forgotten, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_job_is_never_registered_after_its_end, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(every_state_of_slurms_is_told_or_ends_the_entry, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(five_thousand_jobs_take_a_moment, arena_set_up, arena_tear_down),
	};

	golden_begin(argc, argv);
	setenv("TZ", "UTC0", 1);
	tzset();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
