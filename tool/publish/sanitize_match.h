/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of sanitize_words.c and the files beside it: what each of the matchers is, and what they share.
 */
#ifndef RLG_SANITIZE_MATCH_H
#define RLG_SANITIZE_MATCH_H

#include "tool/publish/sanitize.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"
#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

struct rlg_scan {
	struct rlg_arena *arena;
	const struct rlg_secrets *secrets;
	const struct rlg_line *line;
	struct rlg_bytes *out;
};

/* Takes what begins at `at`, writes what may be told of it, and returns its length; 0: nothing that it knows. */
typedef size_t rlg_matcher_fn(struct rlg_scan *scan, const char *at);

/* sanitize_places.c: links, s3://... and file://..., paths */
rlg_matcher_fn rlg_match_link, rlg_match_scheme, rlg_match_path;

/* sanitize_numbers.c: ids of jobs, and numbers that happen to be one */
rlg_matcher_fn rlg_match_job;

static inline bool is_word(char character)
{
	return isalnum((unsigned char)character) && (unsigned char)character < 0x80;
}

static inline bool begins_word(const char *line, const char *at)
{
	return at == line || !is_word(at[-1]);
}

/* Is the word of `length` bytes one of these? */
static inline bool one_of(const char *const *words, size_t n, const char *at, size_t length)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i]) == length && strncasecmp(at, words[i], length) == 0)
			return true;
	return false;
}

static inline bool holds_secret(const struct rlg_scan *scan, const char *at, size_t length)
{
	enum rlg_secret_kind kind;
	size_t where;

	return rlg_secrets_find(scan->secrets, rlg_arena_strndup(scan->arena, at, length), &kind, &where) != NULL;
}

static inline void stand_in(struct rlg_scan *scan, enum rlg_secret_kind kind)
{
	rlg_bytes_add(scan->out, rlg_secrets_stand_in(scan->secrets, kind));
}

#endif
