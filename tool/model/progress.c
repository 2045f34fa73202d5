/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What jobs told of themselves: see progress.h. */
#include "tool/model/progress.h"

#include "lib/clock.h"
#include "tool/model/attempts_at.h"
#include "tool/base/bytes.h"
#include "tool/base/json_members.h"
#include "tool/base/names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOUR_US (3600 * RLG_SECOND_US)

/* A job that makes up names as it goes would fill every tracker; what it told first is what it means. */
#define MOST_METRICS 128

/* A name of values, or an id: each is kept once. */
struct word {
	const char *text;
	size_t number; /* in the order in which they were first told */
	size_t step; /* which of step_names; N_STEP_NAMES: none */
};

struct words {
	struct rlg_arena *arena;
	struct rlg_names *numbers;
	struct word **by_number;
	size_t count, room;
};

enum value_kind { NO_NUMBER, LOST_NUMBER, NUMBER };

/* One value of a record. */
struct value {
	const struct word *name;
	const char *text; /* as the job wrote it */
	double number; /* this and the next once it is summed up */
	enum value_kind kind;
};

/* A record. */
struct told {
	int64_t time_us;
	int64_t job_id;
	const char *id;
	const char *cluster, *sid, *phase; /* interned */
	struct value *values; /* in the order in which it told them */
	size_t n_values;
};

struct rlg_progress_records {
	struct rlg_arena *arena;
	struct told *told;
	size_t count, room;
	struct words ids; /* clusters, submissions and phases */
	struct words names; /* of values */
	struct value *values; /* of the record at hand */
	size_t n_values, values_room;
};

/* The words of progress, the best first. */
static const char *const step_names[] = {"step", "global_step", "iteration", "epoch"};
#define N_STEP_NAMES (sizeof(step_names) / sizeof(step_names[0]))
#define EPOCH (N_STEP_NAMES - 1)

/* ---- gathering ---- */

static size_t step_number(const char *name)
{
	size_t i = 0;

	while (i < N_STEP_NAMES && strcmp(step_names[i], name) != 0)
		i++;
	return i;
}

static void words_init(struct words *words, struct rlg_arena *arena)
{
	*words = (struct words){.arena = arena, .numbers = rlg_names_new(arena)};
}

static const struct word *word_of(struct words *words, const char *text)
{
	size_t at = rlg_names_find(words->numbers, text);

	if (at != RLG_NAMES_NONE)
		return words->by_number[at];
	if (words->count == words->room) {
		words->room = words->room == 0 ? 16 : 2 * words->room;
		words->by_number = rlg_arena_grow(words->arena, words->by_number, words->count, words->room,
						  sizeof(struct word *));
	}
	struct word *word = rlg_arena_alloc(words->arena, sizeof(*word));
	*word = (struct word){rlg_arena_strdup(words->arena, text), words->count, step_number(text)};
	rlg_names_add(words->numbers, word->text, word->number);
	return words->by_number[words->count++] = word;
}

/* `last` is what the record before had in its place: hardly ever another. */
static const char *intern(struct words *ids, const char *text, const char *last)
{
	if (text == NULL || (last != NULL && strcmp(text, last) == 0))
		return text == NULL ? NULL : last;
	return word_of(ids, text)->text;
}

struct rlg_progress_records *rlg_progress_records_new(struct rlg_arena *arena)
{
	struct rlg_progress_records *records = rlg_arena_alloc(arena, sizeof(*records));

	records->arena = arena;
	words_init(&records->ids, arena);
	words_init(&records->names, arena);
	return records;
}

#define OWN(name) {name, sizeof(name) - 1}

bool rlg_progress_is_own(const char *name, size_t length)
{
	static const struct {
		const char *name;
		size_t length;
	} own[] = {OWN("v"),	OWN("id"),     OWN("left_out"),	    OWN("sid"),		  OWN("cluster"),    OWN("job_id"),
		   OWN("run"),	OWN("phase"),  OWN("host"),	    OWN("array_job_id"),  OWN("array_task_id"), OWN("het_job_id"),
		   OWN("user"), OWN("uid"),    OWN("exec"),	    OWN("node"),	  OWN("values")};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (own[i].length == length && memcmp(own[i].name, name, length) == 0)
			return true;
	return false;
}

/* A job tells the same names in the same order each time. */
static const struct word *name_called(struct rlg_progress_records *records, const char *name)
{
	const struct told *last = records->count > 0 ? &records->told[records->count - 1] : NULL;
	const struct word *likely =
		last != NULL && records->n_values < last->n_values ? last->values[records->n_values].name : NULL;

	return likely != NULL && strcmp(likely->text, name) == 0 ? likely : word_of(&records->names, name);
}

