/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a job prints: its values go into a record, which is whole; and what looks like an error in its log. */
#include "tests/fuzz/fuzz.h"
#include "lib/record_read.h"
#include "tool/base/json_members.h"
#include "tool/base/printable.h"
#include "tool/follow/log_tail.h"
#include "tool/plan/findings.h"
#include "tool/record/log_values.h"

#include <unistd.h>

static void write_values(const struct rlg_log_values *values)
{
	struct rlg_record_writer writer;
	struct rlg_record record;
	struct rlg_err err = {""};
	char line[RLG_RECORD_MAX + 1];

	rlg_record_begin(&writer, line, sizeof(line), 1, "progress", "00000000000000000000000000000001");
	rlg_log_values_write(values, &writer);
	ssize_t length = rlg_record_end(&writer);
	FUZZ_MUST(length > 0 && memchr(line, '\n', (size_t)length) == line + length - 1, "not one line");
	FUZZ_MUST(rlg_record_parse(line, (size_t)length, &record, &err) == 0, "%s: %s", err.text, line);
	rlg_record_done(&record);
}

static void take(const char *text)
{
	static struct rlg_log_values values, all;
	struct rlg_err err = {""};

	memset(&values, 0, sizeof(values));
	memset(&all, 0, sizeof(all));
	for (const char *line = text; *line != '\0';) {
		size_t length = strcspn(line, "\n");
		if (rlg_log_take_line(&values, line, length))
			FUZZ_MUST(values.n > 0 || values.left_out > 0, "nothing of something");
		line += length + (line[length] == '\n');
	}
	if (rlg_log_take_word(&values, text, &err) != 0)
		FUZZ_MUST(err.text[0] != '\0', "refused without a sentence");
	rlg_log_values_merge(&all, &values);
	write_values(&all);
}

static void is_printable(const char *text)
{
	char shown[RLG_SHOWN_MAX];

	while (*text != '\0') {
		FUZZ_MUST(rlg_printable_next(&text, false, shown) <= strlen(shown), "wider than it is long");
		for (const char *at = shown; *at != '\0'; at++)
			FUZZ_MUST((unsigned char)*at >= ' ' && *at != 127, "a control character");
	}
}

static bool unescape(void *context, const struct rlg_json_member *member)
{
	rlg_json_unescape(context, member->key, member->key_length);
	rlg_json_unescape(context, member->value, member->value_length);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	int fd = fuzz_file(data, size);
	char path[64];
	const char *const *lines;
	int64_t moment;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	size_t n = rlg_log_tail_errors(arena, path, 5, &lines);
	FUZZ_MUST(n <= 5, "%zu lines", n);
	for (size_t i = 0; i < n; i++)
		is_printable(lines[i]);
	close(fd);
	rlg_json_members(rlg_arena_copy(arena, (const char *)data, size), size, unescape, arena);
	if (fuzz_has_nul(data, size))
		return 0;
	char *rest = fuzz_text(arena, data, size);
	take(rest);
	is_printable(rest);
	const char *head = fuzz_part(&rest);
	if (rest != NULL)
		rlg_gpu_line(arena, head, rest, &moment);
	return 0;
}
