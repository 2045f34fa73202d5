/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the texts and numbers of a record end, many bytes at a time.  Inside of record_scan.h: what is looked through has
 * RLG_SCAN_PADDING NULs behind it, and ends there at the latest.
 */
#ifndef RLG_RECORD_BYTES_H
#define RLG_RECORD_BYTES_H

#include "lib/record_figures.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/*
 * Which of the bytes from `at` on end a text: a quote, a backslash or a control character; which end a row of figures; and
 * which differ from `word`, which has RLG_BYTES_STEP bytes as well.  The lowest bit is the first byte.
 */
#if defined(__SSE2__)
#define RLG_BYTES_STEP 16

static inline __m128i rlg_bytes_at(const char *at)
{
	return _mm_loadu_si128((const __m128i *)(const void *)at);
}

static inline unsigned rlg_bytes_end_text(const char *at)
{
	__m128i bytes = rlg_bytes_at(at);
	__m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
	__m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(controls, _mm_or_si128(quotes, slashes)));
}

static inline unsigned rlg_bytes_end_figures(const char *at)
{
	__m128i values = _mm_sub_epi8(rlg_bytes_at(at), _mm_set1_epi8('0'));

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values)) ^ 0xffff;
}

static inline unsigned rlg_bytes_differ(const char *at, const char *word)
{
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(rlg_bytes_at(at), rlg_bytes_at(word))) ^ 0xffff;
}
#else
#define RLG_BYTES_STEP 1

static inline unsigned rlg_bytes_end_text(const char *at)
{
	return (unsigned char)*at < 0x20 || *at == '"' || *at == '\\';
}

static inline unsigned rlg_bytes_end_figures(const char *at)
{
	return *at < '0' || *at > '9';
}

static inline unsigned rlg_bytes_differ(const char *at, const char *word)
{
	return *at != *word;
}
#endif

/* The first byte from `at` on that ends a text: where that is a quote, it is all of it. */
static inline char *rlg_bytes_text_end(char *at)
{
	unsigned ends;

	while ((ends = rlg_bytes_end_text(at)) == 0)
		at += RLG_BYTES_STEP;
	return at + __builtin_ctz(ends);
}

static inline char *rlg_bytes_figures_end(char *at)
{
	unsigned ends;

	while ((ends = rlg_bytes_end_figures(at)) == 0)
		at += RLG_BYTES_STEP;
	return at + __builtin_ctz(ends);
}

/* Behind a number as RFC 8259 has it, of at most RLG_FIGURES_MAX bytes; NULL: there is none. */
static inline char *rlg_bytes_number_end(char *begin)
{
	char *at = begin + (*begin == '-'), *end = rlg_bytes_figures_end(at);

	if (end == at || (*at == '0' && end != at + 1))
		return NULL;
	if (*end == '.') {
		at = end + 1;
		if ((end = rlg_bytes_figures_end(at)) == at)
			return NULL;
	}
	if (*end == 'e' || *end == 'E') {
		at = end + 1;
		at += *at == '+' || *at == '-';
		if ((end = rlg_bytes_figures_end(at)) == at)
			return NULL;
	}
	return end - begin <= RLG_FIGURES_MAX ? end : NULL;
}

#endif
