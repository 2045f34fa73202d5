/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of evaluations: see evaluation.h. */
#include "tool/plan/evaluation.h"

#include "lib/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Nobody trains for longer; a larger number is a date or a seed. */
#define MOST_EPOCHS 1000000

static const char *const epoch_words[] = {"epoch", "ep"};

/* Where the word for an epoch begins that ends at `end`; NULL where none does. */
static const char *find_word(const char *name, const char *end)
{
	for (size_t i = 0; i < sizeof(epoch_words) / sizeof(epoch_words[0]); i++) {
		size_t length = strlen(epoch_words[i]);
		const char *at = end - length;
		if ((size_t)(end - name) > length && strncasecmp(at, epoch_words[i], length) == 0 &&
		    strchr("_-. /", at[-1]) != NULL)
			return at;
	}
	return NULL;
}

struct rlg_evaluation_name rlg_evaluation_parse(struct rlg_arena *arena, const char *name)
{
	struct rlg_evaluation_name result = {rlg_arena_strdup(arena, name), -1};
	const char *digits = name + strlen(name);
	long long epoch;

	while (digits > name && isdigit((unsigned char)digits[-1]))
		digits--;
	if (!rlg_parse_int(digits, 0, MOST_EPOCHS, &epoch))
		return result;
	const char *end = digits > name && strchr("_- ", digits[-1]) != NULL ? digits - 1 : digits;
	const char *word = find_word(name, end);
	if (word == NULL || word - name < 2)
		return result;
	result.task = rlg_arena_strndup(arena, name, (size_t)(word - name) - 1);
	result.epoch = (long)epoch;
	return result;
}

bool rlg_evaluation_is_same(struct rlg_arena *arena, const char *left, const char *right)
{
	struct rlg_evaluation_name a = rlg_evaluation_parse(arena, left), b = rlg_evaluation_parse(arena, right);

	return a.epoch == b.epoch && strcmp(a.task, b.task) == 0;
}

const char *rlg_evaluation_subject(struct rlg_arena *arena, const struct rlg_evaluation_name *name)
{
	if (name->epoch < 0)
		return name->task;
	return rlg_arena_printf(arena, "%s/epoch%ld", name->task, name->epoch);
}
