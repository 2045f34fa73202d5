/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What slurmctld puts into the environment of its programs, NAME=VALUE lines here: what comes of it is one whole record. */
#include "tests/fuzz/fuzz.h"
#include "lib/record.h"
#include "lib/record_read.h"
#include "tool/record/completion.h"

static void is_record(const char *line, ssize_t length, const struct rlg_err *err)
{
	struct rlg_record record;
	struct rlg_err problem = {""};

	if (length <= 0) {
		FUZZ_MUST(length == 0 || err->text[0] != '\0', "refused without a sentence");
		return;
	}
	FUZZ_MUST(length <= RLG_RECORD_MAX && memchr(line, '\n', (size_t)length) == line + length - 1, "not one line: %s", line);
	FUZZ_MUST(rlg_record_parse(line, (size_t)length, &record, &problem) == 0, "%s: %s", problem.text, line);
	FUZZ_MUST(record.job_id > 0 && strcmp(record.name, "finish") == 0 && record.id != NULL, "not an end: %s", line);
	rlg_record_done(&record);
}

static void set_environment(char *text)
{
	clearenv();
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char *equals = strchr(line, '=');
		if (equals == NULL || equals == line)
			continue;
		*equals = '\0';
		setenv(line, equals + 1, 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fuzz_has_nul(data, size))
		return 0;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	char line[RLG_RECORD_MAX + 1];
	struct rlg_err err = {""};

	set_environment(fuzz_text(arena, data, size));
	is_record(line, rlg_completion_from_jobcomp(line, sizeof(line), &err), &err);
	err.text[0] = '\0';
	is_record(line, rlg_completion_from_epilog(line, sizeof(line), &err), &err);
	return 0;
}
