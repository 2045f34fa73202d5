/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tracker active_jobs.json after edits at random, while the jobs go on: only the machine's words change, and only once. */
#include "tests/unit/cmocka_any.h"
#include "lib/clock.h"
#include "tests/unit/dice.h"
#include "tests/unit/registry_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROUNDS 1500
#define MOST_EDITS 4
#define REFRESHES 3
#define JOBS 8
#define SESSION "s1"

/* 2026-03-11 14:00:00 UTC */
#define THEN_US (INT64_C(1773237600) * RLG_SECOND_US)

/* ---- jobs that go on at random ---- */

struct world {
	struct rlg_model model;
	struct rlg_run run;
	struct rlg_phase phase;
	struct rlg_attempt attempts[JOBS];
};

static void begin_world(struct world *world)
{
	static const char *const sids[JOBS] = {"a", "b", "c", "d", "e", "e", "e", "f"};

	*world = (struct world){.model = {.group_path = "/scratch/g", .n_runs = 1},
				.run = {.name = "r", .n_phases = 1},
				.phase = {.name = "finetune", .n_attempts = JOBS}};
	world->model.runs = &world->run;
	world->run.phases = &world->phase;
	world->phase.attempts = world->attempts;
	for (int i = 0; i < JOBS; i++) {
		bool of_array = i >= 4 && i < 7;
		world->attempts[i] = (struct rlg_attempt){
			.job_id = 100 + i, .array_job_id = of_array ? 104 : -1, .array_task_id = of_array ? i - 4 : -1,
			.het_job_id = -1, .cluster = "hpc", .user = "alice", .sid = sids[i], .slurm_state = "PENDING",
			.status = RLG_STATUS_SUBMITTED, .submit_us = THEN_US + i * RLG_SECOND_US,
			.submission = {.host = "login1", .agent = "claude-code", .session = i == 7 ? "s2" : SESSION}};
	}
}

/* One job goes a step further; what has ended stays so. */
static void go_on(struct world *world)
{
	struct rlg_attempt *attempt = &world->attempts[dice(JOBS)];

	if (attempt->ended)
		return;
	if (attempt->status == RLG_STATUS_SUBMITTED) {
		attempt->status = RLG_STATUS_RUNNING;
		attempt->slurm_state = "RUNNING";
		attempt->start_us = attempt->submit_us + RLG_SECOND_US;
		return;
	}
	attempt->ended = attempt->final = true;
	attempt->end_us = attempt->start_us + 60 * RLG_SECOND_US;
	attempt->status = dice(2) == 0 ? RLG_STATUS_COMPLETED : RLG_STATUS_FAILED;
	attempt->slurm_state = attempt->status == RLG_STATUS_COMPLETED ? "COMPLETED" : "TIMEOUT";
}

/* ---- a person at random ---- */

static const char *const elements[] = {
	"{\"type\": \"nel\", \"id\": \"inv-17\", \"last_status\": \"RUNNING\", \"x\": [1, {\"id\": \"100\"}]}",
	"{\"type\":\"launcher\",\"id\":101,\"last_status\":\"RUNNING\"}",
	"{\"type\": \"slurm\", \"id\": 102, \"last_status\": \"CANCELLED by 1001\"}",
	"{\"id\": \"104_1\", \"last_status\": null}",
	"{\"type\": \"slurm\", \"id\": \"100\", \"host\": \"elsewhere\", \"last_status\": \"PENDING\", "
	"\"owner\": {\"session_id\": \"another\"}}",
	"{\"type\": \"slurm\", \"id\": \"103\", \"submitted\": \"2019-01-01 00:00\", \"last_status\": \"RUNNING\"}",
	"{\"type\": \"slurm\", \"id\": \"9999\", \"description\": \"Zo\xc3\xab \\u00e9 \\\" ]\"}",
	"{ }", "[]", "null", "12", "\"100\"",
};

static const struct {
	const char *from, *to;
} replacements[] = {
	{"\"RUNNING\"", "\"PENDING\""}, {"\"PENDING\"", "null"},  {"\"PENDING\"", "\"waiting\""}, {"\"slurm\"", "\"nel\""},
	{"\"last_status\"", "\"lastStatus\""}, {": ", ":"},	  {": ", "\t:\n "},		  {",\n", " ,\r\n"},
	{"\n", "\r\n"},			{"  ", "\t"},		  {"\n", " "},			  {"\n", "\n\n"},
	{"\"login1\"", "null"},		{"\"login1\"", "\"hpc\""}, {"\"user\"", "\"\\u0075ser\""}, {"}", "},"},
	{"\"101\"", "101"},		{"{", "{\"mine\": [], "}, {"alice", "Ali\xc3\xa7""e"},	  {"]", ""},
};

