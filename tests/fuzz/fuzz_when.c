/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as people say them: what is understood is a moment, and all of them can be shown. */
#include "tests/fuzz/fuzz.h"
#include "lib/clock.h"
#include "tool/base/when.h"

#define NOW_US (INT64_C(1773237600) * RLG_SECOND_US)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fuzz_has_nul(data, size))
		return 0;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const char *words = fuzz_text(arena, data, size);
	char text[RLG_WHEN_TEXT_MAX], moment[RLG_TIME_TEXT_MAX];
	int64_t value = 0;
	struct rlg_err err = {""};

	int code = rlg_when_parse(words, NOW_US, &value, &err);
	FUZZ_MUST((code != 0) == (err.text[0] != '\0'), "%d with the sentence `%s`", code, err.text);
	if (size >= sizeof(value))
		memcpy(&value, data, sizeof(value));
	rlg_when_short(value, NOW_US, text);
	rlg_clock_local(value, moment);
	rlg_clock_utc(value, moment);
	rlg_when_duration(value, text);
	if (rlg_when_parse_duration(words, &value))
		FUZZ_MUST(value >= 0 && rlg_when_duration(value, text)[0] != '\0', "a negative time");
	return 0;
}
