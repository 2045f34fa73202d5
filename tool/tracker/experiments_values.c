/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine has to say in a cell of experiments.md: see experiments.h. */
#include "tool/tracker/experiments.h"

#include "tool/base/printable.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* A cell holds a few words: characters, before it ends with an ellipsis. */
#define DESCRIPTION_MAX 80
#define NOTE_MAX 200

#define ELLIPSIS "\xe2\x80\xa6"

/* ---- headings ---- */

char *rlg_exp_heading(struct rlg_arena *arena, const char *heading)
{
	char *result = rlg_arena_strdup(arena, heading), *to = result;

	for (const char *from = heading; *from != '\0'; from++) {
		bool parts = strchr(" _-\t", *from) != NULL;
		if (parts && (to == result || to[-1] == ' '))
			continue;
		*to++ = parts ? ' ' : (char)tolower((unsigned char)*from);
	}
	while (to > result && to[-1] == ' ')
		to--;
	*to = '\0';
	return result;
}

static const struct {
	const char *heading;
	enum rlg_exp_column column;
} known_columns[] = {
	{"run", RLG_EXP_RUN},
	{"run name", RLG_EXP_RUN},
	{"runs", RLG_EXP_RUN},
	{"experiment", RLG_EXP_RUN},
	{"experiment name", RLG_EXP_RUN},
	{"name", RLG_EXP_RUN},
	{"description", RLG_EXP_DESCRIPTION},
	{"desc", RLG_EXP_DESCRIPTION},
	{"status", RLG_EXP_STATUS},
	{"verdict", RLG_EXP_STATUS},
	{"keep/discard", RLG_EXP_STATUS},
	{"decision", RLG_EXP_STATUS},
	{"notes", RLG_EXP_NOTES},
	{"note", RLG_EXP_NOTES},
	{"comment", RLG_EXP_NOTES},
	{"comments", RLG_EXP_NOTES},
};

enum rlg_exp_column rlg_exp_column_of(const char *heading)
{
	for (size_t i = 0; i < sizeof(known_columns) / sizeof(known_columns[0]); i++)
		if (strcmp(known_columns[i].heading, heading) == 0)
			return known_columns[i].column;
	return RLG_EXP_METRIC;
}

/* ---- a text as a cell ---- */

/* Harmless on a terminal and in a table: nothing in it parts a cell, a line, or begins a comment that swallows the rest. */
static const char *as_cell(struct rlg_arena *arena, const char *words, size_t most)
{
	struct rlg_bytes cell;
	char shown[RLG_SHOWN_MAX];
	size_t count = 0;

	rlg_bytes_init(&cell, arena);
	while (isspace((unsigned char)*words))
		words++;
	while (*words != '\0' && count++ < most) {
		if (isspace((unsigned char)*words)) {
			words += strspn(words, " \t\n\v\f\r");
			rlg_bytes_add(&cell, *words != '\0' ? " " : "");
		} else if (*words == '|' || *words == '`') {
			rlg_bytes_addf(&cell, "\\%c", *words++);
		} else if (strncmp(words, "<!--", 4) == 0) {
			rlg_bytes_add(&cell, "&lt;");
			words++;
		} else if (*words == '\\') {
			rlg_bytes_add(&cell, "\\\\");
			words++;
		} else {
			rlg_printable_next(&words, false, shown);
			rlg_bytes_add(&cell, shown);
		}
	}
	if (*words != '\0')
		rlg_bytes_add(&cell, ELLIPSIS);
	return cell.length > 0 ? cell.data : NULL;
}

static const char *const placeholders[] = {
	"", "-", "--", "---", "\xe2\x80\x93" /* en dash */, "\xe2\x80\x94" /* em dash */, "...", ELLIPSIS, "?", "??", "???",
	"tbd", "tba", "todo", "pending",
};

/* Emphasis around a placeholder makes it no more; but what stands beside it (a footnote, a comment) is a person's. */
bool rlg_exp_is_placeholder(struct rlg_arena *arena, const char *cell)
{
	size_t length = strlen(cell);

	while (length > 1 && strchr("*_`", cell[0]) != NULL && cell[length - 1] == cell[0]) {
		cell++;
		length -= 2;
	}
	const char *bare = rlg_arena_strndup(arena, cell, length);
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++)
		if (strcasecmp(bare, placeholders[i]) == 0)
			return true;
	return length > 2 && bare[0] == '<' && strcspn(bare, ">!") == length - 1;
}

