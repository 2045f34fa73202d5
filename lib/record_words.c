/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of records, as numbers: see record_words.h. */
#include "lib/record_words.h"

#include <stdint.h>
#include <string.h>

static const char *const texts[RLG_WORDS] = {
#define TEXT(name, text) [RLG_WORD_##name] = (text),
	RLG_RECORD_WORDS(TEXT)
#undef TEXT
};

/* The first word that is so long, or longer. */
static const uint8_t first_of_length[] = {
	[0] = RLG_WORD_V,	    [1] = RLG_WORD_V,		      [2] = RLG_WORD_ID,
	[3] = RLG_WORD_CWD,	    [4] = RLG_WORD_EDIT,	      [5] = RLG_WORD_AGENT,
	[6] = RLG_WORD_ACTION,	    [7] = RLG_WORD_ATTEMPT,	      [8] = RLG_WORD_END_TIME,
	[9] = RLG_WORD_ELAPSED_S,   [10] = RLG_WORD_HET_JOB_ID,	      [11] = RLG_WORD_DESCRIPTION,
	[12] = RLG_WORD_ARRAY_JOB_ID, [13] = RLG_WORD_ARRAY_TASK_ID,  [14] = RLG_WORD_PAGE_CACHE_BYTES,
	[15] = RLG_WORD_PAGE_CACHE_BYTES, [16] = RLG_WORD_PAGE_CACHE_BYTES, [17] = RLG_WORD_PEAK_MEMORY_BYTES,
	[18] = RLG_WORDS,
};
_Static_assert(RLG_WORDS < UINT8_MAX, "each has a number that fits");

enum rlg_word rlg_record_word(const char *text, size_t length)
{
	if (length + 1 >= sizeof(first_of_length))
		return RLG_WORD_NONE;
	for (unsigned word = first_of_length[length]; word < first_of_length[length + 1]; word++)
		if (texts[word][0] == text[0] && memcmp(texts[word], text, length) == 0)
			return (enum rlg_word)word;
	return RLG_WORD_NONE;
}
