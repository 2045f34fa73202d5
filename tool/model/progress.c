/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What jobs told of themselves: see progress.h. */
#include "tool/model/progress_records.h"

#include "lib/clock.h"
#include "tool/model/attempts_at.h"
#include "tool/base/bytes.h"
#include "tool/base/names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOUR_US (3600 * RLG_SECOND_US)

/* A job that makes up names as it goes would fill every tracker; what it told first is what it means. */
#define MOST_METRICS 128

/* ---- what the values come to ---- */

/* The words of progress, the best first. */
static const char *const step_names[] = {"step", "global_step", "iteration", "epoch"};
#define N_STEP_NAMES (sizeof(step_names) / sizeof(step_names[0]))
#define EPOCH (N_STEP_NAMES - 1)

/* A job tells the same names in the same order each time; few tell more at once. */
#define LIKELY 8

/* The point that was put into words last: an attempt and its phase mostly have the same. */
struct said {
	const struct rlg_progress_told *told;
	const char *words;
};

/* The progress of one attempt or phase while it is told. */
struct sum {
	struct rlg_arena *arena;
	struct said *said; /* of all sums */
	struct rlg_progress *progress;
	struct rlg_names *names; /* of metrics */
	size_t likely[LIKELY]; /* by a value's place in its record: the metric that stood there last time */
	double *lowest, *highest; /* by metric; NAN: no number yet */
	const char *steps[N_STEP_NAMES];
	const struct rlg_progress_told *hour_last; /* of the hour that is being told, unless it is the first */
	int64_t first_hour_end_us, hour_end_us;
	size_t metrics_room, points_room;
};

static size_t step_number(const char *name)
{
	size_t i = 0;

	while (i < N_STEP_NAMES && (step_names[i][0] != name[0] || strcmp(step_names[i], name) != 0))
		i++;
	return i;
}

/* Decimal figures alone: strtod() also takes 0x1p3, infinity and blanks. */
static bool is_number(const char *text, double *out_value)
{
	char *end;

	if (text[0] == '\0' || strspn(text, "0123456789+-.eE") != strlen(text))
		return false;
	*out_value = strtod(text, &end);
	return end != text && *end == '\0';
}

/* Figures of which a double holds each number and each power of ten, so that one division rounds as strtod() does. */
#define EXACT_FIGURES 15

/* The most usual numbers, "0.0853" and "12", the quick way; false for any other text. */
static bool is_plain_number(const char *text, double *out_value)
{
	static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	_Static_assert(sizeof(powers) / sizeof(powers[0]) == EXACT_FIGURES + 1, "one for each figure");
	int64_t whole = 0;
	size_t figures = 0, decimals = 0;
	bool behind_point = false;

	for (; (*text >= '0' && *text <= '9') || (*text == '.' && !behind_point && figures > 0); text++) {
		if (*text == '.') {
			behind_point = true;
			continue;
		}
		if (++figures > EXACT_FIGURES)
			return false;
		whole = 10 * whole + (*text - '0');
		decimals += behind_point;
	}
	*out_value = (double)whole / powers[decimals];
	return figures > 0 && *text == '\0';
}

/* A loss that came to nothing is still a number that went wrong. */
static bool is_lost_number(const char *text)
{
	static const char *const words[] = {"nan", "inf", "infinity"};

	text += text[0] == '-' || text[0] == '+';
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

/* In the name as a part of a word, or as a word of its own. */
static bool is_better_low(const char *name)
{
	static const char *const parts[] = {"loss", "error", "perplexity", "latency"};
	static const char *const words[] = {"err", "ppl", "mse", "mae", "rmse", "wer", "cer", "nll", "time", "seconds",
					    "secs", "ms", "bpb", "bpc", "fid", "runtime", "duration"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcasestr(name, parts[i]) != NULL)
			return true;
	while (*name != '\0') {
		size_t length = strcspn(name, "_-./: ");
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strlen(words[i]) == length && strncasecmp(words[i], name, length) == 0)
				return true;
		name += length + (name[length] != '\0');
	}
	return false;
}

static size_t add_metric(struct sum *sum, const char *name)
{
	struct rlg_progress *progress = sum->progress;

	if (progress->n_metrics == sum->metrics_room) {
		size_t room = sum->metrics_room == 0 ? 8 : 2 * sum->metrics_room, old = sum->metrics_room;
		progress->metrics = rlg_arena_grow(sum->arena, progress->metrics, old, room, sizeof(*progress->metrics));
		sum->lowest = rlg_arena_grow(sum->arena, sum->lowest, old, room, sizeof(*sum->lowest));
		sum->highest = rlg_arena_grow(sum->arena, sum->highest, old, room, sizeof(*sum->highest));
		sum->metrics_room = room;
	}
	size_t at = progress->n_metrics++;
	progress->metrics[at] = (struct rlg_metric){.name = name, .is_number = true};
	sum->lowest[at] = sum->highest[at] = NAN;
	rlg_names_add(sum->names, name, at);
	return at;
}

