/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of a status file: reading it without a tree and with one must come to the same, whatever it is. */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/record_both_ways.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rlg_record_body *reader = rlg_record_reader_new();
	bool own;

	for (int again = 0; again < 2; again++) {
		const char *why = record_both_ways(again ? reader : NULL, (const char *)data, size, &own);
		FUZZ_MUST(why == NULL, "they differ in %s", why);
	}
	rlg_record_reader_free(reader);
	return 0;
}
