/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of a record that is written as record.h writes it: no blanks, no escapes, `timestamp`, `name` and `context`
 * in this order.  Nearly all are.  Of those a flat list of places in the text says all that a tree would, at a tenth of its
 * price.  Whatever else a record may look like is left to cJSON: see record_read.h, which hides the difference.
 */
#ifndef RLG_RECORD_SCAN_H
#define RLG_RECORD_SCAN_H

#include "lib/record_figures.h"
#include "lib/record_words.h"

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
	uint8_t word;	/* its key, as an enum rlg_word */
	bool is_again;	/* the object has such a word already, and the first is the one that counts */
};

/* No record of ours has half as many; one that has more is left to cJSON. */
#define RLG_MEMBERS_MAX 64

struct rlg_scan {
	int64_t time_us;
	uint16_t name_at, name_length; /* not empty */
	uint8_t name;		       /* as an enum rlg_word */
	uint16_t count;
	struct rlg_member members[RLG_MEMBERS_MAX]; /* of the context */
	/* By word: the number of the context's first member of that name, from 1; 0: there is none. */
	uint8_t at[RLG_WORDS];
};

/* Behind the text there must be so many NULs: the scanner stops at them, and looks at no length on its way. */
#define RLG_SCAN_PADDING 32

/*
 * Finds the members of a record of `length` bytes, at most RLG_RECORD_MAX, with a newline at its end or without.  False
 * for everything that is not written just so, be it a record or not; out_scan is then undefined.  A NUL is written behind
 * each key and each text, over its quote, once all is found; figures are followed by what is none.
 */
bool rlg_record_scan(char *text, size_t length, struct rlg_scan *out_scan);

/*
 * The same for whoever reads one record after the other: most look like one that was read before, but for their values, and
 * where it is known what comes next nothing has to be looked for.  What is accepted, and what it comes to, is the same.
 */
struct rlg_layouts; /* those that were seen last; a block of rlg_layouts_size() zeroed bytes */

size_t rlg_layouts_size(void);
bool rlg_record_scan_like(struct rlg_layouts *layouts, char *text, size_t length, struct rlg_scan *out_scan);

#endif
