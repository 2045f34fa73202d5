/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work that several hands do comes to the same as one's, and is told of in its order; so does a group that is loaded by
 * them.  `make check-threads` looks at the same under the thread sanitizer.
 */
#include "tests/unit/cmocka_any.h"
#include "tool/base/arena.h"
#include "tool/base/hands.h"
#include "tool/base/names.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#define PIECES 5000

struct counting {
	uint64_t results[RLG_HANDS_AHEAD];
	uint64_t sums[RLG_HANDS_MOST]; /* by hand: nobody else's */
	bool at_work[RLG_HANDS_MOST];
	size_t told, stop_at;
	pthread_t caller;
	atomic_size_t most_ahead, begun;
	atomic_bool others_worked, wrong; /* a claim that fails must not leave a thread that is not the test's */
};

static void count(void *context, size_t piece, size_t hand)
{
	struct counting *counting = context;

	if (hand >= RLG_HANDS_MOST || counting->at_work[hand]) {
		atomic_store(&counting->wrong, true);
		return;
	}
	counting->at_work[hand] = true;
	atomic_fetch_add(&counting->begun, 1);
	if (!pthread_equal(pthread_self(), counting->caller))
		atomic_store(&counting->others_worked, true);
	for (size_t i = 0; i < piece % 977; i++)
		counting->sums[hand] += i;
	counting->results[piece % RLG_HANDS_AHEAD] = piece * piece;
	counting->at_work[hand] = false;
}

static int take(void *context, size_t piece)
{
	struct counting *counting = context;

	assert_true(pthread_equal(pthread_self(), counting->caller));
	assert_int_equal(piece, counting->told);
	assert_int_equal(counting->results[piece % RLG_HANDS_AHEAD], piece * piece);
	counting->told++;
	assert_true(atomic_load(&counting->begun) <= counting->told + RLG_HANDS_AHEAD);
	return piece == counting->stop_at ? 7 : 0;
}

static struct counting do_pieces(size_t pieces, size_t hands, size_t stop_at, int code)
{
	static struct counting counting;

	memset(&counting, 0, sizeof(counting));
	counting.stop_at = stop_at;
	counting.caller = pthread_self();
	assert_int_equal(rlg_hands_do(&(struct rlg_hands_work){&counting, count, take}, pieces, hands), code);
	assert_false(atomic_load(&counting.wrong));
	return counting;
}

static void each_piece_is_told_once_and_in_order(void **state)
{
	for (size_t hands = 1; hands <= RLG_HANDS_MOST; hands++) {
		struct counting counting = do_pieces(PIECES, hands, PIECES, 0);
		uint64_t sum = 0, expected = 0;
		for (size_t i = 0; i < RLG_HANDS_MOST; i++)
			sum += counting.sums[i];
		for (size_t piece = 0; piece < PIECES; piece++)
			for (size_t i = 0; i < piece % 977; i++)
				expected += i;
		assert_int_equal(counting.told, PIECES);
		assert_int_equal(sum, expected);
		assert_true(hands > 1 || !atomic_load(&counting.others_worked));
	}
}

static void few_pieces_need_no_more_hands_than_there_are(void **state)
{
	for (size_t pieces = 0; pieces < 40; pieces++)
		assert_int_equal(do_pieces(pieces, RLG_HANDS_MOST, PIECES, 0).told, pieces);
	assert_int_equal(do_pieces(3, 0, PIECES, 0).told, 3);
	assert_int_equal(do_pieces(3, 1000, PIECES, 0).told, 3);
	assert_int_equal(rlg_hands_for(0), 1);
	assert_int_equal(rlg_hands_for(8), 1);
	assert_in_range(rlg_hands_for(1000000), 1, RLG_HANDS_MOST);
}

static void who_is_told_may_stop(void **state)
{
	for (size_t hands = 1; hands <= RLG_HANDS_MOST; hands++) {
		struct counting counting = do_pieces(PIECES, hands, 41, 7);
		assert_int_equal(counting.told, 42);
		assert_true(atomic_load(&counting.begun) <= 42 + RLG_HANDS_AHEAD);
		for (size_t i = 0; i < RLG_HANDS_MOST; i++)
			assert_false(counting.at_work[i]);
	}
}

/* The first use of a table fixes how names are mixed, for all of the process. */
static void look_up(void *context, size_t piece, size_t hand)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_names *names = rlg_names_new(arena);

	for (size_t i = 0; i < 100; i++)
		rlg_names_add(names, rlg_arena_printf(arena, "%zu", i), i);
	for (size_t i = 0; i < 100; i++)
		if (rlg_names_find(names, rlg_arena_printf(arena, "%zu", i)) != i)
			((atomic_bool *)context)[piece % RLG_HANDS_AHEAD] = true;
}

static int was_found(void *context, size_t piece)
{
	return ((atomic_bool *)context)[piece % RLG_HANDS_AHEAD];
}

static void tables_of_names_may_be_used_by_all_hands(void **state)
{
	atomic_bool lost[RLG_HANDS_AHEAD] = {false};

	assert_int_equal(rlg_hands_do(&(struct rlg_hands_work){lost, look_up, was_found}, 200, RLG_HANDS_MOST), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_of_names_may_be_used_by_all_hands), /* the first: nobody has used one yet */
		cmocka_unit_test(each_piece_is_told_once_and_in_order),
		cmocka_unit_test(few_pieces_need_no_more_hands_than_there_are),
		cmocka_unit_test(who_is_told_may_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
