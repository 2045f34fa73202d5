/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of tool/tracker/run_log*.c on text: the story of the seed by stages, and files that people have edited.
 *
 * With --update the golden files are written as they come out; look at the difference before you keep it.
 */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/arena_state.h"
#include "tests/unit/golden.h"
#include "tests/unit/run_log_story.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PATH "run_logs/2026-03-11_train_front_cam.md"

/* ---- files and refreshes ---- */

static void is_golden(struct rlg_arena *arena, const char *name, const char *text)
{
	golden_expect(arena, golden_path(arena, "run_logs/%s", name), text);
}

/* A run log and what the tool remembers of it. */
struct log {
	const char *text, *memory; /* NULL: none */
};

/* What a refresh makes of it; the sentence, and no memory, where it is left alone. */
static struct log refresh(struct rlg_arena *arena, const struct story *story, struct log log)
{
	struct rlg_bytes out, memory;
	struct rlg_err err = {""};
	struct rlg_tracker_place place = {.path = PATH, .run = STORY_RUN, .data = &story->findings};
	struct rlg_tracker_view view = {
		.arena = arena, .model = &story->model, .group_path = "/scratch/bench", .memory = log.memory, .remember = &memory};

	rlg_bytes_init(&out, arena);
	rlg_bytes_init(&memory, arena);
	if (rlg_tracker_run_logs.render(&view, &place, PATH, log.text, log.text, &out, &err) == 0)
		return (struct log){out.data, memory.data};
	assert_int_equal(out.length, 0);
	assert_string_not_equal(err.text, "");
	return (struct log){rlg_arena_printf(arena, "%s\n", err.text), NULL};
}

/* As the tool alone makes it, refreshed at each stage up to this one. */
static struct log machine_log(struct rlg_arena *arena, enum story_stage stage)
{
	struct story *story = rlg_arena_alloc(arena, sizeof(*story));
	struct log log = {NULL, NULL};

	for (enum story_stage at = STORY_SUBMITTED; at <= stage; at++) {
		story_tell(story, at);
		log = refresh(arena, story, log);
	}
	return log;
}

static struct log refresh_at(struct rlg_arena *arena, enum story_stage stage, struct log log)
{
	struct story *story = rlg_arena_alloc(arena, sizeof(*story));

	story_tell(story, stage);
	return refresh(arena, story, log);
}

/* ---- the story ---- */

static void the_story_is_told_stage_by_stage(void **state)
{
	for (enum story_stage stage = STORY_SUBMITTED; stage < STORY_STAGES; stage++)
		is_golden(*state, rlg_arena_printf(*state, "story/%d.md", (int)stage), machine_log(*state, stage).text);
}

static void a_second_refresh_changes_nothing(void **state)
{
	for (enum story_stage stage = STORY_SUBMITTED; stage < STORY_STAGES; stage++) {
		struct log log = machine_log(*state, stage), again = refresh_at(*state, stage, log);
		assert_string_equal(again.text, log.text);
		assert_string_equal(again.memory, log.memory);
	}
}

/* The records of a job may all come at once, from a spool. */
static void stages_that_were_missed_end_in_the_same_words(void **state)
{
	for (enum story_stage stage = STORY_RUNNING; stage < STORY_STAGES; stage++) {
		struct log once = refresh_at(*state, stage, (struct log){NULL, NULL});
		if (stage < STORY_RESUBMITTED)
			assert_string_equal(once.text, machine_log(*state, stage).text);
		for (const char *line = strstr(once.text, "## Status"); line != NULL && *line == '-'; line = strchr(line, '\n'))
			assert_non_null(strstr(machine_log(*state, stage).text, line));
	}
}

