/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attempts of one job: see job_attempts.h.
 *
 * Slurm's own words on an attempt (a finish, mostly) carry its submit_time or start_time, so they come first.  Then each
 * start finds the attempt that it began, or is one that still runs; then words that do not say which attempt they are
 * about, as from a node that slurmctld did not answer, go to the one that was running.
 */
#include "tool/model/job_attempts.h"

#include "lib/clock.h"
#include "tool/base/names.h"
#include "tool/model/job_starts.h"
#include "tool/model/slurm_state.h"

#include <stdlib.h>
#include <string.h>

/* Clocks of nodes and of slurmctld differ; a start is told a little after Slurm's own start_time. */
#define CLOCK_SKEW_US (5 * RLG_SECOND_US)

/* Past this munge refuses to work, and so does Slurm. */
#define MOST_SKEW_US (300 * RLG_SECOND_US)

/* From an end that requeues to the submission that it counts as. */
#define REQUEUE_US (2 * RLG_SECOND_US)

#define NONE ((size_t)-1)

/* An attempt while its events are gathered. */
struct draft {
	struct rlg_phased_attempt out;
	const struct rlg_event *word; /* the best one on how it ended or goes; NULL: none */
	int64_t submit_us, start_us; /* as Slurm told them; 0: not known */
	int64_t begun_us; /* when its node told that it had begun; 0: not told */
	bool never_ran, goes_back;
	bool stays; /* Slurm said that it does not go back */
	bool has_batch_start;
	size_t was; /* its place before they were sorted */
};

struct job {
	struct rlg_arena *arena;
	const struct rlg_event *const *events;
	size_t n_events;
	size_t *draft_of; /* by event: the draft that it is about; NONE: not known yet */
	struct draft *drafts;
	size_t count, room;
	struct rlg_names *by_submit; /* moment of submission: the draft; until they are sorted */
	struct rlg_names *by_start; /* second of a start: the draft that was last found to have begun in it; and so on from there: */
	size_t *begun_before; /* by draft, with as much room */
	struct rlg_job_starts *starts; /* batch starts */
	size_t *waiting; /* drafts that waited when the starts were placed */
	size_t n_waiting;
};

/* Most jobs have one attempt. */
#define FIRST_ROOM 4

static size_t add_draft(struct job *job)
{
	if (job->count == job->room) {
		job->room *= 2;
		job->drafts = rlg_arena_grow(job->arena, job->drafts, job->count, job->room, sizeof(*job->drafts));
		job->begun_before =
			rlg_arena_grow(job->arena, job->begun_before, job->count, job->room, sizeof(*job->begun_before));
	}
	job->drafts[job->count] = (struct draft){.out = rlg_attempt_waiting(), .was = job->count};
	return job->count++;
}

static bool same_text(const char *left, const char *right)
{
	return left != NULL && right != NULL && strcmp(left, right) == 0;
}

static bool is_word(const struct rlg_event *event)
{
	return event->kind == RLG_EVENT_FINISH || event->kind == RLG_EVENT_STATE;
}

/*
 * Whom to believe about an end, the best first.  An epilog also runs where a job only gives back a node, or long after
 * the job went on elsewhere: then slurmctld says that it is running.
 */
static int rank_of_word(const struct rlg_event *word)
{
	static const char *const sources[] = {"jobcomp", "slurmctld", "epilog", "client", "reconcile", "exec"};
	const int n_sources = sizeof(sources) / sizeof(sources[0]);
	bool goes_on = rlg_slurm_runs(word->state) || rlg_slurm_waits(word->state);
	int rank = rlg_slurm_status(word->state) == NULL ? 20 : goes_on ? 10 : 0;

	for (int i = 0; i < n_sources; i++)
		if (same_text(word->source, sources[i]))
			return rank + i;
	return rank + n_sources;
}

/* Of two words of the same source the later one: events come in the order of time. */
static void take_if_better(struct draft *draft, const struct rlg_event *word)
{
	if (draft->word == NULL || rank_of_word(word) <= rank_of_word(draft->word))
		draft->word = word;
}

/* The first attempt that began within a second of it. */
static size_t begun_near(const struct job *job, int64_t start_us)
{
	size_t found = NONE;

	for (int64_t second = start_us / RLG_SECOND_US - 1; second <= start_us / RLG_SECOND_US + 1; second++)
		for (size_t at = rlg_names_find_id(job->by_start, second); at != NONE; at = job->begun_before[at])
			if (llabs(job->drafts[at].start_us - start_us) <= RLG_SECOND_US && (found == NONE || at < found))
				found = at;
	return found;
}