/* The text is in the arena. */
static void keep_value(struct rlg_progress_records *records, const char *name, const char *text)
{
	if (records->n_values == records->values_room) {
		records->values_room = records->values_room == 0 ? 16 : 2 * records->values_room;
		records->values = rlg_arena_grow(records->arena, records->values, records->n_values, records->values_room,
						 sizeof(*records->values));
	}
	const struct word *word = name_called(records, name);
	records->values[records->n_values++] = (struct value){.name = word, .text = text};
}

/* Those of the writer's own layout, which has no escapes. */
static void take_plain(struct rlg_progress_records *records, const char *text, const struct rlg_member *member)
{
	if (member->kind == RLG_MEMBER_OBJECT || member->kind == RLG_MEMBER_NULL || member->key_length == 0)
		return;
	keep_value(records, text + member->key_at,
			    rlg_arena_text(records->arena, text + member->value_at, member->value_length));
}

static void take_all_plain(struct rlg_progress_records *records, const char *text, const struct rlg_member *members,
			   size_t count)
{
	for (size_t i = 0; i < count; i += 1 + members[i].inside) {
		const char *name = text + members[i].key_at;
		if (members[i].kind == RLG_MEMBER_OBJECT && strcmp(name, "values") == 0)
			for (size_t inner = 1; inner <= members[i].inside; inner++)
				take_plain(records, text, &members[i + inner]);
		else if (!rlg_progress_is_own(name, members[i].key_length))
			take_plain(records, text, &members[i]);
	}
}

static const char *bare(struct rlg_progress_records *records, const char *raw, size_t length, bool is_text)
{
	return is_text ? rlg_json_unescape(records->arena, raw, length) : rlg_arena_text(records->arena, raw, length);
}

static void add_member(struct rlg_progress_records *records, const struct rlg_json_member *member)
{
	if (member->kind == RLG_JSON_NESTED || member->kind == RLG_JSON_NULL || member->key_length == 0)
		return;
	keep_value(records, bare(records, member->key, member->key_length, true),
			    bare(records, member->value, member->value_length, member->kind == RLG_JSON_TEXT));
}

/* Of `values`, where every name is the job's own. */
static bool take_inner(void *context, const struct rlg_json_member *member)
{
	add_member(context, member);
	return true;
}

static bool is_called(const struct rlg_json_member *member, const char *name)
{
	return member->key_length == strlen(name) && memcmp(member->key, name, member->key_length) == 0;
}

static bool take_outer(void *context, const struct rlg_json_member *member)
{
	if (is_called(member, "values") && member->kind == RLG_JSON_NESTED)
		rlg_json_members(member->value, member->value_length, take_inner, context);
	else if (!rlg_progress_is_own(member->key, member->key_length))
		add_member(context, member);
	return true;
}

static bool find_context(void *context, const struct rlg_json_member *member)
{
	if (!is_called(member, "context"))
		return true;
	rlg_json_members(member->value, member->value_length, take_outer, context);
	return false; /* of two the first counts, as everywhere */
}

static void take_values(struct rlg_progress_records *records, const struct rlg_record *record)
{
	const struct rlg_member *members;
	size_t count;
	const char *text = rlg_record_members(record, &members, &count);

	records->n_values = 0;
	if (text != NULL)
		take_all_plain(records, text, members, count);
	else
		rlg_json_members(record->line, record->length, find_context, records);
}

void rlg_progress_add(struct rlg_progress_records *records, const struct rlg_record *record)
{
	static const struct told nothing = {.cluster = NULL};
	const struct told *last = records->count > 0 ? &records->told[records->count - 1] : &nothing;
	struct told told = {.time_us = record->time_us,
			    .job_id = record->job_id,
			    .id = rlg_arena_strdup(records->arena, record->id),
			    .cluster = intern(&records->ids, record->cluster, last->cluster),
			    .sid = intern(&records->ids, record->sid, last->sid),
			    .phase = intern(&records->ids, record->phase, last->phase)};

	take_values(records, record);
	told.n_values = records->n_values;
	told.values = rlg_arena_grow(records->arena, records->values, told.n_values, told.n_values, sizeof(*told.values));
	if (records->count == records->room) {
		records->room = records->room == 0 ? 16 : 2 * records->room;
		records->told = rlg_arena_grow(records->arena, records->told, records->count, records->room,
					       sizeof(*records->told));
	}
	records->told[records->count++] = told;
}

static int compare_texts(const char *left, const char *right)
{
	return strcmp(left == NULL ? "" : left, right == NULL ? "" : right);
}

