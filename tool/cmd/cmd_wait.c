/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `runledger wait`: sleep until runs, phases or jobs have come to an end; the exit status tells to which. */
#include "tool/follow/change_forms.h"
#include "tool/follow/change_words.h"
#include "tool/cmd/commands.h"
#include "tool/cmd/damage.h"
#include "tool/base/json_out.h"
#include "tool/follow/look.h"
#include "tool/base/printable.h"
#include "tool/show/summary.h"
#include "tool/follow/target.h"
#include "tool/base/when.h"

#include "lib/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct wait {
	const struct rlg_options *options;
	struct rlg_look look;
	struct rlg_arena *arena; /* for what lives as long as the command */
	struct rlg_wish wish;
	bool any, quiet, json;
	int64_t deadline_ms; /* -1: none */
	struct rlg_target *targets;
	enum rlg_outcome *outcomes; /* of the targets, once they are told */
	size_t n_targets;
	char problem[RLG_ERR_MAX]; /* of the last look, which was said; "" */
};

static const char *const outcome_words[] = {
	[RLG_OUTCOME_WAITING] = "waiting", [RLG_OUTCOME_WANTED] = "wanted", [RLG_OUTCOME_OTHERWISE] = "otherwise"};

/* ---- what is waited for ---- */

static int unknown_target(const struct wait *wait, const struct rlg_target *target, enum rlg_target_problem problem)
{
	const struct rlg_model *model = wait->look.model;
	struct rlg_nearest nearest = {.word = problem == RLG_TARGET_NO_PHASE ? target->phase : target->run};

	if (problem == RLG_TARGET_NO_JOB)
		return rlg_failure(wait->options, "no record in %s names a job %s", model->run_group, target->word);
	if (problem == RLG_TARGET_NO_PHASE) {
		const struct rlg_run *run = rlg_model_run(model, target->run);
		for (size_t i = 0; i < run->n_phases; i++)
			rlg_nearest_offer(&nearest, run->phases[i].name);
		return rlg_unknown_name(wait->options, &nearest, "phase", target->run);
	}
	for (size_t i = 0; i < model->n_runs; i++)
		rlg_nearest_offer(&nearest, model->runs[i].name);
	return rlg_unknown_name(wait->options, &nearest, "run or job", model->run_group);
}

static int read_targets(struct wait *wait)
{
	wait->n_targets = (size_t)wait->options->n_words;
	wait->targets = rlg_arena_alloc(wait->arena, wait->n_targets * sizeof(*wait->targets));
	wait->outcomes = rlg_arena_alloc(wait->arena, wait->n_targets * sizeof(*wait->outcomes));
	for (size_t i = 0; i < wait->n_targets; i++) {
		enum rlg_target_problem problem = rlg_target_read(wait->arena, wait->look.model, wait->options->words[i],
								  &wait->targets[i]);
		if (problem != RLG_TARGET_OK)
			return unknown_target(wait, &wait->targets[i], problem);
	}
	return 0;
}

/* Whoever waits for what nobody has submitted yet may wait for long, and should know. */
static void say_what_has_not_begun(const struct wait *wait)
{
	for (size_t i = 0; i < wait->n_targets && !wait->quiet; i++) {
		struct rlg_standing standing;
		if (wait->outcomes[i] != RLG_OUTCOME_WAITING)
			continue;
		rlg_target_look(wait->look.group.arena, wait->look.model, &wait->targets[i], &standing);
		if (!standing.known)
			rlg_warning(wait->options, "no record names job %s yet; it may be one whose id is not known before it starts",
				    wait->targets[i].word);
		else if (standing.status == RLG_STATUS_PENDING && wait->targets[i].phase == NULL)
			rlg_warning(wait->options, "%s: %s; a run is done when all its phases are", wait->targets[i].word,
				    rlg_summary_note(wait->look.group.arena, standing.run));
		else if (standing.status == RLG_STATUS_PENDING)
			rlg_warning(wait->options, "%s is not submitted yet", wait->targets[i].word);
	}
}

/* ---- what it came to ---- */

/* "1B_rank4/finetune: completed (job 12, 13m 32s)"; of a whole run its status, and the phase that it comes from. */
static const char *words_of(const struct wait *wait, const struct rlg_target *target,
			    const struct rlg_standing *standing)
{
	struct rlg_arena *arena = wait->look.group.arena;
	const char *phase_words = standing->phase.name != NULL ? rlg_phase_words(arena, &standing->phase) : "";

	if (target->run == NULL)
		return rlg_arena_printf(arena, "%s: %s/%s: %s", target->word, standing->run->name, standing->phase.name,
					phase_words);
	if (target->phase != NULL)
		return rlg_arena_printf(arena, "%s: %s", target->word, phase_words);
	if (standing->status != standing->phase.status || standing->phase.name == NULL)
		return rlg_arena_printf(arena, "%s: %s", target->word, rlg_status_word(standing->status));
	return rlg_arena_printf(arena, "%s: %s %s", target->word, standing->phase.name, phase_words);
}

