/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record on its way: the plugins hand the tool a draft, which is a record with the facts that they know; the tool adds
 * what it finds out, and writes the whole.
 */
#ifndef RLG_DRAFT_H
#define RLG_DRAFT_H

#include "lib/err.h"
#include "lib/record.h"
#include "lib/record_read.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Reads one draft from `fd`, up to its end.  Returns 0, or -EBADMSG or -EMSGSIZE with a sentence.  The caller ends with
 * rlg_record_done(&...).
 */
int rlg_draft_read(int fd, struct rlg_record *out_draft, struct rlg_err *err);

/*
 * Writes the draft as a record, with the members of the object `facts` before and over its own.  Returns the record's
 * length, or a negative errno.
 */
ssize_t rlg_draft_write(const struct rlg_record *draft, const cJSON *facts, char *storage, size_t size);

/*
 * An id that is known beforehand, so that two who say the same thing say it once: made of what they say, and when.  A part
 * may be NULL.
 */
void rlg_draft_id(char out_id[RLG_ID_MAX], const char *const *parts, size_t count, int64_t time_us);

/* Members of `facts`: replaced if they are there already.  A NULL or empty text adds nothing. */
void rlg_facts_text(cJSON *facts, const char *key, const char *value);
void rlg_facts_number(cJSON *facts, const char *key, int64_t value);
void rlg_facts_truth(cJSON *facts, const char *key, bool value);

/* Seconds with six decimals, as `timestamp`: a moment, or how long. */
void rlg_facts_seconds(cJSON *facts, const char *key, int64_t value_us);

/* Takes all members of `from` but those every record has of its own (v, id). */
void rlg_facts_take(cJSON *facts, const cJSON *from);

#endif
