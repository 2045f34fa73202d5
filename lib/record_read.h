/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a record: one line of a status file into a tree (cJSON).  Only the tool reads; the plugins do not link this.
 *
 * Unknown event names and unknown members are kept and are no error.
 */
#ifndef RLG_RECORD_READ_H
#define RLG_RECORD_READ_H

#include "lib/err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * `line` is what was parsed, for whoever wants its figures as they were written; it lives no longer than the caller's.
 * Strings point into `root`; a member that is missing or of a wrong type is NULL (text) or -1
 * (job_id).
 */
struct rlg_record {
	const char *line;
	size_t length;
	cJSON *root;
	const cJSON *context;
	int64_t time_us;
	const char *name;
	const char *id;
	const char *cluster;
	const char *sid;
	const char *run;
	const char *phase;
	int64_t job_id;
};

/*
 * Parses one line of `length` bytes (a newline at its end is allowed).  Returns 0, or -EBADMSG for what is no record:
 * no JSON object, or `timestamp`, `name` or `context` missing or of the wrong type, or a version (`v`) newer than ours.
 * On success the caller ends with rlg_record_done().
 */
int rlg_record_parse(const char *line, size_t length, struct rlg_record *out_record, struct rlg_err *err);

void rlg_record_done(struct rlg_record *record);

/* A text member of the context, or NULL. */
const char *rlg_record_get_str(const struct rlg_record *record, const char *key);

/* A whole number of the context; false, and out_value untouched, if there is none. */
bool rlg_record_get_int(const struct rlg_record *record, const char *key, int64_t *out_value);

/* A moment (seconds with a fraction) of the context in microseconds; 0 if there is none. */
int64_t rlg_record_get_time(const struct rlg_record *record, const char *key);

/* A truth value of the context, or `otherwise`. */
bool rlg_record_get_bool(const struct rlg_record *record, const char *key, bool otherwise);

#endif
