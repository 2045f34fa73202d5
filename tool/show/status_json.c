/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `runledger status --json` and `report -f json`: see status.h; the form is runledger-status.schema.json. */
#include "tool/base/bytes.h"
#include "tool/base/json_members.h"
#include "tool/base/json_out.h"
#include "tool/show/marks.h"
#include "tool/show/phase_json.h"
#include "tool/show/report.h"
#include "tool/show/status.h"

#include "lib/clock.h"

#include <inttypes.h>
#include <string.h>

#define STATUS_VERSION 1

/* As the job wrote it: a number if JSON knows it for one, else a text. */
static void add_value(struct rlg_bytes *out, const char *key, const char *text)
{
	if (text == NULL || !rlg_json_is_number(text, strlen(text))) {
		rlg_out_text(out, key, text);
		return;
	}
	rlg_out_key(out, key);
	rlg_bytes_add(out, text);
}

static void add_metric(struct rlg_bytes *out, const struct rlg_metric *metric)
{
	rlg_bytes_add(out, "{");
	rlg_out_text(out, "name", metric->name);
	add_value(out, "first", metric->first);
	add_value(out, "last", metric->last);
	add_value(out, "lowest", metric->lowest);
	add_value(out, "highest", metric->highest);
	add_value(out, "best", metric->best);
	rlg_bytes_add(out, "}");
}

static void add_progress(struct rlg_bytes *out, const struct rlg_progress *progress)
{
	rlg_out_key(out, "progress");
	if (progress->records == 0) {
		rlg_bytes_add(out, "null");
		return;
	}
	rlg_bytes_add(out, "{");
	rlg_out_number(out, "records", (int64_t)progress->records);
	rlg_out_moment(out, "first_time", progress->first_us);
	rlg_out_moment(out, "last_time", progress->last_us);
	add_value(out, "step", progress->last_step);
	add_value(out, "epoch", progress->last_epoch);
	rlg_out_key(out, "metrics");
	rlg_bytes_add(out, "[");
	for (size_t i = 0; i < progress->n_metrics; i++) {
		rlg_bytes_add(out, i > 0 ? "," : "");
		add_metric(out, &progress->metrics[i]);
	}
	rlg_bytes_add(out, "]}");
}

/* Seconds with six decimals; what is not known, or nothing, is null. */
static void add_seconds(struct rlg_bytes *out, const char *key, int64_t duration_us)
{
	rlg_out_key(out, key);
	if (duration_us <= 0)
		rlg_bytes_add(out, "null");
	else
		rlg_bytes_addf(out, "%" PRId64 ".%06" PRId64, duration_us / RLG_SECOND_US, duration_us % RLG_SECOND_US);
}

static void add_ratio(struct rlg_bytes *out, const char *key, double ratio)
{
	rlg_out_key(out, key);
	if (ratio <= 0)
		rlg_bytes_add(out, "null");
	else
		rlg_bytes_addf(out, "%.4f", ratio);
}

static void add_positive(struct rlg_bytes *out, const char *key, int64_t value)
{
	rlg_out_number(out, key, value > 0 ? value : -1);
}

static void add_usage(struct rlg_bytes *out, const struct rlg_attempt *attempt)
{
	const struct rlg_usage *usage = &attempt->usage;

	rlg_out_key(out, "usage");
	rlg_bytes_add(out, "{");
	add_seconds(out, "cpu_s", usage->cpu_us);
	add_positive(out, "ncpus", usage->n_cpus);
	add_ratio(out, "cpu_efficiency", usage->cpu_efficiency);
	add_positive(out, "peak_memory_bytes", usage->peak_memory);
	add_positive(out, "memory_limit_bytes", usage->memory_limit);
	add_ratio(out, "memory_efficiency", usage->memory_efficiency);
	add_positive(out, "time_limit_s", attempt->time_limit_s);
	add_ratio(out, "time_efficiency", usage->time_efficiency);
	rlg_bytes_add(out, "}");
}

static void add_attempt(struct rlg_bytes *out, const struct rlg_attempt *attempt)
{
	rlg_bytes_add(out, "{");
	rlg_out_id(out, "job_id", attempt->job_id);
	rlg_out_id(out, "array_job_id", attempt->array_job_id);
	rlg_out_number(out, "array_task_id", attempt->array_task_id);
	rlg_out_text(out, "slurm_state", attempt->slurm_state);
	rlg_out_truth(out, "final", attempt->final);
	rlg_out_number(out, "exit_code", attempt->exit_code);
	rlg_out_number(out, "signal", attempt->signal);
	rlg_out_moments(out, attempt);
	rlg_out_text(out, "nodes", attempt->nodes);
	rlg_out_text(out, "source", attempt->source);
	rlg_out_moment(out, "no_word_since", attempt->silent_since_us);
	rlg_out_failure(out, attempt->failure);
	add_progress(out, &attempt->progress);
	add_usage(out, attempt);
	rlg_bytes_add(out, "}");
}

