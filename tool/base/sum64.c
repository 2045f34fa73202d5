/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A number that tells bytes from others: see sum64.h.
 *
 * FNV-1a by words of eight bytes, with the upper half folded into the lower after each: every step is a bijection, so that
 * a change within one word always shows.  Long texts go through eight of them at once, as each step waits for the one before.
 */
#include "tool/base/sum64.h"

#include <string.h>

static uint64_t mixed(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(1099511628211);
	return sum ^ sum >> 32;
}

#define LANES 8

/* As many words as go evenly into the lanes; how many bytes that was. */
static size_t mix_lanes(uint64_t *sum, const char *bytes, size_t count)
{
	const size_t step = LANES * sizeof(uint64_t);
	uint64_t lanes[LANES], words[LANES];
	size_t at = 0;

	if (count < step)
		return 0;
	for (size_t i = 0; i < LANES; i++)
		lanes[i] = *sum + i;
	for (; count - at >= step; at += step) {
		memcpy(words, bytes + at, step);
		for (size_t i = 0; i < LANES; i++)
			lanes[i] = mixed(lanes[i], words[i]);
	}
	for (size_t i = 0; i < LANES; i++)
		*sum = mixed(*sum, lanes[i]);
	return at;
}

uint64_t rlg_sum64(uint64_t before, const void *bytes, size_t count)
{
	uint64_t sum = mixed(before ^ UINT64_C(14695981039346656037), count), word;
	const char *at = bytes;
	size_t mixed_in = mix_lanes(&sum, at, count);

	at += mixed_in;
	count -= mixed_in;
	for (; count >= sizeof(word); at += sizeof(word), count -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		sum = mixed(sum, word);
	}
	word = 0;
	if (count > 0)
		memcpy(&word, at, count);
	return mixed(sum, word);
}

uint64_t rlg_sum64_text(uint64_t before, const char *text)
{
	return text == NULL ? rlg_sum64(before, "\xff", 1) : rlg_sum64(before, text, strlen(text) + 1);
}
