/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tracker runs_status.yaml, rendered by what changed alone: the same bytes as all of it, whatever people wrote. */
#include "tests/unit/cmocka_any.h"
#include "lib/clock.h"
#include "tests/unit/dice.h"
#include "tests/unit/yaml_person.h"
#include "tool/tracker/runs_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATH "runs_status.yaml"
#define FILES 1500
#define REFRESHES 5
#define MOST_RUNS 14
#define MOST_PHASES 3
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* A group that goes on from refresh to refresh. */
struct group {
	struct rlg_model model;
	struct rlg_run runs[MOST_RUNS];
	struct rlg_phase phases[MOST_RUNS][MOST_PHASES];
};

static const char *const group_phases[] = {"finetune", "eval"};

static const char *const names[MOST_RUNS] = {"1B_rank4", "1B_rank64", "3B_rank4", "12", "null", "a:b", "x.y", "lr=1e-4",
					     "1e3",	"a",	     "ab",	 "yes", "Zoe", "extra_run"};

static const char *const outputs[] = {NULL, "/out/ck", "a: b", "# no comment", "tab\there", "x\ny", "\xe2\x80\xa8", "- a", ""};

static const char *const person_words[] = {NULL, NULL, NULL, NULL, "on hold", "waiting: Zo\xc3\xab"};

static const char *const shapes[] = {
	"",
	"run_group: cap_8L\nruns:\n  1B_rank4:\n    finetune:\n      status: pending\n      job_id: null\n"
	"    evaluations:\n      cap_0:\n        status: pending\n  3B_rank4:\n    finetune: {status: skipped, note: base}\n",
	"# ours\nruns:\n    '12':\n        finetune_status: pending\n    ab:\n    a: {}\n    \"1e3\": {eval_status: pending}\nowner: Zo\xc3\xab\n",
	"runs:\n  a:\n    finetune_status: pending\n    # last words",
	"runs:\n  a:\n    finetune_status: pending\n  ab:\n  - a: 1\n  - 12: 2\n  12:\n    eval_status: pending\n",
	"notes:\n  a: 1\n  12: 2\nruns:\n  a:\n    log: \"one\n\n  12:\n    eval_status: failed\"\n  12:\n    eval_status: failed\n",
};

static const char *word(const char *const *list, size_t count)
{
	return list[dice(count)];
}

static void change_phase(struct rlg_arena *arena, struct rlg_phase *phase, int64_t now_us)
{
	phase->status = (enum rlg_status)dice(RLG_STATUS_COUNT);
	phase->status_text = word(person_words, COUNT(person_words));
	phase->job_id = dice(4) == 0 ? NULL : rlg_arena_printf(arena, "%zu", 100 + dice(900));
	phase->output = word(outputs, COUNT(outputs));
	phase->word_us = now_us;
}

static void change_run(struct rlg_arena *arena, struct group *group, struct rlg_run *run)
{
	if (run->n_phases < MOST_PHASES && dice(5) == 0)
		run->n_phases++;
	change_phase(arena, &run->phases[dice(run->n_phases)], group->model.word_us);
	run->planned = run->planned || dice(3) > 0;
	run->word_us = group->model.word_us;
	run->changed_at = group->model.sequence;
}

/* A new run, at the end or in between. */
static void add_run(struct group *group)
{
	size_t n = group->model.n_runs, at = dice(n + 1);

	if (n == MOST_RUNS)
		return;
	memmove(&group->runs[at + 1], &group->runs[at], (n - at) * sizeof(group->runs[0]));
	struct rlg_phase *phases = group->phases[n];
	phases[0] = (struct rlg_phase){.name = group_phases[0]};
	phases[1] = (struct rlg_phase){.name = group_phases[1]};
	phases[2] = (struct rlg_phase){.name = "judge"};
	group->runs[at] = (struct rlg_run){.name = names[n], .planned = dice(4) > 0, .phases = phases, .n_phases = 2,
					   .type = dice(5) == 0 ? "Control" : NULL, .changed_at = group->model.sequence};
	group->model.n_runs++;
}

static void go_on(struct rlg_arena *arena, struct group *group)
{
	group->model.sequence++;
	group->model.word_us += RLG_SECOND_US;
	for (size_t changes = dice(4); changes > 0; changes--) {
		if (dice(4) == 0)
			add_run(group);
		else if (group->model.n_runs > 0)
			change_run(arena, group, &group->runs[dice(group->model.n_runs)]);
	}
}

static void begin_group(struct rlg_arena *arena, struct group *group)
{
	*group = (struct group){.model = {.group_path = "/scratch/cap_8L", .run_group = "cap_8L", .phases = group_phases,
					  .n_phases = 2, .sequence = 1, .word_us = INT64_C(1760898600) * RLG_SECOND_US}};
	group->model.runs = group->runs;
	for (size_t runs = 1 + dice(9); runs > 0; runs--)
		add_run(group);
	for (size_t i = 0; i < group->model.n_runs; i++)
		change_run(arena, group, &group->runs[i]);
}

/* All of it; NULL: the file is left alone. */
static const char *render_all(struct rlg_tracker_view *view, const char *text)
{
	struct rlg_tracker_place place = {.path = PATH};
	uint64_t changed_since = view->changed_since;
	struct rlg_bytes out;

	rlg_bytes_init(&out, view->arena);
	view->changed_since = 0;
	int code = rlg_tracker_runs_status.render(view, &place, PATH, text, NULL, &out, NULL);
	view->changed_since = changed_since;
	return code == 0 ? out.data : NULL;
}

