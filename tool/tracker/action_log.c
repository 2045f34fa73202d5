/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trackers run-torchtune.log and run-inspect.log: see action_log.h. */
#include "tool/tracker/action_log.h"

#include "lib/clock.h"
#include "tool/base/atomic_file.h"
#include "tool/base/names.h"
#include "tool/base/printable.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TRAINING_FILE "run-torchtune.log"
#define EVALUATION_FILE "run-inspect.log"

/* Two who tell of one end round its moment differently. */
#define SAME_ROUND_S 2

/* An entry that somebody wrote without a job's id is the one that is meant if it is about the same hour. */
#define SAME_HOUR_S 3600

static void add_harmless(struct rlg_bytes *to, const char *words)
{
	char shown[RLG_SHOWN_MAX];

	while (*words != '\0') {
		rlg_printable_next(&words, false, shown);
		rlg_bytes_add(to, shown);
	}
}

void rlg_al_line(struct rlg_bytes *lines, const char *key, const char *words)
{
	if (words == NULL)
		return;
	rlg_bytes_addf(lines, "%s: ", key);
	add_harmless(lines, words);
	rlg_bytes_add(lines, "\n");
}

/* As it stands in the headline, and is read from there again. */
static const char *subject_text(struct rlg_arena *arena, const char *subject)
{
	struct rlg_bytes text;

	rlg_bytes_init(&text, arena);
	if (subject != NULL)
		add_harmless(&text, subject);
	return rlg_al_subject_key(arena, text.data)[0] == '\0' ? NULL : text.data;
}

void rlg_al_want(struct rlg_al *al, struct rlg_al_wanted wanted)
{
	if (al->n_wanted == al->room) {
		al->room = al->room == 0 ? 64 : 2 * al->room;
		al->wanted = rlg_arena_grow(al->arena, al->wanted, al->n_wanted, al->room, sizeof(*al->wanted));
	}
	wanted.subject = subject_text(al->arena, wanted.subject);
	wanted.number = al->n_wanted;
	al->wanted[al->n_wanted++] = wanted;
}

/* ---- is it there? ---- */

static int64_t when_of(const struct rlg_al_wanted *wanted)
{
	char text[RLG_TIME_TEXT_MAX];

	return rlg_al_when(rlg_clock_local(wanted->time_us, text));
}

static int64_t distance(int64_t left, int64_t right)
{
	return left < right ? right - left : left - right;
}

static bool is_same_word(const char *left, const char *right)
{
	return left != NULL && right != NULL && strcmp(left, right) == 0;
}

/* The line that tells the result of an entry. */
static const char *result_in(struct rlg_arena *arena, const char *block)
{
	static const char key[] = "\nResult:";
	const char *at = strstr(block, key);

	at = at == NULL ? block + strlen(block) : at + strlen(key);
	at += strspn(at, " \t");
	return rlg_arena_strndup(arena, at, strcspn(at, "\n"));
}

static bool says_so(struct rlg_arena *arena, const struct rlg_al_wanted *wanted, const struct rlg_al_found *found)
{
	const char *result = result_in(arena, rlg_arena_printf(arena, "\n%s", wanted->lines));

	return strcmp(result_in(arena, found->block), result) == 0;
}

/* Can the entry that was found be the one that is wanted? */
static bool fits(struct rlg_arena *arena, const struct rlg_al_wanted *wanted, int64_t when,
		 const struct rlg_al_found *found)
{
	switch (wanted->by) {
	case RLG_AL_ONCE:
		return true;
	case RLG_AL_JOB:
		return !found->taken && is_same_word(found->job, wanted->job);
	case RLG_AL_STATE:
		return !found->taken && is_same_word(found->to, wanted->to) &&
		       (is_same_word(found->job, wanted->job) ||
			((found->job == NULL || wanted->job == NULL) && distance(found->when, when) <= SAME_HOUR_S));
	case RLG_AL_MOMENT:
		return !found->taken && found->when == when;
	case RLG_AL_ROUND:
		return found->when > when ||
		       (found->when + SAME_ROUND_S >= when && says_so(arena, wanted, found));
	case RLG_AL_NEWS:
		break;
	}
	return false;
}

static void take_nearer(struct rlg_al_found *found, int64_t when, struct rlg_al_found **nearest)
{
	if (*nearest == NULL || distance(found->when, when) < distance((*nearest)->when, when))
		*nearest = found;
}

/* An entry about the same; the one whose moment is nearest. */
static struct rlg_al_found *find_by_subject(struct rlg_al *al, const struct rlg_al_wanted *wanted)
{
	size_t at = rlg_al_first(al->there, wanted->action, rlg_al_subject_key(al->arena, wanted->subject));
	struct rlg_al_found *nearest = NULL;
	int64_t when = when_of(wanted);

