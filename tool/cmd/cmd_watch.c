/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `runledger watch`: each change of state, once, as it happens. */
#include "tool/follow/change_forms.h"
#include "tool/follow/change_words.h"
#include "tool/cmd/cmd_session.h"
#include "tool/cmd/commands.h"
#include "tool/cmd/damage.h"
#include "tool/follow/hooks.h"
#include "tool/follow/look.h"
#include "tool/show/marks.h"
#include "tool/cmd/named_run.h"
#include "tool/base/names.h"
#include "tool/base/printable.h"
#include "tool/show/summary.h"
#include "tool/base/terminal.h"
#include "tool/tracker/active_jobs.h"
#include "tool/base/when.h"

#include "lib/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The line that sums up waits until there was nothing to tell for so long: in a burst it would be old at once. */
#define SUMMARY_MS 1000

struct watch {
	const struct rlg_options *options;
	struct rlg_look look;
	struct rlg_terminal terminal;
	const char *run; /* NULL: all */
	const char *session; /* whose jobs; NULL: everyone's */
	struct rlg_session_jobs session_jobs; /* they */
	bool json, stay;
	int64_t deadline_ms; /* -1: none */
	struct rlg_hooks *hooks; /* NULL: nobody asked for any */
	/* Phases that were active, or changed, since the beginning: their ends are what the exit status tells. */
	struct rlg_arena *arena;
	struct rlg_names *followed;
	int64_t summary_ms; /* when to say the one line that sums up what was told (monotonic); -1: there is nothing new */
	char problem[RLG_ERR_MAX]; /* of the last look, which was said; "" */
	char registry_problem[RLG_ERR_MAX]; /* the same */
};

static bool is_wanted_run(const struct watch *watch, const struct rlg_run *run)
{
	return watch->run == NULL || strcmp(watch->run, run->name) == 0;
}

static bool is_wanted(const struct watch *watch, const struct rlg_run *run, const struct rlg_phase *phase)
{
	return is_wanted_run(watch, run) && (watch->session == NULL || rlg_session_jobs_in(&watch->session_jobs, phase));
}

/* Calls for each phase that is watched; how many times it said true. */
typedef bool phase_fn(struct watch *watch, const struct rlg_run *run, const struct rlg_phase *phase);

static size_t count_phases(struct watch *watch, phase_fn *tell)
{
	const struct rlg_model *model = watch->look.model;
	size_t count = 0;

	for (size_t i = 0; i < model->n_runs; i++)
		for (size_t j = 0; is_wanted_run(watch, &model->runs[i]) && j < model->runs[i].n_phases; j++)
			if (is_wanted(watch, &model->runs[i], &model->runs[i].phases[j]))
				count += tell(watch, &model->runs[i], &model->runs[i].phases[j]);
	return count;
}

/* No name holds a slash. */
static void follow_phase(struct watch *watch, const struct rlg_run *run, const struct rlg_phase *phase)
{
	const char *name = rlg_arena_printf(watch->arena, "%s/%s", run->name, phase->name);

	if (rlg_names_find(watch->followed, name) == RLG_NAMES_NONE)
		rlg_names_add(watch->followed, name, 0);
}

static bool is_active(struct watch *watch, const struct rlg_run *run, const struct rlg_phase *phase)
{
	return rlg_phase_is_active(phase);
}

static bool follow_active(struct watch *watch, const struct rlg_run *run, const struct rlg_phase *phase)
{
	if (rlg_phase_is_active(phase))
		follow_phase(watch, run, phase);
	return rlg_phase_is_active(phase);
}

static bool has_failed(struct watch *watch, const struct rlg_run *run, const struct rlg_phase *phase)
{
	const char *name = rlg_arena_printf(watch->look.group.arena, "%s/%s", run->name, phase->name);

	return phase->status == RLG_STATUS_FAILED && rlg_names_find(watch->followed, name) != RLG_NAMES_NONE;
}

/* ---- words ---- */

/* What comes from a record is made harmless between the colours, which are ours. */
static void say(const struct watch *watch, int64_t time_us, enum rlg_colour colour, const char *words)
{
	char time[RLG_TIME_TEXT_MAX];
	bool coloured = colour != RLG_COLOUR_PLAIN;

	if (time_us > 0) {
		rlg_terminal_print(&watch->terminal, stdout, RLG_COLOUR_DIM, rlg_clock_local(time_us, time));
		fputs("  ", stdout);
	} else {
		fputs("  ", stdout);
	}
	fputs(coloured ? rlg_terminal_colour(&watch->terminal, colour) : "", stdout);
	rlg_printable_put(stdout, words);
	fputs(coloured ? rlg_terminal_colour(&watch->terminal, RLG_COLOUR_PLAIN) : "", stdout);
	fputc('\n', stdout);
}