static void say_json(const struct wait *wait, const struct rlg_target *target, const struct rlg_standing *standing,
		     enum rlg_outcome outcome)
{
	struct rlg_bytes out;

	rlg_bytes_init(&out, wait->look.group.arena);
	rlg_bytes_add(&out, "{");
	rlg_out_text(&out, "target", target->word);
	rlg_out_text(&out, "outcome", outcome_words[outcome]);
	rlg_out_text(&out, "group", wait->look.model->run_group);
	rlg_out_text(&out, "path", wait->look.model->group_path);
	rlg_out_text(&out, "run", standing->run->name);
	rlg_out_text(&out, "run_status", rlg_status_word(rlg_run_status(standing->run)));
	rlg_phase_json(&out, &standing->phase, words_of(wait, target, standing));
	rlg_bytes_add(&out, "}\n");
	fwrite(out.data, 1, out.length, stdout);
}

static void say_words(const struct wait *wait, const struct rlg_target *target, const struct rlg_standing *standing)
{
	const char *const *log;
	size_t n = rlg_change_log_lines(wait->look.group.arena, &standing->phase, RLG_CHANGE_LOG_LINES, &log);

	rlg_printable_put(stdout, words_of(wait, target, standing));
	fputc('\n', stdout);
	for (size_t i = 0; i < n; i++) {
		fputs("    ", stdout);
		rlg_printable_put(stdout, log[i]);
		fputc('\n', stdout);
	}
}

/* Looks at the targets that are not done yet, and tells of those that are now. */
static void look_at_targets(struct wait *wait)
{
	for (size_t i = 0; i < wait->n_targets; i++) {
		struct rlg_standing standing;
		if (wait->outcomes[i] != RLG_OUTCOME_WAITING)
			continue;
		rlg_target_look(wait->look.group.arena, wait->look.model, &wait->targets[i], &standing);
		wait->outcomes[i] = rlg_wish_outcome(&wait->wish, &standing);
		if (wait->outcomes[i] == RLG_OUTCOME_WAITING || wait->quiet)
			continue;
		if (wait->json)
			say_json(wait, &wait->targets[i], &standing, wait->outcomes[i]);
		else
			say_words(wait, &wait->targets[i], &standing);
	}
	fflush(stdout);
}

static size_t count(const struct wait *wait, enum rlg_outcome outcome)
{
	size_t n = 0;

	for (size_t i = 0; i < wait->n_targets; i++)
		n += wait->outcomes[i] == outcome;
	return n;
}

/* Of any: the first end, where any end will do; else the first that is as wanted. */
static bool is_over(const struct wait *wait)
{
	size_t left = count(wait, RLG_OUTCOME_WAITING), wanted = count(wait, RLG_OUTCOME_WANTED);

	if (!wait->any)
		return left == 0;
	return wanted > 0 || left == 0 || (wait->wish.done && left < wait->n_targets);
}

static int result(const struct wait *wait)
{
	bool good = wait->any ? count(wait, RLG_OUTCOME_WANTED) > 0 : count(wait, RLG_OUTCOME_OTHERWISE) == 0;
	int damaged = rlg_damage_exit(wait->options, wait->look.model->damaged, wait->look.path);

	return good ? damaged : RLG_EXIT_FAILED;
}

static int time_is_up(const struct wait *wait)
{
	for (size_t i = 0; i < wait->n_targets && !wait->quiet; i++) {
		struct rlg_standing standing;
		if (wait->outcomes[i] != RLG_OUTCOME_WAITING)
			continue;
		rlg_target_look(wait->look.group.arena, wait->look.model, &wait->targets[i], &standing);
		rlg_warning(wait->options, "the time is up, and %s is %s", wait->targets[i].word,
			    standing.known ? rlg_status_word(standing.status) : "not heard of");
	}
	return RLG_EXIT_TIMEOUT;
}

/* ---- looks ---- */

/* What stands in the way of a look for a moment is said once.  -ENOENT: the group is gone. */
static int look_again(struct wait *wait)
{
	struct rlg_err err = {""};
	int code = rlg_look_again(&wait->look, &err);

	if (code == 0) {
		wait->problem[0] = '\0';
		look_at_targets(wait);
	} else if (code != -ENOENT && strcmp(wait->problem, err.text) != 0) {
		snprintf(wait->problem, sizeof(wait->problem), "%s", err.text);
		rlg_warning(wait->options, "%s", err.text);
	}
	return code == -ENOENT ? code : 0;
}

