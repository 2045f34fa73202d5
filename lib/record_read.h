/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a record: one line of a status file.  Only the tool reads; the plugins do not link this.
 *
 * Unknown event names and unknown members are kept and are no error.  A record in the writer's own layout is read without
 * a tree (record_scan.h), any other through one of cJSON's; nobody can tell the difference but by the time it takes.
 */
#ifndef RLG_RECORD_READ_H
#define RLG_RECORD_READ_H

#include "lib/err.h"
#include "lib/record_scan.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rlg_record_body; /* what the members were read into */

/*
 * `line` is what was parsed, for whoever wants its figures as they were written; it lives no longer than the caller's.
 * Texts live as long as the record; a member that is missing or of a wrong type is NULL (text) or -1 (job_id).
 */
struct rlg_record {
	const char *line;
	size_t length;
	struct rlg_record_body *body;
	/*
	 * NULL; or a tree of the caller's own, that then counts as the context.  What it was read with is asked for by
	 * rlg_record_tree().
	 */
	const cJSON *context;
	int64_t time_us;
	enum rlg_word word; /* `name`, where it is one that we know */
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

/* The same, always through a tree: what the other way is held against. */
int rlg_record_parse_tree(const char *line, size_t length, struct rlg_record *out_record, struct rlg_err *err);

/*
 * The same for whoever reads one line after the other: what a record is read into is used again, so that the one before
 * must be done by then, and all before the reader is freed.  A reader of NULL (there was no memory) is as good as any.
 */
struct rlg_record_body *rlg_record_reader_new(void);
void rlg_record_reader_free(struct rlg_record_body *reader);
int rlg_record_read(struct rlg_record_body *reader, const char *line, size_t length, struct rlg_record *out_record,
		    struct rlg_err *err);

void rlg_record_done(struct rlg_record *record);

/* A text member of the context, or NULL. */
const char *rlg_record_get_str(const struct rlg_record *record, const char *key);

/* A whole number of the context; false, and out_value untouched, if there is none. */
bool rlg_record_get_int(const struct rlg_record *record, const char *key, int64_t *out_value);

/* A moment (seconds with a fraction) of the context in microseconds; 0 if there is none. */
int64_t rlg_record_get_time(const struct rlg_record *record, const char *key);

/* A truth value of the context, or `otherwise`. */
bool rlg_record_get_bool(const struct rlg_record *record, const char *key, bool otherwise);

/* Is there a member of that name in the context, of whatever type? */
bool rlg_record_has(const struct rlg_record *record, const char *key);

/* A text that is the member `key` of the object `outer` of the context, or NULL: `commit` of `git`. */
const char *rlg_record_get_inner_str(const struct rlg_record *record, const char *outer, const char *key);

/*
 * The context as a tree, which the record owns.  It is made when it is asked for first; from then on it is what counts, so
 * that who changes it changes the record (but not the members of struct rlg_record).
 */
cJSON *rlg_record_tree(const struct rlg_record *record);

/*
 * For whoever looks at all members, and must be quick: the text that their places are in, of the record's length, where keys
 * and texts end with a NUL, and the members, each object's own behind it.  RLG_SCAN_PADDING bytes behind the text may be read.
 * NULL where the record is a tree; then only the functions above help.
 */
const char *rlg_record_members(const struct rlg_record *record, const struct rlg_member **out_members, size_t *out_count);

/* Does this stand in that text?  Whoever makes a record of another puts texts of his own into struct rlg_record. */
bool rlg_record_holds(const struct rlg_record *record, const char *text);

#endif
