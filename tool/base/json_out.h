/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Members of a JSON object, written one behind the other: after "{" or another member.  What is not known is null.
 */
#ifndef RLG_JSON_OUT_H
#define RLG_JSON_OUT_H

#include "tool/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/* The key with its colon, behind a comma where one is needed; the value is the caller's. */
void rlg_out_key(struct rlg_bytes *out, const char *key);

/* NULL is not known. */
void rlg_out_text(struct rlg_bytes *out, const char *key, const char *value);

/* What is negative is not known. */
void rlg_out_number(struct rlg_bytes *out, const char *key, int64_t value);

/* The same as a text: an id is no quantity, and a program may not round it. */
void rlg_out_id(struct rlg_bytes *out, const char *key, int64_t value);

void rlg_out_truth(struct rlg_bytes *out, const char *key, bool value);

/* A moment (lib/clock.h) as RFC 3339 in UTC; 0 is not known. */
void rlg_out_moment(struct rlg_bytes *out, const char *key, int64_t moment_us);

/* An array of texts. */
void rlg_out_texts(struct rlg_bytes *out, const char *key, const char *const *values, size_t n_values);

#endif
