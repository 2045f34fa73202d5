/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes in words: see change_words.h. */
#include "tool/follow/change_words.h"

#include "lib/clock.h"
#include "tool/follow/log_tail.h"
#include "tool/show/marks.h"
#include "tool/show/summary.h"
#include "tool/base/when.h"

#include <string.h>

/* As many names, and as many different causes, as one still reads. */
#define NAMES_MOST 4
#define CAUSES_MOST 3

/* Of the values that a job told at last. */
#define METRICS_MOST 4

static const char *word_of(const struct rlg_phase *phase)
{
	return phase->status_text != NULL ? phase->status_text : rlg_status_word(phase->status);
}

/* ", step 2400, train_loss 0.085" */
static void add_progress(struct rlg_bytes *words, const struct rlg_phase *phase)
{
	const struct rlg_progress *progress = &phase->progress;

	if (progress->n_points > 0) {
		rlg_bytes_addf(words, ", %s", progress->points[progress->n_points - 1].words);
		return;
	}
	if (progress->last_step != NULL)
		rlg_bytes_addf(words, ", step %s", progress->last_step);
	for (size_t i = 0; i < progress->n_metrics && i < METRICS_MOST; i++)
		rlg_bytes_addf(words, ", %s %s", progress->metrics[i].name, progress->metrics[i].last);
}

/* " (job 1234567, 13m 32s)": the time where it is not told elsewhere. */
static void add_job(struct rlg_bytes *words, const struct rlg_phase *phase)
{
	const struct rlg_attempt *attempt = phase->deciding;
	bool ran = phase->status == RLG_STATUS_COMPLETED && attempt != NULL && attempt->start_us > 0 &&
		   attempt->end_us >= attempt->start_us;
	char duration[RLG_WHEN_TEXT_MAX] = "";

	if (ran)
		rlg_when_duration(attempt->end_us - attempt->start_us, duration);
	if (phase->job_id != NULL)
		rlg_bytes_addf(words, " (job %s%s%s)", phase->job_id, ran ? ", " : "", duration);
	else if (ran)
		rlg_bytes_addf(words, " (%s)", duration);
}

const char *rlg_change_cause(struct rlg_arena *arena, const struct rlg_phase *phase)
{
	if (phase->status != RLG_STATUS_FAILED || phase->deciding == NULL)
		return NULL;
	return rlg_summary_cause(arena, phase->deciding);
}

static void add_standing(struct rlg_bytes *words, const struct rlg_phase *phase, bool back)
{
	const char *cause = rlg_change_cause(words->arena, phase);
	char since[RLG_TIME_TEXT_MAX];

	rlg_bytes_add(words, back ? "back in the queue" : word_of(phase));
	if (phase->deciding == NULL && phase->edit.status != NULL)
		rlg_bytes_add(words, ", by hand");
	if (cause != NULL)
		rlg_bytes_addf(words, ": %s", cause);
	if (phase->status == RLG_STATUS_RUNNING && phase->deciding != NULL && phase->deciding->nodes != NULL)
		rlg_bytes_addf(words, " on %s", phase->deciding->nodes);
	if (phase->status != RLG_STATUS_SUBMITTED && phase->status != RLG_STATUS_PENDING)
		add_progress(words, phase);
	add_job(words, phase);
	if (phase->silent_since_us > 0)
		rlg_bytes_addf(words, ", no word since %s", rlg_clock_local(phase->silent_since_us, since));
}

const char *rlg_phase_words(struct rlg_arena *arena, const struct rlg_phase *phase)
{
	struct rlg_bytes words;

	rlg_bytes_init(&words, arena);
	add_standing(&words, phase, false);
	return words.data;
}

static const char *name_of(struct rlg_arena *arena, const struct rlg_change *change)
{
	return rlg_arena_printf(arena, "%s/%s", change->run->name, change->phase->name);
}

