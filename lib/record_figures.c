/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The figures of a record as numbers: see record_figures.h. */
#include "lib/record_figures.h"

#include "lib/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A moment past the year 9999 is damage, and would overflow elsewhere. */
#define LATEST_SECOND 253402300799.0

/* Every whole number of so many figures is below 2^53, and so the same as a double. */
#define EXACT_FIGURES 15

/*
 * Below this (in 2041) a double keeps a moment to less than half a microsecond, multiplied by 10^6 and rounded twice, so
 * that llround() comes back to the very figures; past it only the same arithmetic gives the same result.
 */
#define EXACT_MOMENT_US (INT64_C(1) << 51)

int64_t rlg_double_moment(double value)
{
	if (!(value > 0) || value > LATEST_SECOND)
		return 0;
	return (int64_t)llround(value * 1e6);
}

bool rlg_double_whole(double value, int64_t *out_value)
{
	/* Beyond 2^53 a double no longer holds every whole number. */
	if (fabs(value) > 9007199254740992.0 || value != floor(value))
		return false;
	*out_value = (int64_t)value;
	return true;
}

double rlg_figures_double(const char *figures, size_t length)
{
	char copy[RLG_FIGURES_MAX + 1];

	if (length > RLG_FIGURES_MAX)
		length = RLG_FIGURES_MAX;
	memcpy(copy, figures, length);
	copy[length] = '\0';
	return strtod(copy, NULL);
}

static bool is_figure(char byte)
{
	return byte >= '0' && byte <= '9';
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define AT_ONCE 8

/*
 * Eight figures as one word, the first of them in its lowest byte: neighbours are put together to pairs, pairs to fours, and
 * these to eight.  False: not all of them are figures.
 */
static bool eight_figures(const char *figures, int64_t *out_value)
{
	uint64_t word;

	memcpy(&word, figures, sizeof(word));
	word ^= UINT64_C(0x3030303030303030);
	if (((word + UINT64_C(0x7676767676767676)) | word) & UINT64_C(0x8080808080808080))
		return false;
	word = word * 10 + (word >> 8);
	uint64_t outer = (word & UINT64_C(0x000000ff000000ff)) * (100 + (UINT64_C(1000000) << 32));
	uint64_t inner = ((word >> 16) & UINT64_C(0x000000ff000000ff)) * (1 + (UINT64_C(10000) << 32));
	*out_value = (int64_t)((outer + inner) >> 32);
	return true;
}
#else
#define AT_ONCE SIZE_MAX

static bool eight_figures(const char *figures, int64_t *out_value)
{
	return false;
}
#endif

/* Figures alone, at most EXACT_FIGURES; returns how many there are. */
static inline size_t take_figures(const char *figures, size_t length, int64_t *out_value)
{
	size_t count = 0;
	int64_t value = 0;

	if (length >= AT_ONCE && eight_figures(figures, &value))
		count = AT_ONCE;
	for (; count < length && count < EXACT_FIGURES && is_figure(figures[count]); count++)
		value = 10 * value + (figures[count] - '0');
	*out_value = value;
	return count;
}

bool rlg_figures_whole(const char *figures, size_t length, int64_t *out_value)
{
	int64_t value;
	size_t minus = length > 0 && figures[0] == '-';

	if (minus + take_figures(figures + minus, length - minus, &value) != length)
		return rlg_double_whole(rlg_figures_double(figures, length), out_value);
	*out_value = minus ? -value : value;
	return true;
}

int64_t rlg_figures_moment(const char *figures, size_t length)
{
	static const int64_t unit_us[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
	int64_t seconds, fraction = 0;
	size_t at = take_figures(figures, length, &seconds), decimals = 0;

	if (at > 0 && at + 1 < length && figures[at] == '.') {
		decimals = take_figures(figures + at + 1, length - at - 1, &fraction);
		at += 1 + decimals;
	}
	if (at != length || decimals > 6 || seconds >= EXACT_MOMENT_US / RLG_SECOND_US)
		return rlg_double_moment(rlg_figures_double(figures, length));
	return seconds * RLG_SECOND_US + fraction * unit_us[decimals];
}