static int compare_values(const struct told *left, const struct told *right)
{
	int order = 0;

	if (left->n_values != right->n_values)
		return left->n_values < right->n_values ? -1 : 1;
	for (size_t i = 0; i < left->n_values && order == 0; i++) {
		order = strcmp(left->values[i].name->text, right->values[i].name->text);
		if (order == 0)
			order = strcmp(left->values[i].text, right->values[i].text);
	}
	return order;
}

/* By time and id; of records without one, or with one that two have, by all they say. */
static int compare_told(const void *left, const void *right)
{
	const struct told *a = left, *b = right;

	if (a->time_us != b->time_us)
		return a->time_us < b->time_us ? -1 : 1;
	int order = compare_texts(a->id, b->id);
	if (order == 0 && a->job_id != b->job_id)
		return a->job_id < b->job_id ? -1 : 1;
	if (order == 0)
		order = compare_values(a, b);
	if (order == 0)
		order = compare_texts(a->phase, b->phase);
	if (order == 0)
		order = compare_texts(a->cluster, b->cluster);
	return order != 0 ? order : compare_texts(a->sid, b->sid);
}

/* One host's file is in order already, as a rule. */
static bool is_sorted(const struct rlg_progress_records *records)
{
	for (size_t i = 1; i < records->count; i++)
		if (compare_told(&records->told[i - 1], &records->told[i]) > 0)
			return false;
	return true;
}

void rlg_progress_sort(struct rlg_progress_records *records)
{
	struct rlg_names *seen = rlg_names_new(records->arena);
	size_t kept = 0;

	if (!is_sorted(records))
		qsort(records->told, records->count, sizeof(*records->told), compare_told);
	for (size_t i = 0; i < records->count; i++) {
		const char *id = records->told[i].id;
		if (id != NULL ? rlg_names_find(seen, id) != RLG_NAMES_NONE
			       : kept > 0 && compare_told(&records->told[kept - 1], &records->told[i]) == 0)
			continue;
		if (id != NULL)
			rlg_names_add(seen, id, i);
		records->told[kept++] = records->told[i];
	}
	records->count = kept;
}

void rlg_progress_each_phase(const struct rlg_progress_records *records, void (*tell)(void *context, const char *phase),
			     void *context)
{
	const char *last = NULL;

	for (size_t i = 0; i < records->count; i++) {
		const char *phase = records->told[i].phase;
		if (phase != NULL && phase != last)
			tell(context, phase);
		last = phase;
	}
}

/* ---- what the values come to ---- */

/* Few jobs tell more at a time. */
#define LIKELY 8

/* The progress of one attempt or phase while it is told. */
struct sum {
	struct rlg_arena *arena;
	struct rlg_progress *progress;
	struct rlg_names *names; /* of metrics, by the number of the word */
	size_t likely[LIKELY]; /* by the value's place in its record: the metric that it was last time */
	double *lowest, *highest; /* by metric; NAN: no number yet */
	const char *steps[N_STEP_NAMES];
	const struct told *hour_last; /* of the hour that is being told, unless it is the first */
	size_t metrics_room, points_room;
};

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

static void look_at_number(struct value *value)
{
	if (value->name->step < N_STEP_NAMES)
		return;
	if (is_plain_number(value->text, &value->number) || is_number(value->text, &value->number))
		value->kind = NUMBER;
	else
		value->kind = is_lost_number(value->text) ? LOST_NUMBER : NO_NUMBER;
}

static size_t add_metric(struct sum *sum, const struct word *name)
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
	progress->metrics[at] = (struct rlg_metric){.name = name->text, .is_number = true};
	sum->lowest[at] = sum->highest[at] = NAN;
	rlg_names_add_id(sum->names, (int64_t)name->number, at);
	return at;
}

/* RLG_NAMES_NONE: there are too many already. */
static size_t metric_of(struct sum *sum, const struct word *name, size_t place)
{
	const struct rlg_progress *progress = sum->progress;
	size_t at = place < LIKELY ? sum->likely[place] : RLG_NAMES_NONE;

	if (at < progress->n_metrics && progress->metrics[at].name == name->text)
		return at;
	at = rlg_names_find_id(sum->names, (int64_t)name->number);
	if (at == RLG_NAMES_NONE && progress->n_metrics < MOST_METRICS)
		at = add_metric(sum, name);
	if (place < LIKELY)
		sum->likely[place] = at;
	return at;
}