	for (; at != RLG_AL_NONE; at = al->there->list[at].next)
		if (fits(al->arena, wanted, when, &al->there->list[at]))
			take_nearer(&al->there->list[at], when, &nearest);
	return nearest;
}

static struct rlg_names *subjects_of(const struct rlg_al *al)
{
	struct rlg_names *names = rlg_names_new(al->arena);

	for (size_t i = 0; i < al->n_units; i++) {
		const char *key = rlg_al_subject_key(al->arena, al->units[i].subject);
		if (rlg_names_find(names, key) == RLG_NAMES_NONE)
			rlg_names_add(names, key, i);
	}
	return names;
}

/* May an entry about `subject` be one about that which is wanted?  Not if it is about another run that there is. */
static bool may_be_about(const struct rlg_al *al, const struct rlg_al_wanted *wanted, const char *subject)
{
	const char *key = rlg_al_subject_key(al->arena, wanted->subject);
	size_t run = strcspn(key, "/");

	return rlg_names_find(al->subjects, subject) == RLG_NAMES_NONE ||
	       (strcspn(subject, "/") == run && strncmp(subject, key, run) == 0);
}

/* What a job was for may only become known after its first entries were written. */
static struct rlg_al_found *find_by_job(struct rlg_al *al, const struct rlg_al_wanted *wanted)
{
	struct rlg_al_found *nearest = NULL;
	int64_t when = when_of(wanted);

	if (wanted->job == NULL || (wanted->by != RLG_AL_JOB && wanted->by != RLG_AL_STATE))
		return NULL;
	size_t at = rlg_al_first_of_job(al->there, wanted->action, wanted->job);
	for (; at != RLG_AL_NONE; at = al->there->list[at].next_of_job)
		if (may_be_about(al, wanted, al->there->list[at].subject) &&
		    fits(al->arena, wanted, when, &al->there->list[at]))
			take_nearer(&al->there->list[at], when, &nearest);
	return nearest;
}

static bool last_says_so(struct rlg_al *al, const struct rlg_al_log *log, const struct rlg_al_wanted *wanted)
{
	for (size_t i = log->n; i-- > 0;)
		if (strcmp(log->list[i].action, wanted->action) == 0)
			return says_so(al->arena, wanted, &log->list[i]);
	return false;
}

/* An entry that was found stands for one that is wanted; those of the same subject are looked for first. */
static void find_what_is_there(struct rlg_al *al, const struct rlg_al_log *now)
{
	struct rlg_al_found *(*const finders[])(struct rlg_al *, const struct rlg_al_wanted *) = {find_by_subject,
												  find_by_job};

	for (size_t f = 0; f < sizeof(finders) / sizeof(finders[0]); f++)
		for (size_t i = 0; i < al->n_wanted; i++) {
			struct rlg_al_wanted *wanted = &al->wanted[i];
			struct rlg_al_found *found = wanted->is_there ? NULL : finders[f](al, wanted);
			if (found == NULL)
				continue;
			found->taken = true;
			wanted->is_there = true;
		}
	for (size_t i = 0; i < al->n_wanted; i++)
		if (al->wanted[i].by == RLG_AL_NEWS)
			al->wanted[i].is_there =
				last_says_so(al, now, &al->wanted[i]) || last_says_so(al, al->memory, &al->wanted[i]);
}

/* ---- rendering ---- */

