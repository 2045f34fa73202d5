/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times as people say them: "2h" ago, "13m 32s", "since 14:02".  Moments are as in lib/clock.h.
 */
#ifndef RLG_WHEN_H
#define RLG_WHEN_H

#include "lib/err.h"

#include <stdbool.h>
#include <stdint.h>

#define RLG_WHEN_TEXT_MAX 32

/*
 * The moment that `words` name, seen from `now_us`: a time ago (30s, 30m, 2h, 3d, 1w), `today`, `yesterday`, a local
 * date (2026-03-11) or a local date and time (2026-03-11 15:00[:30], also with a T).  -EINVAL with a sentence for
 * anything else.
 */
int rlg_when_parse(const char *words, int64_t now_us, int64_t *out_moment_us, struct rlg_err *err);

/* A length of time: 0s, 30s, 10m, 2h, 3d, 1w.  False for anything else. */
bool rlg_when_parse_duration(const char *words, int64_t *out_duration_us);

/* "45s", "13m 32s", "2h 13m", "3d 4h"; "" for a negative one. */
const char *rlg_when_duration(int64_t duration_us, char out_text[RLG_WHEN_TEXT_MAX]);

/* As short as it is clear at `now_us`: "14:02", "Oct 19 14:02", "2024-10-19"; "" for a moment that is not known. */
const char *rlg_when_short(int64_t moment_us, int64_t now_us, char out_text[RLG_WHEN_TEXT_MAX]);

#endif