static void say_summary(struct watch *watch)
{
	const struct rlg_model *model = watch->look.model;
	struct rlg_arena *arena = watch->look.group.arena;

	watch->summary_ms = -1;
	if (watch->json || watch->run != NULL)
		return;
	if (watch->session != NULL)
		model = rlg_session_jobs_model(&watch->session_jobs, arena, model);
	rlg_printable_put(stdout, model->run_group);
	fputs(watch->session != NULL ? ", session " : "", stdout);
	rlg_printable_put(stdout, watch->session != NULL ? watch->session : "");
	fputs(": ", stdout);
	rlg_printable_put(stdout, rlg_summary_line(arena, model));
	fputc('\n', stdout);
}

static bool say_active(struct watch *watch, const struct rlg_run *run, const struct rlg_phase *phase)
{
	struct rlg_arena *arena = watch->look.group.arena;

	if (rlg_phase_is_active(phase))
		say(watch, 0, rlg_mark(phase->status)->colour,
		    rlg_arena_printf(arena, "%s/%s: %s", run->name, phase->name, rlg_phase_words(arena, phase)));
	return true;
}

/* Where things stand at the beginning; what is in the works one by one while it is little. */
static void say_standing(struct watch *watch)
{
	size_t n_active = count_phases(watch, follow_active);

	if (watch->json)
		return;
	say_summary(watch);
	if (n_active <= RLG_CHANGES_EACH)
		count_phases(watch, say_active);
	if (n_active == 0 && !watch->stay)
		fputs("runledger watch: nothing is in the queue, and nothing runs\n", stderr);
	fflush(stdout);
}

static void tell_words(struct watch *watch, const struct rlg_change *changes, size_t n)
{
	struct rlg_change_lines lines;

	rlg_changes_tell(watch->look.group.arena, changes, n, &lines);
	for (size_t i = 0; i < lines.n; i++)
		say(watch, lines.list[i].time_us, lines.list[i].colour, lines.list[i].words);
}

static void tell_json(struct watch *watch, const struct rlg_change *changes, size_t n)
{
	struct rlg_bytes out;

	rlg_bytes_init(&out, watch->look.group.arena);
	for (size_t i = 0; i < n; i++)
		rlg_change_json(&out, watch->look.model, &changes[i]);
	fwrite(out.data, 1, out.length, stdout);
}

/* ---- looks ---- */

static void complain(void *context, const char *sentence)
{
	const struct watch *watch = context;

	rlg_warning(watch->options, "%s", sentence);
}

static void say_why_it_looks(struct watch *watch)
{
	const char *why = rlg_follow_complaint(watch->look.follow);

	if (why != NULL)
		complain(watch, why);
}

/* Also the end of a job of the session's where another's decides now. */
static bool is_wanted_change(const struct watch *watch, const struct rlg_change *change)
{
	return is_wanted(watch, change->run, change->phase) ||
	       (is_wanted_run(watch, change->run) && change->ended != NULL &&
		rlg_session_jobs_has(&watch->session_jobs, change->ended));
}

static size_t choose(const struct watch *watch, struct rlg_change *changes, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (is_wanted_change(watch, &changes[i]))
			changes[kept++] = changes[i];
	return kept;
}

/* Which jobs of the model are the session's.  What is wrong with its registry is said once. */
static void look_at_session(struct watch *watch)
{
	const struct rlg_group *group = &watch->look.group;
	struct rlg_err err = {""};
	bool is_shared;

	if (watch->session == NULL)
		return;
	const char *path = rlg_active_jobs_path(group->arena, group->path, &group->config, watch->session, &is_shared);
	rlg_session_jobs_look(&watch->session_jobs, group->arena, watch->look.model, path, is_shared, &err);
	if (err.text[0] != '\0' && strcmp(watch->registry_problem, err.text) != 0)
		rlg_warning(watch->options, "%s", err.text);
	snprintf(watch->registry_problem, sizeof(watch->registry_problem), "%s", err.text);
}

static void tell_changes(struct watch *watch)
{
	struct rlg_arena *arena = watch->look.group.arena;
	struct rlg_change *changes;
	size_t n = rlg_changes(arena, watch->look.before, watch->look.model, &changes);

	n = choose(watch, changes, n);
	if (n == 0)
		return;
	if (watch->json)
		tell_json(watch, changes, n);
	else
		tell_words(watch, changes, n);
	fflush(stdout);
	watch->summary_ms = rlg_clock_monotonic_ms() + SUMMARY_MS;
	for (size_t i = 0; i < n; i++) {
		follow_phase(watch, changes[i].run, changes[i].phase);
		if (watch->hooks != NULL)
			rlg_hooks_add(watch->hooks, rlg_change_env(arena, watch->look.model, &changes[i]));
	}
	if (watch->hooks != NULL)
		rlg_hooks_attend(watch->hooks);
}

