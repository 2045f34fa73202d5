/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A failed task in words: see failure_words.h. */
#include "tool/show/failure_words.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

/* Steps of one task, which nobody knows by its rank. */
static const struct {
	const char *step, *words;
} lone_tasks[] = {
	{"batch", "the batch script"},
	{"interactive", "the interactive shell"},
};

static const char *lone_task(const struct rlg_failure *failure)
{
	for (size_t i = 0; i < sizeof(lone_tasks) / sizeof(lone_tasks[0]); i++)
		if (failure->step != NULL && strcmp(lone_tasks[i].step, failure->step) == 0)
			return lone_tasks[i].words;
	return NULL;
}

bool rlg_failure_is_lone(const struct rlg_failure *failure)
{
	return lone_task(failure) != NULL;
}

static void add_node(struct rlg_bytes *words, const struct rlg_failure *failure)
{
	if (failure->node != NULL)
		rlg_bytes_addf(words, " on %s", failure->node);
}

void rlg_failure_add_who(struct rlg_bytes *words, const struct rlg_failure *failure)
{
	if (lone_task(failure) != NULL)
		rlg_bytes_add(words, lone_task(failure));
	else if (failure->rank >= 0)
		rlg_bytes_addf(words, "rank %" PRId64, failure->rank);
	else
		rlg_bytes_add(words, "a task");
	add_node(words, failure);
}

void rlg_failure_add_who_in_step(struct rlg_bytes *words, const struct rlg_failure *failure)
{
	rlg_failure_add_who(words, failure);
	if (failure->step != NULL && lone_task(failure) == NULL)
		rlg_bytes_addf(words, " (step %s)", failure->step);
}

void rlg_words_add_signal(struct rlg_bytes *words, int64_t signal)
{
	const char *name = signal < 64 ? sigabbrev_np((int)signal) : NULL;

	rlg_bytes_addf(words, "signal %" PRId64, signal);
	if (name != NULL)
		rlg_bytes_addf(words, " (%s)", name);
}

static bool has_status(const struct rlg_failure *failure)
{
	return failure->signal > 0 || failure->exit_code > 0;
}

static void add_status(struct rlg_bytes *words, const struct rlg_failure *failure)
{
	if (failure->signal > 0)
		rlg_words_add_signal(words, failure->signal);
	else if (failure->exit_code > 0)
		rlg_bytes_addf(words, "exit code %" PRId64, failure->exit_code);
}

void rlg_failure_add_how(struct rlg_bytes *words, const char *before, const struct rlg_failure *failure)
{
	if (has_status(failure)) {
		rlg_bytes_add(words, before);
		add_status(words, failure);
		before = ", ";
	}
	if (failure->oom == 1)
		rlg_bytes_addf(words, "%sout of memory", before);
}

void rlg_failure_add_cause(struct rlg_bytes *words, const struct rlg_failure *failure, const char *state)
{
	bool killed_for_it = failure->oom == 1 && (failure->signal == SIGKILL || !has_status(failure));

	if (failure->oom == 1 && state != NULL && strcmp(state, "OUT_OF_MEMORY") == 0) {
		rlg_failure_add_who(words, failure);
	} else if (killed_for_it) {
		rlg_failure_add_who(words, failure);
		rlg_bytes_add(words, ", out of memory");
	} else if (lone_task(failure) == NULL || !has_status(failure)) {
		rlg_failure_add_who(words, failure);
		rlg_failure_add_how(words, ", ", failure);
	} else {
		add_status(words, failure);
		add_node(words, failure);
		if (failure->oom == 1)
			rlg_bytes_add(words, ", out of memory");
	}
}
