/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing a record: one line of JSON, a Flux RFC 18 event
 *     {"timestamp":1771426845.123456,"name":"start","context":{"v":1,"id":"...","run":"1B_rank4",...}}
 * See runledger-record(5) for the names and members, and record_read.h for the way back.
 *
 * Nothing here allocates or can block.
 */
#ifndef RLG_RECORD_H
#define RLG_RECORD_H

#include "lib/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The longest record, newline included: PIPE_BUF on Linux, so that a pipe takes one whole and at once. */
#define RLG_RECORD_MAX 4096

/* The version of the format that this code writes; in every record as `v`. */
#define RLG_RECORD_VERSION 1

/* An id is 128 random bits in hexadecimal; with its NUL. */
#define RLG_ID_MAX 33

struct rlg_record_writer {
	struct rlg_text text;
	unsigned left_out;
	bool broken; /* not even the beginning fitted */
};

/* A fresh id into out_id.  Never fails: without getrandom(2) it is made from the clocks and the process id. */
void rlg_record_new_id(char out_id[RLG_ID_MAX]);

/*
 * Begins a record of the event `name` at the moment `time_us`, with the members `v` and `id`.  `storage` should be
 * RLG_RECORD_MAX + 1 bytes; it must outlive the writer.
 */
void rlg_record_begin(struct rlg_record_writer *writer, char *storage, size_t size, int64_t time_us, const char *name,
		      const char *id);

/*
 * Adds one member.  A NULL or empty string adds nothing: a fact that is not known is not written.  A member that no
 * longer fits is left out whole, never cut, and counted in the member `left_out`; so the important ones come first.
 */
void rlg_record_str(struct rlg_record_writer *writer, const char *key, const char *value);
void rlg_record_int(struct rlg_record_writer *writer, const char *key, int64_t value);
void rlg_record_bool(struct rlg_record_writer *writer, const char *key, bool value);

/* Seconds with six decimals, as `timestamp`; adds nothing for a moment that is not known (0). */
void rlg_record_time(struct rlg_record_writer *writer, const char *key, int64_t time_us);

/* How long something took, as rlg_record_time(); 0 is a length, too, and a negative one is not known. */
void rlg_record_duration(struct rlg_record_writer *writer, const char *key, int64_t duration_us);

/* A member whose value is JSON already, on one line; the caller vouches for it. */
void rlg_record_json(struct rlg_record_writer *writer, const char *key, const char *json);

/* Closes the record with its newline.  Returns its length, or -EMSGSIZE if not even the beginning fitted. */
ssize_t rlg_record_end(struct rlg_record_writer *writer);

#endif
