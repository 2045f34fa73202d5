/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The summary as comma-separated values (RFC 4180), a line a phase of a run: see report.h. */
#include "tool/show/marks.h"
#include "tool/show/report.h"

#include "lib/clock.h"

#include <inttypes.h>
#include <string.h>

/* One cell of a phase; what is not known is empty. */
typedef void cell_fn(struct rlg_bytes *out, const struct rlg_run *run, const struct rlg_phase *phase);

/*
 * A text.  Spreadsheets take one that begins like this for a formula, and run it: names come from whoever may submit.
 * An apostrophe before it is what they themselves write for text.
 */
static void add_text(struct rlg_bytes *out, const char *text)
{
	if (text == NULL)
		return;
	bool quoted = strpbrk(text, ",\"\r\n") != NULL;

	if (quoted)
		rlg_bytes_add(out, "\"");
	if (text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL)
		rlg_bytes_add(out, "'");
	for (; *text != '\0'; text++)
		rlg_bytes_add_n(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
	if (quoted)
		rlg_bytes_add(out, "\"");
}

static void add_positive(struct rlg_bytes *out, int64_t number)
{
	if (number > 0)
		rlg_bytes_addf(out, "%" PRId64, number);
}

static void add_moment(struct rlg_bytes *out, int64_t moment_us)
{
	char text[RLG_TIME_TEXT_MAX];

	if (moment_us > 0)
		rlg_bytes_add(out, rlg_clock_utc(moment_us, text));
}

static void add_ratio(struct rlg_bytes *out, double ratio)
{
	if (ratio > 0)
		rlg_bytes_addf(out, "%.4f", ratio);
}

static void add_seconds(struct rlg_bytes *out, int64_t duration_us)
{
	if (duration_us > 0)
		rlg_bytes_addf(out, "%" PRId64 ".%06" PRId64, duration_us / RLG_SECOND_US, duration_us % RLG_SECOND_US);
}

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a statement, which takes none */
#define CELL(name, what)                                                                                       \
	static void cell_##name(struct rlg_bytes *out, const struct rlg_run *run, const struct rlg_phase *phase) \
	{                                                                                                      \
		what;                                                                                          \
	}

/* Of the deciding attempt, if there is one. */
#define OF_ATTEMPT(name, what)                                       \
	CELL(name, const struct rlg_attempt *attempt = phase->deciding; \
	     if (attempt != NULL) what) /* NOLINT(bugprone-macro-parentheses): a statement */

CELL(run, add_text(out, run->name))
CELL(phase, add_text(out, phase->name))
CELL(status, add_text(out, rlg_mark(phase->status)->word))
CELL(job_id, add_text(out, phase->job_id))
OF_ATTEMPT(state, add_text(out, attempt->slurm_state))
OF_ATTEMPT(submitted, add_moment(out, attempt->submit_us))
OF_ATTEMPT(started, add_moment(out, attempt->start_us))
OF_ATTEMPT(ended, add_moment(out, attempt->end_us))
OF_ATTEMPT(nodes, add_text(out, attempt->nodes))
CELL(output, add_text(out, phase->output))
OF_ATTEMPT(elapsed, add_positive(out, attempt->usage.wall_us / RLG_SECOND_US))
OF_ATTEMPT(time_limit, add_positive(out, attempt->time_limit_s))
OF_ATTEMPT(time_efficiency, add_ratio(out, attempt->usage.time_efficiency))
OF_ATTEMPT(n_cpus, add_positive(out, attempt->usage.n_cpus))
OF_ATTEMPT(cpu, add_seconds(out, attempt->usage.cpu_us))
OF_ATTEMPT(cpu_efficiency, add_ratio(out, attempt->usage.cpu_efficiency))
OF_ATTEMPT(memory_limit, add_positive(out, attempt->usage.memory_limit))
OF_ATTEMPT(peak_memory, add_positive(out, attempt->usage.peak_memory))
OF_ATTEMPT(memory_efficiency, add_ratio(out, attempt->usage.memory_efficiency))

static const struct {
	const char *title;
	cell_fn *add;
} columns[] = {
	{"run", cell_run},
	{"phase", cell_phase},
	{"status", cell_status},
	{"job_id", cell_job_id},
	{"slurm_state", cell_state},
	{"submit_time", cell_submitted},
	{"start_time", cell_started},
	{"end_time", cell_ended},
	{"nodes", cell_nodes},
	{"output", cell_output},
	{"elapsed_s", cell_elapsed},
	{"time_limit_s", cell_time_limit},
	{"time_efficiency", cell_time_efficiency},
	{"ncpus", cell_n_cpus},
	{"cpu_s", cell_cpu},
	{"cpu_efficiency", cell_cpu_efficiency},
	{"memory_limit_bytes", cell_memory_limit},
	{"peak_memory_bytes", cell_peak_memory},
	{"memory_efficiency", cell_memory_efficiency},
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void add_line(struct rlg_bytes *out, const struct rlg_run *run, const struct rlg_phase *phase)
{
	for (size_t i = 0; i < N_COLUMNS; i++) {
		rlg_bytes_add(out, i > 0 ? "," : "");
		if (phase == NULL)
			rlg_bytes_add(out, columns[i].title);
		else
			columns[i].add(out, run, phase);
	}
	rlg_bytes_add(out, "\r\n");
}

void rlg_report_csv(const struct rlg_model *model, const struct rlg_actions *actions, struct rlg_bytes *out)
{
	add_line(out, NULL, NULL);
	for (size_t i = 0; i < model->n_runs; i++)
		for (size_t j = 0; j < model->runs[i].n_phases; j++)
			add_line(out, &model->runs[i], &model->runs[i].phases[j]);
}
