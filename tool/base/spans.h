/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of many spans of time that had begun by one moment, and lasted until another, began last?  In the logarithm of how
 * many there are.
 */
#ifndef RLG_SPANS_H
#define RLG_SPANS_H

#include "tool/base/arena.h"

#include <stddef.h>
#include <stdint.h>

/* As `until`: it has no end; it is none, for now. */
#define RLG_SPAN_OPEN INT64_MAX
#define RLG_SPAN_NONE INT64_MIN

#define RLG_NO_SPAN ((size_t)-1)

struct rlg_span {
	int64_t from, until; /* moments, in any unit */
	size_t number; /* the caller's word for it; RLG_NO_SPAN: a place for rlg_spans_open(), with RLG_SPAN_NONE */
};

struct rlg_spans;

/* Keeps `list`, and puts it into an order of its own; both are the arena's. */
struct rlg_spans *rlg_spans_new(struct rlg_arena *arena, struct rlg_span *list, size_t count);

/*
 * Of the spans with `from` <= `latest_from` and `until` >= `least_until` the number of that with the greatest `from`; of
 * several the least number.  RLG_NO_SPAN: there is none.  With a `least_until` of RLG_SPAN_NONE any span will do.
 */
size_t rlg_spans_last(const struct rlg_spans *spans, int64_t latest_from, int64_t least_until);

/* Another end for the span of that number, which is in the list with that `from`. */
void rlg_spans_set(struct rlg_spans *spans, int64_t from, size_t number, int64_t until);

/*
 * One more span without an end, at a `from` that the list has.  Of several such with the same `from` the least number alone
 * is kept, as no other is ever asked for; so none of them may be given another end.
 */
void rlg_spans_open(struct rlg_spans *spans, int64_t from, size_t number);

#endif