static void a_lost_memory_writes_no_line_twice(void **state)
{
	struct log log = machine_log(*state, STORY_RUNNING);
	struct log after = refresh_at(*state, STORY_EVALUATED, (struct log){log.text, NULL});

	const char *line = "- 2026-03-11 14:58 \xe2\x80\x94 running on nid001\n", *at = strstr(after.text, line);
	assert_non_null(at);
	assert_null(strstr(at + 1, line));
	at = strstr(after.text, "4187578\n- submitted/start");
	assert_non_null(at);
	assert_null(strstr(at + 1, "4187578\n- submitted/start"));
}

static const char *without(struct rlg_arena *arena, const char *text, const char *words)
{
	const char *at = strstr(text, words);

	assert_non_null(at);
	return rlg_arena_printf(arena, "%.*s%s", (int)(at - text), text, at + strlen(words));
}

static const char *with_instead(struct rlg_arena *arena, const char *text, const char *words, const char *others)
{
	const char *at = strstr(text, words);

	assert_non_null(at);
	return rlg_arena_printf(arena, "%.*s%s%s", (int)(at - text), text, others, at + strlen(words));
}

/* Refresh upon refresh: what a person did once is not forgotten. */
static void what_a_person_took_away_stays_away(void **state)
{
	struct log log = machine_log(*state, STORY_RUNNING);

	log.text = without(*state, log.text, "- 2026-03-11 14:58 \xe2\x80\x94 running on nid001\n");
	for (enum story_stage stage = STORY_RUNNING; stage < STORY_STAGES; stage++) {
		log = refresh_at(*state, stage, log);
		log = refresh_at(*state, stage, log);
		assert_null(strstr(log.text, "running on nid001"));
	}
	log.text = without(*state, log.text, "\n## Job (resumed)\n- execution_id: 4187600");
	log = refresh_at(*state, STORY_EVALUATED, refresh_at(*state, STORY_EVALUATED, log));
	assert_null(strstr(log.text, "4187600\n- submitted"));
	assert_non_null(strstr(log.text, "- resumed from: `/scratch/bench/out/ckpt_50000`\n"));
}

static void what_a_person_wrote_over_stays_theirs(void **state)
{
	struct log log = machine_log(*state, STORY_TIMEOUT);

	log.text = with_instead(*state, log.text, "- node: nid001", "- node: nid001, the slow one");
	log.text = with_instead(*state, log.text, "- runtime: `24:00:00`", "- runtime: ~1 day");
	log.text = with_instead(*state, log.text, "\xe2\x80\x94 running on nid001", "- off we go");
	for (enum story_stage stage = STORY_TIMEOUT; stage < STORY_STAGES; stage++)
		log = refresh_at(*state, stage, refresh_at(*state, stage, log));
	assert_non_null(strstr(log.text, "- node: nid001, the slow one\n"));
	assert_non_null(strstr(log.text, "- runtime: ~1 day\n"));
	assert_non_null(strstr(log.text, "- 2026-03-11 14:58 - off we go\n"));
	assert_null(strstr(log.text, "running on nid001"));
}

static void what_the_machine_wrote_follows_the_records(void **state)
{
	struct story story;
	struct log log = machine_log(*state, STORY_TIMEOUT);

	story_tell(&story, STORY_TIMEOUT);
	story.train[0].nodes = "nid007";
	story_end(&story.train[0], STORY_AT(12, 15, 8), "NODE_FAIL", 0);
	log = refresh(*state, &story, log);
	assert_non_null(strstr(log.text, "- node: nid007\n"));
	assert_non_null(strstr(log.text, "- runtime: `24:10:00`\n"));
	assert_non_null(strstr(log.text, "15:08 \xe2\x80\x94 failed, NODE_FAIL"));
	assert_null(strstr(log.text, "TIMEOUT"));
}

static void a_job_is_known_before_it_has_an_id(void **state)
{
	struct story story;

	story_tell(&story, STORY_SUBMITTED);
	story.train[0].job_id = -1;
	struct log log = refresh(*state, &story, (struct log){NULL, NULL});
	assert_non_null(strstr(log.text, "- execution_id: <Slurm job_id, or instance_name/zone for cloud VMs>\n"));
	assert_non_null(strstr(log.text, "14:30 \xe2\x80\x94 submitted\n"));
	story_tell(&story, STORY_RUNNING);
	log = refresh(*state, &story, log);
	assert_string_equal(log.text, machine_log(*state, STORY_RUNNING).text);
}