/* A look; what stands in its way for a moment is said once.  0, or -ENOENT: the group is gone. */
static int look_again(struct watch *watch)
{
	struct rlg_err err = {""};
	int code = rlg_look_again(&watch->look, &err);

	if (code == 0) {
		watch->problem[0] = '\0';
		look_at_session(watch);
		tell_changes(watch);
	} else if (code != -ENOENT && strcmp(watch->problem, err.text) != 0) {
		snprintf(watch->problem, sizeof(watch->problem), "%s", err.text);
		rlg_warning(watch->options, "%s", err.text);
	}
	return code == -ENOENT ? code : 0;
}

static int64_t earlier(int64_t left_ms, int64_t right_ms)
{
	return left_ms < 0 || (right_ms >= 0 && right_ms < left_ms) ? right_ms : left_ms;
}

/* When the next thing is due that no record tells. */
static int64_t next_ms(const struct watch *watch)
{
	int64_t next = earlier(watch->deadline_ms, watch->look.silent_next_ms);

	next = earlier(next, rlg_hooks_deadline_ms(watch->hooks));
	return earlier(next, watch->summary_ms);
}

static bool is_due(int64_t moment_ms)
{
	return moment_ms >= 0 && rlg_clock_monotonic_ms() >= moment_ms;
}

/* Nobody reads what we write: as the write would have ended us. */
static int no_reader(const struct watch *watch)
{
	raise(SIGPIPE);
	return rlg_failure(watch->options, "nobody reads standard output any more");
}

static int after_the_end(struct watch *watch)
{
	while (!rlg_hooks_idle(watch->hooks)) {
		int64_t until_ms = rlg_hooks_deadline_ms(watch->hooks);

		if (rlg_follow_wait(watch->look.follow, until_ms, rlg_hooks_fd(watch->hooks)) == RLG_FOLLOW_NO_READER)
			return no_reader(watch); /* to wait again would not be to sleep */
		rlg_hooks_attend(watch->hooks);
	}
	if (watch->summary_ms >= 0)
		say_summary(watch);
	int damaged = rlg_damage_exit(watch->options, watch->look.model->damaged, watch->look.path);
	return count_phases(watch, has_failed) > 0 ? RLG_EXIT_FAILED : damaged;
}

static int time_is_up(struct watch *watch)
{
	size_t n_active = count_phases(watch, is_active);

	if (watch->summary_ms >= 0)
		say_summary(watch);
	rlg_warning(watch->options, "the time is up, and %zu phase%s of runs %s in the works", n_active,
		    n_active == 1 ? "" : "s", n_active == 1 ? "is" : "are");
	return RLG_EXIT_TIMEOUT;
}

static int gone(const struct watch *watch)
{
	return rlg_failure(watch->options, "the run group %s is gone", watch->look.path);
}

static int follow(struct watch *watch)
{
	while (watch->stay || count_phases(watch, is_active) > 0) {
		enum rlg_follow_end end =
			rlg_follow_wait(watch->look.follow, next_ms(watch), rlg_hooks_fd(watch->hooks));

		say_why_it_looks(watch);
		if (end == RLG_FOLLOW_GONE)
			return gone(watch);
		if (end == RLG_FOLLOW_NO_READER)
			return no_reader(watch);
		if ((end == RLG_FOLLOW_NEWS || is_due(watch->look.silent_next_ms)) && look_again(watch) != 0)
			return gone(watch);
		if (is_due(watch->summary_ms)) {
			say_summary(watch);
			fflush(stdout);
		}
		if (watch->hooks != NULL)
			rlg_hooks_attend(watch->hooks);
		if (is_due(watch->deadline_ms) && (watch->stay || count_phases(watch, is_active) > 0))
			return time_is_up(watch);
	}
	return after_the_end(watch);
}

/* ---- the command ---- */

static int begin(struct watch *watch, const char *where)
{
	const char *command = rlg_option_value(watch->options, "exec");
	struct rlg_err err = {""};

	if (rlg_look_open(&watch->look, where, &err) < 0) {
		/* `--session ID` is how one would write it, too. */
		bool is_id = watch->session != NULL && rlg_option_value(watch->options, "session")[0] == '\0' && where != NULL;
		return rlg_failure(watch->options, "%s%s%s", err.text, is_id ? "; a session's id is given as --session=" : "",
				   is_id ? where : "");
	}
	look_at_session(watch);
	if (watch->run != NULL && rlg_model_run(watch->look.model, watch->run) == NULL)
		return rlg_unknown_run(watch->options, watch->look.model, watch->run);
	say_why_it_looks(watch);
	if (command != NULL)
		watch->hooks = rlg_hooks_new(command, RLG_HOOK_SECONDS * INT64_C(1000), complain, watch);
	if (command != NULL && watch->hooks == NULL)
		return rlg_failure(watch->options, "cannot watch over the command of --exec: %s", strerror(errno));
	say_standing(watch);
	return follow(watch);
}

