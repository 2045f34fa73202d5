/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change as variables of a hook's environment: see change_forms.h. */
#include "tool/follow/change_forms.h"

#include "lib/clock.h"
#include "tool/follow/change_words.h"

#include <inttypes.h>

struct telling {
	struct rlg_arena *arena;
	const struct rlg_model *model;
	const struct rlg_change *change;
	const struct rlg_attempt *attempt; /* NULL: none decides */
};

typedef const char *value_fn(const struct telling *telling);

static const char *number(const struct telling *telling, int64_t value)
{
	return value < 0 ? NULL : rlg_arena_printf(telling->arena, "%" PRId64, value);
}

static const char *group(const struct telling *telling) { return telling->model->group_path; }
static const char *run(const struct telling *telling) { return telling->change->run->name; }
static const char *phase(const struct telling *telling) { return telling->change->phase->name; }
static const char *status(const struct telling *telling) { return rlg_status_word(telling->change->phase->status); }
static const char *old_status(const struct telling *telling) { return rlg_status_word(telling->change->old_status); }
static const char *job_id(const struct telling *telling) { return telling->change->phase->job_id; }
static const char *step(const struct telling *telling) { return telling->change->phase->progress.last_step; }
static const char *words(const struct telling *telling) { return rlg_change_words(telling->arena, telling->change); }
static const char *cause(const struct telling *telling) { return rlg_change_cause(telling->arena, telling->change->phase); }

static const char *state(const struct telling *telling)
{
	return telling->attempt != NULL ? telling->attempt->slurm_state : NULL;
}

static const char *exit_code(const struct telling *telling)
{
	return telling->attempt != NULL ? number(telling, telling->attempt->exit_code) : NULL;
}

static const char *signal_number(const struct telling *telling)
{
	return telling->attempt != NULL ? number(telling, telling->attempt->signal) : NULL;
}

static const char *nodes(const struct telling *telling)
{
	return telling->attempt != NULL ? telling->attempt->nodes : NULL;
}

static const char *log_path(const struct telling *telling)
{
	return telling->attempt != NULL ? telling->attempt->stdout_path : NULL;
}

static const char *log_lines(const struct telling *telling)
{
	const char *const *lines;
	size_t n = rlg_change_log_lines(telling->arena, telling->change->phase, RLG_CHANGE_LOG_LINES, &lines);
	struct rlg_bytes text;

	rlg_bytes_init(&text, telling->arena);
	for (size_t i = 0; i < n; i++)
		rlg_bytes_addf(&text, "%s%s", i > 0 ? "\n" : "", lines[i]);
	return text.data;
}

static const char *moment(const struct telling *telling)
{
	char text[RLG_TIME_TEXT_MAX];

	return rlg_arena_strdup(telling->arena, rlg_clock_utc(telling->change->phase->word_us, text));
}

static const struct {
	const char *name;
	value_fn *value;
} variables[] = {
	{"RUNLEDGER_CHANGE_GROUP", group},
	{"RUNLEDGER_CHANGE_RUN", run},
	{"RUNLEDGER_CHANGE_PHASE", phase},
	{"RUNLEDGER_CHANGE_STATUS", status},
	{"RUNLEDGER_CHANGE_OLD_STATUS", old_status},
	{"RUNLEDGER_CHANGE_JOB_ID", job_id},
	{"RUNLEDGER_CHANGE_STATE", state},
	{"RUNLEDGER_CHANGE_CAUSE", cause},
	{"RUNLEDGER_CHANGE_EXIT_CODE", exit_code},
	{"RUNLEDGER_CHANGE_SIGNAL", signal_number},
	{"RUNLEDGER_CHANGE_NODES", nodes},
	{"RUNLEDGER_CHANGE_STEP", step},
	{"RUNLEDGER_CHANGE_LOG", log_path},
	{"RUNLEDGER_CHANGE_LOG_LINES", log_lines},
	{"RUNLEDGER_CHANGE_TIME", moment},
	{"RUNLEDGER_CHANGE_WORDS", words},
};
#define N_VARIABLES (sizeof(variables) / sizeof(variables[0]))

const char *const *rlg_change_env(struct rlg_arena *arena, const struct rlg_model *model,
				  const struct rlg_change *change)
{
	const struct telling telling = {
		.arena = arena, .model = model, .change = change, .attempt = change->phase->deciding};
	const char **env = rlg_arena_alloc(arena, (N_VARIABLES + 1) * sizeof(*env));

	for (size_t i = 0; i < N_VARIABLES; i++) {
		const char *value = variables[i].value(&telling);
		env[i] = rlg_arena_printf(arena, "%s=%s", variables[i].name, value != NULL ? value : "");
	}
	return env;
}
