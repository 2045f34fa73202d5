/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracker experiments.md: files that people have edited, what the machine remembers, and edits at random.
 *
 * Each folder of tests/golden/experiments/hand is a case: before.md (none: there is no file yet) and after.md, or error.txt,
 * for the model of tests/golden/experiments/model.json.  With `--update` the after.md and error.txt are written anew;
 * look at them before they are committed.  RLG_TEST_SEED repeats the edits at random of an earlier
 * time, RLG_TEST_SHUFFLES says how many refreshes.
 */
#include "tests/unit/cmocka_any.h"
#include "lib/clock.h"
#include "tests/unit/arena_state.h"
#include "tests/unit/dice.h"
#include "tests/unit/golden.h"
#include "tool/tracker/experiments.h"
#include "tool/tracker/tracker.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATH "run_logs/experiments.md"

/* ---- models ---- */

static const char *text_of(struct rlg_arena *arena, const cJSON *object, const char *name)
{
	return rlg_arena_strdup(arena, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)));
}

/* "metrics": {"val_loss": ["first", "last", "best"]} */
static void build_progress(struct rlg_arena *arena, const cJSON *json, struct rlg_progress *progress)
{
	const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(json, "metrics"), *metric;

	progress->last_step = text_of(arena, json, "step");
	progress->metrics = rlg_arena_alloc(arena, (size_t)(cJSON_GetArraySize(metrics) + 1) * sizeof(*progress->metrics));
	cJSON_ArrayForEach(metric, metrics) {
		const char *values[3];
		for (int i = 0; i < 3; i++)
			values[i] = rlg_arena_strdup(arena, cJSON_GetStringValue(cJSON_GetArrayItem(metric, i)));
		progress->metrics[progress->n_metrics++] = (struct rlg_metric){
			.name = rlg_arena_strdup(arena, metric->string), .is_number = true, .first = values[0],
			.last = values[1], .best = values[2], .lowest = values[2], .highest = values[0]};
		progress->records = 1;
	}
}

static void build_run(struct rlg_arena *arena, const cJSON *json, struct rlg_run *run)
{
	const cJSON *submit = cJSON_GetObjectItemCaseSensitive(json, "submit");
	struct rlg_phase *phase = rlg_arena_alloc(arena, sizeof(*phase));
	struct rlg_attempt *attempt = rlg_arena_alloc(arena, sizeof(*attempt));
	struct rlg_note *note = rlg_arena_alloc(arena, sizeof(*note));

	*run = (struct rlg_run){.name = text_of(arena, json, "name"), .phases = phase, .n_phases = 1,
				.description = text_of(arena, json, "description"), .verdict = text_of(arena, json, "verdict")};
	note->text = text_of(arena, json, "note");
	run->notes = note;
	run->n_notes = note->text != NULL;
	phase->name = "finetune";
	build_progress(arena, json, &phase->progress);
	if (submit == NULL)
		return;
	*attempt = (struct rlg_attempt){.job_id = 12, .submit_us = (int64_t)submit->valuedouble * RLG_SECOND_US};
	attempt->submission.script = text_of(arena, json, "script");
	attempt->submission.command = text_of(arena, json, "command");
	phase->attempts = phase->deciding = attempt;
	phase->n_attempts = 1;
}

static struct rlg_model *build(struct rlg_arena *arena, const char *json)
{
	struct rlg_model *model = rlg_arena_alloc(arena, sizeof(*model));
	cJSON *root = cJSON_Parse(json);
	const cJSON *run;

	assert_non_null(root);
	model->runs = rlg_arena_alloc(arena, (size_t)(cJSON_GetArraySize(root) + 1) * sizeof(*model->runs));
	cJSON_ArrayForEach(run, root)
		build_run(arena, run, &model->runs[model->n_runs++]);
	cJSON_Delete(root);
	return model;
}

/* One run, "base", which began on 2026-03-11. */
static struct rlg_model *one_run(struct rlg_arena *arena, const char *val_loss)
{
	return build(arena, rlg_arena_printf(arena, "[{\"name\": \"base\", \"submit\": 1773241200, \"metrics\": {\"val_loss\": "
					     "[\"0.9\", \"%s\", \"0.001\"]}}]", val_loss));
}

/* ---- rendering ---- */

/* A file, and what is remembered with it. */
struct kept {
	const char *text; /* NULL: none */
	const char *memory;
};