static int read_timeout(const struct rlg_options *options, int64_t *out_deadline_ms)
{
	const char *timeout = rlg_option_value(options, "timeout");
	int64_t duration_us;

	*out_deadline_ms = -1;
	if (timeout == NULL)
		return 0;
	if (!rlg_when_parse_duration(timeout, &duration_us))
		return rlg_usage_error(options, "`%s` is no length of time; say 30s, 10m, 2h, 3d or 1w", timeout);
	*out_deadline_ms = rlg_clock_monotonic_ms() + duration_us / 1000;
	return 0;
}

static int find_session(struct watch *watch)
{
	struct rlg_session session;

	if (!rlg_option_given(watch->options, "session"))
		return RLG_EXIT_OK;
	int status = rlg_session_asked(watch->options, &session);
	watch->session = session.id;
	if (status == RLG_EXIT_OK && session.id == NULL)
		return rlg_usage_error(watch->options, "whose jobs?  Neither CLAUDE_CODE_SESSION_ID nor CODEX_THREAD_ID names a session; say --session=ID");
	return status;
}

static int run(struct rlg_options *options)
{
	struct watch watch = {.options = options,
			      .run = rlg_option_value(options, "run"),
			      .json = rlg_option_given(options, "json"),
			      .stay = rlg_option_given(options, "stay"),
			      .look.silent_next_ms = -1,
			      .summary_ms = -1};
	const char *where;
	int status;

	if (!rlg_group_word(options, &where, &status))
		return status;
	status = read_timeout(options, &watch.deadline_ms);
	if (status == RLG_EXIT_OK)
		status = find_session(&watch);
	if (status != RLG_EXIT_OK)
		return status;
	rlg_terminal_look(&watch.terminal, STDOUT_FILENO, rlg_option_given(options, "no-color"));
	watch.arena = rlg_arena_new();
	watch.followed = rlg_names_new(watch.arena);
	rlg_session_jobs_begin(watch.arena, watch.session, &watch.session_jobs);
	status = begin(&watch, where);
	rlg_hooks_free(watch.hooks);
	rlg_look_close(&watch.look);
	rlg_arena_free(watch.arena);
	return status;
}

static const struct rlg_option watch_options[] = {
	{"run", 'r', "RUN", "only the changes of one run"},
	{"session", '\0', "[ID]",
	 "only the jobs of an agent's session: those that it submitted, and those in its registry; without an ID, of the "
	 "session that the environment names"},
	{"exec", 'x', "COMMAND",
	 "run this for each change, by /bin/sh, with the change in its environment: RUNLEDGER_CHANGE_RUN, _PHASE, "
	 "_STATUS, _JOB_ID, _CAUSE and more"},
	{"timeout", 't', "TIME", "end after 30s, 10m, 2h, 3d, with status 124, whatever is still in the works"},
	{"stay", '\0', NULL, "go on when nothing is in the works"},
	{"json", '\0', NULL, "print one JSON object a change, for programs"},
	{"no-color", '\0', NULL, "no colours, as in a pipe or with NO_COLOR set"},
	{0},
};

static const struct rlg_example watch_examples[] = {
	{"runledger watch", "what happens in the run group around here, until nothing is left to happen"},
	{"runledger watch --exec 'mail -s \"$RUNLEDGER_CHANGE_WORDS\" ann </dev/null'", "a mail for each change"},
	{"runledger watch --session", "what becomes of the jobs of this agent's session, until none is left"},
	{"runledger watch --json | jq -r 'select(.status==\"failed\") | .cause'", "why jobs fail, as they do"},
	{0},
};

const struct rlg_command rlg_cmd_watch = {
	.name = "watch",
	.arguments = "[GROUP]",
	.summary = "say each change of state once, as it happens",
	.description = "Says where the runs of a group stand, then each change of state once, as it happens: many that come "
		       "together in a few lines, a failure with its cause and what looks like an error in the job's own log. "
		       "Ends when nothing is in the queue and nothing runs. GROUP is a folder in a run group; without it, "
		       "the current folder.\n\n"
		       "It sleeps until a record comes, and never asks Slurm. The exit status is 1 if something that was in "
		       "the works meanwhile has failed in the end, and 0 if nothing has.",
	.options = watch_options,
	.examples = watch_examples,
	.run = run,
};