/* The attempt that the word is about; NONE: it is the first to tell of it.  Those with a submit_time come first. */
static size_t told_of_by(const struct job *job, const struct rlg_event *word)
{
	return word->submit_us > 0 ? rlg_names_find_id(job->by_submit, word->submit_us) : begun_near(job, word->start_us);
}
/* NOLINTNEXTLINE(misc-redundant-expression): two names of one number, each of which may change */
_Static_assert(NONE == RLG_NAMES_NONE, "the same word for it");

static void set_start(struct job *job, size_t at, int64_t start_us)
{
	if (job->drafts[at].start_us > 0 || start_us <= 0)
		return;
	job->drafts[at].start_us = start_us;
	job->begun_before[at] = rlg_names_set_id(job->by_start, start_us / RLG_SECOND_US, at);
}

/* Does it say of an attempt that the job goes back to the queue? */
static bool goes_back(const struct rlg_event *word)
{
	return word->kind == RLG_EVENT_FINISH && word->final_said && !word->final && !rlg_slurm_runs(word->state);
}

static void place_word(struct job *job, size_t at)
{
	const struct rlg_event *word = job->events[at];
	size_t found = told_of_by(job, word);

	if (found == NONE) {
		found = add_draft(job);
		if (word->submit_us > 0)
			rlg_names_add_id(job->by_submit, word->submit_us, found);
	}
	struct draft *draft = &job->drafts[found];
	job->draft_of[at] = found;
	draft->submit_us = draft->submit_us > 0 ? draft->submit_us : word->submit_us;
	set_start(job, found, word->start_us);
	draft->never_ran = draft->never_ran || word->never_ran;
	draft->goes_back = draft->goes_back || goes_back(word);
	draft->stays = draft->stays || (word->kind == RLG_EVENT_FINISH && word->final_said && word->final);
	take_if_better(draft, word);
}

/* Words with a submit_time first: they tell the start_time that the others are known by. */
static void place_words(struct job *job)
{
	for (size_t i = 0; i < job->n_events; i++)
		if (is_word(job->events[i]) && job->events[i]->submit_us > 0)
			place_word(job, i);
	for (size_t i = 0; i < job->n_events; i++)
		if (is_word(job->events[i]) && job->events[i]->submit_us == 0 && job->events[i]->start_us > 0)
			place_word(job, i);
}

static bool has_ended(const struct draft *draft)
{
	return draft->word != NULL && draft->word->kind == RLG_EVENT_FINISH && !rlg_slurm_runs(draft->word->state);
}

static int64_t end_of(const struct draft *draft)
{
	return draft->word->end_us > 0 ? draft->word->end_us : draft->word->time_us;
}

/* Of one that has ended: what is told later is not about it.  After a final end no other attempt can have begun soon. */
static int64_t latest_word_on(const struct draft *draft)
{
	return end_of(draft) + (draft->goes_back ? CLOCK_SKEW_US : MOST_SKEW_US);
}

/* Was this told while the attempt ran, as far as clocks agree? */
static bool covers(const struct draft *draft, const struct rlg_event *event)
{
	if (draft->never_ran || draft->start_us == 0)
		return false;
	if (event->start_us > 0)
		return llabs(event->start_us - draft->start_us) <= RLG_SECOND_US;
	if (event->time_us < draft->start_us - CLOCK_SKEW_US)
		return false;
	return !has_ended(draft) || event->time_us <= latest_word_on(draft);
}

static void give_batch_start(struct job *job, size_t at, size_t event)
{
	const struct rlg_event *start = job->events[event];
	struct draft *draft = &job->drafts[at];

	job->draft_of[event] = at;
	draft->has_batch_start = true;
	draft->begun_us = start->time_us;
	if (draft->start_us == 0)
		draft->start_us = start->start_us > 0 ? start->start_us : start->time_us;
}

/* Attempts in the order of a moment of theirs; there are as few as requeues. */
static int compare_words(const void *left, const void *right)
{
	const struct draft *a = left, *b = right;
	int64_t a_us = a->start_us > 0 ? a->start_us : a->submit_us, b_us = b->start_us > 0 ? b->start_us : b->submit_us;

	if (a_us != b_us)
		return a_us < b_us ? -1 : 1;
	if (a->submit_us != b->submit_us)
		return a->submit_us < b->submit_us ? -1 : 1;
	return a->was < b->was ? -1 : 1;
}