/* Was it taken off its node, to wait once more? */
static bool is_back(const struct rlg_change *change)
{
	const struct rlg_attempt *now = change->phase->deciding;

	if (change->phase->status != RLG_STATUS_SUBMITTED || now == NULL || change->old_status != RLG_STATUS_RUNNING)
		return false;
	return change->ended != NULL ? change->ended->job_id == now->job_id : now->ended && !now->final;
}

const char *rlg_change_words(struct rlg_arena *arena, const struct rlg_change *change)
{
	struct rlg_bytes words;
	bool back = is_back(change);
	const struct rlg_attempt *now = change->phase->deciding, *ended = change->ended;

	rlg_bytes_init(&words, arena);
	rlg_bytes_addf(&words, "%s: ", name_of(arena, change));
	add_standing(&words, change->phase, back);
	if (ended == NULL && back)
		ended = now;
	if (ended == NULL)
		return words.data;
	if (ended->job_id >= 0 && (now == NULL || ended->job_id != now->job_id))
		rlg_bytes_addf(&words, "; job %lld before it: %s", (long long)ended->job_id,
			       rlg_summary_cause(arena, ended));
	else
		rlg_bytes_addf(&words, "; it was %s", rlg_summary_cause(arena, ended));
	return words.data;
}

size_t rlg_change_log_lines(struct rlg_arena *arena, const struct rlg_phase *phase, size_t most,
			    const char *const **out_lines)
{
	*out_lines = NULL;
	if (phase->status != RLG_STATUS_FAILED || phase->deciding == NULL)
		return 0;
	return rlg_log_tail_errors(arena, phase->deciding->stdout_path, most, out_lines);
}

/* ---- many ---- */

struct telling {
	struct rlg_arena *arena;
	const struct rlg_change *changes;
	size_t n;
	struct rlg_change_lines *lines;
	size_t room;
};

static void add_line(struct telling *telling, int64_t time_us, enum rlg_colour colour, const char *words)
{
	struct rlg_change_lines *lines = telling->lines;

	if (lines->n == telling->room) {
		telling->room = telling->room > 0 ? 2 * telling->room : 16;
		lines->list = rlg_arena_grow(telling->arena, lines->list, lines->n, telling->room, sizeof(*lines->list));
	}
	lines->list[lines->n++] = (struct rlg_change_line){.time_us = time_us, .colour = colour, .words = words};
}

static void add_log(struct telling *telling, const struct rlg_change *change, size_t most)
{
	const char *const *log;
	size_t n = rlg_change_log_lines(telling->arena, change->phase, most, &log);

	for (size_t i = 0; i < n; i++)
		add_line(telling, 0, RLG_COLOUR_DIM, rlg_arena_printf(telling->arena, "  %s", log[i]));
}

static void tell_each(struct telling *telling)
{
	for (size_t i = 0; i < telling->n; i++) {
		const struct rlg_change *change = &telling->changes[i];
		add_line(telling, change->phase->word_us, rlg_mark(change->phase->status)->colour,
			 rlg_change_words(telling->arena, change));
		add_log(telling, change, RLG_CHANGE_LOG_LINES);
	}
}

/* What is common to the changes that are told together. */
typedef bool alike_fn(struct rlg_arena *arena, const struct rlg_change *one, const struct rlg_change *other);

static bool same_word(struct rlg_arena *arena, const struct rlg_change *one, const struct rlg_change *other)
{
	if ((one->kind == RLG_CHANGE_SILENT) != (other->kind == RLG_CHANGE_SILENT))
		return false;
	return one->phase->status == other->phase->status && strcmp(word_of(one->phase), word_of(other->phase)) == 0;
}

/* How long it took is each one's own. */
static const char *cause_without_time(struct rlg_arena *arena, const struct rlg_phase *phase)
{
	struct rlg_attempt attempt = *phase->deciding;

	attempt.start_us = attempt.end_us = 0;
	return rlg_summary_cause(arena, &attempt);
}

