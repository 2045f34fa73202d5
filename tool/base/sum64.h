/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A number that tells bytes from others, fast; against chance, not against malice.
 */
#ifndef RLG_SUM64_H
#define RLG_SUM64_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from `before`, the sum of what came earlier (0: nothing). */
uint64_t rlg_sum64(uint64_t before, const void *bytes, size_t count);

/* Of a text with its NUL, so that "a", "bc" and "ab", "c" differ; NULL is a text of its own. */
uint64_t rlg_sum64_text(uint64_t before, const char *text);

#endif