/* A refresh.  On failure the sentence is the text, and the memory stays. */
static int refresh(struct rlg_arena *arena, const struct rlg_model *model, struct kept *kept)
{
	struct rlg_err err = {""};
	struct rlg_bytes out, memory;

	rlg_bytes_init(&out, arena);
	rlg_bytes_init(&memory, arena);
	struct rlg_tracker_view view = {.arena = arena, .model = model, .memory = kept->memory, .remember = &memory};
	struct rlg_tracker_place place = {.path = PATH};
	int code = rlg_tracker_experiments.render(&view, &place, PATH, kept->text, NULL, &out, &err);
	if (code == 0) {
		*kept = (struct kept){.text = kept->text == NULL && out.length == 0 ? NULL : out.data, .memory = memory.data};
		return 0;
	}
	assert_int_equal(out.length, 0);
	kept->text = rlg_arena_printf(arena, "%s\n", err.text);
	return code;
}

static const char *after(struct rlg_arena *arena, const struct rlg_model *model, const char *before)
{
	struct kept kept = {.text = before};

	assert_int_equal(refresh(arena, model, &kept), 0);
	return kept.text;
}

/* ---- what may change ---- */

/* The cell of that number in a line of a table, without blanks; NULL: there is none. */
static const char *cell_at(struct rlg_arena *arena, const char *line, size_t number)
{
	const char *at = line + strspn(line, " \t");

	at += *at == '|';
	for (size_t i = 0;; i++) {
		size_t length = 0;
		while (at[length] != '\0' && at[length] != '|')
			length += at[length] == '\\' && at[length + 1] != '\0' ? 2 : 1;
		if (i == number) {
			const char *from = at + strspn(at, " \t\r");
			const char *to = at + length;
			while (to > from && strchr(" \t\r", to[-1]) != NULL)
				to--;
			return from >= at + length ? "" : rlg_arena_strndup(arena, from, (size_t)(to - from));
		}
		if (at[length] == '\0' || at[length + 1 + strspn(at + length + 1, " \t\r")] == '\0')
			return NULL;
		at += length + 1;
	}
}

/* Did the machine write this somewhere? */
static bool is_remembered(struct rlg_arena *arena, const char *memory, const char *cell)
{
	return memory != NULL && strstr(memory, rlg_arena_printf(arena, "\t%s\n", cell)) != NULL;
}

/* Cuts the comment that both lines end in: a cell may be added before it. */
static void cut_comment(struct rlg_arena *arena, const char **old, const char **new)
{
	const char *old_comment = strstr(*old, "<!--"), *new_comment = strstr(*new, "<!--");

	if (old_comment == NULL || new_comment == NULL || strcmp(old_comment, new_comment) != 0)
		return;
	*old = rlg_arena_strndup(arena, *old, (size_t)(old_comment - *old));
	*new = rlg_arena_strndup(arena, *new, (size_t)(new_comment - *new));
}

/* No-break spaces are blanks to the reader of tables. */
static const char *with_plain_blanks(struct rlg_arena *arena, const char *line)
{
	char *plain = rlg_arena_strdup(arena, line);

	for (char *at = plain; (at = strstr(at, "\xc2\xa0")) != NULL;)
		memset(at, ' ', 2);
	return plain;
}

/* The same line, but for cells that were the machine's to fill. */
static bool is_same_row(struct rlg_arena *arena, const char *old, const char *new, const char *memory)
{
	if (strcmp(old, new) == 0)
		return true;
	if (strchr(old, '|') == NULL)
		return false;
	cut_comment(arena, &old, &new);
	old = with_plain_blanks(arena, old);
	new = with_plain_blanks(arena, new);
	for (size_t i = 0;; i++) {
		const char *before = cell_at(arena, old, i), *now = cell_at(arena, new, i);
		if (before == NULL)
			return true; /* longer by cells */
		if (now == NULL)
			return false;
		if (strcmp(before, now) != 0 && !rlg_exp_is_placeholder(arena, before) && !is_remembered(arena, memory, before))
			return false;
	}
}

/* A carriage return of its own ends a line, too. */
static char *next_line(struct rlg_arena *arena, const char **text)
{
	size_t length = strcspn(*text, "\r\n");
	char *line = rlg_arena_strndup(arena, *text, length);

	*text += length;
	*text += (*text)[0] == '\r' && (*text)[1] == '\n' ? 2 : (*text)[0] != '\0';
	return line;
}

/* Every line of the old text is in the new one, in its order and with all that was a person's. */
static void assert_kept(struct rlg_arena *arena, const char *old, const char *new, const char *memory)
{
	const char *old_at = old, *new_at = new;

	while (*old_at != '\0') {
		const char *line = next_line(arena, &old_at);
		bool found = false;
		while (!found && *new_at != '\0')
			found = is_same_row(arena, line, next_line(arena, &new_at), memory);
		if (!found)
			fail_msg("this line is lost: %s\nbefore:\n%s\nafter:\n%s\nmemory:\n%s", line, old, new,
				 memory != NULL ? memory : "");
	}
}