static void sort_drafts(struct job *job)
{
	struct draft *sorted = rlg_arena_alloc(job->arena, job->count * sizeof(*sorted) + 1);
	size_t *now = rlg_arena_alloc(job->arena, job->count * sizeof(*now) + 1);

	if (job->count < 2)
		return;
	memcpy(sorted, job->drafts, job->count * sizeof(*sorted));
	qsort(sorted, job->count, sizeof(*sorted), compare_words);
	for (size_t at = 0; at < job->count; at++)
		now[sorted[at].was] = at;
	for (size_t i = 0; i < job->n_events; i++)
		if (job->draft_of[i] != NONE)
			job->draft_of[i] = now[job->draft_of[i]];
	memcpy(job->drafts, sorted, job->count * sizeof(*sorted));
}

/*
 * A requeue as the epilog tells it, without a start_time, ends the attempt that the last batch start before it began: the
 * same node told both.  Found first, so that the next attempt's end, with all that clocks may differ, cannot take it.
 */
static void give_starts_to_requeued(struct job *job)
{
	for (size_t at = 0; at < job->count; at++) {
		struct draft *draft = &job->drafts[at];
		if (!has_ended(draft) || draft->never_ran || draft->start_us > 0)
			continue;
		size_t last = rlg_job_start_before(job->starts, job->draft_of, draft->submit_us - CLOCK_SKEW_US,
						   draft->word->time_us);
		if (last != NONE)
			give_batch_start(job, at, last);
	}
}

/*
 * A batch step starts once an attempt: of those starts that fall into it, an attempt takes the nearest to Slurm's own
 * start_time.  A requeued job may be back within a second or two, less than clocks may differ.
 */
static void give_starts_to_known(struct job *job)
{
	for (size_t at = 0; at < job->count; at++) {
		const struct draft *draft = &job->drafts[at];
		if (draft->has_batch_start || draft->never_ran || draft->start_us == 0)
			continue;
		size_t nearest = rlg_job_start_near(job->starts, job->draft_of, draft->start_us, CLOCK_SKEW_US,
						    has_ended(draft) ? latest_word_on(draft) : INT64_MAX);
		if (nearest != NONE)
			give_batch_start(job, at, nearest);
	}
}

/* One that waits, as slurmctld told: it is the one that begins now. */
static size_t waiting_for(const struct job *job, const struct rlg_event *start)
{
	size_t found = NONE;

	for (size_t w = 0; w < job->n_waiting; w++) {
		size_t i = job->waiting[w];
		const struct draft *draft = &job->drafts[i];
		if (draft->word != NULL && rlg_slurm_waits(draft->word->state) && !draft->has_batch_start &&
		    draft->submit_us <= start->time_us + CLOCK_SKEW_US &&
		    (found == NONE || draft->submit_us > job->drafts[found].submit_us))
			found = i;
	}
	return found;
}

static void begin_running(struct draft *draft, const struct rlg_event *start)
{
	if (draft->word != NULL && rlg_slurm_waits(draft->word->state))
		draft->word = NULL; /* no longer */
	draft->start_us = start->start_us > 0 ? start->start_us : start->time_us;
	draft->out.attempt.slurm_state = "RUNNING";
	draft->out.attempt.status = RLG_STATUS_RUNNING;
}

/* Of the attempts that were running when this was told, the one that began last; those that have ended come first. */
static size_t running_at(const struct job *job, const struct rlg_event *event)
{
	size_t found = NONE;

	for (int ended = 1; ended >= 0 && found == NONE; ended--)
		for (size_t i = 0; i < job->count; i++)
			if (has_ended(&job->drafts[i]) == (ended == 1) && covers(&job->drafts[i], event) &&
			    (found == NONE || job->drafts[i].start_us > job->drafts[found].start_us))
				found = i;
	return found;
}

static void list_waiting(struct job *job)
{
	job->waiting = rlg_arena_alloc(job->arena, job->count * sizeof(*job->waiting) + 1);
	for (size_t i = 0; i < job->count; i++)
		if (job->drafts[i].word != NULL && rlg_slurm_waits(job->drafts[i].word->state))
			job->waiting[job->n_waiting++] = i;
}

/*
 * Each batch start that no known attempt took is an attempt of its own, still open.  Other steps (srun inside salloc)
 * belong to the attempt that was running.
 */
static void place_starts(struct job *job)
{
	list_waiting(job);
	for (size_t i = 0; i < job->n_events; i++) {
		const struct rlg_event *event = job->events[i];
		size_t at = NONE;
		if (event->kind != RLG_EVENT_START || job->draft_of[i] != NONE)
			continue;
		if (!rlg_is_batch_start(event))
			at = running_at(job, event);
		if (at == NONE && (at = waiting_for(job, event)) == NONE)
			at = add_draft(job);
		if (job->drafts[at].start_us == 0)
			begin_running(&job->drafts[at], event);
		job->draft_of[i] = at;
		job->drafts[at].has_batch_start = job->drafts[at].has_batch_start || rlg_is_batch_start(event);
	}
}