/* RLG_NAMES_NONE: there are too many already. */
static size_t metric_of(struct sum *sum, const char *name, size_t place)
{
	const struct rlg_progress *progress = sum->progress;
	size_t at = place < LIKELY ? sum->likely[place] : RLG_NAMES_NONE;

	if (at < progress->n_metrics && strcmp(progress->metrics[at].name, name) == 0)
		return at;
	at = rlg_names_find(sum->names, name);
	if (at == RLG_NAMES_NONE && progress->n_metrics < MOST_METRICS)
		at = add_metric(sum, name);
	if (place < LIKELY)
		sum->likely[place] = at;
	return at;
}

/* A value of a record, read once for all who want it. */
struct value {
	const char *name, *text;
	size_t place; /* in its record */
	size_t step; /* N_STEP_NAMES: it is none */
	enum { IS_TEXT, IS_LOST_NUMBER, IS_NUMBER } kind; /* of a step nobody asks */
	double number;
};

static void read_value(struct value *value)
{
	value->step = step_number(value->name);
	if (value->step < N_STEP_NAMES)
		return;
	if (is_plain_number(value->text, &value->number))
		value->kind = IS_NUMBER;
	else if (is_number(value->text, &value->number))
		value->kind = isfinite(value->number) ? IS_NUMBER : IS_LOST_NUMBER;
	else
		value->kind = is_lost_number(value->text) ? IS_LOST_NUMBER : IS_TEXT;
}

static void add_value(struct sum *sum, const struct value *value)
{
	if (value->step < N_STEP_NAMES) {
		sum->steps[value->step] = value->text;
		return;
	}
	size_t at = metric_of(sum, value->name, value->place);
	if (at == RLG_NAMES_NONE)
		return;
	struct rlg_metric *metric = &sum->progress->metrics[at];
	metric->first = metric->first == NULL ? value->text : metric->first;
	metric->last = value->text;
	metric->is_number = metric->is_number && value->kind != IS_TEXT;
	if (value->kind != IS_NUMBER)
		return;
	if (!(value->number >= sum->lowest[at])) {
		sum->lowest[at] = value->number;
		metric->lowest = value->text;
	}
	if (!(value->number <= sum->highest[at])) {
		sum->highest[at] = value->number;
		metric->highest = value->text;
	}
}

/* ---- points ---- */

/* The value behind `at` (NULL: the first), and where it ends; NULL: there is none. */
static const char *next_value(const struct rlg_progress_told *told, const char *at, const char **out_name, const char **out_text)
{
	*out_name = at == NULL ? told->values : at;
	if (*out_name == told->values + told->length)
		return NULL;
	*out_text = *out_name + strlen(*out_name) + 1;
	return *out_text + strlen(*out_text) + 1;
}

/* Points stand in lines of documents. */
static void add_on_one_line(struct rlg_bytes *words, const char *text)
{
	size_t at = words->length;

	for (rlg_bytes_add(words, text); at < words->length; at++)
		if ((unsigned char)words->data[at] < ' ' || words->data[at] == 0x7f)
			words->data[at] = ' ';
}

static void add_pair(struct rlg_bytes *words, const char *name, const char *text)
{
	rlg_bytes_add(words, words->length > 0 ? ", " : "");
	add_on_one_line(words, name);
	rlg_bytes_add(words, " ");
	add_on_one_line(words, text);
}

/* "step" whatever it was called, and the epoch only where there is none. */
static const char *words_of(struct rlg_arena *arena, const struct rlg_progress_told *told)
{
	const char *steps[N_STEP_NAMES] = {NULL};
	const char *name, *text;
	struct rlg_bytes words;

	rlg_bytes_init(&words, arena);
	for (const char *at = NULL; (at = next_value(told, at, &name, &text)) != NULL;)
		if (step_number(name) < N_STEP_NAMES)
			steps[step_number(name)] = text;
	for (size_t i = 0; i < N_STEP_NAMES && words.length == 0; i++)
		if (steps[i] != NULL)
			add_pair(&words, i == EPOCH ? "epoch" : "step", steps[i]);
	for (const char *at = NULL; (at = next_value(told, at, &name, &text)) != NULL;)
		if (step_number(name) == N_STEP_NAMES)
			add_pair(&words, name, text);
	return words.data;
}

const char *rlg_progress_words(struct rlg_arena *arena, const struct rlg_record *record)
{
	struct rlg_progress_records *records = rlg_progress_records_new(arena);

	rlg_progress_add(records, record);
	return words_of(arena, &records->told[0]);
}