struct hand_edits {
	struct rlg_arena *arena;
	const struct rlg_model *model;
};

static void check_case(void *context, const char *name)
{
	struct rlg_arena *arena = ((struct hand_edits *)context)->arena;
	const struct rlg_model *model = ((struct hand_edits *)context)->model;
	const char *before = golden_read(arena, golden_path(arena, "experiments/hand/%s/before.md", name));
	struct kept kept = {.text = before};

	int result = refresh(arena, model, &kept);
	golden_expect(arena, golden_path(arena, "experiments/hand/%s/%s", name, result == 0 ? "after.md" : "error.txt"), kept.text);
	const char *expected = kept.text;
	if (result != 0)
		return;
	if (before != NULL)
		assert_kept(arena, before, kept.text, NULL);
	assert_int_equal(refresh(arena, model, &kept), 0);
	if (strcmp(kept.text, expected) != 0)
		fail_msg("%s: refreshed a second time, it changes:\n%s", name, kept.text);
	/* Nor does it without its memory. */
	assert_string_equal(after(arena, model, expected), expected);
	/* Of runs that nobody submitted there is no news. */
	if (before != NULL)
		assert_string_equal(after(arena, build(arena, "[{\"name\": \"train_baseline\"}]"), before), before);
}

static void hand_edited_files_change_only_where_they_must(void **state)
{
	const char *model = golden_read(*state, golden_path(*state, "experiments/model.json"));
	struct hand_edits edits = {*state, build(*state, model)};

	golden_each(*state, "experiments/hand", NULL, 25, check_case, &edits);
}

/* ---- the story of a file ---- */

static void without_submissions_there_is_no_file(void **state)
{
	assert_null(after(*state, build(*state, "[{\"name\": \"planned\"}]"), NULL));
}

#define NEW_TABLE                                                           \
	"# Experiments\n\n| run | description | val_loss | status | notes |\n" \
	"|-----|-------------|----------|--------|-------|\n"

/* The file with its one row. */
static const char *one_row(struct rlg_arena *arena, const char *val_loss, const char *status)
{
	return rlg_arena_printf(arena, NEW_TABLE "| base_2026-03-11 |  | %s | %s |  |\n", val_loss, status);
}

static void the_value_follows_the_job(void **state)
{
	struct kept kept = {NULL, NULL};

	refresh(*state, one_run(*state, "0.5"), &kept);
	assert_string_equal(kept.text, one_row(*state, "0.5", "pending"));
	refresh(*state, one_run(*state, "0.25"), &kept);
	assert_string_equal(kept.text, one_row(*state, "0.25", "pending"));
}

static void a_typed_value_stays_for_good(void **state)
{
	const char *typed = one_row(*state, "0.3", "pending");
	struct kept kept = {NULL, NULL};

	refresh(*state, one_run(*state, "0.5"), &kept);
	kept.text = typed;
	for (int i = 0; i < 3; i++) {
		refresh(*state, one_run(*state, i % 2 == 0 ? "0.25" : "0.3"), &kept);
		assert_string_equal(kept.text, typed);
	}
	/* Emptied, it is the machine's again. */
	kept.text = one_row(*state, "", "pending");
	refresh(*state, one_run(*state, "0.2"), &kept);
	assert_string_equal(kept.text, one_row(*state, "0.2", "pending"));
	refresh(*state, one_run(*state, "0.1"), &kept);
	assert_string_equal(kept.text, one_row(*state, "0.1", "pending"));
}

static void a_verdict_follows_the_person_who_gives_it(void **state)
{
	struct rlg_model *model = one_run(*state, "0.5");
	struct kept kept = {NULL, NULL};

	model->runs[0].verdict = "keep";
	refresh(*state, model, &kept);
	assert_string_equal(kept.text, one_row(*state, "0.5", "keep"));
	model->runs[0].verdict = "discard";
	refresh(*state, model, &kept);
	assert_string_equal(kept.text, one_row(*state, "0.5", "discard"));
	kept.text = one_row(*state, "0.5", "**keep!**");
	refresh(*state, model, &kept);
	assert_string_equal(kept.text, one_row(*state, "0.5", "**keep!**"));
}

