/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `runledger status`: where every run stands. */
#include "tool/cmd/commands.h"
#include "tool/cmd/damage.h"
#include "tool/group/group.h"
#include "tool/cmd/named_run.h"
#include "tool/record/reconcile.h"
#include "tool/group/refresh.h"
#include "tool/plan/scripts.h"
#include "tool/show/status.h"
#include "tool/base/when.h"

#include "lib/clock.h"
#include "tool/record/site_here.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Which runs somebody wants to see. */
struct filter {
	const char *run; /* NULL: any */
	bool by_state, states[RLG_STATUS_COUNT];
	int64_t since_us; /* 0: any time */
};

static int unknown_state(const struct rlg_options *options, const char *word, int length)
{
	return rlg_usage_error(options,
			       "`%.*s` is no state; there are pending, submitted, running, completed, failed and "
			       "skipped",
			       length, word);
}

/* "failed,running".  Returns 0 or an exit status. */
static int read_states(const struct rlg_options *options, const char *words, struct filter *filter)
{
	for (;;) {
		size_t length = strcspn(words, ",");
		char word[16] = "";
		enum rlg_status status;

		if (length < sizeof(word))
			memcpy(word, words, length);
		if (!rlg_status_parse(word, &status))
			return unknown_state(options, words, (int)length);
		filter->states[status] = true;
		if (words[length] == '\0')
			return 0;
		words += length + 1;
	}
}

static int read_filter(const struct rlg_options *options, int64_t now_us, struct filter *out_filter)
{
	const char *states = rlg_option_value(options, "state"), *since = rlg_option_value(options, "since");
	struct rlg_err err;

	*out_filter = (struct filter){.run = rlg_option_value(options, "run"), .by_state = states != NULL};
	if (since != NULL && rlg_when_parse(since, now_us, &out_filter->since_us, &err) < 0)
		return rlg_usage_error(options, "%s", err.text);
	return states != NULL ? read_states(options, states, out_filter) : 0;
}

static bool fits(const struct filter *filter, const struct rlg_run *run)
{
	if (filter->run != NULL && strcmp(filter->run, run->name) != 0)
		return false;
	if (filter->by_state && !filter->states[rlg_run_status(run)])
		return false;
	return run->word_us >= filter->since_us;
}

static void choose_runs(struct rlg_status_view *view, const struct filter *filter)
{
	const struct rlg_model *model = view->model;

	view->filtered = filter->run != NULL || filter->by_state || filter->since_us > 0;
	view->runs = rlg_arena_alloc(view->arena, (model->n_runs + 1) * sizeof(view->runs[0]));
	for (size_t i = 0; i < model->n_runs; i++)
		if (fits(filter, &model->runs[i]))
			view->runs[view->n_runs++] = &model->runs[i];
}

static void say_reconciled(const struct rlg_options *options, const struct rlg_reconciliation *done)
{
	if (done->elsewhere > 0)
		fprintf(stderr, "runledger status: %zu job%s of another cluster than %s: to be asked about there\n", done->elsewhere,
			done->elsewhere == 1 ? " is" : "s are", done->cluster);
	if (done->asked == 0) {
		if (done->elsewhere > 0)
			return;
		fputs("runledger status: every job that should have been heard of was; nobody was asked\n", stderr);
		return;
	}
	fprintf(stderr, "runledger status: asked about %zu job%s: %zu ended, %zu go on, %zu that nobody knows any more\n",
		done->asked, done->asked == 1 ? "" : "s", done->ended, done->go_on, done->unknown);
	if (done->problem.text[0] != '\0')
		rlg_warning(options, "%s; ask again later", done->problem.text);
}

/* Asks Slurm, and takes the group's state anew.  Returns 0 or an exit status. */
static int reconcile(const struct rlg_options *options, struct rlg_group *group, struct rlg_model **model, int64_t now_us)
{
	struct rlg_reconciliation done;
	struct rlg_refresh_report report;
	struct rlg_err err = {""};

	if (rlg_reconcile(group, *model, &done, &err) < 0)
		return rlg_failure(options, "%s", err.text);
	say_reconciled(options, &done);
	if (done.asked == 0)
		return 0;
	if (rlg_refresh(group, RLG_REFRESH_WAIT, &report, &err) < 0)
		rlg_warning(options, "%s", err.text);
	if (rlg_group_load(group, model, &err) < 0)
		return rlg_failure(options, "%s", err.text);
	rlg_silence_mark(*model, &group->config.silence, now_us);
	return 0;
}