/* Without the plugin that tells it, the id comes with the start; and Slurm's own word on when it was submitted. */
static void later_jobs_are_known_before_they_have_an_id(void **state)
{
	struct story story;

	story_tell(&story, STORY_RESUBMITTED);
	story.train[1].job_id = -1;
	struct log log = refresh(*state, &story, machine_log(*state, STORY_TIMEOUT));
	assert_non_null(strstr(log.text, "## Job (resumed)\n- execution_id: <Slurm job_id"));
	story_tell(&story, STORY_COMPLETED);
	story.train[1].submit_us += 61 * RLG_SECOND_US;
	log = refresh(*state, &story, log);
	assert_non_null(strstr(log.text, "## Job (resumed)\n- execution_id: 4187600\n- submitted: 2026-03-12 15:01 UTC\n"));
	assert_non_null(strstr(log.text, "- 2026-03-12 15:01 \xe2\x80\x94 submitted, job 4187600\n"));
	assert_null(strstr(log.text, "<ISO timestamp>"));
}

static void a_requeued_job_has_one_block_and_a_line_for_each_try(void **state)
{
	struct story story;

	story_tell(&story, STORY_RESUBMITTED);
	story.train[0].final = false;
	story.train[0].slurm_state = "PREEMPTED";
	story.train[1].job_id = 4187578;
	story.train[1].sid = "sub1";
	story_start(&story.train[1], STORY_AT(12, 15, 30), "nid009");
	struct log log = refresh(*state, &story, machine_log(*state, STORY_RUNNING));
	assert_null(strstr(log.text, "## Job ("));
	assert_non_null(strstr(log.text, "- 2026-03-12 14:58 \xe2\x80\x94 requeued, PREEMPTED after 1d 0h\n"
			       "- 2026-03-12 15:30 \xe2\x80\x94 running on nid009\n"));
	assert_non_null(strstr(log.text, "- node: nid009\n"));
	assert_non_null(strstr(log.text, "- end: `<ISO timestamp>`\n"));
}

static size_t count_of(const char *text, const char *words)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, words)) != NULL; at++)
		count++;
	return count;
}

static void two_jobs_of_one_minute_have_a_line_each(void **state)
{
	struct story story;
	struct log log = {NULL, NULL};

	for (enum story_stage stage = STORY_RUNNING; stage < STORY_STAGES; stage++) {
		story_tell(&story, stage);
		story_start(&story.train[0], STORY_AT(12, 15, 5), "nid002");
		if (stage >= STORY_TIMEOUT)
			story_end(&story.train[0], STORY_AT(12, 15, 5), "TIMEOUT", 0);
		log = refresh(*state, &story, refresh(*state, &story, log));
	}
	assert_int_equal(count_of(log.text, "- 2026-03-12 15:05 \xe2\x80\x94 running on nid002\n"), 2);
	/* Each line follows its own job. */
	story.train[0].nodes = story.train[1].nodes = "nid003";
	log = refresh(*state, &story, log);
	assert_int_equal(count_of(log.text, "- 2026-03-12 15:05 \xe2\x80\x94 running on nid003\n"), 2);
	assert_int_equal(count_of(log.text, "running on nid002"), 0);
}

