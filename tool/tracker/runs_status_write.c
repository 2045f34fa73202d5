/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New runs and fields of runs_status.yaml as text: see runs_status.h. */
#include "tool/tracker/runs_status.h"

#include "lib/clock.h"
#include "tool/plan/plan.h"
#include "tool/base/yaml_text.h"

#include <string.h>

#define CONTROL_NOTE "base model, not fine-tuned"

/* ---- lines or braces ---- */

static void add_key(struct rlg_rs_writer *writer, const char *key)
{
	if (writer->flow) {
		rlg_bytes_add(&writer->out, writer->first ? "" : ", ");
	} else {
		if (writer->open_end)
			rlg_bytes_add(&writer->out, writer->newline);
		for (size_t i = 0; i < writer->column; i++)
			rlg_bytes_add_n(&writer->out, " ", 1);
	}
	rlg_yaml_add(&writer->out, key, RLG_YAML_PLAIN);
	rlg_bytes_add(&writer->out, ":");
	writer->first = false;
}

static void end_line(struct rlg_rs_writer *writer)
{
	if (!writer->flow && !writer->open_end)
		rlg_bytes_add(&writer->out, writer->newline);
}

void rlg_rs_open(struct rlg_rs_writer *writer, const char *key)
{
	add_key(writer, key);
	if (writer->flow)
		rlg_bytes_add(&writer->out, " {");
	end_line(writer);
	writer->first = true;
	writer->column += writer->step;
}

void rlg_rs_close(struct rlg_rs_writer *writer)
{
	if (writer->flow)
		rlg_bytes_add(&writer->out, "}");
	writer->first = false;
	writer->column -= writer->step;
}

void rlg_rs_add(struct rlg_rs_writer *writer, const char *key, const char *value_text)
{
	add_key(writer, key);
	rlg_bytes_add(&writer->out, " ");
	rlg_bytes_add(&writer->out, value_text);
	end_line(writer);
}

/* ---- values ---- */

/* Digits that no reader changes: a number of at most 18, without a zero in front. */
static bool is_integer(const char *words)
{
	size_t length = strlen(words);

	return length > 0 && length <= 18 && words[0] != '0' && strspn(words, "0123456789") == length;
}

/* May be the value itself. */
static const char *scalar(struct rlg_arena *arena, const char *value, enum rlg_yaml_style style)
{
	struct rlg_bytes bytes;

	if (style == RLG_YAML_PLAIN && rlg_yaml_plain_ok(value))
		return value;
	rlg_bytes_init(&bytes, arena);
	rlg_bytes_reserve(&bytes, strlen(value) + strlen("\"\""));
	rlg_yaml_add(&bytes, value, style);
	return bytes.data;
}

static bool is_quoted(const struct rlg_yaml_node *node)
{
	return node != NULL && (node->style == RLG_YAML_SINGLE || node->style == RLG_YAML_DOUBLE);
}

const char *rlg_rs_field_text(struct rlg_arena *arena, enum rlg_rs_field field, const char *value, bool flat,
			      const struct rlg_yaml_node *old)
{
	if (value == NULL)
		return "null";
	if (is_quoted(old))
		return scalar(arena, value, (enum rlg_yaml_style)old->style);
	if (field != RLG_RS_JOB_ID)
		return scalar(arena, value, RLG_YAML_PLAIN);
	return !flat && is_integer(value) ? value : scalar(arena, value, RLG_YAML_DOUBLE);
}

const char *rlg_rs_time_text(struct rlg_arena *arena, int64_t moment_us, const struct rlg_yaml_node *old)
{
	char words[RLG_TIME_TEXT_MAX];

	if (rlg_clock_local(moment_us, words)[0] == '\0')
		return "null";
	/* A script that loads and dumps leaves times without quotes: then it finds them as it left them. */
	if (old != NULL && old->style == RLG_YAML_PLAIN && !rlg_yaml_is_null(old))
		return rlg_arena_strdup(arena, words);
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): is_quoted() says no of NULL */
	return scalar(arena, words, is_quoted(old) ? (enum rlg_yaml_style)old->style : RLG_YAML_DOUBLE);
}

/* ---- phases and runs ---- */

void rlg_rs_write_fields(struct rlg_rs_writer *writer, const struct rlg_phase *phase, bool flat)
{
	struct rlg_arena *arena = writer->out.arena;
	struct rlg_rs_values values = rlg_rs_model_values(arena, phase);
	struct rlg_rs_place place = {.name = phase->name, .length = strlen(phase->name), .flat = flat};
	char key[RLG_RS_KEY_MAX];

	for (size_t i = 0; i < RLG_RS_FIELDS; i++)
		rlg_rs_add(writer, rlg_rs_field_key(&place, (enum rlg_rs_field)i, key),
			   rlg_rs_field_text(arena, (enum rlg_rs_field)i, values.field[i], flat, NULL));
	if (!flat)
		rlg_rs_add(writer, RLG_RS_LAST_UPDATED, rlg_rs_time_text(arena, phase->word_us, NULL));
}

