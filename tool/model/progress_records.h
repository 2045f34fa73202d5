/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The progress records of one run while they are gathered.  Inside of progress.h: nobody else looks at it.
 */
#ifndef RLG_PROGRESS_RECORDS_H
#define RLG_PROGRESS_RECORDS_H

#include "tool/base/bytes.h"
#include "tool/base/names.h"
#include "tool/model/progress.h"

/* A record: its values lie behind one another as "name\0text\0...". */
struct rlg_progress_told {
	int64_t time_us;
	int64_t job_id;
	const char *id;
	const char *cluster, *sid, *phase; /* interned */
	const char *values;
	size_t length;
};

struct rlg_progress_records {
	struct rlg_arena *arena;
	struct rlg_progress_told *told;
	size_t count, room;
	size_t marked; /* this many keep their places */
	struct rlg_names *texts; /* of clusters, submissions and phases: each text once */
	const char **by_number;
	size_t n_texts, texts_room;
	struct rlg_bytes values; /* of the record at hand */
};

#endif
