/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change as a JSON object: see change_forms.h. */
#include "tool/follow/change_forms.h"

#include "tool/base/json_out.h"
#include "tool/follow/change_words.h"
#include "tool/show/phase_json.h"

static const char *const kinds[] = {
	[RLG_CHANGE_STATUS] = "status",
	[RLG_CHANGE_AGAIN] = "again",
	[RLG_CHANGE_STATE] = "state",
	[RLG_CHANGE_SILENT] = "silent",
};

/* The names are the job's own, and may be anything. */
static void add_metrics(struct rlg_bytes *out, const struct rlg_progress *progress)
{
	rlg_out_key(out, "metrics");
	rlg_bytes_add(out, "{");
	for (size_t i = 0; i < progress->n_metrics; i++) {
		rlg_bytes_add(out, i > 0 ? "," : "");
		rlg_bytes_add_json(out, progress->metrics[i].name);
		rlg_bytes_add(out, ":");
		rlg_bytes_add_json(out, progress->metrics[i].last);
	}
	rlg_bytes_add(out, "}");
}

void rlg_phase_json(struct rlg_bytes *out, const struct rlg_phase *phase, const char *words)
{
	const struct rlg_attempt *attempt = rlg_phase_decided_by(phase);
	const char *const *log_lines;
	size_t n_lines = rlg_change_log_lines(out->arena, phase, RLG_CHANGE_LOG_LINES, &log_lines);

	rlg_out_phase(out, phase);
	rlg_out_text(out, "cause", rlg_change_cause(out->arena, phase));
	rlg_out_failure(out, attempt->failure);
	rlg_out_text(out, "log", attempt->stdout_path);
	rlg_out_texts(out, "log_lines", log_lines, n_lines);
	rlg_out_text(out, "last_step", phase->progress.last_step);
	add_metrics(out, &phase->progress);
	rlg_out_text(out, "output", phase->output);
	rlg_out_moment(out, "last_word", phase->word_us);
	rlg_out_moment(out, "no_word_since", phase->silent_since_us);
	rlg_out_text(out, "words", words);
}

void rlg_change_json(struct rlg_bytes *out, const struct rlg_model *model, const struct rlg_change *change)
{
	rlg_bytes_add(out, "{");
	rlg_out_text(out, "group", model->run_group);
	rlg_out_text(out, "path", model->group_path);
	rlg_out_text(out, "change", kinds[change->kind]);
	rlg_out_text(out, "old_status", rlg_status_word(change->old_status));
	rlg_out_text(out, "run", change->run->name);
	rlg_phase_json(out, change->phase, rlg_change_words(out->arena, change));
	rlg_bytes_add(out, "}\n");
}
