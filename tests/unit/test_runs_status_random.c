/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tracker runs_status.yaml after edits at random: only the machine's fields change, and only once. */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/dice.h"
#include "tests/unit/hand_model.h"
#include "tests/unit/yaml_person.h"
#include "tool/base/bytes.h"
#include "tool/tracker/tracker.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PATH "runs_status.yaml"
#define ROUNDS 4000
#define MOST_EDITS 3

/* What a file becomes; NULL: it is left alone. */
static const char *render(struct rlg_arena *arena, const struct rlg_model *model, const char *text)
{
	struct rlg_tracker_view view = {.arena = arena, .model = model};
	struct rlg_tracker_place place = {.path = PATH};
	struct rlg_err err = {""};
	struct rlg_bytes out;

	rlg_bytes_init(&out, arena);
	if (rlg_tracker_runs_status.render(&view, &place, PATH, text, NULL, &out, &err) != 0) {
		assert_string_not_equal(err.text, "");
		return NULL;
	}
	return out.data;
}

/* ---- what must be so ---- */

/* May the machine write this line, or write it anew? */
static bool is_machines(const char *line, size_t length)
{
	static const char *const keys[] = {"_status", "_job_id", "_output", "last_updated", "Last updated:"};
	const char *colon = memchr(line, ':', length);
	char key[256];

	if (colon == NULL || (size_t)(colon - line) + 2 > sizeof(key))
		return false;
	snprintf(key, sizeof(key), "%.*s", (int)(colon - line) + 1, line);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strstr(key, keys[i]) != NULL)
			return true;
	return false;
}

/* Every line of the person's stands in the new text, in its order and byte for byte. */
static const char *lost_line(struct rlg_arena *arena, const char *before, const char *after)
{
	size_t field_indent = SIZE_MAX; /* of the machine's field that the lines below go on with, if they are deeper */
	const char *at = after;

	for (const char *line = before; *line != '\0';) {
		size_t length = strcspn(line, "\n"), indent = strspn(line, " ");
		bool goes_on = field_indent != SIZE_MAX && (indent > field_indent || indent == length);
		if (is_machines(line, length))
			field_indent = indent;
		else if (!goes_on) {
			field_indent = SIZE_MAX;
			const char *search = at;
			for (;; search += strcspn(search, "\n") + 1) {
				size_t other = strcspn(search, "\n");
				if (other == length && memcmp(search, line, length) == 0)
					break;
				if (search[other] == '\0')
					return rlg_arena_strndup(arena, line, length);
			}
			at = search + length + (search[length] == '\n');
		}
		line += length + (line[length] == '\n');
	}
	return NULL;
}

static void edits_at_random_are_kept(void **state)
{
	unsigned left_alone = 0, changed = 0;

	dice_begin();
	for (int round = 0; round < ROUNDS; round++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		struct hand_model old, hand;
		hand_model_init(&old);
		hand_model_init(&hand);
		hand_attempt(&hand, 3, 0, RLG_STATUS_RUNNING, 1234570, "1234570", "RUNNING");
		hand_attempt(&hand, 1, 0, RLG_STATUS_FAILED, 1234569, "1234569", "TIMEOUT");
		char *text = rlg_arena_strdup(arena, render(arena, &old.model, NULL));
		for (size_t edits = 1 + dice(MOST_EDITS); edits > 0; edits--)
			text = edited(arena, text);
		const char *after = render(arena, &hand.model, text);
		if (after == NULL) {
			left_alone++;
			continue;
		}
		changed += strcmp(after, text) != 0;
		const char *lost = lost_line(arena, text, after);
		if (lost != NULL)
			fail_msg("this line is lost: %s\n--- before\n%s\n--- after\n%s", lost, text, after);
		const char *again = render(arena, &hand.model, after);
		if (again == NULL || strcmp(again, after) != 0)
			fail_msg("rendered a second time, it changes:\n%s\n--- to\n%s", after, again);
	}
	print_message("# %d files: %u changed, %u left alone as they do not parse\n", ROUNDS, changed, left_alone);
	assert_true(changed > ROUNDS / 4 && left_alone > ROUNDS / 100);
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