static void add_phase(struct rlg_bytes *out, const struct rlg_phase *phase)
{
	rlg_bytes_add(out, "{");
	rlg_out_phase(out, phase);
	rlg_out_text(out, "output", phase->output);
	rlg_out_text(out, "sync", phase->sync);
	add_progress(out, &phase->progress);
	rlg_out_moment(out, "last_word", phase->word_us);
	rlg_out_moment(out, "no_word_since", phase->silent_since_us);
	add_usage(out, rlg_phase_decided_by(phase));
	rlg_out_key(out, "attempts");
	rlg_bytes_add(out, "[");
	for (size_t i = 0; i < phase->n_attempts; i++) {
		rlg_bytes_add(out, i > 0 ? "," : "");
		add_attempt(out, &phase->attempts[i]);
	}
	rlg_bytes_add(out, "]}");
}

static void add_run(struct rlg_bytes *out, const struct rlg_run *run)
{
	rlg_bytes_add(out, "{");
	rlg_out_text(out, "run", run->name);
	rlg_out_text(out, "note", run->note);
	rlg_out_text(out, "verdict", run->verdict);
	rlg_out_text(out, "wandb", run->wandb);
	rlg_out_text(out, "description", run->description);
	rlg_out_key(out, "phases");
	rlg_bytes_add(out, "[");
	for (size_t i = 0; i < run->n_phases; i++) {
		rlg_bytes_add(out, i > 0 ? ",\n   " : "");
		add_phase(out, &run->phases[i]);
	}
	rlg_bytes_add(out, "]}");
}

static void add_counts(struct rlg_bytes *out, const struct rlg_model *model)
{
	rlg_out_key(out, "counts");
	rlg_bytes_add(out, "{");
	for (int i = 0; i < RLG_STATUS_COUNT; i++)
		rlg_out_number(out, rlg_mark((enum rlg_status)i)->word, (int64_t)model->counts[i]);
	rlg_bytes_add(out, "}");
}

/* What the runs below are without. */
static void add_spooled(struct rlg_bytes *out, const struct rlg_node_own *spooled)
{
	rlg_out_key(out, "node_spool");
	rlg_bytes_add(out, "{");
	rlg_out_number(out, "waiting", (int64_t)spooled->waiting);
	rlg_out_number(out, "dropped", (int64_t)spooled->drops.count);
	rlg_out_moment(out, "last_drop", spooled->drops.last_us);
	rlg_bytes_add(out, "}");
}

/* A report is the same wherever it is made, so it has no `spooled`. */
static void add_head(struct rlg_bytes *out, const struct rlg_model *model, const struct rlg_node_own *spooled)
{
	rlg_bytes_add(out, "{");
	rlg_out_number(out, "version", STATUS_VERSION);
	rlg_out_text(out, "group", model->run_group);
	rlg_out_text(out, "path", model->group_path);
	add_counts(out, model);
	rlg_out_number(out, "damaged", (int64_t)model->damaged);
	if (spooled != NULL)
		add_spooled(out, spooled);
	rlg_out_key(out, "runs");
	rlg_bytes_add(out, "[");
}

void rlg_report_json(const struct rlg_model *model, const struct rlg_actions *actions, struct rlg_bytes *out)
{
	add_head(out, model, NULL);
	for (size_t i = 0; i < model->n_runs; i++) {
		rlg_bytes_add(out, i > 0 ? ",\n  " : "\n  ");
		add_run(out, &model->runs[i]);
	}
	rlg_bytes_add(out, "]}\n");
}

void rlg_status_json(const struct rlg_status_view *view, FILE *stream)
{
	struct rlg_bytes out;

	rlg_bytes_init(&out, view->arena);
	add_head(&out, view->model, view->spooled);
	for (size_t i = 0; i < view->n_runs; i++) {
		rlg_bytes_add(&out, i > 0 ? ",\n  " : "\n  ");
		add_run(&out, view->runs[i]);
	}
	rlg_bytes_add(&out, "]}\n");
	rlg_terminal_put(stream, out.data, out.length);
}