/* The n-th place where `from` stands, counted round; NULL: nowhere. */
static const char *occurrence(const char *text, const char *from, size_t nth)
{
	size_t count = 0;

	for (const char *at = strstr(text, from); at != NULL; at = strstr(at + 1, from))
		count++;
	const char *at = strstr(text, from);
	for (nth = count == 0 ? 0 : nth % count; nth > 0; nth--)
		at = strstr(at + 1, from);
	return at;
}

static const char *spliced(struct rlg_arena *arena, const char *text, const char *at, size_t gone, const char *words)
{
	return rlg_arena_printf(arena, "%.*s%s%s", (int)(at - text), text, words, at + gone);
}

static const struct rlg_json_node *element_at(const struct rlg_json_doc *doc, size_t random)
{
	const struct rlg_json_node *element = doc->root->first;

	for (random %= doc->root->count + (doc->root->count == 0); random > 0; random--)
		element = element->next;
	return element;
}

/* An element in front of another one, or one taken out: what an editor or a script does that knows JSON. */
static const char *with_other_elements(struct rlg_arena *arena, const char *text, size_t random)
{
	const char *element = elements[random % COUNT(elements)];
	struct rlg_text_edits edits;
	struct rlg_json_doc doc;
	struct rlg_bytes out;

	if (rlg_registry_parse(arena, REGISTRY_PATH, text, &doc, NULL) != 0)
		return text;
	const struct rlg_json_node *at = element_at(&doc, random);
	if (at == NULL)
		return rlg_arena_printf(arena, "[%s]", element);
	if (dice(3) > 0)
		return spliced(arena, text, text + at->start, 0, rlg_arena_printf(arena, "%s, ", element));
	((struct rlg_json_node *)at)->removed = true;
	rlg_text_edits_init(&edits, arena);
	rlg_bytes_init(&out, arena);
	assert_int_equal(rlg_json_update(&doc, &edits, doc.root, NULL, 0), 0);
	assert_int_equal(rlg_text_edits_apply(&edits, doc.text, doc.length, &out), 0);
	return out.data;
}

static const char *edited(struct rlg_arena *arena, const char *text)
{
	size_t random = dice(1000);

	if (dice(2) == 0)
		return with_other_elements(arena, text, random);
	size_t which = dice(COUNT(replacements));
	const char *at = occurrence(text, replacements[which].from, random);
	return at == NULL ? text : spliced(arena, text, at, strlen(replacements[which].from), replacements[which].to);
}

/* ---- what must be so ---- */

struct counts {
	unsigned same, changed, left_alone;
};

/* One round: a registry that lives through edits and refreshes in turn. */
static void live(struct counts *counts)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct world world;
	begin_world(&world);
	struct registry registry = {.arena = arena, .model = &world.model, .session = SESSION};
	struct registry_result now = registry_render(&registry, NULL, NULL);

	for (int refresh = 0; refresh < REFRESHES; refresh++) {
		const char *text = now.text;
		for (size_t edits = dice(MOST_EDITS + 1); edits > 0; edits--)
			text = edited(arena, text);
		for (size_t steps = dice(4); steps > 0; steps--)
			go_on(&world);
		struct registry_result next = registry_render(&registry, text, now.memory);
		if (next.text == NULL) {
			counts->left_alone++;
			return;
		}
		counts->changed += strcmp(next.text, text) != 0;
		counts->same += strcmp(next.text, text) == 0;
		registry_check(&registry, text, next.text);
		struct registry_result again = registry_render(&registry, next.text, next.memory);
		if (again.text == NULL || strcmp(again.text, next.text) != 0)
			fail_msg("rendered a second time, it changes:\n%s\n--- to\n%s", next.text, again.text);
		assert_string_equal(again.memory, next.memory);
		now = next;
	}
}

static void edits_at_random_are_kept(void **state)
{
	struct counts counts = {0};

	dice_begin();
	for (int round = 0; round < ROUNDS; round++)
		live(&counts);
	print_message("# %u changed, %u as they were, %u left alone as they do not parse\n", counts.changed, counts.same,
		      counts.left_alone);
	assert_true(counts.changed > ROUNDS / 2 && counts.same > ROUNDS / 10 && counts.left_alone > ROUNDS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_at_random_are_kept),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
