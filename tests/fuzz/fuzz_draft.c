/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A draft or an entry of a spool, with facts added: what comes of it is a record, or it is refused. */
#include "tests/fuzz/fuzz.h"
#include "tool/base/draft.h"

#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rlg_record draft, written;
	struct rlg_err err = {""};
	char line[RLG_RECORD_MAX + 1];
	int fd = fuzz_file(data, size);
	int code = rlg_draft_read(fd, &draft, &err);

	close(fd);
	if (code != 0) {
		FUZZ_MUST(err.text[0] != '\0', "refused without a sentence");
		return 0;
	}
	cJSON *facts = cJSON_CreateObject();
	rlg_facts_take(facts, rlg_record_tree(&draft));
	rlg_facts_text(facts, "run", "1B_rank4");
	rlg_facts_number(facts, "job_id", 7);
	ssize_t length = rlg_draft_write(&draft, facts, line, sizeof(line));
	if (length > 0) {
		FUZZ_MUST(memchr(line, '\n', (size_t)length) == line + length - 1, "not one line: %s", line);
		FUZZ_MUST(rlg_record_parse(line, (size_t)length, &written, &err) == 0, "%s: %s", err.text, line);
		rlg_record_done(&written);
	}
	cJSON_Delete(facts);
	rlg_record_done(&draft);
	return 0;
}
