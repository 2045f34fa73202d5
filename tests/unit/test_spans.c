/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spans of time: the one that began last of those that last is the one that is found by looking at all. */
#include "tests/unit/scratch.h"

#include "tests/unit/arena_state.h"
#include "tests/unit/dice.h"
#include "tool/base/spans.h"

#define MOST 40
#define MOMENTS 20

static size_t look_at_all(const struct rlg_span *list, size_t count, int64_t latest_from, int64_t least_until)
{
	const struct rlg_span *found = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct rlg_span *span = &list[i];
		if (span->until == RLG_SPAN_NONE || span->from > latest_from || span->until < least_until)
			continue;
		if (found == NULL || span->from > found->from || (span->from == found->from && span->number < found->number))
			found = span;
	}
	return found == NULL ? RLG_NO_SPAN : found->number;
}

static int64_t some_moment(void)
{
	return (int64_t)dice(MOMENTS) - MOMENTS / 2;
}

static int64_t some_end(void)
{
	return dice(4) == 0 ? RLG_SPAN_NONE : dice(4) == 0 ? RLG_SPAN_OPEN : some_moment();
}

static void assert_found(const struct rlg_spans *spans, const struct rlg_span *list, size_t count)
{
	int64_t latest_from = dice(9) == 0 ? INT64_MAX : some_moment(), least_until = dice(9) == 0 ? RLG_SPAN_NONE : some_moment();

	assert_int_equal(rlg_spans_last(spans, latest_from, least_until), look_at_all(list, count, latest_from, least_until));
}

/* Every other number is in the list from the start, in any order. */
static struct rlg_spans *some_spans(struct rlg_arena *arena, struct rlg_span *list, size_t count)
{
	struct rlg_span *given = rlg_arena_alloc(arena, count * sizeof(*given) + 1);

	for (size_t i = 0; i < count; i++) {
		list[i] = (struct rlg_span){some_moment(), some_end(), 2 * i + 1};
		given[count - 1 - i] = list[i];
	}
	return rlg_spans_new(arena, given, count);
}

static void the_last_to_begin_is_found_whatever_ends(void **state)
{
	for (size_t round = 0; round < 2000; round++) {
		struct rlg_span list[MOST];
		size_t count = dice(MOST);
		struct rlg_spans *spans = some_spans(*state, list, count);
		for (size_t i = 0; i < 20; i++) {
			assert_found(spans, list, count);
			if (count == 0)
				continue;
			struct rlg_span *span = &list[dice(count)];
			span->until = some_end();
			rlg_spans_set(spans, span->from, span->number, span->until);
		}
		rlg_arena_empty(*state);
	}
}

/* As starts begin attempts: those that are open stay so, and a number may come whose like has begun at that moment. */
static void what_begins_later_is_found_too(void **state)
{
	for (size_t round = 0; round < 2000; round++) {
		struct rlg_span list[2 * MOST], *given = rlg_arena_alloc(*state, (size_t)2 * MOST * sizeof(*given));
		size_t count = dice(MOST), n_places = 1 + dice(MOST - 1), n_open = count;
		for (size_t i = 0; i < count; i++)
			given[i] = list[i] = (struct rlg_span){some_moment(), RLG_SPAN_OPEN, 2 * i + 1};
		for (size_t i = 0; i < n_places; i++)
			given[count + i] = (struct rlg_span){some_moment(), RLG_SPAN_NONE, RLG_NO_SPAN};
		int64_t moments[MOST];
		for (size_t i = 0; i < n_places; i++)
			moments[i] = given[count + i].from;
		struct rlg_spans *spans = rlg_spans_new(*state, given, count + n_places);
		for (size_t i = 0; i < n_places; i++) {
			list[n_open] = (struct rlg_span){moments[i], RLG_SPAN_OPEN, 2 * dice(MOST)};
			rlg_spans_open(spans, list[n_open].from, list[n_open].number);
			n_open++;
			assert_found(spans, list, n_open);
		}
		rlg_arena_empty(*state);
	}
}

static void where_there_is_none_none_is_found(void **state)
{
	struct rlg_spans *spans = rlg_spans_new(*state, NULL, 0);

	assert_int_equal(rlg_spans_last(spans, INT64_MAX, RLG_SPAN_NONE), RLG_NO_SPAN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_set_up, arena_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_last_to_begin_is_found_whatever_ends),
		TEST(what_begins_later_is_found_too),
		TEST(where_there_is_none_none_is_found),
	};

	dice_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
