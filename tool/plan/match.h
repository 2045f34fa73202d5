/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does a job's name fit a pattern like "{phase}_{run}"?
 */
#ifndef RLG_MATCH_H
#define RLG_MATCH_H

#include <stdbool.h>
#include <stddef.h>

struct rlg_match_names {
	/* Is this (not NUL-terminated) the name of a run, or of a phase? */
	bool (*is_run)(void *context, const char *name, size_t length);
	bool (*is_phase)(void *context, const char *name, size_t length);
	void *context;
};

struct rlg_match {
	const char *run, *phase; /* into the job's name; NULL where the pattern has no such place */
	size_t run_length, phase_length;
};

/*
 * Calls `found` for every way in which the whole of `name` fits `pattern`: {run} is the name of a run, {phase} that of a
 * phase, * any text, and everything else itself.  Work is bounded: a pattern of many stars gives up early.
 */
void rlg_match_each(const char *pattern, const char *name, const struct rlg_match_names *names,
		    void (*found)(void *context, const struct rlg_match *match), void *context);

#endif