static void a_row_that_was_taken_out_stays_out(void **state)
{
	const char *empty = "| run | val_loss |\n|---|---|\n| other | 1 |\n";
	struct kept kept = {.text = empty};

	refresh(*state, one_run(*state, "0.5"), &kept);
	assert_non_null(strstr(kept.text, "| base | 0.5 |\n"));
	kept.text = empty;
	for (int i = 0; i < 2; i++) {
		refresh(*state, one_run(*state, "0.4"), &kept);
		assert_string_equal(kept.text, empty);
	}
	/* A file that is taken away altogether begins anew. */
	kept.text = NULL;
	refresh(*state, one_run(*state, "0.4"), &kept);
	assert_non_null(strstr(kept.text, "base_2026-03-11"));
}

static void a_short_row_gets_longer_where_its_cells_end(void **state)
{
	static const struct {
		const char *row, *expected;
	} cases[] = {
		{"| base", "| base | 0.5"},
		{"| base |", "| base | 0.5 |"},
		{"| base | x \\|", "| base | x \\|"},		      /* a person's value, which ends in a pipe */
		{"| base <!-- a | b", "| base | 0.5 <!-- a | b"},     /* nothing ends the comment */
		{"| base | <!-- a -->", "| base | 0.5 | <!-- a -->"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *table = "| run | val_loss |\n|---|---|\n";
		struct kept kept = {.text = rlg_arena_printf(*state, "%s%s\n", table, cases[i].row)};
		const char *expected = rlg_arena_printf(*state, "%s%s\n", table, cases[i].expected);
		for (int refreshes = 0; refreshes < 2; refreshes++) {
			refresh(*state, one_run(*state, "0.5"), &kept);
			assert_string_equal(kept.text, expected);
		}
	}
}

/* A row that stood there before its run was tracked. */
static void values_that_stood_there_are_a_persons(void **state)
{
	const char *text = "| run | val_loss | status |\n|---|---|---|\n| base | 0.028 | keep |\n";
	struct rlg_model *nobody = build(*state, "[]"), *model = one_run(*state, "0.5");
	struct kept kept = {.text = text};

	refresh(*state, nobody, &kept);
	model->runs[0].verdict = "discard";
	for (int i = 0; i < 2; i++) {
		refresh(*state, model, &kept);
		assert_string_equal(kept.text, text);
	}
}

static void headings_name_the_value(void **state)
{
	static const struct {
		const char *heading, *value;
	} cases[] = {
		{"val_loss", "0.5"},	     {"Val Loss", "0.5"},	{"**val_loss**", "0.5"},  {"`val-loss`", "0.5"},
		{"val_loss (best)", "0.001"}, {"best_val_loss", "0.001"}, {"val_loss_best", "0.001"}, {"min val_loss", "0.001"},
		{"max val_loss", "0.9"},     {"final val_loss", "0.5"}, {"start_val_loss", "0.9"}, {"end_val_loss", "0.5"},
		{"val_loss \xe2\x86\x93", "0.5"}, {"loss", ""},		{"val_loss_2", ""},	  {"best", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *header = rlg_arena_printf(*state, "| run | %s |\n|---|---|\n", cases[i].heading);
		const char *before = rlg_arena_printf(*state, "%s| base |  |\n", header);
		const char *expected = rlg_arena_printf(*state, "%s| base | %s |\n", header, cases[i].value);
		assert_string_equal(after(*state, one_run(*state, "0.5"), before), expected);
	}
}

static void hostile_words_stay_in_their_cell(void **state)
{
	struct rlg_model *model = one_run(*state, "0.5");
	struct kept kept = {NULL, NULL};

	model->runs[0].phases[0].progress.metrics[0].last = "0.5|<!-- \x1b[2J\n| x | y |\\";
	model->runs[0].description = "\n\n |`|\xff\xe2\x80\xae --> ```";
	refresh(*state, model, &kept);
	const char *first = kept.text;
	assert_string_equal(first, rlg_arena_printf(*state, NEW_TABLE "| base_2026-03-11 | \\|\\`\\|\\xff\\u202e --> \\`\\`\\` | 0.5\\|&lt;!-- "
						    "\\x1b[2J \\| x \\| y \\|\\\\ | pending |  |\n"));
	refresh(*state, model, &kept);
	assert_string_equal(kept.text, first);
}

/* ---- edits at random ---- */

#define ROUNDS 1000
#define MOST_TEXT 6000

static const char *const fragments[] = {
	"| ", " |", "|", "\n", "\r\n", "\t", "`", "**", "keep", "discard", "pending", "0.028", "base", "| base | x |", "| b | | |\n",
	"| run | val_loss | status |\n|---|---|---|\n", "# Heading\n", "```\n", "<!-- ", " -->", "prose, of a person\n", "\\|", "\xc3\xa9",
	"\xc2\xa0", "-", "TBD", "run", "val_loss", "|---|---|\n", "b_2026-03-11", "\n\n", "  ", "[x](y)", "\\",
};

/* Puts a fragment somewhere, or takes some bytes away. */
static const char *edited(struct rlg_arena *arena, const char *text)
{
	size_t length = strlen(text), at = dice(length + 1);
	size_t gone = dice(3) == 0 && length > at ? dice(length - at + 1) % 40 : 0;
	const char *added = gone > 0 && length < MOST_TEXT / 2 ? "" : fragments[dice(sizeof(fragments) / sizeof(fragments[0]))];

	if (length > MOST_TEXT)
		return "| run | val_loss |\n|---|---|\n";
	return rlg_arena_printf(arena, "%.*s%s%s", (int)at, text, added, text + at + gone);
}

static struct rlg_model *random_model(struct rlg_arena *arena)
{
	static const char *const names[] = {"base", "b", "x y", "a|b", "c_2026-03-12"};
	static const char *const verdicts[] = {NULL, "keep", "discard"};
	struct rlg_bytes json;

	rlg_bytes_init(&json, arena);
	for (size_t i = 0; i < 5; i++)
		if (dice(4) > 0)
			rlg_bytes_addf(&json, "%s{\"name\": \"%s\", \"submit\": 1773241200, \"metrics\": {\"val_loss\": "
				       "[\"1\", \"0.%zu\", \"0\"]}}", json.length > 0 ? ", " : "", names[i], 10 + dice(5));
	struct rlg_model *model = build(arena, rlg_arena_printf(arena, "[%s]", json.data));
	for (size_t i = 0; i < model->n_runs; i++)
		model->runs[i].verdict = verdicts[dice(3)];
	return model;
}

static void edits_at_random_are_never_lost(void **state)
{
	struct kept kept = {NULL, NULL};
	uint64_t rounds = environment_number("RLG_TEST_SHUFFLES", ROUNDS), refreshed = 0;

	(void)state;
	dice_begin();
	struct rlg_arena *arena = rlg_arena_new();
	for (uint64_t i = 0; i < rounds; i++) {
		struct rlg_arena *next = rlg_arena_new();
		struct rlg_model *model = random_model(arena);
		struct kept before = {.text = kept.text, .memory = kept.memory};

		for (size_t edits = dice(4); edits > 0 && before.text != NULL; edits--)
			before.text = edited(arena, before.text);
		kept = before;
		if (refresh(arena, model, &kept) == 0) {
			refreshed++;
			if (before.text != NULL)
				assert_kept(arena, before.text, kept.text, before.memory);
			struct kept again = kept;
			assert_int_equal(refresh(arena, model, &again), 0);
			if (kept.text != NULL && strcmp(again.text, kept.text) != 0)
				fail_msg("refreshed again, it changes:\n%s\nto:\n%s", kept.text, again.text);
		} else {
			kept = before;
		}
		kept.text = rlg_arena_strdup(next, kept.text);
		kept.memory = rlg_arena_strdup(next, kept.memory);
		rlg_arena_free(arena);
		arena = next;
	}
	rlg_arena_free(arena);
	assert_true(refreshed > rounds / 4);
}

/* ---- size ---- */

#define MANY 2000

static void two_thousand_runs_take_a_moment(void **state)
{
	struct rlg_bytes json;
	clock_t start = clock();
	struct kept kept = {NULL, NULL};

	rlg_bytes_init(&json, *state);
	for (int i = 0; i < MANY; i++)
		rlg_bytes_addf(&json, "%s{\"name\": \"run_%d\", \"submit\": %d, \"metrics\": {\"val_loss\": [\"1\", \"0.%d\", \"0\"]}}",
			       i > 0 ? ", " : "", i, 1773241200 + i, i);
	struct rlg_model *model = build(*state, rlg_arena_printf(*state, "[%s]", json.data));
	refresh(*state, model, &kept);
	const char *text = kept.text;
	refresh(*state, model, &kept);
	assert_string_equal(kept.text, text);
	assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hand_edited_files_change_only_where_they_must, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(without_submissions_there_is_no_file, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(the_value_follows_the_job, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_typed_value_stays_for_good, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_verdict_follows_the_person_who_gives_it, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_row_that_was_taken_out_stays_out, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_short_row_gets_longer_where_its_cells_end, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(values_that_stood_there_are_a_persons, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(headings_name_the_value, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(hostile_words_stay_in_their_cell, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(edits_at_random_are_never_lost, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(two_thousand_runs_take_a_moment, utc_arena_set_up, arena_tear_down),
	};

	golden_begin(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
