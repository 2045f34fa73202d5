/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The training of one run in a document: see training_log.h. */
#include "tool/publish/training_log.h"

#include "lib/clock.h"
#include "tool/base/printable.h"

#include <string.h>

#define DASH "\xe2\x80\x94"
#define DATE_LENGTH 10
#define MINUTE_LENGTH 16

/* On one line, and harmless. */
static void add_words(struct rlg_bytes *out, const char *words)
{
	char shown[RLG_SHOWN_MAX];

	while (*words != '\0') {
		if (*words == '\n' || *words == '\t') {
			rlg_bytes_add(out, " ");
			words++;
			continue;
		}
		rlg_printable_next(&words, false, shown);
		rlg_bytes_add(out, shown);
	}
}

static void add_field(struct rlg_bytes *out, const char *key, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	rlg_bytes_addf(out, "- %s: ", key);
	add_words(out, value);
	rlg_bytes_add(out, "\n");
}

static void add_config(const struct rlg_phase *phase, struct rlg_bytes *out)
{
	const struct rlg_attempt *last = phase->n_attempts > 0 ? &phase->attempts[phase->n_attempts - 1] : NULL;

	if (last == NULL)
		return;
	rlg_bytes_add(out, "\n## Config\n");
	add_field(out, "script", last->submission.script);
	add_field(out, "command", last->submission.command);
	add_field(out, "git", last->submission.git_commit);
	add_field(out, "config_snapshot", phase->findings.config_snapshot);
}

/* The time that all attempts ran together. */
static int64_t runtime_s(const struct rlg_phase *phase)
{
	int64_t sum_us = 0;

	for (size_t i = 0; i < phase->n_attempts; i++)
		if (phase->attempts[i].start_us > 0 && phase->attempts[i].end_us > phase->attempts[i].start_us)
			sum_us += phase->attempts[i].end_us - phase->attempts[i].start_us;
	return sum_us / RLG_SECOND_US;
}

static void add_training(const struct rlg_phase *phase, struct rlg_bytes *out)
{
	const struct rlg_attempt *first = NULL, *last = NULL;
	char text[RLG_TIME_TEXT_MAX];
	size_t n_started = 0;

	for (size_t i = 0; i < phase->n_attempts; i++)
		if (phase->attempts[i].start_us > 0) {
			first = first == NULL ? &phase->attempts[i] : first;
			last = &phase->attempts[i];
			n_started++;
		}
	if (first == NULL)
		return;
	int64_t seconds = runtime_s(phase);
	rlg_bytes_add(out, "\n## Training\n");
	rlg_bytes_addf(out, "- start: %.*s\n", DATE_LENGTH, rlg_clock_local(first->start_us, text));
	if (last->end_us > 0)
		rlg_bytes_addf(out, "- end: %.*s\n", DATE_LENGTH, rlg_clock_local(last->end_us, text));
	if (seconds > 0)
		rlg_bytes_addf(out, "- runtime: %02lld:%02lld:%02lld\n", (long long)(seconds / 3600),
			       (long long)(seconds / 60 % 60), (long long)(seconds % 60));
	if (n_started > 1)
		rlg_bytes_addf(out, "- resumed: %zu time%s\n", n_started - 1, n_started == 2 ? "" : "s");
	rlg_bytes_addf(out, "- status: %s\n", phase->status_text != NULL ? phase->status_text : rlg_status_word(phase->status));
}

static void add_points(const struct rlg_progress *progress, struct rlg_bytes *out)
{
	char text[RLG_TIME_TEXT_MAX];

	if (progress->n_points == 0)
		return;
	rlg_bytes_add(out, "\n## Status\n");
	for (size_t i = 0; i < progress->n_points; i++) {
		rlg_bytes_addf(out, "- %.*s " DASH " ", MINUTE_LENGTH, rlg_clock_local(progress->points[i].time_us, text));
		add_words(out, progress->points[i].words);
		rlg_bytes_add(out, "\n");
	}
}

static void add_cell(struct rlg_bytes *out, const char *words)
{
	rlg_bytes_add(out, " ");
	for (; words != NULL && *words != '\0'; words++)
		rlg_bytes_addf(out, *words == '|' || *words == '\\' ? "\\%c" : "%c", *words == '\n' ? ' ' : *words);
	rlg_bytes_add(out, " |");
}

static void add_results(const struct rlg_progress *progress, struct rlg_bytes *out)
{
	if (progress->n_metrics == 0 && progress->last_step == NULL)
		return;
	rlg_bytes_add(out, "\n## Results\n");
	add_field(out, "final step", progress->last_step);
	if (progress->n_metrics == 0)
		return;
	rlg_bytes_add(out, "\n| metric | first | last | best |\n|--------|-------|------|------|\n");
	for (size_t i = 0; i < progress->n_metrics; i++) {
		const struct rlg_metric *metric = &progress->metrics[i];
		rlg_bytes_add(out, "|");
		add_cell(out, metric->name);
		add_cell(out, metric->first);
		add_cell(out, metric->last);
		add_cell(out, metric->best);
		rlg_bytes_add(out, "\n");
	}
}

static void add_notes(const struct rlg_run *run, struct rlg_bytes *out)
{
	if (run->n_notes == 0)
		return;
	rlg_bytes_add(out, "\n## Notes\n");
	for (size_t i = 0; i < run->n_notes; i++) {
		if (run->notes[i].text == NULL)
			continue;
		rlg_bytes_add(out, "- ");
		add_words(out, run->notes[i].text);
		rlg_bytes_add(out, "\n");
	}
}

/* The phase that was trained: the first that told of itself, else the first that was submitted. */
static const struct rlg_phase *trained_phase(const struct rlg_run *run)
{
	const struct rlg_phase *submitted = NULL;

	for (size_t i = 0; i < run->n_phases; i++) {
		if (run->phases[i].progress.records > 0)
			return &run->phases[i];
		if (submitted == NULL && run->phases[i].n_attempts > 0)
			submitted = &run->phases[i];
	}
	return submitted;
}

void rlg_training_log(const struct rlg_run *run, struct rlg_bytes *out)
{
	const struct rlg_phase *phase = trained_phase(run);

	rlg_bytes_add(out, "# ");
	add_words(out, run->name);
	if (run->description != NULL) {
		rlg_bytes_add(out, " " DASH " ");
		add_words(out, run->description);
	}
	rlg_bytes_add(out, "\n");
	if (phase != NULL) {
		add_config(phase, out);
		add_training(phase, out);
		add_points(&phase->progress, out);
		add_results(&phase->progress, out);
	}
	if (run->wandb != NULL) {
		rlg_bytes_add(out, "\n## W&B\n");
		add_field(out, "synced", run->wandb);
	}
	add_notes(run, out);
}
