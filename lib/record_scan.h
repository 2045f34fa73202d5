/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of a record that is written as record.h writes it: no blanks, no escapes, `timestamp`, `name` and `context`
 * in this order.  Nearly all are.  Of those a flat list of places in the text says all that a tree would, at a tenth of its
 * price.  Whatever else a record may look like is left to cJSON: see record_read.h, which hides the difference.
 */
#ifndef RLG_RECORD_SCAN_H
#define RLG_RECORD_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rlg_member_kind {
	RLG_MEMBER_TEXT,
	RLG_MEMBER_NUMBER,
	RLG_MEMBER_TRUE,
	RLG_MEMBER_FALSE,
	RLG_MEMBER_NULL,
	RLG_MEMBER_OBJECT /* the `inside` members behind it are its own */
};

/* Places are offsets into the text; a record is no longer than RLG_RECORD_MAX, so 16 bits hold them. */
struct rlg_member {
	uint16_t key_at, key_length;
	uint16_t value_at, value_length; /* a text without its quotes; of an object nothing */
	uint8_t kind;			 /* enum rlg_member_kind */
	uint8_t inside;
};

/* No record of ours has half as many; one that has more is left to cJSON. */
#define RLG_MEMBERS_MAX 64

struct rlg_scan {
	int64_t time_us;
	uint16_t name_at, name_length; /* not empty */
	uint16_t count;
	struct rlg_member members[RLG_MEMBERS_MAX]; /* of the context */
};

/* Behind the text there must be so many NULs: the scanner stops at them, and looks at no length on its way. */
#define RLG_SCAN_PADDING 32

/*
 * Finds the members of a record of `length` bytes, at most RLG_RECORD_MAX, with a newline at its end or without.  False
 * for everything that is not written just so, be it a record or not; out_scan and the text are
 * then undefined.  A NUL is written behind each key and each text, over its quote; figures are followed by what is none.
 */
bool rlg_record_scan(char *text, size_t length, struct rlg_scan *out_scan);

/*
 * What cJSON, and record_read.h after it, make of the figures of a RLG_MEMBER_NUMBER: a moment in microseconds (0: none);
 * a whole number (false: it is none); and any number.
 */
int64_t rlg_figures_moment(const char *figures, size_t length);
bool rlg_figures_whole(const char *figures, size_t length, int64_t *out_value);
double rlg_figures_double(const char *figures, size_t length);

/* The same for a number that is one already. */
int64_t rlg_double_moment(double value);
bool rlg_double_whole(double value, int64_t *out_value);

#endif
