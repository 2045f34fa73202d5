/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command line, its words with newlines between: our own options, and those of sbatch, of which we want a few. */
#include "tests/fuzz/fuzz.h"
#include "tool/cmd/options.h"
#include "tool/base/exit.h"
#include "tool/record/client_line.h"

#include <getopt.h>

#define WORDS_MAX 64

static const struct rlg_option table[] = {
	{"run", 'r', "RUN", "a run"}, {"json", 'j', NULL, "JSON"}, {"limit", 0, "[N]", "how many"}, {"report", 0, "FILE", "a file"}, {0}};

static void count(void *context, long task)
{
	FUZZ_MUST(task >= 0, "task %ld", task);
	++*(size_t *)context;
}

static const char *look_up(const char *name)
{
	return NULL;
}

static int split(char *text, char **words)
{
	int n = 1;

	for (char *word = text, *next; word != NULL && n < WORDS_MAX; word = next) {
		next = strchr(word, '\n');
		if (next != NULL)
			*next++ = '\0';
		words[n++] = word;
	}
	words[n] = NULL;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fuzz_has_nul(data, size))
		return 0;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	char *words[WORDS_MAX + 1], program[] = "sbatch", *text = fuzz_text(arena, data, size);
	struct rlg_client_line line;
	struct rlg_options options;
	size_t told = 0;
	int n = split(text, words);

	words[0] = program;
	rlg_client_line_read(arena, words, (size_t)n, look_up, "/nowhere", &line);
	FUZZ_MUST(line.command != NULL && line.time_limit_s >= -1, "no command line");
	for (int i = 1; i < n; i++) {
		told = 0;
		rlg_time_limit_s(words[i]);
		rlg_array_tasks(words[i], 1000, count, &told);
		FUZZ_MUST(told <= 1000, "%zu tasks", told);
	}
	int code = rlg_options_parse(&options, "fuzz", table, RLG_OPTIONS_ANYWHERE, n, words);
	FUZZ_MUST(code == 0 || code == RLG_EXIT_USAGE, "status %d", code);
	FUZZ_MUST(code != 0 || (options.n_words >= 0 && options.n_words < n), "%d words of %d", options.n_words, n);
	return 0;
}