/* ---- metrics ---- */

/* Which of a metric's values a heading asks for. */
enum which { WHICH_LAST, WHICH_BEST, WHICH_LOWEST, WHICH_HIGHEST, WHICH_FIRST };

static const struct {
	const char *word;
	enum which which;
} qualifiers[] = {
	{"best", WHICH_BEST},	    {"min", WHICH_LOWEST},  {"lowest", WHICH_LOWEST}, {"max", WHICH_HIGHEST},
	{"highest", WHICH_HIGHEST}, {"last", WHICH_LAST},   {"final", WHICH_LAST},    {"end", WHICH_LAST},
	{"first", WHICH_FIRST},	    {"start", WHICH_FIRST}, {"initial", WHICH_FIRST},
};

#define N_QUALIFIERS (sizeof(qualifiers) / sizeof(qualifiers[0]))

/*
 * The last value where nothing else is asked for: it is the one of the checkpoint that the run ends with, as in the seed's
 * end_val_loss.
 */
static const char *value_of(const struct rlg_metric *metric, enum which which)
{
	switch (which) {
	case WHICH_BEST:
		return metric->best;
	case WHICH_LOWEST:
		return metric->lowest;
	case WHICH_HIGHEST:
		return metric->highest;
	case WHICH_FIRST:
		return metric->first;
	case WHICH_LAST:
		break;
	}
	return metric->last;
}

static const struct rlg_metric *metric_called(struct rlg_arena *arena, const struct rlg_run *run, const char *heading)
{
	for (size_t i = 0; i < run->n_phases; i++) {
		const struct rlg_progress *progress = &run->phases[i].progress;
		for (size_t m = 0; m < progress->n_metrics; m++)
			if (strcmp(rlg_exp_heading(arena, progress->metrics[m].name), heading) == 0)
				return &progress->metrics[m];
	}
	return NULL;
}

/* "val loss (best)", "best val loss" and "val loss best" are "val loss" with a qualifier; NULL: it has not this one. */
static const char *without(struct rlg_arena *arena, const char *heading, const char *word)
{
	size_t length = strlen(heading), width = strlen(word);

	if (length > width + 1 && strncmp(heading, word, width) == 0 && heading[width] == ' ')
		return heading + width + 1;
	const char *forms[] = {rlg_arena_printf(arena, " %s", word), rlg_arena_printf(arena, " (%s)", word)};
	for (size_t i = 0; i < 2; i++) {
		size_t tail = strlen(forms[i]);
		if (length > tail && strcmp(heading + length - tail, forms[i]) == 0)
			return rlg_arena_strndup(arena, heading, length - tail);
	}
	return NULL;
}

/* People mark with an arrow which way is better. */
static const char *without_arrow(struct rlg_arena *arena, const char *heading)
{
	static const char *const arrows[] = {" \xe2\x86\x93", " \xe2\x86\x91", " (\xe2\x86\x93)", " (\xe2\x86\x91)"};
	size_t length = strlen(heading);

	for (size_t i = 0; i < sizeof(arrows) / sizeof(arrows[0]); i++) {
		size_t width = strlen(arrows[i]);
		if (length > width && strcmp(heading + length - width, arrows[i]) == 0)
			return rlg_arena_strndup(arena, heading, length - width);
	}
	return heading;
}

static const char *last_step(const struct rlg_run *run)
{
	for (size_t i = 0; i < run->n_phases; i++)
		if (run->phases[i].progress.last_step != NULL)
			return run->phases[i].progress.last_step;
	return NULL;
}

static const char *metric_value(struct rlg_arena *arena, const struct rlg_run *run, const char *words)
{
	const char *heading = without_arrow(arena, words);
	const struct rlg_metric *metric = metric_called(arena, run, heading);

	if (metric != NULL)
		return value_of(metric, WHICH_LAST);
	for (size_t i = 0; i < N_QUALIFIERS; i++) {
		const char *rest = without(arena, heading, qualifiers[i].word);
		metric = rest == NULL ? NULL : metric_called(arena, run, rest);
		if (metric != NULL)
			return value_of(metric, qualifiers[i].which);
	}
	if (strcmp(heading, "step") == 0 || strcmp(heading, "steps") == 0 || strcmp(heading, "final step") == 0 ||
	    strcmp(heading, "last step") == 0)
		return last_step(run);
	return NULL;
}

