/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The summary in Markdown (GitHub's), in the form of the update-run-status skill: see report.h. */
#include "tool/show/marks.h"
#include "tool/base/printable.h"
#include "tool/show/report.h"
#include "tool/show/usage_words.h"
#include "tool/base/when.h"

#include "lib/clock.h"

#include <inttypes.h>
#include <string.h>

static bool is_alnum(char character)
{
	return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'Z') ||
	       (character >= 'a' && character <= 'z');
}

/* Underscores inside a word are no emphasis, and 1B\_rank4 would be hard to search for. */
static bool needs_escape(char before, char character, char after)
{
	if (character == '_')
		return !is_alnum(before) || !is_alnum(after);
	return strchr("\\`*[]<>|&~$", character) != NULL;
}

/* Text from records: nothing in it is markup, and nothing in it ends the line or the table's cell. */
static void add_text(struct rlg_bytes *out, const char *text)
{
	char shown[RLG_SHOWN_MAX], before = ' ';

	while (*text != '\0') {
		rlg_printable_next(&text, false, shown);
		for (const char *at = shown; *at != '\0'; at++) {
			if (needs_escape(before, *at, at[1] != '\0' ? at[1] : *text))
				rlg_bytes_add(out, "\\");
			rlg_bytes_add_n(out, at, 1);
			before = *at;
		}
	}
}

static size_t longest_backticks(const char *text)
{
	size_t longest = 0;

	while (*text != '\0') {
		size_t length = strspn(text, "`");

		longest = length > longest ? length : longest;
		text += length > 0 ? length : 1;
	}
	return longest;
}

/* A code span: its fence is longer than any run of backticks in it. */
static void add_code(struct rlg_bytes *out, const char *code)
{
	size_t fence = longest_backticks(code) + 1;
	const char *pad = fence > 1 ? " " : "";
	char shown[RLG_SHOWN_MAX];

	for (size_t i = 0; i < fence; i++)
		rlg_bytes_add(out, "`");
	rlg_bytes_add(out, pad);
	while (*code != '\0') {
		rlg_printable_next(&code, false, shown);
		rlg_bytes_add(out, shown);
	}
	rlg_bytes_add(out, pad);
	for (size_t i = 0; i < fence; i++)
		rlg_bytes_add(out, "`");
}

static void add_progress(struct rlg_bytes *out, const struct rlg_model *model)
{
	rlg_bytes_add(out, "### Overall Progress\n");
	for (int i = 0; i < RLG_STATUS_COUNT; i++) {
		const struct rlg_mark *mark = rlg_mark((enum rlg_status)i);

		if (mark->always_counted || model->counts[i] > 0)
			rlg_bytes_addf(out, "- **%s**: %zu run%s\n", mark->title, model->counts[i],
				       model->counts[i] == 1 ? "" : "s");
	}
}

/* The line under a title is as long as the title with its blanks. */
static void add_rule(struct rlg_bytes *out, const char *title)
{
	for (size_t i = 0; i < strlen(title) + 2; i++)
		rlg_bytes_add(out, "-");
	rlg_bytes_add(out, "|");
}

static void add_heading(struct rlg_bytes *out, const char *const *phases, size_t n_phases)
{
	rlg_bytes_add(out, "| Run Name |");
	for (size_t i = 0; i < n_phases; i++) {
		rlg_bytes_add(out, " ");
		add_text(out, rlg_summary_title(out->arena, phases[i]));
		rlg_bytes_add(out, " |");
	}
	rlg_bytes_add(out, " Notes |\n|");
	add_rule(out, "Run Name");
	for (size_t i = 0; i < n_phases; i++)
		add_rule(out, rlg_summary_title(out->arena, phases[i]));
	add_rule(out, "Notes");
	rlg_bytes_add(out, "\n");
}

static void add_status(struct rlg_bytes *out, const struct rlg_phase *phase)
{
	const struct rlg_mark *mark;

	rlg_bytes_add(out, " | ");
	if (phase == NULL) {
		rlg_bytes_add(out, "-");
		return;
	}
	mark = rlg_mark(phase->status);
	if (phase->status_text == NULL || strcmp(phase->status_text, mark->word) == 0)
		rlg_bytes_add(out, mark->in_report);
	else
		add_text(out, phase->status_text); /* a person's own word */
}

static void add_row(struct rlg_bytes *out, const struct rlg_run *run, const char *const *phases, size_t n_phases,
		    bool has_plan)
{
	rlg_bytes_add(out, "| ");
	add_text(out, run->name);
	for (size_t i = 0; i < n_phases; i++)
		add_status(out, rlg_run_phase(run, phases[i]));
	rlg_bytes_add(out, " | ");
	add_text(out, rlg_summary_note(out->arena, run));
	if (has_plan && !run->planned)
		rlg_bytes_add(out, " (not in the plan)");
	rlg_bytes_add(out, " |\n");
}