/* As a reader goes: by the second, then in the order of what led to what, then the jobs' entries each in their own. */
static int compare_wanted(const void *left, const void *right)
{
	const struct rlg_al_wanted *a = left, *b = right;
	int64_t a_second = a->time_us / RLG_SECOND_US, b_second = b->time_us / RLG_SECOND_US;

	if (a_second != b_second)
		return a_second < b_second ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

/* In the text's own manner: its line ends, and one blank line between entries. */
static void append(struct rlg_bytes *out, const char *entry, bool crlf)
{
	const char *end = crlf ? "\r\n" : "\n";
	size_t blank = strlen(end) * 2;

	if (out->length > 0 && out->data[out->length - 1] != '\n')
		rlg_bytes_add(out, end);
	if (out->length > 0 &&
	    (out->length < blank || strcmp(out->data + out->length - blank, crlf ? "\r\n\r\n" : "\n\n") != 0))
		rlg_bytes_add(out, end);
	for (const char *line = entry; *line != '\0';) {
		size_t length = strcspn(line, "\n");
		rlg_bytes_add_n(out, line, length);
		rlg_bytes_add(out, end);
		line += length + 1;
	}
}

static const char *entry_text(struct rlg_arena *arena, const struct rlg_al_wanted *wanted)
{
	char text[RLG_TIME_TEXT_MAX];
	struct rlg_bytes entry;

	rlg_bytes_init(&entry, arena);
	rlg_bytes_addf(&entry, "[%s] ", rlg_clock_local(wanted->time_us, text));
	rlg_bytes_addf(&entry, wanted->subject != NULL ? "%s: %s\n" : "%s\n", wanted->action, wanted->subject);
	rlg_bytes_add(&entry, wanted->lines);
	return entry.data;
}

static bool has_crlf(const char *text)
{
	const char *end = strchr(text, '\n');

	return end != NULL && end > text && end[-1] == '\r';
}

static void add_all(struct rlg_al_log *to, const struct rlg_al_log *from)
{
	for (size_t i = 0; i < from->n; i++)
		rlg_al_add(to, &from->list[i]);
}

/* All entries that ever stood there, also those that a person took out since; in their first words. */
static void remember(const struct rlg_tracker_view *view, const struct rlg_al_log *memory, const char *text)
{
	struct rlg_al_log now, gone;

	if (view->remember == NULL)
		return;
	rlg_al_parse(view->arena, text, &now);
	rlg_al_gone(memory, &now, &gone);
	for (size_t i = 0; i < memory->n; i++)
		append(view->remember, memory->list[i].block, false);
	for (size_t i = 0; i < now.n; i++)
		if (!now.list[i].taken)
			append(view->remember, now.list[i].block, false);
}

static void render_log(const struct rlg_tracker_view *view, bool training, const char *text, struct rlg_bytes *out)
{
	struct rlg_al_log now, memory, there;
	struct rlg_al al = {.view = view, .arena = view->arena, .training = training, .there = &there, .memory = &memory};

	rlg_al_parse(view->arena, text == NULL ? "" : text, &now);
	/* A file that is gone is made anew, with all that there is to say. */
	rlg_al_parse(view->arena, text == NULL || view->memory == NULL ? "" : view->memory, &memory);
	rlg_al_gone(&memory, &now, &there);
	add_all(&there, &now);
	rlg_al_find_units(&al);
	al.subjects = subjects_of(&al);
	rlg_al_want_jobs(&al);
	rlg_al_want_checks(&al);
	if (al.n_wanted > 1)
		qsort(al.wanted, al.n_wanted, sizeof(*al.wanted), compare_wanted);
	find_what_is_there(&al, &now);
	rlg_bytes_add(out, text == NULL ? "" : text);
	for (size_t i = 0; i < al.n_wanted; i++)
		if (!al.wanted[i].is_there)
			append(out, entry_text(view->arena, &al.wanted[i]), text != NULL && has_crlf(text));
	remember(view, &memory, out->data);
}

static int render_training(const struct rlg_tracker_view *view, const struct rlg_tracker_place *place, const char *path,
			   const char *text, const char *base, struct rlg_bytes *out, struct rlg_err *err)
{
	render_log(view, true, text, out);
	return 0;
}

static int render_evaluation(const struct rlg_tracker_view *view, const struct rlg_tracker_place *place, const char *path,
			     const char *text, const char *base, struct rlg_bytes *out, struct rlg_err *err)
{
	render_log(view, false, text, out);
	return 0;
}

/* Its file in the folder, or in logs/. */
static const char *find_log(struct rlg_arena *arena, const char *group_path, const char *file, int *out_unread)
{
	static const char *const folders[] = {"", "logs/"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		const char *path = rlg_arena_printf(arena, "%s%s", folders[i], file);
		int there = rlg_file_is_there(rlg_arena_printf(arena, "%s/%s", group_path, path));
		if (there > 0)
			return path;
		if (there < 0 && rlg_errno_may_pass(-there))
			*out_unread = -there;
	}
	return NULL;
}

static const char *find_training(struct rlg_arena *arena, const char *group_path, int *out_unread)
{
	return find_log(arena, group_path, TRAINING_FILE, out_unread);
}

static const char *find_evaluation(struct rlg_arena *arena, const char *group_path, int *out_unread)
{
	return find_log(arena, group_path, EVALUATION_FILE, out_unread);
}

const struct rlg_tracker rlg_tracker_training_log = {
	.name = "training_log",
	.default_path = TRAINING_FILE,
	.about = "every submission and change of state of the first phase, as it happened",
	.found = find_training,
	.render = render_training,
};

const struct rlg_tracker rlg_tracker_evaluation_log = {
	.name = "evaluation_log",
	.default_path = EVALUATION_FILE,
	.about = "the same of all later phases, and checks of what they need",
	.found = find_evaluation,
	.render = render_evaluation,
};