const char *rlg_exp_main_metric(const struct rlg_model *model)
{
	const char *any = NULL;

	for (size_t r = 0; r < model->n_runs; r++)
		for (size_t p = 0; p < model->runs[r].n_phases; p++) {
			const struct rlg_progress *progress = &model->runs[r].phases[p].progress;
			for (size_t m = 0; m < progress->n_metrics; m++) {
				const struct rlg_metric *metric = &progress->metrics[m];
				if (strcmp(metric->name, "val_loss") == 0)
					return metric->name;
				if (metric->is_number && (any == NULL || (strncmp(any, "train", 5) == 0 &&
									  strncmp(metric->name, "train", 5) != 0)))
					any = metric->name;
			}
		}
	return any != NULL ? any : "val_loss";
}

/* ---- runs ---- */

bool rlg_exp_has_begun(const struct rlg_run *run)
{
	for (size_t i = 0; i < run->n_phases; i++)
		if (run->phases[i].n_attempts > 0 || run->phases[i].progress.records > 0)
			return true;
	return false;
}

static int64_t earliest(int64_t one, int64_t other)
{
	return one == 0 || (other != 0 && other < one) ? other : one;
}

int64_t rlg_exp_begun_us(const struct rlg_run *run)
{
	int64_t begun_us = 0;

	for (size_t i = 0; i < run->n_phases; i++) {
		const struct rlg_phase *phase = &run->phases[i];
		for (size_t a = 0; a < phase->n_attempts; a++) {
			const struct rlg_attempt *attempt = &phase->attempts[a];
			begun_us = earliest(begun_us, attempt->submit_us != 0 ? attempt->submit_us : attempt->start_us);
		}
		if (phase->n_attempts == 0)
			begun_us = earliest(begun_us, phase->progress.first_us);
	}
	return begun_us;
}

/* The script with what was handed to it: what a person typed to say what is different this time. */
static const char *submission_words(struct rlg_arena *arena, const struct rlg_run *run)
{
	const struct rlg_attempt *first = NULL;

	for (size_t i = 0; i < run->n_phases && first == NULL; i++)
		first = run->phases[i].n_attempts > 0 ? &run->phases[i].attempts[0] : NULL;
	if (first == NULL || first->submission.script == NULL)
		return NULL;
	const char *script = first->submission.script, *slash = strrchr(script, '/');
	const char *base = slash != NULL ? slash + 1 : script;
	const char *in_command = first->submission.command != NULL ? strstr(first->submission.command, script) : NULL;
	const char *rest = in_command != NULL ? in_command + strlen(script) : "";
	return rlg_arena_printf(arena, "%s%s", base, rest[0] == ' ' ? rest : "");
}

static const char *newest_note(const struct rlg_run *run)
{
	for (size_t i = run->n_notes; i-- > 0;)
		if (run->notes[i].text != NULL && run->notes[i].text[0] != '\0')
			return run->notes[i].text;
	return run->note;
}

const char *rlg_exp_value(struct rlg_arena *arena, const struct rlg_run *run, enum rlg_exp_column column, const char *heading)
{
	const char *words = NULL;

	switch (column) {
	case RLG_EXP_RUN:
		return NULL;
	case RLG_EXP_DESCRIPTION:
		words = run->description;
		break;
	case RLG_EXP_STATUS:
		words = run->verdict;
		break;
	case RLG_EXP_NOTES:
		words = newest_note(run);
		break;
	case RLG_EXP_METRIC:
		words = metric_value(arena, run, heading);
		break;
	}
	return words == NULL ? NULL : as_cell(arena, words, column == RLG_EXP_DESCRIPTION ? DESCRIPTION_MAX : NOTE_MAX);
}

const char *rlg_exp_first_value(struct rlg_arena *arena, const struct rlg_run *run, enum rlg_exp_column column,
				const char *heading)
{
	const char *value = rlg_exp_value(arena, run, column, heading);

	if (value == NULL && column == RLG_EXP_STATUS)
		return "pending";
	if (value == NULL && column == RLG_EXP_DESCRIPTION) {
		const char *words = submission_words(arena, run);
		return words == NULL ? NULL : as_cell(arena, words, DESCRIPTION_MAX);
	}
	return value;
}
