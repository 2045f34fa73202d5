/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time.  A moment is an int64_t of microseconds since the epoch, UTC; 0 means "not known".
 */
#ifndef RLG_CLOCK_H
#define RLG_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define RLG_SECOND_US INT64_C(1000000)

/* Long enough for every form below, with its NUL. */
#define RLG_TIME_TEXT_MAX 40

/* The moment now, by the system's clock (which may be set back). */
int64_t rlg_clock_now_us(void);

/* Milliseconds that only ever grow, for deadlines. */
int64_t rlg_clock_monotonic_ms(void);

/* "2026-03-11 15:00:00" in the site's local time zone; "" for a moment that is not known. */
const char *rlg_clock_local(int64_t moment_us, char out_text[RLG_TIME_TEXT_MAX]);

/* "2026-03-11T15:00:00Z" (RFC 3339, UTC, whole seconds); "" for a moment that is not known. */
const char *rlg_clock_utc(int64_t moment_us, char out_text[RLG_TIME_TEXT_MAX]);

#endif
