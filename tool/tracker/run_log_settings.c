/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a submission's command line sets for the job itself: see run_log.h. */
#include "tool/tracker/run_log.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Words of a command line; who wrote blanks into one of them reads on at the next. */
static const char *next_word(struct rlg_arena *arena, const char **at)
{
	*at += strspn(*at, " \t\n");
	size_t length = strcspn(*at, " \t\n");
	const char *word = length > 0 ? rlg_arena_strndup(arena, *at, length) : NULL;

	*at += length;
	return word;
}

bool rlg_rl_ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

const char *rlg_rl_own_arguments(struct rlg_arena *arena, const struct rlg_submission *submission)
{
	const char *at = submission->command, *word;

	while (at != NULL && (word = next_word(arena, &at)) != NULL)
		if (submission->script != NULL ? strcmp(word, submission->script) == 0 : rlg_rl_ends_with(word, ".py"))
			return at;
	return "";
}

bool rlg_rl_is_secret(const char *name)
{
	static const char *const words[] = {"token", "secret", "passw", "api_key", "api-key", "apikey", "credential"};

	for (size_t i = 0; i < COUNT(words); i++)
		if (strcasestr(name, words[i]) != NULL)
			return true;
	return false;
}

bool rlg_rl_next_setting(struct rlg_arena *arena, const char **at, struct rlg_rl_setting *out_setting)
{
	const char *word = next_word(arena, at);

	if (word == NULL)
		return false;
	bool is_option = word[0] == '-';
	word += strspn(word, "-");
	const char *equals = strchr(word, '=');
	*out_setting = (struct rlg_rl_setting){.name = word};
	if (equals != NULL) {
		out_setting->name = rlg_arena_strndup(arena, word, (size_t)(equals - word));
		out_setting->value = equals + 1;
	} else if (is_option) {
		const char *ahead = *at, *value = next_word(arena, &ahead);
		if (value != NULL && value[0] != '-' && strchr(value, '=') == NULL) {
			out_setting->value = value;
			*at = ahead;
		}
	}
	return true;
}