static bool is_open(const struct draft *draft, const struct rlg_event *word)
{
	return !draft->never_ran && !has_ended(draft) && draft->start_us > 0 && draft->start_us <= word->time_us;
}

/* Asked for long after: it is about the attempt of which nothing else was heard, or the last one there was. */
static bool is_late(const struct rlg_event *word)
{
	return same_text(word->source, "reconcile");
}

/* Slurm's own start_time leaves out fractions of a second, which can be as long as an attempt. */
static bool had_begun_by(const struct draft *draft, int64_t time_us)
{
	return (draft->begun_us > 0 ? draft->begun_us : draft->start_us) <= time_us;
}

/* Of those that had begun by then the last; a clock that lags may have one begin just afterwards. */
static bool is_nearer(const struct draft *one, const struct draft *other, const struct rlg_event *word)
{
	bool had_begun = had_begun_by(one, word->time_us), other_had = had_begun_by(other, word->time_us);

	if (had_begun != other_had)
		return had_begun;
	return had_begun ? one->start_us > other->start_us : one->start_us < other->start_us;
}

static size_t meant_by(const struct job *job, const struct rlg_event *word)
{
	size_t open = NONE, ended = NONE, last = NONE;

	for (size_t i = 0; i < job->count; i++) {
		const struct draft *draft = &job->drafts[i];
		if (is_open(draft, word) && (open == NONE || draft->start_us > job->drafts[open].start_us))
			open = i;
		if (has_ended(draft) && covers(draft, word) && !(draft->stays && goes_back(word)) &&
		    (ended == NONE || is_nearer(draft, &job->drafts[ended], word)))
			ended = i;
		if (last == NONE || draft->start_us > job->drafts[last].start_us)
			last = i;
	}
	return open != NONE ? open : ended != NONE ? ended : is_late(word) ? last : NONE;
}

/* Words that do not say which attempt they are about. */
static void place_loose_words(struct job *job)
{
	for (size_t i = 0; i < job->n_events; i++) {
		if (job->draft_of[i] != NONE || !is_word(job->events[i]))
			continue;
		size_t at = meant_by(job, job->events[i]);
		if (at == NONE)
			at = add_draft(job);
		job->draft_of[i] = at;
		job->drafts[at].goes_back = job->drafts[at].goes_back || goes_back(job->events[i]);
		take_if_better(&job->drafts[at], job->events[i]);
	}
}

/* Slurm's own list of nodes is whole; what an epilog is told may have shrunk already. */
static void take_nodes(struct job *job)
{
	for (size_t i = 0; i < job->n_events; i++) {
		const struct rlg_event *event = job->events[i];
		const char **nodes = &job->drafts[job->draft_of[i]].out.attempt.nodes;
		if (*nodes == NULL && same_text(event->source, "jobcomp"))
			*nodes = event->nodes;
	}
	for (size_t i = 0; i < job->n_events; i++) {
		const char **nodes = &job->drafts[job->draft_of[i]].out.attempt.nodes;
		if (*nodes == NULL && job->events[i]->kind == RLG_EVENT_START)
			*nodes = job->events[i]->nodes;
	}
}

static void fill_in(struct job *job)
{
	take_nodes(job);
	for (size_t i = 0; i < job->count; i++) {
		struct draft *draft = &job->drafts[i];
		struct rlg_attempt *attempt = &draft->out.attempt;
		if (draft->word != NULL)
			rlg_attempt_take_word(&draft->out, draft->word);
		attempt->submit_us = draft->submit_us;
		attempt->start_us = draft->start_us;
		if (draft->goes_back && attempt->ended) {
			attempt->final = false;
			attempt->status = RLG_STATUS_SUBMITTED;
		}
	}
	for (size_t i = 0; i < job->n_events; i++)
		rlg_attempt_take(&job->drafts[job->draft_of[i]].out, job->events[i]);
}

/* Where nobody knows when the earlier one was submitted, the same second says nothing. */
static bool is_after(const struct draft *left, const struct draft *right)
{
	const struct rlg_attempt *later = &left->out.attempt, *earlier = &right->out.attempt;

	if (rlg_attempt_order(later) / RLG_SECOND_US == rlg_attempt_order(earlier) / RLG_SECOND_US && earlier->submit_us == 0)
		return rlg_attempt_order(later) > rlg_attempt_order(earlier);
	return rlg_attempt_compare(later, earlier) > 0;
}