static void add_number(struct sum *sum, size_t at, const struct value *value)
{
	struct rlg_metric *metric = &sum->progress->metrics[at];

	if (!isfinite(value->number))
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

static void add_value(struct sum *sum, const struct value *value, size_t place)
{
	if (value->name->step < N_STEP_NAMES) {
		sum->steps[value->name->step] = value->text;
		return;
	}
	size_t at = metric_of(sum, value->name, place);
	if (at == RLG_NAMES_NONE)
		return;
	struct rlg_metric *metric = &sum->progress->metrics[at];
	metric->first = metric->first == NULL ? value->text : metric->first;
	metric->last = value->text;
	if (value->kind == NUMBER)
		add_number(sum, at, value);
	else
		metric->is_number = metric->is_number && value->kind == LOST_NUMBER;
}

/* ---- points ---- */

/* Points stand in lines of documents. */
static void add_on_one_line(struct rlg_bytes *words, const char *text)
{
	for (; *text != '\0'; text++)
		rlg_bytes_add_n(words, (unsigned char)*text < ' ' || *text == 0x7f ? " " : text, 1);
}

static void add_pair(struct rlg_bytes *words, const char *name, const char *text)
{
	rlg_bytes_add(words, words->length > 0 ? ", " : "");
	add_on_one_line(words, name);
	rlg_bytes_add(words, " ");
	add_on_one_line(words, text);
}

/* "step" whatever it was called, and the epoch only where there is none. */
static const char *words_of(struct rlg_arena *arena, const struct told *told)
{
	const char *steps[N_STEP_NAMES] = {NULL};
	struct rlg_bytes words;

	rlg_bytes_init(&words, arena);
	for (size_t i = 0; i < told->n_values; i++)
		if (told->values[i].name->step < N_STEP_NAMES)
			steps[told->values[i].name->step] = told->values[i].text;
	for (size_t i = 0; i < N_STEP_NAMES && words.length == 0; i++)
		if (steps[i] != NULL)
			add_pair(&words, i == EPOCH ? "epoch" : "step", steps[i]);
	for (size_t i = 0; i < told->n_values; i++)
		if (told->values[i].name->step == N_STEP_NAMES)
			add_pair(&words, told->values[i].name->text, told->values[i].text);
	return words.data;
}

const char *rlg_progress_words(struct rlg_arena *arena, const struct rlg_record *record)
{
	struct rlg_progress_records *records = rlg_progress_records_new(arena);

	rlg_progress_add(records, record);
	return words_of(arena, &records->told[0]);
}

static void add_point(struct sum *sum, const struct told *told)
{
	struct rlg_progress *progress = sum->progress;

	if (progress->n_points == sum->points_room) {
		sum->points_room = sum->points_room == 0 ? 4 : 2 * sum->points_room;
		progress->points = rlg_arena_grow(sum->arena, progress->points, progress->n_points, sum->points_room,
						  sizeof(*progress->points));
	}
	progress->points[progress->n_points++] =
		(struct rlg_progress_point){.time_us = told->time_us, .words = words_of(sum->arena, told)};
}

static void add_told(struct sum *sum, const struct told *told)
{
	struct rlg_progress *progress = sum->progress;

	if (progress->records++ == 0) {
		sum->names = rlg_names_new(sum->arena);
		progress->first_us = told->time_us;
		add_point(sum, told);
	} else if (told->time_us / HOUR_US > progress->first_us / HOUR_US) {
		if (sum->hour_last != NULL && sum->hour_last->time_us / HOUR_US < told->time_us / HOUR_US)
			add_point(sum, sum->hour_last);
		sum->hour_last = told;
	}
	progress->last_us = told->time_us;
	for (size_t i = 0; i < told->n_values; i++)
		add_value(sum, &told->values[i], i);
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

static struct sum *new_sums(struct rlg_arena *arena, size_t count)
{
	struct sum *sums = rlg_arena_alloc(arena, (count + 1) * sizeof(*sums));

	for (size_t i = 0; i < count; i++)
		sums[i].arena = arena;
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
	struct sum *of_attempts = new_sums(records->arena, n_attempts), *of_phases = new_sums(records->arena, n_phases);

	for (size_t i = 0; i < n_attempts; i++)
		of_attempts[i].progress = &attempts[i].attempt.progress;
	for (size_t i = 0; i < n_phases; i++)
		of_phases[i].progress = &phases[i].progress;
	for (size_t i = 0; i < records->count; i++) {
		const struct told *told = &records->told[i];
		for (size_t v = 0; v < told->n_values; v++)
			look_at_number(&told->values[v]);
		size_t at = rlg_attempts_at(index, told->job_id, told->cluster, told->sid, told->time_us);
		if (at != RLG_NO_ATTEMPT)
			add_told(&of_attempts[at], told);
		add_told(&of_phases[phase_number(phases, n_phases, at == RLG_NO_ATTEMPT ? told->phase : attempts[at].phase)],
			 told);
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
