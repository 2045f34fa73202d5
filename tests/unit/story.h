/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stories of a run, for tests of what the records of one come to: each is told to a fold in an order of the test's.
 */
#ifndef RLG_TESTS_STORY_H
#define RLG_TESTS_STORY_H

#include "tests/unit/cmocka_any.h"
#include "lib/record_read.h"
#include "tool/model/fold.h"

#include <stdio.h>
#include <string.h>

#define MOST_RECORDS 12
#define YEAR 31536000

/* The moment in seconds, the event, its members.  The id is its place in the story. */
struct told {
	double time;
	const char *name;
	const char *members;
};

/* What it comes to is written as the test shows it; NULL: not looked at. */
struct story {
	const char *claim;
	struct told records[MOST_RECORDS];
	const char *expected;
};

static inline size_t count_records(const struct story *story)
{
	size_t n = 0;

	while (n < MOST_RECORDS && story->records[n].name != NULL)
		n++;
	return n;
}

/* Of run r1, the records whose places are in `order`. */
static inline void tell(struct rlg_fold *fold, const struct story *story, const size_t *order, size_t n)
{
	char line[1024];
	struct rlg_record record;
	struct rlg_err err = {""};

	for (size_t i = 0; i < n; i++) {
		const struct told *told = &story->records[order[i]];
		snprintf(line, sizeof(line), "{\"timestamp\":%.6f,\"name\":\"%s\",\"context\":{\"v\":1,\"id\":\"%032zx\",%s}}\n",
			 told->time, told->name, order[i] + 1, told->members);
		if (rlg_record_parse(line, strlen(line), &record, &err) != 0)
			fail_msg("%s: %s", err.text, line);
		rlg_fold_add(fold, "r1", &record);
		rlg_record_done(&record);
	}
}

#endif