/* Is the later attempt one of the very same job?  Ids wrap, but a submission's id, and the moment of a requeue, do not. */
static bool is_same_job(const struct rlg_attempt *earlier, const struct rlg_attempt *later)
{
	if (earlier->sid != NULL && later->sid != NULL)
		return strcmp(earlier->sid, later->sid) == 0;
	return later->submit_us > 0 && earlier->end_us > 0 && later->submit_us >= earlier->end_us - RLG_SECOND_US &&
	       later->submit_us <= earlier->end_us + REQUEUE_US;
}

/* An attempt that another one follows went back to the queue; if it is still open it has ended, and nobody said how. */
static void close_overtaken(struct rlg_attempt *earlier, const struct rlg_attempt *later)
{
	bool same_job = is_same_job(earlier, later);

	if (earlier->ended && !(same_job && earlier->final))
		return;
	if (!earlier->ended && earlier->start_us == 0)
		return;
	if (!earlier->ended)
		earlier->slurm_state = "UNKNOWN";
	/* Of another job with the same number the earlier one is over for good. */
	earlier->final = !earlier->ended && !same_job && earlier->sid != NULL && later->sid != NULL;
	earlier->ended = true;
	earlier->status = earlier->final ? RLG_STATUS_FAILED : RLG_STATUS_SUBMITTED;
}

static int64_t second_of(const struct draft *draft)
{
	return rlg_attempt_order(&draft->out.attempt) / RLG_SECOND_US;
}

static int compare_seconds(const void *left, const void *right)
{
	const struct draft *a = *(const struct draft *const *)left, *b = *(const struct draft *const *)right;

	if (second_of(a) != second_of(b))
		return second_of(a) < second_of(b) ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* The first after `draft` of the drafts of one second, from `from` on; *out_end is where the next second begins. */
static struct draft *first_after(struct draft *const *drafts, size_t count, size_t from, const struct draft *draft, size_t *out_end)
{
	struct draft *first = NULL;
	size_t i = from;

	for (; i < count && second_of(drafts[i]) == second_of(drafts[from]); i++)
		if (is_after(drafts[i], draft) && (first == NULL || is_after(first, drafts[i])))
			first = drafts[i];
	*out_end = i;
	return first;
}

/* What follows an attempt began in the same second, or else in the next in which one did: all others come later still. */
static void close_all_overtaken(struct job *job)
{
	struct draft **drafts = rlg_arena_alloc(job->arena, job->count * sizeof(struct draft *) + 1);
	size_t begin = 0, end, later;

	for (size_t i = 0; i < job->count; i++)
		drafts[i] = &job->drafts[i];
	if (job->count > 1)
		qsort(drafts, job->count, sizeof(struct draft *), compare_seconds);
	for (size_t i = 0; i < job->count; i++) {
		if (second_of(drafts[i]) != second_of(drafts[begin]))
			begin = i;
		const struct draft *next = first_after(drafts, job->count, begin, drafts[i], &end);
		if (next == NULL && end < job->count)
			next = first_after(drafts, job->count, end, drafts[i], &later);
		if (next != NULL)
			close_overtaken(&drafts[i]->out.attempt, &next->out.attempt);
	}
}

size_t rlg_job_attempts(struct rlg_arena *arena, const struct rlg_event *const *events, size_t n_events,
			struct rlg_phased_attempt **out_attempts)
{
	struct job job = {.arena = arena,
			  .events = events,
			  .n_events = n_events,
			  .room = FIRST_ROOM,
			  .by_submit = rlg_names_new(arena),
			  .by_start = rlg_names_new(arena),
			  .starts = rlg_job_starts_new(arena, events, n_events)};

	job.drafts = rlg_arena_alloc(arena, FIRST_ROOM * sizeof(*job.drafts));
	job.begun_before = rlg_arena_alloc(arena, FIRST_ROOM * sizeof(*job.begun_before));
	job.draft_of = rlg_arena_alloc(arena, n_events * sizeof(*job.draft_of) + 1);
	for (size_t i = 0; i < n_events; i++)
		job.draft_of[i] = NONE;
	place_words(&job);
	sort_drafts(&job);
	give_starts_to_requeued(&job);
	give_starts_to_known(&job);
	place_starts(&job);
	place_loose_words(&job);
	fill_in(&job);
	close_all_overtaken(&job);
	*out_attempts = rlg_arena_alloc(arena, job.count * sizeof(**out_attempts) + 1);
	for (size_t i = 0; i < job.count; i++)
		(*out_attempts)[i] = job.drafts[i].out;
	return job.count;
}
