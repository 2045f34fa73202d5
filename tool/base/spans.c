/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spans of time by when they began: see spans.h.
 *
 * They are sorted; above them stands a tree, in an array, of the latest end of those below: node i has the nodes 2 i and
 * 2 i + 1, and the spans are its last row.
 */
#include "tool/base/spans.h"

#include <stdlib.h>

struct rlg_spans {
	struct rlg_span *list; /* by `from`; of several at once that with the least number is last */
	size_t count;
	int64_t *latest; /* by node, from 1 on */
	size_t width; /* of the last row: a power of two, and more than there are spans */
};

static int compare_spans(const void *left, const void *right)
{
	const struct rlg_span *a = left, *b = right;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return a->number > b->number ? -1 : a->number < b->number;
}

static int64_t later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

struct rlg_spans *rlg_spans_new(struct rlg_arena *arena, struct rlg_span *list, size_t count)
{
	struct rlg_spans *spans = rlg_arena_alloc(arena, sizeof(*spans));

	*spans = (struct rlg_spans){.list = list, .count = count, .width = 1};
	while (spans->width <= count)
		spans->width *= 2;
	spans->latest = rlg_arena_alloc(arena, 2 * spans->width * sizeof(*spans->latest));
	if (count > 1)
		qsort(list, count, sizeof(*list), compare_spans);
	for (size_t i = 0; i < spans->width; i++)
		spans->latest[spans->width + i] = i < count ? list[i].until : RLG_SPAN_NONE;
	for (size_t node = spans->width; node-- > 1;)
		spans->latest[node] = later(spans->latest[2 * node], spans->latest[2 * node + 1]);
	return spans;
}

/* How many spans come before one with that `from` and that number. */
static size_t count_before(const struct rlg_spans *spans, int64_t from, size_t number)
{
	const struct rlg_span span = {.from = from, .number = number};
	size_t low = 0, high = spans->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_spans(&spans->list[middle], &span) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t rlg_spans_last(const struct rlg_spans *spans, int64_t latest_from, int64_t least_until)
{
	int64_t least = least_until == RLG_SPAN_NONE ? RLG_SPAN_NONE + 1 : least_until;
	size_t before = latest_from == INT64_MAX ? spans->count : count_before(spans, latest_from + 1, RLG_NO_SPAN);
	size_t node = spans->width + before;

	/* Up, as far as nothing to the left of it lasts so long; then down, to the right where that will do. */
	while (node > 1 && (node % 2 == 0 || spans->latest[node - 1] < least))
		node /= 2;
	if (node <= 1)
		return RLG_NO_SPAN;
	for (node--; node < spans->width;)
		node = spans->latest[2 * node + 1] >= least ? 2 * node + 1 : 2 * node;
	return spans->list[node - spans->width].number;
}

static void set_end(struct rlg_spans *spans, size_t at, int64_t until)
{
	spans->list[at].until = until;
	spans->latest[spans->width + at] = until;
	for (size_t node = (spans->width + at) / 2; node > 0; node /= 2)
		spans->latest[node] = later(spans->latest[2 * node], spans->latest[2 * node + 1]);
}

void rlg_spans_set(struct rlg_spans *spans, int64_t from, size_t number, int64_t until)
{
	set_end(spans, count_before(spans, from, number), until);
}

void rlg_spans_open(struct rlg_spans *spans, int64_t from, size_t number)
{
	size_t at = count_before(spans, from, 0); /* the last of them, or behind it */

	if (at == spans->count || spans->list[at].from != from)
		at--;
	if (spans->list[at].until == RLG_SPAN_OPEN && spans->list[at].number < number)
		return;
	spans->list[at].number = number;
	set_end(spans, at, RLG_SPAN_OPEN);
}
