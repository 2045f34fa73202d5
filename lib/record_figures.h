/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figures of a record as numbers: what cJSON, and record_read.h after it, make of them, to the bit.
 */
#ifndef RLG_RECORD_FIGURES_H
#define RLG_RECORD_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* cJSON takes 63 bytes of a number; nobody writes half as many. */
#define RLG_FIGURES_MAX 31

/*
 * `figures` are a number as RFC 8259 has it, of at most RLG_FIGURES_MAX bytes: a moment in microseconds (0: none); a whole
 * number (false: it is none); and any number.
 */
int64_t rlg_figures_moment(const char *figures, size_t length);
bool rlg_figures_whole(const char *figures, size_t length, int64_t *out_value);
double rlg_figures_double(const char *figures, size_t length);

/* The same for a number that is one already. */
int64_t rlg_double_moment(double value);
bool rlg_double_whole(double value, int64_t *out_value);

#endif
