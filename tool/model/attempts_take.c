/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an attempt takes from what was told of it, and its place among others: see attempts.h. */
#include "tool/model/attempts.h"

#include "lib/clock.h"
#include "tool/model/slurm_state.h"
#include "tool/model/usage.h"

#include <string.h>

struct rlg_phased_attempt rlg_attempt_waiting(void)
{
	return (struct rlg_phased_attempt){.attempt = {.job_id = -1,
						       .array_job_id = -1,
						       .array_task_id = -1,
						       .het_job_id = -1,
						       .exit_code = -1,
						       .signal = -1,
						       .time_limit_s = -1,
						       .usage = RLG_USAGE_UNKNOWN,
						       .slurm_state = "PENDING",
						       .status = RLG_STATUS_SUBMITTED}};
}

static void take_text(const char **to, const char *from)
{
	if (*to == NULL)
		*to = from;
}

static void take_number(int64_t *to, int64_t from)
{
	if (*to < 0)
		*to = from;
}

/* What an event and an attempt call the same, and of which the first to tell it is believed. */
#define TEXTS(X) X(cluster) X(sid) X(nodes) X(user) X(job_name) X(stdout_path)
#define NUMBERS(X) X(job_id) X(array_job_id) X(array_task_id) X(het_job_id) X(time_limit_s)
#define SUBMISSION(X) X(script) X(command) X(cwd) X(host) X(git_commit) X(git_branch) X(agent) X(session)

void rlg_attempt_take(struct rlg_phased_attempt *to, const struct rlg_event *event)
{
	struct rlg_attempt *attempt = &to->attempt;

	take_text(&to->phase, event->phase);
#define TAKE_TEXT(member) take_text(&attempt->member, event->member);
	TEXTS(TAKE_TEXT)
#define TAKE_NUMBER(member) take_number(&attempt->member, event->member);
	NUMBERS(TAKE_NUMBER)
#define TAKE_SUBMISSION(member) take_text(&attempt->submission.member, event->member);
	SUBMISSION(TAKE_SUBMISSION)
	rlg_usage_take_request(&attempt->usage, event);
	if (event->time_us > attempt->word_us)
		attempt->word_us = event->time_us;
}

void rlg_attempt_take_told(struct rlg_phased_attempt *to, const struct rlg_phased_attempt *told)
{
	const struct rlg_attempt *from = &told->attempt;
	struct rlg_attempt *attempt = &to->attempt;

	take_text(&to->phase, told->phase);
#define TAKE_TOLD_TEXT(member) take_text(&attempt->member, from->member);
	TEXTS(TAKE_TOLD_TEXT)
#define TAKE_TOLD_NUMBER(member) take_number(&attempt->member, from->member);
	NUMBERS(TAKE_TOLD_NUMBER)
#define TAKE_TOLD_SUBMISSION(member) take_text(&attempt->submission.member, from->submission.member);
	SUBMISSION(TAKE_TOLD_SUBMISSION)
	take_number(&attempt->usage.n_cpus, from->usage.n_cpus);
	take_number(&attempt->usage.memory_limit, from->usage.memory_limit);
	if (from->word_us > attempt->word_us)
		attempt->word_us = from->word_us;
}

/* How an end without a known state counts: never as a success. */
static enum rlg_status status_of(const struct rlg_attempt *attempt)
{
	const enum rlg_status *status = rlg_slurm_status(attempt->slurm_state);

	if (attempt->ended && !attempt->final)
		return RLG_STATUS_SUBMITTED;
	return status != NULL ? *status : RLG_STATUS_FAILED;
}

void rlg_attempt_take_word(struct rlg_phased_attempt *to, const struct rlg_event *word)
{
	struct rlg_attempt *attempt = &to->attempt;

	attempt->slurm_state = word->state == NULL ? "UNKNOWN" : word->state;
	attempt->ended = word->kind == RLG_EVENT_FINISH && !rlg_slurm_runs(attempt->slurm_state);
	if (attempt->ended) {
		attempt->final = word->final && strcmp(attempt->slurm_state, "REQUEUED") != 0;
		attempt->end_us = word->end_us > 0 ? word->end_us : word->time_us;
		attempt->exit_code = word->exit_code;
		attempt->signal = word->signal;
		attempt->source = word->source;
	}
	attempt->reason = word->reason;
	attempt->time_limit_s = word->time_limit_s;
	attempt->status = status_of(attempt);
}

int64_t rlg_attempt_order(const struct rlg_attempt *attempt)
{
	return attempt->start_us > attempt->submit_us ? attempt->start_us : attempt->submit_us;
}

int rlg_attempt_compare(const struct rlg_attempt *left, const struct rlg_attempt *right)
{
	int64_t one = rlg_attempt_order(left) / RLG_SECOND_US, other = rlg_attempt_order(right) / RLG_SECOND_US;

	if (one == other) { /* requeued within that second */
		one = left->submit_us / RLG_SECOND_US;
		other = right->submit_us / RLG_SECOND_US;
	}
	return one < other ? -1 : one > other;
}