static void an_array_is_told_as_one_job(void **state)
{
	struct rlg_attempt tasks[100];
	struct story story;

	story_tell(&story, STORY_SUBMITTED);
	for (int i = 0; i < 100; i++) {
		tasks[i] = story_attempt(5000 + i, "sub1", STORY_AT(11, 14, 30));
		tasks[i].array_job_id = 5000;
		tasks[i].array_task_id = i;
		story_start(&tasks[i], STORY_AT(11, 14, 31 + i), "n1");
		story_end(&tasks[i], STORY_AT(11, 14, 40 + i), i == 7 ? "FAILED" : "COMPLETED", i == 7);
	}
	story.phases[0].attempts = tasks;
	story.phases[0].n_attempts = 100;
	struct log log = refresh(*state, &story, (struct log){NULL, NULL});
	assert_non_null(strstr(log.text, "- execution_id: 5000\n"));
	assert_null(strstr(log.text, "## Job ("));
	assert_non_null(strstr(log.text, "## Status\n- 2026-03-11 14:30 \xe2\x80\x94 submitted, job 5000\n"
			       "- 2026-03-11 14:31 \xe2\x80\x94 running\n"
			       "- 2026-03-11 16:19 \xe2\x80\x94 failed, 1 of 100 tasks: FAILED after 9m 0s: exit code 1\n\n"));
}

static void hostile_words_stay_one_line_and_harmless(void **state)
{
	struct story story;

	story_tell(&story, STORY_RUNNING);
	story.train[0].nodes = "n1\n## Results\n- runtime: `x`";
	story.train[0].submission.script = "a\x1b[2J`b`\n# c";
	story.points[0][0].words = "step 1\n- 2026-03-11 15:00 \xe2\x80\x94 completed";
	struct log log = refresh(*state, &story, (struct log){NULL, NULL});
	assert_null(strchr(log.text, '\x1b'));
	assert_null(strstr(log.text, "\n# c"));
	assert_null(strstr(log.text, "\n- runtime: `x`"));
	assert_non_null(strstr(log.text, "- script: `a\\x1b[2J'b'\\n# c`\n"));
	assert_string_equal(refresh(*state, &story, log).text, log.text);
}

static void a_secret_on_the_command_line_is_not_written(void **state)
{
	struct story story;

	story_tell(&story, STORY_SUBMITTED);
	story.train[0].submission.command = "sbatch slurm/train.sh --wandb-api-key 12ab --lr=0.1 hf_token=hf_9";
	struct log log = refresh(*state, &story, (struct log){NULL, NULL});
	assert_non_null(strstr(log.text, "- key settings: wandb-api-key=..., lr=0.1, hf_token=...\n"));
}

/* ---- what people made of it ---- */

/* May the machine have changed or filled this line?  It is one of its own, or a key with a placeholder. */
static bool may_change(const char *line, const char *machine)
{
	size_t length = strcspn(line, "\r\n");
	const char *colon = memchr(line, ':', length);

	for (const char *at = strstr(machine, "- "); at != NULL && length > 0; at = strstr(at + 1, "- "))
		if (strncmp(at, line, length) == 0 && at[length] == '\n')
			return true;
	if (colon == NULL)
		return false;
	size_t behind = strspn(colon + 1, " \t");
	return colon + 1 + behind >= line + length || memmem(colon, length - (size_t)(colon - line), "<", 1) != NULL ||
	       memmem(colon, length - (size_t)(colon - line), "pending", 7) != NULL;
}

static size_t line_length(const char *line)
{
	size_t length = strcspn(line, "\n");

	return length + (line[length] == '\n');
}

/* Every line of a person's is there, in their order and as it was. */
static void nothing_of_theirs_is_lost(const char *name, const char *before, const char *after, const char *machine)
{
	const char *at = after;

	for (const char *line = before; *line != '\0'; line += line_length(line)) {
		size_t length = strcspn(line, "\n");
		const char *found = at;
		if (may_change(line, machine))
			continue;
		while (*found != '\0' && (strncmp(found, line, length) != 0 || strchr("\r\n", found[length]) == NULL))
			found += line_length(found);
		if (*found == '\0' && length > 0)
			fail_msg("%s: this line is not there, or not in its place:\n%.*s\nin:\n%s", name, (int)length, line, after);
		at = *found != '\0' ? found + line_length(found) : at;
	}
}

