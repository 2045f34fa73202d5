/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a job's name fit a pattern: see match.h. */
#include "tool/plan/match.h"

#include <string.h>

/* Names are at most a few hundred bytes and patterns hold two or three places. */
#define MOST_STEPS 100000

struct search {
	const struct rlg_match_names *names;
	void (*found)(void *context, const struct rlg_match *match);
	void *context;
	struct rlg_match match;
	unsigned steps;
};

static void try_here(struct search *search, const char *pattern, const char *name);

static bool starts(const char *pattern, const char *place, size_t *out_length)
{
	*out_length = strlen(place);
	return strncmp(pattern, place, *out_length) == 0;
}

static void try_run(struct search *search, const char *rest, const char *name)
{
	for (size_t length = 1; length <= strlen(name); length++) {
		if (!search->names->is_run(search->names->context, name, length))
			continue;
		search->match.run = name;
		search->match.run_length = length;
		try_here(search, rest, name + length);
	}
	search->match.run = NULL;
}

static void try_phase(struct search *search, const char *rest, const char *name)
{
	for (size_t length = 1; length <= strlen(name); length++) {
		if (!search->names->is_phase(search->names->context, name, length))
			continue;
		search->match.phase = name;
		search->match.phase_length = length;
		try_here(search, rest, name + length);
	}
	search->match.phase = NULL;
}

static void try_anything(struct search *search, const char *rest, const char *name)
{
	for (;; name++) {
		try_here(search, rest, name);
		if (*name == '\0')
			return;
	}
}

static void try_here(struct search *search, const char *pattern, const char *name)
{
	size_t length;

	if (++search->steps > MOST_STEPS)
		return;
	if (*pattern == '\0') {
		if (*name == '\0')
			search->found(search->context, &search->match);
	} else if (starts(pattern, "{run}", &length)) {
		try_run(search, pattern + length, name);
	} else if (starts(pattern, "{phase}", &length)) {
		try_phase(search, pattern + length, name);
	} else if (*pattern == '*') {
		try_anything(search, pattern + 1, name);
	} else if (*pattern == *name) {
		try_here(search, pattern + 1, name + 1);
	}
}

void rlg_match_each(const char *pattern, const char *name, const struct rlg_match_names *names,
		    void (*found)(void *context, const struct rlg_match *match), void *context)
{
	struct search search = {.names = names, .found = found, .context = context};

	try_here(&search, pattern, name);
}