static int show(const struct rlg_options *options, struct rlg_group *group, const struct filter *filter,
		const struct rlg_node_own *spooled, int64_t now_us)
{
	struct rlg_status_view view = {.arena = group->arena, .now_us = now_us, .spooled = spooled};
	struct rlg_model *model;
	struct rlg_err err;
	int status;

	if (rlg_group_load(group, &model, &err) < 0)
		return rlg_failure(options, "%s", err.text);
	rlg_silence_mark(model, &group->config.silence, now_us);
	if (rlg_option_given(options, "reconcile") && (status = reconcile(options, group, &model, now_us)) != 0)
		return status;
	if (filter->run != NULL && rlg_model_run(model, filter->run) == NULL)
		return rlg_unknown_run(options, model, filter->run);
	view.model = model;
	choose_runs(&view, filter);
	rlg_summary_actions(group->arena, model, rlg_scripts_has, (void *)group->path, &view.actions);
	rlg_terminal_look(&view.terminal, STDOUT_FILENO, rlg_option_given(options, "no-color"));
	if (rlg_option_given(options, "json"))
		rlg_status_json(&view, stdout);
	else if (filter->run != NULL)
		rlg_status_detail(&view, stdout);
	else
		rlg_status_table(&view, stdout);
	return rlg_damage_exit(options, model->damaged, group->path);
}

/* What this shows is without the records that wait on this node, or are lost. */
static void say_spooled(const struct rlg_options *options, const struct rlg_node_own *own)
{
	if (own->waiting > 0)
		rlg_warning(options, "%" PRIu64 " of your records wait%s on this node for a status file to be in reach; `runledger drain` "
			    "tries now", own->waiting, own->waiting == 1 ? "s" : "");
	if (own->drops.count > 0)
		rlg_warning(options, "%" PRIu64 " of your records found no room on this node, or could not be delivered for too long, and "
			    "are lost; `runledger doctor` says more", own->drops.count);
}

static int run(struct rlg_options *options)
{
	int64_t now_us = rlg_clock_now_us();
	struct rlg_siteconf site;
	struct rlg_node_own spooled;
	struct filter filter;
	struct rlg_group group;
	struct rlg_err err;
	const char *where;
	int status;

	if (!rlg_group_word(options, &where, &status))
		return status;
	status = read_filter(options, now_us, &filter);
	if (status != 0)
		return status;
	rlg_site_here(&site, NULL); /* the admin's mistakes are told by doctor */
	rlg_node_spool_look(&site, &spooled);
	if (rlg_group_open(where, &group, &err) < 0)
		status = rlg_failure(options, "%s", err.text);
	else
		status = show(options, &group, &filter, &spooled, now_us);
	rlg_group_close(&group);
	say_spooled(options, &spooled);
	return status;
}

static const struct rlg_option status_options[] = {
	{"json", '\0', NULL, "print one JSON object, for programs"},
	{"run", 'r', "RUN", "tell all about one run, with every attempt"},
	{"state", 's', "WORD[,WORD...]",
	 "only runs in these states: pending, submitted, running, completed, failed, skipped"},
	{"since", '\0', "TIME",
	 "only runs with news since then: 30m, 2h, 3d, today, 2026-03-11, \"2026-03-11 15:00\""},
	{"reconcile", '\0', NULL, "first ask Slurm, once, about the jobs that should have been heard of, and record what it says"},
	{"no-color", '\0', NULL, "no colours, as in a pipe or with NO_COLOR set"},
	{0},
};

static const struct rlg_example status_examples[] = {
	{"runledger status", "where every run of the run group around here stands"},
	{"runledger status --run 1B_rank4", "one run, with every attempt, its nodes, log and output"},
	{"runledger status /scratch/cap_8L --state failed --since 1d",
	 "what has failed in another group in the last 24 hours"},
	{"runledger status --json | jq -r '.runs[].run'", "the names of all runs"},
	{0},
};

const struct rlg_command rlg_cmd_status = {
	.name = "status",
	.arguments = "[GROUP]",
	.summary = "show where every run stands, and what to do next",
	.description = "Shows each run of a run group with its phases, its job, how long it took or has been running, and "
		       "what failed and why; then what to do next. GROUP is a folder in a run group; without it, the "
		       "current folder.\n\n"
		       "Only the records are read: Slurm is not asked. A job whose end nobody told is shown with the time of "
		       "the last word on it, once its time limit has passed; with --reconcile slurmctld is asked about "
		       "exactly those, then Slurm's accounting if there is one, and the answers become records.",
	.options = status_options,
	.examples = status_examples,
	.run = run,
};