static void check_hand_edit(void *context, const char *name)
{
	struct rlg_arena *arena = context;
	const char *stem = rlg_arena_strndup(arena, name, strlen(name) - strlen(".before.md"));
	bool adopted = strncmp(name, "adopted_", 8) == 0, is_filled = strncmp(name, "filled_", 7) == 0;
	struct log machine = machine_log(arena, STORY_RUNNING);
	const char *before = golden_read(arena, golden_path(arena, "run_logs/hand/%s", name));
	struct log log = {before, adopted ? NULL : machine.memory};

	assert_non_null(before);
	if (!adopted && !is_filled && strncmp(name, "error_", 6) != 0)
		assert_string_equal(refresh_at(arena, STORY_RUNNING, log).text, before);
	struct log after = refresh_at(arena, STORY_COMPLETED, log);
	is_golden(arena, rlg_arena_printf(arena, "hand/%s.after.md", stem), after.text);
	if (after.memory == NULL)
		return; /* the sentence why it is left alone */
	nothing_of_theirs_is_lost(name, before, after.text, machine.text);
	struct log again = refresh_at(arena, STORY_COMPLETED, after);
	if (strcmp(again.text, after.text) != 0)
		fail_msg("%s: a second refresh changes it:\n%s", name, again.text);
}

static void hand_edited_files_change_only_where_they_must(void **state)
{
	golden_each(*state, "run_logs/hand", ".before.md", 25, check_hand_edit, *state);
}

/* ---- edits at random ---- */

static unsigned long seed;

static size_t random_below(size_t count)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (size_t)(seed >> 33) % count;
}

/* Where a random line begins. */
static const char *random_line(const char *text)
{
	size_t count = 0;
	const char *line = text;

	for (const char *at = text; *at != '\0'; at += line_length(at))
		count++;
	for (size_t skip = count > 0 ? random_below(count) : 0; skip > 0; skip--)
		line += line_length(line);
	return line;
}

static const char *splice(struct rlg_arena *arena, const char *text, const char *at, size_t length, const char *words)
{
	return rlg_arena_printf(arena, "%.*s%s%s", (int)(at - text), text, words, at + length);
}

static const char *const additions[] = {
	"Loss looks odd here; asked Mara.\n", "- 2026-03-11 18:00 \xe2\x80\x94 still fine\n", "### Notes\n", "\n", "\t- nested\n",
	"## Aside\nprose: with a colon\n", "| a | b |\n|---|---|\n| 1 | 2 |\n", "> quoted 4187578\n", "```\n## Job\n- end: x\n```\n",
	"* Jürgen: 日本語\n", "<!-- todo -->\n", "- my_key: `mine`\n", "- runtime: about a day\n", "trailing  \n",
	"- execution_id: 99\n",
};

static const char *delete_line(struct rlg_arena *arena, const char *text)
{
	const char *line = random_line(text);

	return splice(arena, text, line, line_length(line), "");
}

static const char *add_line(struct rlg_arena *arena, const char *text)
{
	return splice(arena, text, random_line(text), 0, additions[random_below(sizeof(additions) / sizeof(additions[0]))]);
}

static const char *move_line(struct rlg_arena *arena, const char *text)
{
	const char *line = random_line(text), *words = rlg_arena_strndup(arena, line, line_length(line));

	text = splice(arena, text, line, line_length(line), "");
	return splice(arena, text, random_line(text), 0, words);
}

static const char *append_to_line(struct rlg_arena *arena, const char *text)
{
	const char *line = random_line(text);

	return splice(arena, text, line + strcspn(line, "\n"), 0, " (sic)");
}

static const char *indent_line(struct rlg_arena *arena, const char *text)
{
	return splice(arena, text, random_line(text), 0, random_below(2) == 0 ? "  " : "\t");
}

static const char *cut_last_newline(struct rlg_arena *arena, const char *text)
{
	size_t length = strlen(text);

	return rlg_arena_strndup(arena, text, length > 0 && text[length - 1] == '\n' ? length - 1 : length);
}