static void say_why_it_looks(const struct wait *wait)
{
	const char *why = rlg_follow_complaint(wait->look.follow);

	if (why != NULL && !wait->quiet)
		rlg_warning(wait->options, "%s", why);
}

static int follow(struct wait *wait)
{
	say_why_it_looks(wait);
	look_at_targets(wait);
	if (!is_over(wait))
		say_what_has_not_begun(wait);
	while (!is_over(wait)) {
		switch (rlg_follow_wait(wait->look.follow, wait->deadline_ms, -1)) {
		case RLG_FOLLOW_DEADLINE:
			return time_is_up(wait);
		case RLG_FOLLOW_NO_READER:
			raise(SIGPIPE);
			return rlg_failure(wait->options, "nobody reads standard output any more");
		case RLG_FOLLOW_GONE:
			return rlg_failure(wait->options, "the run group %s is gone", wait->look.path);
		default:
			if (look_again(wait) != 0)
				return rlg_failure(wait->options, "the run group %s is gone", wait->look.path);
		}
		say_why_it_looks(wait);
	}
	return result(wait);
}

/* ---- the command ---- */

static int read_options(struct wait *wait)
{
	const struct rlg_options *options = wait->options;
	const char *wish = rlg_option_value(options, "for"), *timeout = rlg_option_value(options, "timeout");
	int64_t duration_us;

	if (options->n_words == 0)
		return rlg_usage_error(options, "which run, RUN/PHASE or job?");
	if (rlg_option_given(options, "any") && rlg_option_given(options, "all"))
		return rlg_usage_error(options, "--any or --all, not both");
	if (!rlg_wish_parse(wish != NULL ? wish : "done", &wait->wish))
		return rlg_usage_error(options,
				       "`%s` is nothing to wait for; there are done, submitted, running, completed, "
				       "failed and skipped",
				       wish);
	if (timeout == NULL)
		return 0;
	if (!rlg_when_parse_duration(timeout, &duration_us))
		return rlg_usage_error(options, "`%s` is no length of time; say 30s, 10m, 2h, 3d or 1w", timeout);
	wait->deadline_ms = rlg_clock_monotonic_ms() + duration_us / 1000;
	return 0;
}

static int run(struct rlg_options *options)
{
	struct wait wait = {.options = options,
			    .any = rlg_option_given(options, "any"),
			    .quiet = rlg_option_given(options, "quiet"),
			    .json = rlg_option_given(options, "json"),
			    .deadline_ms = -1};
	struct rlg_err err = {""};
	int status = read_options(&wait);

	if (status != 0)
		return status;
	wait.arena = rlg_arena_new();
	if (rlg_look_open(&wait.look, rlg_option_value(options, "group"), &err) < 0)
		status = rlg_failure(options, "%s", err.text);
	else
		status = read_targets(&wait);
	if (status == 0)
		status = follow(&wait);
	rlg_look_close(&wait.look);
	rlg_arena_free(wait.arena);
	return status;
}

static const struct rlg_option wait_options[] = {
	{"for", 'f', "STATUS[,STATUS...]",
	 "what to wait for: done, the default, is completed, failed or skipped; or submitted, running, completed, failed, "
	 "skipped"},
	{"any", '\0', NULL, "until one of them is done"},
	{"all", '\0', NULL, "until all are done, the default"},
	{"timeout", 't', "TIME", "no longer than 30s, 10m, 2h, 3d: then status 124"},
	{"group", 'g', "DIR", "the run group, or a folder in it; without it, the current folder"},
	{"quiet", 'q', NULL, "say nothing: the exit status tells"},
	{"json", '\0', NULL, "print one JSON object for each that is done, for programs"},
	{0},
};

static const struct rlg_example wait_examples[] = {
	{"runledger wait 1B_rank4/finetune && sbatch eval.slurm", "evaluate as soon as the model is there"},
	{"runledger wait --timeout 2h 1B_rank4 3B_rank4", "two whole runs, with all their phases"},
	{"runledger wait --for running 1234567", "until a job has left the queue"},
	{0},
};

const struct rlg_command rlg_cmd_wait = {
	.name = "wait",
	.arguments = "RUN[/PHASE]|JOBID...",
	.summary = "sleep until runs, phases or jobs are done",
	.description = "Sleeps until each RUN, RUN/PHASE or job is done, and prints a line for each that is. What is done "
		       "already is told at once. A run is done when all its phases are.\n\n"
		       "The exit status tells how it went: 0, all came to what was waited for (without --for: none failed); "
		       "1, one failed or ended otherwise, or there is no such run; 124, the time was up. What has been passed "
		       "on the way counts: a job that has completed was running. Slurm is not asked.",
	.options = wait_options,
	.examples = wait_examples,
	.run = run,
};