static void write_flat_run(struct rlg_rs_writer *writer, const struct rlg_run *run)
{
	for (size_t i = 0; i < run->n_phases; i++)
		rlg_rs_write_fields(writer, &run->phases[i], true);
	rlg_rs_add(writer, RLG_RS_LAST_UPDATED, rlg_rs_time_text(writer->out.arena, run->word_us, NULL));
}

/* A base model has nothing to fine-tune; unless somebody did. */
static bool nothing_to_do(const struct rlg_run *run, const struct rlg_phase *phase)
{
	bool untouched = phase->status == RLG_STATUS_PENDING || phase->status == RLG_STATUS_SKIPPED;

	return rlg_plan_is_control(run->type) && untouched && !rlg_rs_has_news(phase) && phase->job_id == NULL &&
	       phase->output == NULL;
}

void rlg_rs_write_first_phase(struct rlg_rs_writer *writer, const struct rlg_run *run, const struct rlg_phase *phase)
{
	rlg_rs_open(writer, phase->name);
	if (nothing_to_do(run, phase)) {
		rlg_rs_add(writer, "status", "skipped");
		rlg_rs_add(writer, "note", scalar(writer->out.arena, CONTROL_NOTE, RLG_YAML_DOUBLE));
	} else {
		rlg_rs_write_fields(writer, phase, false);
	}
	rlg_rs_close(writer);
}

static void write_nested_run(struct rlg_rs_writer *writer, const struct rlg_model *model, const struct rlg_run *run)
{
	bool first_is_group = run->n_phases > 0 && rlg_rs_is_first_phase(model, &run->phases[0]);
	size_t i = first_is_group ? 1 : 0;

	if (first_is_group)
		rlg_rs_write_first_phase(writer, run, &run->phases[0]);
	if (i == run->n_phases)
		return;
	rlg_rs_open(writer, RLG_RS_EVALUATIONS);
	for (; i < run->n_phases; i++) {
		rlg_rs_open(writer, run->phases[i].name);
		rlg_rs_write_fields(writer, &run->phases[i], false);
		rlg_rs_close(writer);
	}
	rlg_rs_close(writer);
}

void rlg_rs_write_body(struct rlg_rs_writer *writer, const struct rlg_model *model, const struct rlg_run *run,
		       enum rlg_rs_shape shape)
{
	if (shape == RLG_RS_NESTED)
		write_nested_run(writer, model, run);
	else
		write_flat_run(writer, run);
}

void rlg_rs_write_run(struct rlg_rs_writer *writer, const struct rlg_model *model, const struct rlg_run *run,
		      enum rlg_rs_shape shape)
{
	rlg_rs_open(writer, run->name);
	rlg_rs_write_body(writer, model, run, shape);
	rlg_rs_close(writer);
}

void rlg_rs_write_group(struct rlg_rs_writer *writer, const struct rlg_model *model)
{
	struct rlg_arena *arena = writer->out.arena;

	rlg_rs_add(writer, "run_group", scalar(arena, rlg_yaml_clean(arena, model->run_group), RLG_YAML_PLAIN));
}

void rlg_rs_write_runs(struct rlg_rs_writer *writer, const struct rlg_model *model)
{
	size_t planned = 0;

	for (size_t i = 0; i < model->n_runs; i++)
		planned += model->runs[i].planned;
	if (planned == 0) {
		rlg_rs_add(writer, "runs", "{}");
		return;
	}
	rlg_rs_open(writer, "runs");
	for (size_t i = 0; i < model->n_runs; i++) {
		if (model->runs[i].planned)
			rlg_rs_write_run(writer, model, &model->runs[i], RLG_RS_FLAT);
	}
	rlg_rs_close(writer);
}

static void write_comments(struct rlg_bytes *out, const struct rlg_model *model, const char *newline)
{
	char words[RLG_TIME_TEXT_MAX];

	rlg_clock_local(model->word_us, words);
	rlg_bytes_addf(out, "# Run Status Tracker%s", newline);
	rlg_bytes_addf(out, "# Auto-generated and updated by update-run-status skill%s", newline);
	rlg_bytes_addf(out, "# Last updated: %s%s%s", words[0] != '\0' ? words : "-", newline, newline);
}

void rlg_rs_write_file(struct rlg_bytes *out, const struct rlg_model *model, const char *newline, bool comments)
{
	struct rlg_rs_writer writer = {.out = *out, .step = RLG_RS_STEP, .newline = newline};

	if (comments)
		write_comments(&writer.out, model, newline);
	rlg_rs_write_group(&writer, model);
	rlg_rs_write_runs(&writer, model);
	*out = writer.out;
}