static bool is_failure(const struct rlg_change *change)
{
	return change->phase->status == RLG_STATUS_FAILED && change->phase->deciding != NULL &&
	       change->kind != RLG_CHANGE_SILENT;
}

static bool same_cause(struct rlg_arena *arena, const struct rlg_change *one, const struct rlg_change *other)
{
	return is_failure(other) &&
	       strcmp(cause_without_time(arena, one->phase), cause_without_time(arena, other->phase)) == 0;
}

/* How many of the changes from `first` on are like it, and are marked as told; a few of their names in brackets. */
static size_t take_alike(struct telling *telling, size_t first, alike_fn *alike, bool *told, struct rlg_bytes *names)
{
	size_t count = 0;

	for (size_t i = first; i < telling->n; i++) {
		if (told[i] || !alike(telling->arena, &telling->changes[first], &telling->changes[i]))
			continue;
		told[i] = true;
		if (count < NAMES_MOST)
			rlg_bytes_addf(names, "%s%s", count > 0 ? ", " : " (", name_of(telling->arena, &telling->changes[i]));
		count++;
	}
	rlg_bytes_add(names, count > NAMES_MOST ? ", ...)" : ")");
	return count;
}

static int64_t newest_us(const struct telling *telling)
{
	int64_t newest = 0;

	for (size_t i = 0; i < telling->n; i++)
		if (telling->changes[i].phase->word_us > newest)
			newest = telling->changes[i].phase->word_us;
	return newest;
}

/* "37 completed (a, b, c, d, ...), 2 failed (x, y)" */
static void tell_counts(struct telling *telling)
{
	bool *told = rlg_arena_alloc(telling->arena, telling->n * sizeof(*told));
	struct rlg_bytes words;

	rlg_bytes_init(&words, telling->arena);
	for (size_t i = 0; i < telling->n; i++) {
		struct rlg_bytes names;
		if (told[i])
			continue;
		rlg_bytes_init(&names, telling->arena);
		size_t count = take_alike(telling, i, same_word, told, &names);
		const struct rlg_change *change = &telling->changes[i];
		rlg_bytes_addf(&words, "%s%zu %s%s%s", words.length > 0 ? ", " : "", count, word_of(change->phase),
			       change->kind == RLG_CHANGE_SILENT ? " without a word" : "", names.data);
	}
	add_line(telling, newest_us(telling), RLG_COLOUR_BOLD, words.data);
}

static void tell_causes(struct telling *telling)
{
	bool *told = rlg_arena_alloc(telling->arena, telling->n * sizeof(*told));
	size_t causes = 0, left = 0;

	for (size_t i = 0; i < telling->n; i++) {
		const struct rlg_change *change = &telling->changes[i];
		struct rlg_bytes names;
		if (told[i] || !is_failure(change))
			continue;
		if (causes++ >= CAUSES_MOST) {
			left++;
			continue;
		}
		rlg_bytes_init(&names, telling->arena);
		take_alike(telling, i, same_cause, told, &names);
		add_line(telling, 0, RLG_COLOUR_RED,
			 rlg_arena_printf(telling->arena, "failed: %s%s",
					  cause_without_time(telling->arena, change->phase), names.data));
		add_log(telling, change, 1);
	}
	if (left > 0)
		add_line(telling, 0, RLG_COLOUR_RED,
			 rlg_arena_printf(telling->arena, "failed for other reasons: %zu", left));
}

void rlg_changes_tell(struct rlg_arena *arena, const struct rlg_change *changes, size_t n_changes,
		      struct rlg_change_lines *out_lines)
{
	struct telling telling = {.arena = arena, .changes = changes, .n = n_changes, .lines = out_lines};

	*out_lines = (struct rlg_change_lines){.n = 0};
	if (n_changes <= RLG_CHANGES_EACH) {
		tell_each(&telling);
		return;
	}
	tell_counts(&telling);
	tell_causes(&telling);
}