static void add_details(struct rlg_bytes *out, const struct rlg_model *model)
{
	size_t n_phases;
	const char *const *phases = rlg_summary_columns(out->arena, model, &n_phases);
	bool has_plan = rlg_summary_has_plan(model);

	rlg_bytes_add(out, "\n### Details by Run\n");
	add_heading(out, phases, n_phases);
	for (size_t i = 0; i < model->n_runs; i++)
		add_row(out, &model->runs[i], phases, n_phases, has_plan);
}

/* "87 % of 4", "3m 2s" or "-". */
static void add_cpu(struct rlg_bytes *out, const struct rlg_usage *usage)
{
	char duration[RLG_WHEN_TEXT_MAX];

	if (usage->cpu_us <= 0)
		rlg_bytes_add(out, "-");
	else if (usage->cpu_efficiency > 0)
		rlg_bytes_addf(out, "%.0f %% of %" PRId64, 100 * usage->cpu_efficiency, usage->n_cpus);
	else
		rlg_bytes_add(out, rlg_when_duration(usage->cpu_us, duration));
}

static void add_memory(struct rlg_bytes *out, const struct rlg_usage *usage)
{
	const char *memory = rlg_usage_memory(out->arena, usage);

	rlg_bytes_add(out, memory[0] != '\0' ? memory : "-");
	if (usage->peak_memory > 0 && usage->memory_efficiency > 0)
		rlg_bytes_addf(out, " (%.0f %%)", 100 * usage->memory_efficiency);
}

static void add_wall_time(struct rlg_bytes *out, const struct rlg_attempt *attempt)
{
	char took[RLG_WHEN_TEXT_MAX], limit[RLG_WHEN_TEXT_MAX];

	rlg_bytes_add(out, attempt->usage.wall_us > 0 ? rlg_when_duration(attempt->usage.wall_us, took) : "-");
	if (attempt->usage.time_efficiency > 0)
		rlg_bytes_addf(out, " of %s (%.0f %%)", rlg_when_duration(attempt->time_limit_s * RLG_SECOND_US, limit),
			       100 * attempt->usage.time_efficiency);
}

static bool has_usage(const struct rlg_phase *phase)
{
	const struct rlg_attempt *attempt = phase->deciding;

	return attempt != NULL && attempt->ended && (attempt->usage.cpu_us > 0 || attempt->usage.peak_memory > 0);
}

static void add_used(struct rlg_bytes *out, const struct rlg_run *run, const struct rlg_phase *phase)
{
	const char *const cells[] = {run->name, rlg_summary_title(out->arena, phase->name),
				     phase->job_id != NULL ? phase->job_id : "-"};

	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		rlg_bytes_add(out, "| ");
		add_text(out, cells[i]);
		rlg_bytes_add(out, " ");
	}
	rlg_bytes_add(out, "| ");
	add_cpu(out, &phase->deciding->usage);
	rlg_bytes_add(out, " | ");
	add_memory(out, &phase->deciding->usage);
	rlg_bytes_add(out, " | ");
	add_wall_time(out, phase->deciding);
	rlg_bytes_add(out, " |\n");
}

/* Last, and only where something is known: the parts before it are others' form. */
static void add_usage(struct rlg_bytes *out, const struct rlg_model *model)
{
	bool begun = false;

	for (size_t i = 0; i < model->n_runs; i++)
		for (size_t j = 0; j < model->runs[i].n_phases; j++) {
			if (!has_usage(&model->runs[i].phases[j]))
				continue;
			if (!begun)
				rlg_bytes_add(out, "\n### Resource Usage\n"
						   "| Run Name | Phase | Job | CPU | Memory a Node | Wall Time |\n"
						   "|----------|-------|-----|-----|---------------|-----------|\n");
			begun = true;
			add_used(out, &model->runs[i], &model->runs[i].phases[j]);
		}
}

static void add_actions(struct rlg_bytes *out, const struct rlg_actions *actions)
{
	rlg_bytes_add(out, "\n### Next Actions\n");
	for (size_t i = 0; i < actions->n; i++) {
		rlg_bytes_add(out, "- ");
		add_text(out, actions->list[i].words);
		if (actions->list[i].code != NULL) {
			rlg_bytes_add(out, ": ");
			add_code(out, actions->list[i].code);
		}
		rlg_bytes_add(out, "\n");
	}
	if (actions->n == 0)
		rlg_bytes_add(out, "- None\n");
}

void rlg_report_markdown(const struct rlg_model *model, const struct rlg_actions *actions, struct rlg_bytes *out)
{
	char time[RLG_TIME_TEXT_MAX];

	rlg_clock_local(model->word_us, time);
	rlg_bytes_addf(out, "## Run Status Update - %s\n\n", time[0] != '\0' ? time : "nothing recorded yet");
	add_progress(out, model);
	add_details(out, model);
	add_actions(out, actions);
	add_usage(out, model);
}
