/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people said, in trackers and by `note`: see fold_run.h. */
#include "tool/model/fold_run.h"

#include <string.h>

/* The path that a person told with `note` counts as if they had written it into a tracker. */
static void take_output(struct rlg_run *run, const struct rlg_event *event)
{
	struct rlg_phase *phase = event->phase != NULL ? rlg_run_phase(run, event->phase)
				  : run->n_phases > 0  ? &run->phases[0]
						       : NULL;

	if (phase == NULL || event->text == NULL || event->text[0] == '\0')
		return;
	phase->edit.output = event->text;
	phase->edit.output_us = event->time_us;
}

/* What people wrote into trackers; later edits over earlier ones. */
void rlg_fold_take_edits(struct rlg_run *run, const struct rlg_gathered *from)
{
	for (size_t i = 0; i < from->n_events; i++) {
		const struct rlg_event *event = &from->events[i];
		if (event->kind == RLG_EVENT_OUTPUT)
			take_output(run, event);
		struct rlg_phase *phase = event->phase == NULL ? NULL : rlg_run_phase(run, event->phase);
		if (event->kind != RLG_EVENT_EDIT || phase == NULL || event->field == NULL)
			continue;
		struct {
			const char *field;
			const char **value;
			int64_t *when;
		} fields[] = {
			{"status", &phase->edit.status, &phase->edit.status_us},
			{"job_id", &phase->edit.job_id, &phase->edit.job_id_us},
			{"output", &phase->edit.output, &phase->edit.output_us},
		};
		for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
			if (strcmp(fields[f].field, event->field) != 0)
				continue;
			*fields[f].value = event->value == NULL ? "" : event->value;
			*fields[f].when = event->time_us;
		}
	}
}

/* A person's word counts until there is newer news of the phase; `skipped` until a person takes it back. */
void rlg_fold_apply_edits(struct rlg_phase *phase)
{
	const struct rlg_edit *edit = &phase->edit;
	int64_t news_us = phase->word_us;

	if (edit->status != NULL && edit->status[0] != '\0' &&
	    (edit->status_us > news_us || strcmp(edit->status, "skipped") == 0)) {
		enum rlg_status status;
		phase->status_text = edit->status;
		if (rlg_status_parse(edit->status, &status))
			phase->status = status;
		if (edit->status_us > news_us)
			phase->deciding = NULL;
	}
	if (edit->job_id != NULL && edit->job_id_us > news_us)
		phase->job_id = edit->job_id[0] == '\0' ? NULL : edit->job_id;
	if (edit->output != NULL && edit->output_us > news_us)
		phase->output = edit->output[0] == '\0' ? NULL : edit->output;
	int64_t edits_us[] = {edit->status_us, edit->job_id_us, edit->output_us};
	for (size_t i = 0; i < 3; i++)
		if (edits_us[i] > phase->word_us)
			phase->word_us = edits_us[i];
}

static void take_note(struct rlg_run *run, const struct rlg_event *event)
{
	const struct {
		const char *word;
		const char **to;
	} words[] = {{event->verdict, &run->verdict}, {event->wandb, &run->wandb}, {event->description, &run->description}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].word != NULL)
			*words[i].to = words[i].word[0] == '\0' ? NULL : words[i].word;
	if (event->text == NULL)
		return;
	run->note = event->text;
	run->notes[run->n_notes++] = (struct rlg_note){
		.time_us = event->time_us, .text = event->text, .user = event->user, .phase = event->phase};
}

/* Of a phase, or of all that the run has. */
static void take_sync(struct rlg_run *run, const char *of_phase, const char *words, int64_t time_us)
{
	for (size_t i = 0; i < run->n_phases && words != NULL; i++) {
		struct rlg_phase *phase = &run->phases[i];
		if (of_phase != NULL && strcmp(of_phase, phase->name) != 0)
			continue;
		phase->sync = words;
		phase->sync_us = time_us;
	}
}

/* As good as a `sync` record: somebody wrote it into a run_manifest.json. */
static bool is_sync_edit(const struct rlg_event *event)
{
	return event->kind == RLG_EVENT_EDIT && event->field != NULL && strcmp(event->field, "sync") == 0;
}

/* Events come in order of time, so that the newest word stays. */
void rlg_fold_take_words(struct rlg_arena *arena, struct rlg_run *run, const struct rlg_gathered *from)
{
	size_t n_notes = 0;

	for (size_t i = 0; i < from->n_events; i++)
		n_notes += from->events[i].kind == RLG_EVENT_NOTE;
	run->notes = rlg_arena_alloc(arena, n_notes * sizeof(*run->notes) + 1);
	for (size_t i = 0; i < from->n_events; i++) {
		if (from->events[i].kind == RLG_EVENT_NOTE)
			take_note(run, &from->events[i]);
		else if (from->events[i].kind == RLG_EVENT_SYNC)
			take_sync(run, from->events[i].phase, from->events[i].sync, from->events[i].time_us);
		else if (is_sync_edit(&from->events[i]))
			take_sync(run, from->events[i].phase, from->events[i].value, from->events[i].time_us);
	}
}
