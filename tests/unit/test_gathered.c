/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of one run, gathered: what a file says many times over takes no more memory than what it says once, and
 * comes to the same, with and without a mark in between.  Prints its seed.
 */
#include "tests/unit/scratch.h"

#include "tests/unit/dice.h"
#include "tool/base/bytes.h"
#include "tool/model/gathered.h"

#define N_DIFFERENT 600
#define N_SAME 200 /* of each */
#define HALF (N_DIFFERENT / 2)

static char lines[N_DIFFERENT][256];

static void make_lines(void)
{
	for (size_t i = 0; i < N_DIFFERENT; i++) {
		char id[64] = "";
		/* Some have no id: those that say the same are one. */
		if (dice(5) != 0)
			snprintf(id, sizeof(id), "\"id\":\"%032zx\",", i);
		snprintf(lines[i], sizeof(lines[i]),
			 "{\"timestamp\":%zu.5,\"name\":\"%s\",\"context\":{\"v\":1,%s\"job_id\":%zu,\"run\":\"a\",\"loss\":0.%zu}}",
			 1771000000 + dice(300), i % 2 == 0 ? "progress" : "start", id, i, i);
	}
}

static void add(struct rlg_gathered *gathered, struct rlg_record_body *reader, size_t i)
{
	struct rlg_record record;

	assert_int_equal(rlg_record_read(reader, lines[i], strlen(lines[i]), &record, NULL), 0);
	rlg_gathered_add(gathered, &record);
	rlg_record_done(&record);
}

static void add_often(struct rlg_gathered *gathered, struct rlg_record_body *reader, size_t first, size_t count)
{
	for (size_t i = 0; i < count * N_SAME; i++)
		add(gathered, reader, first + (i < count ? i : dice(count)));
}

static struct rlg_bytes pack(struct rlg_gathered *gathered, struct rlg_gathered_mark from)
{
	struct rlg_bytes bytes;

	rlg_bytes_init(&bytes, gathered->arena);
	rlg_gathered_pack(gathered, from, &bytes);
	return bytes;
}

static void assert_same_packed(struct rlg_gathered *gathered, struct rlg_gathered *expected)
{
	static const struct rlg_gathered_mark all = {0, 0};

	rlg_gathered_sort(gathered);
	rlg_gathered_sort(expected);
	struct rlg_bytes bytes = pack(gathered, all), once = pack(expected, all);
	assert_int_equal(bytes.length, once.length);
	assert_memory_equal(bytes.data, once.data, once.length);
}

static void what_is_said_often_takes_no_more_room(void **state)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_record_body *reader = rlg_record_reader_new();
	struct rlg_gathered once, often, parts;

	(void)state;
	dice_begin();
	make_lines();
	rlg_gathered_init(&once, arena);
	for (size_t i = 0; i < N_DIFFERENT; i++)
		add(&once, reader, i);

	rlg_gathered_init(&often, arena);
	add_often(&often, reader, 0, HALF);
	struct rlg_gathered_mark mark = rlg_gathered_mark(&often);
	struct rlg_bytes first = pack(&often, (struct rlg_gathered_mark){0, 0});
	add_often(&often, reader, HALF, N_DIFFERENT - HALF);
	assert_int_equal(often.records, N_DIFFERENT * N_SAME);
	assert_in_range(often.room, N_DIFFERENT / 2, 4 * RLG_GATHERED_MANY);
	assert_in_range(rlg_progress_mark(often.progress), N_DIFFERENT / 2, 4 * RLG_PROGRESS_MANY);

	/* As a snapshot has them: in chunks. */
	struct rlg_bytes second = pack(&often, mark);
	rlg_gathered_init(&parts, arena);
	assert_true(rlg_gathered_unpack(&parts, first.data, first.length));
	assert_true(rlg_gathered_unpack(&parts, second.data, second.length));
	assert_same_packed(&parts, &once);
	assert_same_packed(&often, &once);
	rlg_record_reader_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_said_often_takes_no_more_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