static const char *use_crlf(struct rlg_arena *arena, const char *text)
{
	struct rlg_bytes bytes;

	rlg_bytes_init(&bytes, arena);
	if (strchr(text, '\r') != NULL)
		return text;
	for (; *text != '\0'; text++)
		rlg_bytes_add_n(&bytes, *text == '\n' ? "\r\n" : text, *text == '\n' ? 2 : 1);
	return bytes.data;
}

static const char *edit_at_random(struct rlg_arena *arena, const char *text)
{
	static const char *(*const edits[])(struct rlg_arena *, const char *) = {
		delete_line, add_line, add_line, move_line, append_to_line, append_to_line, indent_line, delete_line};

	for (size_t n = 1 + random_below(8); n > 0; n--)
		text = edits[random_below(sizeof(edits) / sizeof(edits[0]))](arena, text);
	if (random_below(10) == 0)
		text = cut_last_newline(arena, text);
	return random_below(10) == 0 ? use_crlf(arena, text) : text;
}

static void is_settled(struct rlg_arena *arena, const char *name, struct log log)
{
	struct log again = refresh_at(arena, STORY_EVALUATED, log);

	if (strcmp(again.text, log.text) != 0)
		fail_msg("%s: a second refresh changes it:\n%s\nfrom:\n%s", name, again.text, log.text);
}

static void check_random_edit(unsigned long start)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct log machine = machine_log(arena, STORY_RUNNING), log = machine;
	const char *name = rlg_arena_printf(arena, "RLG_TEST_SEED=%lu", start);

	seed = start;
	log.text = edit_at_random(arena, log.text);
	struct log same = refresh_at(arena, STORY_RUNNING, log);
	if (same.memory == NULL)
		return; /* left alone */
	if (strcmp(same.text, log.text) != 0)
		fail_msg("%s: without news it is changed:\n%s\nfrom:\n%s", name, same.text, log.text);
	struct log after = refresh_at(arena, STORY_EVALUATED, refresh_at(arena, STORY_COMPLETED, log));
	nothing_of_theirs_is_lost(name, log.text, after.text, machine.text);
	is_settled(arena, name, after);
	/* The same of a file that the tool has never seen. */
	after = refresh_at(arena, STORY_EVALUATED, (struct log){log.text, NULL});
	nothing_of_theirs_is_lost(name, log.text, after.text, machine.text);
	is_settled(arena, name, after);
}

static void edits_at_random_are_kept(void **state)
{
	const char *given = getenv("RLG_TEST_SEED"), *rounds = getenv("RLG_TEST_SHUFFLES");
	unsigned long first = given != NULL ? strtoul(given, NULL, 10) : (unsigned long)time(NULL) * 100000;
	unsigned long count = given != NULL ? 1 : rounds != NULL ? strtoul(rounds, NULL, 10) : 1000;

	print_message("# RLG_TEST_SEED from %lu, %lu rounds\n", first, count);
	for (unsigned long i = 0; i < count; i++)
		check_random_edit(first + i);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_story_is_told_stage_by_stage, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_second_refresh_changes_nothing, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(stages_that_were_missed_end_in_the_same_words, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_lost_memory_writes_no_line_twice, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(what_a_person_took_away_stays_away, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(what_a_person_wrote_over_stays_theirs, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(what_the_machine_wrote_follows_the_records, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_job_is_known_before_it_has_an_id, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(later_jobs_are_known_before_they_have_an_id, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_requeued_job_has_one_block_and_a_line_for_each_try, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(two_jobs_of_one_minute_have_a_line_each, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(an_array_is_told_as_one_job, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(hostile_words_stay_one_line_and_harmless, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_secret_on_the_command_line_is_not_written, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(hand_edited_files_change_only_where_they_must, arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(edits_at_random_are_kept, arena_set_up, arena_tear_down),
	};

	golden_begin(argc, argv);
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