static unsigned n_parts, n_wholes;

/* One refresh in both ways.  Returns the new text. */
static const char *refresh(struct rlg_arena *arena, const struct group *group, const char *text, const char **memory)
{
	struct rlg_bytes whole_memory, part_memory, part;
	struct rlg_tracker_view view = {.arena = arena, .model = &group->model, .memory = *memory,
					.changed_since = group->model.sequence - 1};

	rlg_bytes_init(&whole_memory, arena);
	rlg_bytes_init(&part_memory, arena);
	rlg_bytes_init(&part, arena);
	view.remember = &whole_memory;
	const char *whole = render_all(&view, text);
	view.remember = &part_memory;
	bool in_part = rlg_rs_render_part(&view, PATH, text, &part);
	if (in_part && (whole == NULL || strcmp(whole, part.data) != 0))
		fail_msg("--- before\n%s\n--- all of it\n%s\n--- what changed alone\n%s", text, whole, part.data);
	if (in_part && strcmp(whole_memory.data, part_memory.data) != 0)
		fail_msg("%s is remembered instead of %s after\n%s", part_memory.data, whole_memory.data, whole);
	if (!in_part)
		assert_true(part.length == 0 && part_memory.length == 0);
	n_parts += in_part;
	n_wholes += !in_part;
	*memory = whole_memory.data;
	return whole;
}

static void a_part_gives_the_same_bytes_as_the_whole(void **state)
{
	(void)state;
	dice_begin();
	for (int file = 0; file < FILES; file++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		struct group group;
		struct rlg_bytes remember;

		begin_group(arena, &group);
		struct rlg_tracker_view view = {.arena = arena, .model = &group.model};
		const char *text = render_all(&view, dice(2) == 0 ? NULL : word(shapes, COUNT(shapes)));
		char *person = rlg_arena_strdup(arena, text != NULL ? text : shapes[1]);
		for (size_t edits = dice(4); edits > 0; edits--)
			person = edited(arena, person);
		rlg_bytes_init(&remember, arena);
		view.remember = &remember;
		text = render_all(&view, person);
		const char *memory = remember.data;
		for (int i = 0; i < REFRESHES && text != NULL; i++) {
			go_on(arena, &group);
			text = refresh(arena, &group, text, &memory);
		}
	}
	print_message("# %u refreshes by what changed, %u of all of it\n", n_parts, n_wholes);
	assert_true(n_parts > FILES && n_wholes > FILES / 10);
}

/* ---- what is not to be trusted ---- */

static const char text[] = "runs:\n  a:\n    finetune_status: pending\n    eval_status: pending\n";

static void a_memory_that_is_not_of_this_text_is_left_aside(void **state)
{
	static const char *const memories[] = {
		NULL, "", "x", "layout 1 ", "layout 2 6 0 2 2 1\n", "layout 1 6 0 2 2\n", "layout 1 0 0 2 2 1\n",
		"layout 1 7 0 2 2 1\n", "layout 1 6 900 2 2 1\n", "layout 1 6 0 3 2 1\n", "layout 1 6 0 2 2 9\n",
		"layout 1 99999999999999999999 99999999999999999999 2 2 1\n", "layout 1 11 0 2 2 1\n", "layout 1 -6 -1 2 2 1\n",
	};
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_phase phases[] = {{.name = "finetune", .status = RLG_STATUS_RUNNING}, {.name = "eval"}};
	struct rlg_run run = {.name = "a", .planned = true, .phases = phases, .n_phases = 2, .changed_at = 2};
	struct rlg_model model = {.run_group = "g", .phases = group_phases, .n_phases = 2, .runs = &run, .n_runs = 1};
	struct rlg_tracker_view view = {.arena = arena, .model = &model, .changed_since = 1};
	struct rlg_bytes out;

	(void)state;
	rlg_bytes_init(&out, arena);
	for (size_t i = 0; i < COUNT(memories); i++) {
		view.memory = memories[i];
		if (rlg_rs_render_part(&view, PATH, text, &out) != 0)
			fail_msg("%s led to\n%s", memories[i], out.data);
	}
	view.memory = "layout 1 6 0 2 2 1\n";
	assert_int_equal(rlg_rs_render_part(&view, PATH, text, &out), 1);
	assert_non_null(strstr(out.data, "finetune_status: running\n    eval_status: pending\n"));
}

static void comments_are_no_runs(void **state)
{
	static const char commented[] = "runs:\n  # the first: one\n  a: # mine\n    eval_status: pending\n  # the last: one\n\n# end\n";
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_phase phase = {.name = "eval", .status = RLG_STATUS_RUNNING};
	struct rlg_run run = {.name = "a", .planned = true, .phases = &phase, .n_phases = 1, .changed_at = 2};
	struct rlg_model model = {.run_group = "g", .phases = group_phases, .n_phases = 2, .runs = &run, .n_runs = 1};
	struct rlg_tracker_view view = {.arena = arena, .model = &model, .changed_since = 1, .memory = "layout 1 6 0 2 2 1\n"};
	struct rlg_bytes out;

	(void)state;
	rlg_bytes_init(&out, arena);
	assert_int_equal(rlg_rs_render_part(&view, PATH, commented, &out), 1);
	assert_string_equal(out.data, "runs:\n  # the first: one\n  a: # mine\n    eval_status: running\n"
				      "  # the last: one\n\n# end\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_gives_the_same_bytes_as_the_whole),
		cmocka_unit_test(a_memory_that_is_not_of_this_text_is_left_aside),
		cmocka_unit_test(comments_are_no_runs),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