static void add_point(struct sum *sum, const struct rlg_progress_told *told)
{
	struct rlg_progress *progress = sum->progress;

	if (sum->said->told != told)
		*sum->said = (struct said){told, words_of(sum->arena, told)};
	if (progress->n_points == sum->points_room) {
		sum->points_room = sum->points_room == 0 ? 4 : 2 * sum->points_room;
		progress->points = rlg_arena_grow(sum->arena, progress->points, progress->n_points, sum->points_room,
						  sizeof(*progress->points));
	}
	progress->points[progress->n_points++] =
		(struct rlg_progress_point){.time_us = told->time_us, .words = sum->said->words};
}

static void begin_told(struct sum *sum, const struct rlg_progress_told *told)
{
	struct rlg_progress *progress = sum->progress;

	if (progress->records++ == 0) {
		sum->names = rlg_names_new(sum->arena);
		sum->first_hour_end_us = (told->time_us / HOUR_US + 1) * HOUR_US;
		progress->first_us = told->time_us;
		add_point(sum, told);
	} else if (told->time_us >= sum->first_hour_end_us) {
		if (sum->hour_last != NULL && told->time_us >= sum->hour_end_us)
			add_point(sum, sum->hour_last);
		if (told->time_us >= sum->hour_end_us)
			sum->hour_end_us = (told->time_us / HOUR_US + 1) * HOUR_US;
		sum->hour_last = told;
	}
	progress->last_us = told->time_us;
}

/* To two sums at once: the attempt's (NULL: nobody knows which that is) and its phase's. */
static void add_told(struct sum *of_attempt, struct sum *of_phase, const struct rlg_progress_told *told)
{
	struct value value = {.place = 0};

	if (of_attempt != NULL)
		begin_told(of_attempt, told);
	begin_told(of_phase, told);
	for (const char *at = NULL; (at = next_value(told, at, &value.name, &value.text)) != NULL; value.place++) {
		read_value(&value);
		if (of_attempt != NULL)
			add_value(of_attempt, &value);
		add_value(of_phase, &value);
	}
}

static void end_sum(struct sum *sum)
{
	struct rlg_progress *progress = sum->progress;

	if (sum->hour_last != NULL)
		add_point(sum, sum->hour_last);
	for (size_t i = 0; i < EPOCH && progress->last_step == NULL; i++)
		progress->last_step = sum->steps[i];
	progress->last_epoch = sum->steps[EPOCH];
	for (size_t i = 0; i < progress->n_metrics; i++) {
		struct rlg_metric *metric = &progress->metrics[i];
		if (!metric->is_number)
			metric->lowest = metric->highest = NULL;
		metric->best = is_better_low(metric->name) ? metric->lowest : metric->highest;
	}
}

static struct sum *new_sums(struct rlg_arena *arena, size_t count, struct said *said)
{
	struct sum *sums = rlg_arena_alloc(arena, (count + 1) * sizeof(*sums));

	for (size_t i = 0; i < count; i++)
		sums[i] = (struct sum){.arena = arena, .said = said};
	return sums;
}

static size_t phase_number(const struct rlg_phase *phases, size_t n_phases, const char *name)
{
	for (size_t i = 0; i < n_phases && name != NULL; i++)
		if (strcmp(phases[i].name, name) == 0)
			return i;
	return 0;
}

void rlg_progress_give(const struct rlg_progress_records *records, struct rlg_phased_attempt *attempts, size_t n_attempts,
		       struct rlg_phase *phases, size_t n_phases)
{
	if (records->count == 0 || n_phases == 0)
		return;
	const struct rlg_attempts_at *index = rlg_attempts_at_new(records->arena, attempts, n_attempts);
	struct said said = {.told = NULL};
	struct sum *of_attempts = new_sums(records->arena, n_attempts, &said);
	struct sum *of_phases = new_sums(records->arena, n_phases, &said);

	for (size_t i = 0; i < n_attempts; i++)
		of_attempts[i].progress = &attempts[i].attempt.progress;
	for (size_t i = 0; i < n_phases; i++)
		of_phases[i].progress = &phases[i].progress;
	for (size_t i = 0; i < records->count; i++) {
		const struct rlg_progress_told *told = &records->told[i];
		size_t at = rlg_attempts_at(index, told->job_id, told->cluster, told->sid, told->time_us);
		const char *phase = at == RLG_NO_ATTEMPT ? told->phase : attempts[at].phase;
		add_told(at == RLG_NO_ATTEMPT ? NULL : &of_attempts[at], &of_phases[phase_number(phases, n_phases, phase)], told);
	}
	for (size_t i = 0; i < n_attempts; i++)
		end_sum(&of_attempts[i]);
	for (size_t i = 0; i < n_phases; i++)
		end_sum(&of_phases[i]);
}

const char *rlg_progress_how_far(struct rlg_arena *arena, const struct rlg_progress *progress)
{
	if (progress->last_step != NULL)
		return rlg_arena_printf(arena, "step %s", progress->last_step);
	return progress->last_epoch == NULL ? NULL : rlg_arena_printf(arena, "epoch %s", progress->last_epoch);
}
